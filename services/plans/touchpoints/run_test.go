package touchpoints

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/plans"
)

// Two processes run, of which one at a time does the work: what changes is laid out, whoever
// of them ends.
func TestProcessesLayOutWhatChanges(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		other := reopen(t, f.store, f.world)
		run := func(s *fixture) (stop func()) {
			ctx, cancel := context.WithCancel(context.Background())
			ended := make(chan error, 1)
			go func() { ended <- s.Run(ctx) }()
			return func() {
				cancel()
				require.ErrorIs(t, <-ended, context.Canceled)
			}
		}
		weekly := plans.Strategy{Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-03-02T09:00")}}
		laidOut := func(account string, n int) {
			t.Helper()
			require.Eventually(t, func() bool { return len(f.due(t, account)) == n }, time.Minute, 20*time.Millisecond)
		}
		f.active(t, "acme", weekly)
		stop, stopOther := run(f), run(other)
		laidOut("acme", 5)
		stop()
		f.active(t, "brook", weekly)
		laidOut("brook", 5)
		f.change(t, "acme", func(p *plans.Plan) { p.State = plans.Closed })
		laidOut("acme", 0)
		stopOther()
	})
}

// While plans are laid out, people work on them: neither loses what the other did.
func TestPeopleAndPassesDoNotLoseEachOthersWork(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.weekly(t, "acme")
		daily := cadence("daily", "FREQ=DAILY", "2027-03-01T10:00")
		done := map[string]bool{}
		for i := range 8 {
			daily.When.Start = fmt.Sprintf("2027-03-01T10:%02d", i)
			f.active(t, "acme", plans.Strategy{GapDays: i % 2, Cadences: []plans.Cadence{cadence("weekly", "FREQ=WEEKLY;BYDAY=TU", "2027-02-02T09:00"), daily}})
			f.caughtUp(t)
			ended := make(chan struct{})
			go func() {
				defer close(ended)
				_, _ = f.Pass(t.Context()) // may be in the way of somebody
			}()
			id := fmt.Sprintf("weekly-2027-03-%02d", 2+i%5*7)
			if _, err := f.Skip(t.Context(), anna, "acme/"+id, "", "no time"); err == nil {
				done[id] = true
			}
			for range 5 {
				if _, err := f.Reassign(t.Context(), anna, "acme/daily-2027-03-20", "", fmt.Sprintf("p%d", i), ""); err == nil {
					done["daily"] = true
				}
			}
			<-ended
		}
		f.settled(t)
		all := f.all(t, "acme")
		for id := range done {
			if id != "daily" {
				require.Equal(t, Skipped, all[id].State.State, id)
			}
		}
		require.True(t, done["daily"])
		require.Regexp(t, "^p[0-9]+$", all["daily-2027-03-20"].State.Owner)
		require.Equal(t, 7, all["daily-2027-03-31"].State.Nominal.Minute(), "the last strategy holds")
		before := f.all(t, "acme")
		require.NoError(t, f.mark(t.Context(), "acme", day("2027-03-01")))
		f.settled(t)
		require.Equal(t, before, f.all(t, "acme"), "settled again, nothing changes")
	})
}
