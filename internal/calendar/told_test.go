package calendar

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

var (
	toldFrom = at("2026-01-01T00:00:00Z")
	toldTo   = at("2030-01-01T00:00:00Z")
	noon     = at("2026-11-22T12:00:00Z")
)

func meeting(id string, day int, accounts ...string) Event {
	start := noon.AddDate(0, 0, day)
	return Event{UID: "boards/b/meetings/" + id, Kind: "meeting", Calendar: "boards/b", Accounts: accounts, Start: start, End: start.Add(time.Hour),
		Zone: "UTC", Summary: "Meeting " + id, Description: "Agenda", Private: "Attendance of all"}
}

func TestChangesAreTold(t *testing.T) {
	first := Merge(nil, []Event{meeting("1", 10, "accounts/a", "accounts/b"), meeting("2", 20, "accounts/a")}, toldFrom, toldTo, noon)
	require.Equal(t, []int{0, 0}, []int{first[0].Sequence, first[1].Sequence})
	require.Equal(t, noon, first[0].Updated)

	later := noon.AddDate(0, 0, 1)
	same := Merge(first, []Event{meeting("2", 20, "accounts/a"), meeting("1", 10, "accounts/b", "accounts/a")}, toldFrom, toldTo, later)
	require.Equal(t, first, same, "nothing changed")

	// The first is moved, and b is no more invited; the second is gone.
	moved := meeting("1", 12, "accounts/a")
	second := Merge(same, []Event{moved}, toldFrom, toldTo, later)
	whole := Whole(second)
	require.Len(t, whole, 2)
	require.Equal(t, []Status{Confirmed, Cancelled}, []Status{whole[0].Status, whole[1].Status})
	require.Equal(t, []int{1, 1}, []int{whole[0].Sequence, whole[1].Sequence})
	require.Equal(t, []time.Time{later, later}, []time.Time{whole[0].Updated, whole[1].Updated})
	require.Equal(t, "Attendance of all", whole[0].Private)

	b := Own(second, "accounts/b")
	require.Len(t, b, 1)
	require.Equal(t, Cancelled, b[0].Status)
	require.Equal(t, first[0].Start, b[0].Start, "b is not told of the new time")
	require.Equal(t, 1, b[0].Sequence)

	// b is invited again, and the second comes back.
	third := Merge(second, []Event{meeting("1", 12, "accounts/a", "accounts/b"), meeting("2", 20, "accounts/a")}, toldFrom, toldTo, later)
	b = Own(third, "accounts/b")
	require.Len(t, b, 1)
	require.Equal(t, Confirmed, b[0].Status)
	require.Equal(t, 2, b[0].Sequence)
	require.Equal(t, []int{2, 2}, []int{Whole(third)[0].Sequence, Whole(third)[1].Sequence})

	// A source that counts by itself is followed.
	counted := meeting("2", 21, "accounts/a")
	counted.Sequence, counted.Updated = 7, later.Add(time.Hour)
	fourth := Merge(third, []Event{counted}, toldFrom, toldTo, later)
	require.Equal(t, 7, Own(fourth, "accounts/a")[1].Sequence)
	require.Equal(t, later.Add(time.Hour), Own(fourth, "accounts/a")[1].Updated)

	// What is over is forgotten, cancelled or not.
	require.Empty(t, Merge(fourth, nil, noon.AddDate(1, 0, 0), toldTo, later))
}

func TestOwnTellsNothingOfOthers(t *testing.T) {
	told := Merge(nil, []Event{meeting("1", 10, "accounts/a", "accounts/b"), meeting("2", 20, "accounts/b"), meeting("3", 30)}, toldFrom, toldTo, noon)
	own := Own(told, "accounts/a")
	require.Len(t, own, 1)
	require.Equal(t, []string{"accounts/a"}, own[0].Accounts)
	require.Empty(t, own[0].Private)
	require.Equal(t, "Agenda", own[0].Description)
	require.Len(t, Whole(told), 3)
}

// Whatever happens to events: in each calendar, each event keeps its UID; it differs
// from before only with a higher sequence; and none disappears before it is over.
func TestCalendarsFollow(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		accounts := []string{"accounts/a", "accounts/b", "accounts/c"}
		calendars := map[string][]Event{}
		var told []Told
		for step := range rapid.IntRange(2, 8).Draw(t, "steps") {
			var events []Event
			for id := range 4 {
				if rapid.IntRange(0, 3).Draw(t, "gone") == 0 {
					continue
				}
				invited := rapid.SliceOfNDistinct(rapid.SampledFrom(accounts), 0, 3, rapid.ID[string]).Draw(t, "invited")
				e := meeting(fmt.Sprint(id), rapid.IntRange(1, 3).Draw(t, "day"), invited...)
				e.Status = rapid.SampledFrom([]Status{Confirmed, Tentative, Cancelled}).Draw(t, "status")
				e.Sequence = rapid.IntRange(0, 3).Draw(t, "sequence")
				events = append(events, e)
			}
			now := noon.Add(time.Duration(step) * time.Minute)
			told = Merge(told, events, toldFrom, toldTo, now)
			require.Equal(t, told, Merge(told, events, toldFrom, toldTo, now.Add(time.Hour)), "telling again changes nothing")
			for _, reader := range append(accounts, "the board") {
				list := Own(told, reader)
				if reader == "the board" {
					list = Whole(told)
				}
				for i, e := range list {
					require.False(t, slices.ContainsFunc(list[i+1:], func(o Event) bool { return o.UID == e.UID }), "%s twice for %s", e.UID, reader)
				}
				for _, last := range calendars[reader] {
					i := slices.IndexFunc(list, func(e Event) bool { return e.UID == last.UID })
					require.NotEqual(t, -1, i, "%s disappeared for %s", last.UID, reader)
					if !list[i].sameAs(last) {
						require.Greater(t, list[i].Sequence, last.Sequence)
					}
				}
				calendars[reader] = list
			}
		}
	})
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}
