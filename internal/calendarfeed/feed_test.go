package calendarfeed

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

var anna = resource.Call{Principal: "principals/anna", Method: "test"}

func (f *fixture) create(t testing.TB, subject string) (Listed, string) {
	t.Helper()
	secret := rand.Text()
	feed, err := f.Create(t.Context(), anna, "a phone", subject, hashOf(secret))
	require.NoError(t, err)
	return feed, secret
}

func hashOf(secret string) Hash { return sha256.Sum256([]byte(secret)) }

// titled makes a calendar whose title is its subject; there is none of nobody's.
func titled(_ context.Context, subject string) (calendar.Document, error) {
	if subject == "principals/nobody" {
		return calendar.Document{}, fault.Missing("evenhand/Principal", subject)
	}
	return calendar.Document{Product: "Test", Name: subject}, nil
}

func (f *fixture) read(t testing.TB, secret string) string {
	t.Helper()
	c, err := f.Read(t.Context(), hashOf(secret), titled)
	require.NoError(t, err)
	return string(c.Text)
}

func requireKind(t testing.TB, err error, kind fault.Kind) *fault.Error {
	t.Helper()
	var told *fault.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, kind, told.Kind, told.Message)
	return told
}

func TestARetryGetsNoOtherSecretAndFollowersNone(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		call := anna
		call.RequestID, call.Payload = "r1", []byte("east")
		_, err := f.Create(t.Context(), call, "a phone", "boards/east", hashOf("first"))
		require.NoError(t, err)
		require.Contains(t, f.read(t, "first"), "boards/east")

		_, err = f.Create(t.Context(), call, "a phone", "boards/east", hashOf("second"))
		require.ErrorIs(t, err, resource.ErrExists)
		require.Contains(t, requireKind(t, err, fault.AlreadyExists).Message, "not shown again")
		call.Payload = []byte("west")
		_, err = f.Create(t.Context(), call, "a phone", "boards/west", hashOf("third"))
		require.ErrorIs(t, err, resource.ErrRequestIDReused)

		second, _ := f.create(t, "boards/east")
		_, err = f.Revoke(t.Context(), anna, second.ID, "")
		require.NoError(t, err)
		told := events(t, f, 3)
		require.Equal(t, []string{"some_feed.created", "some_feed.created", "some_feed.revoked"}, told["type"])
		for _, data := range told["data"] {
			require.NotContains(t, data, "hash")
		}
	})
}

// events returns what followers of the store's feed were told, at least n times.
func events(t testing.TB, f *fixture, n int) map[string][]string {
	var told map[string][]string
	require.Eventually(t, func() bool {
		entries, err := f.store.Feed().Read(t.Context(), 0, 100)
		require.NoError(t, err)
		told = map[string][]string{}
		for _, e := range entries {
			told["type"], told["data"] = append(told["type"], e.Type), append(told["data"], e.Data.String())
		}
		return len(entries) >= n
	}, 10*time.Second, 10*time.Millisecond)
	return told
}

func TestRevokedAndUnknownAnswerAlike(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		feed, secret := f.create(t, "boards/east")
		f.read(t, secret)
		_, err := f.Revoke(t.Context(), anna, feed.ID, `another`)
		require.ErrorIs(t, err, resource.ErrStale)
		revoked, err := f.Revoke(t.Context(), anna, feed.ID, feed.Etag())
		require.NoError(t, err)
		require.Equal(t, f.clock.now(), revoked.State.Revoked)
		require.Nil(t, revoked.State.Hash)

		_, nobodys := f.create(t, "principals/nobody")
		_, err = f.Read(t.Context(), hashOf(secret), titled)
		_, unknown := f.Read(t.Context(), hashOf("nothing"), titled)
		_, gone := f.Read(t.Context(), hashOf(nobodys), titled)
		require.Equal(t, requireKind(t, unknown, fault.NotFound), requireKind(t, err, fault.NotFound))
		require.Equal(t, unknown, gone)

		f.clock.goOn(time.Hour)
		again, err := f.Revoke(t.Context(), anna, feed.ID, "")
		require.NoError(t, err)
		require.Equal(t, revoked.State.Revoked, again.State.Revoked, "once")
		_, err = f.Revoke(t.Context(), anna, "nothing", "")
		require.ErrorIs(t, err, resource.ErrNotFound)
	})
}

func TestFeedsAreListedWithWhenTheyWereRead(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		east, secret := f.create(t, "boards/east")
		west, _ := f.create(t, "boards/west")
		list, next, err := f.List(t.Context(), "", 1, nil)
		require.NoError(t, err)
		require.Len(t, list, 1)
		rest, next, err := f.List(t.Context(), "", 1, next)
		require.NoError(t, err)
		require.ElementsMatch(t, []string{east.ID, west.ID}, []string{list[0].ID, rest[0].ID})
		require.Nil(t, next)
		list, _, err = f.List(t.Context(), "boards/west", 10, nil)
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.Equal(t, west.ID, list[0].ID)
		require.Zero(t, list[0].LastRead)

		first := f.clock.now()
		f.read(t, secret)
		f.clock.goOn(59 * time.Minute)
		f.read(t, secret)
		got, err := f.Get(t.Context(), east.ID)
		require.NoError(t, err)
		require.Equal(t, first, got.LastRead, "it is kept to an hour")
		f.clock.goOn(time.Minute)
		f.read(t, secret)
		got, err = f.Get(t.Context(), east.ID)
		require.NoError(t, err)
		require.Equal(t, f.clock.now(), got.LastRead)
		require.Equal(t, east.Version, got.Version, "reading changes no feed")
		_, err = f.Get(t.Context(), "nothing")
		require.ErrorIs(t, err, resource.ErrNotFound)
	})
}

// The ETag is the text's, and a failure to find out what is in a calendar is no missing one.
func TestTheSameCalendarHasTheSameEtag(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	_, east := f.create(t, "boards/east")
	_, west := f.create(t, "boards/west")
	etag := func(secret string) string {
		c, err := f.Read(t.Context(), hashOf(secret), titled)
		require.NoError(t, err)
		return c.Etag
	}
	require.Equal(t, etag(east), etag(east))
	require.NotEqual(t, etag(east), etag(west))
	down := errors.New("down")
	_, err := f.Read(t.Context(), hashOf(east), func(context.Context, string) (calendar.Document, error) { return calendar.Document{}, down })
	require.ErrorIs(t, err, down)
}

func TestAnOriginIsOfItsStore(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		first, err := OpenOrigin(t.Context(), f.store, rand.Reader)
		require.NoError(t, err)
		again, err := OpenOrigin(t.Context(), f.store, rand.Reader)
		require.NoError(t, err)
		require.Equal(t, first, again)
		require.Regexp(t, `^plans/acme/touchpoints/1@[a-z2-7]{16}\.evenhand$`, first.UID("plans/acme/touchpoints/1"))
		list := []calendar.Event{{UID: "a"}, {UID: "b"}}
		first.Complete(list)
		require.Equal(t, []string{first.UID("a"), first.UID("b")}, []string{list[0].UID, list[1].UID})

		other, err := OpenOrigin(t.Context(), start(t, teststore.SQLite(t)).store, rand.Reader)
		require.NoError(t, err)
		require.NotEqual(t, first.UID("a"), other.UID("a"))
		_, err = OpenOrigin(t.Context(), start(t, teststore.SQLite(t)).store, strings.NewReader("short"))
		require.Error(t, err)
	})
}

// What was stored before is read by later programs, by these names.
func TestStoredFeedsKeepTheirShape(t *testing.T) {
	text, err := bson.Marshal(Feed{DisplayName: "a", Subject: "b", Hash: []byte{1}, Revoked: time.Unix(1, 0)})
	require.NoError(t, err)
	elements, err := bson.Raw(text).Elements()
	require.NoError(t, err)
	var keys []string
	for _, e := range elements {
		keys = append(keys, e.Key())
	}
	require.Equal(t, []string{"display_name", "subject", "hash", "revoked", "created", "updated"}, keys)
	require.Equal(t, "calendar_feeds", Collection)
}
