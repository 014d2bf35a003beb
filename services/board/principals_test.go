package board

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// Whom accounts does not know is named for nothing: no board is theirs, and no part of a
// seed, which could never be revealed.
func TestPrincipalsThatDoNotExistAreRefused(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	refused := func(err error, field string) {
		t.Helper()
		var told *fault.Error
		require.ErrorAs(t, err, &told)
		require.Equal(t, fault.InvalidArgument, told.Kind)
		require.Equal(t, field, told.Fields[0].Path)
		require.Contains(t, told.Fields[0].Description, "principals/nobody does not exist")
	}
	_, err := f.Boards.Create(ctx, someone, "b", Board{DisplayName: "B", Zone: "UTC", Secretaries: []string{"ines", "nobody"}})
	refused(err, "board.secretaries[1]")
	_, err = f.Boards.Get(ctx, "b")
	require.ErrorIs(t, err, resource.ErrNotFound)
	board := f.ready(t)
	_, err = f.Boards.Update(ctx, someone, board, "", Patch{Managers: &[]string{"nobody"}})
	refused(err, "board.managers[0]")
	_, err = f.Boards.Update(ctx, someone, board, "", Patch{Managers: &[]string{"ines"}})
	require.NoError(t, err)

	_, err = f.Rotations.Open(ctx, someone, board, firstRotation, "")
	require.NoError(t, err)
	_, err = f.Rotations.Freeze(ctx, someone, board, firstRotation, "", nil)
	require.NoError(t, err)
	deadline := f.clock.now().Add(time.Hour)
	plan := record.SeedPlan{Round: record.Round{Source: "drand", Number: "4711", Known: deadline.Add(time.Minute)}, Deadline: deadline, People: []record.Person{
		{Name: "principals/ines", Commitment: record.Commitment("one")}, {Name: "principals/nobody", Commitment: record.Commitment("two")}}}
	_, err = f.Rotations.Commit(ctx, someone, board, firstRotation, "", Commitment{Plan: plan, Panels: 100})
	refused(err, "seed_plan.holders[1].principal")
	s, err := f.Rotations.Get(ctx, board, firstRotation)
	require.NoError(t, err)
	require.Equal(t, Frozen, s.State.State, "nothing is published")
	require.ErrorIs(t, f.Principal(ctx, "nobody"), resource.ErrNotFound)
	require.NoError(t, f.Principal(ctx, "ines"))
}
