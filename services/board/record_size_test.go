package board

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

func TestARecordThatCannotBeFetchedIsRefused(t *testing.T) {
	seats := make([]int, 150)
	for i := range seats {
		seats[i] = 1000 + i
	}
	sized := func(panels, conflicts int) error {
		r := &record.Record{Panels: slices.Repeat([][]int{seats}, panels),
			Conflicts: slices.Repeat([]record.Pair{{"a-pseudonym-of-twenty", "a-pseudonym-of-twenty"}}, conflicts)}
		text, err := r.Encode()
		require.NoError(t, err)
		return fetchable(r, len(text))
	}
	var told *fault.Error
	require.ErrorAs(t, sized(20_000, 0), &told)
	require.Equal(t, "panels", told.Fields[0].Path)
	require.Equal(t, "20000 make a record of 14 MiB, and 12 MiB can be fetched: draw from about 16709 or fewer", told.Fields[0].Description)
	require.NoError(t, sized(16_709, 0), "what was advised is enough")
	require.ErrorContains(t, sized(1, 300_000), "too many pairs of them in conflict (300000)")
}
