package programmes

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// Whatever applies, leaves, is closed or stops to qualify: no day has more places than
// there are, nobody is passed over who qualifies, and days with a place stay.
func TestPlacesAreNeverGivenTwice(t *testing.T) {
	accounts := []string{"ash", "birch", "cedar", "dogwood", "elm"}
	f := onSQLite(t)
	programme := 0
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		programme++
		id := fmt.Sprint("p", programme)
		capacity := rapid.IntRange(1, 3).Draw(t, "capacity")
		f.customers.set(func(c *fakeCustomers) { c.today, c.poor, c.closed = march, map[string]bool{}, map[string]civil.Day{} })
		_, err := f.Create(ctx, someone, id, beta(capacity), false)
		require.NoError(t, err)
		_, err = f.Publish(ctx, someone, id, "", false)
		require.NoError(t, err)
		had := map[string]map[civil.Day]bool{}
		for range rapid.IntRange(0, 25).Draw(t, "steps") {
			who := rapid.SampledFrom(accounts).Draw(t, "who")
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1:
				_, _ = f.Apply(ctx, someone, id, who, false)
			case 2:
				_, _ = f.Withdraw(ctx, someone, id, who)
			case 3:
				f.customers.set(func(c *fakeCustomers) { c.poor[who] = !c.poor[who] })
			case 4:
				f.customers.set(func(c *fakeCustomers) { c.today++ })
			case 5:
				f.customers.set(func(c *fakeCustomers) { c.closed[who] = c.today })
			}
			require.NoError(t, f.settle(ctx, true))
			p, err := f.Get(ctx, id)
			require.NoError(t, err)
			require.LessOrEqual(t, p.State.Count(Enrolled), capacity)
			if p.State.Free() > 0 {
				for _, e := range p.State.Entries {
					j, err := f.customers.Judge(ctx, e.Account, &p.State.Criteria)
					require.NoError(t, err)
					require.False(t, e.Standing == Waiting && j.Met, "%s is passed over", e.Account)
				}
			}
			now := *f.Enrolments()
			for day := march; day <= f.customers.today+2; day++ {
				held := 0
				for _, a := range accounts {
					if holds(now[a], id, day) {
						held++
					}
				}
				require.LessOrEqual(t, held, capacity, "on %s", day)
			}
			for _, a := range accounts {
				if had[a] == nil {
					had[a] = map[civil.Day]bool{}
				}
				if holds(now[a], id, f.customers.today) {
					had[a][f.customers.today] = true
				}
				for day := range had[a] {
					_, is := f.customers.closed[a]
					require.True(t, is || holds(now[a], id, day), "%s had a place on %s", a, day)
				}
			}
		}
		_, err = f.End(ctx, someone, id, "", march+9999, "Over", false)
		require.NoError(t, err)
	})
}

func holds(places []decision.Enrolment, programme string, day civil.Day) bool {
	return slices.ContainsFunc(places, func(e decision.Enrolment) bool { return e.Programme == programme && e.From <= day && day < e.To })
}

func TestPlacesOfClosedAccountsGoToTheNext(t *testing.T) {
	f := onSQLite(t)
	f.published(t, beta(1))
	f.applied(t, "ash", "birch", "cedar")
	f.customers.set(func(c *fakeCustomers) {
		c.today += 10
		c.closed["ash"], c.closed["birch"] = march+8, march+9
	})
	require.NoError(t, f.settle(t.Context(), true))
	require.Equal(t, []string{"ash left", "birch left", "cedar enrolled"}, f.standings(t))
	e, err := f.Enrolment(t.Context(), "beta", "ash")
	require.NoError(t, err)
	require.Equal(t, AccountClosed, e.Why)
	require.Equal(t, []Stay{{march, march + 8}}, e.Stays)
}

// An application from after an account was judged is not taken away by that judgement.
func TestR29WhatWasNotJudgedIsNotTakenAway(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.published(t, beta(1))
		f.applied(t, "ash", "birch")
		f.customers.set(func(c *fakeCustomers) {
			c.closed["ash"] = march
			c.meanwhile = func() {
				c.set(func(c *fakeCustomers) { delete(c.closed, "ash") })
				_, err := f.Withdraw(ctx, someone, "beta", "ash")
				require.NoError(t, err)
				f.applied(t, "ash")
			}
		})
		require.NoError(t, f.settle(ctx, true))
		require.Equal(t, []string{"birch enrolled", "ash waiting"}, f.standings(t))
	})
}

func TestNobodyIsJudgedForAProgrammeThatHasEnded(t *testing.T) {
	f := onSQLite(t)
	f.published(t, beta(1))
	f.applied(t, "ash", "birch")
	_, err := f.End(t.Context(), someone, "beta", "", march+30, "Over", false)
	require.NoError(t, err)
	f.customers.set(func(c *fakeCustomers) { c.today, c.closed["ash"], c.behind = march+30, march+30, errDied })
	require.NoError(t, f.settle(t.Context(), true))
	require.Equal(t, []string{"ash enrolled", "birch waiting"}, f.standings(t))
}

// A process that died after it took an application, or a place back, left the rest to Run.
func TestWhatADeadProcessLeftIsFinished(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.published(t, beta(1))
		f.applied(t, "ash", "birch")
		_, err := f.table.Update(t.Context(), someone, "beta", nil, "enrolment.withdrawn", func(p *Programme) error {
			p.change([]string{"ash"}, func(e *Entry) { e.leave(march, march+1, Withdrawn) })
			return nil
		})
		require.NoError(t, err)
		other := f.open(t)
		run(t, other)
		eventually(t, "the next has the place", func() bool {
			e, err := f.Enrolment(t.Context(), "beta", "birch")
			return err == nil && e.Standing == Enrolled
		})
		eventually(t, "decisions know", func() bool { return holds((*other.Enrolments())["birch"], "beta", march+1) })
	})
}

func TestOtherProcessesLearnOfPlaces(t *testing.T) {
	f := onSQLite(t)
	other := f.open(t)
	run(t, other)
	f.published(t, beta(1))
	before := f.Enrolments()
	require.Same(t, before, f.Enrolments(), "the same while nothing has changed")
	f.applied(t, "ash")
	require.Equal(t, []decision.Enrolment{{Programme: "beta", From: march, To: civil.Never}}, (*f.Enrolments())["ash"], "at once")
	require.Empty(t, *before, "what was read stays as it was")
	eventually(t, "the other process knows", func() bool { return holds((*other.Enrolments())["ash"], "beta", march) })
	_, err := f.End(t.Context(), someone, "beta", "", march+31, "Released", false)
	require.NoError(t, err)
	require.Equal(t, []decision.Enrolment{{Programme: "beta", From: march, To: march + 31}}, (*f.Enrolments())["ash"])
	require.Equal(t, *f.Enrolments(), *f.open(t).Enrolments(), "after a restart")
}

// Who leaves has its place until the end of the day, and the next has it from then on.
func TestAPlaceBeginsWhenTheLastStayHasEnded(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.published(t, beta(1))
	f.applied(t, "ash", "birch", "cedar")
	for _, who := range []string{"ash", "birch"} {
		_, err := f.Withdraw(ctx, someone, "beta", who)
		require.NoError(t, err)
	}
	require.Equal(t, []string{"ash left", "birch left", "cedar enrolled"}, f.standings(t))
	now := *f.Enrolments()
	require.True(t, holds(now["ash"], "beta", march))
	require.Empty(t, now["birch"], "it had given back what had not begun")
	require.False(t, holds(now["cedar"], "beta", march))
	require.True(t, holds(now["cedar"], "beta", march+1))

	// Of two places one is free today.
	p, err := f.Update(ctx, someone, "beta", "", func(d *Definition) error { d.Capacity = 2; return nil }, false)
	require.NoError(t, err)
	require.Zero(t, p.State.freeToday(march)-1)
	f.applied(t, "dogwood")
	require.True(t, holds((*f.Enrolments())["dogwood"], "beta", march), "ash's is one, and this is the other")
}

// Nobody gets a place, or is refused one, while what is known of customers is behind.
func TestNothingIsGivenByWhatIsBehind(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.published(t, beta(1))
	f.applied(t, "ash", "birch", "cedar")
	_, err := f.table.Update(ctx, someone, "beta", nil, "enrolment.withdrawn", func(p *Programme) error {
		p.change([]string{"ash"}, func(e *Entry) { e.leave(march, march+1, Withdrawn) })
		return nil
	})
	require.NoError(t, err)
	f.Service = f.open(t)
	behind := fault.New(fault.Unavailable, fault.ReasonUnavailable, "What is known of customers is not up to date.")
	f.customers.set(func(c *fakeCustomers) { c.behind = behind; c.poor["birch"] = true })
	require.ErrorIs(t, f.settle(ctx, true), behind)
	_, err = f.Apply(ctx, someone, "beta", "dogwood", false)
	require.ErrorIs(t, err, behind)
	require.Equal(t, []string{"ash left", "birch waiting", "cedar waiting"}, f.standings(t))
	f.customers.set(func(c *fakeCustomers) { c.behind = nil; c.poor["birch"] = false })
	require.NoError(t, f.settle(ctx, true))
	require.Equal(t, []string{"ash left", "birch enrolled", "cedar waiting"}, f.standings(t))
}

// Whom this process has not heard of yet, another took the application of: it keeps its
// turn.
func TestR29NobodyLosesATurnByBeingTooNewToBeKnown(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.published(t, beta(1))
	f.applied(t, "ash", "birch", "cedar")
	joined := f.customers.joined["birch"]
	f.customers.set(func(c *fakeCustomers) { delete(c.joined, "birch") })
	_, err := f.Withdraw(ctx, someone, "beta", "ash")
	require.NoError(t, err)
	wantReason(t, f.settle(ctx, true), fault.ReasonUnavailable, "accounts/birch waits for a place in programmes/beta and is so new")
	require.Equal(t, []string{"ash left", "birch waiting", "cedar waiting"}, f.standings(t))
	f.customers.set(func(c *fakeCustomers) { c.joined["birch"] = joined })
	require.NoError(t, f.settle(ctx, true))
	require.Equal(t, []string{"ash left", "birch enrolled", "cedar waiting"}, f.standings(t))
}
