package statements

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Who was a customer has a statement, also with nothing in it; who was none has none.
func TestR31EveryCustomerHasAStatement(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		closed := customer("dale", day("2020-01-01"))
		closed.Account.State, closed.Account.Closed = feeds.Closed, day("2026-07-01")
		late := customer("eden", day("2020-01-01"))
		late.Account.State, late.Account.Closed = feeds.Closed, day("2026-07-02")
		prospect := customer("fern", civil.Never)
		prospect.Account.State = feeds.Prospect
		f.take(t, customer("acme", day("2026-09-30")), customer("brook", day("2026-10-01")), closed, late, prospect, customer("gale", civil.Never), customer("hill", civil.Never))
		f.take(t, paid("c1", "gale", day("2026-04-01"), 1), paid("c2", "fern", july, 5))
		for account, has := range map[string]bool{"acme": true, "brook": false, "dale": false, "eden": true, "fern": true, "gale": true, "hill": false} {
			got, err := f.Get(ctx, account, q3, Default, time.Time{})
			if !has {
				require.ErrorIs(t, err, resource.ErrNotFound, account)
				continue
			}
			require.NoError(t, err, account)
			require.Len(t, got.Figures, len(definitions))
			if account != "fern" {
				require.Empty(t, figures(&got.Statement), account)
			}
			require.Contains(t, got.Notes[0], "has not settled its currency")
		}
		list, next, err := f.ListQuarter(ctx, q3, 2, "")
		require.NoError(t, err)
		require.Equal(t, []string{"acme", "eden"}, []string{list[0].Account, list[1].Account})
		rest, end, err := f.ListQuarter(ctx, q3, 2, next)
		require.NoError(t, err)
		require.Equal(t, []string{"fern", "gale"}, []string{rest[0].Account, rest[1].Account})
		require.Empty(t, end)
		own, before, err := f.ListAccount(ctx, "gale", 2, 0)
		require.NoError(t, err)
		require.Equal(t, []Quarter{q3 + 1, q3}, []Quarter{own[0].Quarter, own[1].Quarter})
		own, before, err = f.ListAccount(ctx, "gale", 2, before)
		require.NoError(t, err)
		require.Zero(t, before)
		require.Equal(t, []Quarter{q3 - 1}, []Quarter{own[0].Quarter})
		_, err = f.Get(ctx, "acme", q3+2, Default, time.Time{})
		require.ErrorIs(t, err, resource.ErrNotFound, "a quarter to come")
		_, err = f.Get(ctx, "nobody", q3, Default, time.Time{})
		require.ErrorIs(t, err, resource.ErrNotFound)
		given := customer("iris", civil.Never)
		given.Account.State, given.Account.Closed = feeds.Closed, day("2026-11-20")
		f.take(t, given)
		_, err = f.Get(ctx, "iris", q3+1, Default, time.Time{})
		require.ErrorIs(t, err, resource.ErrNotFound, "nobody's customer ever")
	})
}

// What happened within hours of a quarter's edge is kept for both quarters, and gives an
// account a statement for the one that it belongs in only: for no quarter before it joined.
func TestR31NoStatementBeforeTheFirstDay(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		solved := func(account string) feeds.Change {
			return feeds.Change{Service: feeds.Entitlements, Case: &feeds.Case{Name: "accounts/" + account + "/cases/c1", Account: account, Resolved: true,
				Ended: time.Date(2026, time.October, 1, 9, 0, 0, 0, time.UTC)}}
		}
		f.take(t, settled("USD", "America/New_York"), customer("acme", day("2026-10-01")), customer("brook", civil.Never), solved("acme"), solved("brook"))
		for _, account := range []string{"acme", "brook"} {
			_, err := f.Get(ctx, account, q3, Default, time.Time{})
			require.ErrorIs(t, err, resource.ErrNotFound, account)
			own, _, err := f.ListAccount(ctx, account, 10, 0)
			require.NoError(t, err)
			require.Len(t, own, 1)
			require.EqualValues(t, 1, own[0].Figure("cases-solved").Count)
		}
		list, _, err := f.ListQuarter(ctx, q3, 10, "")
		require.NoError(t, err)
		require.Empty(t, list)
		done, err := f.Issue(ctx, anna, Wanted{Quarter: q3}, quietly)
		require.NoError(t, err)
		require.Equal(t, Progress{Done: 2, Total: 2, None: 2}, done)
	})
}

// What comes next is told of the current and the last quarter only, with when that was.
func TestR31WhatComesNext(t *testing.T) {
	f := onSQLite(t)
	f.world.next = []Prospect{{Name: "b", Day: july + 1}, {Name: "a", Day: july}}
	f.take(t, customer("acme", day("2020-01-01")))
	for q, told := range map[Quarter]bool{q3 + 1: true, q3: true, q3 - 1: false} {
		got, err := f.Get(t.Context(), "acme", q, Default, time.Time{})
		require.NoError(t, err)
		if !told {
			require.Empty(t, got.Next)
			require.Zero(t, got.NextAsOf)
			continue
		}
		require.Equal(t, []Prospect{{Name: "a", Day: july}, {Name: "b", Day: july + 1}}, got.Next)
		require.Equal(t, f.world.now, got.NextAsOf)
	}
}
