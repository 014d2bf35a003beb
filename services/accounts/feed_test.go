package accounts

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource/feed"
)

func TestAFollowerThatIsTooOldIsSentAway(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for _, name := range []string{"One", "Two", "Three"} {
			_, err := f.Company.Update(ctx, someone, "", CompanyPatch{DisplayName: &name})
			require.NoError(t, err)
		}
		head, resume, err := f.Feed.Head(ctx)
		require.NoError(t, err)
		require.Positive(t, head)
		require.NoError(t, f.store.Feed().Trim(ctx, time.Now().Add(time.Hour)))
		never := func(Changes) error { return nil }
		wantReason(t, f.Feed.Watch(ctx, "", nil, func(c Changes) error { require.Empty(t, c.Changes); return nil }), ErrOutOfRange, "take the head with GetFeed")
		wantReason(t, f.Feed.Watch(ctx, feed.ResumeToken(head+1), nil, never), ErrOutOfRange, "")
		wantReason(t, f.Feed.Watch(ctx, "nonsense", nil, never), ErrInvalid, "resume_token")

		enough := errors.New("enough")
		err = f.Feed.Watch(ctx, resume, nil, func(c Changes) error {
			require.Empty(t, c.Changes)
			if c.CaughtUp {
				return enough
			}
			return nil
		})
		require.ErrorIs(t, err, enough)

		_, err = f.Feed.Locate(ctx, "schedule/1", 1)
		wantReason(t, err, ErrInvalid, "another service")
		_, err = f.Feed.Locate(ctx, "accounts/nobody", 1)
		wantReason(t, err, ErrNotYet, "not in the feed yet")
	})
}

// Who wants the states of some collections only gets the same changes, without the others'
// states.
func TestFollowersChooseWhoseStatesTheyAreTold(t *testing.T) {
	f := onSQLite(t)
	const chunks = 3 * mostChunks // more than one message tells
	for i := range chunks {
		f.importRevenue(t, revenueStart(fmt.Sprint("b", i)), []RevenueRow{{Line: 2, Account: "acme", Date: "2026-01-10", Amount: "10"}}, 1)
		if i%50 == 0 {
			_, err := f.Accounts.Create(t.Context(), someone, fmt.Sprint("other-", i), Account{}, false)
			require.NoError(t, err)
		}
	}
	head, _, err := f.Feed.Head(t.Context())
	require.NoError(t, err)
	follow := func(statesOf ...string) []Change {
		var all []Change
		atHead := errors.New("at the head")
		err := f.Feed.Watch(t.Context(), "", statesOf, func(c Changes) error {
			all = append(all, c.Changes...)
			if len(all) > 0 && all[len(all)-1].Position == head {
				return atHead
			}
			return nil
		})
		require.ErrorIs(t, err, atHead)
		return all
	}
	all := follow()
	for _, statesOf := range [][]string{{"accounts"}, {"revenue"}, {"contacts"}, {"accounts", "revenue"}} {
		want, told := slices.Clone(all), 0
		for i := range want {
			if collection, _, _ := strings.Cut(want[i].Source, "/"); slices.Contains(statesOf, collection) {
				told++
				continue
			}
			want[i].State = Told{}
		}
		require.Equal(t, want, follow(statesOf...), "%s", statesOf)
		require.Equal(t, !slices.Contains(statesOf, "contacts"), told > 0)
	}
	never := func(Changes) error { return nil }
	wantReason(t, f.Feed.Watch(t.Context(), "", []string{"accounts", "boards"}, never), ErrInvalid, `states_of[1]: is "boards"`)
}

func TestFollowersLearnNoSecretsAndNoReach(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	hash := []byte("the hash of a token of this test")
	require.NoError(t, f.Access.SetLocalToken(ctx, hash))
	_, err := f.Accounts.Create(ctx, someone, "acme", Account{}, false)
	require.NoError(t, err)
	_, err = f.Accounts.UpdateReach(ctx, someone, "acme", "", ReachPatch{Followers: ptr(int64(4711)), Source: ptr("survey")})
	require.NoError(t, err)
	_, err = f.Accounts.CreateContact(ctx, someone, "acme", "jane", Contact{DisplayName: "Jane Doe", Email: "jane@example.com", Phone: "+44 20 7946 0000"})
	require.NoError(t, err)
	_, err = f.Accounts.UpdateContact(ctx, someone, "acme", "jane", "", ContactPatch{Phone: ptr("+44 20 7946 0001")})
	require.NoError(t, err)
	require.NoError(t, f.Accounts.DeleteContact(ctx, someone, "acme", "jane", ""))
	require.NoError(t, f.store.Flush(ctx))
	events, err := f.store.Feed().Read(ctx, 0, 100)
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, e := range events {
		seen[e.Type] = true
		require.NotContains(t, string(e.Data), string(hash))
		if kind, _, _ := strings.Cut(e.Type, "."); kind == "reach" || kind == "contact" {
			require.Empty(t, e.Data, "%s: what is deleted must not stay in the feed", e.Type)
		}
	}
	for _, kind := range []string{"token.created", "reach.updated", "account.created", "contact.created", "contact.updated", "contact.deleted"} {
		require.True(t, seen[kind], kind)
	}
}
