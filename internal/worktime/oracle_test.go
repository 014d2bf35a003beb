package worktime

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// scene is a calendar in a zone and a clock that runs by it. All its times are
// whole minutes, so that an oracle may count minutes.
type scene struct {
	zone     civil.Zone
	calendar *Calendar
	from     time.Time
	pauses   []Pause
}

// places are instants around which clocks changed in some way.
var places = []struct{ zone, around string }{
	{"UTC", "2026-12-31T12:00:00Z"},
	{"America/New_York", "2026-03-08T07:00:00Z"},
	{"America/New_York", "2026-11-01T06:00:00Z"},
	{"America/New_York", "2060-12-31T20:00:00Z"}, // by the zone's rule; the last day of a leap year
	{"Australia/Lord_Howe", "2026-10-03T15:30:00Z"},
	{"Australia/Lord_Howe", "2026-04-04T15:00:00Z"},
	{"America/Sao_Paulo", "2018-11-04T03:00:00Z"},
	{"America/Sao_Paulo", "2018-02-18T02:00:00Z"},
	{"Africa/Cairo", "2026-04-23T22:00:00Z"},
	{"Africa/Cairo", "2026-10-29T21:00:00Z"},
	{"Pacific/Apia", "2011-12-30T10:00:00Z"},
	{"Asia/Kathmandu", "1985-12-31T18:30:00Z"},
	{"Europe/Dublin", "2026-10-25T01:00:00Z"},
}

func genScene(t *rapid.T) scene {
	place := rapid.SampledFrom(places).Draw(t, "place")
	s := scene{zone: zone(t, place.zone)}
	around := instant(t, place.around)
	minutes := func(label string, from, to int) time.Duration {
		return time.Duration(rapid.IntRange(from, to).Draw(t, label)) * time.Minute
	}
	s.from = around.Add(minutes("from", -4*24*60, 24*60))
	if rapid.IntRange(0, 9).Draw(t, "calendar") > 0 {
		s.calendar = genCalendar(t, s.zone.DayOf(around))
	}
	for range rapid.IntRange(0, 3).Draw(t, "pauses") {
		p := Pause{From: s.from.Add(minutes("paused", -24*60, 5*24*60))}
		p.To = p.From.Add(minutes("pause", 0, 2*24*60))
		s.pauses = append(s.pauses, p)
	}
	return s
}

func genCalendar(t *rapid.T, around civil.Day) *Calendar {
	var c Calendar
	for weekday := range c.Hours {
		at := 0
		for range rapid.IntRange(0, 3).Draw(t, "spans") {
			if at >= 24*60 {
				break
			}
			from := rapid.OneOf(rapid.Just(at), rapid.IntRange(at, 24*60-1)).Draw(t, "opens")
			to := rapid.OneOf(rapid.Just(24*60), rapid.IntRange(from+1, 24*60)).Draw(t, "closes")
			c.Hours[weekday] = append(c.Hours[weekday], Span{From: from, To: to})
			at = to + 1
		}
	}
	for d := around - 3; d < around+5; d++ {
		if rapid.IntRange(0, 4).Draw(t, "holiday") == 0 {
			c.Holidays = append(c.Holidays, d)
		}
	}
	return &c
}

// runs says, the plain way, whether the clock runs in the minute from an instant on.
func (s scene) runs(at time.Time) bool {
	for _, p := range s.pauses {
		if !at.Before(p.From) && at.Before(p.To) {
			return false
		}
	}
	if s.calendar == nil {
		return true
	}
	wall := at.In(s.zone.Location())
	if slices.Contains(s.calendar.Holidays, civil.Date(wall.Date())) {
		return false
	}
	shown := wall.Hour()*60 + wall.Minute()
	return slices.ContainsFunc(s.calendar.Hours[wall.Weekday()], func(span Span) bool {
		return span.From <= shown && shown < span.To
	})
}

// due counts minutes, at most so many days of them.
func (s scene) due(within time.Duration, days int) (time.Time, bool) {
	at := s.from
	for range days * 24 * 60 {
		if within <= 0 {
			return at, true
		}
		if s.runs(at) {
			within -= time.Minute
		}
		at = at.Add(time.Minute)
	}
	return time.Time{}, false
}

func (s scene) between(to time.Time) time.Duration {
	var passed time.Duration
	for at := s.from; at.Before(to); at = at.Add(time.Minute) {
		if s.runs(at) {
			passed += time.Minute
		}
	}
	return passed
}

func TestR13MatchesCountingMinutes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genScene(t)
		hours := New(s.calendar, s.zone)
		within := time.Duration(rapid.IntRange(0, 40*60).Draw(t, "within")) * time.Minute
		due, ok := hours.Due(s.from, within, s.pauses)
		const days = 30
		want, found := s.due(within, days)
		if found {
			require.True(t, ok)
			require.Equal(t, want.UTC(), due.UTC())
		} else if ok {
			require.True(t, due.After(s.from.AddDate(0, 0, days)), "found %s, which counting did not", due)
		}
		to := s.from.Add(time.Duration(rapid.IntRange(0, 8*24*60).Draw(t, "to")) * time.Minute)
		require.Equal(t, s.between(to), hours.Between(s.from, to, s.pauses), "until %s", to)
	})
}

func TestR13DueAndBetweenAreInverse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genScene(t)
		hours := New(s.calendar, s.zone)
		s.from = s.from.Add(time.Duration(rapid.IntRange(0, 59_999).Draw(t, "milliseconds")) * time.Millisecond)
		within := time.Duration(rapid.Int64Range(1, 3000*3600*1000).Draw(t, "within")) * time.Millisecond
		due, ok := hours.Due(s.from, within, s.pauses)
		if !ok {
			require.True(t, s.calendar != nil && s.calendar.Hours.IsZero(), "no instant, though there are hours")
			return
		}
		require.Equal(t, within, hours.Between(s.from, due, s.pauses))
		require.Less(t, hours.Between(s.from, due.Add(-time.Millisecond), s.pauses), within, "an earlier instant would do")
		later := due.Add(time.Duration(rapid.Int64Range(0, 90*24*3600*1000).Draw(t, "later")) * time.Millisecond)
		require.Equal(t, hours.Between(s.from, later, s.pauses), within+hours.Between(due, later, s.pauses), "working times add up")
	})
}

func TestR13MorePausesNeverMakeItEarlier(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := genScene(t)
		hours := New(s.calendar, s.zone)
		within := time.Duration(rapid.IntRange(1, 200*60).Draw(t, "within")) * time.Minute
		fewer := s.pauses[:rapid.IntRange(0, len(s.pauses)).Draw(t, "fewer")]
		early, ok := hours.Due(s.from, within, fewer)
		late, lateOK := hours.Due(s.from, within, s.pauses)
		require.Equal(t, ok, lateOK)
		require.False(t, late.Before(early))
		_, ok = hours.Due(s.from, within, append([]Pause{{From: early.Add(-time.Millisecond)}}, s.pauses...))
		require.False(t, ok, "a pause that is still on")
	})
}

func BenchmarkDueAYearAhead(b *testing.B) {
	hours := New(calendar(b, office, "2026-12-25"), zone(b, "America/New_York"))
	from := instant(b, "2026-03-06T16:30:00-05:00")
	for b.Loop() {
		hours.Due(from, 1950*time.Hour, nil)
	}
}

func BenchmarkBetweenAcrossADecade(b *testing.B) {
	hours := New(calendar(b, office, "2026-12-25"), zone(b, "America/New_York"))
	from := instant(b, "2026-03-06T16:30:00-05:00")
	for b.Loop() {
		hours.Between(from, from.AddDate(10, 0, 0), nil)
	}
}
