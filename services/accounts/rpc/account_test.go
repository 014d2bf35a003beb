package rpc_test

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

func TestAccountsThroughTheAPI(t *testing.T) {
	s := serve(t)
	ctx := t.Context()
	_, err := s.accounts.CreateAttributeKey(ctx, &accountsv1.CreateAttributeKeyRequest{AttributeKeyId: "sector"})
	require.NoError(t, err)

	in := &accountsv1.CreateAccountRequest{RequestId: aUUID, Account: &accountsv1.Account{
		DisplayName: "Berkshire", ExternalId: "BRK.B", Source: "crm", JoinedDate: ymd(2020, 2, 29),
		Owner: "principals/local-admin", ServiceTeam: []string{"principals/local-admin"},
		Goals:      []*accountsv1.Goal{{Statement: "Grow", Measure: "sales", TargetDate: ymd(2027, 1, 1)}},
		Attributes: map[string]string{"sector": "Financials"}}}
	created, err := s.accounts.CreateAccount(ctx, in)
	require.NoError(t, err)
	require.Equal(t, "accounts/brk-b", created.GetName())
	require.Equal(t, accountsv1.Account_STATE_ACTIVE, created.GetState())
	require.NotEmpty(t, created.GetConsistencyToken())

	again, err := s.accounts.CreateAccount(ctx, in)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(created, again, protocmp.Transform()), "a retry gets the first answer")
	other := &accountsv1.CreateAccountRequest{RequestId: aUUID, AccountId: "other", Account: &accountsv1.Account{}}
	_, err = s.accounts.CreateAccount(ctx, other)
	wantStatus(t, err, codes.InvalidArgument, "REQUEST_ID_REUSED")
	in.RequestId = ""
	_, err = s.accounts.CreateAccount(ctx, in)
	wantStatus(t, err, codes.AlreadyExists, "ALREADY_EXISTS")
	_, err = s.accounts.CreateAccount(ctx, &accountsv1.CreateAccountRequest{Account: &accountsv1.Account{ExternalId: "BRK-B", Source: "crm"}})
	wantStatus(t, err, codes.AlreadyExists, "SLUG_COLLISION")

	got, err := s.accounts.GetAccount(ctx, &accountsv1.GetAccountRequest{Name: "accounts/brk-b"})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(created, got, protocmp.Transform()))
	_, err = s.accounts.GetAccount(ctx, &accountsv1.GetAccountRequest{Name: "accounts/nobody"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")

	// A mask changes what it names, clears what it names and is not set, and keeps the rest.
	masked, err := s.accounts.UpdateAccount(ctx, &accountsv1.UpdateAccountRequest{
		Account:    &accountsv1.Account{Name: "accounts/brk-b", DisplayName: "Berkshire Hathaway", Etag: created.GetEtag()},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"display_name", "goals", "attributes.sector"}}})
	require.NoError(t, err)
	require.Equal(t, "Berkshire Hathaway", masked.GetDisplayName())
	require.Empty(t, masked.GetGoals())
	require.Empty(t, masked.GetAttributes())
	require.Equal(t, created.GetOwner(), masked.GetOwner())
	require.NotEqual(t, created.GetEtag(), masked.GetEtag())

	update := func(a *accountsv1.Account, paths ...string) error {
		a.Name = "accounts/brk-b"
		var mask *fieldmaskpb.FieldMask
		if paths != nil {
			mask = &fieldmaskpb.FieldMask{Paths: paths}
		}
		_, err := s.accounts.UpdateAccount(ctx, &accountsv1.UpdateAccountRequest{Account: a, UpdateMask: mask})
		return err
	}
	wantStatus(t, update(&accountsv1.Account{DisplayName: "x", Etag: created.GetEtag()}), codes.Aborted, "STALE_ETAG")
	wantStatus(t, update(&accountsv1.Account{}, "state"), codes.InvalidArgument, "INVALID_ARGUMENT")
	wantStatus(t, update(&accountsv1.Account{ExternalId: "other"}), codes.InvalidArgument, "INVALID_ARGUMENT")
	wantStatus(t, update(&accountsv1.Account{}, "tier"), codes.InvalidArgument, "HAND_SET_LEVEL")
	wantStatus(t, update(&accountsv1.Account{Attributes: map[string]string{"tier": "gold"}}), codes.InvalidArgument, "HAND_SET_LEVEL")
	st := wantStatus(t, update(&accountsv1.Account{Attributes: map[string]string{"colour": "red"}}), codes.InvalidArgument, "INVALID_ARGUMENT")
	require.Equal(t, []string{"account.attributes.colour"}, fieldsOf(st))
	st = wantStatus(t, update(&accountsv1.Account{Parent: "accounts/nobody"}), codes.InvalidArgument, "INVALID_ARGUMENT")
	require.Equal(t, []string{"account.parent"}, fieldsOf(st))
	st = wantStatus(t, update(&accountsv1.Account{JoinedDate: ymd(2023, 2, 29)}), codes.InvalidArgument, "INVALID_ARGUMENT")
	require.Equal(t, []string{"account.joined_date"}, fieldsOf(st))

	closed, err := s.accounts.CloseAccount(ctx, &accountsv1.CloseAccountRequest{Name: "accounts/brk-b", Date: ymd(2026, 1, 1), RequestId: aUUID})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(ymd(2026, 1, 1), closed.GetClosedDate(), protocmp.Transform()))
	_, err = s.accounts.CloseAccount(ctx, &accountsv1.CloseAccountRequest{Name: "accounts/brk-b"})
	wantStatus(t, err, codes.FailedPrecondition, "ACCOUNT_STATE")
	again, err = s.accounts.CloseAccount(ctx, &accountsv1.CloseAccountRequest{Name: "accounts/brk-b", Date: ymd(2026, 1, 1), RequestId: aUUID})
	require.NoError(t, err, "a retry is no second close")
	require.Equal(t, closed.GetEtag(), again.GetEtag())
	_, err = s.accounts.ActivateAccount(ctx, &accountsv1.ActivateAccountRequest{Name: "accounts/brk-b"})
	require.NoError(t, err)
}

func TestValidateOnlyWritesNothing(t *testing.T) {
	s := serve(t)
	ctx := t.Context()
	checked, err := s.accounts.CreateAccount(ctx, &accountsv1.CreateAccountRequest{ValidateOnly: true, Account: &accountsv1.Account{DisplayName: "Acme"}})
	require.NoError(t, err)
	require.Equal(t, "accounts/acme", checked.GetName())
	require.Empty(t, checked.GetConsistencyToken())
	_, err = s.accounts.GetAccount(ctx, &accountsv1.GetAccountRequest{Name: "accounts/acme"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
}

func TestListAccountsFiltersOrdersAndPages(t *testing.T) {
	s := serve(t)
	ctx := t.Context()
	for _, a := range []*accountsv1.CreateAccountRequest{
		{AccountId: "a", Account: &accountsv1.Account{DisplayName: "Zeta", ExternalId: "1", Source: "crm", Owner: "principals/local-admin"}},
		{AccountId: "b", Account: &accountsv1.Account{DisplayName: "Alpha", ExternalId: "2", Source: "crm", Parent: "accounts/a"}},
		{AccountId: "c", Account: &accountsv1.Account{DisplayName: "Alpha", ExternalId: "1", Source: "shop"}, Prospect: true},
		{AccountId: "d", Account: &accountsv1.Account{DisplayName: "Mid", Owner: "principals/local-admin"}},
	} {
		_, err := s.accounts.CreateAccount(ctx, a)
		require.NoError(t, err)
	}
	list := func(r *accountsv1.ListAccountsRequest) (ids string) {
		for {
			page, err := s.accounts.ListAccounts(ctx, r)
			require.NoError(t, err)
			for _, a := range page.GetAccounts() {
				ids += a.GetName()[len("accounts/"):]
			}
			if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
				return ids
			}
		}
	}
	for _, tt := range []struct{ filter, order, want string }{
		{"", "", "abcd"},
		{"", "name desc", "dcba"},
		{"", "display_name", "bcda"},
		{"", "display_name desc", "adcb"},
		{`external_id = "1"`, "", "ac"},
		{`external_id = "1" AND source = "shop"`, "", "c"},
		{`state = PROSPECT`, "", "c"},
		{`state = STATE_PROSPECT`, "", "c"},
		{`state = ACTIVE`, "", "abd"},
		{`NOT state = ACTIVE`, "", "c"},
		{`owner = "principals/local-admin"`, "display_name", "da"},
		{`owner = "principals/local-admin"`, "", "ad"},
		{`parent = "accounts/a"`, "", "b"},
		{`display_name = "Alpha"`, "name desc", "cb"},
		{`display_name = "A*"`, "", "bc"},
		{`source = "nowhere"`, "", ""},
		{`owner = "nobody"`, "", ""},
	} {
		for _, size := range []int32{0, 1, 2} {
			require.Equal(t, tt.want, list(&accountsv1.ListAccountsRequest{Filter: tt.filter, OrderBy: tt.order, PageSize: size}), "%+v", tt)
		}
	}
	_, err := s.accounts.ListAccounts(ctx, &accountsv1.ListAccountsRequest{Filter: `colour = "red"`})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	_, err = s.accounts.ListAccounts(ctx, &accountsv1.ListAccountsRequest{Filter: `tier = "gold"`})
	wantStatus(t, err, codes.InvalidArgument, "HAND_SET_LEVEL")
	_, err = s.accounts.ListAccounts(ctx, &accountsv1.ListAccountsRequest{OrderBy: "owner"})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	page, err := s.accounts.ListAccounts(ctx, &accountsv1.ListAccountsRequest{PageSize: 1})
	require.NoError(t, err)
	_, err = s.accounts.ListAccounts(ctx, &accountsv1.ListAccountsRequest{PageToken: page.GetNextPageToken(), OrderBy: "display_name"})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_PAGE_TOKEN")
}

func TestAccountManagersChangeTheirAccountsOnly(t *testing.T) {
	s := serve(t)
	ctx := t.Context()
	manager := s.person(t, "maria", accountsv1.Role_ROLE_ACCOUNT_MANAGER)
	agent := s.person(t, "sven", accountsv1.Role_ROLE_SERVICE_AGENT)
	for _, a := range []*accountsv1.CreateAccountRequest{
		{AccountId: "owned", Account: &accountsv1.Account{Owner: "principals/maria"}},
		{AccountId: "served", Account: &accountsv1.Account{ServiceTeam: []string{"principals/maria"}}},
		{AccountId: "foreign", Account: &accountsv1.Account{Owner: "principals/sven"}},
	} {
		_, err := s.accounts.CreateAccount(ctx, a)
		require.NoError(t, err)
	}
	tries := map[string]func(c *served, account string) error{
		"update": func(c *served, a string) error {
			_, err := c.accounts.UpdateAccount(ctx, &accountsv1.UpdateAccountRequest{Account: &accountsv1.Account{Name: a, DisplayName: "New"}})
			return err
		},
		"close": func(c *served, a string) error {
			_, err := c.accounts.CloseAccount(ctx, &accountsv1.CloseAccountRequest{Name: a})
			return err
		},
		"contact": func(c *served, a string) error {
			_, err := c.accounts.CreateContact(ctx, &accountsv1.CreateContactRequest{Parent: a, Contact: &accountsv1.Contact{DisplayName: "Jane"}})
			return err
		},
	}
	for name, try := range tries {
		require.NoError(t, try(manager, "accounts/owned"), name)
		require.NoError(t, try(manager, "accounts/served"), name)
		wantStatus(t, try(manager, "accounts/foreign"), codes.PermissionDenied, "NOT_ASSIGNED")
		wantStatus(t, try(agent, "accounts/foreign"), codes.PermissionDenied, "PERMISSION_DENIED")
	}
	_, err := agent.accounts.GetReach(ctx, &accountsv1.GetReachRequest{Name: "accounts/owned/reach"})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	_, err = agent.revenue.ListRevenueEntries(ctx, &accountsv1.ListRevenueEntriesRequest{Parent: "accounts/owned"})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}

func TestContactsAndReach(t *testing.T) {
	s := serve(t)
	ctx := t.Context()
	_, err := s.accounts.CreateAccount(ctx, &accountsv1.CreateAccountRequest{AccountId: "acme", Account: &accountsv1.Account{}})
	require.NoError(t, err)
	_, err = s.accounts.CreateContact(ctx, &accountsv1.CreateContactRequest{Parent: "accounts/nobody", Contact: &accountsv1.Contact{DisplayName: "J"}})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	jane, err := s.accounts.CreateContact(ctx, &accountsv1.CreateContactRequest{Parent: "accounts/acme", Contact: &accountsv1.Contact{
		DisplayName: "Jane Doe", Email: "jane@example.com", Roles: []string{"finance"}, TimeZone: "Europe/Berlin"}})
	require.NoError(t, err)
	require.Equal(t, "accounts/acme/contacts/jane-doe", jane.GetName())
	_, err = s.accounts.UpdateContact(ctx, &accountsv1.UpdateContactRequest{Contact: &accountsv1.Contact{Name: jane.GetName(), DisplayName: "Jane", TimeZone: "Nowhere"}})
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	changed, err := s.accounts.UpdateContact(ctx, &accountsv1.UpdateContactRequest{Contact: &accountsv1.Contact{Name: jane.GetName(), DisplayName: "Jane", Phone: "1"}})
	require.NoError(t, err)
	require.Equal(t, "jane@example.com", changed.GetEmail())
	_, err = s.accounts.CreateContact(ctx, &accountsv1.CreateContactRequest{Parent: "accounts/acme", ContactId: "bob", Contact: &accountsv1.Contact{DisplayName: "Bob"}})
	require.NoError(t, err)
	list, err := s.accounts.ListContacts(ctx, &accountsv1.ListContactsRequest{Parent: "accounts/acme"})
	require.NoError(t, err)
	require.Len(t, list.GetContacts(), 2)
	_, err = s.accounts.DeleteContact(ctx, &accountsv1.DeleteContactRequest{Name: jane.GetName(), Etag: jane.GetEtag()})
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")
	for range 2 { // the second is a retry
		_, err = s.accounts.DeleteContact(ctx, &accountsv1.DeleteContactRequest{Name: jane.GetName(), RequestId: aUUID})
		require.NoError(t, err)
	}
	_, err = s.accounts.DeleteContact(ctx, &accountsv1.DeleteContactRequest{Name: jane.GetName()})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
	reborn, err := s.accounts.CreateContact(ctx, &accountsv1.CreateContactRequest{Parent: "accounts/acme", Contact: &accountsv1.Contact{DisplayName: "Jane Doe"}})
	require.NoError(t, err)
	_, err = s.accounts.DeleteContact(ctx, &accountsv1.DeleteContactRequest{Name: jane.GetName(), RequestId: aUUID})
	require.NoError(t, err)
	_, err = s.accounts.GetContact(ctx, &accountsv1.GetContactRequest{Name: reborn.GetName()})
	require.NoError(t, err, "a late retry does not delete a later contact of the same name")

	reach, err := s.accounts.GetReach(ctx, &accountsv1.GetReachRequest{Name: "accounts/acme/reach"})
	require.NoError(t, err)
	require.Zero(t, reach.GetFollowers())
	reach, err = s.accounts.UpdateReach(ctx, &accountsv1.UpdateReachRequest{Reach: &accountsv1.Reach{
		Name: "accounts/acme/reach", Followers: 1_000_000, Source: "survey", Etag: reach.GetEtag()}})
	require.NoError(t, err)
	require.EqualValues(t, 1_000_000, reach.GetFollowers())
	listed, err := s.accounts.ListReaches(ctx, &accountsv1.ListReachesRequest{PageSize: 1})
	require.NoError(t, err)
	require.Len(t, listed.GetReaches(), 1, "those that were recorded")
	require.Equal(t, "accounts/acme/reach", listed.GetReaches()[0].GetName())
	require.EqualValues(t, 1_000_000, listed.GetReaches()[0].GetFollowers())
	require.Empty(t, listed.GetNextPageToken())
	_, err = s.accounts.UpdateReach(ctx, &accountsv1.UpdateReachRequest{Reach: &accountsv1.Reach{Name: "accounts/acme/reach", Followers: 2, Etag: "old"}})
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")
}

func TestR22AccountManagersDoNotChangeWhatRulesReadOfAnAccount(t *testing.T) {
	s := serve(t)
	ctx := t.Context()
	manager := s.person(t, "maria", accountsv1.Role_ROLE_ACCOUNT_MANAGER)
	joined, earlier := &date.Date{Year: 2025, Month: 3, Day: 1}, &date.Date{Year: 2015, Month: 3, Day: 1}
	for _, a := range []*accountsv1.CreateAccountRequest{
		{AccountId: "group", Account: &accountsv1.Account{}},
		{AccountId: "mill", Account: &accountsv1.Account{Owner: "principals/maria", JoinedDate: joined}},
		{AccountId: "lead", Prospect: true, Account: &accountsv1.Account{Owner: "principals/maria", JoinedDate: earlier}},
	} {
		_, err := s.accounts.CreateAccount(ctx, a)
		require.NoError(t, err)
	}
	update := func(c *served, a *accountsv1.Account, paths ...string) error {
		a.Name = "accounts/mill"
		_, err := c.accounts.UpdateAccount(ctx, &accountsv1.UpdateAccountRequest{Account: a, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}})
		return err
	}
	for name, err := range map[string]error{
		"day":          update(manager, &accountsv1.Account{JoinedDate: earlier}, "joined_date"),
		"year":         update(manager, &accountsv1.Account{JoinedDate: earlier}, "joined_date.year"),
		"day away":     update(manager, &accountsv1.Account{}, "joined_date"),
		"unmasked":     update(manager, &accountsv1.Account{JoinedDate: earlier}),
		"parent":       update(manager, &accountsv1.Account{Parent: "accounts/group"}, "parent"),
		"all":          update(manager, &accountsv1.Account{DisplayName: "Mill"}, "*"),
		"a day before": activate(ctx, manager, earlier),
	} {
		t.Run(name, func(t *testing.T) { wantStatus(t, err, codes.PermissionDenied, "READ_BY_RULES") })
	}
	require.NoError(t, update(manager, &accountsv1.Account{DisplayName: "The Mill", JoinedDate: joined}), "what is so already may be said")
	_, err := manager.accounts.CloseAccount(ctx, &accountsv1.CloseAccountRequest{Name: "accounts/lead"})
	require.NoError(t, err)
	wantStatus(t, activate(ctx, manager, earlier), codes.PermissionDenied, "READ_BY_RULES")
	require.NoError(t, activate(ctx, manager, nil))
	lead, err := s.accounts.GetAccount(ctx, &accountsv1.GetAccountRequest{Name: "accounts/lead"})
	require.NoError(t, err)
	require.Greater(t, lead.GetJoinedDate().GetYear(), int32(2015), "closed and opened again, a prospect joins when it is opened")
	require.NoError(t, update(s, &accountsv1.Account{JoinedDate: earlier, Parent: "accounts/group"}), "an administrator may")
	got, err := s.accounts.GetAccount(ctx, &accountsv1.GetAccountRequest{Name: "accounts/mill"})
	require.NoError(t, err)
	require.Equal(t, []any{"The Mill", int32(2015), "accounts/group"}, []any{got.GetDisplayName(), got.GetJoinedDate().GetYear(), got.GetParent()})
}

func activate(ctx context.Context, c *served, on *date.Date) error {
	_, err := c.accounts.ActivateAccount(ctx, &accountsv1.ActivateAccountRequest{Name: "accounts/lead", Date: on})
	return err
}
