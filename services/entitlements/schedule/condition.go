package schedule

import (
	"fmt"
	"slices"
	"strings"
)

// Bounds of one rule's condition.
const (
	MaxDepth        = 4  // all and any inside each other
	MaxLeaves       = 16 // measured conditions
	MaxAlternatives = 64 // ways to meet it, once any and all are multiplied out
)

const (
	// MaxTenure bounds a threshold of tenure, in months.
	MaxTenure = 1200
	// MaxTerms bounds a threshold of terms served on boards.
	MaxTerms = 100
	// MaxProjects bounds a threshold of innovation projects.
	MaxProjects = 100
)

var (
	subjects = []string{string(Spend), string(Tenure), string(Innovation), string(Board), string(Programme)}
	windows  = []string{Trailing12Months, CalendarYear, FiscalYear, SinceJoining}
)

// unreadable lists what rules may not read, and why.
var unreadable = []struct {
	words []string
	why   string
}{
	{[]string{"reach", "followers", "audience", "influence"}, "how many people a customer reaches: the quiet are owed what the loud are"},
	{[]string{"channel", "channels"}, "the channel a customer uses: the promise is the same through every channel"},
	{[]string{"complaint", "complaints", "complaint_volume", "complaint_count", "escalations"}, "how much a customer complains: extras are earned, not extracted"},
	{[]string{"owner", "account_manager", "salesperson"}, "who serves a customer: the promise is the same whoever serves"},
	{[]string{"region", "country", "city", "territory"}, "where a customer is: the promise is the same everywhere"},
	{[]string{"level", "tier", "status", "segment", "grade"}, "a level set by hand: no account carries one, name a bundle and let a rule grant it"},
}

// refusal says why a rule may not read a subject; it is empty for others.
func refusal(subject string) string {
	word := strings.ReplaceAll(strings.ToLower(subject), "-", "_")
	for _, u := range unreadable {
		if slices.Contains(u.words, word) {
			return fmt.Sprintf("rules cannot read %s. Use spend or tenure", u.why)
		}
	}
	return ""
}

// Leaves returns the measured conditions of the tree, from left to right.
func (c Condition) Leaves() []Condition {
	if c.IsLeaf() {
		return []Condition{c}
	}
	var leaves []Condition
	for _, child := range append(slices.Clone(c.All), c.Any...) {
		leaves = append(leaves, child.Leaves()...)
	}
	return leaves
}

// Reads says whether one of the leaves is such.
func (c Condition) Reads(such func(Condition) bool) bool {
	return slices.ContainsFunc(c.Leaves(), such)
}

// Alternatives returns every way to meet the condition, each a list of leaves
// that must all be true: the tree with any and all multiplied out. A valid
// condition has at most MaxAlternatives.
func (c Condition) Alternatives() [][]Condition {
	switch {
	case len(c.Any) > 0:
		var ways [][]Condition
		for _, child := range c.Any {
			ways = append(ways, child.Alternatives()...)
		}
		return ways
	case len(c.All) > 0:
		ways := [][]Condition{nil}
		for _, child := range c.All {
			var longer [][]Condition
			for _, way := range ways {
				for _, more := range child.Alternatives() {
					longer = append(longer, slices.Concat(way, more))
				}
			}
			ways = longer
		}
		return ways
	default:
		return [][]Condition{{c}}
	}
}

// size returns the nesting of all and any, the leaves and the alternatives of
// the tree without building them; alternatives stops counting above its bound.
func (c Condition) size() (depth, leaves, alternatives int) {
	if c.IsLeaf() {
		return 0, 1, 1
	}
	alternatives = min(len(c.All), 1)
	for i, child := range append(slices.Clone(c.All), c.Any...) {
		d, l, a := child.size()
		depth, leaves = max(depth, d), leaves+l
		if i < len(c.All) {
			alternatives *= a
		} else {
			alternatives += a
		}
		alternatives = min(alternatives, MaxAlternatives+1)
	}
	return depth + 1, leaves, alternatives
}

// ValidateCondition returns all that is wrong with a condition that stands by itself, by
// paths below the one given. What the condition leaves out gets its default first.
func ValidateCondition(c *Condition, path string, currency Currency) Problems {
	setDefaults(c)
	v := &validator{currency: currency}
	v.condition(*c, path)
	return v.problems
}

// condition checks a tree.
func (v *validator) condition(c Condition, path string) {
	depth, leaves, alternatives := c.size()
	switch {
	case depth > MaxDepth:
		v.add(path, TooComplex, "conditions are nested deeper than %d: split the rule into several", MaxDepth)
		return
	case leaves > MaxLeaves:
		v.add(path, TooComplex, "%d conditions in one rule, at most %d are allowed: split the rule into several", leaves, MaxLeaves)
	case alternatives > MaxAlternatives:
		v.add(path, TooComplex, "more than %d ways to meet one rule: split the rule into several", MaxAlternatives)
	}
	v.branch(c, path)
}

func (v *validator) branch(c Condition, path string) {
	set := 0
	for _, is := range []bool{len(c.All) > 0, len(c.Any) > 0, c.Subject != ""} {
		if is {
			set++
		}
	}
	switch {
	case set == 0:
		v.add(path, Missing, "the condition is empty: write one such as {spend: trailing-12-months, at_least: 500.00}, or list conditions under all or any")
	case set > 1:
		v.add(path, NotAllowed, "a condition is one measure, or all, or any, not several at once: put one inside the other")
	case c.IsLeaf():
		v.leaf(c, path)
	case c.Measure != "" || c.Scope != "" || c.AtLeast != 0:
		v.add(path, NotAllowed, "scope and at_least belong to the conditions listed under all or any")
	}
	for i, child := range c.All {
		v.branch(child, fmt.Sprintf("%s.all[%d]", path, i))
	}
	for i, child := range c.Any {
		v.branch(child, fmt.Sprintf("%s.any[%d]", path, i))
	}
}

func (v *validator) leaf(c Condition, path string) {
	at := path + "." + string(c.Subject)
	if why := refusal(string(c.Subject)); why != "" {
		v.add(at, RefusedSubject, "%s", why)
		return
	}
	if c.Subject == Spend {
		v.oneOf(path+".scope", string(c.Scope), []string{string(AccountScope), string(GroupScope)})
	} else if c.Scope != "" {
		v.add(path+".scope", NotAllowed, "scope goes with spend only: remove it")
	}
	switch c.Subject {
	case Spend:
		v.oneOf(at, c.Measure, windows)
		v.amount(path+".at_least", c.AtLeast, 1)
	case Tenure:
		v.oneOf(at, c.Measure, []string{Months})
		v.within(path+".at_least", c.AtLeast, 1, MaxTenure)
	case Innovation:
		v.oneOf(at, c.Measure, []string{ProjectsCompleted})
		v.within(path+".at_least", c.AtLeast, 1, MaxProjects)
	case Board:
		v.oneOf(at, c.Measure, []string{TermsServed})
		v.within(path+".at_least", c.AtLeast, 1, MaxTerms)
	case Programme:
		v.id(at, c.Measure)
		v.within(path+".at_least", c.AtLeast, 1, 1)
	default:
		v.add(at, BadValue, "rules cannot read %q%s: known are %s", c.Subject, suggest(string(c.Subject), subjects), strings.Join(subjects, ", "))
	}
}

// Fed says what rules can read besides the revenue and tenure of accounts.
type Fed struct {
	// Board says that the board service is followed.
	Board bool
	// Innovation says that the plans service is followed.
	Innovation bool
	// Programmes are the ids of those that are published, ascending.
	Programmes []string
}

// Programmes returns the ids of the programmes that rules read, ascending.
func (s *Schedule) Programmes() []string {
	var ids []string
	for _, rule := range s.Rules {
		for _, c := range rule.When.Leaves() {
			if c.Subject == Programme {
				ids = append(ids, c.Measure)
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// Publishable returns what keeps a valid schedule from being published yet:
// clocks between what never happens to a case, and conditions on what nothing feeds.
func Publishable(s *Schedule, fed Fed) Problems {
	var problems Problems
	unheard(s, &problems)
	for i, rule := range s.Rules {
		publishable(rule.When, fmt.Sprintf("rules[%d].when", i), fed, &problems)
	}
	return problems
}

func publishable(c Condition, path string, fed Fed, problems *Problems) {
	switch at := path + "." + string(c.Subject); {
	case c.Subject == Innovation && !fed.Innovation:
		problems.add(at, NotYetFed, "a rule on innovation needs the plans service, which entitlements does not follow here: start entitlements with --plans-addr, or use spend or tenure")
	case c.Subject == Programme && !slices.Contains(fed.Programmes, c.Measure):
		problems.add(at, UnknownRef, "no programme %q is published%s: rules read those that accounts can apply to or once could, so publish the programme first", c.Measure, suggest(c.Measure, fed.Programmes))
	case c.Subject == Board && !fed.Board:
		problems.add(at, NotYetFed, "a rule on board needs the board service, which entitlements does not follow here: start entitlements with --board-addr, or use spend or tenure")
	}
	for i, child := range c.All {
		publishable(child, fmt.Sprintf("%s.all[%d]", path, i), fed, problems)
	}
	for i, child := range c.Any {
		publishable(child, fmt.Sprintf("%s.any[%d]", path, i), fed, problems)
	}
}
