package board

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// customer is an active account.
func customer(attributes map[string]string) Account {
	return Account{State: AccountActive, Joined: civil.Never, Closed: civil.Never, Attributes: attributes}
}

// keep puts accounts into the copy, each with a contact called ann.
func (f *fixture) keep(t testing.TB, accounts map[string]Account) {
	t.Helper()
	for id, a := range accounts {
		require.NoError(t, f.Accounts.apply(t.Context(), Batch{Accounts: []AccountChange{{ID: id, Account: a}}, Position: 1}))
		f.source.contacts[ContactName(id, "ann")] = Contact{DisplayName: "Ann of " + id, Email: "ann@" + id + ".example"}
	}
}

func TestCandidatesAreNominatedAndConsent(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		_, err := f.Boards.Create(t.Context(), someone, "a", advisory)
		require.NoError(t, err)
		gone := customer(nil)
		gone.State = AccountClosed
		f.keep(t, map[string]Account{"acme": customer(nil), "brook": customer(nil), "gone": gone})

		c, err := f.Candidates.Nominate(t.Context(), request("1", "x"), "a", "acme", "sam", nil)
		require.NoError(t, err)
		require.Equal(t, Nominated, c.State.State)
		require.Equal(t, "sam", c.State.Nominator)
		again, err := f.Candidates.Nominate(t.Context(), request("1", "x"), "a", "acme", "sam", nil)
		require.NoError(t, err)
		require.Equal(t, c.Version, again.Version, "a retry nominates nobody")
		_, err = f.Candidates.Nominate(t.Context(), someone, "a", "acme", "sam", nil)
		require.ErrorIs(t, err, resource.ErrExists)

		consent := NewConsent{Contact: "ann", Until: day(t, "2030-12-31")}
		c, err = f.Candidates.RecordConsent(t.Context(), someone, "a", "acme", c.Etag(), "kim", consent)
		require.NoError(t, err)
		require.Equal(t, Consented, c.State.State)
		require.Equal(t, &Consent{Contact: "ann", Given: f.clock.now(), Until: day(t, "2030-12-31"), Recorder: "kim"}, c.State.Consent)
		_, err = f.Candidates.RecordConsent(t.Context(), someone, "a", "acme", "", "kim", NewConsent{Contact: "nobody"})
		require.ErrorContains(t, err, "accounts/acme/contacts/nobody")

		_, err = f.Candidates.Withdraw(t.Context(), someone, "a", "acme", "", "No time.")
		require.NoError(t, err)
		_, err = f.Candidates.Withdraw(t.Context(), someone, "a", "acme", "", "No time.")
		require.ErrorIs(t, err, ErrNotEligible)
		_, err = f.Candidates.RecordConsent(t.Context(), someone, "a", "acme", "", "kim", consent)
		require.ErrorIs(t, err, ErrNotEligible)
		c, err = f.Candidates.Nominate(t.Context(), someone, "a", "acme", "kim", &consent)
		require.NoError(t, err)
		require.Equal(t, Consented, c.State.State)
		require.Empty(t, c.State.WithdrawReason)
		require.Equal(t, "kim", c.State.Nominator)

		also, err := f.Candidates.NominateAlso(t.Context(), someone, "a", "acme", "sam", nil)
		require.NoError(t, err)
		require.Equal(t, c.Version, also.Version, "it is a candidate already")
		for account, want := range map[string]error{
			"gone": ErrNotEligible, "nobody": fault.Missing("", ""),
		} {
			_, err = f.Candidates.Nominate(t.Context(), someone, "a", account, "sam", nil)
			require.ErrorIs(t, err, want, account)
		}
		_, err = f.Candidates.Nominate(t.Context(), someone, "elsewhere", "brook", "sam", nil)
		require.ErrorIs(t, err, resource.ErrNotFound)

		_, err = f.Candidates.Nominate(t.Context(), someone, "a", "brook", "sam", nil)
		require.NoError(t, err)
		all, err := f.Candidates.all(t.Context(), "a")
		require.NoError(t, err)
		require.Len(t, all, 2)
		first, err := f.Candidates.List(t.Context(), "a", 1, nil, nil)
		require.NoError(t, err)
		second, err := f.Candidates.List(t.Context(), "a", 1, first.Next, nil)
		require.NoError(t, err)
		require.Equal(t, "a/candidates/brook", second.Items[0].ID)
	})
}

func TestAListPutsNobodyBack(t *testing.T) {
	f := onSQLite(t)
	_, err := f.Boards.Create(t.Context(), someone, "a", advisory)
	require.NoError(t, err)
	f.keep(t, map[string]Account{"acme": customer(nil)})
	f.source.contacts[ContactName("acme", "bob")] = Contact{DisplayName: "Bob"}
	consent := NewConsent{Contact: "ann", Until: day(t, "2030-12-31")}
	first, err := f.Candidates.Nominate(t.Context(), someone, "a", "acme", "sam", &consent)
	require.NoError(t, err)

	f.clock.set("2026-04-01T00:00:00Z")
	again, err := f.Candidates.NominateAlso(t.Context(), someone, "a", "acme", "kim", &consent)
	require.NoError(t, err)
	require.Equal(t, first.State.Consent, again.State.Consent, "who recorded it and when it was given stay")
	other := consent
	other.Contact = "bob"
	changed, err := f.Candidates.NominateAlso(t.Context(), someone, "a", "acme", "kim", &other)
	require.NoError(t, err)
	require.Equal(t, &Consent{Contact: "bob", Given: f.clock.now(), Until: other.Until, Recorder: "kim"}, changed.State.Consent)

	_, err = f.Candidates.Withdraw(t.Context(), someone, "a", "acme", "", "No time.")
	require.NoError(t, err)
	_, err = f.Candidates.NominateAlso(t.Context(), someone, "a", "acme", "kim", &consent)
	require.ErrorIs(t, err, ErrNotEligible)
	require.ErrorContains(t, err, "boards/a/candidates/acme withdrew")
	kept, err := f.Candidates.Get(t.Context(), "a", "acme")
	require.NoError(t, err)
	require.Equal(t, Withdrawn, kept.State.State)
}
