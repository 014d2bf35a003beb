package bands

import (
	"context"
	"fmt"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// noValue is the value of an account that has none.
const noValue = Lowest

// Sorter sorts accounts into the bands of one day's scales. What is compared with each
// other is to be sorted by one sorter, so that a band is the same range of values
// throughout. It never changes, so several goroutines may use it.
type Sorter struct {
	// Day is the day of which quartiles are.
	Day       civil.Day
	ledger    Ledger
	followers map[string]int64
	scales    [len(Subjects)][]Band
}

// Bands are the ids of the bands that an account is in; Unknown where it has no value.
type Bands struct{ Spend, Tenure, Reach string }

// Sorter returns what sorts by the scales declared now, and where none is declared, by
// quartiles of the accounts that are active on a day.
func (s *Service) Sorter(ctx context.Context, day civil.Day) (*Sorter, error) {
	followers, err := s.followers(ctx)
	if err != nil {
		return nil, err
	}
	sorter := &Sorter{Day: day, ledger: s.ledger, followers: followers}
	var standings []standing
	for i, subject := range Subjects {
		declared, err := s.stored(ctx, subject)
		if err != nil {
			return nil, err
		}
		if sorter.scales[i] = declared.State.Bands; len(sorter.scales[i]) > 0 {
			continue
		}
		if standings == nil { // read once, and only where there are quartiles
			if standings, err = s.standings(ctx, day, followers); err != nil {
				return nil, err
			}
		}
		sorter.scales[i] = inForce(declared, standings)
	}
	return sorter, nil
}

// Scale returns the bands of a subject in the order of their bounds.
func (s *Sorter) Scale(subject Subject) []Band { return s.scales[subject.index()] }

// Of returns the bands that an account is in on a day, which need not be the sorter's: by
// its spend and tenure of that day, and its reach as recorded when the sorter was made.
// All are Unknown for an account that is not known.
func (s *Sorter) Of(ctx context.Context, account string, day civil.Day) (Bands, error) {
	spend, joined, known, err := s.ledger.Standing(ctx, account, day)
	if err != nil {
		return Bands{}, fmt.Errorf("read spend and tenure of %s: %w", account, err)
	}
	found := standing{account: account, values: [len(Subjects)]int64{noValue, noValue, noValue}}
	if known {
		found = newStanding(account, spend, joined, day, s.followers)
	}
	return Bands{s.band(&found, Spend), s.band(&found, Tenure), s.band(&found, Reach)}, nil
}

func (s *Sorter) band(found *standing, subject Subject) string {
	i := subject.index()
	if found.values[i] == noValue {
		return Unknown
	}
	return s.scales[i][find(s.scales[i], found.values[i])].ID
}

// inForce returns the declared bands of a scale, or else the quartiles of the values that
// active accounts have.
func inForce(declared resource.Stored[Scale], standings []standing) []Band {
	if len(declared.State.Bands) > 0 {
		return declared.State.Bands
	}
	var values []int64
	place := Subject(declared.ID).index()
	for _, account := range standings {
		if value := account.values[place]; account.active && value != noValue {
			values = append(values, value)
		}
	}
	return quartiles(values)
}

// standing is an account with its value in each of Subjects on a day.
type standing struct {
	account string
	active  bool
	values  [len(Subjects)]int64
}

func newStanding(account string, spend int64, joined, day civil.Day, followers map[string]int64) standing {
	found := standing{account: account}
	found.values[Spend.index()] = spend
	found.values[Tenure.index()] = months(joined, day)
	found.values[Reach.index()] = noValue
	if count, recorded := followers[account]; recorded {
		found.values[Reach.index()] = count
	}
	return found
}

// standings reads the values of all accounts on a day.
func (s *Service) standings(ctx context.Context, day civil.Day, followers map[string]int64) ([]standing, error) {
	all := []standing{}
	err := s.ledger.Standings(ctx, day, func(account string, active bool, spend int64, joined civil.Day) {
		found := newStanding(account, spend, joined, day, followers)
		found.active = active
		all = append(all, found)
	})
	if err != nil {
		return nil, fmt.Errorf("read spend and tenure of accounts: %w", err)
	}
	return all, nil
}

// followers reads the reach of all accounts for which one was recorded.
func (s *Service) followers(ctx context.Context) (map[string]int64, error) {
	followers := map[string]int64{}
	err := s.accounts.Reaches(ctx, func(account string, count int64) { followers[account] = count })
	if err != nil {
		return nil, fmt.Errorf("read the reach of accounts: %w", err)
	}
	return followers, nil
}

// months returns the whole months from the day of joining until a day, noValue where the
// account has not joined by then.
func months(joined, day civil.Day) int64 {
	if joined > day {
		return noValue
	}
	firstYear, firstMonth, _ := joined.Date()
	year, month, _ := day.Date()
	passed := 12*(year-firstYear) + int(month-firstMonth)
	if joined.AddMonths(passed) > day {
		passed--
	}
	return int64(passed)
}
