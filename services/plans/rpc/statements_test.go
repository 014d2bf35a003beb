package rpc_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/testing/protocmp"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
	"github.com/evenhand/evenhand/services/plans/rpc"
	"github.com/evenhand/evenhand/services/plans/statements"
)

func dollars(units int64, nanos int32) *money.Money {
	return &money.Money{CurrencyCode: "USD", Units: units, Nanos: nanos}
}

// fakeLedgers is the schedule and the costs of an entitlements service.
type fakeLedgers struct {
	entitlementsv1.UnimplementedScheduleServiceServer
	entitlementsv1.UnimplementedCostsServiceServer
	asked *entitlementsv1.SummarizeCostsRequest
	away  bool
}

func (f *fakeLedgers) GetScheduleVersion(_ context.Context, r *entitlementsv1.GetScheduleVersionRequest) (*entitlementsv1.ScheduleVersion, error) {
	return &entitlementsv1.ScheduleVersion{Name: r.GetName(), Schedule: &entitlementsv1.Schedule{Benefits: []*entitlementsv1.Benefit{
		{Id: "hours", Promise: "Hours with our experts.", Unit: "hour", UnitCost: dollars(120, 500_000_000)}, {Id: "thanks", Promise: "Thanks."}}}}, nil
}

func (f *fakeLedgers) SummarizeCosts(_ context.Context, r *entitlementsv1.SummarizeCostsRequest) (*entitlementsv1.SummarizeCostsResponse, error) {
	f.asked = r
	if f.away {
		return nil, fault.New(fault.Unavailable, fault.ReasonUnavailable, "away")
	}
	return &entitlementsv1.SummarizeCostsResponse{Total: &entitlementsv1.CostRow{Cost: dollars(241, 0), Units: 2, UnknownUnits: 5, Revenue: dollars(70, 0)}}, nil
}

// stillFeed is a feed that is all taken over.
type stillFeed struct{ service feeds.Service }

func (f stillFeed) Service() feeds.Service { return f.service }

func (f stillFeed) Lag(context.Context) (feeds.Lag, error) {
	return feeds.Lag{Service: f.service, Applied: 100, Head: 100}, nil
}

func (f stillFeed) Applied(context.Context) (int64, error) { return 100, nil }

// serveStatements serves the statements of two accounts, on 2026-11-23.
func serveStatements(t *testing.T) (plansv1.StatementsServiceClient, *fakeLedgers) {
	t.Helper()
	client, ledgers, _ := serveStatementsOf(t)
	return client, ledgers
}

// serveStatementsOf serves them, with take to tell more.
func serveStatementsOf(t *testing.T) (client plansv1.StatementsServiceClient, ledgers *fakeLedgers, take func(...feeds.Change)) {
	t.Helper()
	ctx := t.Context()
	store, err := docstore.OpenStore(ctx, teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	requests, err := resource.OpenRequests(ctx, store, func() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) })
	require.NoError(t, err)
	accounts, err := plans.OpenAccounts(ctx, store)
	require.NoError(t, err)
	ledgers = &fakeLedgers{}
	source := rpc.NewEntitlementsSource(connect(t, func(r grpc.ServiceRegistrar) {
		entitlementsv1.RegisterScheduleServiceServer(r, ledgers)
		entitlementsv1.RegisterCostsServiceServer(r, ledgers)
	}))
	domain, err := statements.Open(ctx, store, requests, statements.Options{Accounts: accounts, Published: source, Ledgers: source})
	require.NoError(t, err)
	domain.Follow(stillFeed{feeds.Accounts}, stillFeed{feeds.Entitlements})
	july := civil.Date(2026, 7, 1)
	taken := []feeds.Change{
		{Service: feeds.Accounts, Position: 1, Company: &feeds.Company{Name: "Larkspur", Currency: "USD", Zone: "UTC"}},
		{Service: feeds.Accounts, Position: 2, Account: &feeds.Account{ID: "acme", DisplayName: "Acme", State: feeds.Active, Joined: civil.Date(2026, 5, 1), Closed: civil.Never}},
		{Service: feeds.Accounts, Position: 3, Account: &feeds.Account{ID: "brook", DisplayName: "Brook", State: feeds.Active, Joined: july, Closed: civil.Never}},
		{Service: feeds.Accounts, Position: 4, Recorded: noon, Revenue: &feeds.Revenue{Chunk: "revenue/c1", Accounts: []string{"acme"}, Index: []uint32{0, 0}, Days: []int32{int32(july), int32(july)}, Minor: []int64{70_00, 5_00}}},
		{Service: feeds.Entitlements, Position: 1, Recorded: noon, Usage: &feeds.Usage{Name: "accounts/acme/usageEntries/e1", Account: "acme", Benefit: "hours", Type: feeds.Used, Units: 2, Origin: "offered", Day: july, Rule: "partner", Version: "3"}},
		{Service: feeds.Entitlements, Position: 2, Recorded: noon, Usage: &feeds.Usage{Name: "accounts/acme/usageEntries/e2", Account: "acme", Benefit: "thanks", Type: feeds.Used, Units: 5, Origin: "automatic", Day: july, Rule: "partner", Version: "3"}},
	}
	take = func(changes ...feeds.Change) {
		require.NoError(t, accounts.Take(ctx, changes))
		for _, taker := range domain.Takers() {
			require.NoError(t, taker.Take(ctx, changes))
		}
	}
	take(taken...)
	return plansv1.NewStatementsServiceClient(connect(t, func(r grpc.ServiceRegistrar) { rpc.RegisterStatements(r, domain) })), ledgers, take
}

// figure is the figure of an id.
func figure(list []*plansv1.StatementFigure, id string) *plansv1.StatementFigure {
	for _, f := range list {
		if f.GetId() == id {
			return f
		}
	}
	return nil
}

func TestR31GetValueStatement(t *testing.T) {
	client, _ := serveStatements(t)
	got, err := client.GetValueStatement(t.Context(), &plansv1.GetValueStatementRequest{Name: "accounts/acme/valueStatements/2026-q3"})
	require.NoError(t, err)
	require.Equal(t, "Acme", got.GetAccountDisplayName())
	require.Equal(t, "USD", got.GetCurrencyCode())
	require.Equal(t, "Larkspur", got.GetCompanyDisplayName())
	require.Len(t, got.GetDigest(), 64)
	require.Nil(t, got.GetIssue())
	first := &date.Date{Year: 2026, Month: 7, Day: 1}
	require.Empty(t, cmp.Diff(&plansv1.StatementFigure{Id: "paid", Label: "Paid", Count: 2, Amount: dollars(75, 0), EntryCount: 1,
		ListCall: "GET /v1/accounts/acme/revenueEntries?filter=date%20%3E%3D%20%222026-07-01%22%20AND%20date%20%3C%3D%20%222026-09-30%22",
		Entries:  []*plansv1.StatementEntry{{Name: "revenue/c1", Service: "accounts", Position: 4, RecordedTime: stamp(noon), Date: first, Count: 2, Amount: dollars(75, 0)}}},
		figure(got.GetFigures(), "paid"), protocmp.Transform()))
	require.Empty(t, cmp.Diff(&plansv1.StatementFigure{Id: "benefits", Label: "Benefits used", Count: 7, Amount: dollars(241, 0), UnknownUnits: 5,
		Origins: map[string]int64{"offered": 2, "automatic": 5}, EntryCount: 2,
		ListCall: "GET /v1/accounts/acme/usageEntries?filter=count_date%20%3E%3D%20%222026-07-01%22%20AND%20count_date%20%3C%3D%20%222026-09-30%22" +
			"%20AND%20%28type%20%3D%20USED%20OR%20type%20%3D%20COMMITTED%20OR%20type%20%3D%20RELEASED%29",
		Parts: []*plansv1.StatementFigure{
			{Id: "hours", Label: "Hours with our experts.", Count: 2, Amount: dollars(241, 0), Origins: map[string]int64{"offered": 2}, EntryCount: 1},
			{Id: "thanks", Label: "Thanks.", Count: 5, Amount: dollars(0, 0), UnknownUnits: 5, Origins: map[string]int64{"automatic": 5}, EntryCount: 1},
		},
		Entries: []*plansv1.StatementEntry{
			{Name: "accounts/acme/usageEntries/e1", Service: "entitlements", Position: 1, RecordedTime: stamp(noon), Date: first, Subject: "hours", Count: 2, Amount: dollars(241, 0),
				Origin: "offered", Rule: "partner", ScheduleVersion: "schedule/versions/3"},
			{Name: "accounts/acme/usageEntries/e2", Service: "entitlements", Position: 2, RecordedTime: stamp(noon), Date: first, Subject: "thanks", Count: 5, Amount: dollars(0, 0),
				Origin: "automatic", Rule: "partner", ScheduleVersion: "schedule/versions/3", CostUnknown: true},
		}}, figure(got.GetFigures(), "benefits"), protocmp.Transform()))
	solved := figure(got.GetFigures(), "cases-solved")
	require.NotNil(t, solved, "also what is 0 is there")
	require.Nil(t, solved.GetAmount())

	past, err := client.GetValueStatement(t.Context(), &plansv1.GetValueStatementRequest{Name: "accounts/acme/valueStatements/2026-q3", KnownTime: stamp(noon.Add(-time.Second))})
	require.NoError(t, err)
	require.Zero(t, figure(past.GetFigures(), "paid").GetCount())
	for format, begins := range map[plansv1.RenderValueStatementRequest_Format]string{
		plansv1.RenderValueStatementRequest_FORMAT_HTML: "text/html", plansv1.RenderValueStatementRequest_FORMAT_MARKDOWN: "text/markdown"} {
		page, err := client.RenderValueStatement(t.Context(), &plansv1.RenderValueStatementRequest{Name: "accounts/acme/valueStatements/2026-q3", Format: format})
		require.NoError(t, err)
		require.Contains(t, page.GetContentType(), begins)
		require.Contains(t, page.GetContent(), "USD 75.00")
	}
	_, err = client.GetValueStatement(t.Context(), &plansv1.GetValueStatementRequest{Name: "accounts/acme/valueStatements/0000-q3"})
	require.ErrorContains(t, err, "is no quarter")
}

// A statement of any number of entries is an answer that every client can take; all of them
// are listed beside it.
func TestR31AStatementOfManyEntriesIsBounded(t *testing.T) {
	client, _, take := serveStatementsOf(t)
	const many, name = 20_000, "accounts/acme/valueStatements/2026-q3"
	july := civil.Date(2026, 7, 1)
	use := func(from, n int) {
		var changes []feeds.Change
		for i := range n {
			changes = append(changes, feeds.Change{Service: feeds.Entitlements, Position: int64(10 + from + i), Recorded: noon, Usage: &feeds.Usage{
				Name: fmt.Sprintf("accounts/acme/usageEntries/e%05d", from+i), Account: "acme", Benefit: "hours", Type: feeds.Used, Units: 1, Origin: "offered",
				Day: july + civil.Day(i%90), Rule: "partner", Version: "3"}})
		}
		take(changes...)
	}
	for from := 0; from < many; from += 1000 {
		use(from, 1000)
	}
	issued, err := client.IssueValueStatements(t.Context(), &plansv1.IssueValueStatementsRequest{Quarter: "2026-q3", Accounts: []string{"accounts/acme"}})
	require.NoError(t, err)
	for {
		_, err := issued.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}
	use(many, 300)
	small := grpc.MaxCallRecvMsgSize(1 << 20)
	got, err := client.GetValueStatement(t.Context(), &plansv1.GetValueStatementRequest{Name: name, View: plansv1.ValueStatementView_VALUE_STATEMENT_VIEW_CURRENT}, small)
	require.NoError(t, err)
	benefits := figure(got.GetFigures(), "benefits")
	require.EqualValues(t, many+300+2, benefits.GetEntryCount())
	require.Len(t, benefits.GetEntries(), 200)
	for _, format := range []plansv1.RenderValueStatementRequest_Format{plansv1.RenderValueStatementRequest_FORMAT_HTML, plansv1.RenderValueStatementRequest_FORMAT_MARKDOWN} {
		page, err := client.RenderValueStatement(t.Context(), &plansv1.RenderValueStatementRequest{Name: name, Format: format}, small)
		require.NoError(t, err)
		require.Contains(t, page.GetContent(), "/entries?figure=benefits")
	}
	var units int64
	seen := map[string]bool{}
	request := &plansv1.ListValueStatementEntriesRequest{Parent: name, Figure: "benefits", View: plansv1.ValueStatementView_VALUE_STATEMENT_VIEW_CURRENT, PageSize: 1000}
	for more := true; more; more = request.GetPageToken() != "" {
		page, err := client.ListValueStatementEntries(t.Context(), request, small)
		require.NoError(t, err)
		require.EqualValues(t, many+300+2, page.GetTotalSize())
		for _, e := range page.GetEntries() {
			units += e.GetCount()
			seen[e.GetName()] = true
		}
		request.PageToken = page.GetNextPageToken()
	}
	require.Len(t, seen, many+300+2)
	require.Equal(t, benefits.GetCount(), units)
	_, err = client.ListValueStatementEntries(t.Context(), &plansv1.ListValueStatementEntriesRequest{Parent: name, Figure: "spent"})
	require.ErrorContains(t, err, "there are paid, benefits,")
}

func TestR31SumValueStatementsBesideTheLedgers(t *testing.T) {
	client, ledgers := serveStatements(t)
	sum, err := client.SumValueStatements(t.Context(), &plansv1.SumValueStatementsRequest{Quarter: "2026-q3"})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(&entitlementsv1.SummarizeCostsRequest{GroupBy: entitlementsv1.CostGrouping_COST_GROUPING_COMPANY, PageSize: 1,
		FromDate: &date.Date{Year: 2026, Month: 7, Day: 1}, ToDate: &date.Date{Year: 2026, Month: 9, Day: 30}}, ledgers.asked, protocmp.Transform()))
	require.Empty(t, cmp.Diff(&plansv1.SumValueStatementsResponse_Ledgers{Paid: dollars(70, 0), Benefits: dollars(241, 0), Units: 2, UnknownUnits: 5,
		PaidDifference: dollars(5, 0), BenefitsDifference: dollars(0, 0)}, sum.GetLedgers(), protocmp.Transform()))
	require.EqualValues(t, 1, sum.GetAccounts())
	require.Empty(t, figure(sum.GetFigures(), "benefits").GetEntries())
	ledgers.away = true
	sum, err = client.SumValueStatements(t.Context(), &plansv1.SumValueStatementsRequest{Quarter: "2026-q3"})
	require.NoError(t, err)
	require.Nil(t, sum.GetLedgers())
	require.NotEmpty(t, sum.GetUnreachableReason())
	require.Equal(t, dollars(75, 0).GetUnits(), figure(sum.GetFigures(), "paid").GetAmount().GetUnits())
}

func TestR31IssueAndListValueStatements(t *testing.T) {
	client, _ := serveStatements(t)
	issue := func(r *plansv1.IssueValueStatementsRequest) (last *plansv1.IssueValueStatementsResponse, err error) {
		stream, err := client.IssueValueStatements(t.Context(), r)
		require.NoError(t, err)
		for {
			step, err := stream.Recv()
			if errors.Is(err, io.EOF) {
				return last, nil
			}
			if err != nil {
				return nil, err
			}
			last = step
		}
	}
	done, err := issue(&plansv1.IssueValueStatementsRequest{Quarter: "2026-q3", ValidateOnly: true})
	require.NoError(t, err)
	require.EqualValues(t, 2, done.GetIssued())
	done, err = issue(&plansv1.IssueValueStatementsRequest{Quarter: "2026-q3", Accounts: []string{"accounts/acme"}})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(&plansv1.IssueValueStatementsResponse{Done: 1, Total: 1, Issued: 1}, done, protocmp.Transform()))
	done, err = issue(&plansv1.IssueValueStatementsRequest{Quarter: "2026-q2"})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(&plansv1.IssueValueStatementsResponse{Done: 2, Total: 2, Issued: 1, NotCustomers: 1}, done, protocmp.Transform()))
	_, err = issue(&plansv1.IssueValueStatementsRequest{Quarter: "2026-q4"})
	require.ErrorContains(t, err, "can be issued from the day after")
	list := func(r *plansv1.ListValueStatementsRequest) (names []string, issued []bool, next string) {
		answer, err := client.ListValueStatements(t.Context(), r)
		require.NoError(t, err)
		for _, v := range answer.GetValueStatements() {
			require.Empty(t, figure(v.GetFigures(), "paid").GetEntries())
			names, issued = append(names, v.GetName()), append(issued, v.GetIssue() != nil)
		}
		return names, issued, answer.GetNextPageToken()
	}
	names, issued, next := list(&plansv1.ListValueStatementsRequest{Parent: "accounts/acme", PageSize: 2})
	require.Equal(t, []string{"accounts/acme/valueStatements/2026-q4", "accounts/acme/valueStatements/2026-q3"}, names)
	require.Equal(t, []bool{false, true}, issued)
	names, issued, next = list(&plansv1.ListValueStatementsRequest{Parent: "accounts/acme", PageSize: 2, PageToken: next})
	require.Equal(t, []string{"accounts/acme/valueStatements/2026-q2"}, names)
	require.Equal(t, []bool{true}, issued)
	require.Empty(t, next)
	names, issued, next = list(&plansv1.ListValueStatementsRequest{Parent: "accounts/-", Quarter: "2026-q3", PageSize: 1})
	require.Equal(t, []string{"accounts/acme/valueStatements/2026-q3"}, names)
	require.Equal(t, []bool{true}, issued)
	names, _, next = list(&plansv1.ListValueStatementsRequest{Parent: "accounts/-", Quarter: "2026-q3", PageSize: 1, PageToken: next})
	require.Equal(t, []string{"accounts/brook/valueStatements/2026-q3"}, names)
	require.Empty(t, next)
	_, err = client.ListValueStatements(t.Context(), &plansv1.ListValueStatementsRequest{Parent: "accounts/-"})
	require.ErrorContains(t, err, "say of which quarter")
	_, err = client.ListValueStatements(t.Context(), &plansv1.ListValueStatementsRequest{Parent: "accounts/acme", Quarter: "2026-q3"})
	require.ErrorContains(t, err, "is only for all accounts")
}

// R31: what a caller without streams issues, list by list, is what the stream issues.
func TestR31IssueValueStatementsOfAList(t *testing.T) {
	client, _ := serveStatements(t)
	issue := func(r *plansv1.BatchIssueValueStatementsRequest, want *plansv1.BatchIssueValueStatementsResponse) {
		t.Helper()
		done, err := client.BatchIssueValueStatements(t.Context(), r)
		require.NoError(t, err)
		require.Empty(t, cmp.Diff(want, done, protocmp.Transform()))
	}
	both := &plansv1.BatchIssueValueStatementsRequest{Quarter: "2026-q2", Accounts: []string{"accounts/acme", "accounts/brook"}, ValidateOnly: true}
	would := &plansv1.BatchIssueValueStatementsResponse{Issued: 1, NotCustomers: 1}
	issue(both, would)
	both.ValidateOnly, both.RequestId = false, "5f0c6e0a-6a51-4bb7-9a55-0d2f3f0c7a10"
	issue(both, would)
	issue(both, &plansv1.BatchIssueValueStatementsResponse{AlreadyIssued: 1, NotCustomers: 1})
	_, err := client.GetValueStatement(t.Context(), &plansv1.GetValueStatementRequest{
		Name: "accounts/acme/valueStatements/2026-q2", View: plansv1.ValueStatementView_VALUE_STATEMENT_VIEW_ISSUED})
	require.NoError(t, err)

	for wrong, told := range map[*plansv1.BatchIssueValueStatementsRequest]string{
		{Quarter: "2026-q4", Accounts: []string{"accounts/acme"}}:                            "can be issued from the day after",
		{Quarter: "2026-q2", Accounts: []string{"accounts/nobody"}}:                          "nobody",
		{Quarter: "2026-q3", Accounts: []string{"accounts/acme"}, RequestId: both.RequestId}: "REQUEST_ID_REUSED",
	} {
		_, err := client.BatchIssueValueStatements(t.Context(), wrong)
		require.ErrorContains(t, err, told)
	}
}
