package parity

import (
	"context"
	"fmt"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/services/entitlements/parity/stats"
)

// Result is what an audit came to.
type Result struct {
	// Cases is how many cases there are in all.
	Cases int `json:"cases"`
	// Options are those of the audit, complete.
	Options Options `json:"-"`
	// Columns say, for each column compared, what was left out of it altogether.
	Columns []Column `json:"columns"`
	// Tested is how many comparisons were tested: those that PAdjusted is over.
	Tested      int          `json:"tested"`
	Comparisons []Comparison `json:"comparisons"`
}

// Column is a column whose groups were compared.
type Column struct {
	By string `json:"by"`
	// Groups are those compared, by name, and Cases how many cases each has.
	Groups []string `json:"groups"`
	Cases  []int    `json:"cases"`
	// Unknown is how many cases have no value in the column.
	Unknown int `json:"unknown"`
	// UnknownWithin is how many cases of the groups have no value in one of the columns that
	// like cases have in common: nobody knows which are like them, so none is compared.
	UnknownWithin int `json:"unknown_within"`
	// SmallGroups is how many groups were left out for being smaller than the largest
	// MaxGroups, and SmallGroupCases how many cases those have.
	SmallGroups     int `json:"small_groups"`
	SmallGroupCases int `json:"small_group_cases"`
}

// Count returns how many comparisons have an outcome.
func (r *Result) Count(o Outcome) int {
	n := 0
	for i := range r.Comparisons {
		if r.Comparisons[i].Outcome == o {
			n++
		}
	}
	return n
}

// maxCells bounds how finely cases are divided, for the sake of memory.
const maxCells = 50_000_000

// ErrTooFine says that the columns compared within divide the cases too finely.
var ErrTooFine = fmt.Errorf("the cases fall into more than %d strata: compare within fewer columns", maxCells/MaxGroups)

// Audit makes one comparison for each metric and unordered pair of groups of each column
// of options.By, in that order. Progress, which may be nil, is told how many of them are
// done, from one goroutine at a time. It fails where the options cannot be, with
// ErrTooFine, and when the context ends.
func Audit(ctx context.Context, cases *Cases, options Options, progress func(done, total int)) (*Result, error) {
	if err := options.Complete(); err != nil {
		return nil, err
	}
	a := audit{cases: cases, options: &options, progress: progress}
	strataOf, strata := cases.stratify(options.Within)
	if strata > maxCells/MaxGroups {
		return nil, ErrTooFine
	}
	for _, by := range options.By {
		g := newGrouping(cases, by, strataOf, strata)
		a.groupings = append(a.groupings, g)
		a.total += len(options.Metrics) * len(g.groups) * (len(g.groups) - 1) / 2
	}
	result := &Result{Cases: cases.Len(), Options: options, Comparisons: make([]Comparison, 0, a.total)}
	for _, g := range a.groupings {
		result.Columns = append(result.Columns, g.column())
		for _, m := range options.Metrics {
			made, err := a.compare(ctx, g, m)
			if err != nil {
				return nil, err
			}
			result.Comparisons = append(result.Comparisons, made...)
		}
	}
	result.Tested = a.decide(result.Comparisons)
	return result, a.list(ctx, result.Comparisons)
}

// Comparisons returns how many comparisons an audit with these options, which are
// complete, makes.
func Comparisons(cases *Cases, options Options) int {
	total := 0
	for _, by := range options.By {
		groups := 0
		for _, name := range cases.columns[by].names {
			if name != "" {
				groups++
			}
		}
		groups = min(groups, MaxGroups)
		total += len(options.Metrics) * groups * (groups - 1) / 2
	}
	return total
}

// audit is an audit under way.
type audit struct {
	cases     *Cases
	options   *Options
	groupings []*grouping
	total     int
	progress  func(done, total int)

	mu   sync.Mutex
	done int
}

// compare compares all pairs of groups by one metric.
func (a *audit) compare(ctx context.Context, g *grouping, m Metric) ([]Comparison, error) {
	measure, err := g.measure(ctx, m)
	if err != nil {
		return nil, err
	}
	n := len(g.groups)
	made := make([]Comparison, n*(n-1)/2)
	workers, ctx := errgroup.WithContext(ctx)
	workers.SetLimit(runtime.GOMAXPROCS(0))
	at := 0
	for first := range n {
		for second := first + 1; second < n; second++ {
			c := &made[at]
			at++
			workers.Go(func() error {
				if err := ctx.Err(); err != nil {
					return err
				}
				a.one(c, g, m, measure, first, second)
				a.tell()
				return nil
			})
		}
	}
	return made, workers.Wait()
}

// tell counts a comparison as done.
func (a *audit) tell() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.done++
	if a.progress != nil {
		a.progress(a.done, a.total)
	}
}

// one makes the comparison of two groups.
func (a *audit) one(c *Comparison, g *grouping, m Metric, measure measure, first, second int) {
	*c = Comparison{
		Metric: m.String(), By: g.by.String(), Within: names(a.options.Within), Outcome: NoFinding,
		Groups: [2]string{g.groups[first].name, g.groups[second].name},
	}
	all := g.count(c, measure, first, second)
	c.Reason = lacking(c)
	if c.Reason == "" {
		c.Reason = measure.compare(c, all, first, second)
	}
	if c.Reason != "" {
		c.Outcome = InsufficientData
		return
	}
	if c.Effect != nil {
		c.Practical = a.options.practical(c.Effect)
	}
}

// practical says whether a difference is large enough to matter. What is a threshold to
// the twelfth digit has reached it.
func (o *Options) practical(e *Effect) bool {
	const rounding = 1e-12
	switch e.Kind {
	case RateRatio:
		return e.Value <= o.RateRatio*(1+rounding)
	case ValueRatio:
		return e.Value <= o.ValueRatio*(1+rounding)
	default:
		return e.Value >= o.TimeRatio*(1-rounding)
	}
}

// decide adjusts the p-values over all comparisons that were tested, and says which are
// findings. It returns how many were tested.
func (a *audit) decide(all []Comparison) int {
	var tested []*Comparison
	var p []float64
	for i := range all {
		if all[i].PValue != nil && !all[i].untestable {
			tested, p = append(tested, &all[i]), append(p, *all[i].PValue)
		}
	}
	for i, adjusted := range stats.Holm(p) {
		c := tested[i]
		c.PAdjusted = &adjusted
		c.Significant = adjusted <= a.options.Alpha
		if c.Significant && c.Practical {
			c.Outcome = Finding
		}
	}
	return len(p)
}

func names(list []Dimension) []string {
	all := make([]string, len(list))
	for i, d := range list {
		all[i] = d.String()
	}
	return all
}
