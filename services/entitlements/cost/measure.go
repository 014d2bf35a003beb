package cost

import (
	"context"

	"github.com/evenhand/evenhand/internal/resource"
)

// windows are the sums that limits are compared with.
type windows struct {
	year tally // the twelve months up to today
	// quarter is the last complete one, before the one before that.
	quarter, before tally
}

// measured is what was measured for all limits, in one reading of what was used.
type measured struct {
	year, quarter Span
	currency      string
	sums          map[By]map[string]*windows
	// revenue of the year, and of the quarter, by account; that of all is under no name.
	revenue map[string][2]int64
}

// measureAll adds up what the limits compare.
func (s *Service) measureAll(ctx context.Context, limits []resource.Stored[Limit]) (*measured, error) {
	today := s.company.Today()
	m := &measured{year: trailing(today), quarter: quarterOf(today).before(), currency: s.company.Currency(), sums: map[By]map[string]*windows{}}
	for _, l := range limits {
		m.sums[l.State.Of] = map[string]*windows{}
	}
	before := m.quarter.before()
	err := s.priced(ctx, "", func(u Use, minor int64, stated bool) {
		year, quarter, earlier := m.year.has(u.Day), m.quarter.has(u.Day), before.has(u.Day)
		if !year && !quarter && !earlier {
			return
		}
		for by, sums := range m.sums {
			key := by.key(&u)
			w := sums[key]
			if w == nil {
				w = &windows{}
				sums[key] = w
			}
			if year {
				w.year.add(u.Units, minor, stated)
			}
			if quarter {
				w.quarter.add(u.Units, minor, stated)
			}
			if earlier {
				w.before.add(u.Units, minor, stated)
			}
		}
	})
	if err != nil {
		return nil, err
	}
	if err := m.readRevenue(ctx, s.company); err != nil {
		return nil, err
	}
	return m, nil
}

// readRevenue keeps the revenue of all, and of the accounts that used something.
func (m *measured) readRevenue(ctx context.Context, company Company) error {
	m.revenue = map[string][2]int64{}
	accounts := m.sums[Account]
	for at, span := range []Span{m.year, m.quarter} {
		err := company.Revenues(ctx, span.days(), func(account string, minor []int64) {
			m.addRevenue("", at, minor[0])
			if accounts[account] != nil {
				m.addRevenue(account, at, minor[0])
			}
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (m *measured) addRevenue(account string, at int, minor int64) {
	r := m.revenue[account]
	r[at] += minor
	m.revenue[account] = r
}

// measure is what a limit compares of a subject, and what the subject cost.
func (m *measured) measure(l *Limit, subject string, w *windows) (measure, Figures) {
	payer := "" // all
	if l.Of == Account {
		payer = subject
	}
	if l.Growth > 0 {
		return measure{now: w.quarter.cost.minor(), before: w.before.cost.minor(), revenue: m.revenue[payer][1]}, w.quarter.figures()
	}
	return measure{now: w.year.cost.minor(), revenue: m.revenue[payer][0]}, w.year.figures()
}
