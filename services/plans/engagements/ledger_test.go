package engagements

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

func TestR20HoursUseWholeUnitsOfTheirBenefitWithTheOriginOfTheEngagement(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.underWay(t, "e", metered())
		record := func(minutes int) Entry {
			t.Helper()
			e, n, err := f.Record(ctx, someone, "e", Entry{Person: "ben", Minutes: minutes}, false)
			require.NoError(t, err)
			return e.State.Hours[n-1]
		}
		first := record(90)
		require.Equal(t, Settled, first.Charge)
		require.Equal(t, int64(1), first.Units, "the second hour is not full yet")
		require.Equal(t, "usage of engagements/e/hours/1", first.Usage)
		require.Equal(t, Use{"acme", "expert-hours", 1, Offered, "engagements/e/hours/1"}, f.benefits.uses["engagements/e/hours/1"])
		require.Equal(t, Free, record(29).Charge)
		require.Equal(t, int64(1), record(1).Units)
		require.Equal(t, int64(2), f.benefits.used())

		e, n, err := f.Reverse(ctx, request("r"), "e", 1, "It was another customer.")
		require.NoError(t, err)
		require.Equal(t, 4, n)
		require.Equal(t, -90, e.State.Hours[3].Minutes)
		require.Equal(t, []Back{{1, 1}, {3, 1}}, e.State.Hours[3].Back, "half an hour fills no unit")
		require.Equal(t, 30, e.State.Worked)
		require.Equal(t, int64(0), f.benefits.used())
		require.Equal(t, int64(0), e.State.Used)
		_, again, err := f.Reverse(ctx, request("r"), "e", 1, "It was another customer.")
		require.NoError(t, err)
		require.Equal(t, n, again)
		_, _, err = f.Reverse(ctx, someone, "e", 1, "Twice.")
		requireReason(t, err, reasonCounter)
		_, _, err = f.Reverse(ctx, someone, "e", 4, "The counter-entry.")
		requireReason(t, err, reasonCounter)
		_, _, err = f.Reverse(ctx, someone, "e", 5, "None.")
		requireReason(t, err, fault.ReasonNotFound)
		benefit := "other"
		_, err = f.Update(ctx, someone, "e", "", Patch{Benefit: &benefit})
		requireReason(t, err, reasonState)
	})
}

func TestHoursThatTheBenefitRefusesStand(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.benefits.limit = 2
		f.underWay(t, "e", metered())
		for _, minutes := range []int{120, 180, 60} {
			_, _, err := f.Record(ctx, someone, "e", Entry{Person: "ben", Minutes: minutes}, false)
			require.NoError(t, err)
		}
		e, err := f.Get(ctx, "e")
		require.NoError(t, err)
		require.Equal(t, 360, e.State.Worked)
		require.Equal(t, int64(2), e.State.Used)
		require.Zero(t, e.State.Waiting)
		require.Equal(t, Refused, e.State.Hours[1].Charge)
		require.Equal(t, "0 units are left.", e.State.Hours[1].Refusal)
		_, _, err = f.Reverse(ctx, someone, "e", 2, "Not worked.")
		require.NoError(t, err)
		require.Equal(t, int64(2), f.benefits.used(), "what was refused does not come back")
		_, _, err = f.Reverse(ctx, someone, "e", 1, "Not worked.")
		require.NoError(t, err)
		require.Equal(t, int64(0), f.benefits.used())
	})
}

func TestR20WhatWasRefusedIsAskedForAgainWhereSomebodyWantsIt(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.benefits.limit = 2
		f.underWay(t, "e", metered())
		for _, minutes := range []int{120, 180} {
			_, _, err := f.Record(ctx, someone, "e", Entry{Person: "ben", Minutes: minutes}, false)
			require.NoError(t, err)
		}
		e, err := f.Charge(ctx, request("a"), "e", 2)
		require.NoError(t, err)
		require.Equal(t, []any{Refused, "0 units are left.", int64(2), int64(3), 0},
			[]any{e.State.Hours[1].Charge, e.State.Hours[1].Refusal, e.State.Used, e.State.Refused, e.State.Waiting})
		require.NoError(t, f.Settle(ctx))
		require.Len(t, f.benefits.uses, 1, "nobody wanted it since")

		f.benefits.limit = 5
		f.benefits.lost = 1
		e, err = f.Charge(ctx, request("b"), "e", 2)
		require.NoError(t, err)
		require.Equal(t, Due, e.State.Hours[1].Charge)
		e, err = f.Charge(ctx, request("b"), "e", 2)
		require.NoError(t, err, "a retry settles it")
		require.Equal(t, []any{Settled, "", int64(5), int64(0), 0},
			[]any{e.State.Hours[1].Charge, e.State.Hours[1].Refusal, e.State.Used, e.State.Refused, e.State.Waiting})
		require.Equal(t, int64(5), f.benefits.used())

		_, err = f.Charge(ctx, someone, "e", 2)
		requireReason(t, err, reasonState)
		_, err = f.Charge(ctx, someone, "e", 3)
		requireReason(t, err, fault.ReasonNotFound)
		_, _, err = f.Record(ctx, someone, "e", Entry{Person: "ben", Minutes: 60}, false)
		require.NoError(t, err)
		_, _, err = f.Reverse(ctx, someone, "e", 3, "Not worked.")
		require.NoError(t, err)
		_, err = f.Charge(ctx, someone, "e", 3)
		requireReason(t, err, reasonCounter)
	})
}

// Units of refused hours that were given back had nothing to give; once the hours use them
// after all, they come back.
func TestR20WhatWasTakenBackWhileItWasRefusedComesBackWhenItIsUsed(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.benefits.limit = 0
		f.underWay(t, "e", metered())
		for _, minutes := range []int{50, 130} { // the second fills all three
			_, _, err := f.Record(ctx, someone, "e", Entry{Person: "ben", Minutes: minutes}, false)
			require.NoError(t, err)
		}
		e, _, err := f.Reverse(ctx, someone, "e", 1, "Not worked.")
		require.NoError(t, err)
		require.Equal(t, []Back{{2, 1}}, e.State.Hours[2].Back)
		require.Equal(t, []int64{0, 2}, []int64{e.State.Used, e.State.Refused})
		f.benefits.limit = 3
		e, err = f.Charge(ctx, someone, "e", 2)
		require.NoError(t, err)
		require.Equal(t, []int64{2, 0, 2}, []int64{e.State.Used, e.State.Refused, f.benefits.used()})
		require.Zero(t, e.State.Waiting)
	})
}

// One process was refused what another one gets, and gives nothing back of it while the
// other is about to write that down.
func TestR20UnitsComeBackAlsoWhereTwoSettleAtATime(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.underWay(t, "e", metered())
		f.benefits.limit = 0
		_, _, err := f.Record(ctx, someone, "e", Entry{Person: "ben", Minutes: 90}, false)
		require.NoError(t, err)
		f.benefits.limit = 10
		e, _, err := f.Record(ctx, someone, "e", Entry{Person: "ben", Minutes: 90}, false)
		require.NoError(t, err)
		require.Equal(t, []Charge{Refused, Settled}, []Charge{e.State.Hours[0].Charge, e.State.Hours[1].Charge})
		f.benefits.meanwhile = func() {
			usage, err := f.benefits.Consume(ctx, HoursName("e", 1), Use{"acme", "expert-hours", 1, Offered, ""})
			require.NoError(t, err)
			_, err = f.engagements.Update(ctx, own, "e", nil, "engagement.hours_settled", func(e *Engagement) error {
				e.settle(1, Settled, usage, "")
				return nil
			})
			require.NoError(t, err)
		}
		e, _, err = f.Reverse(ctx, someone, "e", 1, "It was another customer.")
		require.NoError(t, err)
		require.Len(t, e.State.Hours[2].Back, 2)
		require.Equal(t, []any{90, 0, int64(1), Settled}, []any{e.State.Worked, e.State.Waiting, e.State.Used, e.State.Hours[2].Charge})
		require.Equal(t, int64(1), f.benefits.used(), "an hour and a half fills one unit")
	})
}

func TestALostAnswerUsesNothingTwice(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.underWay(t, "e", metered())
		f.benefits.lost = 1
		e, n, err := f.Record(ctx, request("h"), "e", Entry{Person: "ben", Minutes: 60}, false)
		require.NoError(t, err, "the hours stand")
		require.Equal(t, Due, e.State.Hours[n-1].Charge)
		_, again, err := f.Record(ctx, request("h"), "e", Entry{Person: "ben", Minutes: 60}, false)
		require.NoError(t, err)
		require.Equal(t, n, again)
		f.benefits.lost = 1
		_, _, err = f.Reverse(ctx, someone, "e", 1, "Not worked.")
		require.NoError(t, err)
		require.NoError(t, f.Settle(ctx))
		require.NoError(t, f.Settle(ctx))
		e, err = f.Get(ctx, "e")
		require.NoError(t, err)
		require.Zero(t, e.State.Waiting)
		require.Len(t, f.benefits.uses, 1)
		require.Equal(t, int64(0), f.benefits.used())
	})
}

func TestHoursAreSettledInTheBackground(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	f.underWay(t, "e", metered())
	f.benefits.lost = 1
	_, _, err := f.Record(t.Context(), someone, "e", Entry{Person: "ben", Minutes: 60}, false)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	require.Eventually(t, func() bool {
		e, err := f.Get(t.Context(), "e")
		return err == nil && e.State.Hours[0].Charge == Settled
	}, time.Minute, 5*time.Millisecond)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestHoursRecordedAtATimeAreEachSettledOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.underWay(t, "e", metered())
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if _, _, err := f.Record(t.Context(), request(fmt.Sprint(i)), "e", Entry{Person: "ben", Minutes: 45}, false); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		require.NoError(t, f.Settle(t.Context()))
		e, err := f.Get(t.Context(), "e")
		require.NoError(t, err)
		require.Len(t, e.State.Hours, 8)
		require.Zero(t, e.State.Waiting)
		require.Equal(t, int64(6), f.benefits.used())
		require.Equal(t, int64(6), e.State.Used)
	})
}

// Whatever is recorded, taken back, refused or lost: what is used is never more than the
// hours that stand fill, and exactly that where nothing is refused.
func TestR20UnitsUsedAreThoseThatTheHoursFill(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		id := fmt.Sprint("e", round)
		d := metered()
		d.UnitMinutes = rapid.SampledFrom([]int{1, 7, 15, 60}).Draw(rt, "unit")
		limited := rapid.Bool().Draw(rt, "limited")
		b := newBenefits(1_000_000)
		if limited {
			b.limit = rapid.Int64Range(0, 5).Draw(rt, "limit")
		}
		f.opts.Benefits = b
		f.underWay(t, id, d)
		ctx := t.Context()
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			e, err := f.Get(ctx, id)
			require.NoError(rt, err)
			b.lost = rapid.IntRange(0, 1).Draw(rt, "lost")
			if len(e.State.Hours) > 0 && rapid.IntRange(0, 3).Draw(rt, "ask again") == 0 {
				n := rapid.IntRange(1, len(e.State.Hours)).Draw(rt, "refused")
				b.limit += rapid.Int64Range(0, 2).Draw(rt, "more")
				wanted := e.State.Hours[n-1].Charge == Refused && (e.State.Hours[n-1].Units == 0 || e.State.left()[n] > 0)
				_, err = f.Charge(ctx, someone, id, n)
				require.Equal(rt, wanted, err == nil)
				continue
			}
			if len(e.State.Hours) > 0 && rapid.IntRange(0, 2).Draw(rt, "reverse") == 0 {
				n := rapid.IntRange(1, len(e.State.Hours)).Draw(rt, "entry")
				_, _, err = f.Reverse(ctx, someone, id, n, "Not worked.")
				if e.State.Hours[n-1].Reverses != 0 || e.State.Reversal(n) != 0 {
					require.Error(rt, err)
				} else {
					require.NoError(rt, err)
				}
				continue
			}
			_, _, err = f.Record(ctx, someone, id, Entry{Person: "ben", Minutes: rapid.IntRange(1, 130).Draw(rt, "minutes")}, false)
			require.NoError(rt, err)
		}
		b.lost = 0
		require.NoError(rt, f.Settle(ctx))
		e, err := f.Get(ctx, id)
		require.NoError(rt, err)
		filled := int64(e.State.Worked / d.UnitMinutes)
		require.Zero(rt, e.State.Waiting)
		require.Equal(rt, b.used(), e.State.Used)
		require.Equal(rt, filled, e.State.Used+e.State.Refused)
		require.GreaterOrEqual(rt, b.used(), int64(0))
		require.LessOrEqual(rt, b.used(), filled)
		if !limited {
			require.Equal(rt, filled, b.used())
		}
	})
}

func TestALedgerThatIsFullSaysSo(t *testing.T) {
	e := Engagement{State: UnderWay, Started: 1, People: []string{"ben"}, Definition: metered()}
	e.complete()
	for range MaxEntries {
		require.NoError(t, e.record("e", Entry{Person: "ben", Minutes: 1}))
	}
	requireReason(t, e.record("e", Entry{Person: "ben", Minutes: 1}), reasonFull)
	requireReason(t, e.reverse("e", 1, Entry{}), reasonFull)
}
