package civil

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParseInstant(t *testing.T) {
	for _, c := range []struct{ zone, text, want, err string }{
		{"America/New_York", "2026-03-06T16:30:00", "2026-03-06T16:30:00-05:00", ""},
		{"America/New_York", "2026-07-06T16:30", "2026-07-06T16:30:00-04:00", ""},
		{"America/New_York", "2026-03-06T16:30:00.25", "2026-03-06T16:30:00.25-05:00", ""},
		{"America/New_York", "2026-03-06T21:30:00Z", "2026-03-06T16:30:00-05:00", ""},
		{"America/New_York", "2026-03-06t21:30:00z", "2026-03-06T16:30:00-05:00", ""},
		{"America/New_York", "2026-03-07T02:30:00+05:00", "2026-03-06T16:30:00-05:00", ""},
		{"America/New_York", "2040-12-31T12:00:00", "2040-12-31T12:00:00-05:00", ""},
		{"America/New_York", "2026-03-08T02:30:00", "", "jump over 2026-03-08T02:30:00"},
		{"America/New_York", "2026-11-01T01:30:00", "", "twice: write 2026-11-01T01:30:00-04:00 or 2026-11-01T01:30:00-05:00"},
		{"America/New_York", "2026-11-01T01:30:00-05:00", "2026-11-01T01:30:00-05:00", ""},
		{"Pacific/Apia", "2011-12-30T12:00:00", "", "jump over"},
		{"America/Sao_Paulo", "2018-11-04T00:00:00", "", "jump over"},
		{"America/Sao_Paulo", "2018-02-17T23:30:00", "", "twice"},
		{"UTC", "2026-02-30T10:00:00", "", "is not an instant"},
		{"UTC", "2026-03-06", "", "is not an instant"},
		{"UTC", "2026-03-06 10:00", "", "is not an instant"},
		{"UTC", "", "", "is not an instant"},
	} {
		t.Run(c.zone+" "+c.text, func(t *testing.T) {
			z, err := LoadZone(c.zone)
			require.NoError(t, err)
			got, err := z.ParseInstant(c.text)
			if c.err != "" {
				require.ErrorContains(t, err, c.err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, c.want, got.Format(time.RFC3339Nano))
		})
	}
}

// What clocks show at an instant leads back to it.
func TestInstantsFindTheInstant(t *testing.T) {
	zones := []string{"America/New_York", "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia", "Africa/Cairo", "Africa/Casablanca", "UTC"}
	rapid.Check(t, func(t *rapid.T) {
		z, err := LoadZone(rapid.SampledFrom(zones).Draw(t, "zone"))
		require.NoError(t, err)
		at := time.Unix(rapid.Int64Range(-5e9, 5e9).Draw(t, "at"), 0).In(z.Location())
		if start, _ := at.ZoneBounds(); rapid.Bool().Draw(t, "near a change") && !start.IsZero() {
			at = start.Add(time.Duration(rapid.IntRange(-7200, 7200).Draw(t, "seconds")) * time.Second)
		}
		found := z.Instants(at)
		require.LessOrEqual(t, len(found), 2)
		_, offset := at.Zone()
		require.Equal(t, found, z.Instants(at.UTC().Add(time.Duration(offset)*time.Second)), "the zone of the argument does not matter")
		var seen bool
		for _, f := range found {
			require.Equal(t, at.Format("2006-01-02T15:04:05"), f.Format("2006-01-02T15:04:05"))
			seen = seen || f.Equal(at)
		}
		require.True(t, seen)
	})
}
