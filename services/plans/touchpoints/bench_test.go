package touchpoints

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/services/plans"
)

// benchPlans is how many plans benchmarks have, with a touchpoint a month each; a hundred of
// them are one owner's.
func benchPlans() int {
	n, err := strconv.Atoi(os.Getenv("EVENHAND_BENCH_PLANS"))
	if err != nil {
		n = 10_000
	}
	return n
}

const plansOfOwner = 100

// filled is touchpoints of a year: eleven months that were, and the month to come. Due days
// are spread over the month.
func filled(b *testing.B) *fixture {
	f := start(b, stores["sqlite"](b))
	f.noon("2027-12-01")
	n := benchPlans()
	var ids, states = []string{}, []plans.Plan{}
	var past []string
	var done []Touchpoint
	flush := func() {
		failed, err := f.plans.CreateMany(b.Context(), anna, ids, states, "plan.created")
		require.NoError(b, err)
		require.Empty(b, failed)
		failed, err = f.touches.CreateMany(b.Context(), own, past, done, "touchpoint.completed")
		require.NoError(b, err)
		require.Empty(b, failed)
		ids, states, past, done = nil, nil, nil, nil
	}
	for i := range n {
		id, owner, on := fmt.Sprintf("account-%07d", i), fmt.Sprintf("owner-%04d", i/plansOfOwner), 1+i%28
		c := plans.Cadence{ID: "monthly", Purpose: "Say hello", Channel: plans.Call,
			When: calendar.Recurrence{Rule: fmt.Sprintf("FREQ=MONTHLY;BYMONTHDAY=%d", on), Start: "2026-01-01T10:00", OnHoliday: calendar.NextWorkday}}
		ids, states = append(ids, id), append(states, plans.Plan{Owner: owner, State: plans.Active,
			Strategy: plans.Strategy{GapDays: 3, Quiet: plans.QuietHours{From: 18 * 60, To: 8 * 60}, Cadences: []plans.Cadence{c}}})
		for month := range 11 {
			was := day(fmt.Sprintf("2027-%02d-%02d", 1+month, on))
			past = append(past, occurrenceID(id, c.ID, was))
			done = append(done, Touchpoint{Plan: id, Origin: OfCadence, Cadence: c.ID, Occurrence: was, Purpose: c.Purpose, Channel: c.Channel, Owner: owner,
				DueDay: was, Day: was, State: Done, Outcome: &Outcome{Text: "Well.", Initiator: Company, On: was, Contacts: []string{"ines"}}})
		}
		f.contacts[id] = []Contact{{ID: "ines", Zone: "Europe/Berlin"}}
		if len(ids) == 100 {
			flush()
		}
	}
	flush()
	f.caughtUp(b)
	laidOut, err := f.Pass(b.Context())
	require.NoError(b, err)
	require.Equal(b, n, laidOut)
	return f
}

// BenchmarkDueThisWeek asks what one owner has to do this week. The floor is to read the same
// touchpoints by their ids.
func BenchmarkDueThisWeek(b *testing.B) {
	f := filled(b)
	through := Week(day("2027-12-01"))
	var floor time.Duration
	found, asked := 0, 0
	for b.Loop() {
		owner := fmt.Sprintf("owner-%04d", asked%(benchPlans()/plansOfOwner))
		page, err := f.Due(b.Context(), owner, through, 1000, nil)
		require.NoError(b, err)
		b.StopTimer()
		ids := make([]string, len(page.Items))
		for i, t := range page.Items {
			ids[i] = t.ID
		}
		began := time.Now()
		_, err = f.touches.GetMany(b.Context(), ids)
		require.NoError(b, err)
		floor += time.Since(began)
		found, asked = found+len(ids), asked+1
		b.StartTimer()
	}
	b.ReportMetric(float64(found)/float64(asked), "touchpoints/op")
	b.ReportMetric(float64(floor)/float64(asked), "floor-ns/op")
	b.ReportMetric(float64(b.Elapsed())/float64(floor), "x-floor")
}

// BenchmarkDaysPass lays out what comes into the horizon with each new day. The floor is to
// write as many documents as that has to, a touchpoint and a pass for each plan, as many at
// once.
func BenchmarkDaysPass(b *testing.B) {
	f := filled(b)
	scratch, err := docstore.OpenCollection[pass](b.Context(), f.store, docstore.Spec{Name: "scratch", Silent: true})
	require.NoError(b, err)
	today := day("2027-12-01")
	var floor time.Duration
	settled := 0
	for b.Loop() {
		today++
		f.noon(today.String())
		n, err := f.Pass(b.Context())
		require.NoError(b, err)
		b.StopTimer()
		began := time.Now()
		writes, ctx := errgroup.WithContext(b.Context())
		writes.SetLimit(passWorkers)
		for i := range n {
			writes.Go(func() error { return writeTwice(ctx, scratch, fmt.Sprintf("%d-%d", today, i)) })
		}
		require.NoError(b, writes.Wait())
		floor += time.Since(began)
		settled += n
		b.StartTimer()
	}
	b.ReportMetric(float64(settled)/float64(b.N), "plans/op")
	b.ReportMetric(float64(floor)/float64(b.N), "floor-ns/op")
	b.ReportMetric(float64(b.Elapsed())/float64(floor), "x-floor")
}

func writeTwice(ctx context.Context, c *docstore.Collection[pass], id string) error {
	if _, err := c.Insert(ctx, id, pass{Next: 1}); err != nil {
		return err
	}
	_, err := c.Upsert(ctx, id, func(d *docstore.Doc[pass]) error {
		d.Body.Next = 2
		return nil
	})
	return err
}
