package usage

import (
	"context"
	"time"
)

// UsedBetween returns how many units of a benefit an account used from an instant to another
// one, which is not included and zero for no end, less those given back in that time. The
// account is not looked for.
func (u *Usage) UsedBetween(ctx context.Context, account, benefit string, from, to time.Time) (int64, error) {
	b, err := u.balance(ctx, account, benefit)
	if err != nil {
		return 0, err
	}
	var used int64
	for e, err := range u.entries(ctx, &b, from, true) {
		if err != nil {
			return 0, err
		}
		if !to.IsZero() && !e.At.Before(to) {
			break
		}
		if !e.At.Before(from) {
			used += e.Adds()
		}
	}
	return used, nil
}
