package programmes

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

func TestADefinitionIsChecked(t *testing.T) {
	f := onSQLite(t)
	for path, change := range map[string]func(*Definition){
		"programme.title":              func(d *Definition) { d.Title = "" },
		"programme.summary":            func(d *Definition) { d.Summary = "two\nlines" },
		"programme.capacity":           func(d *Definition) { d.Capacity = MaxCapacity + 1 },
		"programme.close_date":         func(d *Definition) { d.Opens, d.Closes = march, march-1 },
		"programme.criteria":           func(d *Definition) { d.Criteria = schedule.Condition{} },
		"programme.criteria.at_least":  func(d *Definition) { d.Criteria = tenure(0) },
		"programme.criteria.reach":     func(d *Definition) { d.Criteria.Subject = "reach" },
		"programme.criteria.programme": func(d *Definition) { d.Criteria = schedule.Condition{Subject: schedule.Programme, Measure: "No id"} },
	} {
		d := beta(3)
		change(&d)
		_, err := f.Create(t.Context(), someone, "beta", d, false)
		var told *fault.Error
		require.ErrorAs(t, err, &told, path)
		require.Equal(t, path, told.Fields[0].Path)
	}
	d := beta(3)
	d.Criteria = schedule.Condition{Any: []schedule.Condition{tenure(3), {Subject: schedule.Programme, Measure: "gamma"}}}
	_, err := f.Create(t.Context(), someone, "", d, false)
	require.ErrorContains(t, err, "nobody is let in for being in a programme")
	_, err = f.Get(t.Context(), "beta")
	require.ErrorIs(t, err, resource.ErrNotFound)
	f.customers.set(func(c *fakeCustomers) { c.none = true })
	_, err = f.Create(t.Context(), someone, "", beta(3), false)
	require.ErrorIs(t, err, errNoSchedule)
}

func TestR29APublishedProgrammeIsOnlyWidened(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		draft, err := f.Create(ctx, call("c", "1"), "", beta(3), false)
		require.NoError(t, err)
		set := func(change func(*Definition)) (resource.Stored[Programme], error) {
			return f.Update(ctx, someone, "beta", "", func(d *Definition) error { change(d); return nil }, false)
		}
		p, err := set(func(d *Definition) { d.Capacity, d.Opens, d.Closes = 1, march+1, march+10 })
		require.NoError(t, err, "a draft is changed in any way")
		_, err = f.Publish(ctx, someone, "beta", Etag(draft), false)
		require.ErrorIs(t, err, resource.ErrStale)
		_, err = f.Publish(ctx, someone, "beta", Etag(p), true)
		require.NoError(t, err)
		p, err = f.Publish(ctx, call("p", "1"), "beta", Etag(p), false)
		require.NoError(t, err)
		again, err := f.Publish(ctx, call("p", "1"), "beta", Etag(draft), false)
		require.NoError(t, err, "a retry")
		require.Equal(t, p.Version, again.Version)
		for why, change := range map[string]func(*Definition){
			"criteria can only be widened":             func(d *Definition) { d.Criteria = tenure(13) },
			"applications cannot begin later":          func(d *Definition) { d.Opens = march + 2 },
			"applications cannot end earlier":          func(d *Definition) { d.Closes = march + 9 },
			"criteria can only be widened, so that wh": func(d *Definition) { d.Criteria = schedule.Condition{All: []schedule.Condition{tenure(12), spend(1)}} },
		} {
			_, err := set(change)
			wantReason(t, err, ReasonNarrowed, why)
		}
		f.customers.set(func(c *fakeCustomers) { c.today = march + 1 })
		f.applied(t, "ash", "birch")
		_, err = set(func(d *Definition) {
			d.Title, d.Capacity, d.Closes = "Beta of 2026", 2, 0
			d.Criteria = schedule.Condition{Any: []schedule.Condition{tenure(6), spend(500)}}
		})
		require.NoError(t, err)
		require.Equal(t, []string{"ash enrolled", "birch enrolled"}, f.standings(t), "the new place goes to who waits")
		_, err = set(func(d *Definition) { d.Capacity = 1 })
		wantReason(t, err, ReasonNarrowed, "capacity can only grow")

		err = f.Delete(ctx, someone, "beta", "")
		wantReason(t, err, ReasonState, "can only be ended")
		_, err = f.Publish(ctx, someone, "beta", "", false)
		wantReason(t, err, ReasonState, "was published on 2026-03-02")
	})
}

func TestR2AProgrammeEndsAfterNotice(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.published(t, beta(3))
	_, err := f.End(ctx, someone, "beta", "", march+31, "", false)
	wantReason(t, err, "INVALID_ARGUMENT", "reason")
	_, err = f.End(ctx, someone, "beta", "", march, "Over", false)
	wantReason(t, err, ReasonNotice, "is 2026-03-03")
	_, err = f.End(ctx, someone, "beta", "", march+1, "Over", true)
	require.NoError(t, err, "nobody has a place")
	f.applied(t, "ash")
	_, err = f.End(ctx, someone, "beta", "", march+29, "Over", false)
	wantReason(t, err, ReasonNotice, "the first day that the schedule's notice leaves is 2026-04-01")
	p, err := f.End(ctx, someone, "beta", "", march+30, "Over", false)
	require.NoError(t, err)
	require.Equal(t, &Ending{Day: march + 30, Reason: "Over", By: "principals/anna"}, p.State.Ending)
	_, err = f.End(ctx, someone, "beta", "", march+90, "Later", false)
	wantReason(t, err, ReasonState, "ends on 2026-04-01")
	f.customers.set(func(c *fakeCustomers) { c.today = march + 30 })
	_, err = f.Update(ctx, someone, "beta", "", func(d *Definition) error { d.Capacity++; return nil }, false)
	wantReason(t, err, ReasonState, "ended on 2026-04-01: Over")
}

func TestOnlyDraftsAreDeleted(t *testing.T) {
	f := onSQLite(t)
	p, err := f.Create(t.Context(), someone, "", beta(3), false)
	require.NoError(t, err)
	_, err = f.Create(t.Context(), someone, "", beta(3), false)
	require.ErrorIs(t, err, resource.ErrExists)
	require.ErrorIs(t, f.Delete(t.Context(), someone, "beta", "other"), resource.ErrStale)
	require.NoError(t, f.Delete(t.Context(), someone, "beta", Etag(p)))
	require.Empty(t, f.Published())
	f.published(t, beta(3))
	require.Equal(t, []string{"beta"}, f.Published())
}

// Whoever meets a condition meets one that widens it, whatever is measured.
func TestWideningTakesNothingFromAnybody(t *testing.T) {
	var draw func(t *rapid.T, depth int) schedule.Condition
	draw = func(t *rapid.T, depth int) schedule.Condition {
		switch kind := rapid.IntRange(0, 3).Draw(t, "kind"); {
		case kind < 2 && depth > 0:
			list := []schedule.Condition{draw(t, depth-1), draw(t, depth-1)}
			if kind == 0 {
				return schedule.Condition{All: list}
			}
			return schedule.Condition{Any: list}
		case kind == 2:
			return tenure(rapid.Int64Range(1, 4).Draw(t, "months"))
		}
		return spend(rapid.Int64Range(1, 4).Draw(t, "cents"))
	}
	var met func(c schedule.Condition, have map[schedule.Subject]int64) bool
	met = func(c schedule.Condition, have map[schedule.Subject]int64) bool {
		for _, child := range c.All {
			if !met(child, have) {
				return false
			}
		}
		for _, child := range c.Any {
			if met(child, have) {
				return true
			}
		}
		return len(c.Any) == 0 && (len(c.All) > 0 || have[c.Subject] >= c.AtLeast)
	}
	rapid.Check(t, func(t *rapid.T) {
		from, to := draw(t, 2), draw(t, 2)
		require.True(t, widens(from, from))
		taken := false
		for months := range int64(6) {
			for cents := range int64(6) {
				have := map[schedule.Subject]int64{schedule.Tenure: months, schedule.Spend: cents}
				taken = taken || met(from, have) && !met(to, have)
			}
		}
		require.Equal(t, !taken, widens(from, to), "with thresholds on one measure each it is exact")
	})
}

func TestCriteriaOnABoardTakeABoardService(t *testing.T) {
	f := onSQLite(t)
	d := beta(1)
	d.Criteria = schedule.Condition{Any: []schedule.Condition{tenure(12), {Subject: schedule.Board, Measure: schedule.TermsServed, AtLeast: 1}}}
	_, err := f.Create(t.Context(), someone, "", d, true)
	require.NoError(t, err)
	f.customers.set(func(c *fakeCustomers) { c.alone = true })
	_, err = f.Create(t.Context(), someone, "", d, true)
	wantReason(t, err, "INVALID_ARGUMENT", "programme.criteria: read board, and no board service is followed here")
}

// Who got in by what they spend still tells it when others get in without.
func TestR3WideningDoesNotTellWhoSpent(t *testing.T) {
	f := onSQLite(t)
	d := beta(2)
	d.Criteria = schedule.Condition{All: []schedule.Condition{spend(500_00), tenure(12)}}
	f.published(t, d)
	p, err := f.Update(t.Context(), someone, "beta", "", func(d *Definition) error { d.Criteria = tenure(12); return nil }, false)
	require.NoError(t, err)
	require.False(t, ReadsSpend(p.State.Criteria))
	require.True(t, p.State.TellsSpend())
	p, err = f.Update(t.Context(), someone, "beta", "", func(d *Definition) error { d.Criteria = tenure(6); return nil }, false)
	require.NoError(t, err)
	require.True(t, p.State.TellsSpend(), "for good")

	draft, err := f.Create(t.Context(), someone, "gamma", d, false)
	require.NoError(t, err)
	require.True(t, draft.State.TellsSpend())
	draft, err = f.Update(t.Context(), someone, "gamma", "", func(d *Definition) error { d.Criteria = tenure(12); return nil }, false)
	require.NoError(t, err)
	require.False(t, draft.State.TellsSpend(), "nobody was let in by it")
}
