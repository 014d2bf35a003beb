package accounts

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
)

// clocked is a service without a relay whose clock, and its store's, a test sets.
func clocked(t *testing.T, backend docstore.Backend, clock *time.Time) (*Service, *docstore.Store) {
	t.Helper()
	read := func() time.Time { return *clock }
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{Now: read})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	s, err := New(t.Context(), store, Options{Now: read})
	require.NoError(t, err)
	return s, store
}

func TestRequestsAreForgottenAfterTheirTime(t *testing.T) {
	for name, open := range stores {
		t.Run(name, func(t *testing.T) {
			clock := now
			s, _ := clocked(t, open(t), &clock)
			ctx := t.Context()
			remembered := func() (n int) {
				for _, err := range s.requests.claims.All(ctx, docstore.Query{}) {
					require.NoError(t, err)
					n++
				}
				return n
			}
			sweep := func() {
				more, err := s.requests.sweep(ctx)
				require.NoError(t, err)
				require.False(t, more)
			}
			create := func(id, payload string) error {
				_, err := s.Accounts.Create(ctx, request("create "+id, payload), id, Account{}, false)
				return err
			}
			remove := func() error {
				return s.Accounts.DeleteContact(ctx, request("delete", ""), "a", "ann", "")
			}
			contact := func() {
				_, err := s.Accounts.CreateContact(ctx, someone, "a", "ann", Contact{DisplayName: "Ann"})
				require.NoError(t, err)
			}
			require.NoError(t, create("a", "x"))
			contact()
			require.NoError(t, remove())
			for i := range 140 { // enough for some to leave the document
				_, err := s.Accounts.Update(ctx, request(fmt.Sprint("update ", i), ""), "a", "", AccountPatch{DisplayName: ptr(fmt.Sprint(i))}, false)
				require.NoError(t, err)
			}
			clock = clock.Add(requestLife - time.Minute)
			require.NoError(t, create("b", "x"))
			sweep()
			require.Equal(t, 3, remembered(), "nothing is forgotten before its time")
			contact()
			clock = clock.Add(time.Second)
			require.NoError(t, remove(), "a retry deletes nothing")
			_, err := s.Accounts.GetContact(ctx, "a", "ann")
			require.NoError(t, err)
			wantReason(t, create("a", "y"), RequestReused, "")
			again, known, err := s.Accounts.accounts.replay(ctx, request("update 0", ""), "a")
			require.NoError(t, err)
			require.True(t, known)
			require.Equal(t, "139", again.State.DisplayName)

			clock = clock.Add(2 * time.Minute)
			sweep()
			require.Equal(t, 1, remembered(), "that of the second account")
			_, known, err = s.Accounts.accounts.replay(ctx, request("update 0", ""), "a")
			require.NoError(t, err)
			require.False(t, known)
			require.NoError(t, create("a", "x"), "what a request created knows it for ever")
			wantReason(t, create("a", "y"), RequestReused, "")
			require.NoError(t, remove(), "the request is a new one")
			_, err = s.Accounts.GetContact(ctx, "a", "ann")
			wantReason(t, err, NotFound, "")
		})
	}
}

func TestForgettingIsBoundedAndEndsWithItsContext(t *testing.T) {
	clock := now
	s, _ := clocked(t, stores["sqlite"](t), &clock)
	ctx, stop := context.WithCancel(t.Context())
	for i := range sweepSize + 1 {
		require.NoError(t, s.requests.claim(ctx, request(fmt.Sprint(i), "")))
	}
	clock = clock.Add(requestLife + time.Second)
	more, err := s.requests.sweep(ctx)
	require.NoError(t, err)
	require.True(t, more, "one is left for the next time")
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	require.Eventually(t, func() bool {
		page, err := s.requests.claims.Find(context.Background(), docstore.Query{Limit: 1})
		return err == nil && len(page.Docs) == 0
	}, time.Minute, 5*time.Millisecond)
	stop()
	require.ErrorIs(t, <-ended, context.Canceled)
}
