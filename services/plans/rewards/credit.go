package rewards

import (
	"cmp"
	"crypto/sha256"
	"encoding/base32"
	"encoding/binary"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Cap is one of the caps.
type Cap string

// The caps, in the order in which they are applied.
const (
	CapKindWeek     Cap = "kind-week"
	CapAccountMonth Cap = "account-month"
	CapPersonMonth  Cap = "person-month"
)

// Cut is what a cap took off a credit.
type Cut struct {
	Cap Cap `bson:"cap"`
	// Limit is the cap, and Points what it took off.
	Limit  int `bson:"limit"`
	Points int `bson:"points"`
}

// Unmet says which demand of its rule a piece of work does not meet; empty where it meets
// all.
type Unmet string

// The demands that may not be met, and why a credit that was counted may be none any more.
const (
	UnmetConfirmed Unmet = "not-confirmed"
	UnmetRating    Unmet = "rating-too-low"
	UnmetEvidence  Unmet = "evidence-missing"
	UnmetWitnessed Unmet = "self-reported"
	Withdrawn      Unmet = "withdrawn"
	Moved          Unmet = "completed-in-another-month"
	Changed        Unmet = "changed"
)

// credit is what a person gets of a piece of work by a rule, in the month in which it was
// completed.
type credit struct {
	id      string
	work    completed
	rule    *Rule
	version *version
	person  string
	// full is what the rule gives, and worth what is left of it.
	full, worth int
	cuts        []Cut
	unmet       Unmet
}

var idEncoding = base32.NewEncoding("0123456789abcdefghijklmnopqrstuv").WithPadding(base32.NoPadding)

// digest is an id made of parts.
func digest(parts ...string) string {
	h := sha256.New()
	for _, part := range parts {
		var length [8]byte
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return idEncoding.EncodeToString(h.Sum(nil)[:16])
}

// creditID is the id of the credit of a piece of work for an account, a person and a rule
// in a month. Work that turns out to have been for another account, or completed in another
// month, is credited anew there, so that statements of accounts and months stay apart.
func creditID(work, account, person, rule, month string) string {
	return digest(work, account, person, rule, month)
}

// counting works out the credits of a month, day by day, in the order of days: of the
// weeks which reach into the month it has to be given all. What a cap leaves of a credit
// follows from those before it alone, so that no more is kept than what each window holds.
type counting struct {
	month    Period
	versions []version
	used     map[window]int
}

// window is within what a cap holds: a kind of work of a person in a week, an account, or
// a person.
type window struct {
	person, account string
	kind            Kind
	week            civil.Day
}

// day returns the credits of the month that the work of a day gives, in the order in which
// they count.
func (c *counting) day(work []completed) []*credit {
	var all []*credit
	for _, w := range work {
		if v := at(c.versions, w.Day); v != nil && !w.Withdrawn {
			all = append(all, v.credits(w)...)
		}
	}
	slices.SortFunc(all, func(a, b *credit) int {
		return cmp.Or(a.work.Completed.Compare(b.work.Completed), strings.Compare(a.work.Name, b.work.Name),
			strings.Compare(a.rule.ID, b.rule.ID), strings.Compare(a.person, b.person))
	})
	for _, one := range all {
		c.limit(one)
	}
	return slices.DeleteFunc(all, func(one *credit) bool { return one.id == "" })
}

// limit cuts off a credit what is above the caps, and gives it its id if it is one of the
// month. A window in which two versions count has of each credit the cap of its own.
func (c *counting) limit(one *credit) {
	caps, w := &one.version.Caps, &one.work
	c.apply(CapKindWeek, one, window{person: one.person, kind: w.Kind, week: weekOf(w.Day)}, caps.kindWeek(w.Kind))
	if w.Day < c.month.From || w.Day > c.month.To {
		return
	}
	if w.Account != "" {
		c.apply(CapAccountMonth, one, window{account: w.Account}, caps.AccountMonth)
	}
	c.apply(CapPersonMonth, one, window{person: one.person}, caps.PersonMonth)
	one.id = creditID(w.Name, w.Account, one.person, one.rule.ID, c.month.ID)
}

// apply cuts off a credit what is above a cap; 0 is none.
func (c *counting) apply(name Cap, one *credit, in window, limit int) {
	if limit > 0 {
		if left := max(0, limit-c.used[in]); one.worth > left {
			one.cuts = append(one.cuts, Cut{name, limit, one.worth - left})
			one.worth = left
		}
	}
	if c.used == nil {
		c.used = map[window]int{}
	}
	c.used[in] += one.worth
}

// credits are what a piece of work gives by a version, before the caps.
func (v *version) credits(w completed) []*credit {
	var list []*credit
	for i := range v.Rules.Rules {
		rule := &v.Rules.Rules[i]
		if rule.Work != w.Kind {
			continue
		}
		unmet := rule.unmet(&w.Work)
		for person, points := range rule.shares(&w.Work) {
			c := &credit{work: w, rule: rule, version: v, person: person, full: points, worth: points, unmet: unmet}
			if unmet != "" {
				c.worth = 0
			}
			list = append(list, c)
		}
	}
	return list
}

// unmet is the first demand of the rule that a piece of work does not meet.
func (r *Rule) unmet(w *Work) Unmet {
	switch {
	case r.Witnessed && w.SelfReported:
		return UnmetWitnessed
	case len(w.Evidence) < r.MinEvidence:
		return UnmetEvidence
	case r.Confirmed && !w.Confirmed:
		return UnmetConfirmed
	case w.Rating < r.MinRating:
		return UnmetRating
	}
	return ""
}

// shares divides the points of the rule among the people of a piece of work. The team's
// share is rounded down. Whoever would get nothing is left out.
func (r *Rule) shares(w *Work) map[string]int {
	team := 0
	if len(w.Team) > 0 {
		team = r.Points * r.TeamShare / 100
	}
	if len(w.Persons) == 0 { // there is nobody to get the rest
		return split(map[string]int{}, w.Name, w.Team, team)
	}
	return split(split(map[string]int{}, w.Name, w.Persons, r.Points-team), w.Name, w.Team, team)
}

// split divides points equally. Those left over go one each to people drawn by the name of
// the work, so that no name has the better of it always.
func split(shares map[string]int, work string, people []string, points int) map[string]int {
	if len(people) == 0 {
		return shares
	}
	drawn := slices.SortedFunc(slices.Values(people), func(a, b string) int {
		return strings.Compare(digest(work, a), digest(work, b))
	})
	each, left := points/len(drawn), points%len(drawn)
	for i, person := range drawn {
		share := each
		if i < left {
			share++
		}
		if share > 0 {
			shares[person] += share
		}
	}
	return shares
}
