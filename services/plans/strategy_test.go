package plans

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/names"
)

func TestR9WhatAStrategyIsRefusedFor(t *testing.T) {
	for field, change := range map[string]func(*Strategy){
		"s.gap_days":                func(s *Strategy) { s.GapDays = MaxGapDays + 1 },
		"s.calendar":                func(s *Strategy) { s.Calendar = "The Office" },
		"s.quiet_hours":             func(s *Strategy) { s.Quiet.To = 24 * 60 },
		"s.cadences":                func(s *Strategy) { s.Cadences = make([]Cadence, MaxCadences+1) },
		"s.cadences[1].id":          func(s *Strategy) { s.Cadences[1].ID = "first" },
		"s.cadences[0].id":          func(s *Strategy) { s.Cadences[0].ID = "" },
		"s.cadences[0].purpose":     func(s *Strategy) { s.Cadences[0].Purpose = "\t" },
		"s.cadences[0].channel":     func(s *Strategy) { s.Cadences[0].Channel = "pigeon" },
		"s.cadences[0].rule":        func(s *Strategy) { s.Cadences[0].When.Rule = "FREQ=HOURLY" },
		"s.cadences[0].start":       func(s *Strategy) { s.Cadences[0].When.Start = "tomorrow" },
		"s.cadences[0].time_zone":   func(s *Strategy) { s.Cadences[0].When.Zone = "Mars/Base" },
		"s.cadences[0].on_holiday":  func(s *Strategy) { s.Cadences[0].When.OnHoliday = "party" },
		"s.cadences[0].audience[1]": func(s *Strategy) { s.Cadences[0].Roles = []string{"finance", "The CEO"} },
	} {
		s := Strategy{Cadences: []Cadence{monthly("first"), monthly("second")}}
		require.NoError(t, s.check("s"))
		change(&s)
		requireField(t, s.check("s"), field)
	}
}

func TestR9AStrategyIsRightWhereItsPartsAre(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Strategy
		right := true
		s.GapDays = rapid.IntRange(-2, MaxGapDays+2).Draw(t, "gap")
		right = right && s.GapDays >= 0 && s.GapDays <= MaxGapDays
		s.Quiet = QuietHours{From: rapid.IntRange(-1, 1440).Draw(t, "from"), To: rapid.IntRange(-1, 1440).Draw(t, "to")}
		for _, m := range []int{s.Quiet.From, s.Quiet.To} {
			right = right && m >= 0 && m <= 1439
		}
		s.Calendar = rapid.SampledFrom([]string{"", "office", "Office!"}).Draw(t, "calendar")
		right = right && (s.Calendar == "" || names.IsID(s.Calendar))
		ids := map[string]bool{}
		for i := range rapid.IntRange(0, 4).Draw(t, "cadences") {
			c := monthly(rapid.SampledFrom([]string{"a", "b", "c", "d", "A"}).Draw(t, fmt.Sprint("id", i)))
			c.Channel = rapid.SampledFrom(append([]Channel{"", "pigeon"}, Channels...)).Draw(t, fmt.Sprint("channel", i))
			right = right && names.IsID(c.ID) && !ids[c.ID] && c.Channel != "" && c.Channel != "pigeon"
			ids[c.ID] = true
			s.Cadences = append(s.Cadences, c)
		}
		require.Equal(t, right, s.check("s") == nil, "%+v: %v", s, s.check("s"))
	})
}

// Quiet hours are as long as from their beginning to their end, wherever midnight is, and
// those the other way round are all the rest.
func TestR9QuietHours(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		clock := rapid.IntRange(0, 1439)
		q := QuietHours{From: clock.Draw(t, "from"), To: clock.Draw(t, "to")}
		quiet, rest := 0, QuietHours{From: q.To, To: q.From}
		for m := range 1440 {
			if q.Contains(m) {
				quiet++
			}
			require.True(t, q.None() && !q.Contains(m) || q.Contains(m) != rest.Contains(m), "minute %d", m)
		}
		require.Equal(t, (q.To-q.From+1440)%1440, quiet)
		if !q.None() {
			require.True(t, q.Contains(q.From))
			require.False(t, q.Contains(q.To))
		}
	})
}
