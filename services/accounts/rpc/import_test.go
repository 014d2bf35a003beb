package rpc_test

import (
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/testing/protocmp"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// importAnswer is what either kind of import answers.
type importAnswer interface {
	GetRefused() *accountsv1.RefusedRow
	GetResult() *accountsv1.ImportResult
}

// importAnswers receives until the result, which is the last, or an error.
func importAnswers[M importAnswer](t *testing.T, receive func() (M, error)) (*accountsv1.ImportResult, []*accountsv1.RefusedRow, error) {
	t.Helper()
	var refused []*accountsv1.RefusedRow
	for {
		m, err := receive()
		if err != nil {
			return nil, refused, err
		}
		if r := m.GetRefused(); r != nil {
			refused = append(refused, r)
		}
		if r := m.GetResult(); r != nil {
			_, err = receive()
			require.ErrorIs(t, err, io.EOF)
			return r, refused, nil
		}
	}
}

// importAccounts sends rows and returns how that ended, and what was refused.
func importAccounts(t *testing.T, s *served, update bool, rows ...*accountsv1.AccountRow) (*accountsv1.Import, []*accountsv1.RefusedRow, error) {
	t.Helper()
	stream, err := s.accounts.ImportAccounts(deadline(t))
	require.NoError(t, err)
	// Where the call has failed already, the answer says why.
	_ = stream.Send(&accountsv1.ImportAccountsRequest{UpdateExisting: update, Step: &accountsv1.ImportAccountsRequest_Start{
		Start: &accountsv1.ImportStart{Source: "crm", Batch: "customers.csv", Digest: strings.Repeat("a", 64), Resume: true}}})
	_ = stream.Send(&accountsv1.ImportAccountsRequest{Step: &accountsv1.ImportAccountsRequest_Rows{Rows: &accountsv1.AccountRows{Rows: rows}}})
	require.NoError(t, stream.CloseSend())
	result, refused, err := importAnswers(t, stream.Recv)
	return result.GetImport(), refused, err
}

// Who may import accounts makes new ones; changing those that are there takes the right
// to change all accounts besides.
func TestRightsToImportAccounts(t *testing.T) {
	s := serve(t)
	row := func(name string) *accountsv1.AccountRow {
		return &accountsv1.AccountRow{Line: 2, ExternalId: "A", DisplayName: name}
	}
	_, _, err := importAccounts(t, s, false, row("One"))
	require.NoError(t, err)
	tests := []struct {
		role             accountsv1.Role
		toMake, toChange string // the permission that is missing
	}{
		{accountsv1.Role_ROLE_VIEWER, "accounts.import", "accounts.import"},
		{accountsv1.Role_ROLE_SERVICE_AGENT, "accounts.import", "accounts.import"},
		{accountsv1.Role_ROLE_ACCOUNT_MANAGER, "accounts.import", "accounts.import"},
		{accountsv1.Role_ROLE_POLICY_AUTHOR, "accounts.import", "accounts.import"},
		{accountsv1.Role_ROLE_POLICY_APPROVER, "accounts.import", "accounts.import"},
		{accountsv1.Role_ROLE_BOARD_SECRETARY, "accounts.import", "accounts.import"},
		{accountsv1.Role_ROLE_AUDITOR, "accounts.import", "accounts.import"},
		{accountsv1.Role_ROLE_SERVICE, "", "accounts.update"},
		{accountsv1.Role_ROLE_ADMIN, "", ""},
	}
	require.Len(t, tests, len(accountsv1.Role_name)-1, "every role but the unspecified one")
	for _, tt := range tests {
		name := strings.ToLower(strings.ReplaceAll(tt.role.String(), "_", "-"))
		t.Run(name, func(t *testing.T) {
			caller := s.person(t, name, tt.role)
			_, _, err := importAccounts(t, caller, false, &accountsv1.AccountRow{Line: 2, ExternalId: name})
			wantMissing(t, err, tt.toMake)
			_, err = s.accounts.GetAccount(t.Context(), &accountsv1.GetAccountRequest{Name: "accounts/" + name})
			require.Equal(t, tt.toMake == "", err == nil, err)
			_, _, err = importAccounts(t, caller, true, row("Changed by "+name))
			wantMissing(t, err, tt.toChange)
			account, err := s.accounts.GetAccount(t.Context(), &accountsv1.GetAccountRequest{Name: "accounts/a"})
			require.NoError(t, err)
			require.Equal(t, tt.toChange == "", account.GetDisplayName() == "Changed by "+name)
		})
	}
	// A manager who may import as well may change their own accounts only, and so not
	// whatever a file names.
	both := s.person(t, "both", accountsv1.Role_ROLE_ACCOUNT_MANAGER, accountsv1.Role_ROLE_SERVICE)
	_, _, err = importAccounts(t, both, true, row("One"))
	wantMissing(t, err, "accounts.update")
}

// wantMissing fails the test unless err says that this permission is missing, or is nil
// where it is empty.
func wantMissing(t *testing.T, err error, permission string) {
	t.Helper()
	if permission == "" {
		require.NoError(t, err)
		return
	}
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	for _, d := range status.Convert(err).Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			require.Equal(t, permission, info.GetMetadata()["permission"])
		}
	}
}

// A row that the client could not read is refused for that, and counted with the others
// in what is kept of the import.
func TestRowsThatCouldNotBeReadAreCounted(t *testing.T) {
	s := serve(t)
	const fault = "the row has 2 fields where the header has 3"
	want := []*accountsv1.RefusedRow{{Line: 3, Reason: fault}}
	done, refused, err := importAccounts(t, s, false, &accountsv1.AccountRow{Line: 2, ExternalId: "A"}, &accountsv1.AccountRow{Line: 3, Fault: fault})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, refused, protocmp.Transform()))
	kept, err := s.accounts.GetImport(t.Context(), &accountsv1.GetImportRequest{Name: done.GetName()})
	require.NoError(t, err)
	require.EqualValues(t, 2, kept.GetCounts().GetRead())
	require.EqualValues(t, 1, kept.GetCounts().GetRefused())

	stream, err := s.revenue.ImportRevenue(deadline(t))
	require.NoError(t, err)
	require.NoError(t, stream.Send(&accountsv1.ImportRevenueRequest{Step: &accountsv1.ImportRevenueRequest_Start{Start: startOf("a")}}))
	require.NoError(t, stream.Send(&accountsv1.ImportRevenueRequest{Step: &accountsv1.ImportRevenueRequest_Rows{
		Rows: &accountsv1.RevenueRows{Rows: []*accountsv1.RevenueRow{{Line: 3, Fault: fault}}}}}))
	require.NoError(t, stream.CloseSend())
	result, refused, err := importAnswers(t, stream.Recv)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(want, refused, protocmp.Transform()))
	require.EqualValues(t, 1, result.GetImport().GetCounts().GetRead())
	require.EqualValues(t, 1, result.GetImport().GetCounts().GetRefused())
}
