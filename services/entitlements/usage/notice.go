package usage

import (
	"context"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// reached returns the thresholds that an entry reaches, given how the balance stands
// before it and the notices that there were. There is one of each in a period.
func (s *Standing) reached(e *Entry, earlier []Notice) []Notice {
	if !s.Metered() || e.Type != Used && e.Type != Committed || e.Day < s.From || e.Day >= s.To {
		return nil
	}
	n := Notice{At: e.At, Used: s.Used + e.Units, Allowance: s.Allowance(), From: s.From, To: s.To}
	rolling := s.Holding.Benefit.Resets == schedule.Rolling
	if today := s.To - 1; rolling {
		n.From, n.To = today, s.Holding.Benefit.Period.After(today)
	}
	var list []Notice
	for _, percent := range s.Holding.Benefit.Notices {
		told := func(o Notice) bool {
			return o.Percent == percent && (o.From == n.From && o.To == n.To || rolling && o.From <= n.From && n.From < o.To)
		}
		if n.Allowance > 0 && n.Used*100 >= int64(percent)*n.Allowance && !slices.ContainsFunc(earlier, told) {
			n.Percent = percent
			list = append(list, n)
		}
	}
	return list
}

// Noticed is the latest notices of a balance, the latest last.
type Noticed struct {
	Account string
	Benefit string
	Notices []Notice
}

// NoticedPage is a part of a list of the notices of balances.
type NoticedPage struct {
	Balances []Noticed
	// Next is where the next page begins; nil on the last.
	Next resource.Place
}

// Noticed lists the notices of up to size balances of an account, or where that is empty
// of all accounts: those first whose last one is the latest.
func (u *Usage) Noticed(ctx context.Context, account string, size int, after resource.Place) (NoticedPage, error) {
	var page NoticedPage
	q := docstore.Query{Index: byNotice, Descending: true, After: after, Limit: size}
	if account != "" {
		q = docstore.Query{From: account + "/", To: account + "0", After: after, Limit: size}
	}
	found, err := u.balances.Find(ctx, q)
	if err != nil {
		return page, fmt.Errorf("list notices: %w", err)
	}
	for _, d := range found.Docs {
		if len(d.Body.Count.Notices) > 0 {
			page.Balances = append(page.Balances, Noticed{d.Body.Account, d.Body.Benefit, d.Body.Count.Notices})
		}
	}
	page.Next = found.Next
	return page, nil
}
