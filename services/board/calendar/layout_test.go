package calendar

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

var yearly = Recurrence{Rule: "FREQ=YEARLY;BYMONTH=3;BYDAY=1TU", Start: "2027-01-01T10:00", Zone: "America/New_York", Duration: 2 * time.Hour}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return t
}

func TestLayOut(t *testing.T) {
	from, to := at("2027-01-01T00:00:00Z"), at("2031-01-01T00:00:00Z")
	overrides := []Override{
		{Day: day("2027-03-02"), Start: at("2027-04-06T14:00:00Z"), Reason: "The first attempt"},
		{Day: day("2027-03-02"), Start: at("2027-04-13T14:00:00Z"), Reason: "Everybody is at the fair"},
		{Day: day("2028-03-07"), Reason: "No seats end"},
		{Day: day("2032-03-02"), Start: at("2030-11-05T15:00:00Z"), Reason: "Early"},          // moves in
		{Day: day("2030-03-05"), Start: at("2031-01-07T15:00:00Z"), Reason: "After the year"}, // moves out
		{Day: day("2029-03-05"), Start: at("2029-03-12T15:00:00Z"), Reason: "No such day"},    // a Monday
	}
	l, err := series(t, yearly, Workdays{}).LayOut(from, to, overrides)
	require.NoError(t, err)
	type row struct {
		day             civil.Day
		start, planned  string
		moved, skipped  bool
		durationInHours float64
	}
	var rows []row
	for _, s := range l.Slots {
		rows = append(rows, row{s.Day, s.Start.Format(time.RFC3339), s.Planned.Format(time.RFC3339), s.Moved(), s.Skipped(), s.End.Sub(s.Start).Hours()})
	}
	require.Equal(t, []row{
		{day("2027-03-02"), "2027-04-13T10:00:00-04:00", "2027-03-02T10:00:00-05:00", true, false, 2},
		{day("2028-03-07"), "2028-03-07T10:00:00-05:00", "2028-03-07T10:00:00-05:00", false, true, 2},
		{day("2029-03-06"), "2029-03-06T10:00:00-05:00", "2029-03-06T10:00:00-05:00", false, false, 2},
		{day("2032-03-02"), "2030-11-05T10:00:00-05:00", "2032-03-02T10:00:00-05:00", true, false, 2},
	}, rows)
	require.Equal(t, "Everybody is at the fair", l.Slots[0].Override.Reason)
	require.Equal(t, []Override{overrides[5]}, l.Stray)
}

func TestSwapTwoSlots(t *testing.T) {
	s := series(t, yearly, Workdays{})
	from, to := at("2027-01-01T00:00:00Z"), at("2029-01-01T00:00:00Z")
	before, err := s.LayOut(from, to, nil)
	require.NoError(t, err)
	swap := Swap(before.Slots[0], before.Slots[1], "The chair is away")
	after, err := s.LayOut(from, to, swap[:])
	require.NoError(t, err)
	require.Empty(t, after.Stray)
	require.Len(t, after.Slots, 2)
	require.Equal(t, days("2028-03-07", "2027-03-02"), []civil.Day{after.Slots[0].Day, after.Slots[1].Day})
	require.Equal(t, before.Slots[0].Start, after.Slots[0].Start)
	require.Equal(t, before.Slots[1].Start, after.Slots[1].Start)
}

func TestOn(t *testing.T) {
	s := series(t, yearly, Workdays{Holidays: days("2027-03-02")})
	o, ok := s.On(day("2028-03-07"))
	require.True(t, ok)
	require.Equal(t, "2028-03-07T10:00:00-05:00", o.Start.Format(time.RFC3339))
	_, ok = s.On(day("2028-03-08"))
	require.False(t, ok)
}
