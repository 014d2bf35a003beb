package statements

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/plans/feeds"
)

// A dossier of many entries goes over many pages, and each entry is in one of them.
func TestR31AThickDossier(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.take(t, settled("USD", "UTC"), customer("acme", day("2020-01-01")))
		var changes []feeds.Change
		for i := range 2*maxLines + 10 {
			changes = append(changes, used("acme", fmt.Sprint("e", i), "shipping", "1", july, feeds.Used, 1))
		}
		f.take(t, changes[:maxLines-1]...)
		f.take(t, changes[maxLines-1:]...)
		f.again(t, changes[maxLines/2:]...)
		got, err := f.Get(t.Context(), "acme", q3, Default, time.Time{})
		require.NoError(t, err)
		require.EqualValues(t, len(changes), got.Figure("benefits").Count)
		require.EqualValues(t, len(changes)*4_50, got.Figure("benefits").Minor)
		sum, err := f.Sum(t.Context(), q3)
		require.NoError(t, err)
		require.EqualValues(t, len(changes), sum.Figure("benefits").Count)
	})
}
