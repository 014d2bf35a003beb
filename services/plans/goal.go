package plans

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// GoalState says where a goal stands.
type GoalState string

// The states of a goal.
const (
	GoalOpen    GoalState = "open"
	GoalReached GoalState = "reached"
	GoalMissed  GoalState = "missed"
	GoalDropped GoalState = "dropped"
)

// Goal is something that the customer wants to reach, for itself.
type Goal struct {
	// ID is unique in the plan, and stays.
	ID string `bson:"id"`
	// Statement is the goal in the customer's words.
	Statement string `bson:"statement"`
	// Measure is what is measured, and Unit in what, as "%" or "days".
	Measure string `bson:"measure,omitempty"`
	Unit    string `bson:"unit,omitempty"`
	// Baseline is what the measure was on BaselineDay, and Target what it is to be on
	// TargetDay. A target below the baseline is reached by going down.
	Baseline    float64   `bson:"baseline"`
	BaselineDay civil.Day `bson:"baseline_day"`
	Target      float64   `bson:"target"`
	TargetDay   civil.Day `bson:"target_day"`
	// Progress is what was measured since, by day.
	Progress []Measurement `bson:"progress,omitempty"`
	State    GoalState     `bson:"state"`
	// Ended is when it was reached, missed or dropped; zero while it is open. EndReason says
	// how it is known, or why it was dropped.
	Ended     time.Time `bson:"ended,omitempty"`
	EndReason string    `bson:"end_reason,omitempty"`
}

// Measurement is what the measure of a goal was on a day.
type Measurement struct {
	Day   civil.Day `bson:"day"`
	Value float64   `bson:"value"`
	Note  string    `bson:"note,omitempty"`
	// By is the resource name of who recorded it, At when.
	By string    `bson:"by"`
	At time.Time `bson:"at"`
}

// Latest is the last that is known of the measure: the baseline, where nothing was
// measured since.
func (g *Goal) Latest() (float64, civil.Day) {
	if n := len(g.Progress); n > 0 {
		return g.Progress[n-1].Value, g.Progress[n-1].Day
	}
	return g.Baseline, g.BaselineDay
}

// Progressed is which share of the way from baseline to target is done, by the last
// measurement: 1 at the target, above 1 beyond it, below 0 where it got worse. It is 0
// where there is no way to go.
func (g *Goal) Progressed() float64 {
	if g.Target == g.Baseline {
		return 0
	}
	value, _ := g.Latest()
	return (value - g.Baseline) / (g.Target - g.Baseline)
}

// GoalsDue returns the open goals whose target is to be reached by a day, in their order; none
// where the plan does not count.
func (p *Plan) GoalsDue(by civil.Day) []Goal {
	if !p.State.Counts() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.Goals), func(g Goal) bool {
		return g.State != GoalOpen || g.TargetDay == 0 || g.TargetDay > by
	})
}

// Expected is which share of the way would be done on a day by going straight from the
// baseline to the target: between 0 and 1, and 0 where there is no day to be there by.
func (g *Goal) Expected(day civil.Day) float64 {
	switch {
	case g.TargetDay == 0 || day <= g.BaselineDay:
		return 0
	case day >= g.TargetDay:
		return 1
	}
	return float64(day-g.BaselineDay) / float64(g.TargetDay-g.BaselineDay)
}

// MaxGoals and MaxMeasurements are the most goals of a plan and measurements of a goal.
const (
	MaxGoals        = 50
	MaxMeasurements = 1000
)

// checkGoals wants goals to be right by themselves; path is the field that they are in.
// What an active plan needs beyond that, missing says.
func checkGoals(path string, goals []Goal) error {
	if len(goals) > MaxGoals {
		return fault.Invalid(path, "are %d: a plan has at most %d", len(goals), MaxGoals)
	}
	seen := map[string]bool{}
	for i := range goals {
		g, at := &goals[i], fmt.Sprintf("%s[%d]", path, i)
		switch {
		case !names.IsID(g.ID):
			return fault.Invalid(at+".id", "%q is no id: write lower-case letters, digits and hyphens", g.ID)
		case seen[g.ID]:
			return fault.Invalid(at+".id", "%q is that of another goal of the plan", g.ID)
		case blank(g.Statement):
			return fault.Invalid(at+".statement", "is empty: write the goal down in the customer's words")
		case !measurable(g.Baseline):
			return fault.Invalid(at+".baseline", outOfBounds)
		case !measurable(g.Target):
			return fault.Invalid(at+".target", outOfBounds)
		case g.TargetDay != 0 && g.BaselineDay != 0 && g.TargetDay <= g.BaselineDay:
			return fault.Invalid(at+".target_date", "%s is not after the baseline's day, %s", g.TargetDay, g.BaselineDay)
		case len(g.Progress) > 0 && g.Progress[0].Day < g.BaselineDay:
			return fault.Invalid(at+".baseline_date", "%s is after the first measurement, of %s", g.BaselineDay, g.Progress[0].Day)
		}
		seen[g.ID] = true
	}
	return nil
}

// outOfBounds says what is wrong with a value that is not measurable.
const outOfBounds = "is not a number from -1e15 to 1e15"

// measurable says whether a value is one that shares of a way can be reckoned with.
func measurable(x float64) bool { return math.Abs(x) <= 1e15 }

// blank says whether a text says nothing.
func blank(text string) bool { return strings.TrimSpace(text) == "" }

// same says whether another edition of the goal says the same of what is to be reached.
func (g *Goal) same(other *Goal) bool {
	return g.Statement == other.Statement && g.Measure == other.Measure && g.Unit == other.Unit &&
		g.Baseline == other.Baseline && (g.BaselineDay == other.BaselineDay || other.BaselineDay == 0) &&
		g.Target == other.Target && g.TargetDay == other.TargetDay
}

// missing names what the goal lacks for an active plan.
func (g *Goal) missing(lacks func(field, format string, args ...any)) {
	at := "goals." + g.ID
	if blank(g.Measure) {
		lacks(at+".measure", "say by what it is measured whether %q is reached", g.Statement)
	}
	if g.Target == g.Baseline {
		lacks(at+".target", "say from where to where the measure is to go: baseline and target are the same")
	}
	if g.TargetDay == 0 {
		lacks(at+".target_date", "say by when %q is to be reached", g.Statement)
	}
	if g.BaselineDay == 0 {
		lacks(at+".baseline_date", "say of what day the baseline is")
	}
}
