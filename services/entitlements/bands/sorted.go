package bands

import (
	"context"
	"fmt"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// noValue is the value of an account that has none.
const noValue = Lowest

// standing is an account with its value in each of Subjects.
type standing struct {
	account string
	active  bool
	values  [len(Subjects)]int64
}

// Sorted says in which bands accounts are on a day. It never changes.
type Sorted struct {
	// Day is the day that spend and tenure are of.
	Day    civil.Day
	scales [len(Subjects)][]Band
	// places are those of an account's bands plus one, 0 where it has no value.
	places map[string][len(Subjects)]uint8
}

// Of returns the id of the band that an account is in, Unknown where it has no value or
// is not known.
func (s *Sorted) Of(account string, subject Subject) string {
	i := subject.index()
	if place := s.places[account][i]; place > 0 {
		return s.scales[i][place-1].ID
	}
	return Unknown
}

// Bands returns the bands of a subject in the order of their bounds.
func (s *Sorted) Bands(subject Subject) []Band { return s.scales[subject.index()] }

// On sorts all accounts into bands as of the end of a day in the company's zone: those
// declared now, or quartiles of the accounts that are active on the day.
func (s *Service) On(ctx context.Context, day civil.Day) (*Sorted, error) {
	standings, err := s.standings(ctx, day)
	if err != nil {
		return nil, err
	}
	sorted := &Sorted{Day: day, places: make(map[string][len(Subjects)]uint8, len(standings))}
	for i, subject := range Subjects {
		stored, err := s.stored(ctx, subject)
		if err != nil {
			return nil, err
		}
		sorted.scales[i] = inForce(stored.State, standings, i)
	}
	for _, account := range standings {
		var places [len(Subjects)]uint8
		for i, value := range account.values {
			if value != noValue {
				places[i] = uint8(find(sorted.scales[i], value)) + 1
			}
		}
		sorted.places[account.account] = places
	}
	return sorted, nil
}

// inForce returns the declared bands of a scale, or else the quartiles of the values at a
// place that active accounts have.
func inForce(declared Scale, standings []standing, place int) []Band {
	if len(declared.Bands) > 0 {
		return declared.Bands
	}
	var values []int64
	for _, account := range standings {
		if value := account.values[place]; account.active && value != noValue {
			values = append(values, value)
		}
	}
	return quartiles(values)
}

// standings reads the values of all accounts on a day.
func (s *Service) standings(ctx context.Context, day civil.Day) ([]standing, error) {
	followers := map[string]int64{}
	err := s.accounts.Reaches(ctx, func(account string, count int64) { followers[account] = count })
	if err != nil {
		return nil, fmt.Errorf("read the reach of accounts: %w", err)
	}
	var all []standing
	err = s.ledger.Standings(ctx, day, func(account string, active bool, spend int64, joined civil.Day) {
		found := standing{account: account, active: active}
		found.values[Spend.index()] = spend
		found.values[Tenure.index()] = months(joined, day)
		found.values[Reach.index()] = noValue
		if count, known := followers[account]; known {
			found.values[Reach.index()] = count
		}
		all = append(all, found)
	})
	if err != nil {
		return nil, fmt.Errorf("read spend and tenure of accounts: %w", err)
	}
	return all, nil
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
