package rpc

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/paging"
	"github.com/evenhand/evenhand/internal/platform/rpcstatus"
	"github.com/evenhand/evenhand/internal/platform/wire"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/cases/imports"
)

// Source follows the accounts service. It implements entitlements.Source.
type Source struct {
	feed     accountsv1.FeedServiceClient
	accounts accountsv1.AccountsServiceClient
	access   accountsv1.AccessServiceClient
	revenue  accountsv1.RevenueServiceClient
}

var _ entitlements.Source = (*Source)(nil)

// NewSource returns a source on a connection to the accounts service, whose calls carry
// a token that may watch changes, read principals, revenue and the company, and adopt the
// company's settings: one of a principal with the role service.
func NewSource(conn grpc.ClientConnInterface) *Source {
	return &Source{
		feed:     accountsv1.NewFeedServiceClient(conn),
		accounts: accountsv1.NewAccountsServiceClient(conn),
		access:   accountsv1.NewAccessServiceClient(conn),
		revenue:  accountsv1.NewRevenueServiceClient(conn),
	}
}

// Watch implements entitlements.Source.
func (s *Source) Watch(ctx context.Context, resume string, apply func(entitlements.Batch) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.feed.WatchChanges(ctx, &accountsv1.WatchChangesRequest{ResumeToken: resume})
	if err != nil {
		return watchError("accounts", err)
	}
	return receive("accounts", stream, func(answer *accountsv1.WatchChangesResponse) error {
		batch, err := batchOf(answer)
		if err != nil {
			return err
		}
		return apply(batch)
	})
}

// receive calls apply with everything that comes along the feed of a service, until it
// ends or apply fails.
func receive[Answer any](of string, stream grpc.ServerStreamingClient[Answer], apply func(*Answer) error) error {
	for {
		answer, err := stream.Recv()
		if err != nil {
			return watchError(of, err)
		}
		if err := apply(answer); err != nil {
			return err
		}
	}
}

func watchError(of string, err error) error {
	if status.Code(err) == codes.OutOfRange {
		return fmt.Errorf("%s: %w: %w", of, entitlements.ErrFeedTrimmed, err)
	}
	return fmt.Errorf("watch the %s feed: %w", of, err)
}

func batchOf(answer *accountsv1.WatchChangesResponse) (entitlements.Batch, error) {
	batch := entitlements.Batch{Resume: answer.GetResumeToken(), Changes: make([]entitlements.Change, len(answer.GetChanges()))}
	for i, c := range answer.GetChanges() {
		to := &batch.Changes[i]
		to.Position = c.GetPosition()
		var err error
		switch state := c.GetState().(type) {
		case *accountsv1.Change_Account:
			to.Account, err = accountOf(state.Account)
		case *accountsv1.Change_Revenue:
			to.Revenue = revenueOf(state.Revenue)
		case *accountsv1.Change_Company:
			settings := settingsOf(state.Company)
			to.Company = &settings
		}
		if err != nil {
			return batch, fmt.Errorf("change %d of the accounts feed: %w", c.GetPosition(), err)
		}
	}
	return batch, nil
}

func accountOf(a *accountsv1.Account) (*entitlements.AccountChange, error) {
	c := &entitlements.AccountChange{
		ID: strings.TrimPrefix(a.GetName(), accountPrefix), Parent: strings.TrimPrefix(a.GetParent(), accountPrefix),
		State: entitlements.Active, Joined: civil.Never, Closed: civil.Never,
	}
	switch a.GetState() {
	case accountsv1.Account_STATE_PROSPECT:
		c.State = entitlements.Prospect
	case accountsv1.Account_STATE_CLOSED:
		c.State = entitlements.Closed
	}
	if a.GetJoinedDate() != nil {
		day, err := wire.Day("joined_date", a.GetJoinedDate())
		if err != nil {
			return nil, err
		}
		c.Joined = civil.Day(day)
	}
	if a.GetClosedDate() != nil {
		day, err := wire.Day("closed_date", a.GetClosedDate())
		if err != nil {
			return nil, err
		}
		c.Closed = civil.Day(day)
	}
	return c, nil
}

func revenueOf(r *accountsv1.RevenueChunk) *entitlements.RevenueChange {
	return &entitlements.RevenueChange{
		Accounts: r.GetAccounts(), Index: r.GetAccountIndex(), Days: r.GetDays(), Minor: r.GetMinorUnits(),
	}
}

func settingsOf(c *accountsv1.Company) entitlements.Settings {
	return entitlements.Settings{
		Currency: c.GetCurrencyCode(), LedgerCurrency: c.GetLedgerCurrencyCode(), Zone: c.GetTimeZone(),
		FiscalMonth: int(c.GetFiscalYearStartMonth()), FiscalDay: int(c.GetFiscalYearStartDay()),
	}
}

// Head implements entitlements.Source.
func (s *Source) Head(ctx context.Context) (int64, error) {
	feed, err := s.feed.GetFeed(ctx, &accountsv1.GetFeedRequest{})
	return feed.GetPosition(), err
}

// Locate implements entitlements.Source. What the accounts service itself calls
// unavailable is not in the feed yet; where it cannot be reached there is no ErrorInfo.
func (s *Source) Locate(ctx context.Context, token string) (int64, error) {
	located, err := s.feed.LocateChange(ctx, &accountsv1.LocateChangeRequest{ConsistencyToken: token})
	if status.Code(err) == codes.Unavailable && rpcstatus.Info(status.Convert(err)) != nil {
		return 0, errors.Join(entitlements.ErrNotYet, err)
	}
	return located.GetPosition(), err
}

// Settings implements entitlements.Source.
func (s *Source) Settings(ctx context.Context) (entitlements.Settings, error) {
	company, err := s.accounts.GetCompany(ctx, &accountsv1.GetCompanyRequest{})
	return settingsOf(company), err
}

// AdoptSettings implements entitlements.Source.
func (s *Source) AdoptSettings(ctx context.Context, currency, zone string) error {
	_, err := s.accounts.AdoptSettings(ctx, &accountsv1.AdoptSettingsRequest{CurrencyCode: currency, TimeZone: zone})
	return err
}

// Reaches calls visit with every account for which a reach was recorded.
func (s *Source) Reaches(ctx context.Context, visit func(account string, followers int64)) error {
	request := &accountsv1.ListReachesRequest{PageSize: paging.MaxSize}
	for {
		page, err := s.accounts.ListReaches(ctx, request)
		if err != nil {
			return err
		}
		for _, r := range page.GetReaches() {
			visit(names.First(r.GetName(), "accounts"), r.GetFollowers())
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return nil
		}
	}
}

// Attributes calls visit with the value of every account that has an attribute with a
// key.
func (s *Source) Attributes(ctx context.Context, key string, visit func(account, value string)) error {
	request := &accountsv1.ListAccountsRequest{PageSize: paging.MaxSize}
	for {
		page, err := s.accounts.ListAccounts(ctx, request)
		if err != nil {
			return err
		}
		for _, a := range page.GetAccounts() {
			if value, ok := a.GetAttributes()[key]; ok {
				visit(accountID(a.GetName()), value)
			}
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return nil
		}
	}
}

// OtherApprovers implements entitlements.Source.
func (s *Source) OtherApprovers(ctx context.Context, principal string) (bool, error) {
	return s.Others(ctx, principal, "schedule.publish")
}

// Others says whether an enabled person other than a principal holds a permission for all.
func (s *Source) Others(ctx context.Context, principal, permission string) (bool, error) {
	request := &accountsv1.ListPrincipalsRequest{PageSize: 1000}
	for {
		page, err := s.access.ListPrincipals(ctx, request)
		if err != nil {
			return false, err
		}
		for _, p := range page.GetPrincipals() {
			if p.GetName() != principal && p.GetPerson() && !p.GetDisabled() && may(p, permission) {
				return true, nil
			}
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return false, nil
		}
	}
}

// may says whether the roles of a principal give a permission for all.
func may(p *accountsv1.Principal, permission string) bool {
	roles := make([]auth.Role, 0, len(p.GetRoles()))
	for _, role := range p.GetRoles() {
		roles = append(roles, auth.Role(strings.ToLower(strings.ReplaceAll(strings.TrimPrefix(role.String(), "ROLE_"), "_", "-"))))
	}
	return auth.NewPrincipal(p.GetName(), "", true, roles...).Can(permission) == auth.All
}

// regionKey is the attribute of accounts that says where they are.
const regionKey = "region"

// Regions calls visit with every account that has a region.
func (s *Source) Regions(ctx context.Context, visit func(account, region string)) error {
	request := &accountsv1.ListAccountsRequest{PageSize: paging.MaxSize}
	for {
		page, err := s.accounts.ListAccounts(ctx, request)
		if err != nil {
			return err
		}
		for _, a := range page.GetAccounts() {
			if region := a.GetAttributes()[regionKey]; region != "" {
				visit(names.First(a.GetName(), "accounts"), region)
			}
		}
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			return nil
		}
	}
}

// Resolve implements imports.Accounts.
func (s *Source) Resolve(ctx context.Context, source string, refs []string, create, check bool) (imports.Resolved, error) {
	answer, err := s.accounts.ResolveAccounts(ctx, &accountsv1.ResolveAccountsRequest{
		Source: source, References: refs, CreateAccounts: create, ValidateOnly: check})
	if err != nil {
		return imports.Resolved{}, err
	}
	out := imports.Resolved{IDs: make(map[string]string, len(answer.GetAccounts())), Problems: answer.GetProblems(), Created: answer.GetAccountsCreated()}
	for ref, name := range answer.GetAccounts() {
		out.IDs[ref] = names.First(name, "accounts")
	}
	return out, nil
}
