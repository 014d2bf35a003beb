package requests

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

var easier = strings.NewReplacer("500.00", "400.00", "$500", "$400").Replace(edition)

// proposed is a draft written and proposed by anna.
func (f *fixture) proposed(t testing.TB, file string) resource.Stored[Draft] {
	t.Helper()
	d, err := f.CreateDraft(t.Context(), by(anna), anna, NewDraft{File: []byte(file), Reason: "Because"}, false)
	require.NoError(t, err)
	d, err = f.ProposeDraft(t.Context(), by(anna), anna, d.ID, d.Etag())
	require.NoError(t, err)
	return d
}

func TestR23WhoProposesADraftCannotApproveIt(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		d := f.proposed(t, easier)
		_, err := f.ApproveDraft(ctx, by(anna), anna, d.ID, d.Etag())
		wantReason(t, err, ReasonSecondPerson, "proposed it")
		_, err = f.ApproveDraft(ctx, by(robot), robot, d.ID, d.Etag())
		wantReason(t, err, ReasonSecondPerson, "machine")
		_, err = f.ApproveDraft(ctx, by(bob), bob, d.ID, "")
		wantReason(t, err, fault.ReasonInvalidArgument, "read")
		d, err = f.ApproveDraft(ctx, by(bob), bob, d.ID, d.Etag())
		require.NoError(t, err)
		require.Equal(t, Published, d.State.State)
		require.Equal(t, 2, d.State.Version)
		require.False(t, d.State.SingleOperator)
		require.Equal(t, []Edition{{Draft: DraftName(d.ID), File: []byte(easier), Base: 1, Proposer: anna.Name, Approver: bob.Name}}, f.published.editions)
		_, err = f.UpdateDraft(ctx, by(anna), anna, d.ID, "", DraftPatch{YAML: &d.State.YAML})
		wantReason(t, err, ReasonDraftState, "published")
	})
}

func TestR23WhoWroteSomeOfADraftCannotApproveIt(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	d, err := f.CreateDraft(ctx, by(robot), robot, NewDraft{File: []byte(edition), Reason: "Because"}, false)
	require.NoError(t, err)
	_, err = f.ProposeDraft(ctx, by(anna), anna, d.ID, "")
	wantReason(t, err, ReasonNoNewRule, "version 1")
	d, err = f.UpdateDraft(ctx, by(bob), bob, d.ID, d.Etag(), DraftPatch{YAML: &easier})
	require.NoError(t, err)
	require.Equal(t, []string{robot.Name, bob.Name}, d.State.Writers)
	_, err = f.ProposeDraft(ctx, by(robot), robot, d.ID, "")
	wantReason(t, err, ReasonSecondPerson, "machine")
	d, err = f.ProposeDraft(ctx, by(anna), anna, d.ID, d.Etag())
	require.NoError(t, err)
	_, err = f.ApproveDraft(ctx, by(bob), bob, d.ID, d.Etag())
	wantReason(t, err, ReasonSecondPerson, "wrote some of it")
	f.people.others = false
	d, err = f.ApproveDraft(ctx, by(bob), bob, d.ID, d.Etag())
	require.NoError(t, err)
	require.True(t, d.State.SingleOperator, "nobody else is there")
	require.True(t, f.published.editions[0].SingleOperator)
}

func TestAChangeTakesTheProposalBack(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	d := f.proposed(t, easier)
	read := d.Etag()
	harder := strings.NewReplacer("500.00", "900.00", "$500", "$900").Replace(edition)
	d, err := f.UpdateDraft(ctx, by(carol), carol, d.ID, read, DraftPatch{YAML: &harder})
	require.NoError(t, err)
	require.Equal(t, Writing, d.State.State)
	require.Empty(t, d.State.Proposer)
	_, err = f.ApproveDraft(ctx, by(bob), bob, d.ID, d.Etag())
	wantReason(t, err, ReasonDraftState, "only while it is proposed")
	_, err = f.ProposeDraft(ctx, by(anna), anna, d.ID, "")
	require.NoError(t, err)
	_, err = f.ApproveDraft(ctx, by(bob), bob, d.ID, read)
	require.ErrorIs(t, err, resource.ErrStale, "bob has read another text")
	require.Len(t, f.published.versions, 1)
}

func TestADraftIsWrittenOnTheLastVersion(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	late := f.proposed(t, strings.NewReplacer("500.00", "700.00", "$500", "$700").Replace(edition))
	d := f.proposed(t, easier)
	_, err := f.ApproveDraft(ctx, by(bob), bob, d.ID, d.Etag())
	require.NoError(t, err)
	_, err = f.ApproveDraft(ctx, by(bob), bob, late.ID, late.Etag())
	wantReason(t, err, ReasonDraftConflict, "")
	one, two := 1, 2
	_, err = f.UpdateDraft(ctx, by(anna), anna, late.ID, "", DraftPatch{Base: &one})
	require.ErrorContains(t, err, "which is 2")
	late, err = f.UpdateDraft(ctx, by(anna), anna, late.ID, "", DraftPatch{Base: &two})
	require.NoError(t, err)
	late, err = f.ProposeDraft(ctx, by(anna), anna, late.ID, "")
	require.NoError(t, err)
	late, err = f.ApproveDraft(ctx, by(bob), bob, late.ID, late.Etag())
	require.NoError(t, err)
	require.Equal(t, 3, late.State.Version)
}

func TestARejectedDraftStaysSo(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	d := f.proposed(t, easier)
	_, err := f.RejectDraft(ctx, by(bob), bob, d.ID, "", " ")
	require.ErrorContains(t, err, "say why")
	d, err = f.RejectDraft(ctx, by(bob), bob, d.ID, d.Etag(), "Too dear")
	require.NoError(t, err)
	require.Equal(t, Rejected, d.State.State)
	require.Equal(t, "Too dear", d.State.Ending)
	_, err = f.ProposeDraft(ctx, by(anna), anna, d.ID, "")
	wantReason(t, err, ReasonDraftState, "rejected")
	mine, err := f.CreateDraft(ctx, by(anna), anna, NewDraft{ID: "mine", File: []byte(easier), Reason: "Because"}, false)
	require.NoError(t, err)
	mine, err = f.WithdrawDraft(ctx, by(anna), anna, mine.ID, "", "Thought better of it")
	require.NoError(t, err)
	require.Equal(t, Withdrawn, mine.State.State)
	page, err := f.ListDrafts(ctx, Newest[Draft]{Size: 10})
	require.NoError(t, err)
	require.Len(t, page.Items, 2)
}

func TestADraftIsCheckedWhenItIsWritten(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	_, err := f.CreateDraft(ctx, by(anna), anna, NewDraft{File: []byte("schedule: x"), Reason: "Because"}, false)
	wantReason(t, err, "SCHEDULE_INVALID", "")
	_, err = f.CreateDraft(ctx, by(anna), anna, NewDraft{File: []byte(edition)}, false)
	require.ErrorContains(t, err, "reason")
	_, err = f.CreateDraft(ctx, by(anna), anna, NewDraft{Fragment: []byte("rules: []"), Reason: "Because"}, false)
	wantReason(t, err, "SCHEDULE_INVALID", "no rule is added")
	checked, err := f.CreateDraft(ctx, by(anna), anna, NewDraft{Fragment: []byte(loyal), Reason: "Because"}, true)
	require.NoError(t, err)
	require.Contains(t, checked.State.YAML, "loyal")
	_, err = f.GetDraft(ctx, checked.ID)
	require.ErrorIs(t, err, resource.ErrNotFound)
	f.published.set(func(s *fakeSchedule) { s.versions = nil })
	_, err = f.CreateDraft(ctx, by(anna), anna, NewDraft{Fragment: []byte(loyal), Reason: "Because"}, false)
	wantReason(t, err, "NO_SCHEDULE_IN_FORCE", "whole one")
}

func TestAnApprovalSurvivesACrash(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		d := f.proposed(t, easier)
		f.published.set(func(s *fakeSchedule) { s.failing = errAway })
		_, err := f.ApproveDraft(ctx, by(bob, "approve-1"), bob, d.ID, d.Etag())
		require.ErrorIs(t, err, errAway)
		left, err := f.GetDraft(ctx, d.ID)
		require.NoError(t, err)
		require.Equal(t, Approved, left.State.State)
		_, err = f.UpdateDraft(ctx, by(anna), anna, d.ID, "", DraftPatch{YAML: &d.State.YAML})
		wantReason(t, err, ReasonDraftState, "approved")

		f.published.set(func(s *fakeSchedule) { s.failing = nil })
		require.NoError(t, f.publishApproved(ctx))
		left, err = f.GetDraft(ctx, d.ID)
		require.NoError(t, err)
		require.Equal(t, Approved, left.State.State, "who approves may still be at it")
		f.advance(time.Minute)
		require.NoError(t, f.publishApproved(ctx))
		again, err := f.ApproveDraft(ctx, by(bob, "approve-1"), bob, d.ID, d.Etag())
		require.NoError(t, err)
		require.Equal(t, Published, again.State.State)
		require.Equal(t, 2, again.State.Version)
		require.Len(t, f.published.editions, 1)
	})
}

func TestWhatCannotBePublishedIsProposedAgain(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	d := f.proposed(t, easier)
	f.published.set(func(s *fakeSchedule) {
		s.failing = fault.Precondition("EFFECTIVE_DATE", "schedule", "that day is past")
	})
	_, err := f.ApproveDraft(ctx, by(bob), bob, d.ID, d.Etag())
	wantReason(t, err, "EFFECTIVE_DATE", "past")
	d, err = f.GetDraft(ctx, d.ID)
	require.NoError(t, err)
	require.Equal(t, Proposed, d.State.State)
	require.Empty(t, d.State.Approver)
}
