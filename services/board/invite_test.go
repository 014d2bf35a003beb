package board

import (
	"context"
	mathrand "math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/services/board/charter"
	"github.com/evenhand/evenhand/services/board/outbox"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// invited takes the first rotation of a board of six to its invitations. With other salts
// another panel is drawn, after which the alternates may not do.
func invited(t *testing.T) (*fixture, string, Rotation) {
	t.Helper()
	f := startWith(t, teststore.SQLite(t), mathrand.NewChaCha8([32]byte{1}))
	board := f.ready(t)
	f.draw(t, board, firstRotation, "abc")
	s, err := f.Rotations.Invite(t.Context(), someone, board, firstRotation, "")
	require.NoError(t, err)
	return f, board, s.State
}

const firstRotation = "2026-03-10"

// alternatesOf returns the alternates of a drawn rotation, in their order.
func (f *fixture) alternatesOf(t *testing.T, board, rotation string) []string {
	t.Helper()
	_, text, err := f.Rotations.Record(t.Context(), board, rotation)
	require.NoError(t, err)
	drawn, err := record.Parse(text)
	require.NoError(t, err)
	entries, err := f.Rotations.Pseudonyms(t.Context(), board, rotation)
	require.NoError(t, err)
	pseudonyms, err := record.PseudonymsOf(entries)
	require.NoError(t, err)
	var accounts []string
	for _, pseudonym := range drawn.Outcome.Alternates {
		accounts = append(accounts, pseudonyms.Accounts()[pseudonym])
	}
	return accounts
}

func TestAnAcceptanceCallsForSeatsThatLapsed(t *testing.T) {
	f, board, s := invited(t)
	for _, in := range s.Invitations[:4] {
		_, err := f.Rotations.Answer(t.Context(), someone, board, firstRotation, in.Account, true, "", "")
		require.NoError(t, err)
	}
	f.clock.set("2026-03-15T12:00:00Z")
	called, err := f.Rotations.Answer(t.Context(), someone, board, firstRotation, s.Invitations[4].Account, false, "", "")
	require.NoError(t, err)
	require.Len(t, called.State.Invitations, 7)
	f.clock.set("2026-03-21T12:00:00Z") // the first invitations have lapsed, the alternate's has not
	answered, err := f.Rotations.Answer(t.Context(), someone, board, firstRotation, called.State.Invitations[6].Account, true, "", "")
	require.NoError(t, err)
	require.Equal(t, Lapsed, answered.State.Invitations[5].State)
	require.Len(t, answered.State.Invitations, 8, "the next one is called to the seat that lapsed")
	require.Equal(t, s.Invitations[5].Seat, answered.State.Invitations[7].Seat)
}

func TestAlternatesWhoCannotBeSeatedAreNotCalled(t *testing.T) {
	f, board, s := invited(t)
	line := f.alternatesOf(t, board, firstRotation)
	_, err := f.Candidates.Withdraw(t.Context(), someone, board, line[0], "", "No time.")
	require.NoError(t, err)
	gone, err := f.Accounts.Get(t.Context(), line[1])
	require.NoError(t, err)
	gone.State, gone.Closed = AccountClosed, day(t, "2026-03-07")
	require.NoError(t, f.Accounts.apply(t.Context(), Batch{Accounts: []AccountChange{{ID: line[1], Account: gone}}, Position: 2}))
	after, err := f.Rotations.Answer(t.Context(), someone, board, firstRotation, s.Invitations[0].Account, false, "", "")
	require.NoError(t, err)
	require.Len(t, after.State.Invitations, 7)
	require.Equal(t, charter.Alternate, after.State.Invitations[6].Kind)
	require.NotContains(t, line[:2], after.State.Invitations[6].Account)
}

// Whoever withdrew after the invitation can decline it, or be nominated anew and accept.
func TestR12WhoWithdrewIsNotSeated(t *testing.T) {
	f, board, s := invited(t)
	ctx, account := t.Context(), s.Invitations[0].Account
	was, err := f.Candidates.Get(ctx, board, account)
	require.NoError(t, err)
	_, err = f.Candidates.Withdraw(ctx, someone, board, account, "", "No time.")
	require.NoError(t, err)
	_, err = f.Rotations.Answer(ctx, someone, board, firstRotation, account, true, "", "")
	require.ErrorIs(t, err, ErrInvitationState)
	require.ErrorContains(t, err, "nominate it anew")
	still, err := f.Rotations.Get(ctx, board, firstRotation)
	require.NoError(t, err)
	require.Equal(t, Invited, still.State.Invitations[0].State, "what is refused changes nothing")
	_, err = f.Candidates.Nominate(ctx, someone, board, account, "kim", &NewConsent{Contact: was.State.Consent.Contact, Until: was.State.Consent.Until})
	require.NoError(t, err)
	after, err := f.Rotations.Answer(ctx, someone, board, firstRotation, account, true, "", "")
	require.NoError(t, err)
	require.Equal(t, Accepted, after.State.Invitations[0].State)
}

// Whoever was drawn and withdrew before the invitations is not asked, and has no seat: the
// next alternate is.
func TestR12WhoWasDrawnAndCannotBeSeatedIsNotInvited(t *testing.T) {
	f := startWith(t, teststore.SQLite(t), mathrand.NewChaCha8([32]byte{1}))
	board, ctx := f.ready(t), t.Context()
	drawn := f.draw(t, board, firstRotation, "abc")
	gone := drawn.Seats[0].Account
	_, err := f.Candidates.Withdraw(ctx, someone, board, gone, "", "No time.")
	require.NoError(t, err)
	s, err := f.Rotations.Invite(ctx, someone, board, firstRotation, "")
	require.NoError(t, err)
	require.Len(t, s.State.Invitations, 7)
	not, alternate := s.State.Invitations[0], s.State.Invitations[6]
	require.Equal(t, gone, not.Account)
	require.Equal(t, Declined, not.State)
	require.Contains(t, not.Note, "Was not asked")
	require.Equal(t, charter.Alternate, alternate.Kind)
	require.Equal(t, not.Seat, alternate.Seat)
	_, err = f.Rotations.Answer(ctx, someone, board, firstRotation, gone, true, "", "")
	require.ErrorIs(t, err, ErrInvitationState)
	f.acceptAll(ctx, t, board, firstRotation)
	letters := f.letters(t, board, firstRotation, "invitation")
	require.Len(t, letters, 6)
	require.False(t, slices.ContainsFunc(letters, func(l outbox.Letter) bool { return l.Account == gone }))
	closed, err := f.Rotations.Close(ctx, someone, board, firstRotation, "")
	require.NoError(t, err)
	require.Zero(t, closed.State.Shortfall)
	members, err := f.Terms.Members(ctx, board, day(t, firstRotation))
	require.NoError(t, err)
	require.Len(t, members, 6)
	require.False(t, slices.ContainsFunc(members, func(m Term) bool { return m.Account == gone }))
}

// Who accepts while a rotation is being closed has a seat, or the close is told.
func TestACloseLosesNoAcceptance(t *testing.T) {
	f, board, s := invited(t)
	for _, in := range s.Invitations[1:] {
		_, err := f.Rotations.Answer(t.Context(), someone, board, firstRotation, in.Account, true, "", "")
		require.NoError(t, err)
	}
	settled := f.Rotations.letters
	f.Rotations.letters = meanwhile{settled, func() {
		f.Rotations.letters = settled
		_, err := f.Rotations.table.Update(t.Context(), someone, rotationID(board, firstRotation), nil, "rotation.answered", func(s *Rotation) error {
			s.Invitations = slices.Clone(s.Invitations)
			s.Invitations[0].State = Accepted
			return nil
		})
		require.NoError(t, err)
	}}
	_, err := f.Rotations.Close(t.Context(), someone, board, firstRotation, "")
	require.True(t, isStale(err), "%v", err)
	_, err = f.Rotations.Close(t.Context(), someone, board, firstRotation, "")
	require.NoError(t, err)
	members, err := f.Terms.Members(t.Context(), board, day(t, firstRotation))
	require.NoError(t, err)
	require.Len(t, members, 6)
}

// meanwhile does something else before the first letter.
type meanwhile struct {
	letters
	first func()
}

func (m meanwhile) Put(ctx context.Context, messages ...outbox.Message) error {
	m.first()
	return m.letters.Put(ctx, messages...)
}

func TestASecretOfSeveralLinesIsNotTaken(t *testing.T) {
	f := onSQLite(t)
	board := f.ready(t)
	ctx := t.Context()
	_, err := f.Rotations.Open(ctx, someone, board, firstRotation, "")
	require.NoError(t, err)
	_, err = f.Rotations.Freeze(ctx, someone, board, firstRotation, "", nil)
	require.NoError(t, err)
	_, err = f.Rotations.Commit(ctx, someone, board, firstRotation, "", Commitment{Panels: 100, Plan: record.SeedPlan{
		Round: record.Round{Source: "drand", Number: "4711", Known: f.clock.now().Add(70 * time.Minute)}, Deadline: f.clock.now().Add(time.Hour), People: []record.Person{
			{Name: "principals/ines", Commitment: record.Commitment("a secret\n")}, {Name: "principals/kim", Commitment: record.Commitment("kim's")}}}})
	require.NoError(t, err)
	_, err = f.Rotations.Reveal(ctx, someone, board, firstRotation, "principals/ines", "a secret\n")
	require.ErrorIs(t, err, ErrSeed)
	require.ErrorContains(t, err, "not one line")
	_, err = f.Rotations.Reveal(ctx, someone, board, firstRotation, "principals/kim", "kim's")
	require.NoError(t, err)
	f.clock.set("2026-03-06T18:00:00Z")
	s, err := f.Rotations.DrawPanel(ctx, someone, board, firstRotation, "", "abc")
	require.NoError(t, err, "the round takes its place")
	require.Equal(t, Drawn, s.State.State)
}
