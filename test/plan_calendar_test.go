package test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	ics "github.com/arran4/golang-ical"
	"github.com/stretchr/testify/require"
)

// An account manager of the demo reads in a calendar program what `plan due` says, and a
// touchpoint that is moved, handed on or skipped is so there at the next reading.
func TestR9AnOwnersCalendarShowsWhatIsDue(t *testing.T) {
	t.Parallel()
	s := launch(t, t.TempDir(), "--demo")
	s.awaitReady()
	s.demoCommands()
	const owner = "mara-lind"
	var made struct{ Name, Path string }
	require.NoError(t, json.Unmarshal([]byte(s.cli("plan", "calendar", "create", "--owner", owner, "--display-name", "A phone", "-o", "json")), &made))
	fed := func() map[string]*ics.VEvent {
		read, err := ics.ParseCalendar(bytes.NewReader(s.get(made.Path, http.StatusOK)))
		require.NoError(t, err)
		found := map[string]*ics.VEvent{}
		for _, e := range read.Events() {
			name, _, _ := strings.Cut(e.Id(), "@")
			require.NotContains(t, found, name)
			found[name] = e
		}
		return found
	}
	events := fed()
	due := s.rows("plan", "due", "--owner", owner)
	require.NotEmpty(t, due)
	month := time.Now().UTC().AddDate(0, 0, -29).Format(time.DateOnly)
	shown := ""
	for _, row := range due {
		if row[1] < month {
			continue
		}
		shown = row[0]
		e := events[shown]
		require.NotNil(t, e, shown)
		require.Contains(t, e.GetProperty(ics.ComponentPropertySummary).Value, ": "+row[4])
		require.Equal(t, "CONFIRMED", e.GetProperty(ics.ComponentPropertyStatus).Value)
	}
	require.NotEmpty(t, shown, "something is due that is not long ago")

	sequence := func() int {
		n, err := strconv.Atoi(fed()[shown].GetProperty(ics.ComponentPropertySequence).Value)
		require.NoError(t, err)
		return n
	}
	before, day := sequence(), time.Now().UTC().AddDate(0, 0, 40)
	s.cli("plan", "touchpoints", "reschedule", shown, day.Format(time.DateOnly), "--reason", "Her knee.")
	require.Greater(t, sequence(), before)
	moved := fed()[shown]
	require.True(t, strings.HasPrefix(moved.GetProperty(ics.ComponentPropertyDtStart).Value, day.Format("20060102")), moved.GetProperty(ics.ComponentPropertyDtStart).Value)
	require.NotContains(t, moved.GetProperty(ics.ComponentPropertyDescription).Value, "knee")
	s.cli("plan", "touchpoints", "skip", shown, "--reason", "They asked for it.")
	require.Equal(t, "CANCELLED", fed()[shown].GetProperty(ics.ComponentPropertyStatus).Value)

	s.cli("principals", "update", owner, "--disable")
	s.get(made.Path, http.StatusNotFound)
	s.cli("principals", "update", owner, "--enable")
	require.Contains(t, fed(), shown)
	require.Contains(t, s.cli("plan", "calendar", "revoke", made.Name), "is revoked")
	s.get(made.Path, http.StatusNotFound)
}
