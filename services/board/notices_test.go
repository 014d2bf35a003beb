package board

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/board/outbox"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// letters returns what was written about a rotation, of one kind, by account.
func (f *fixture) letters(t testing.TB, board, rotation, kind string) []outbox.Letter {
	t.Helper()
	all, err := f.Outbox.About(t.Context(), RotationName(board, rotation))
	require.NoError(t, err)
	var letters []outbox.Letter
	for _, l := range all {
		if l.Kind == kind {
			letters = append(letters, l)
		}
	}
	return letters
}

// frozen takes a rotation to its frozen pool.
func (f *fixture) frozen(t testing.TB, board, rotation string) {
	t.Helper()
	_, err := f.Rotations.Open(t.Context(), someone, board, rotation, "")
	require.NoError(t, err)
	_, err = f.Rotations.Freeze(t.Context(), someone, board, rotation, "", nil)
	require.NoError(t, err)
}

// R38: every account in the record is told its own pseudonym, with what is needed to check
// it, once.
func TestR38EachAccountIsToldItsPseudonym(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		board, ctx := f.ready(t), t.Context()
		f.frozen(t, board, firstRotation)
		require.Empty(t, f.letters(t, board, firstRotation, PoolNotice), "nothing is public yet")
		_, err := f.Candidates.Withdraw(ctx, someone, board, "c01", "", "No time.")
		require.NoError(t, err, "who was in the pool stays in its record")
		call := request("9c1ad9b8-68a6-4d9c-9f50-7a1c6fd2d7a4", "commit")
		committed, err := f.Rotations.Commit(ctx, call, board, firstRotation, "", f.byRound())
		require.NoError(t, err)
		told := f.letters(t, board, firstRotation, PoolNotice)
		require.Len(t, told, 20)
		entries, err := f.Rotations.Pseudonyms(ctx, board, firstRotation)
		require.NoError(t, err)
		for i, e := range entries {
			require.Equal(t, e.Account, told[i].Account)
			require.Equal(t, "ann", told[i].Contact)
			pseudonym, err := record.Pseudonym(e.Salt, e.Account)
			require.NoError(t, err)
			for _, known := range []string{pseudonym, e.Salt, committed.State.Draw.Hash, "round 4711 of drand", fmt.Sprintf("--id %s --salt %s\n", e.Account, e.Salt)} {
				require.Contains(t, told[i].Body, known)
			}
			require.NotContains(t, told[i].Body, "%!")
			require.NotContains(t, told[i].Subject, pseudonym)
			require.NotContains(t, told[i].Body, entries[(i+1)%len(entries)].Salt)
		}
		_, err = f.Rotations.Commit(ctx, call, board, firstRotation, "", f.byRound())
		require.NoError(t, err, "the request is repeated")
		require.NoError(t, f.Due(ctx))
		require.Equal(t, told, f.letters(t, board, firstRotation, PoolNotice))
	})
}

// Members who stay, and who are in the record too, are told by whoever comes for them.
func TestMembersWhoStayAreToldTheirPseudonym(t *testing.T) {
	f := onSQLite(t)
	board, ctx := f.ready(t), t.Context()
	f.draw(t, board, firstRotation, "abc")
	s, err := f.Rotations.Invite(ctx, someone, board, firstRotation, "")
	require.NoError(t, err)
	longest := s.State.Invitations[0].Account // of the first seat, whose term is the longest
	f.source.contacts[ContactName(longest, "bea")] = Contact{DisplayName: "Bea"}
	_, err = f.Rotations.Answer(ctx, someone, board, firstRotation, longest, true, "bea", "")
	require.NoError(t, err)
	f.acceptAll(ctx, t, board, firstRotation)
	_, err = f.Rotations.Close(ctx, someone, board, firstRotation, "")
	require.NoError(t, err)
	const next = "2027-03-09"
	f.frozen(t, board, next)
	_, err = f.Rotations.Commit(ctx, someone, board, next, "", f.byRound())
	require.NoError(t, err)
	contacts := map[string]string{}
	for _, l := range f.letters(t, board, next, PoolNotice) {
		contacts[l.Account] = l.Contact
	}
	members, err := f.Terms.Members(ctx, board, day(t, next))
	require.NoError(t, err)
	require.Len(t, members, 4)
	for _, m := range members {
		require.Equal(t, m.Contact, contacts[m.Account])
	}
	require.Equal(t, "bea", contacts[longest])
}

// torn is an outbox that fails after some of the messages were entered.
type torn struct {
	letters
	after int
}

var errTorn = errors.New("the connection broke")

func (l torn) Put(ctx context.Context, messages ...outbox.Message) error {
	return errors.Join(l.letters.Put(ctx, messages[:min(l.after, len(messages))]...), errTorn)
}

// What was left unwritten is written by whoever comes next: by the service itself, by the
// request repeated, or by the next step.
func TestNoticesThatWereNotWrittenAreWrittenNext(t *testing.T) {
	commit := request("9c1ad9b8-68a6-4d9c-9f50-7a1c6fd2d7a4", "commit")
	for name, next := range map[string]func(ctx context.Context, f *fixture) error{
		"what is due": func(ctx context.Context, f *fixture) error { return f.Due(ctx) },
		"the request": func(ctx context.Context, f *fixture) error {
			_, err := f.Rotations.Commit(ctx, commit, "a", firstRotation, "", f.byRound())
			return err
		},
		"the draw": func(ctx context.Context, f *fixture) error {
			f.clock.set("2026-03-06T16:30:00Z")
			_, err := f.Rotations.DrawPanel(ctx, someone, "a", firstRotation, "", "abc")
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := onSQLite(t)
			board := f.ready(t)
			f.frozen(t, board, firstRotation)
			whole := f.Rotations.letters
			f.Rotations.letters = torn{whole, 7}
			_, err := f.Rotations.Commit(t.Context(), commit, board, firstRotation, "", f.byRound())
			require.ErrorIs(t, err, errTorn)
			f.Rotations.letters = whole
			before := f.letters(t, board, firstRotation, PoolNotice)
			require.Len(t, before, 7)
			require.NoError(t, next(t.Context(), f))
			after := f.letters(t, board, firstRotation, PoolNotice)
			require.Len(t, after, 20)
			for _, l := range before {
				require.Contains(t, after, l)
			}
		})
	}
}
