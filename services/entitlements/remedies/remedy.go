package remedies

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// State says whether a remedy is in use.
type State string

// The states of a remedy.
const (
	Active  State = "active"
	Retired State = "retired" // it stays, for the cases that cite it, and no new one gets it
)

// Remedy is what is done about an issue.
type Remedy struct {
	Title string `bson:"title"`
	// Action says what is done.
	Action string `bson:"action"`
	// Value is what the customer gets by it; nil where that is no money.
	Value *Value `bson:"value,omitempty"`
	// Benefit is the id of a benefit of the schedule of which the customer is reminded;
	// empty for none. It grants nothing: only rules do.
	Benefit string `bson:"benefit,omitempty"`
	// Issue is the code of the issues that it is for, as late-delivery.
	Issue string `bson:"issue"`
	// Facts are what has to be so of a case, by key; none for every case of the issue.
	Facts map[string]string `bson:"facts,omitempty"`
	// Priority decides between remedies that want as many facts: the higher goes first.
	Priority int `bson:"priority"`
	// From is the first day on which it is in use, and Until the last; 0 leaves that end
	// open.
	From  civil.Day `bson:"from,omitempty"`
	Until civil.Day `bson:"until,omitempty"`
	State State     `bson:"state"`
	// Retirement says why it was retired.
	Retirement     string `bson:"retirement,omitempty"`
	resource.Times `bson:",inline"`
}

// Value is an amount of money.
type Value struct {
	Minor    int64  `bson:"minor"`    // more than 0, in minor units
	Currency string `bson:"currency"` // ISO 4217, such as USD
}

// MaxFacts is the most facts that a remedy wants.
const MaxFacts = 20

// check wants the fields of a remedy to be right by themselves.
func (r *Remedy) check() error {
	switch {
	case r.Title == "":
		return fault.Invalid("remedy.title", "is empty: say what the remedy is called")
	case r.Action == "":
		return fault.Invalid("remedy.action", "is empty: say what is done")
	case r.Value != nil && r.Value.Minor <= 0:
		return fault.Invalid("remedy.value", "is not more than nothing: leave it out for a remedy that is no money")
	case r.Value != nil && r.Benefit != "":
		return fault.Invalid("remedy.benefit", "must not be given together with a value: what is due by a benefit is no remedy's money")
	case !names.IsID(r.Issue):
		return fault.Invalid("remedy.issue", "%q is no code of an issue: give one of lower-case letters, digits and hyphens, as late-delivery", r.Issue)
	case len(r.Facts) > MaxFacts:
		return fault.Invalid("remedy.facts", "are %d, and at most %d can be wanted", len(r.Facts), MaxFacts)
	case r.From != 0 && r.Until != 0 && r.Until < r.From:
		return fault.Invalid("remedy.until_date", "%s is before %s, its first day", r.Until, r.From)
	}
	for _, key := range slices.Sorted(maps.Keys(r.Facts)) {
		if err := checkFact(key, r.Facts[key]); err != nil {
			return err
		}
	}
	return nil
}

func checkFact(key, value string) error {
	field := "remedy.facts." + key
	switch {
	case !names.IsID(key):
		return fault.Invalid("remedy.facts", "%q is no key of a fact: give one of lower-case letters, digits and hyphens", key)
	case value == "":
		return fault.Invalid(field, "is empty: say what has to be so")
	case names.IsPersonal(key):
		return fault.Invalid(field, "is about who the customer is or how they ask, and a remedy follows from what happened: "+
			"the same issue with the same facts has the same remedy")
	}
	return nil
}

// inUse says whether the remedy is in use on a day.
func (r *Remedy) inUse(on civil.Day) bool {
	return r.State == Active && (r.From == 0 || r.From <= on) && (r.Until == 0 || on <= r.Until)
}

// fits says whether the remedy is for a case of its issue with these facts.
func (r *Remedy) fits(facts map[string]string) bool {
	for key, want := range r.Facts {
		if facts[key] != want {
			return false
		}
	}
	return true
}

// first orders remedies for the same case: the one that wants most facts goes first, then
// the one of higher priority. Of two that were written at the same time neither could see
// that they tie; there the id decides, so that the order is always the same.
func first(a, b resource.Stored[Remedy]) int {
	return cmp.Or(cmp.Compare(len(b.State.Facts), len(a.State.Facts)), cmp.Compare(b.State.Priority, a.State.Priority),
		strings.Compare(a.ID, b.ID))
}

// ties says whether there can be a case for which nothing decides between two remedies.
func (r *Remedy) ties(other *Remedy) bool {
	if r.State != Active || other.State != Active || r.Issue != other.Issue ||
		len(r.Facts) != len(other.Facts) || r.Priority != other.Priority ||
		r.Until != 0 && other.From != 0 && r.Until < other.From || other.Until != 0 && r.From != 0 && other.Until < r.From {
		return false
	}
	for key, value := range r.Facts {
		if theirs, wanted := other.Facts[key]; wanted && theirs != value {
			return false
		}
	}
	return true
}

// Patch says what to change of a remedy; nil leaves a field as it is.
type Patch struct {
	Title, Action, Benefit, Issue *string
	// Value points to nil where the remedy is no money any more.
	Value       **Value
	Facts       *map[string]string
	Priority    *int
	From, Until *civil.Day
}

func (p Patch) apply(name string, r *Remedy) error {
	if r.State == Retired {
		return remedyState(name, "%s was retired and is not changed any more: create another remedy.", name)
	}
	set(&r.Title, p.Title)
	set(&r.Action, p.Action)
	set(&r.Benefit, p.Benefit)
	set(&r.Issue, p.Issue)
	set(&r.Value, p.Value)
	set(&r.Facts, p.Facts)
	set(&r.Priority, p.Priority)
	set(&r.From, p.From)
	set(&r.Until, p.Until)
	return r.check()
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// retire ends the remedy.
func (r *Remedy) retire(name, reason string) error {
	if r.State == Retired {
		return remedyState(name, "%s was retired already.", name)
	}
	if reason == "" {
		return fault.Invalid("reason", "is empty: say why %s is not used any more", name)
	}
	r.State, r.Retirement = Retired, reason
	return nil
}
