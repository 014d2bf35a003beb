package innovation

import (
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Verdict is what was decided at a gate.
type Verdict string

// The verdicts of a gate.
const (
	Go     Verdict = "go"     // on to the next stage
	Rework Verdict = "rework" // the stage again
	Hold   Verdict = "hold"   // wait, until something else is decided
	Stop   Verdict = "stop"   // give the project up
)

// Decision is what was decided at the gate of a stage.
type Decision struct {
	// Stage is the place of the stage, from 1; of a decision to be made 0 is the one that the
	// project is in.
	Stage   int       `bson:"stage"`
	Verdict Verdict   `bson:"verdict"`
	Reason  string    `bson:"reason"`
	Day     civil.Day `bson:"day"`
	// Evidence says where it can be seen that the criteria are met.
	Evidence string `bson:"evidence,omitempty"`
	// By is the resource name of the principal who decided.
	By string    `bson:"by"`
	At time.Time `bson:"at"`
}

// decide decides at the gate of the stage that the project is in; where the decision names
// one, it has to be that.
func (p *Project) decide(id string, d Decision, lessons string) error {
	if err := p.mustBe(id, UnderWay); err != nil {
		return err
	}
	if p.Passed == len(p.Stages) {
		return refused(reasonState, id, "%s has passed its last gate: launch it, or stop it.", Name(id))
	}
	if d.Stage != 0 && d.Stage != p.Passed+1 {
		return refused(reasonState, id, "%s is in stage %d, and this is decided at the gate of stage %d: look at what was decided there meanwhile.",
			Name(id), p.Passed+1, d.Stage)
	}
	if err := full(id, len(p.Decisions), "decisions"); err != nil {
		return err
	}
	d.Stage = p.Passed + 1
	p.Decisions = slices.Concat(p.Decisions, []Decision{d})
	p.Held = d.Verdict == Hold
	switch d.Verdict {
	case Go:
		p.Passed++
	case Stop:
		return p.stop(id, d.Day, d.Reason, lessons)
	}
	return nil
}

// check wants a decision to be right by itself.
func (d *Decision) check() error {
	switch {
	case !slices.Contains([]Verdict{Go, Rework, Hold, Stop}, d.Verdict):
		return fault.Invalid("decision.verdict", "is not given: choose go, rework, hold or stop")
	case d.Reason == "":
		return fault.Invalid("decision.reason", "is empty: say why")
	case d.Verdict == Go && d.Evidence == "":
		return fault.Invalid("decision.evidence", "is empty: say where it can be seen that the criteria of the gate are met")
	}
	return nil
}

// full is PROJECT_FULL where there are as many records of a kind as there can be.
func full(id string, n int, what string) error {
	if n < maxRecords {
		return nil
	}
	return refused(reasonFull, id, "%s has %d %s, and more cannot be.", Name(id), n, what)
}

// stop gives the project up, with what was learnt.
func (p *Project) stop(id string, on civil.Day, reason, lessons string) error {
	if err := p.mustBe(id, Proposed, Agreed, UnderWay, Launched); err != nil {
		return err
	}
	if lessons == "" {
		return fault.Invalid("lessons", "is empty: say what was learnt, so that it was not for nothing")
	}
	p.State, p.Ended, p.StopReason, p.Lessons, p.Held = Stopped, on, reason, lessons, false
	return nil
}

// Pilot is a trial of what is new. Its number is its place, from 1.
type Pilot struct {
	Where string `bson:"where"`
	// From and To are its first and its last day; To is 0 while it goes on.
	From   civil.Day `bson:"from"`
	To     civil.Day `bson:"to,omitempty"`
	Result string    `bson:"result,omitempty"`
	// By is the resource name of the principal who recorded it last.
	By string `bson:"by"`
}

// try adds a pilot, or replaces the one of a number above 0.
func (p *Project) try(id string, number int, pilot Pilot) error {
	if err := p.mustBe(id, UnderWay, Launched); err != nil {
		return err
	}
	switch {
	case number == 0:
		if err := full(id, len(p.Pilots), "pilots"); err != nil {
			return err
		}
		p.Pilots = slices.Concat(p.Pilots, []Pilot{pilot})
	case number > len(p.Pilots):
		return fault.Invalid("pilot.number", "there is no pilot %d: %s has %d", number, Name(id), len(p.Pilots))
	default:
		p.Pilots = slices.Clone(p.Pilots)
		p.Pilots[number-1] = pilot
	}
	return nil
}

func (p *Pilot) check() error {
	switch {
	case p.Where == "":
		return fault.Invalid("pilot.location", "is empty: say where it is tried")
	case p.From == 0:
		return fault.Invalid("pilot.start_date", "is not given: say when it begins")
	case p.To != 0 && p.To < p.From:
		return fault.Invalid("pilot.end_date", "%s is before %s, on which it begins", p.To, p.From)
	}
	return nil
}

// launch puts what came of the project into use.
func (p *Project) launch(id string, on civil.Day) error {
	if err := p.mustBe(id, UnderWay); err != nil {
		return err
	}
	if p.Passed < len(p.Stages) {
		return incomplete(id, "launched", []string{
			fmt.Sprintf("Pass the gate of stage %d, %s, first.", p.Passed+1, p.Stages[p.Passed].Title)})
	}
	p.State, p.Launched = Launched, on
	return nil
}

// Result is what a side really gained, beside what was agreed.
type Result struct {
	// Gain is the number of the gain in the agreement.
	Gain int `bson:"gain"`
	// Actual is a decimal number in the unit of the gain.
	Actual string `bson:"actual"`
	// Evidence says where it can be seen.
	Evidence string    `bson:"evidence"`
	Day      civil.Day `bson:"day"`
	// By is the resource name of the principal who recorded it.
	By string    `bson:"by"`
	At time.Time `bson:"at"`
}

func (r *Result) check() error {
	switch {
	case !decimal.MatchString(r.Actual):
		return fault.Invalid("result.actual", "%q is no decimal number, as 12.5", r.Actual)
	case r.Evidence == "":
		return fault.Invalid("result.evidence", "is empty: say where it can be seen")
	}
	return nil
}

// gained records a result. The last of a gain is the one that counts.
func (p *Project) gained(id string, r Result) error {
	if err := p.mustBe(id, UnderWay, Launched, Completed); err != nil {
		return err
	}
	if r.Gain < 1 || r.Gain > len(p.Agreement.Gains) {
		return fault.Invalid("result.gain", "there is no gain %d: %s has %d", r.Gain, Name(id), len(p.Agreement.Gains))
	}
	if p.State == Completed && len(p.standing()) > 0 {
		return refused(reasonState, id, "%s was confirmed by what is recorded of it: withdraw that first.", Name(id))
	}
	if err := full(id, len(p.Results), "results"); err != nil {
		return err
	}
	p.Results = slices.Concat(p.Results, []Result{r})
	return nil
}

// Result returns what counts of a gain's results; false where there is none.
func (p *Project) Result(gain int) (Result, bool) {
	for _, r := range slices.Backward(p.Results) {
		if r.Gain == gain {
			return r, true
		}
	}
	return Result{}, false
}

// complete ends a launched project whose results are all recorded.
func (p *Project) complete(id string, on civil.Day) error {
	if err := p.mustBe(id, Launched); err != nil {
		return err
	}
	var missing []string
	for i, g := range p.Agreement.Gains {
		if _, known := p.Result(i + 1); !known {
			missing = append(missing, fmt.Sprintf("Record what %s gained: %s, of which %s %s were agreed (gain %d).",
				side(g.Account), g.Measure, g.Target, g.Unit, i+1))
		}
	}
	if err := incomplete(id, "completed", missing); err != nil {
		return err
	}
	p.State, p.Ended = Completed, on
	return nil
}
