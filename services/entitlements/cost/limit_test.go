package cost

import (
	"fmt"
	"math/big"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

func TestR19LimitsArePassed(t *testing.T) {
	for _, c := range []struct {
		name string
		l    Limit
		m    measure
		want bool
	}{
		{"at the amount", Limit{Amount: 500}, measure{now: 500}, false},
		{"above it", Limit{Amount: 500}, measure{now: 501}, true},
		{"at the share", Limit{Share: 500}, measure{now: 5, revenue: 100}, false},
		{"above it", Limit{Share: 500}, measure{now: 501, revenue: 10_000}, true},
		{"no revenue", Limit{Share: 500}, measure{now: 1}, true},
		{"refunds only", Limit{Share: 500}, measure{now: 1, revenue: -100}, true},
		{"no cost and no revenue", Limit{Share: 500}, measure{}, false},
		{"as much growth", Limit{Growth: 2000}, measure{now: 120, before: 100}, false},
		{"more growth", Limit{Growth: 2000}, measure{now: 121, before: 100}, true},
		{"growth from nothing", Limit{Growth: 2000}, measure{now: 121}, false},
		{"growth of little", Limit{Growth: 2000, From: 122}, measure{now: 121, before: 100}, false},
		{"growth of enough", Limit{Growth: 2000, From: 121}, measure{now: 121, before: 100}, true},
	} {
		t.Run(c.name, func(t *testing.T) { require.Equal(t, c.want, c.l.passed(c.m)) })
	}
}

// Comparisons are exact for all amounts that there are.
func TestR19LimitsAgreeWithBigNumbers(t *testing.T) {
	amount := rapid.OneOf(rapid.Int64Range(0, decision.MaxTotal), rapid.Int64Range(0, 300))
	rapid.Check(t, func(t *rapid.T) {
		a, b := amount.Draw(t, "a"), amount.Draw(t, "b")
		x, y := rapid.Int64Range(0, 1e6).Draw(t, "x"), rapid.Int64Range(0, 1e6).Draw(t, "y")
		left, right := new(big.Int).Mul(big.NewInt(a), big.NewInt(x)), new(big.Int).Mul(big.NewInt(b), big.NewInt(y))
		require.Equal(t, left.Cmp(right) > 0, above(a, uint64(x), b, uint64(y)))
	})
}

func TestR19LimitsAreDeclared(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for _, c := range []struct {
			id   string
			l    Limit
			want string
		}{
			{"of", Limit{Share: 1}, "cost_limit.grouping"},
			{"origins", Limit{Of: Origin, Share: 1}, "cost_limit.grouping"},
			{"none", Limit{Of: Account}, "has 0 bounds"},
			{"two", Limit{Of: Account, Share: 1, Growth: 1}, "has 2 bounds"},
			{"below", Limit{Of: Account, Amount: -1, Currency: "USD"}, "is below 0"},
			{"one-account", Limit{Of: Account, Subject: "acme", Share: 1}, "on all of them alike"},
			{"from", Limit{Of: Account, Share: 1, From: 1, Currency: "USD"}, "is for growth only"},
			{"euros", Limit{Of: Account, Amount: 1, Currency: "EUR"}, "is in EUR, and the company counts in USD"},
			{"No id", Limit{Of: Account, Share: 1}, "cost_limit_id"},
		} {
			_, err := f.CreateLimit(ctx, anna, c.id, c.l, false)
			wantReason(t, err, "INVALID_ARGUMENT", c.want)
		}
		checked, err := f.CreateLimit(ctx, anna, "five", Limit{Of: Account, Share: 500}, true)
		require.NoError(t, err)
		require.Zero(t, checked.Version)
		_, err = f.GetLimit(ctx, "five")
		wantReason(t, err, "NOT_FOUND", "costLimits/five")

		request := resource.Call{Principal: "principals/anna", Method: "create", RequestID: "r", Payload: []byte("p")}
		made, err := f.CreateLimit(ctx, request, "five", Limit{Of: Account, Share: 500, Reason: "What we can afford."}, false)
		require.NoError(t, err)
		require.Equal(t, "principals/anna", made.State.By)
		again, err := f.CreateLimit(ctx, request, "five", Limit{Of: Account, Share: 500, Reason: "What we can afford."}, false)
		require.NoError(t, err)
		require.Equal(t, made.Version, again.Version)
		_, err = f.CreateLimit(ctx, anna, "five", Limit{Of: Account, Share: 600}, false)
		wantReason(t, err, "ALREADY_EXISTS", "costLimits/five")

		ben := resource.Call{Principal: "principals/ben", Method: "update"}
		_, err = f.UpdateLimit(ctx, ben, "five", made.Etag(), func(l *Limit) { l.Share, l.Amount, l.Currency = 0, 5, "USD" }, false)
		wantReason(t, err, "INVALID_ARGUMENT", "create another limit")
		seen, err := f.UpdateLimit(ctx, ben, "five", made.Etag(), func(l *Limit) { l.Share = 600 }, true)
		require.NoError(t, err)
		require.EqualValues(t, 600, seen.State.Share)
		changed, err := f.UpdateLimit(ctx, ben, "five", made.Etag(), func(l *Limit) { l.Share = 600 }, false)
		require.NoError(t, err)
		require.Equal(t, "principals/ben", changed.State.By)
		_, err = f.UpdateLimit(ctx, ben, "five", made.Etag(), func(l *Limit) { l.Share = 700 }, false)
		wantReason(t, err, "STALE_ETAG", "costLimits/five")
		wantReason(t, f.DeleteLimit(ctx, ben, "five", made.Etag()), "STALE_ETAG", "costLimits/five")
		require.NoError(t, f.DeleteLimit(ctx, ben, "five", changed.Etag()))
		list, err := f.Limits(ctx, 10, nil)
		require.NoError(t, err)
		require.Empty(t, list.Items)
	})
}

func TestThereAreNotTooManyLimits(t *testing.T) {
	f := onSQLite(t)
	for i := range maxLimits {
		_, err := f.CreateLimit(t.Context(), anna, fmt.Sprint("limit-", i), Limit{Of: Account, Share: 500}, false)
		require.NoError(t, err)
	}
	_, err := f.CreateLimit(t.Context(), anna, "one-more", Limit{Of: Account, Share: 500}, false)
	wantReason(t, err, ReasonTooManyLimits, "100 limits")
	_, err = f.CreateLimit(t.Context(), anna, "limit-7", Limit{Of: Account, Share: 500}, false)
	wantReason(t, err, "ALREADY_EXISTS", "limit-7")
}
