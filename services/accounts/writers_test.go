package accounts

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// writersAtOnce is how many write at the same time.
const writersAtOnce = 64

// atOnce runs a function for each writer, all of them at once, and returns what each
// returned.
func atOnce(write func(i int) error) []error {
	errs := make([]error, writersAtOnce)
	begin := make(chan struct{})
	var group sync.WaitGroup
	for i := range errs {
		group.Go(func() {
			<-begin
			errs[i] = write(i)
		})
	}
	close(begin)
	group.Wait()
	return errs
}

// requireOneWon wants one to have succeeded, and all others to be told that it had.
func requireOneWon(t *testing.T, errs []error) {
	t.Helper()
	won := 0
	for _, err := range errs {
		if err == nil {
			won++
			continue
		}
		wantReason(t, err, resource.ErrExists, "")
	}
	require.Equal(t, 1, won)
}

func TestSixtyFourWritersOfOneAccount(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		requireOneWon(t, atOnce(func(int) error { // one id, of one external id
			_, err := f.Accounts.Create(ctx, someone, "", Account{ExternalID: "ACME", Source: "crm"}, false)
			return err
		}))
		on, usd := *day(t, "2026-01-01"), Currency{"USD", 2}
		entry := func(external string) []NewEntry {
			return []NewEntry{{Account: "acme", Day: on, Amount: Money{100, usd}, Source: "till", ExternalID: external}}
		}
		requireOneWon(t, atOnce(func(int) error {
			_, err := f.Ledger.Record(ctx, someone, entry("order-1"))
			return err
		}))
		require.NoError(t, errors.Join(atOnce(func(i int) error {
			_, err := f.Ledger.Record(ctx, request(fmt.Sprint("record ", i), ""), entry(""))
			if err == nil { // the same again
				_, err = f.Ledger.Record(ctx, request(fmt.Sprint("record ", i), ""), entry(""))
			}
			return err
		})...))
		f.requireFollowed(t, map[string]int64{"acme": 100 + writersAtOnce*100})
	})
}

func TestSixtyFourWritersOfOneExternalID(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		requireOneWon(t, atOnce(func(i int) error {
			_, err := f.Accounts.Create(ctx, someone, fmt.Sprint("acme-", i), Account{ExternalID: "ACME", Source: "crm"}, false)
			return err
		}))
		found, err := f.Accounts.List(ctx, AccountQuery{ExternalID: ptr("ACME"), Size: 10})
		require.NoError(t, err)
		require.Len(t, found.Items, 1)
		id := found.Items[0].ID

		// Imports of the same rows, each under a name of its own, that also make an account.
		start := revenueStart("orders")
		start.Source, start.HasExternalIDs = "crm", true
		rows := []RevenueRow{{2, "ACME", "2026-01-01", "1.00", "", "order-1", ""}, {3, "New & Co", "2026-01-01", "2.00", "", "order-2", ""}}
		counts := make([]Counts, writersAtOnce)
		require.NoError(t, errors.Join(atOnce(func(i int) error {
			own := start
			own.Batch = fmt.Sprint("orders ", i)
			result, err := f.Imports.Revenue(ctx, someone, own, rowsOf(rows, 10), &reported{})
			counts[i] = result.Import.State.Counts
			return err
		})...))
		var total Counts
		for _, c := range counts {
			assert.Zero(t, c.Refused)
			total.Written += c.Written
			total.AlreadyThere += c.AlreadyThere
			total.AccountsCreated += c.AccountsCreated
		}
		require.EqualValues(t, 2, total.Written, "each entry once")
		require.EqualValues(t, 2*(writersAtOnce-1), total.AlreadyThere)
		require.EqualValues(t, 1, total.AccountsCreated)
		f.requireFollowed(t, map[string]int64{id: 100, "new-co": 200})
	})
}

func TestSixtyFourWritersOfManyAccounts(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		on, usd := *day(t, "2026-01-01"), Currency{"USD", 2}
		require.NoError(t, errors.Join(atOnce(func(i int) error {
			id := fmt.Sprint("a", i)
			_, created := f.Accounts.Create(ctx, request("create "+id, ""), id, Account{ExternalID: id, Source: "crm"}, false)
			_, again := f.Accounts.Create(ctx, request("create "+id, ""), id, Account{ExternalID: id, Source: "crm"}, false)
			_, updated := f.Accounts.Update(ctx, request("update "+id, ""), id, "", AccountPatch{DisplayName: &id}, false)
			_, recorded := f.Ledger.Record(ctx, request("record "+id, ""), []NewEntry{{Account: id, Day: on, Amount: Money{int64(i), usd}, Source: "till"}})
			_, closed := f.Accounts.Close(ctx, request("close "+id, ""), id, "", nil)
			return errors.Join(created, again, updated, recorded, closed)
		})...))
		want := map[string]int64{}
		for i := range writersAtOnce {
			id := fmt.Sprint("a", i)
			want[id] = int64(i)
			a, err := f.Accounts.Get(ctx, id)
			require.NoError(t, err)
			require.EqualValues(t, 3, a.Version, "each request counts once")
			require.Equal(t, id, a.State.DisplayName)
			require.Equal(t, Closed, a.State.State)
		}
		f.requireFollowed(t, want)
	})
}

// requireFollowed wants the ledger to have these sums of accounts, and whoever follows
// the feed to come to the same, and to have every account as it is.
func (f *fixture) requireFollowed(t *testing.T, want map[string]int64) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ledger := map[string]int64{}
	for p, n := range f.postings(t) {
		ledger[p.account] += p.minor * int64(n)
	}
	require.Equal(t, want, ledger)
	head, _, err := f.Feed.Head(ctx)
	require.NoError(t, err)
	followed, states := map[string]int64{}, map[string]Account{}
	atHead := errors.New("at the head")
	position := int64(0)
	err = f.Feed.Watch(ctx, "", nil, func(c Changes) error {
		for _, change := range c.Changes {
			require.Equal(t, position+1, change.Position, "the feed has no gap")
			position = change.Position
			if change.State.Account != nil {
				states[change.Source] = *change.State.Account
			}
			if r := change.State.Revenue; r != nil {
				for i := range r.Minor {
					followed[r.Accounts[r.Index[i]]] += r.Minor[i]
				}
			}
		}
		if position >= head {
			return atHead
		}
		return nil
	})
	require.ErrorIs(t, err, atHead)
	require.Equal(t, want, followed)
	kept := map[string]Account{}
	for d, err := range f.Accounts.accounts.All(ctx, docstore.Query{}) {
		require.NoError(t, err)
		kept["accounts/"+d.ID] = d.State
	}
	require.Equal(t, kept, states)
}
