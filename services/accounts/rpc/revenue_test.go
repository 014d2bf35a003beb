package rpc_test

import (
	"errors"
	"io"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

func TestEntriesThroughTheAPI(t *testing.T) {
	s := serve(t)
	ctx := t.Context()
	_, err := s.accounts.CreateAccount(ctx, &accountsv1.CreateAccountRequest{AccountId: "acme", Account: &accountsv1.Account{}})
	require.NoError(t, err)
	entry := func(account, external string, units int64) *accountsv1.CreateRevenueEntryRequest {
		return &accountsv1.CreateRevenueEntryRequest{Parent: "accounts/" + account, RevenueEntry: &accountsv1.RevenueEntry{
			Date: ymd(2026, 1, 31), Amount: usd(units, 500_000_000), Source: "shop", ExternalId: external}}
	}
	_, err = s.revenue.CreateRevenueEntry(ctx, entry("nobody", "1", 1))
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	one := entry("acme", "1", 12)
	one.RequestId = aUUID
	created, err := s.revenue.CreateRevenueEntry(ctx, one)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(usd(12, 500_000_000), created.GetRevenueEntry().GetReportingAmount(), protocmp.Transform()))
	again, err := s.revenue.CreateRevenueEntry(ctx, one)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(created, again, protocmp.Transform()))
	two := entry("acme", "2", 13)
	two.RequestId = aUUID
	_, err = s.revenue.CreateRevenueEntry(ctx, two)
	wantStatus(t, err, codes.InvalidArgument, "REQUEST_ID_REUSED")
	_, err = s.revenue.CreateRevenueEntry(ctx, entry("acme", "1", 12))
	wantStatus(t, err, codes.AlreadyExists, "ALREADY_EXISTS")
	euro := entry("acme", "3", 1)
	euro.RevenueEntry.Amount.CurrencyCode = "EUR"
	_, err = s.revenue.CreateRevenueEntry(ctx, euro)
	wantStatus(t, err, codes.FailedPrecondition, "CURRENCY")
	_, err = s.accounts.UpdateCompany(ctx, &accountsv1.UpdateCompanyRequest{Company: &accountsv1.Company{CurrencyCode: "EUR"}})
	wantStatus(t, err, codes.FailedPrecondition, "CURRENCY")

	batch := &accountsv1.BatchCreateRevenueEntriesRequest{Parent: "accounts/-", RequestId: anotherUUID,
		Requests: []*accountsv1.CreateRevenueEntryRequest{entry("acme", "4", 4), entry("acme", "1", 1), entry("acme", "5", -5)}}
	batch.Requests[2].RevenueEntry.Amount.Nanos *= -1
	st := wantStatus(t, func() error { _, err := s.revenue.BatchCreateRevenueEntries(ctx, batch); return err }(), codes.AlreadyExists, "ALREADY_EXISTS")
	require.Equal(t, []string{"requests[1].revenue_entry.external_id"}, fieldsOf(st))
	batch.Requests[1] = entry("acme", "6", 6)
	all, err := s.revenue.BatchCreateRevenueEntries(ctx, batch)
	require.NoError(t, err)
	require.Len(t, all.GetRevenueEntries(), 3)

	name := created.GetRevenueEntry().GetName()
	reversed, err := s.revenue.ReverseRevenueEntry(ctx, &accountsv1.ReverseRevenueEntryRequest{Name: name, Note: "twice", RequestId: aUUID})
	require.NoError(t, err)
	require.Equal(t, name, reversed.GetRevenueEntry().GetCorrects())
	require.Empty(t, cmp.Diff(usd(-12, -500_000_000), reversed.GetRevenueEntry().GetAmount(), protocmp.Transform()))
	retried, err := s.revenue.ReverseRevenueEntry(ctx, &accountsv1.ReverseRevenueEntryRequest{Name: name, Note: "twice", RequestId: aUUID})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(reversed, retried, protocmp.Transform()))
	_, err = s.revenue.ReverseRevenueEntry(ctx, &accountsv1.ReverseRevenueEntryRequest{Name: name, Note: "again"})
	wantStatus(t, err, codes.FailedPrecondition, "ALREADY_REVERSED")
	_, err = s.revenue.ReverseRevenueEntry(ctx, &accountsv1.ReverseRevenueEntryRequest{Name: reversed.GetRevenueEntry().GetName(), Note: "back"})
	wantStatus(t, err, codes.FailedPrecondition, "NOT_REVERSIBLE")

	var names []string
	for token := ""; ; {
		page, err := s.revenue.ListRevenueEntries(ctx, &accountsv1.ListRevenueEntriesRequest{Parent: "accounts/acme", PageSize: 2, PageToken: token})
		require.NoError(t, err)
		for _, e := range page.GetRevenueEntries() {
			names = append(names, e.GetName())
			got, err := s.revenue.GetRevenueEntry(ctx, &accountsv1.GetRevenueEntryRequest{Name: e.GetName()})
			require.NoError(t, err)
			require.Empty(t, cmp.Diff(e, got, protocmp.Transform()))
		}
		if token = page.GetNextPageToken(); token == "" {
			break
		}
	}
	want := []string{name}
	for _, e := range all.GetRevenueEntries() {
		want = append(want, e.GetName())
	}
	require.Equal(t, append(want, reversed.GetRevenueEntry().GetName()), names, "in the order they were recorded")
	_, err = s.revenue.GetRevenueEntry(ctx, &accountsv1.GetRevenueEntryRequest{Name: "accounts/acme/revenueEntries/7f3a"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
}

// R31: the entries that a value statement adds up can be listed: by their days, and by the chunk
// that it cites.
func TestR31EntriesAreListedByAFilter(t *testing.T) {
	s := serve(t)
	ctx := t.Context()
	for _, account := range []string{"acme", "brook"} {
		_, err := s.accounts.CreateAccount(ctx, &accountsv1.CreateAccountRequest{AccountId: account, Account: &accountsv1.Account{}})
		require.NoError(t, err)
	}
	entry := func(account, source, external string, month, day int32) *accountsv1.CreateRevenueEntryRequest {
		return &accountsv1.CreateRevenueEntryRequest{Parent: "accounts/" + account, RevenueEntry: &accountsv1.RevenueEntry{
			Date: ymd(2026, month, day), Amount: usd(1, 0), Source: source, ExternalId: external}}
	}
	_, err := s.revenue.BatchCreateRevenueEntries(ctx, &accountsv1.BatchCreateRevenueEntriesRequest{Parent: "accounts/-", Requests: []*accountsv1.CreateRevenueEntryRequest{
		entry("acme", "shop", "june", 6, 30), entry("acme", "shop", "july", 7, 1), entry("brook", "shop", "brook", 7, 2), entry("acme", "till", "september", 9, 30)}})
	require.NoError(t, err)
	last, err := s.revenue.CreateRevenueEntry(ctx, entry("acme", "till", "october", 10, 1))
	require.NoError(t, err)
	back, err := s.revenue.ReverseRevenueEntry(ctx, &accountsv1.ReverseRevenueEntryRequest{Name: last.GetRevenueEntry().GetName(), Note: "twice"})
	require.NoError(t, err)

	list := func(filter string) (found []string, err error) {
		for token := ""; ; {
			page, err := s.revenue.ListRevenueEntries(ctx, &accountsv1.ListRevenueEntriesRequest{Parent: "accounts/acme", PageSize: 1, PageToken: token, Filter: filter})
			if err != nil {
				return nil, err
			}
			for _, e := range page.GetRevenueEntries() {
				found = append(found, e.GetExternalId())
			}
			if token = page.GetNextPageToken(); token == "" {
				return found, nil
			}
		}
	}
	chunk := last.GetRevenueEntry().GetChunk()
	require.Regexp(t, "^revenue/[a-z0-9]+$", chunk)
	recorded := last.GetRevenueEntry().GetCreateTime().AsTime().Format(time.RFC3339Nano)
	for filter, want := range map[string][]string{
		`date >= "2026-07-01" AND date <= "2026-09-30"`:             {"july", "september"},
		`date < "2026-07-01" OR source = "till"`:                    {"june", "september", "october", ""},
		`external_id = "july"`:                                      {"july"},
		`chunk = "` + chunk + `"`:                                   {"october"},
		`chunk = "` + chunk + `" AND date < "2026-10-01"`:           nil,
		`chunk = "revenue/none"`:                                    nil,
		`chunk = "none"`:                                            nil,
		`corrects = "` + back.GetRevenueEntry().GetCorrects() + `"`: {""},
		`corrects:* AND currency_code = "USD"`:                      {""},
		`recorder = "` + last.GetRevenueEntry().GetRecorder() + `"`: {"june", "july", "september", "october", ""},
		`create_time <= "` + recorded + `" AND date = "2026-10-01"`: {"october"},
		`batch:*`: nil,
	} {
		found, err := list(filter)
		require.NoError(t, err, filter)
		require.Equal(t, want, found, filter)
	}
	for _, filter := range []string{`amount > 5`, `date >= "2026-7-1"`, `date = "2026-*"`} {
		_, err := list(filter)
		wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	}
}

// importRevenue sends a file and returns what came back.
func importRevenue(t *testing.T, s *served, start *accountsv1.RevenueImportStart, lines ...string) (*accountsv1.ImportResult, []*accountsv1.RefusedRow, error) {
	t.Helper()
	stream, err := s.revenue.ImportRevenue(deadline(t))
	require.NoError(t, err)
	require.NoError(t, stream.Send(&accountsv1.ImportRevenueRequest{Step: &accountsv1.ImportRevenueRequest_Start{Start: start}}))
	for i, line := range lines {
		f := strings.Split(line, ",")
		row := &accountsv1.RevenueRow{Line: int64(i + 2), Account: f[0], Date: f[1], Amount: f[2]}
		err := stream.Send(&accountsv1.ImportRevenueRequest{Step: &accountsv1.ImportRevenueRequest_Rows{Rows: &accountsv1.RevenueRows{Rows: []*accountsv1.RevenueRow{row}}}})
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
	}
	require.NoError(t, stream.CloseSend())
	return importAnswers(t, stream.Recv)
}

func startOf(digit string) *accountsv1.RevenueImportStart {
	return &accountsv1.RevenueImportStart{CurrencyCode: "USD", CreateAccounts: true, Import: &accountsv1.ImportStart{
		Source: "shop", Batch: "orders.csv", Digest: strings.Repeat(digit, 64)}}
}

func TestImportRevenueThroughTheAPI(t *testing.T) {
	s := serve(t)
	lines := []string{"A.1,2026-01-01,1.50", "A.1,2026-01-01,1.50", "b,2026-02-30,2", "b,2026-02-28,-0.50"}
	result, refused, err := importRevenue(t, s, startOf("a"), lines...)
	require.NoError(t, err)
	require.Len(t, refused, 1)
	require.EqualValues(t, 4, refused[0].GetLine())
	require.Equal(t, "date", refused[0].GetField())
	want := &accountsv1.ImportCounts{Read: 4, Written: 3, Refused: 1, Accounts: 2, AccountsCreated: 2}
	want.Totals = append(want.Totals, usd(2, 500_000_000))
	require.Empty(t, cmp.Diff(want, result.GetImport().GetCounts(), protocmp.Transform()))
	require.Equal(t, accountsv1.Import_STATE_FINISHED, result.GetImport().GetState())

	located := eventually(t, func() (*accountsv1.LocateChangeResponse, error) {
		return s.feed.LocateChange(t.Context(), &accountsv1.LocateChangeRequest{ConsistencyToken: result.GetConsistencyToken()})
	})
	require.Positive(t, located.GetPosition())

	result, _, err = importRevenue(t, s, startOf("a"), lines...)
	require.NoError(t, err)
	want.Written, want.AlreadyThere, want.AccountsCreated = 0, 3, 0
	require.Empty(t, cmp.Diff(want, result.GetImport().GetCounts(), protocmp.Transform()))

	_, _, err = importRevenue(t, s, startOf("b"), lines...)
	wantStatus(t, err, codes.Aborted, "BATCH_CHANGED")
	grown := startOf("b")
	grown.Import.Resume = true
	result, _, err = importRevenue(t, s, grown, append(lines, "A.1,2026-01-01,1.50")...)
	require.NoError(t, err)
	require.EqualValues(t, 1, result.GetImport().GetCounts().GetWritten())

	got, err := s.accounts.GetImport(t.Context(), &accountsv1.GetImportRequest{Name: result.GetImport().GetName()})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(result.GetImport(), got, protocmp.Transform()))

	stream, err := s.revenue.ImportRevenue(deadline(t))
	require.NoError(t, err)
	require.NoError(t, stream.CloseSend())
	_, err = stream.Recv()
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
}

// eventually asks until the answer is not UNAVAILABLE any more.
func eventually[T any](t *testing.T, ask func() (T, error)) T {
	t.Helper()
	for ctx := deadline(t); ; {
		answer, err := ask()
		if err == nil {
			return answer
		}
		wantStatus(t, err, codes.Unavailable, "UNAVAILABLE")
		require.NoError(t, ctx.Err())
		time.Sleep(5 * time.Millisecond)
	}
}

func TestImportAccountsThroughTheAPI(t *testing.T) {
	s := serve(t)
	send := func(update bool, rows ...*accountsv1.AccountRow) *accountsv1.ImportCounts {
		stream, err := s.accounts.ImportAccounts(deadline(t))
		require.NoError(t, err)
		require.NoError(t, stream.Send(&accountsv1.ImportAccountsRequest{UpdateExisting: update, Step: &accountsv1.ImportAccountsRequest_Start{
			Start: &accountsv1.ImportStart{Source: "crm", Batch: "customers.csv", Digest: strings.Repeat("a", 64), Resume: true}}}))
		require.NoError(t, stream.Send(&accountsv1.ImportAccountsRequest{Step: &accountsv1.ImportAccountsRequest_Rows{Rows: &accountsv1.AccountRows{Rows: rows}}}))
		require.NoError(t, stream.CloseSend())
		for {
			m, err := stream.Recv()
			require.NoError(t, err)
			if r := m.GetResult(); r != nil {
				return r.GetImport().GetCounts()
			}
		}
	}
	row := func(line int64, id, name string) *accountsv1.AccountRow {
		return &accountsv1.AccountRow{Line: line, ExternalId: id, DisplayName: name, Joined: "2020-01-0" + strconv.Itoa(int(line)), Attributes: map[string]string{"sector": "IT"}}
	}
	child := row(2, "B", "Child")
	child.Parent = "A"
	got := send(false, child, row(3, "A", "Parent"))
	require.Empty(t, cmp.Diff(&accountsv1.ImportCounts{Read: 2, Written: 2, Accounts: 2, AccountsCreated: 2, AttributeKeysDeclared: []string{"sector"}}, got, protocmp.Transform()))
	account, err := s.accounts.GetAccount(t.Context(), &accountsv1.GetAccountRequest{Name: "accounts/b"})
	require.NoError(t, err)
	require.Equal(t, "accounts/a", account.GetParent())
	got = send(false, child, row(3, "A", "Other"))
	require.Empty(t, cmp.Diff(&accountsv1.ImportCounts{Read: 2, AlreadyThere: 1, Refused: 1, Accounts: 1}, got, protocmp.Transform()))
	got = send(true, child, row(3, "A", "Other"))
	require.Empty(t, cmp.Diff(&accountsv1.ImportCounts{Read: 2, AlreadyThere: 1, Written: 1, Accounts: 2}, got, protocmp.Transform()))
}
