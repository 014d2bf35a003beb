package resource

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSequenceSortsAsItWasMade(t *testing.T) {
	at := time.UnixMilli(1_700_000_000_000)
	s := NewSequence(func() time.Time { return at }, strings.NewReader(strings.Repeat("r", 8*200_000)))
	last := ""
	for i := range 200_000 {
		if i == 100_000 {
			at = at.Add(-time.Hour) // the clock goes back
		}
		id, err := s.Next()
		require.NoError(t, err)
		require.Less(t, last, id)
		require.Len(t, id, 26)
		last = id
	}
}
