package rpc_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

func TestTokensThroughTheAPI(t *testing.T) {
	s := serve(t)
	ctx := t.Context()
	_, err := s.access.CreatePrincipal(ctx, &accountsv1.CreatePrincipalRequest{PrincipalId: "bot",
		Principal: &accountsv1.Principal{Roles: []accountsv1.Role{accountsv1.Role_ROLE_SERVICE}}})
	require.NoError(t, err)
	request := &accountsv1.CreateApiTokenRequest{Parent: "principals/bot", RequestId: aUUID, ApiToken: &accountsv1.ApiToken{
		DisplayName: "nightly", ExpireTime: timestamppb.New(time.Now().Add(time.Hour))}}
	token, err := s.access.CreateApiToken(ctx, request)
	require.NoError(t, err)
	require.Contains(t, token.GetSecret(), auth.TokenPrefix)
	_, err = s.access.CreateApiToken(ctx, request)
	st := wantStatus(t, err, codes.AlreadyExists, "ALREADY_EXISTS")
	require.NotContains(t, st.Message(), token.GetSecret())

	list, err := s.access.ListApiTokens(ctx, &accountsv1.ListApiTokensRequest{Parent: "principals/bot"})
	require.NoError(t, err)
	require.Len(t, list.GetApiTokens(), 1)
	require.Empty(t, list.GetApiTokens()[0].GetSecret())

	bot := s.as(t, token.GetSecret())
	caller, err := bot.access.GetCaller(ctx, &accountsv1.GetCallerRequest{})
	require.NoError(t, err)
	require.Equal(t, "principals/bot", caller.GetPrincipal().GetName())
	require.Contains(t, caller.GetPermissions(), "revenue.import")
	hash := auth.HashOf(token.GetSecret())
	whose, err := s.access.AuthenticateToken(ctx, &accountsv1.AuthenticateTokenRequest{TokenHash: hash[:]})
	require.NoError(t, err)
	require.Equal(t, "principals/bot", whose.GetPrincipal().GetName())

	disable := func(disabled bool) {
		_, err := s.access.UpdatePrincipal(ctx, &accountsv1.UpdatePrincipalRequest{
			Principal: &accountsv1.Principal{Name: "principals/bot", Disabled: disabled}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"disabled"}}})
		require.NoError(t, err)
	}
	disable(true)
	_, err = s.access.AuthenticateToken(ctx, &accountsv1.AuthenticateTokenRequest{TokenHash: hash[:]})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	_, err = bot.access.GetCaller(ctx, &accountsv1.GetCallerRequest{})
	wantStatus(t, err, codes.Unauthenticated, "UNAUTHENTICATED")
	disable(false)
	_, err = s.access.DeleteApiToken(ctx, &accountsv1.DeleteApiTokenRequest{Name: token.GetName()})
	require.NoError(t, err)
	_, err = bot.access.GetCaller(ctx, &accountsv1.GetCallerRequest{})
	wantStatus(t, err, codes.Unauthenticated, "UNAUTHENTICATED")
	_, err = s.access.AuthenticateToken(ctx, &accountsv1.AuthenticateTokenRequest{TokenHash: hash[:]})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	_, err = bot.access.AuthenticateToken(ctx, &accountsv1.AuthenticateTokenRequest{TokenHash: hash[:]})
	wantStatus(t, err, codes.Unauthenticated, "UNAUTHENTICATED") // its own token, not the one asked about

	_, err = s.access.UpdatePrincipal(ctx, &accountsv1.UpdatePrincipalRequest{
		Principal: &accountsv1.Principal{Name: "principals/local-admin"}, UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"roles"}}})
	st = wantStatus(t, err, codes.FailedPrecondition, "LAST_ADMINISTRATOR")
	require.Contains(t, st.Message(), "last one who can administer")
}

func TestWatchChangesTellsEntriesAndHidesReach(t *testing.T) {
	s := serve(t)
	ctx := deadline(t)
	_, err := s.accounts.CreateAccount(ctx, &accountsv1.CreateAccountRequest{AccountId: "acme", Account: &accountsv1.Account{DisplayName: "Acme"}})
	require.NoError(t, err)
	_, err = s.accounts.UpdateReach(ctx, &accountsv1.UpdateReachRequest{Reach: &accountsv1.Reach{Name: "accounts/acme/reach", Followers: 77}})
	require.NoError(t, err)
	_, err = s.accounts.UpdateCompany(ctx, &accountsv1.UpdateCompanyRequest{Company: &accountsv1.Company{DisplayName: "We", CurrencyCode: "USD", TimeZone: "UTC"}})
	require.NoError(t, err)
	_, _, err = importRevenue(t, s, startOf("a"), "acme,2026-01-01,1.50", "other,2026-01-02,-3.00")
	require.NoError(t, err)
	head, err := s.feed.GetFeed(ctx, &accountsv1.GetFeedRequest{})
	require.NoError(t, err)

	stream, err := s.feed.WatchChanges(ctx, &accountsv1.WatchChangesRequest{})
	require.NoError(t, err)
	byType, bySource := map[string]*accountsv1.Change{}, map[string]*accountsv1.Change{}
	resume := ""
	for position := int64(0); position < head.GetPosition(); {
		m, err := stream.Recv()
		require.NoError(t, err)
		for _, c := range m.GetChanges() {
			position++
			require.Equal(t, position, c.GetPosition(), "no gaps")
			byType[c.GetType()] = c
			bySource[c.GetSource()] = c
		}
		resume = m.GetResumeToken()
	}
	require.Equal(t, head.GetResumeToken(), resume)
	require.Equal(t, "Acme", bySource["accounts/acme"].GetAccount().GetDisplayName())
	require.Equal(t, "accounts/other", bySource["accounts/other"].GetAccount().GetName())
	require.Equal(t, "USD", byType["company.updated"].GetCompany().GetCurrencyCode())
	require.Nil(t, byType["reach.updated"].GetState())
	require.Equal(t, "principals/local-admin", byType["reach.updated"].GetPrincipal())
	chunk := byType["revenue.recorded"].GetRevenue()
	require.Equal(t, []string{"acme", "other"}, chunk.GetAccounts())
	require.Equal(t, []uint32{0, 1}, chunk.GetAccountIndex())
	require.Equal(t, []int32{20454, 20455}, chunk.GetDays())
	require.Equal(t, []int64{150, -300}, chunk.GetMinorUnits())

	// A heartbeat says that there is nothing more, and resuming there begins behind it.
	for {
		m, err := stream.Recv()
		require.NoError(t, err)
		require.Empty(t, m.GetChanges())
		if m.GetCaughtUp() {
			break
		}
	}
	resumed, err := s.feed.WatchChanges(ctx, &accountsv1.WatchChangesRequest{ResumeToken: resume})
	require.NoError(t, err)
	_, err = s.accounts.CloseAccount(ctx, &accountsv1.CloseAccountRequest{Name: "accounts/acme"})
	require.NoError(t, err)
	for {
		m, err := resumed.Recv()
		require.NoError(t, err)
		if len(m.GetChanges()) > 0 {
			require.Equal(t, "account.closed", m.GetChanges()[0].GetType())
			break
		}
	}
	bad, err := s.feed.WatchChanges(ctx, &accountsv1.WatchChangesRequest{ResumeToken: "x"})
	require.NoError(t, err)
	_, err = bad.Recv()
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	_, err = s.feed.LocateChange(ctx, &accountsv1.LocateChangeRequest{ConsistencyToken: "x"})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
}
