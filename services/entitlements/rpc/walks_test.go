package rpc_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
)

func TestHoldersPageByPageAtOneInstant(t *testing.T) {
	s, _ := world(t)
	var changes []*accountsv1.Change
	var want []string
	for i := range 120 {
		id := fmt.Sprintf("a-%03d", i)
		changes = append(changes, account(id, ""), revenue(id, paidOn, int64(i%2)*50_000))
		if i%2 == 1 {
			want = append(want, "accounts/"+id)
		}
	}
	want = append(want, "accounts/rich")
	r := &entitlementsv1.ListHoldersRequest{Benefit: "thanks", AsOfDate: paidDate, PageSize: 7, ConsistencyToken: s.accounts.add(changes...)}
	var got []string
	var asOf *timestamppb.Timestamp
	for {
		page, err := s.ListHolders(t.Context(), r)
		require.NoError(t, err)
		for _, h := range page.GetHolders() {
			got = append(got, h.GetAccount())
			require.Equal(t, "spend-500", h.GetRule())
			require.Equal(t, "schedule/versions/1", h.GetScheduleVersion())
		}
		if asOf == nil {
			asOf = page.GetAsOf()
		}
		require.Empty(t, cmp.Diff(asOf, page.GetAsOf(), protocmp.Transform()))
		if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
			break
		}
	}
	require.Equal(t, want, got)
	count, err := s.CountHolders(t.Context(), &entitlementsv1.CountHoldersRequest{Benefit: "thanks", AsOfDate: paidDate})
	require.NoError(t, err)
	require.EqualValues(t, len(want), count.GetCount())

	first, err := s.ListHolders(t.Context(), &entitlementsv1.ListHoldersRequest{Benefit: "thanks", AsOfDate: paidDate, PageSize: 1})
	require.NoError(t, err)
	_, err = s.ListHolders(t.Context(), &entitlementsv1.ListHoldersRequest{Benefit: "hours", AsOfDate: paidDate, PageToken: first.GetNextPageToken()})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_PAGE_TOKEN")
	_, err = s.ListHolders(t.Context(), &entitlementsv1.ListHoldersRequest{Benefit: "no-such"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
}

func TestSpendInEveryWindow(t *testing.T) {
	s, token := world(t)
	got, err := s.GetSpend(t.Context(), &entitlementsv1.GetSpendRequest{Account: "accounts/poor", AsOfDate: paidDate, ConsistencyToken: token})
	require.NoError(t, err)
	require.Len(t, got.GetWindows(), 8)
	for _, w := range got.GetWindows() {
		want := &money.Money{CurrencyCode: "USD", Units: 277, Nanos: 600_000_000}
		if w.GetScope() == entitlementsv1.SpendCondition_SCOPE_GROUP {
			want.Units = 1177
		}
		require.Empty(t, cmp.Diff(want, w.GetAmount(), protocmp.Transform()))
	}
	require.Empty(t, cmp.Diff(paidDate, got.GetFirstEntryDate(), protocmp.Transform()))
	require.Empty(t, cmp.Diff(paidDate, got.GetJoinedDate(), protocmp.Transform()))

	alone, err := s.GetSpend(t.Context(), &entitlementsv1.GetSpendRequest{Account: "accounts/new", AsOfDate: paidDate})
	require.NoError(t, err)
	require.Len(t, alone.GetWindows(), 4)
	require.Nil(t, alone.GetJoinedDate())

	sum, err := s.GetSpendSummary(t.Context(), &entitlementsv1.GetSpendSummaryRequest{AsOfDate: paidDate})
	require.NoError(t, err)
	sum.AsOf = nil
	want := &entitlementsv1.SpendSummary{Accounts: 3, PayingAccounts: 2, Entries: 5, Total: &money.Money{CurrencyCode: "USD", Units: 1177, Nanos: 600_000_000}}
	require.Empty(t, cmp.Diff(want, sum, protocmp.Transform()))
	sum, err = s.GetSpendSummary(t.Context(), &entitlementsv1.GetSpendSummaryRequest{AsOfDate: &date.Date{Year: 1997, Month: 12, Day: 30}})
	require.NoError(t, err)
	require.Zero(t, sum.GetEntries())
}

func TestSpendBeforeTheCompanyHasACurrency(t *testing.T) {
	s := serve(t, entitlements.Options{})
	sum, err := s.GetSpendSummary(t.Context(), &entitlementsv1.GetSpendSummaryRequest{})
	require.NoError(t, err)
	require.Nil(t, sum.GetTotal(), "there is nothing to name a currency")
	settings := &accountsv1.Change{State: &accountsv1.Change_Company{Company: &accountsv1.Company{Name: "company", LedgerCurrencyCode: "JPY"}}}
	token := s.accounts.add(settings, account("rich", ""), revenue("rich", paidOn, 50_000))
	sum, err = s.GetSpendSummary(t.Context(), &entitlementsv1.GetSpendSummaryRequest{ConsistencyToken: token})
	require.NoError(t, err)
	want := &money.Money{CurrencyCode: "JPY", Units: 50_000}
	require.Empty(t, cmp.Diff(want, sum.GetTotal(), protocmp.Transform()))
	spend, err := s.GetSpend(t.Context(), &entitlementsv1.GetSpendRequest{Account: "accounts/rich"})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, spend.GetWindows()[3].GetAmount(), protocmp.Transform()))
}
