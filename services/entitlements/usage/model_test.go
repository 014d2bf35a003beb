package usage

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// model is what may be left, by a list of what happened: one period of the calendar, so
// that all units count together.
type model struct {
	limit  int64
	used   map[string]int64 // by entry, less what was released
	open   map[string]Reservation
	order  []string // ids of uses
	booked []string // ids of reservations
}

func (m *model) left(at time.Time) int64 {
	left := m.limit
	for _, n := range m.used {
		left -= n
	}
	for _, r := range m.open {
		if r.Expires.After(at) {
			left -= r.Units
		}
	}
	return left
}

// Whatever is called in whatever order, retries among it, what is left is what the calls
// that were served add up to.
func TestRandomCallsAgreeWithAModel(t *testing.T) {
	f := onSQLite(t)
	account := 0
	rapid.Check(t, func(rt *rapid.T) {
		account++
		a := fmt.Sprint("a-", account)
		m := &model{limit: 20, used: map[string]int64{}, open: map[string]Reservation{}}
		f.grants.grant("hours", holding("2026-02-01", "", 1, hours(m.limit, "P1Y", 0, schedule.ByCalendar)))
		f.clock.set(noon("2026-03-15"))
		for step := range rapid.IntRange(1, 70).Draw(rt, "steps") {
			f.clock.set(f.clock.now().Add(time.Duration(rapid.IntRange(0, 3).Draw(rt, "minutes")) * time.Minute))
			m.step(rt, f, a, fmt.Sprint("r", step))
			b, err := f.Get(t.Context(), a, "hours", time.Time{})
			require.NoError(rt, err)
			require.Equal(rt, m.left(f.clock.now()), b.Left)
		}
		if len(m.order)+len(m.booked) > 0 {
			f.rebuilt(t, a, "hours")
		}
	})
}

func (m *model) step(t *rapid.T, f *fixture, account, request string) {
	ctx, now := t.Context(), f.clock.now()
	units := rapid.Int64Range(1, 6).Draw(t, "units")
	twice := func(send func() (Outcome, error)) (Outcome, error) {
		out, err := send()
		if rapid.IntRange(0, 2).Draw(t, "retry") == 0 {
			again, err2 := send()
			require.Equal(t, err == nil, err2 == nil)
			require.Equal(t, out.Entry.ID, again.Entry.ID)
		}
		return out, err
	}
	u := Use{Account: account, Benefit: "hours", Units: units, Origin: AskedFor}
	switch rapid.IntRange(0, 4).Draw(t, "what") {
	case 0, 1:
		out, err := twice(func() (Outcome, error) { return f.Consume(ctx, call(request, "p"), u, false) })
		require.Equal(t, units <= m.left(now), err == nil, "%v", err)
		if err == nil {
			m.used[out.Entry.ID] = units
			m.order = append(m.order, out.Entry.ID)
		}
	case 2:
		out, err := twice(func() (Outcome, error) { return f.Reserve(ctx, call(request, "p"), u, 5*time.Minute) })
		require.Equal(t, units <= m.left(now), err == nil, "%v", err)
		if err == nil {
			m.open[out.Entry.ID] = Reservation{Units: units, Expires: out.Entry.Expires}
			m.booked = append(m.booked, out.Entry.ID)
		}
	case 3:
		m.closeOne(t, f, account, request, units, twice)
	case 4:
		if len(m.order) == 0 {
			return
		}
		id := rapid.SampledFrom(m.order).Draw(t, "use")
		_, err := twice(func() (Outcome, error) { return f.Release(ctx, call(request, "p"), account, id, units, "why") })
		require.Equal(t, units <= m.used[id], err == nil, "%v", err)
		if err == nil {
			m.used[id] -= units
		}
	}
}

func (m *model) closeOne(t *rapid.T, f *fixture, account, request string, units int64, twice func(func() (Outcome, error)) (Outcome, error)) {
	if len(m.booked) == 0 {
		return
	}
	id := rapid.SampledFrom(m.booked).Draw(t, "reservation")
	r, open := m.open[id]
	open = open && r.Expires.After(f.clock.now())
	if rapid.Bool().Draw(t, "cancel") {
		_, err := twice(func() (Outcome, error) { return f.Cancel(t.Context(), call(request, "p"), account, id) })
		require.Equal(t, open, err == nil, "%v", err)
	} else {
		out, err := twice(func() (Outcome, error) { return f.Commit(t.Context(), call(request, "p"), account, id, units) })
		if require.Equal(t, open && units <= r.Units, err == nil, "%v", err); err != nil {
			return
		}
		m.used[out.Entry.ID] = units
		m.order = append(m.order, out.Entry.ID)
	}
	delete(m.open, id)
}
