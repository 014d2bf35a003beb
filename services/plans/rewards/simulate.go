package rewards

import (
	"context"
	"maps"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Simulated is what a person has for a period, and what they would have by other rules.
type Simulated struct {
	// Person is an id.
	Person string
	// Points are what they have, before corrections, and Would what they would have.
	Points, Would int
}

// Simulate says what everybody would have got in a period by a version of the rules alone,
// whether or not it was published and counted then; those who have nothing and would have
// nothing are left out. NOT_FOUND.
func (s *Service) Simulate(ctx context.Context, id string, period Period) ([]Simulated, error) {
	p, err := s.rules.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	alone := version{p.State.Number, p.State.Rules}
	alone.Effective = civil.FirstDay
	people := map[string]*Simulated{}
	of := func(person string) *Simulated {
		if people[person] == nil {
			people[person] = &Simulated{Person: person}
		}
		return people[person]
	}
	for _, month := range period.Months() {
		counted := counting{month: month, versions: []version{alone}}
		for work, err := range s.workBy(ctx, month) {
			if err != nil {
				return nil, err
			}
			for _, c := range counted.day(work) {
				of(c.person).Would += c.worth
			}
		}
		accounts, err := s.accountsOf(ctx, month.ID)
		if err != nil {
			return nil, err
		}
		for _, a := range accounts {
			of(a.person).Points += a.last.worth
		}
	}
	var list []Simulated
	for _, person := range slices.Sorted(maps.Keys(people)) {
		if one := people[person]; one.Points != 0 || one.Would != 0 {
			list = append(list, *one)
		}
	}
	return list, nil
}
