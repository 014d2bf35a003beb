package feeds

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/calendarfeed"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

func (f *fixture) create(t testing.TB, subject string) (calendarfeed.Listed, string) {
	t.Helper()
	secret := rand.Text()
	feed, err := f.Create(t.Context(), anna, "a phone", subject, hashOf(secret))
	require.NoError(t, err)
	return feed, secret
}

func hashOf(secret string) calendarfeed.Hash { return sha256.Sum256([]byte(secret)) }

// summaries reads a calendar, and returns its events' summaries.
func (f *fixture) summaries(t testing.TB, secret string) []string {
	t.Helper()
	c, err := f.Read(t.Context(), hashOf(secret))
	require.NoError(t, err)
	read, err := ics.ParseCalendar(bytes.NewReader(c.Text))
	require.NoError(t, err)
	list := []string{}
	for _, e := range read.Events() {
		list = append(list, e.GetProperty(ics.ComponentPropertySummary).Value)
	}
	return list
}

func requireKind(t testing.TB, err error, kind fault.Kind) *fault.Error {
	t.Helper()
	var told *fault.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, kind, told.Kind, told.Message)
	return told
}

func TestEachFeedTellsItsOwn(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.world.meet("east", "1", 10, "accounts/acme", "accounts/brook")
		f.world.meet("west", "2", 5, "accounts/brook")
		f.world.meet("north", "3", 20, "accounts/acme")
		f.world.meet("north", "old", -400, "accounts/acme")
		for subject, want := range map[string][]string{
			"boards/east":     {"Meeting 1"},
			"boards/north":    {"Meeting 3"},
			"accounts/acme":   {"Meeting 1", "Meeting 3"},
			"accounts/brook":  {"Meeting 2", "Meeting 1"},
			"principals/anna": {"Meeting 2", "Meeting 1"},
			"principals/bob":  {"Meeting 2", "Meeting 3"},
			"principals/cleo": {},
		} {
			_, secret := f.create(t, subject)
			require.Equal(t, want, f.summaries(t, secret), subject)
			c, err := f.Read(t.Context(), hashOf(secret))
			require.NoError(t, err)
			if strings.HasPrefix(subject, "accounts/") {
				require.NotContains(t, string(c.Text), "Attendance", "a member is not told what is private")
			} else if len(want) > 0 {
				require.Contains(t, string(c.Text), "Attendance", subject)
			}
		}
	})
}

func TestFeedsAreOfWhatThereIs(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	for subject, kind := range map[string]fault.Kind{"boards/nowhere": fault.NotFound, "accounts/nobody": fault.NotFound, "principals/nobody": fault.NotFound,
		"contacts/x": fault.InvalidArgument, "boards/": fault.InvalidArgument} {
		_, err := f.Create(t.Context(), anna, "", subject, hashOf("any"))
		requireKind(t, err, kind)
	}
	_, secret := f.create(t, "boards/east")
	f.world.boards = nil
	_, err := f.Read(t.Context(), hashOf(secret))
	require.Contains(t, requireKind(t, err, fault.NotFound).Message, "no calendar at this address")
}

func TestAssignment(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	for _, tt := range []struct {
		subject, principal string
		want               bool
	}{
		{"boards/east", "anna", true}, {"boards/east", "bob", false}, {"accounts/acme", "anna", true}, {"accounts/brook", "cleo", true},
		{"accounts/brook", "anna", false}, {"principals/anna", "anna", true}, {"principals/anna", "bob", false},
	} {
		got, err := f.AssignedTo(t.Context(), tt.subject, tt.principal)
		require.NoError(t, err)
		require.Equal(t, tt.want, got, "%s to %s", tt.subject, tt.principal)
	}
}

// property returns a property of each event of a calendar, by UID.
func (f *fixture) properties(t testing.TB, secret string, p ics.ComponentProperty) map[string]string {
	c, err := f.Read(t.Context(), hashOf(secret))
	require.NoError(t, err)
	read, err := ics.ParseCalendar(bytes.NewReader(c.Text))
	require.NoError(t, err)
	found := map[string]string{}
	for _, e := range read.Events() {
		uid, _, _ := strings.Cut(e.Id(), "@")
		found[uid] = e.GetProperty(p).Value
	}
	return found
}

func TestChangesReachTheCalendars(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		const first, second = "boards/east/meetings/1", "boards/east/meetings/2"
		f.world.meet("east", "1", 10, "accounts/acme")
		f.world.meet("east", "2", 20, "accounts/acme")
		_, board := f.create(t, "boards/east")
		_, member := f.create(t, "accounts/acme")
		before, err := f.Read(t.Context(), hashOf(board))
		require.NoError(t, err)
		f.world.goOn(48 * time.Hour)
		again, err := f.Read(t.Context(), hashOf(board))
		require.NoError(t, err)
		require.Equal(t, before, again, "the same bytes and etag while nothing changes")

		f.world.events["boards/east"][0].Start = f.world.events["boards/east"][0].Start.Add(-time.Hour)
		f.world.events["boards/east"] = f.world.events["boards/east"][:1]
		for _, secret := range []string{board, member} {
			require.Equal(t, map[string]string{first: "1", second: "1"}, f.properties(t, secret, ics.ComponentPropertySequence))
			require.Equal(t, map[string]string{first: "CONFIRMED", second: "CANCELLED"}, f.properties(t, secret, ics.ComponentPropertyStatus))
		}
		changed, err := f.Read(t.Context(), hashOf(board))
		require.NoError(t, err)
		require.NotEqual(t, before.Etag, changed.Etag)

		// Another process, on the same store, tells the same.
		restarted := reopen(t, f.store, f.world)
		same, err := restarted.Read(t.Context(), hashOf(board))
		require.NoError(t, err)
		require.Equal(t, changed, same)

		events, err := f.Events(t.Context(), "east", f.world.now(), f.world.now().AddDate(1, 0, 0))
		require.NoError(t, err)
		require.Len(t, events, 1, "what is gone is cancelled in calendars alone")
		require.Equal(t, calendar.Confirmed, events[0].Status)
		require.Equal(t, 1, events[0].Sequence, "as calendars are told")

		for _, span := range [][2]int{{1, 0}, {0, 0}, {0, 101}} {
			_, err := f.Events(t.Context(), "east", f.world.now().AddDate(span[0], 0, 0), f.world.now().AddDate(span[1], 0, 0))
			requireKind(t, err, fault.InvalidArgument)
		}
		_, err = f.Events(t.Context(), "nowhere", f.world.now(), f.world.now().AddDate(1, 0, 0))
		requireKind(t, err, fault.NotFound)
	})
}

// What was moved to another time is there, and nowhere else.
func TestListingShowsWhatWasMovedWhereItIs(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.world.meet("east", "1", 10, "accounts/acme")
		_, secret := f.create(t, "boards/east")
		_, err := f.Read(t.Context(), hashOf(secret))
		require.NoError(t, err)
		f.world.events["boards/east"] = nil
		f.world.meet("east", "1", 40, "accounts/acme")
		during := func(from, to int) []calendar.Event {
			list, err := f.Events(t.Context(), "east", f.world.now().AddDate(0, 0, from), f.world.now().AddDate(0, 0, to))
			require.NoError(t, err)
			return list
		}
		for range 2 { // before calendars are told of it, and after
			require.Empty(t, during(5, 15))
			require.Len(t, during(35, 45), 1)
			require.Equal(t, calendar.Confirmed, during(35, 45)[0].Status)
			require.Equal(t, 1, during(0, 100)[0].Sequence)
			_, err := f.Read(t.Context(), hashOf(secret))
			require.NoError(t, err)
		}
	})
}

// Several processes that read at once tell the same, and each change once.
func TestReadersAtOnceTellTheSame(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		e := f.world.meet("east", "1", 10, "accounts/acme")
		_, secret := f.create(t, "boards/east")
		f.summaries(t, secret)
		e.Summary = "Moved"
		var readers sync.WaitGroup
		texts := make([]string, 8)
		for i := range texts {
			readers.Go(func() {
				if c, err := f.Read(context.WithoutCancel(t.Context()), hashOf(secret)); err == nil {
					texts[i] = string(c.Text)
				}
			})
		}
		readers.Wait()
		require.Contains(t, texts[0], "SEQUENCE:1\r\n")
		require.Len(t, slices.Compact(texts), 1)
	})
}

// A source that fails tells nobody that everything is cancelled.
func TestAFailingSourceCancelsNothing(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	f.world.meet("east", "1", 10, "accounts/acme")
	_, secret := f.create(t, "boards/east")
	want := f.summaries(t, secret)
	events := f.world.events
	f.world.events, f.world.fail = nil, docstore.ErrUnavailable
	_, err := f.Read(t.Context(), hashOf(secret))
	require.ErrorIs(t, err, docstore.ErrUnavailable)
	f.world.events, f.world.fail = events, nil
	require.Equal(t, want, f.summaries(t, secret))
	require.Equal(t, map[string]string{"boards/east/meetings/1": "CONFIRMED"}, f.properties(t, secret, ics.ComponentPropertyStatus))
}
