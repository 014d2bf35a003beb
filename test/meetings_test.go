package test

import (
	"bytes"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"mime"
	"mime/multipart"
	"net/http"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/stretchr/testify/require"
)

// R37: a meeting from its call to its minutes, held although nobody was invited to it
// through the system: quorum, recusal and vote decide what can be decided, and what is
// refused leaves nothing behind.
func TestR37AMeetingFromItsCallToItsMinutes(t *testing.T) {
	t.Parallel()
	s := launch(t, t.TempDir(), "--demo")
	s.awaitReady()
	s.demoCommands()
	began := time.Now().UTC().Add(-3 * time.Hour).Truncate(time.Minute)
	at := func(after time.Duration) string { return began.Add(after).Format(time.RFC3339) }
	const meeting = demoBoard + "/special"
	step := func(step string, args ...string) string {
		return s.cli(append([]string{"board", "meetings", step, meeting}, args...)...)
	}
	refused := func(told string, args ...string) {
		t.Helper()
		got := s.try(append([]string{"board", "meetings"}, args...)...)
		require.Equal(t, 1, got.code, got.stdout)
		require.Contains(t, got.stderr, told)
	}
	refused("choose a later day, or say why with --short-notice-reason", "call", demoBoard, at(0), "--id", "special")
	s.cli("board", "meetings", "call", demoBoard, at(0), "--id", "special", "--title", "Special meeting", "--short-notice-reason", "Prices rise tomorrow.")
	s.cli("board", "meetings", "agenda", "add", meeting, "How prices are told", "--id", "prices", "--kind", "decision")
	refused("move it first", "invite", meeting)
	refused("minutes are recorded only while", "minutes", "record", meeting, write(t, t.TempDir(), "early.md", "# Early"))

	seats, err := csv.NewReader(strings.NewReader(s.cli("board", "seats", demoBoard, "-o", "csv"))).ReadAll()
	require.NoError(t, err)
	var members []string
	for _, seat := range seats[1:7] {
		members = append(members, strings.TrimPrefix(seat[1], "accounts/"))
	}
	there := strings.Join(members, ",")
	held := step("hold", "--opened", at(0), "--present", there)
	require.Equal(t, "held", value(t, held, "State"))
	require.Contains(t, value(t, held, "Quorum"), "6 of 5 needed")
	step("attendance", "--present", there, "--to", at(90*time.Minute))
	step("recuse", "prices", members[0], "--reason", "It supplies us.")
	refused("cannot be rejected with 3 for and 1 against", "decide", meeting, "prices", "No.", "--outcome", "rejected", "--for", "3", "--against", "1")
	refused("stood aside", "decide", meeting, "prices", "No.", "--outcome", "rejected", "--vote", members[0]+"=against")
	due := time.Now().UTC().AddDate(0, 1, 0).Format(time.DateOnly)
	step("decide", "prices", "A quarter ahead.", "--for", "3", "--against", "1", "--owner", "local-admin", "--due", due)
	refused("has no minutes yet", "close", meeting)
	s.cli("board", "meetings", "minutes", "record", meeting, write(t, t.TempDir(), "minutes.md", "# Minutes\n"))
	require.Equal(t, "minuted", value(t, step("close"), "State"))

	var shown struct {
		EndTime   time.Time
		Decisions []struct{ Outcome, Status string }
	}
	require.NoError(t, json.Unmarshal(s.get("/v1/boards/"+demoBoard+"/meetings/special", http.StatusOK), &shown))
	require.True(t, began.Add(90*time.Minute).Equal(shown.EndTime), "it ended when the last left, not when it was closed: %s", shown.EndTime)
	require.Len(t, shown.Decisions, 1)
	letters, err := filepath.Glob(filepath.Join(s.data, "outbox", "*special*"))
	require.NoError(t, err)
	require.Empty(t, letters, "nobody was invited")
}

// Who is invited gets one letter, and another only where what it said is so no more.
func TestMembersAreWrittenToOnce(t *testing.T) {
	t.Parallel()
	s := launch(t, t.TempDir(), "--demo")
	s.awaitReady()
	s.demoCommands()
	const meeting = demoBoard + "/spring"
	s.cli("board", "meetings", "call", demoBoard, time.Now().UTC().AddDate(0, 0, 100).Format(time.RFC3339), "--id", "spring", "--title", "Spring")
	letters := func() int {
		found, err := filepath.Glob(filepath.Join(s.data, "outbox", demoBoard+".spring.*.eml"))
		require.NoError(t, err)
		return len(found)
	}
	invited := s.cli("board", "meetings", "invite", meeting)
	members := strings.Count(invited, "no answer yet")
	require.Positive(t, members)
	s.await("the invitations", func() bool { return letters() == members })
	s.cli("board", "meetings", "invite", meeting)
	s.cli("board", "meetings", "update", meeting, "--title", "Spring")
	s.cli("board", "meetings", "update", meeting, "--place", "Room 5")
	s.await("the changes", func() bool { return letters() == 2*members })
	require.Contains(t, s.cli("board", "meetings", "list", demoBoard), "invited")
}

// What a member is written of a meeting can be entered into a calendar, under the UID and
// with the SEQUENCE of the member's own feed, and is taken from it by the cancellation.
func TestInvitationsAreCalendarEntries(t *testing.T) {
	t.Parallel()
	s := launch(t, t.TempDir(), "--demo")
	s.awaitReady()
	s.demoCommands()
	const meeting = demoBoard + "/spring"
	s.cli("board", "meetings", "call", demoBoard, time.Now().UTC().AddDate(0, 0, 100).Format(time.RFC3339), "--id", "spring", "--title", "Spring")
	invited := s.cli("board", "meetings", "invite", meeting)
	member := regexp.MustCompile(`accounts/(\S+): no answer yet`).FindStringSubmatch(invited)[1]
	var made struct{ Path string }
	require.NoError(t, json.Unmarshal([]byte(s.cli("board", "feeds", "create", "--account", member, "-o", "json")), &made))
	fed := func() *ics.VEvent {
		feed, err := ics.ParseCalendar(bytes.NewReader(s.get(made.Path, http.StatusOK)))
		require.NoError(t, err)
		events := slices.DeleteFunc(feed.Events(), func(e *ics.VEvent) bool { return !strings.HasPrefix(e.Id(), "boards/"+demoBoard+"/meetings/spring@") })
		require.Len(t, events, 1)
		return events[0]
	}
	last := -1
	for number, step := range []struct {
		method string
		do     []string
	}{
		{"REQUEST", nil},
		{"REQUEST", []string{"update", meeting, "--place", "Room 5"}},
		{"CANCEL", []string{"cancel", meeting, "--reason", "Flood.", "--despite-charter"}},
	} {
		if step.do != nil {
			s.cli(append([]string{"board", "meetings"}, step.do...)...)
		}
		path := filepath.Join(s.data, "outbox", fmt.Sprintf("%s.spring.%s.%d.eml", demoBoard, member, number+1))
		s.await(path, func() bool { _, err := os.Stat(path); return err == nil })
		told, to := entry(t, path)
		require.Equal(t, step.method, told.CalendarProperties[slices.IndexFunc(told.CalendarProperties, func(p ics.CalendarProperty) bool {
			return p.IANAToken == string(ics.PropertyMethod)
		})].Value)
		require.Len(t, told.Events(), 1)
		e := told.Events()[0]
		for _, p := range []ics.ComponentProperty{ics.ComponentPropertyUniqueId, ics.ComponentPropertySequence, ics.ComponentPropertyStatus, ics.ComponentPropertyDtStart} {
			require.Equal(t, fed().GetProperty(p).Value, e.GetProperty(p).Value, p)
		}
		require.Equal(t, "mailto:"+to.Address, e.GetProperty(ics.ComponentPropertyAttendee).Value)
		require.Equal(t, "mailto:advisory-board@localhost", e.GetProperty(ics.ComponentPropertyOrganizer).Value)
		sequence, err := strconv.Atoi(e.GetProperty(ics.ComponentPropertySequence).Value)
		require.NoError(t, err)
		require.Greater(t, sequence, last)
		last = sequence
	}
}

// entry reads the calendar entry of a letter, and whom the letter is to.
func entry(t *testing.T, path string) (*ics.Calendar, *mail.Address) {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	letter, err := mail.ReadMessage(bytes.NewReader(text))
	require.NoError(t, err)
	to, err := mail.ParseAddress(letter.Header.Get("To"))
	require.NoError(t, err)
	kind, parameters, err := mime.ParseMediaType(letter.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)
	parts := multipart.NewReader(letter.Body, parameters["boundary"])
	_, err = parts.NextPart()
	require.NoError(t, err)
	part, err := parts.NextPart()
	require.NoError(t, err)
	kind, parameters, err = mime.ParseMediaType(part.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "text/calendar", kind)
	calendar, err := ics.ParseCalendar(base64.NewDecoder(base64.StdEncoding, part))
	require.NoError(t, err)
	require.Contains(t, calendar.Serialize(), "METHOD:"+parameters["method"])
	return calendar, to
}
