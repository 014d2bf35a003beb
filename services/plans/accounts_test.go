package plans

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

func TestTheCopyOfAccountsKeepsTheLast(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		change := func(position int64, name string) feeds.Change {
			return feeds.Change{Position: position, Account: &feeds.Account{ID: "cord", DisplayName: name, State: feeds.Active,
				Joined: day(t, "2020-01-31"), Closed: civil.Never, Owner: "anna", Team: []string{"ben"}, Attributes: map[string]string{"sector": "Rope"}}}
		}
		_, err := f.Accounts.Get(ctx, "cord")
		require.ErrorIs(t, err, resource.ErrNotFound)
		for _, changes := range [][]feeds.Change{
			{change(5, "first"), change(7, "last")},
			{change(7, "last")}, {change(5, "first"), change(6, "between")}, {{Position: 8}},
		} {
			require.NoError(t, f.Accounts.Take(ctx, changes))
			got, err := f.Accounts.Get(ctx, "cord")
			require.NoError(t, err)
			require.Equal(t, *change(7, "last").Account, got, "what comes late or again changes nothing")
		}
		many, err := f.Accounts.GetMany(ctx, []string{"acme", "cord", "none"})
		require.NoError(t, err)
		require.Len(t, many, 2)
		require.Equal(t, "cord", many["cord"].ID)
		var behind []string
		for a, err := range f.Accounts.All(ctx, "acme") {
			require.NoError(t, err)
			behind = append(behind, a.ID)
		}
		require.Equal(t, []string{"brick", "cord", "old"}, behind)
	})
}

// However changes come again and late, the copy is as of the last position.
func TestTheCopyOfAccountsInAnyOrder(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	round := 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		last := int64(0)
		base := int64(round) * 1000
		for range rapid.IntRange(1, 8).Draw(r, "count") {
			position := base + rapid.Int64Range(1, 20).Draw(r, "position")
			last = max(last, position)
			require.NoError(r, f.Accounts.Take(t.Context(), []feeds.Change{{Position: position,
				Account: &feeds.Account{ID: "cord", State: feeds.Active, Joined: civil.Day(position)}}}))
		}
		got, err := f.Accounts.Get(t.Context(), "cord")
		require.NoError(r, err)
		require.Equal(r, civil.Day(last), got.Joined)
	})
}

func TestTheCompanyOfTheCopy(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		require.NoError(t, f.Accounts.Take(ctx, []feeds.Change{{Position: 9, Company: &feeds.Company{Currency: "EUR", Zone: "Europe/Paris"}}}))
		require.NoError(t, f.Accounts.Take(ctx, []feeds.Change{{Position: 1, Company: &feeds.Company{Zone: "America/New_York"}}}))
		company, err := f.Accounts.Company(ctx)
		require.NoError(t, err)
		require.Equal(t, feeds.Company{Currency: "EUR", Zone: "Europe/Paris"}, company)
		zone, err := f.Accounts.Zone(ctx)
		require.NoError(t, err)
		require.Equal(t, "Europe/Paris", zone.String())
	})
}
