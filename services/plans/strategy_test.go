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

// A cadence knows since when it recurs as it does, whatever else changes of it and whoever
// changes it.
func TestCadencesKnowSinceWhenTheyRecurSo(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.template(t)
		_, err := f.Apply(ctx, someone, keyAccounts("acme"))
		require.NoError(t, err)
		since := func() map[string]string {
			p, err := f.Get(ctx, "acme")
			require.NoError(t, err)
			days := map[string]string{}
			for _, c := range p.State.Strategy.Cadences {
				days[c.ID] = c.Since.String()
			}
			return days
		}
		update := func(cadences ...Cadence) {
			_, err := f.Update(ctx, someone, "acme", "", Patch{Cadences: &cadences})
			require.NoError(t, err)
		}
		require.Equal(t, map[string]string{"month": "2026-11-22"}, since())
		f.clock = f.clock.AddDate(0, 0, 1)
		month, dinner := monthly("month"), monthly("dinner")
		month.Purpose, month.Since = "Talk", day(t, "2026-01-01") // callers do not say it
		update(month, dinner)
		require.Equal(t, map[string]string{"month": "2026-11-22", "dinner": "2026-11-23"}, since())
		f.clock = f.clock.AddDate(0, 0, 1)
		dinner.When.Start = "2026-12-01T19:00"
		update(month, dinner)
		require.Equal(t, map[string]string{"month": "2026-11-22", "dinner": "2026-11-24"}, since())

		f.clock = f.clock.AddDate(0, 0, 1)
		_, err = f.PublishTemplate(ctx, someone, "key-accounts", "", Edition{Strategy: Strategy{Cadences: []Cadence{monthly("month"), monthly("visit")}}}, false)
		require.NoError(t, err)
		done, err := f.Apply(ctx, someone, keyAccounts("acme"))
		require.NoError(t, err)
		require.Equal(t, Renewed, done[0].Outcome)
		require.Equal(t, map[string]string{"month": "2026-11-22", "visit": "2026-11-25", "dinner": "2026-11-24"}, since())
	})
}
