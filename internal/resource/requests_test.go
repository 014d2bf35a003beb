package resource

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
)

func TestRequestsAreForgottenAfterTheirTime(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		remembered := func() (n int) {
			for _, err := range f.requests.claims.All(ctx, docstore.Query{}) {
				require.NoError(t, err)
				n++
			}
			return n
		}
		sweep := func() {
			more, err := f.requests.sweep(ctx)
			require.NoError(t, err)
			require.False(t, more)
		}
		create := func(id, payload string) error {
			_, err := f.notes.Create(ctx, request("create "+id, payload), id, note{}, "note.created")
			return err
		}
		remove := func() error {
			return f.notes.Delete(ctx, request("delete", ""), "ann", nil, "note.deleted")
		}
		ann := func() {
			_, err := f.notes.Create(ctx, someone, "ann", note{}, "note.created")
			require.NoError(t, err)
		}
		require.NoError(t, create("a", "x"))
		ann()
		require.NoError(t, remove())
		for i := range 140 { // enough for some to leave the document
			_, err := f.notes.Update(ctx, request(fmt.Sprint("update ", i), ""), "a", nil, "note.updated", retext(fmt.Sprint(i)))
			require.NoError(t, err)
		}
		f.clock = f.clock.Add(requestLife - time.Minute)
		require.NoError(t, create("b", "x"))
		sweep()
		require.Equal(t, 3, remembered(), "nothing is forgotten before its time")
		ann()
		f.clock = f.clock.Add(time.Second)
		require.NoError(t, remove(), "a retry deletes nothing")
		_, err := f.notes.Get(ctx, "ann")
		require.NoError(t, err)
		require.ErrorIs(t, create("a", "y"), ErrRequestIDReused)
		again, known, err := f.notes.Replay(ctx, request("update 0", ""), "a")
		require.NoError(t, err)
		require.True(t, known)
		require.Equal(t, "139", again.State.Text)

		f.clock = f.clock.Add(2 * time.Minute)
		sweep()
		require.Equal(t, 1, remembered(), "that of the second note")
		_, known, err = f.notes.Replay(ctx, request("update 0", ""), "a")
		require.NoError(t, err)
		require.False(t, known)
		require.NoError(t, create("a", "x"), "what a request created knows it for ever")
		require.ErrorIs(t, create("a", "y"), ErrRequestIDReused)
		require.NoError(t, remove(), "the request is a new one")
		_, err = f.notes.Get(ctx, "ann")
		require.ErrorIs(t, err, ErrNotFound)
	})
}

func TestForgettingIsBoundedAndEndsWithItsContext(t *testing.T) {
	f := onSQLite(t)
	ctx, stop := context.WithCancel(t.Context())
	for i := range sweepSize + 1 {
		require.NoError(t, f.requests.claim(ctx, request(fmt.Sprint(i), "")))
	}
	f.clock = f.clock.Add(requestLife + time.Second)
	more, err := f.requests.sweep(ctx)
	require.NoError(t, err)
	require.True(t, more, "one is left for the next time")
	ended := make(chan error, 1)
	go func() { ended <- f.requests.Run(ctx) }()
	require.Eventually(t, func() bool {
		page, err := f.requests.claims.Find(context.Background(), docstore.Query{Limit: 1})
		return err == nil && len(page.Docs) == 0
	}, time.Minute, 5*time.Millisecond)
	stop()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestACallMakesTheSameIDAgain(t *testing.T) {
	first, err := request("r1", "x").NewID(nil)
	require.NoError(t, err)
	again, err := request("r1", "y").NewID(nil)
	require.NoError(t, err)
	require.Equal(t, first, again)
	require.Len(t, first, 26)
	one, err := someone.NewID(nil)
	require.NoError(t, err)
	other, err := someone.NewID(nil)
	require.NoError(t, err)
	require.NotEqual(t, one, other)
	require.Len(t, one, 16)
}
