package entitlements

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// followed is a service that has followed accounts for a while.
func followed(t *testing.T) *fixture {
	t.Helper()
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	f.source.add(active("acme", ""), paid("acme", may, 100))
	f.caughtUp(t)
	eventually(t, "ready", func() bool { return f.Ready() == nil })
	return f
}

// becomesUnready lets time pass until the service is not ready, and returns why.
func (f *fixture) becomesUnready(t *testing.T) (why error) {
	t.Helper()
	eventually(t, "not ready", func() bool {
		f.advance(100 * time.Millisecond)
		why = f.Ready()
		return why != nil
	})
	return why
}

func TestFollowingThatFailsForGoodIsNotReady(t *testing.T) {
	f := followed(t)
	revoked := errors.New("the service token was revoked")
	f.source.refuse(revoked)
	f.advance(maxBehind - time.Second)
	require.NoError(t, f.Ready(), "accounts may be away for a while")
	why := f.becomesUnready(t)
	require.ErrorIs(t, why, revoked)
	require.ErrorIs(t, f.Following(), revoked)
	require.NoError(t, f.NeedsRebuild())
	require.Greater(t, f.Age(), maxBehind)
	require.False(t, f.entitled(t, "acme", "thanks"), "checks are answered in any case")

	f.source.refuse(nil)
	eventually(t, "ready again", func() bool { return f.Ready() == nil })
}

func TestRevenueThatCannotBeAppliedMakesNotReady(t *testing.T) {
	f := followed(t)
	f.source.add(Change{Revenue: &RevenueChange{Accounts: []string{"acme"}, Index: []uint32{0}, Days: []int32{int32(may)}}})
	why := f.becomesUnready(t)
	require.ErrorContains(t, why, "applied up to")
	eventually(t, "it says what is wrong with which change", func() bool {
		return f.Following() != nil && errors.Unwrap(f.Following()) != nil
	})
	require.ErrorContains(t, f.Following(), "revenue columns of 1, 1 and 0 entries")
}

func TestAHeadThatCannotBeAskedForIsNotReady(t *testing.T) {
	f := followed(t)
	denied := errors.New("the head is not for you")
	f.source.refuseHead(denied)
	require.Error(t, f.becomesUnready(t))
	eventually(t, "it says why", func() bool { return errors.Is(f.Following(), denied) })
}

func TestAStartIsReadyOnceItHasCaughtUp(t *testing.T) {
	f := newFixture(t, Options{})
	require.ErrorContains(t, f.Following(), "not reached yet")
	_, err := f.CountActive(t.Context())
	require.ErrorContains(t, err, "not reached yet", "what is not known is not none")
	f.source.refuse(errors.New("no route to accounts"))
	start(t, f.Service)
	eventually(t, "it says why", func() bool { return errors.Unwrap(f.Following()) != nil })
	require.ErrorContains(t, f.Following(), "no route to accounts")
	f.source.refuse(nil)
	eventually(t, "ready", func() bool { return f.Ready() == nil })
	_, err = f.CountActive(t.Context())
	require.NoError(t, err)
}

// measurements follows a service whose feed is applied after these lags, one for each
// time that the head is asked for, and says for each tenth of a second whether it was
// up to date.
func measurements(lags []time.Duration) (upToDate []bool) {
	const step = 100 * time.Millisecond
	now := time.Unix(0, 0)
	var f *freshness
	pass := func(d time.Duration) {
		for end := now.Add(d); now.Before(end); now = now.Add(step) {
			upToDate = append(upToDate, f.upToDate(now))
		}
	}
	for _, lag := range lags {
		asked := now
		pass(lag)
		f = f.then(asked, now)
		pass(agePeriod)
	}
	return upToDate
}

func changes(states []bool) (n int) {
	for i, state := range states[1:] {
		if state != states[i] {
			n++
		}
	}
	return n
}

// Whatever the lag is about which a copy stays behind, it does not become ready and
// unready by turns: after the start its readiness changes at most twice.
func TestReadinessDoesNotFlap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		about := time.Duration(rapid.IntRange(0, 400).Draw(t, "tenths of a second behind")) * 100 * time.Millisecond
		lags := []time.Duration{0, 0} // ready, and then under load
		for range 30 {
			tenth := rapid.IntRange(90, 110).Draw(t, "percent")
			lags = append(lags, about*time.Duration(tenth)/100)
		}
		states := measurements(lags)
		require.LessOrEqual(t, changes(states), 2, "%v", lags) // ready at first, and perhaps not for as long as it lasts
		switch last := states[len(states)-1]; {
		case about <= 10*time.Second:
			require.True(t, last, "it keeps up")
		case about >= 20*time.Second:
			require.False(t, last)
		}
		recovered := measurements(append(lags, 0))
		require.True(t, recovered[len(recovered)-1], "caught up")
	})
}

func TestReadinessBounds(t *testing.T) {
	second := func(n int) time.Time { return time.Unix(int64(n), 0) }
	var none *freshness
	require.False(t, none.upToDate(second(0)))
	slowStart := none.then(second(0), second(6))
	require.False(t, slowStart.upToDate(second(6)), "much may have been acknowledged meanwhile")
	caught := slowStart.then(second(7), second(12))
	require.True(t, caught.upToDate(second(12)))
	require.True(t, caught.upToDate(second(27)))
	require.False(t, caught.upToDate(second(28)))
	require.True(t, caught.then(second(13), second(27)).upToDate(second(27)), "14 s behind, as in a large import")
	fell := caught.then(second(13), second(28))
	require.False(t, fell.upToDate(second(28)), "it fell behind")
	require.False(t, fell.then(second(29), second(35)).upToDate(second(35)), "and is still")
	require.True(t, caught.then(second(40), second(41)).upToDate(second(41)), "accounts was away, and what it has is applied at once")
}
