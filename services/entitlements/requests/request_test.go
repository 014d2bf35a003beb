package requests

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

var favour = Request{Account: "acme", Asked: "A note of thanks", Why: "They are about to leave", Facts: map[string]string{"customer since": "2014"}}

// asked is a request of carol's for acme.
func (f *fixture) asked(t testing.TB) resource.Stored[Request] {
	t.Helper()
	r, err := f.CreateRequest(t.Context(), by(carol), carol, "", favour, false)
	require.NoError(t, err)
	return r
}

func TestR22ARequestIsDeclinedWithAReason(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		r := f.asked(t)
		require.Equal(t, carol.Roles, r.State.Roles)
		_, err := f.DeclineRequest(ctx, by(anna), anna, r.ID, "", "")
		require.ErrorContains(t, err, "why")
		_, err = f.DeclineRequest(ctx, by(carol), carol, r.ID, "", "No")
		wantReason(t, err, ReasonSecondPerson, "nobody decides their own request")
		_, err = f.DeclineRequest(ctx, by(robot), robot, r.ID, "", "No")
		wantReason(t, err, ReasonSecondPerson, "machine")
		r, err = f.DeclineRequest(ctx, by(anna, "no"), anna, r.ID, r.Etag(), "Others who left had the same")
		require.NoError(t, err)
		require.Equal(t, Declined, r.State.State)
		_, err = f.DeclineRequest(ctx, by(anna, "no"), anna, r.ID, r.Etag(), "Others who left had the same")
		require.NoError(t, err, "the same call again")
		_, err = f.MakeRule(ctx, by(anna), anna, r.ID, "", Rule{Fragment: []byte(loyal), Reason: "Fair"}, false)
		wantReason(t, err, ReasonRequestState, "declined")
	})
}

func TestR22ARequestIsMadeARuleForEverybody(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		r := f.asked(t)
		rule := Rule{Fragment: []byte(loyal), Reason: "Ten years are worth a note"}
		seen, err := f.MakeRule(ctx, by(anna), anna, r.ID, "", rule, true)
		require.NoError(t, err)
		require.EqualValues(t, 6, seen.State.Effect.Others)
		r, err = f.MakeRule(ctx, by(anna, "rule"), anna, r.ID, r.Etag(), rule, false)
		require.NoError(t, err)
		require.Equal(t, InDraft, r.State.State)
		require.Equal(t, []string{"loyal"}, r.State.Rules)
		again, err := f.MakeRule(ctx, by(anna, "rule"), anna, r.ID, r.Etag(), rule, false)
		require.NoError(t, err)
		require.Equal(t, r.State.Draft, again.State.Draft)

		d, err := f.ProposeDraft(ctx, by(anna), anna, r.State.Draft, "")
		require.NoError(t, err)
		require.Equal(t, r.ID, d.State.Request)
		_, err = f.ApproveDraft(ctx, by(carol), carol, d.ID, d.Etag())
		wantReason(t, err, ReasonSecondPerson, "asked for it")
		_, err = f.ApproveDraft(ctx, by(bob), bob, d.ID, d.Etag())
		require.NoError(t, err)
		r, err = f.GetRequest(ctx, r.ID)
		require.NoError(t, err)
		require.Equal(t, MadeRule, r.State.State)
		require.Equal(t, 2, r.State.Version)
		require.Equal(t, []string{"loyal"}, r.State.Rules)
		require.Equal(t, "loyal", f.published.versions[1].Rules[1].ID)
	})
}

func TestR22ARejectedDraftOpensTheRequestAgain(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	r := f.asked(t)
	rule := Rule{Fragment: []byte(loyal), Reason: "Ten years are worth a note"}
	r, err := f.MakeRule(ctx, by(anna), anna, r.ID, "", rule, false)
	require.NoError(t, err)
	without := edition
	_, err = f.UpdateDraft(ctx, by(anna), anna, r.State.Draft, "", DraftPatch{YAML: &easier})
	require.NoError(t, err)
	_, err = f.ProposeDraft(ctx, by(anna), anna, r.State.Draft, "")
	wantReason(t, err, ReasonNoNewRule, "add one")
	_, err = f.UpdateDraft(ctx, by(anna), anna, r.State.Draft, "", DraftPatch{YAML: &without})
	require.NoError(t, err)
	_, err = f.WithdrawDraft(ctx, by(anna), anna, r.State.Draft, "", "Not like this")
	require.NoError(t, err)
	first := r.State.Draft
	r, err = f.GetRequest(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, Undecided, r.State.State)
	require.Len(t, r.State.Attempts, 1)
	require.Equal(t, "Not like this", r.State.Attempts[0].Reason)
	r, err = f.MakeRule(ctx, by(anna), anna, r.ID, "", rule, false)
	require.NoError(t, err)
	require.NotEqual(t, first, r.State.Draft)
}

func TestARequestWhoseDraftNeverCameToBeIsOpenAgain(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	r := f.asked(t)
	_, err := f.requests.Update(ctx, by(anna), r.ID, nil, "special_request.in_draft", func(r *Request) error {
		r.State, r.Draft, r.Decided = InDraft, "lost", f.now()
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, f.settleRequests(ctx))
	r, err = f.GetRequest(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, InDraft, r.State.State, "it may be on its way")
	f.advance(time.Minute)
	require.NoError(t, f.settleRequests(ctx))
	r, err = f.GetRequest(ctx, r.ID)
	require.NoError(t, err)
	require.Equal(t, Undecided, r.State.State)
	require.Empty(t, r.State.Attempts)
}

func TestASingleOperatorDecidesTheirOwnRequest(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	f.people.others = false
	r := f.asked(t)
	r, err := f.DeclineRequest(t.Context(), by(carol), carol, r.ID, "", "Thought better of it")
	require.NoError(t, err)
	require.True(t, r.State.SingleOperator)
}

func TestARequestIsChecked(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	_, err := f.CreateRequest(t.Context(), by(carol), carol, "", Request{Account: "acme"}, false)
	wantReason(t, err, fault.ReasonInvalidArgument, "asked")
	missing := favour
	missing.Account = "nobody"
	_, err = f.CreateRequest(t.Context(), by(carol), carol, "", missing, false)
	wantReason(t, err, fault.ReasonNotFound, "nobody")
}

func TestR23RequestsAreCountedByRoleRequesterAndAccount(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		begun := f.clock()
		for range 2 {
			r := f.asked(t)
			_, err := f.DeclineRequest(ctx, by(anna), anna, r.ID, "", "No")
			require.NoError(t, err)
		}
		other := favour
		other.Account = "beta"
		_, err := f.CreateRequest(ctx, by(anna), anna, "", other, false)
		require.NoError(t, err)
		f.advance(24 * time.Hour)
		f.asked(t) // on another day
		counted, err := f.Count(ctx, begun, begun.Add(time.Hour))
		require.NoError(t, err)
		declined, open := map[RequestState]int{Declined: 2}, map[RequestState]int{Undecided: 1}
		require.Equal(t, []Counted{
			{By: "role", Value: "account-manager", ByState: declined},
			{By: "role", Value: "board-secretary", ByState: declined},
			{By: "role", Value: "policy-author", ByState: open},
			{By: "requester", Value: anna.Name, ByState: open},
			{By: "requester", Value: carol.Name, ByState: declined},
			{By: "account", Value: "acme", ByState: declined},
			{By: "account", Value: "beta", ByState: open},
		}, counted)
		page, err := f.ListRequests(ctx, RequestQuery{Requester: carol.Name, Newest: Newest[Request]{Size: 2}})
		require.NoError(t, err)
		require.Len(t, page.Items, 2)
		require.NotNil(t, page.Next)
		page, err = f.ListRequests(ctx, RequestQuery{Requester: carol.Name, Newest: Newest[Request]{Size: 2, After: page.Next}})
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
	})
}
