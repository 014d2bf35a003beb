package requests

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
)

// Counted is how many special requests came to what, of those that have something in
// common.
type Counted struct {
	// By is what they have in common: role, requester or account; and Value which.
	By, Value string
	// ByState is how many are in each state.
	ByState map[RequestState]int
	// Rejections is how many drafts of them were rejected or withdrawn.
	Rejections int
}

// Total is how many there are.
func (c Counted) Total() int {
	total := 0
	for _, n := range c.ByState {
		total += n
	}
	return total
}

// Count counts the special requests created from an instant on and before another, by
// role, by requester and by account, each in the order of values. A request of somebody who
// had several roles counts with each.
func (s *Service) Count(ctx context.Context, from, to time.Time) ([]Counted, error) {
	counts := map[[2]string]*Counted{}
	q := docstore.Query{Index: byCreated, From: from, To: to}
	for r, err := range s.requests.All(ctx, q) {
		if err != nil {
			return nil, err
		}
		add := func(by, value string) {
			key := [2]string{by, value}
			if counts[key] == nil {
				counts[key] = &Counted{By: by, Value: value, ByState: map[RequestState]int{}}
			}
			counts[key].ByState[r.State.State]++
			counts[key].Rejections += len(r.State.Attempts)
		}
		for _, role := range r.State.Roles {
			add("role", role)
		}
		add("requester", r.State.Requester)
		add("account", r.State.Account)
	}
	order := []string{"role", "requester", "account"}
	list := make([]Counted, 0, len(counts))
	for _, c := range counts {
		list = append(list, *c)
	}
	slices.SortFunc(list, func(a, b Counted) int {
		return cmp.Or(cmp.Compare(slices.Index(order, a.By), slices.Index(order, b.By)), strings.Compare(a.Value, b.Value))
	})
	return list, nil
}
