package requests

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

var tenYears = Rule{Fragment: []byte(loyal), Reason: "Ten years are worth a note"}

// request returns a request as it is now.
func (f *fixture) request(t testing.TB, id string) resource.Stored[Request] {
	t.Helper()
	r, err := f.GetRequest(t.Context(), id)
	require.NoError(t, err)
	return r
}

// intended is a request that names a draft which a process that stalls has not created yet,
// and that draft.
func (f *fixture) intended(t testing.TB, draft string) (resource.Stored[Request], Draft) {
	t.Helper()
	r, err := f.CreateRequest(t.Context(), by(carol), carol, "for-"+draft, favour, false)
	require.NoError(t, err)
	rule := tenYears
	rule.Draft = draft
	d, rules, effect, err := f.ruleDraft(t.Context(), anna, r, rule)
	require.NoError(t, err)
	r, err = f.requests.Update(t.Context(), by(anna, "rule"), r.ID, nil, "special_request.in_draft", func(r *Request) error {
		r.State, r.Draft, r.Rules, r.Effect, r.DecidedBy, r.Decided = InDraft, draft, rules, &effect, anna.Name, f.now()
		return nil
	})
	require.NoError(t, err)
	return r, d
}

func TestR22ARequestIsNotMadeARuleBySomebodyElsesDraft(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		r := f.asked(t)
		f.published.foreseen = func() { // between the look for the draft and its creation
			_, err := f.CreateDraft(ctx, by(bob), bob, NewDraft{ID: "spring", File: []byte(easier), Reason: "Cheaper"}, false)
			require.NoError(t, err)
		}
		rule := tenYears
		rule.Draft = "spring"
		_, err := f.MakeRule(ctx, by(anna, "rule"), anna, r.ID, "", rule, false)
		wantReason(t, err, fault.ReasonAlreadyExists, "spring")
		require.Equal(t, Undecided, f.request(t, r.ID).State.State)
		_, err = f.MakeRule(ctx, by(anna, "rule"), anna, r.ID, "", rule, false)
		wantReason(t, err, ReasonRequestState, "could not be created")

		f.published.foreseen = nil
		d, err := f.ProposeDraft(ctx, by(bob), bob, "spring", "")
		require.NoError(t, err)
		_, err = f.ApproveDraft(ctx, by(anna), anna, d.ID, d.Etag())
		require.NoError(t, err)
		require.NoError(t, f.settleRequests(ctx))
		require.Equal(t, Undecided, f.request(t, r.ID).State.State)
	})
}

func TestADraftOfSomethingElseIsNoneOfTheRequest(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	r, _ := f.intended(t, "spring")
	d, err := f.CreateDraft(ctx, by(bob), bob, NewDraft{ID: "spring", File: []byte(easier), Reason: "Cheaper"}, false)
	require.NoError(t, err)
	d, err = f.ProposeDraft(ctx, by(bob), bob, d.ID, "")
	require.NoError(t, err)
	_, err = f.ApproveDraft(ctx, by(anna), anna, d.ID, d.Etag())
	require.NoError(t, err)
	f.advance(time.Minute)
	require.NoError(t, f.settleRequests(ctx))
	r = f.request(t, r.ID)
	require.Equal(t, Undecided, r.State.State)
	require.Empty(t, r.State.Attempts)
}

func TestR22ADeclinedRequestIsNotMadeARuleAfterAll(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		stalled, d := f.intended(t, "late")
		f.advance(time.Minute)
		require.NoError(t, f.settleRequests(ctx))
		r, err := f.DeclineRequest(ctx, by(anna), anna, stalled.ID, "", "Others who left had the same")
		require.NoError(t, err)

		_, err = f.createRuleDraft(ctx, by(anna, "rule"), stalled, d) // the process goes on
		wantReason(t, err, ReasonRequestState, "withdraw the draft")
		_, err = f.MakeRule(ctx, by(anna, "rule"), anna, r.ID, "", Rule{Draft: "late", Fragment: tenYears.Fragment, Reason: tenYears.Reason}, false)
		wantReason(t, err, ReasonRequestState, "withdraw the draft")
		_, err = f.ProposeDraft(ctx, by(anna), anna, "late", "")
		wantReason(t, err, ReasonRequestState, "declined")
		left, err := f.WithdrawDraft(ctx, by(anna), anna, "late", "", "It came too late")
		require.NoError(t, err)
		require.Equal(t, Withdrawn, left.State.State)
		require.Equal(t, Declined, f.request(t, r.ID).State.State)
	})
}

func TestADraftThatIsThereKeepsItsRequest(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	stalled, d := f.intended(t, "late")
	f.advance(time.Minute) // now the loop reads the request, looks for the draft, and stalls
	_, err := f.createRuleDraft(ctx, by(anna, "rule"), stalled, d)
	require.NoError(t, err)
	require.NoError(t, f.settled(ctx, stalled, reopened, (*Request).reopen)) // the loop goes on
	r := f.request(t, stalled.ID)
	require.Equal(t, InDraft, r.State.State)
	require.True(t, r.State.Drafted)
}

func TestMakingARuleSurvivesACrash(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		r := f.asked(t)
		call := by(anna, "rule")
		id, err := call.NewID(nil)
		require.NoError(t, err)
		_, err = f.requests.Update(ctx, call, r.ID, nil, "special_request.in_draft", func(r *Request) error {
			r.State, r.Draft, r.DecidedBy, r.Decided = InDraft, id, anna.Name, f.now()
			return nil
		})
		require.NoError(t, err)
		r, err = f.MakeRule(ctx, call, anna, r.ID, "", tenYears, false)
		require.NoError(t, err)
		require.True(t, r.State.Drafted)
		d, err := f.ProposeDraft(ctx, by(anna), anna, id, "")
		require.NoError(t, err)
		require.Equal(t, r.ID, d.State.Request)
		_, err = f.ApproveDraft(ctx, by(bob), bob, id, d.Etag())
		require.NoError(t, err)
		r, err = f.MakeRule(ctx, call, anna, r.ID, "", tenYears, false)
		require.NoError(t, err, "the same call again, now that the rule is there")
		require.Equal(t, MadeRule, r.State.State)
	})
}

func TestDraftsOfRequestsWithLongIdsHaveIdsOfTheirOwn(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	for _, end := range []string{"one", "two"} {
		r, err := f.CreateRequest(ctx, by(carol), carol, "a-note-of-thanks-for-customers-of-ten-years-"+end, favour, false)
		require.NoError(t, err)
		_, err = f.MakeRule(ctx, by(anna), anna, r.ID, "", tenYears, false)
		require.NoError(t, err)
	}
}

func TestR22ARequestIsDecidedOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for range 8 {
			r := f.asked(t)
			failed := make(chan error, 2)
			go func() {
				_, err := f.DeclineRequest(ctx, by(anna), anna, r.ID, "", "No")
				failed <- err
			}()
			go func() {
				_, err := f.MakeRule(ctx, by(bob), bob, r.ID, "", tenYears, false)
				failed <- err
			}()
			first, second := <-failed, <-failed
			require.True(t, (first == nil) != (second == nil), "%v, %v", first, second)
			r = f.request(t, r.ID)
			page, err := f.ListDrafts(ctx, Newest[Draft]{Size: 100, Keep: func(d resource.Stored[Draft]) bool { return d.State.Request == r.ID }})
			require.NoError(t, err)
			require.Len(t, page.Items, map[RequestState]int{Declined: 0, InDraft: 1}[r.State.State])
			if r.State.State != Declined {
				require.Equal(t, InDraft, r.State.State)
			}
		}
	})
}
