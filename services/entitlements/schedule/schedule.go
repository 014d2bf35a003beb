package schedule

import (
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/worktime"
)

// Schedule is one edition of the written promise.
type Schedule struct {
	ID          string
	Currency    string // ISO 4217, such as USD
	TimeZone    string // IANA, such as America/New_York
	Calendars   map[string]worktime.Calendar
	Commitments []Commitment
	Benefits    []Benefit
	Bundles     []Bundle
	Rules       []Rule
	Notice      Notice
}

// Commitment is a measured promise to every customer.
type Commitment struct {
	ID      string
	Promise string
	Clock   *Clock   // nil when the promise is not about time
	Attest  []string // what staff attest when a case ends, such as courtesy
}

// Clock measures working time between two events of a case.
type Clock struct {
	From     string        // the event that starts it, such as opened
	To       string        // the event that stops it, such as first_reply
	Within   time.Duration // whole minutes of working time, more than 0
	Calendar string        // id of a calendar; empty for every hour of every day
}

// Kind says what sort of extra a benefit is.
type Kind string

// The kinds of benefit.
const (
	Feature Kind = "feature" // had or not had
	Metered Kind = "metered" // so many units in a period
	Waiver  Kind = "waiver"  // a house rule that does not apply
)

// Benefit is an extra, granted by rules only.
type Benefit struct {
	ID                 string
	Promise            string
	Kind               Kind
	Unit               string       // metered only: what is counted, such as hour
	Limit              int64        // metered only: units in a period, more than 0
	Period             civil.Period // metered only, more than P0D
	Rollover           int64        // metered only: unused units that may be carried over
	Resets             Resets       // metered only: where its periods begin; Anniversary where the file leaves it out
	Notices            []int        // metered only: at how many percent used somebody is told, ascending; DefaultNotices where the file leaves it out
	UnitCost           *int64       // what one use costs the company, in minor units; nil when not stated
	ExpectedUsePerYear *int64       // uses a year by one holder; nil when not stated
	CapacityPerYear    int64        // uses a year that the company can serve over all accounts; 0 when not stated
	HouseRule          string       // waiver only: id of the house rule waived
}

// Resets says where the periods of a metered benefit begin.
type Resets string

// The ways in which the units of a metered benefit come back.
const (
	Anniversary Resets = "anniversary" // periods follow one another from the day the benefit was first held
	ByCalendar  Resets = "calendar"    // periods are those of the calendar: P1M months, P3M quarters, P7D weeks from Monday
	Rolling     Resets = "rolling"     // each unit comes back one period after the day on which it was used
)

// DefaultNotices is at how many percent used somebody is told where a benefit does not
// say.
func DefaultNotices() []int { return []int{80, 100} }

// Bundle names several benefits that are granted together.
type Bundle struct {
	ID          string
	DisplayName string
	Benefits    []string
}

// Rule grants benefits to every account that meets its condition.
type Rule struct {
	ID       string
	Promise  string
	When     Condition
	Grants   []string     // ids of benefits and bundles
	Lasts    civil.Period // how long a benefit is kept once earned; P0D only while the condition is true
	OnRefund OnRefund
}

// OnRefund says what a later refund does to a benefit already earned.
type OnRefund string

// The two answers to a later refund.
const (
	Recheck OnRefund = "recheck" // the refund counts as if made on the day the benefit was earned
	Keep    OnRefund = "keep"    // what was earned stays for its term
)

// Subject is what a condition measures.
type Subject string

// The subjects of conditions. Innovation can be published only where the plans service is
// followed, Board only where the board service is, Programme only of a published
// programme: see Publishable.
const (
	Spend      Subject = "spend"
	Tenure     Subject = "tenure"
	Innovation Subject = "innovation"
	Board      Subject = "board"
	Programme  Subject = "programme"
)

// Window is the stretch of days over which spend is summed, and the Measure of
// a Spend condition.
type Window = string

// The windows of spend, each ending with the day in question.
const (
	Trailing12Months Window = "trailing-12-months"
	CalendarYear     Window = "calendar-year"
	FiscalYear       Window = "fiscal-year"
	SinceJoining     Window = "since-joining"
)

// The measures of the other subjects; a Programme's measure is its id.
const (
	Months            = "months"
	ProjectsCompleted = "projects-completed"
	TermsServed       = "terms-served"
)

// Scope says whose revenue a Spend condition sums.
type Scope string

// The scopes of spend.
const (
	AccountScope Scope = "account"
	GroupScope   Scope = "group" // the account together with all accounts of its group
)

// Condition is a tree: exactly one of All, Any and Subject is set.
type Condition struct {
	All []Condition // true when every one is
	Any []Condition // true when at least one is

	Subject Subject
	Measure string // a Window for Spend, Months for Tenure, …
	Scope   Scope  // Spend only
	AtLeast int64  // minor units for Spend, a whole count otherwise
}

// IsLeaf reports whether the condition measures something itself.
func (c Condition) IsLeaf() bool { return len(c.All) == 0 && len(c.Any) == 0 }

// Notice says when an edition counts and why it was made.
type Notice struct {
	Effective civil.Day // civil.Never when the file leaves it to the publisher
	Reason    string
	Minimum   civil.Period // how long ahead a weakening must be announced
}

// Granted returns, for each rule, the ids of the benefits it grants: bundles
// opened, each once, in the order in which the rule names them.
func (s *Schedule) Granted() [][]string {
	bundles := make(map[string][]string, len(s.Bundles))
	for _, b := range s.Bundles {
		bundles[b.ID] = b.Benefits
	}
	granted := make([][]string, len(s.Rules))
	for i, r := range s.Rules {
		seen := map[string]bool{}
		for _, grant := range r.Grants {
			ids, isBundle := bundles[grant]
			if !isBundle {
				ids = []string{grant}
			}
			for _, id := range ids {
				if !seen[id] {
					seen[id] = true
					granted[i] = append(granted[i], id)
				}
			}
		}
	}
	return granted
}
