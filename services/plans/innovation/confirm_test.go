package innovation

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestR8OnlyACompletionThatTheCustomerConfirmedCounts(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.agreed(t, "early", recycling())
		_, err := f.Confirm(ctx, someone, ben, "early", "", confirmation())
		requireReason(t, err, reasonState)
		f.completed(t, "caps", recycling())
		count := func() int {
			t.Helper()
			n, list, err := f.Completed(ctx, "acme")
			require.NoError(t, err)
			require.Len(t, list, n)
			return n
		}
		require.Zero(t, count())
		for text, c := range map[string]Confirmation{
			"confirmation.account":           {Account: "other", Contact: "accounts/other/contacts/jane", Evidence: "e"},
			"confirmation.contact":           {Account: "acme", Evidence: "e"},
			"is no contact of accounts/acme": {Account: "acme", Contact: "accounts/other/contacts/jane", Evidence: "e"},
			"confirmation.evidence":          {Account: "acme", Contact: "accounts/acme/contacts/jane"},
			"on which it was completed":      {Account: "acme", Contact: "accounts/acme/contacts/jane", Evidence: "e", Day: day(t, "2026-11-21")},
			"has not come yet":               {Account: "acme", Contact: "accounts/acme/contacts/jane", Evidence: "e", Day: day(t, "2026-11-23")},
		} {
			_, err := f.Confirm(ctx, someone, ben, "caps", "", c)
			require.ErrorContains(t, err, text)
		}
		confirmed, err := f.Confirm(ctx, request("c"), ben, "caps", "", confirmation())
		require.NoError(t, err)
		require.Equal(t, Confirmed, confirmed.State.State)
		require.False(t, confirmed.State.Confirmations[0].SingleOperator)
		_, err = f.Confirm(ctx, request("c"), ben, "caps", "", confirmation())
		require.NoError(t, err)
		require.Equal(t, 1, count())
		_, list, err := f.Completed(ctx, "acme")
		require.NoError(t, err)
		require.Equal(t, Completion{"caps", "Recycled caps", day(t, "2026-11-22"), confirmed.State.Confirmations[0].At}, list[0])

		_, err = f.Withdraw(ctx, someone, "caps", "", "acme", "")
		require.ErrorContains(t, err, "reason")
		back, err := f.Withdraw(ctx, someone, "caps", "", "acme", "She meant another project.")
		require.NoError(t, err)
		require.Equal(t, Completed, back.State.State)
		require.Equal(t, "She meant another project.", back.State.Confirmations[0].Withdrawal.Reason)
		require.Zero(t, count())
		_, err = f.Withdraw(ctx, someone, "caps", "", "acme", "Twice.")
		requireReason(t, err, reasonState)
		again, err := f.Confirm(ctx, someone, ben, "caps", "", confirmation())
		require.NoError(t, err)
		require.Len(t, again.State.Confirmations, 2, "the one that was wrong stays")
		require.Equal(t, 1, count())
	})
}

func TestNobodyConfirmsTheirOwnProject(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.completed(t, "caps", recycling())
		_, err := f.Confirm(ctx, someone, anna, "caps", "", confirmation())
		requireReason(t, err, reasonSecondPerson)
		_, err = f.Confirm(ctx, someone, Caller{"principals/ben", false}, "caps", "", confirmation())
		told := requireReason(t, err, reasonSecondPerson)
		require.Contains(t, told.Message, "is a machine")

		d := recycling()
		f.agreed(t, "handed", d)
		handed, err := f.Update(ctx, someone, "handed", "", func(d *Definition) error { d.Lead = "ben"; return nil })
		require.NoError(t, err)
		require.Equal(t, []string{"anna", "ben"}, handed.State.Leads)
		require.True(t, handed.State.ledBy("principals/anna"), "who led it does not confirm it either")

		f.opts.Directory = directory{alone: true}
		alone, err := f.Confirm(ctx, someone, anna, "caps", "", confirmation())
		require.NoError(t, err, "nobody else could")
		require.True(t, alone.State.Confirmations[0].SingleOperator)
	})
}

func TestEachAccountOfASharedProjectConfirmsForItself(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		d := recycling()
		d.Accounts = []string{"acme", "zinc"}
		d.Agreement.Gains = append(d.Agreement.Gains, Gain{Account: "zinc", Measure: "returns", Unit: "a month", Target: "3", By: 21_000})
		d.Agreement.Contributions = append(d.Agreement.Contributions, Contribution{"zinc", "Data."})
		f.completed(t, "caps", d)
		one, err := f.Confirm(ctx, someone, ben, "caps", "", confirmation())
		require.NoError(t, err)
		require.Equal(t, Completed, one.State.State)
		n, _, err := f.Completed(ctx, "acme")
		require.NoError(t, err)
		require.Equal(t, 1, n)
		n, _, err = f.Completed(ctx, "zinc")
		require.NoError(t, err)
		require.Zero(t, n)
		_, err = f.Gained(ctx, someone, "caps", "", Result{Gain: 1, Actual: "99", Evidence: "Sheet 9"})
		requireReason(t, err, reasonState)

		var wg sync.WaitGroup // whoever comes second is told so
		var mu sync.Mutex
		failed := 0
		for range 4 {
			wg.Go(func() {
				_, err := f.Confirm(ctx, someone, ben, "caps", "", Confirmation{Account: "zinc", Contact: "accounts/zinc/contacts/joe", Evidence: "Minutes"})
				if err != nil {
					mu.Lock()
					failed++
					mu.Unlock()
				}
			})
		}
		wg.Wait()
		require.Equal(t, 3, failed)
		both, err := f.Get(ctx, "caps")
		require.NoError(t, err)
		require.Equal(t, Confirmed, both.State.State)
		require.Len(t, both.State.Confirmations, 2)
	})
}
