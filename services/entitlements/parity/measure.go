package parity

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

// measure is a metric of all cells of a grouping, made ready to be compared.
type measure interface {
	// known returns how many cases of a cell have the metric, and how many of those are
	// still open.
	known(cell int) (n, open int)
	// compare fills in a comparison of two groups over strata in which both have cases,
	// and says why it cannot; empty where it could.
	compare(c *Comparison, strata []int, first, second int) (lacks string)
}

func (g *grouping) measure(ctx context.Context, m Metric) (measure, error) {
	switch m {
	case FirstReplyTime, ResolutionTime:
		return newTimes(ctx, g, m)
	case RemedyValue:
		s, err := g.sample(ctx, func(row uint32) (float64, bool) {
			v := g.cases.values[row]
			return float64(v), v != notKnown
		})
		return &values{g, s}, err
	default:
		return newRates(g, m), nil
	}
}

// cellOf returns the number of a cell.
func (g *grouping) cellOf(stratum, group int) int { return stratum*len(g.groups) + group }

// count fills in how many cases of two groups are compared and how many are not, and
// returns the strata in which both have cases.
func (g *grouping) count(c *Comparison, m measure, first, second int) []int {
	var strata []int
	for s := range g.strata {
		pair := [2]int{first, second}
		var known, open [2]int
		for i, at := range pair {
			known[i], open[i] = m.known(g.cellOf(s, at))
			c.Unknown[i] += len(g.cell(s, at)) - known[i]
		}
		both := known[0] > 0 && known[1] > 0
		if both {
			strata = append(strata, s)
		}
		for i := range pair {
			if both {
				c.Counts[i] += known[i]
				c.Open[i] += open[i]
			} else {
				c.WithoutCounterpart[i] += known[i]
			}
		}
	}
	c.Strata = len(strata)
	return strata
}

// lacking says in which way there are too few cases to compare; empty where there are
// enough.
func lacking(c *Comparison) string {
	for i, n := range c.Counts {
		if n >= MinCases {
			continue
		}
		switch {
		case n+c.WithoutCounterpart[i]+c.Unknown[i] == 0:
			return fmt.Sprintf("of no case of %s is known in which %s it is, so that none is like another", c.Groups[i], strings.Join(c.Within, " and "))
		case n+c.WithoutCounterpart[i] == 0:
			return fmt.Sprintf("of no case of %s is the %s known", c.Groups[i], c.Metric)
		case n == 0:
			return fmt.Sprintf("no case of %s is alike with one of %s", c.Groups[i], c.Groups[1-i])
		default:
			return fmt.Sprintf("%s has %d cases to compare, fewer than %d", c.Groups[i], n, MinCases)
		}
	}
	return ""
}

// sample is a quantity of all cells: sorted within each.
type sample struct {
	values []float64
	ends   []uint32
}

// cell returns what is known of a cell, ascending.
func (s *sample) cell(at int) []float64 {
	begin, end := s.bounds(at)
	return s.values[begin:end]
}

func (s *sample) bounds(at int) (begin, end uint32) {
	if at > 0 {
		begin = s.ends[at-1]
	}
	return begin, s.ends[at]
}

// sample gathers and sorts a quantity of those cases that have it.
func (g *grouping) sample(ctx context.Context, of func(row uint32) (v float64, has bool)) (*sample, error) {
	s := &sample{ends: make([]uint32, len(g.ends))}
	begin := uint32(0)
	for cell, end := range g.ends {
		for _, row := range g.rows[begin:end] {
			if v, has := of(row); has {
				s.values = append(s.values, v)
			}
		}
		s.ends[cell] = uint32(len(s.values)) //nolint:gosec // at most MaxCases
		begin = end
	}
	return s, eachCell(ctx, len(s.ends), func(at int) { slices.Sort(s.cell(at)) })
}

// eachCell does something with every cell, several at a time.
func eachCell(ctx context.Context, cells int, do func(cell int)) error {
	portion := max(1, cells/256) // for one goroutine: there can be millions of small ones
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(runtime.GOMAXPROCS(0))
	for from := 0; from < cells; from += portion {
		workers.Go(func() error {
			for cell := from; cell < min(from+portion, cells); cell++ {
				if err := ctx.Err(); err != nil {
					return err
				}
				do(cell)
			}
			return nil
		})
	}
	return workers.Wait()
}

// number returns a pointer to a number; nil for what is none.
func number(x float64) *float64 {
	if math.IsNaN(x) || math.IsInf(x, 0) {
		return nil
	}
	return &x
}
