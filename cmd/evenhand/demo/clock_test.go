package demo

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClockIsTurnedBackAndRestored(t *testing.T) {
	now := today
	c := NewClock(func() time.Time { return now })
	require.Equal(t, now, c.Now())

	past := today.AddDate(-1, 0, 0)
	c.turn(past)
	require.Equal(t, past, c.Now())
	now = now.Add(time.Minute)
	require.Equal(t, past.Add(time.Minute), c.Now(), "it goes on from there")

	c.turn(now.Add(time.Hour))
	require.Equal(t, now, c.Now(), "the future has not happened")

	c.turn(past)
	c.restore()
	require.Equal(t, now, c.Now())
}
