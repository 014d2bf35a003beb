package record

import (
	"encoding/hex"
	"math"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/services/board/panel"
)

// inexact is how far probabilities may be from what they have to be: they are solved
// for, and written with 9 decimals.
const inexact = 1e-6

// problem returns what was solved, from rules, quotas, pool and conflicts. Categories of
// quotas and pseudonyms of conflicts have to be known.
func (r *Record) problem() *panel.Problem {
	p := &panel.Problem{Seats: r.Rules.Seats}
	for _, name := range r.Rules.Categories {
		c := panel.Category{Name: name}
		for _, q := range r.Quotas {
			if q.Category == name {
				c.Values = append(c.Values, panel.Quota{Value: q.Value, Min: q.Min, Max: q.Max})
			}
		}
		p.Categories = append(p.Categories, c)
	}
	place := map[string]int{}
	for i, m := range r.Pool {
		place[m.ID] = i
		p.Pool = append(p.Pool, panel.Member{ID: m.ID, Values: m.Values})
	}
	for _, pair := range r.Conflicts {
		p.Conflicts = append(p.Conflicts, [2]int{place[pair[0]], place[pair[1]]})
	}
	return p
}

// rules checks that rules, quotas, pool and conflicts are well formed and in order.
func (v *verifier) rules() *Problem {
	r := v.record
	for i, q := range r.Quotas {
		if !slices.Contains(r.Rules.Categories, q.Category) {
			return v.element("quotas", i, "the rules have no category %q", q.Category)
		}
	}
	known := map[string]bool{}
	for i, m := range r.Pool {
		if raw, err := hex.DecodeString(m.ID); err != nil || len(raw) != pseudonymBytes || strings.ToLower(m.ID) != m.ID {
			return v.element("pool", i, "%q is no pseudonym of %d hexadecimal digits", m.ID, 2*pseudonymBytes)
		}
		if i > 0 && r.Pool[i-1].ID >= m.ID {
			return v.element("pool", i, "the pool is not in the order of pseudonyms, each once")
		}
		known[m.ID] = true
	}
	for i, pair := range r.Conflicts {
		switch {
		case !known[pair[0]] || !known[pair[1]]:
			return v.element("conflicts", i, "the pool does not have both of %s and %s", pair[0], pair[1])
		case pair[0] >= pair[1], i > 0 && slices.Compare(r.Conflicts[i-1][:], pair[:]) >= 0:
			return v.element("conflicts", i, "the conflicts are not in the order of pseudonyms, each once")
		}
	}
	if err := r.problem().Check(); err != nil {
		return v.at("rules", "%v", err)
	}
	v.passed("Rules and pool are well formed: %d seats, %d quotas, %d in the pool, %d conflicts.", r.Rules.Seats, len(r.Quotas), len(r.Pool), len(r.Conflicts))
	return nil
}

// residual checks that the seats and quotas of the draw are what those already seated
// leave over of the board's.
func (v *verifier) residual() *Problem {
	r := v.record
	counts := map[[2]string]int{}
	for i, s := range r.Seated {
		if s.As != AsContinuing && s.As != AsNominated {
			return v.element("seated", i, "%q is neither %q nor %q", s.As, AsContinuing, AsNominated)
		}
		if len(s.Values) != len(r.Rules.Categories) {
			return v.element("seated", i, "there are %d values for %d categories", len(s.Values), len(r.Rules.Categories))
		}
		if slices.ContainsFunc(r.Pool, func(m Member) bool { return m.ID == s.ID }) {
			return v.element("seated", i, "%s is in the pool too", s.ID)
		}
		for c, value := range s.Values {
			counts[[2]string{r.Rules.Categories[c], value}]++
		}
	}
	if left := max(0, r.Rules.BoardSeats-len(r.Seated)); r.Rules.Seats > left {
		return v.at("rules", "%d seats are drawn where %d of %d are taken", r.Rules.Seats, len(r.Seated), r.Rules.BoardSeats)
	}
	for i, q := range r.Quotas {
		have := counts[[2]string{q.Category, q.Value}]
		if least, most := max(0, q.BoardMin-have), max(0, q.BoardMax-have); q.Min != least || q.Max != most {
			return v.element("quotas", i, "%d already seated leave %d to %d of %d to %d seats, not %d to %d", have, least, most, q.BoardMin, q.BoardMax, q.Min, q.Max)
		}
	}
	v.passed("Seats and quotas are those of the board of %d, less what the %d already seated take.", r.Rules.BoardSeats, len(r.Seated))
	return nil
}

// panels checks each panel against seats, quotas and conflicts.
func (v *verifier) panels() *Problem {
	r := v.record
	if len(r.Panels) != r.Certificate.Panels || len(r.Panels) == 0 {
		return v.at("panels", "there are %d panels, and the certificate has %d", len(r.Panels), r.Certificate.Panels)
	}
	problem := r.problem()
	for i, members := range r.Panels {
		if err := problem.Violation(members); err != nil {
			return v.element("panels", i, "panel %d breaks the rules: %s", i, strings.ReplaceAll(err.Error(), "\n", "; "))
		}
		if i > 0 && slices.Compare(r.Panels[i-1], members) > 0 {
			return v.element("panels", i, "the panels are not in ascending order")
		}
	}
	v.passed("Each of %d panels fills the seats within all quotas and conflicts.", len(r.Panels))
	return nil
}

// marginals checks counts against panels, and probabilities against counts.
func (v *verifier) marginals() *Problem {
	r := v.record
	if len(r.Marginals) != len(r.Pool) {
		return v.at("marginals", "there are %d for %d in the pool", len(r.Marginals), len(r.Pool))
	}
	counts := make([]int, len(r.Pool))
	for _, members := range r.Panels {
		for _, member := range members {
			counts[member]++
		}
	}
	unreachable := map[string]bool{}
	for _, u := range r.Unreachable {
		unreachable[u.ID] = true
	}
	sum, largest := 0.0, 0.0
	for i, m := range r.Marginals {
		part := float64(counts[i]) / float64(len(r.Panels))
		switch {
		case m.ID != r.Pool[i].ID:
			return v.element("marginals", i, "here has to stand %s, as in the pool", r.Pool[i].ID)
		case m.Count != counts[i]:
			return v.element("marginals", i, "%s is on %d panels, not %d", m.ID, counts[i], m.Count)
		case m.Count == 0 && !unreachable[m.ID]:
			return v.element("marginals", i, "%s has no chance, and is not among those who are on no possible panel", m.ID)
		}
		sum += float64(m.Probability)
		largest = max(largest, math.Abs(part-float64(m.Probability)))
	}
	if math.Abs(sum-float64(r.Rules.Seats)) > inexact*float64(len(r.Pool)+1) {
		return v.at("marginals", "the probabilities sum to %f for %d seats", sum, r.Rules.Seats)
	}
	if math.Abs(largest-float64(r.Certificate.LargestLoss)) > inexact {
		return v.at("certificate", "the largest loss by rounding is %.9f, not %.9f", largest, r.Certificate.LargestLoss)
	}
	if p := v.unreachable(); p != nil {
		return p
	}
	v.passed("Everyone's count is that of the panels; rounding changes no probability by more than %.9f.", largest)
	return nil
}

// unreachable checks that those on no possible panel are of the pool, on none.
func (v *verifier) unreachable() *Problem {
	r := v.record
	for i, u := range r.Unreachable {
		at := slices.IndexFunc(r.Pool, func(m Member) bool { return m.ID == u.ID })
		switch {
		case at < 0:
			return v.element("unreachable", i, "%s is not in the pool", u.ID)
		case r.Marginals[at].Count > 0 || r.Marginals[at].Probability != 0:
			return v.element("unreachable", i, "%s is on %d panels", u.ID, r.Marginals[at].Count)
		case u.Reason == "":
			return v.element("unreachable", i, "there is no reason for %s", u.ID)
		case i > 0 && r.Unreachable[i-1].ID >= u.ID:
			return v.element("unreachable", i, "they are not in the order of pseudonyms, each once")
		}
		for _, pair := range u.Conflicts {
			if _, known := slices.BinarySearchFunc(r.Conflicts, pair, func(a, b Pair) int { return slices.Compare(a[:], b[:]) }); !known {
				return v.element("unreachable", i, "there is no conflict of %s and %s", pair[0], pair[1])
			}
		}
	}
	return nil
}

// alike checks that those alike in attributes and conflicts have the same probability,
// and counts that differ by at most one.
func (v *verifier) alike() *Problem {
	r := v.record
	first, least, most := map[int]int{}, map[int]int{}, map[int]int{}
	for i, kind := range newFilling(r, nil).kind {
		if _, known := first[kind]; !known {
			first[kind], least[kind], most[kind] = i, r.Marginals[i].Count, r.Marginals[i].Count
		}
		m, like := r.Marginals[i], r.Marginals[first[kind]]
		least[kind], most[kind] = min(least[kind], m.Count), max(most[kind], m.Count)
		if most[kind]-least[kind] > 1 || math.Abs(float64(m.Probability-like.Probability)) > inexact {
			return v.element("marginals", i, "%s is treated otherwise than %s, who is alike in attributes and conflicts", m.ID, like.ID)
		}
	}
	v.passed("Those alike in attributes and conflicts have the same probability.")
	return nil
}

// levels checks that the certificate is about this lottery.
func (v *verifier) levels() *Problem {
	r := v.record
	if r.Certificate.Mode != ModeLeximin {
		return v.at("certificate", "the mode %q is not known", r.Certificate.Mode)
	}
	level := make([]bool, len(r.Pool))
	for i, l := range r.Levels {
		if math.Abs(float64(l.Bound-l.Probability-l.Gap)) > inexact || float64(l.Gap) > float64(r.Certificate.Gap)+inexact {
			return v.element("levels", i, "the gap is not what is between probability and bound, or more than the certificate's")
		}
		if !slices.IsSorted(l.Members) {
			return v.element("levels", i, "the members are not in ascending order")
		}
		for _, member := range l.Members {
			if member < 0 || member >= len(r.Pool) || level[member] {
				return v.element("levels", i, "the number %d is not one of the pool, each once", member)
			}
			level[member] = true
			if r.Marginals[member].Probability < l.Probability-inexact {
				return v.element("levels", i, "%s has less than the %.9f of the level", r.Pool[member].ID, l.Probability)
			}
		}
	}
	if r.Certificate.Proven {
		for i, m := range r.Marginals {
			if !level[i] && m.Probability > 0 {
				return v.element("marginals", i, "%s is on no level of the certificate", m.ID)
			}
		}
		v.passed("The certificate has a level for everyone who can be drawn, with a gap of at most %.9f.", r.Certificate.Gap)
		return nil
	}
	v.passed("The probabilities are the best that was found; they are not proven to be the fairest.")
	return nil
}
