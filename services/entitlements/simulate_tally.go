package entitlements

import (
	"slices"
)

// sides is whether an account holds a benefit now, and would then.
type sides struct {
	now, then bool
	// byProposed says that a rule of the schedule on trial grants it, not only one of an
	// earlier version, whose term runs on.
	byProposed bool
}

// tally is what one worker has counted.
type tally struct {
	sample   int
	accounts int64
	revenue  int64
	held     []sides // of the account being counted, by benefit
	met      []met   // by that account
	benefits []benefitTally
	rules    []ruleTally

	// chosen counts the rules that are wanted together; account is the one of which it is
	// asked whether it gains something by them.
	wanted  []bool
	chosen  ruleTally
	account string
	gains   bool
}

// met is a rule that the account being counted meets.
type met struct {
	rule   int
	grants []int // benefits
}

type benefitTally struct {
	now, then, gaining, losing, kept int64
	gainers, losers                  []string // the least ids
}

type ruleTally struct {
	holders, newly int64
	newcomers      []string // the least ids
	// extra is how many accounts would get a benefit by the rule that they do not hold
	// now, by benefit.
	extra map[int]int64
}

func (t *trial) tally(s Simulating) *tally {
	rules := len(t.content.Rules)
	into := &tally{sample: s.Sample, held: make([]sides, len(t.ids)), benefits: make([]benefitTally, len(t.ids)),
		rules: make([]ruleTally, rules), wanted: make([]bool, rules), account: s.Account}
	into.chosen.extra = map[int]int64{}
	for i := range into.rules {
		into.rules[i].extra = map[int]int64{}
		into.wanted[i] = slices.Contains(s.Rules, t.content.Rules[i].ID)
	}
	return into
}

// begin forgets the account counted before.
func (t *tally) begin() {
	clear(t.held)
	t.met = t.met[:0]
}

// meets notes that the account being counted meets a rule of the schedule on trial.
func (t *tally) meets(rule int, grants []string, index map[string]int) {
	m := met{rule: rule}
	for _, id := range grants {
		m.grants = append(m.grants, index[id])
	}
	t.met = append(t.met, m)
}

// end counts the account.
func (t *tally) end(id string) {
	t.accounts++
	for i, h := range t.held {
		b := &t.benefits[i]
		b.count(h)
		switch {
		case h.then && !h.now:
			b.gainers = sampled(b.gainers, id, t.sample)
		case h.now && !h.then:
			b.losers = sampled(b.losers, id, t.sample)
		}
	}
	var chosen []int
	some := false
	for _, m := range t.met {
		t.rules[m.rule].count(t, id, m.grants)
		if t.wanted[m.rule] {
			some = true
			chosen = append(chosen, m.grants...)
		}
	}
	if some {
		slices.Sort(chosen)
		anew := t.chosen.count(t, id, slices.Compact(chosen))
		t.gains = t.gains || anew && id == t.account
	}
}

// count takes in that the account being counted would hold some benefits by the rules, and
// says whether it does not hold one of them now.
func (r *ruleTally) count(t *tally, id string, grants []int) (anew bool) {
	r.holders++
	for _, benefit := range grants {
		if !t.held[benefit].now {
			r.extra[benefit]++
			anew = true
		}
	}
	if anew {
		r.newly++
		r.newcomers = sampled(r.newcomers, id, t.sample)
	}
	return anew
}

func (b *benefitTally) count(h sides) {
	if h.now {
		b.now++
	}
	if h.then {
		b.then++
	}
	if h.then && !h.now {
		b.gaining++
	}
	if h.now && !h.then {
		b.losing++
	}
	if h.then && !h.byProposed {
		b.kept++
	}
}

// sampled keeps the least ids.
func sampled(least []string, id string, most int) []string {
	if most == 0 || len(least) == most && id >= least[most-1] {
		return least
	}
	at, _ := slices.BinarySearch(least, id)
	least = slices.Insert(least, at, id)
	return least[:min(len(least), most)]
}

// add takes in what another worker has counted.
func (t *tally) add(other *tally) {
	t.accounts += other.accounts
	t.revenue += other.revenue
	for i := range t.benefits {
		b, more := &t.benefits[i], &other.benefits[i]
		b.now, b.then, b.kept = b.now+more.now, b.then+more.then, b.kept+more.kept
		b.gaining, b.losing = b.gaining+more.gaining, b.losing+more.losing
		b.gainers = merged(b.gainers, more.gainers, t.sample)
		b.losers = merged(b.losers, more.losers, t.sample)
	}
	for i := range t.rules {
		t.rules[i].add(&other.rules[i], t.sample)
	}
	t.chosen.add(&other.chosen, t.sample)
	t.gains = t.gains || other.gains
}

func (r *ruleTally) add(more *ruleTally, sample int) {
	r.holders, r.newly = r.holders+more.holders, r.newly+more.newly
	r.newcomers = merged(r.newcomers, more.newcomers, sample)
	for benefit, n := range more.extra {
		r.extra[benefit] += n
	}
}

func merged(a, b []string, most int) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return all[:min(len(all), most)]
}
