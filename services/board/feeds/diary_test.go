package feeds

import (
	"crypto/rand"
	"strconv"
	"testing"

	ics "github.com/arran4/golang-ical"
	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/board/diary"
)

// An invitation and the feeds tell one event: under the same UID, with the same sequence,
// whichever of them tells a change first.
func TestInvitationsAndFeedsTellTheSame(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.world.meet("east", "2", 20, "accounts/acme")
		e := f.world.meet("east", "1", 10, "accounts/acme", "accounts/brook")
		_, secret := f.create(t, "accounts/acme")
		kept, err := diary.Open(t.Context(), f.store, rand.Reader, f.world.now)
		require.NoError(t, err)
		agree := func(want int) {
			t.Helper()
			told, err := kept.Tell(t.Context(), "east", *e)
			require.NoError(t, err)
			require.Equal(t, want, told[0].Sequence)
			feed, err := f.Read(t.Context(), hashOf(secret))
			require.NoError(t, err)
			require.Contains(t, string(feed.Text), "UID:"+told[0].UID+"\r\n")
			sequences := f.properties(t, secret, ics.ComponentPropertySequence)
			require.Equal(t, map[string]string{"boards/east/meetings/1": strconv.Itoa(want), "boards/east/meetings/2": "0"}, sequences)
		}
		agree(0)
		e.Summary = "Another"
		agree(1)
		e.Summary = "A third"
		f.summaries(t, secret)
		agree(2)
		e.Accounts = []string{"accounts/acme"}
		told, err := kept.Tell(t.Context(), "east", *e)
		require.NoError(t, err)
		require.Len(t, told, 2)
		require.Equal(t, []bool{false, true}, []bool{told[0].Left, told[1].Left}, "brook is told that it is cancelled")
		require.Equal(t, told[0].UID, told[1].UID)
		agree(3)
	})
}
