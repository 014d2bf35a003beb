package board

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

func TestTheCopyOfAccountsFollows(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		acme := Account{DisplayName: "Acme", State: AccountActive, Joined: 100, Closed: civil.Never,
			Attributes: map[string]string{"sector": "Energy"}, Competitors: []string{"brook"}, Owner: "sam"}
		f.source.put(AccountChange{ID: "acme", Account: acme}, AccountChange{ID: "brook", Account: Account{State: AccountProspect, Joined: civil.Never, Closed: civil.Never}})
		f.follow(t)
		f.awaitCopy(t)
		got, err := f.Accounts.Get(t.Context(), "acme")
		require.NoError(t, err)
		require.Equal(t, acme, got)
		acme.State, acme.Closed = AccountClosed, 200
		f.source.put(AccountChange{ID: "acme", Account: acme})
		f.clock.set("2026-03-07T00:00:00Z") // what was known before does not count any more
		f.awaitCopy(t)
		all, err := f.Accounts.All(t.Context())
		require.NoError(t, err)
		require.Equal(t, acme, all["acme"])
		require.Len(t, all, 2)
		_, err = f.Accounts.Get(t.Context(), "nobody")
		require.ErrorContains(t, err, "accounts/nobody")
	})
}

// awaitCopy waits until the copy is as far as the accounts feed.
func (f *fixture) awaitCopy(t *testing.T) {
	t.Helper()
	require.Eventually(t, func() bool { return f.Accounts.Following(t.Context()) == nil }, 30*time.Second, time.Millisecond)
}

func TestTheCopyOfAccountsDoesNotGoBack(t *testing.T) {
	f := onSQLite(t)
	apply := func(position int64, name string) {
		a := customer(nil)
		a.DisplayName = name
		require.NoError(t, f.Accounts.apply(t.Context(), Batch{Accounts: []AccountChange{{ID: "acme", Account: a, Position: position}}, Position: position}))
	}
	for _, step := range []struct {
		position int64
		name     string
		want     string
	}{{3, "Acme", "Acme"}, {7, "Acme & Sons", "Acme & Sons"}, {3, "Acme", "Acme & Sons"}, {8, "Acme Group", "Acme Group"}} {
		apply(step.position, step.name)
		got, err := f.Accounts.Get(t.Context(), "acme")
		require.NoError(t, err)
		require.Equal(t, step.want, got.DisplayName)
	}
}
