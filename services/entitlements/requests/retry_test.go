package requests

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// publishNow lets bob approve what anna proposed.
func (f *fixture) publishNow(t testing.TB, file string) {
	t.Helper()
	d := f.proposed(t, file)
	_, err := f.ApproveDraft(t.Context(), by(bob), bob, d.ID, d.Etag())
	require.NoError(t, err)
}

func TestADraftThatWasComposedIsNotComposedAgain(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		compose := NewDraft{Fragment: []byte(loyal), Reason: "Because"}
		d, err := f.CreateDraft(ctx, by(anna, "compose"), anna, compose, false)
		require.NoError(t, err)
		p, err := f.ProposeDraft(ctx, by(anna), anna, d.ID, "")
		require.NoError(t, err)
		_, err = f.ApproveDraft(ctx, by(bob), bob, d.ID, p.Etag())
		require.NoError(t, err)
		again, err := f.CreateDraft(ctx, by(anna, "compose"), anna, compose, false)
		require.NoError(t, err)
		require.Equal(t, d.ID, again.ID)
		require.Equal(t, Published, again.State.State)
		other := by(anna, "compose")
		other.Payload = []byte("something else")
		_, err = f.CreateDraft(ctx, other, anna, compose, false)
		wantReason(t, err, fault.ReasonRequestIDReused, "compose")
	})
}

func TestADraftThatWasUpdatedIsNotCheckedAgain(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	d, err := f.CreateDraft(ctx, by(anna), anna, NewDraft{File: []byte(easier), Reason: "Because"}, false)
	require.NoError(t, err)
	one := 1
	_, err = f.UpdateDraft(ctx, by(anna, "base"), anna, d.ID, "", DraftPatch{Base: &one})
	require.NoError(t, err)
	f.publishNow(t, strings.NewReplacer("500.00", "700.00", "$500", "$700").Replace(edition))
	_, err = f.UpdateDraft(ctx, by(anna, "base"), anna, d.ID, "", DraftPatch{Base: &one})
	require.NoError(t, err)
}

func TestAnApprovalThatFailedFailsAgain(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		d := f.proposed(t, easier)
		past := fault.New(fault.FailedPrecondition, "EFFECTIVE_DATE", "%s", "that day is past")
		f.published.set(func(s *fakeSchedule) { s.failing = past })
		for range 2 {
			_, err := f.ApproveDraft(ctx, by(bob, "approve"), bob, d.ID, d.Etag())
			wantReason(t, err, "EFFECTIVE_DATE", "past")
		}
		left, err := f.GetDraft(ctx, d.ID)
		require.NoError(t, err)
		require.Equal(t, &Return{Approver: bob.Name, At: f.now(), Kind: past.Kind, Reason: past.Reason, Message: past.Message}, left.State.Returned)
		f.published.set(func(s *fakeSchedule) { s.failing = nil })
		left, err = f.ApproveDraft(ctx, by(bob, "approve-2"), bob, d.ID, left.Etag())
		require.NoError(t, err)
		require.Nil(t, left.State.Returned)
		left, err = f.ApproveDraft(ctx, by(bob, "approve"), bob, d.ID, d.Etag())
		require.NoError(t, err)
		require.Equal(t, Published, left.State.State)
	})
}

func TestAnApprovalSurvivesACrashBehindTheVersion(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		d := f.proposed(t, easier)
		f.published.set(func(s *fakeSchedule) { s.losing = errAway })
		_, err := f.ApproveDraft(ctx, by(bob), bob, d.ID, d.Etag())
		require.ErrorIs(t, err, errAway)
		require.Len(t, f.published.versions, 2)
		f.advance(time.Minute)
		require.NoError(t, f.publishApproved(ctx))
		d, err = f.GetDraft(ctx, d.ID)
		require.NoError(t, err)
		require.Equal(t, Published, d.State.State)
		require.Equal(t, 2, d.State.Version)
		require.Len(t, f.published.versions, 2)
	})
}

func TestRunFinishesWhatWasLeftUnfinished(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	d := f.proposed(t, easier)
	f.published.set(func(s *fakeSchedule) { s.failing = errAway })
	_, err := f.ApproveDraft(t.Context(), by(bob), bob, d.ID, d.Etag())
	require.ErrorIs(t, err, errAway)
	f.published.set(func(s *fakeSchedule) { s.failing = nil })
	lost, _ := f.intended(t, "lost")
	f.advance(time.Minute)

	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- f.Run(ctx) }()
	require.Eventually(t, func() bool {
		d, err := f.GetDraft(ctx, d.ID)
		return err == nil && d.State.State == Published && f.request(t, lost.ID).State.State == Undecided
	}, time.Minute, 10*time.Millisecond)
	stop()
	require.ErrorIs(t, <-done, context.Canceled)
}

// illegible is a store in which a draft cannot be read.
type illegible struct {
	docstore.Backend
	draft string
}

func (i illegible) Get(ctx context.Context, collection string, ids []string) ([]docstore.Record, error) {
	if collection == "drafts" && slices.Contains(ids, i.draft) {
		return nil, errAway
	}
	return i.Backend.Get(ctx, collection, ids)
}

func TestARequestThatCannotBeSettledKeepsNoOtherFromIt(t *testing.T) {
	f := start(t, illegible{teststore.SQLite(t), "odd"})
	ctx := t.Context()
	odd, _ := f.intended(t, "even")
	_, err := f.requests.Update(ctx, by(anna), odd.ID, nil, "special_request.in_draft", func(r *Request) error {
		r.Draft = "odd"
		return nil
	})
	require.NoError(t, err)
	lost, _ := f.intended(t, "lost")
	f.advance(time.Minute)
	require.ErrorContains(t, f.settleRequests(ctx), odd.ID)
	require.Equal(t, Undecided, f.request(t, lost.ID).State.State)
}

func TestADeclineIsRecognisedBeforeItIsChecked(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	f.people.others = false
	r := f.asked(t)
	_, err := f.DeclineRequest(ctx, by(carol, "no"), carol, r.ID, "", "Thought better of it")
	require.NoError(t, err)
	f.people.others = true // somebody was employed since
	r, err = f.DeclineRequest(ctx, by(carol, "no"), carol, r.ID, "", "Thought better of it")
	require.NoError(t, err)
	require.Equal(t, Declined, r.State.State)
}

func TestARequestIsRecognisedBeforeItsAccountIsLookedFor(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	r, err := f.CreateRequest(ctx, by(carol, "ask"), carol, "", favour, false)
	require.NoError(t, err)
	gone := favour
	gone.Account = "nobody" // as if the account were gone by now
	again, err := f.CreateRequest(ctx, by(carol, "ask"), carol, "", gone, false)
	require.NoError(t, err)
	require.Equal(t, r.ID, again.ID)
}

func TestWhatIsComposedTakesEffectNotBeforeTheLastVersion(t *testing.T) {
	for name, test := range map[string]struct {
		effective string
		want      civil.Day
	}{
		"past":    {"2026-01-01", civil.Never},
		"today":   {"2026-03-06", civil.Never},
		"to come": {"2026-07-01", civil.Date(2026, time.July, 1)},
	} {
		t.Run(name, func(t *testing.T) {
			f := start(t, teststore.SQLite(t))
			f.publishNow(t, strings.Replace(easier, "{reason:", "{effective: "+test.effective+", reason:", 1))
			d, err := f.CreateDraft(t.Context(), by(anna), anna, NewDraft{Fragment: []byte(loyal), Reason: "Because"}, false)
			require.NoError(t, err)
			content, err := f.published.Read(t.Context(), []byte(d.State.YAML))
			require.NoError(t, err)
			require.Equal(t, test.want, content.Notice.Effective)
			require.Equal(t, content.Hash(), d.State.Hash)
		})
	}
}

func TestTextsAreCountedInCharacters(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	long := favour
	long.Why = strings.Repeat("é", maxText)
	r, err := f.CreateRequest(ctx, by(carol), carol, "", long, false)
	require.NoError(t, err)
	long.Why += "é"
	_, err = f.CreateRequest(ctx, by(carol), carol, "", long, false)
	wantReason(t, err, fault.ReasonInvalidArgument, "4001 characters")
	_, err = f.DeclineRequest(ctx, by(anna), anna, r.ID, "", strings.Repeat("é", maxReason+1))
	wantReason(t, err, fault.ReasonInvalidArgument, "2001 characters")
	d := f.proposed(t, easier)
	_, err = f.RejectDraft(ctx, by(bob), bob, d.ID, "", strings.Repeat("é", maxReason+1))
	wantReason(t, err, fault.ReasonInvalidArgument, "2001 characters")
	_, err = f.WithdrawDraft(ctx, by(anna), anna, d.ID, "", strings.Repeat("é", maxReason+1))
	wantReason(t, err, fault.ReasonInvalidArgument, "2001 characters")
}
