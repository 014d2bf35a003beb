package plans

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// measures records a value of the goal delivery.
func (f *fixture) measures(t testing.TB, on string, value float64) resource.Stored[Plan] {
	t.Helper()
	p, err := f.Measure(t.Context(), someone, "acme", "delivery", "", Measurement{Day: day(t, on), Value: value})
	require.NoError(t, err)
	return p
}

func TestMeasurementsStandByDay(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.active(t)
		f.measures(t, "2026-11-20", 89)
		f.measures(t, "2026-11-10", 82)
		f.measures(t, "2026-11-15", 85)
		f.measures(t, "2026-11-10", 83)
		p, err := f.Measure(ctx, request("a"), "acme", "delivery", "", Measurement{Value: 92, Note: "Said on the phone."})
		require.NoError(t, err)
		again, err := f.Measure(ctx, request("a"), "acme", "delivery", "", Measurement{Value: 92, Note: "Said on the phone."})
		require.NoError(t, err, "a retry")
		require.Equal(t, p.Etag(), again.Etag())

		goal := p.State.Goal("delivery")
		var days []string
		var values []float64
		for _, m := range goal.Progress {
			days, values = append(days, m.Day.String()), append(values, m.Value)
			require.Equal(t, "principals/anna", m.By)
			require.Equal(t, f.clock, m.At)
		}
		require.Equal(t, []string{"2026-11-10", "2026-11-15", "2026-11-20", "2026-11-22"}, days)
		require.Equal(t, []float64{83, 85, 89, 92}, values, "a day has one value: the last that was recorded")
		value, on := goal.Latest()
		require.InDelta(t, 92, value, 0)
		require.Equal(t, day(t, "2026-11-22"), on)
		require.InDelta(t, 0.8, goal.Progressed(), 1e-9)

		for field, m := range map[string]Measurement{
			"measurement.date":  {Day: day(t, "2026-11-23"), Value: 1},
			"measurement.value": {Value: math.NaN()},
		} {
			_, err := f.Measure(ctx, someone, "acme", "delivery", "", m)
			requireField(t, err, field)
		}
		_, err = f.Measure(ctx, someone, "acme", "delivery", "", Measurement{Day: day(t, "2026-10-31"), Value: 1})
		requireField(t, err, "measurement.date")
		_, err = f.Measure(ctx, someone, "acme", "other", "", Measurement{Value: 1})
		require.ErrorIs(t, err, resource.ErrNotFound)
		_, err = f.Measure(ctx, someone, "acme", "delivery", "old", Measurement{Value: 1})
		require.ErrorIs(t, err, resource.ErrStale)
	})
}

func TestAGoalIsReachedWhenItWasMeasured(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.active(t)
		_, err := f.EndGoal(ctx, someone, "acme", "delivery", "", GoalReached, "They say so.")
		requireField(t, err, "outcome")
		require.ErrorContains(t, err, "was 80 % on 2026-11-01, short of 95")
		f.measures(t, "2026-11-20", 96)
		f.measures(t, "2026-11-22", 94.9)
		_, err = f.EndGoal(ctx, someone, "acme", "delivery", "", GoalReached, "It was.")
		requireField(t, err, "outcome")
		f.measures(t, "2026-11-22", 95)
		_, err = f.EndGoal(ctx, someone, "acme", "delivery", "", GoalOpen, "x")
		requireField(t, err, "outcome")

		p, err := f.EndGoal(ctx, request("a"), "acme", "delivery", "", GoalReached, "Their own report.")
		require.NoError(t, err)
		again, err := f.EndGoal(ctx, request("a"), "acme", "delivery", "", GoalReached, "Their own report.")
		require.NoError(t, err, "a retry")
		require.Equal(t, p.Etag(), again.Etag())
		goal := p.State.Goal("delivery")
		require.Equal(t, []any{GoalReached, f.clock, "Their own report."}, []any{goal.State, goal.Ended, goal.EndReason})
		_, err = f.EndGoal(ctx, someone, "acme", "delivery", "", GoalDropped, "x")
		require.ErrorIs(t, err, ErrState)
		_, err = f.Measure(ctx, someone, "acme", "delivery", "", Measurement{Value: 1})
		require.ErrorIs(t, err, ErrState)
		f.move(t, Closed)
		_, err = f.EndGoal(ctx, someone, "acme", "delivery", "", GoalMissed, "x")
		require.ErrorIs(t, err, ErrState)
	})
}

// What was recorded of goals is neither lost nor rewritten when the plan is changed.
func TestGoalsKeepTheirRecord(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.active(t)
		f.measures(t, "2026-11-20", 96)
		update := func(goals ...Goal) (resource.Stored[Plan], error) {
			return f.Update(ctx, someone, "acme", "", Patch{Goals: &goals})
		}
		other := Goal{ID: "growth", Statement: "Grow", Measure: "shops", Baseline: 3, Target: 5, TargetDay: day(t, "2027-12-31")}
		_, err := update(other)
		requireField(t, err, "plan.goals")
		later := delivery(t)
		later.BaselineDay = day(t, "2026-11-21")
		_, err = update(later)
		requireField(t, err, "plan.goals[0].baseline_date")

		sent := delivery(t)
		sent.Statement, sent.BaselineDay = "Deliver as promised", 0
		p, err := update(sent, other)
		require.NoError(t, err)
		kept := p.State.Goals[0]
		require.Equal(t, "Deliver as promised", kept.Statement)
		require.Equal(t, day(t, "2026-11-01"), kept.BaselineDay, "the day it had, not today")
		require.Len(t, kept.Progress, 1)

		_, err = f.EndGoal(ctx, someone, "acme", "delivery", "", GoalReached, "Measured.")
		require.NoError(t, err)
		_, err = update(other)
		requireField(t, err, "plan.goals")
		easier := kept
		easier.Target = 81
		_, err = update(other, easier)
		requireField(t, err, "plan.goals[1]")
		p, err = update(other, kept)
		require.NoError(t, err, "it may be sent back as it was read")
		require.Equal(t, GoalReached, p.State.Goals[1].State)
	})
}

func TestGoalsThatAreRefused(t *testing.T) {
	for field, change := range map[string]func(*Goal){
		"goals[1].id":          func(g *Goal) { g.ID = "delivery" },
		"goals[1].statement":   func(g *Goal) { g.Statement = " " },
		"goals[1].baseline":    func(g *Goal) { g.Baseline = math.Inf(1) },
		"goals[1].target":      func(g *Goal) { g.Target = math.NaN() },
		"goals[1].target_date": func(g *Goal) { g.TargetDay = g.BaselineDay },
	} {
		second := delivery(t)
		second.ID = "second"
		change(&second)
		requireField(t, checkGoals("goals", []Goal{delivery(t), second}), field)
	}
	bad := delivery(t)
	bad.ID = "No Id"
	requireField(t, checkGoals("goals", []Goal{bad}), "goals[0].id")
	requireField(t, checkGoals("goals", make([]Goal, MaxGoals+1)), "goals")
}

func TestProgressOfAGoal(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g := Goal{
			Baseline: float64(rapid.IntRange(-1000, 1000).Draw(t, "baseline")), Target: float64(rapid.IntRange(-1000, 1000).Draw(t, "target")),
			BaselineDay: civil.Day(rapid.IntRange(1, 30000).Draw(t, "from")),
		}
		g.TargetDay = g.BaselineDay + civil.Day(rapid.IntRange(1, 4000).Draw(t, "days"))
		if g.Target == g.Baseline {
			require.Zero(t, g.Progressed())
			return
		}
		require.Zero(t, g.Progressed(), "nothing was measured")
		require.Zero(t, g.Expected(g.BaselineDay))
		require.InDelta(t, 1, g.Expected(g.TargetDay), 0)
		on := g.BaselineDay + civil.Day(rapid.IntRange(-10, 5000).Draw(t, "on"))
		require.LessOrEqual(t, g.Expected(on), g.Expected(on+1), "it never goes back")
		require.GreaterOrEqual(t, g.Expected(on), 0.0)
		require.LessOrEqual(t, g.Expected(on), 1.0)

		value := float64(rapid.IntRange(-3000, 3000).Draw(t, "value"))
		g.Progress = []Measurement{{Day: g.BaselineDay, Value: value}}
		up := g.Target > g.Baseline
		require.Equal(t, up == (value >= g.Target) || value == g.Target, g.Progressed() >= 1, "reached from either side")
		require.Equal(t, value == g.Baseline, g.Progressed() == 0)
		g.Progress[0].Value = g.Target
		require.InDelta(t, 1, g.Progressed(), 0, "exactly, at the target")
	})
	require.Zero(t, (&Goal{}).Expected(20_000), "a goal that is due on no day is behind on none")
}

// Measurements come in any order, and stand by day with the last value of each.
func TestMeasurementsInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		g, last := Goal{ID: "g"}, map[civil.Day]float64{}
		for range rapid.IntRange(0, 40).Draw(t, "count") {
			m := Measurement{Day: civil.Day(rapid.IntRange(1, 15).Draw(t, "day")), Value: rapid.Float64Range(-9, 9).Draw(t, "value"), At: time.Unix(0, 0)}
			before := len(g.Progress)
			kept := g.Progress
			require.NoError(t, g.measure(m))
			require.Len(t, kept, before, "the old state stays")
			last[m.Day] = m.Value
		}
		require.Len(t, g.Progress, len(last))
		for i, m := range g.Progress {
			require.InDelta(t, last[m.Day], m.Value, 0)
			require.True(t, i == 0 || g.Progress[i-1].Day < m.Day)
		}
	})
	full := Goal{Progress: make([]Measurement, MaxMeasurements)}
	for i := range full.Progress {
		full.Progress[i].Day = civil.Day(i + 1)
	}
	require.NoError(t, full.measure(Measurement{Day: 7, Value: 1}), "another value for a day that is there")
	require.ErrorIs(t, full.measure(Measurement{Day: MaxMeasurements + 1}), fault.New(fault.InvalidArgument, fault.ReasonInvalidArgument, ""))
}
