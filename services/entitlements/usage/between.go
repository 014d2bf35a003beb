package usage

import (
	"context"
	"time"
)

// UsedBetween returns how many units of a benefit an account used from an instant to another
// one, which is not included and zero for no end, less those given back in that time. The
// account is not looked for.
func (u *Usage) UsedBetween(ctx context.Context, account, benefit string, from, to time.Time) (int64, error) {
	q := Query{Account: account, From: from, To: to, Ascending: true, Size: 1000,
		Keep: func(e *Entry) bool { return e.Benefit == benefit }}
	var used int64
	for {
		page, err := u.History(ctx, q)
		if err != nil {
			return 0, err
		}
		for _, e := range page.Entries {
			switch e.Type {
			case Used, Committed:
				used += e.Units
			case Released:
				used -= e.Units
			}
		}
		if page.Next == nil {
			return used, nil
		}
		q.After = page.Next
	}
}
