package demo

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestClockIsTurnedBackAndRestored(t *testing.T) {
	real := today
	c := NewClock(func() time.Time { return real })
	require.Equal(t, real, c.Now())

	past := today.AddDate(-1, 0, 0)
	c.turn(past)
	require.Equal(t, past, c.Now())
	real = real.Add(time.Minute)
	require.Equal(t, past.Add(time.Minute), c.Now(), "it goes on from there")

	c.turn(real.Add(time.Hour))
	require.Equal(t, real, c.Now(), "the future has not happened")

	c.turn(past)
	c.restore()
	require.Equal(t, real, c.Now())
}
