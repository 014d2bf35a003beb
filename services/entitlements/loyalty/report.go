package loyalty

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// report makes offers of what was counted, and says which are findings.
func (c *comparison) report() (*Report, error) {
	r := &Report{At: c.At, From: c.from, Newcomers: c.total.accounts[newcomer], Existing: c.total.accounts[existing]}
	_, inForce, err := c.Book.InForce(c.At)
	if err != nil {
		return nil, err
	}
	rules := granting(inForce)
	for _, id := range c.Book.Benefits() {
		at := slices.IndexFunc(inForce.Benefits, func(b schedule.Benefit) bool { return b.ID == id })
		if at < 0 {
			c.addBenefit(r, id, nil, nil)
		} else {
			c.addBenefit(r, id, &inForce.Benefits[at], rules[id])
		}
	}
	for i := range c.programmes {
		p := &c.programmes[i]
		o := Offer{Programme: p.ID, Title: p.Title, Newcomers: c.total.places[i][newcomer], Existing: c.total.places[i][existing], Able: c.total.able[i]}
		c.judgeProgramme(r, &o, p)
		r.Offers = append(r.Offers, o)
	}
	return r, nil
}

// addBenefit adds an offer for each limit of a benefit: those that somebody has, and that which
// the version in force gives; when are the conditions of its rules that give it.
func (c *comparison) addBenefit(r *Report, id string, inForce *schedule.Benefit, when []schedule.Condition) {
	limits := c.total.limits(id)
	if inForce != nil && !slices.Contains(limits, inForce.Limit) && (len(when) > 0 || len(limits) == 0) {
		limits = append(limits, inForce.Limit)
	}
	slices.SortFunc(limits, func(a, b int64) int { return cmp.Compare(b, a) })
	for _, limit := range limits {
		o := c.total.benefit(id, limit)
		var ways []schedule.Condition
		if inForce != nil {
			o.Title = inForce.Promise
			if inForce.Limit >= limit {
				ways = when
			}
		}
		c.judgeBenefit(r, &o, ways)
		r.Offers = append(r.Offers, o)
	}
}

// granting returns the conditions of the rules of a schedule that grant each benefit.
func granting(s *schedule.Schedule) map[string][]schedule.Condition {
	all := map[string][]schedule.Condition{}
	for i, ids := range s.Granted() {
		for _, id := range ids {
			all[id] = append(all[id], s.Rules[i].When)
		}
	}
	return all
}

// benefit sums up who has a benefit at a limit or above it.
func (t *tally) benefit(id string, limit int64) Offer {
	o := Offer{Benefit: id, Limit: limit}
	rules := map[Rule]bool{}
	for l, h := range t.levels {
		if l.benefit == id && l.limit >= limit {
			o.Newcomers, o.Existing = o.Newcomers+h.counts[newcomer], o.Existing+h.counts[existing]
			maps.Copy(rules, h.rules)
		}
		if l == (level{id, limit}) {
			o.Title = h.promise
		}
	}
	o.Rules = slices.SortedFunc(maps.Keys(rules), func(a, b Rule) int {
		return cmp.Or(cmp.Compare(a.Version, b.Version), strings.Compare(a.ID, b.ID))
	})
	return o
}

// judgeBenefit says whether a benefit is a finding; when are the conditions of the rules of
// the version in force that give it.
func (c *comparison) judgeBenefit(r *Report, o *Offer, when []schedule.Condition) {
	if !c.comparable(r, o) {
		return
	}
	barred := c.barredBy(when)
	switch {
	case len(when) == 0:
		o.Reason = EarlierVersion
		o.Words = fmt.Sprintf("%s It was given by %s, and no rule of the version in force gives as much of it.", r.only(o), o.rules())
	case len(barred) > 0:
		o.Reason = NoWayIn
		o.Words = fmt.Sprintf("%s The rules that give it ask for a place in %s, which no existing account can get now.", r.only(o), named(barred))
	default:
		o.Reason = ConditionsUnmet
		o.Words = fmt.Sprintf("%s None of these meets a rule that gives it.", r.only(o))
	}
}

// judgeProgramme says whether a programme is a finding.
func (c *comparison) judgeProgramme(r *Report, o *Offer, p *Programme) {
	if !c.comparable(r, o) {
		return
	}
	switch {
	case p.Refuses != "":
		o.Reason = NotApplying
		o.Words = fmt.Sprintf("%s It %s.", r.only(o), p.Refuses)
	case p.full():
		o.Reason = NoPlace
		o.Words = fmt.Sprintf("%s No place is left; of the existing accounts %d meet the criteria and can wait for one.", r.only(o), o.Able)
	case o.Able == 0:
		o.Reason = ConditionsUnmet
		o.Words = fmt.Sprintf("%s None of these meets the criteria.", r.only(o))
	default:
		o.Words = fmt.Sprintf("%s Applications are taken, and %d of these meet the criteria.", r.only(o), o.Able)
	}
}

// comparable says whether there is something to judge.
func (c *comparison) comparable(r *Report, o *Offer) bool {
	if !o.only() {
		return false
	}
	if r.Existing == 0 {
		o.Words = fmt.Sprintf("All accounts joined on %s or later: there is nobody to compare with.", r.From)
		return false
	}
	return true
}

// only says in a sentence who has an offer.
func (r *Report) only(o *Offer) string {
	return fmt.Sprintf("%d of the %d accounts that joined on %s or later have it, and none of the %d that joined before.",
		o.Newcomers, r.Newcomers, r.From, r.Existing)
}

// rules names the rules by which newcomers have a benefit.
func (o *Offer) rules() string {
	names := make([]string, len(o.Rules))
	for i, r := range o.Rules {
		names[i] = fmt.Sprintf("rule %s of version %d", r.ID, r.Version)
	}
	return strings.Join(names, " and ")
}

// full says that nobody who applies now gets a place.
func (p *Programme) full() bool { return p.Free <= 0 && !p.Undrawn }

// open says whether an existing account without a place in a programme could get one now.
func (c *comparison) open(programme string) bool {
	i := c.index(programme)
	return i >= 0 && c.programmes[i].Refuses == "" && !c.programmes[i].full() && c.total.able[i] > 0
}

// reached says whether an existing account has a place in a programme.
func (c *comparison) reached(programme string) bool {
	i := c.index(programme)
	return i >= 0 && c.total.places[i][existing] > 0
}

// index is where a programme is, -1 where it is not offered any more.
func (c *comparison) index(programme string) int {
	return slices.IndexFunc(c.programmes, func(p Programme) bool { return p.ID == programme })
}

// barredBy returns the programmes that bar every way to meet one of some conditions, by id;
// none where a way is open.
func (c *comparison) barredBy(when []schedule.Condition) []string {
	barred := map[string]bool{}
	for _, condition := range when {
		for _, way := range condition.Alternatives() {
			closed := false
			for i := range way {
				if id := way[i].Measure; way[i].Subject == schedule.Programme && !c.open(id) && !c.reached(id) {
					barred[id], closed = true, true
				}
			}
			if !closed {
				return nil
			}
		}
	}
	return slices.Sorted(maps.Keys(barred))
}

func named(programmes []string) string {
	names := make([]string, len(programmes))
	for i, id := range programmes {
		names[i] = "programmes/" + id
	}
	return strings.Join(names, " or ")
}
