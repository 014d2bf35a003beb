package board

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/board/panel/record"
)

func TestTheSeedOfTwoPeople(t *testing.T) {
	f := onSQLite(t)
	board := f.ready(t)
	ctx := t.Context()
	_, err := f.Rotations.Open(ctx, someone, board, "2026-03-10", "")
	require.NoError(t, err)
	_, err = f.Rotations.Freeze(ctx, someone, board, "2026-03-10", "", nil)
	require.NoError(t, err)
	deadline := f.clock.now().Add(time.Hour)
	plan := record.SeedPlan{Round: record.Round{Source: "drand", Number: "4711", Known: deadline.Add(10 * time.Minute)}, Deadline: deadline, People: []record.Person{
		{Name: "principals/ines", Commitment: record.Commitment("ines's secret")}, {Name: "principals/kim", Commitment: record.Commitment("kim's secret")}}}
	late := plan
	late.Deadline = f.clock.now()
	_, err = f.Rotations.Commit(ctx, someone, board, "2026-03-10", "", Commitment{Plan: late})
	require.ErrorContains(t, err, "deadline")
	early := plan
	early.Round.Known = deadline
	_, err = f.Rotations.Commit(ctx, someone, board, "2026-03-10", "", Commitment{Plan: early})
	require.ErrorContains(t, err, "has to come after the deadline")
	misspelt := plan
	misspelt.People = []record.Person{plan.People[0], {Name: "principals/nobody", Commitment: plan.People[1].Commitment}}
	_, err = f.Rotations.Commit(ctx, someone, board, "2026-03-10", "", Commitment{Plan: misspelt})
	require.ErrorContains(t, err, "seed_plan.holders[1].principal: principals/nobody does not exist")
	past := record.SeedPlan{Round: plan.Round}
	past.Round.Known = f.clock.now()
	_, err = f.Rotations.Commit(ctx, someone, board, "2026-03-10", "", Commitment{Plan: past})
	require.ErrorContains(t, err, "name a round that is still to come")
	_, err = f.Rotations.Commit(ctx, someone, board, "2026-03-10", "", Commitment{Plan: plan, Panels: 100})
	require.NoError(t, err)

	_, err = f.Rotations.Reveal(ctx, someone, board, "2026-03-10", "principals/sam", "ines's secret")
	require.ErrorIs(t, err, ErrSeed)
	_, err = f.Rotations.Reveal(ctx, someone, board, "2026-03-10", "principals/ines", "another")
	require.ErrorIs(t, err, ErrSeed)
	_, err = f.Rotations.Reveal(ctx, someone, board, "2026-03-10", "principals/ines", "ines's secret")
	require.NoError(t, err)
	_, err = f.Rotations.DrawPanel(ctx, someone, board, "2026-03-10", "", "abc")
	require.ErrorIs(t, err, ErrSeed, "kim can still reveal")
	f.clock.set("2026-03-06T16:35:00Z")
	_, err = f.Rotations.DrawPanel(ctx, someone, board, "2026-03-10", "", "abc")
	require.ErrorContains(t, err, "is known from 2026-03-06T16:40:00Z on")
	f.clock.set("2026-03-06T17:00:00Z")
	_, err = f.Rotations.Reveal(ctx, someone, board, "2026-03-10", "principals/kim", "kim's secret")
	require.ErrorIs(t, err, ErrSeed, "too late")
	_, err = f.Rotations.DrawPanel(ctx, someone, board, "2026-03-10", "", "")
	require.ErrorIs(t, err, ErrSeed, "the round's value is needed")
	_, err = f.Rotations.DrawPanel(ctx, someone, board, "2026-03-10", "", " ABC")
	require.ErrorIs(t, err, ErrSeed, "a value has one spelling")
	s, err := f.Rotations.DrawPanel(ctx, someone, board, "2026-03-10", "", "abc")
	require.NoError(t, err)
	require.Equal(t, Drawn, s.State.State)
	_, text, err := f.Rotations.Record(ctx, board, "2026-03-10")
	require.NoError(t, err)
	_, report := record.Verify(text)
	require.True(t, report.OK(), "%v", report.Err())
}
