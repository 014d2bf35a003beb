package board

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/board/panel"
)

func TestAPreviewAndASimulationEndAfterAWhile(t *testing.T) {
	f := onSQLite(t)
	board, ctx := f.ready(t), t.Context()
	f.Rotations.patience = time.Nanosecond
	_, preview := f.Rotations.Preview(ctx, board, "2026-03-10", nil, nil, &panel.Options{})
	_, simulation := f.Rotations.Simulate(ctx, board, SimulationPlan{Years: 3})
	for _, err := range []error{preview, simulation} {
		var told *fault.Error
		require.ErrorAs(t, err, &told)
		require.Equal(t, fault.DeadlineExceeded, told.Kind)
		require.Contains(t, told.Message, "the most that is spent on such a question")
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	_, err := f.Rotations.Simulate(ended, board, SimulationPlan{Years: 3})
	require.ErrorIs(t, err, context.Canceled, "whoever asks can end it")
}
