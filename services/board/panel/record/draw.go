package record

import (
	"errors"
	"fmt"
	"slices"
	"time"
)

// ErrDrawn is returned where a draw is asked of a record that has one.
var ErrDrawn = errors.New("the record is drawn already: its panel stays")

// Draw returns the record with the draw that follows from the values; the record itself
// stays as it is. The same values give the same draw.
//
// It fails with ErrDrawn for a record that is drawn, and, naming what is wrong, for
// values that are not those of the record's plan.
func (r *Record) Draw(v Values) (*Record, error) {
	if r.Outcome != nil {
		return nil, ErrDrawn
	}
	if seconds(v.Time).Before(r.Title.Committed) {
		return nil, fmt.Errorf("the draw is at %s, before the record was committed at %s", v.Time.Format(time.RFC3339), r.Title.Committed.Format(time.RFC3339))
	}
	seed, reveals, err := r.Seed.combine(v)
	if err != nil {
		return nil, err
	}
	d := r.drawn(seed)
	d.Time, d.Round, d.Reveals = seconds(v.Time), v.Round, reveals
	if err := d.seal(r.Hash); err != nil {
		return nil, err
	}
	drawn := *r
	drawn.Outcome = d
	return &drawn, nil
}

// drawn is what follows from the record and a seed.
func (r *Record) drawn(seed string) *Outcome {
	d := &Outcome{Seed: seed, Panel: -1, Alternates: []string{}}
	taken := make([]bool, len(r.Pool))
	left := 0 // on any panel, and not taken yet
	for _, m := range r.Marginals {
		if m.Count > 0 {
			left++
		}
	}
	places := make([]int, len(r.Panels))
	for i := range places {
		places[i] = i
	}
	numbers := newStream(r.Hash, seed)
	shuffle(numbers, places, func(place int) bool {
		var fresh []string
		for _, member := range r.Panels[place] {
			if !taken[member] {
				taken[member] = true
				fresh = append(fresh, r.Pool[member].ID)
			}
		}
		left -= len(fresh)
		if d.Panel < 0 {
			d.Panel, d.Members = place, fresh
			return left > 0
		}
		shuffle(numbers, fresh, func(string) bool { return true })
		d.Alternates = append(d.Alternates, fresh...)
		return left > 0
	})
	return d
}

// ErrNoAlternates is returned where no alternate can fill a free seat within quotas and
// conflicts.
var ErrNoAlternates = errors.New("no alternate fills a free seat within quotas and conflicts")

// ErrNotWorkedOut is returned where the bounded search for alternates ended before it
// knew how many of the free seats they can fill.
var ErrNotWorkedOut = errors.New("how many of the free seats alternates fill within quotas and conflicts was not worked out: the search is too long")

// Call returns the pseudonyms of the alternates who are called to the free seats of a
// drawn record: all but those whom holding, a list of pseudonyms, still hold. Nobody of
// out, those who declined or left, is called. Where nobody can fill all of these seats
// within quotas and conflicts, as many are filled as can be, and those left free are
// enough for what the quotas need. The same record and lists give the same answer.
//
// It fails with ErrNoAlternates where there is nobody to call, and with ErrNotWorkedOut
// where its search, which is bounded by a count of steps, ended before. The record has to be one
// that verifies.
func (r *Record) Call(holding, out []string) ([]string, error) {
	if r.Outcome == nil {
		return nil, errors.New("the record is not drawn yet")
	}
	place := make(map[string]int, len(r.Pool))
	for i, m := range r.Pool {
		place[m.ID] = i
	}
	var panel []int
	for _, id := range holding {
		i, known := place[id]
		if !known {
			return nil, fmt.Errorf("%q is not in the pool of the record", id)
		}
		panel = append(panel, i)
	}
	slices.Sort(panel)
	if len(slices.Compact(slices.Clone(panel))) != len(panel) || len(panel) > r.Rules.Seats {
		return nil, fmt.Errorf("%d members cannot hold %d seats, each once", len(panel), r.Rules.Seats)
	}
	var order []int
	for _, id := range r.Outcome.Alternates {
		if !slices.Contains(out, id) && !slices.Contains(holding, id) {
			order = append(order, place[id])
		}
	}
	called, err := newFilling(r, panel).call(order, r.Rules.Seats-len(panel))
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(called))
	for i, member := range called {
		ids[i] = r.Pool[member].ID
	}
	return ids, nil
}
