package rpc_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/evenhand/evenhand/internal/platform/auth"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
)

func TestBatchAnswersEachPairInOrder(t *testing.T) {
	s, token := world(t)
	r := &entitlementsv1.BatchCheckEntitlementsRequest{AsOfDate: paidDate, ConsistencyToken: token, Queries: []*entitlementsv1.EntitlementQuery{
		{Account: "accounts/rich", Benefit: "thanks"}, {Account: "accounts/nobody", Benefit: "thanks"},
		{Account: "rich", Benefit: "thanks"}, {Account: "accounts/rich", Benefit: "no-such"}, {},
		{Account: "accounts/poor", Benefit: "hours"}, {Account: "accounts/rich", Benefit: "A"},
	}}
	got, err := s.BatchCheckEntitlements(t.Context(), r)
	require.NoError(t, err)
	var told []string
	for _, result := range got.GetResults() {
		if result.GetError() != nil {
			require.Len(t, result.GetError().GetDetails(), 2, "ErrorInfo, and what it is about")
			told = append(told, codes.Code(result.GetError().GetCode()).String())
			continue
		}
		require.Empty(t, result.GetEntitlement().GetReason(), "BASIC")
		told = append(told, fmt.Sprint(result.GetEntitlement().GetEntitled()))
	}
	require.Equal(t, []string{"true", "NotFound", "InvalidArgument", "NotFound", "InvalidArgument", "false", "InvalidArgument"}, told)
	require.NotNil(t, got.GetResults()[0].GetEntitlement().GetValidUntil())
	r.View = entitlementsv1.EntitlementView_ENTITLEMENT_VIEW_FULL
	got, err = s.BatchCheckEntitlements(t.Context(), r)
	require.NoError(t, err)
	require.NotEmpty(t, got.GetResults()[0].GetEntitlement().GetReason())
	require.NotEmpty(t, got.GetResults()[5].GetEntitlement().GetDistances())
	_, err = s.BatchCheckEntitlements(t.Context(), &entitlementsv1.BatchCheckEntitlementsRequest{})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
}

// An account that cannot be read now is no answer about that account, and is not waited
// for again and again.
func TestBatchFailsAsAWholeWhileTheDatabaseIsAway(t *testing.T) {
	s := serve(t, entitlements.Options{CacheAccounts: 1, FlushInterval: 10 * time.Millisecond, Log: slog.New(slog.DiscardHandler)})
	token := s.fill(t)
	r := &entitlementsv1.BatchCheckEntitlementsRequest{AsOfDate: paidDate, ConsistencyToken: token}
	for _, account := range []string{"rich", "poor", "new"} {
		r.Queries = append(r.Queries, &entitlementsv1.EntitlementQuery{Account: "accounts/" + account, Benefit: "thanks"})
	}
	// Accounts leave the memory at the next change after they were flushed.
	for end := time.Now().Add(30 * time.Second); ; {
		require.True(t, time.Now().Before(end), "no account left the memory")
		s.database.away.Store(false)
		r.ConsistencyToken = s.accounts.add(account("new", ""))
		_, err := s.BatchCheckEntitlements(t.Context(), r)
		require.NoError(t, err)
		time.Sleep(20 * time.Millisecond)
		s.database.refused.Store(0)
		s.database.away.Store(true)
		got, err := s.BatchCheckEntitlements(t.Context(), r)
		if status.Code(err) == codes.Unavailable {
			require.EqualValues(t, 1, s.database.refused.Load(), "the next pair does not wait as well")
			break
		}
		require.NoError(t, err)
		for _, result := range got.GetResults() {
			require.Nil(t, result.GetError())
		}
	}
	s.database.away.Store(false)
	_, err := s.BatchCheckEntitlements(t.Context(), r)
	require.NoError(t, err)
}

func TestBatchWhoseAnswerIsTooLargeToSend(t *testing.T) {
	s := serve(t, entitlements.Options{})
	_, err := s.schedules.PublishSchedule(t.Context(), &entitlementsv1.PublishScheduleRequest{
		Content: &entitlementsv1.PublishScheduleRequest_Yaml{Yaml: strings.Replace(promise, "A note of thanks.", strings.Repeat("謝", 1000), 1)},
	})
	require.NoError(t, err)
	r := &entitlementsv1.BatchCheckEntitlementsRequest{AsOfDate: paidDate, ConsistencyToken: s.accounts.add(account("rich", ""))}
	for range 10_000 {
		r.Queries = append(r.Queries, &entitlementsv1.EntitlementQuery{Account: "accounts/rich", Benefit: "thanks"})
	}
	_, err = s.BatchCheckEntitlements(t.Context(), r)
	require.NoError(t, err, "the basic view has no promises")
	r.View = entitlementsv1.EntitlementView_ENTITLEMENT_VIEW_FULL
	_, err = s.BatchCheckEntitlements(t.Context(), r)
	require.Equal(t, []string{"queries"}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")))
	r.Queries = r.Queries[:3000]
	got, err := s.BatchCheckEntitlements(t.Context(), r)
	require.NoError(t, err)
	require.Len(t, got.GetResults(), 3000)
	for i := range r.Queries { // what is malformed is told, and that is a text too
		r.Queries[i] = &entitlementsv1.EntitlementQuery{Account: strings.Repeat("\x01", 1000)}
	}
	_, err = s.BatchCheckEntitlements(t.Context(), r)
	require.Equal(t, []string{"queries"}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")))
}

// everyPair is a batch with pairs of all kinds.
func everyPair(view entitlementsv1.EntitlementView) *entitlementsv1.BatchCheckEntitlementsRequest {
	r := &entitlementsv1.BatchCheckEntitlementsRequest{AsOfDate: paidDate, View: view}
	for _, account := range []string{"accounts/rich", "accounts/poor", "accounts/new", "accounts/nobody", "rich"} {
		for _, benefit := range []string{"thanks", "hours", "no-fee", "no-such"} {
			r.Queries = append(r.Queries, &entitlementsv1.EntitlementQuery{Account: account, Benefit: benefit})
		}
	}
	return r
}

// The memory of answers is used again: nothing of one may be left in another, least of
// all of a caller's who may see spend in that of one who may not.
func TestR3BatchAnswersHoldNothingOfOthers(t *testing.T) {
	admin, token := world(t)
	type caller struct {
		*served
		view entitlementsv1.EntitlementView
		want []*entitlementsv1.EntitlementResult
	}
	var callers []caller
	for _, view := range []entitlementsv1.EntitlementView{entitlementsv1.EntitlementView_ENTITLEMENT_VIEW_BASIC, entitlementsv1.EntitlementView_ENTITLEMENT_VIEW_FULL} {
		for _, role := range []auth.Role{auth.Admin, auth.ServiceAgent} {
			// The first answer of a server is of new memory.
			first, firstToken := world(t)
			r := everyPair(view)
			r.ConsistencyToken = firstToken
			got, err := first.as(role).BatchCheckEntitlements(t.Context(), r)
			require.NoError(t, err)
			callers = append(callers, caller{admin.as(role), view, got.GetResults()})
		}
	}
	_, err := admin.CheckEntitlement(t.Context(), check("rich", "thanks", token))
	require.NoError(t, err)
	group, ctx := errgroup.WithContext(t.Context())
	for number, c := range callers {
		group.Go(func() error { return askInAnyOrder(ctx, c.served, c.view, c.want, uint64(number)) })
	}
	require.NoError(t, group.Wait())
}

// askInAnyOrder asks for some of the pairs in one order after the other.
func askInAnyOrder(ctx context.Context, s *served, view entitlementsv1.EntitlementView, want []*entitlementsv1.EntitlementResult, seed uint64) error {
	random := rand.New(rand.NewPCG(seed, 0))
	all := everyPair(view)
	for range 200 {
		order := random.Perm(len(want))[:1+random.IntN(len(want))]
		r := &entitlementsv1.BatchCheckEntitlementsRequest{AsOfDate: all.AsOfDate, View: view}
		for _, at := range order {
			r.Queries = append(r.Queries, all.Queries[at])
		}
		got, err := s.BatchCheckEntitlements(ctx, r)
		if err != nil {
			return err
		}
		for i, at := range order {
			if diff := cmp.Diff(want[at], got.GetResults()[i], protocmp.Transform()); diff != "" {
				return fmt.Errorf("%v of %d pairs: %s", r.Queries[i], len(order), diff)
			}
		}
	}
	return nil
}
