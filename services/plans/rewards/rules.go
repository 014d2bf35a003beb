package rewards

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// maxPoints bounds what one rule gives, and maxRules how many rules a version has.
const (
	maxPoints = 10_000
	maxRules  = 100
)

// Rules is what a version of the point rules says.
type Rules struct {
	// Effective is the first day on which completed work is credited by them.
	Effective civil.Day `bson:"effective"`
	Rules     []Rule    `bson:"rules"`
	Caps      Caps      `bson:"caps"`
	Checks    Checks    `bson:"checks"`
}

// Rule says what one kind of work is worth.
type Rule struct {
	// ID is a slug, by which credits cite the rule.
	ID   string `bson:"id"`
	Work Kind   `bson:"work"`
	// Points are what a piece of work gives all of its people together, 1 to 10,000.
	Points int `bson:"points"`
	// TeamShare is the part that the team of the account gets, in percent; what is left, and
	// all of it where there is no team, is for who did it.
	TeamShare int `bson:"team_share,omitempty"`
	// Evidence says in words what the references besides the work itself have to show, of
	// which there have to be MinEvidence: 0 for work of which none are recorded.
	Evidence    string `bson:"evidence,omitempty"`
	MinEvidence int    `bson:"min_evidence,omitempty"`
	// Confirmed wants the customer's confirmation, and MinRating a rating by the customer of
	// at least so much, 1 to 5; 0 wants none.
	Confirmed bool `bson:"confirmed,omitempty"`
	MinRating int  `bson:"min_rating,omitempty"`
	// Witnessed wants somebody else than who did it to say that it was done.
	Witnessed bool `bson:"witnessed,omitempty"`
}

// Caps bound points; 0 is no cap.
type Caps struct {
	// PersonMonth is the most that a person gets in a month, and AccountMonth the most that
	// the work for one account gives in a month to all people together.
	PersonMonth  int `bson:"person_month,omitempty"`
	AccountMonth int `bson:"account_month,omitempty"`
	// KindWeek are the most that a person gets for work of a kind in a week, from Monday.
	KindWeek []KindCap `bson:"kind_week,omitempty"`
}

// KindCap is the cap of a kind of work.
type KindCap struct {
	Work   Kind `bson:"work"`
	Points int  `bson:"points"`
}

// kindWeek is the cap of a kind of work in a week; 0 where there is none.
func (c Caps) kindWeek(kind Kind) int {
	for _, k := range c.KindWeek {
		if k.Work == kind {
			return k.Points
		}
	}
	return 0
}

// check wants the rules to be right by themselves.
func (r *Rules) check() error {
	if len(r.Rules) == 0 {
		return fault.Invalid("point_rules.rules", "are empty: say what work gives points")
	}
	if len(r.Rules) > maxRules {
		return fault.Invalid("point_rules.rules", "are %d; there can be %d", len(r.Rules), maxRules)
	}
	seen := map[string]bool{}
	for i, rule := range r.Rules {
		field := fmt.Sprintf("point_rules.rules[%d]", i)
		if err := rule.check(field); err != nil {
			return err
		}
		if seen[rule.ID] {
			return fault.Invalid(field+".id", "%q is the id of another rule too", rule.ID)
		}
		seen[rule.ID] = true
	}
	if err := r.Caps.check(); err != nil {
		return err
	}
	return r.Checks.check()
}

func (r *Rule) check(field string) error {
	for _, part := range []struct{ name, text string }{{"work", string(r.Work)}, {"id", r.ID}, {"evidence", r.Evidence}} {
		if word := moneyWord(part.text); word != "" {
			return fromBookings(field+"."+part.name, word)
		}
	}
	switch {
	case !slices.Contains(Kinds, r.Work):
		return noKind(field+".work", r.Work)
	case !names.IsID(r.ID):
		return fault.Invalid(field+".id", "%q is no id: use lower-case letters, digits and hyphens", r.ID)
	case r.Points < 1 || r.Points > maxPoints:
		return fault.Invalid(field+".points", "%d is not from 1 to %d", r.Points, maxPoints)
	case r.TeamShare < 0 || r.TeamShare > 100:
		return fault.Invalid(field+".team_share_percent", "%d is not from 0 to 100", r.TeamShare)
	case r.MinEvidence < 0 || r.MinEvidence > 20:
		return fault.Invalid(field+".min_evidence", "%d is not from 0 to 20", r.MinEvidence)
	case r.MinEvidence > 0 && slices.Contains(unreferenced, r.Work):
		return fault.Invalid(field+".min_evidence", "is %d, and %s comes without references besides the work itself, so nobody would ever get points: "+
			"leave it out, and ask for what the customer said, or for somebody else to say that it was done", r.MinEvidence, r.Work)
	case r.MinEvidence > 0 && r.Evidence == "":
		return fault.Invalid(field+".evidence", "is empty: say what the evidence that is needed has to show")
	case r.MinRating < 0 || r.MinRating > 5:
		return fault.Invalid(field+".min_rating", "%d is not from 0 to 5", r.MinRating)
	}
	return nil
}

func (c *Caps) check() error {
	for field, points := range map[string]int{"person_month_points": c.PersonMonth, "account_month_points": c.AccountMonth} {
		if points < 0 {
			return fault.Invalid("point_rules.caps."+field, "%d is below 0; 0 is no cap", points)
		}
	}
	seen := map[Kind]bool{}
	for i, k := range c.KindWeek {
		field := fmt.Sprintf("point_rules.caps.kind_week[%d]", i)
		switch {
		case !slices.Contains(Kinds, k.Work):
			return noKind(field+".work", k.Work)
		case k.Points < 1:
			return fault.Invalid(field+".points", "%d is not at least 1: leave the cap out where there is none", k.Points)
		case seen[k.Work]:
			return fault.Invalid(field+".work", "%s has another cap a week already", k.Work)
		}
		seen[k.Work] = true
	}
	return nil
}

func noKind(field string, kind Kind) error {
	if word := moneyWord(string(kind)); word != "" {
		return fromBookings(field, word)
	}
	list := make([]string, len(Kinds))
	for i, k := range Kinds {
		list[i] = string(k)
	}
	return fault.Invalid(field, "%q is no kind of work: points are given for %s", kind, strings.Join(list, ", "))
}

// moneyWords are the beginnings of words that are about what a customer pays.
var moneyWords = []string{
	"revenue", "spend", "spent", "booking", "sale", "sell", "sold", "deal", "turnover", "upsell", "crosssell", "profit",
	"margin", "invoice", "commission", "renewal", "purchas", "contractvalue", "ordervalue", "quota", "arr", "mrr", "gmv",
}

// wholeWords are those of them that are short enough to begin other words.
var wholeWords = []string{"arr", "mrr", "gmv", "sell", "deal", "sale", "quota"}

// moneyWord finds a word that is about what a customer pays; empty where there is none.
func moneyWord(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return r < 'a' || r > 'z' })
	for i, word := range words {
		both := word
		if i+1 < len(words) {
			both += words[i+1]
		}
		for _, money := range moneyWords {
			whole := slices.Contains(wholeWords, money)
			if whole && (word == money || word == money+"s") || !whole && (strings.HasPrefix(word, money) || both == money) {
				return word
			}
		}
	}
	return ""
}

// version is a published version of the rules, by its number.
type version struct {
	Number int
	Rules
}

// sharesWithTeam says whether the team gets a part of the points of a kind of work; of none
// before there was a version.
func (v *version) sharesWithTeam(kind Kind) bool {
	return v != nil && slices.ContainsFunc(v.Rules.Rules, func(r Rule) bool { return r.Work == kind && r.TeamShare > 0 })
}

// at returns the version by which work of a day is credited; nil where there was none.
// Versions are in the order of their effective days, which all differ.
func at(versions []version, day civil.Day) *version {
	i, found := slices.BinarySearchFunc(versions, day, func(v version, day civil.Day) int { return cmp.Compare(v.Effective, day) })
	if found {
		return &versions[i]
	}
	if i == 0 {
		return nil
	}
	return &versions[i-1]
}
