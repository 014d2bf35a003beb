package demo

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClockIsInThePastUntilHistoryIsTold(t *testing.T) {
	now := today
	path := filepath.Join(t.TempDir(), "clock")
	restarted := func() *Clock {
		c, err := NewClock(func() time.Time { return now }, path)
		require.NoError(t, err)
		return c
	}
	c := restarted()
	require.Equal(t, now, c.Now())

	past := today.AddDate(-1, 0, 0).Truncate(time.Second)
	require.NoError(t, c.begin(past))
	require.Equal(t, past, c.Now())
	require.NoFileExists(t, path+".new")
	now = now.Add(time.Minute)
	require.Equal(t, past.Add(time.Minute), c.Now(), "it goes on from there")

	c.turn(now.Add(time.Hour))
	require.Equal(t, now, c.Now(), "the future has not happened")
	require.Equal(t, past, restarted().Now(), "whatever it shows, history begins anew after a crash")

	c.turn(past)
	require.NoError(t, c.end())
	require.Equal(t, now, c.Now())
	require.Equal(t, now, restarted().Now())
}

func TestClockWithoutHistoryShowsTheTime(t *testing.T) {
	c, err := NewClock(func() time.Time { return today }, "")
	require.NoError(t, err)
	require.Equal(t, today, c.Now())
}
