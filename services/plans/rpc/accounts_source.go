package rpc

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/wire"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// AccountsSource follows the accounts service, and asks it. It implements feeds.Source and
// plans.Directory.
type AccountsSource struct {
	feed     accountsv1.FeedServiceClient
	accounts accountsv1.AccountsServiceClient
	access   accountsv1.AccessServiceClient
}

var (
	_ feeds.Source    = (*AccountsSource)(nil)
	_ plans.Directory = (*AccountsSource)(nil)
)

// NewAccountsSource returns a source on a connection to the accounts service, whose calls
// carry a token that may watch changes and read accounts, contacts and principals: one of a
// principal with the role service.
func NewAccountsSource(conn grpc.ClientConnInterface) *AccountsSource {
	return &AccountsSource{feed: accountsv1.NewFeedServiceClient(conn), accounts: accountsv1.NewAccountsServiceClient(conn),
		access: accountsv1.NewAccessServiceClient(conn)}
}

// Watch implements feeds.Source.
func (s *AccountsSource) Watch(ctx context.Context, resume string, apply func(feeds.Batch) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.feed.WatchChanges(ctx, &accountsv1.WatchChangesRequest{ResumeToken: resume})
	if err != nil {
		return watchError(feeds.Accounts, err)
	}
	return receive(feeds.Accounts, stream, func(answer *accountsv1.WatchChangesResponse) error {
		batch, err := accountsBatch(answer)
		if err != nil {
			return err
		}
		return apply(batch)
	})
}

// receive calls apply with everything that comes along the feed of a service, until it ends
// or apply fails.
func receive[Answer any](of feeds.Service, stream grpc.ServerStreamingClient[Answer], apply func(*Answer) error) error {
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

func watchError(of feeds.Service, err error) error {
	if status.Code(err) == codes.OutOfRange {
		return fmt.Errorf("%s: %w: %w", of, feeds.ErrTrimmed, err)
	}
	return fmt.Errorf("watch the %s feed: %w", of, err)
}

func accountsBatch(answer *accountsv1.WatchChangesResponse) (feeds.Batch, error) {
	batch := feeds.Batch{Resume: answer.GetResumeToken()}
	for _, c := range answer.GetChanges() {
		batch.Position, batch.Recorded = c.GetPosition(), c.GetRecordedTime().AsTime()
		change := feeds.Change{Service: feeds.Accounts, Position: c.GetPosition(), Type: c.GetType(), Name: c.GetSource(),
			At: c.GetTime().AsTime(), Recorded: batch.Recorded, Principal: c.GetPrincipal()}
		switch state := c.GetState().(type) {
		case *accountsv1.Change_Account:
			account, err := accountIn(state.Account)
			if err != nil {
				return batch, fmt.Errorf("change %d of the accounts feed: %w", c.GetPosition(), err)
			}
			change.Account = &account
		case *accountsv1.Change_Company:
			change.Company = &feeds.Company{Name: state.Company.GetDisplayName(), Currency: state.Company.GetCurrencyCode(), Zone: state.Company.GetTimeZone()}
		case *accountsv1.Change_Revenue:
			r := state.Revenue
			change.Revenue = &feeds.Revenue{Chunk: c.GetSource(), Accounts: r.GetAccounts(), Index: r.GetAccountIndex(), Days: r.GetDays(), Minor: r.GetMinorUnits()}
		default:
			continue
		}
		batch.Changes = append(batch.Changes, change)
	}
	return batch, nil
}

var accountStates = map[accountsv1.Account_State]feeds.AccountState{
	accountsv1.Account_STATE_PROSPECT: feeds.Prospect,
	accountsv1.Account_STATE_ACTIVE:   feeds.Active,
	accountsv1.Account_STATE_CLOSED:   feeds.Closed,
}

func accountIn(in *accountsv1.Account) (feeds.Account, error) {
	a := feeds.Account{
		ID: strings.TrimPrefix(in.GetName(), accountPrefix), DisplayName: in.GetDisplayName(), State: accountStates[in.GetState()],
		Joined: civil.Never, Closed: civil.Never, Owner: strings.TrimPrefix(in.GetOwner(), principalPrefix),
		Team: idsIn("principals", in.GetServiceTeam()), Attributes: in.GetAttributes(),
	}
	if d := in.GetJoinedDate(); d != nil {
		day, err := wire.Day("joined_date", d)
		if err != nil {
			return a, err
		}
		a.Joined = civil.Day(day)
	}
	if d := in.GetClosedDate(); d != nil {
		day, err := wire.Day("closed_date", d)
		if err != nil {
			return a, err
		}
		a.Closed = civil.Day(day)
	}
	return a, nil
}

// Head implements feeds.Source.
func (s *AccountsSource) Head(ctx context.Context) (int64, error) {
	feed, err := s.feed.GetFeed(ctx, &accountsv1.GetFeedRequest{})
	return feed.GetPosition(), err
}

// Account implements plans.Directory.
func (s *AccountsSource) Account(ctx context.Context, id string) (feeds.Account, error) {
	a, err := s.accounts.GetAccount(ctx, &accountsv1.GetAccountRequest{Name: accountPrefix + id})
	if err != nil {
		return feeds.Account{}, missing(err, "evenhand/Account", plans.AccountName(id))
	}
	return accountIn(a)
}

// Principal implements plans.Directory.
func (s *AccountsSource) Principal(ctx context.Context, id string) error {
	_, err := s.access.GetPrincipal(ctx, &accountsv1.GetPrincipalRequest{Name: principalPrefix + id})
	return missing(err, "evenhand/Principal", plans.PrincipalName(id))
}

// missing makes a NOT_FOUND of this service of what another does not find.
func missing(err error, resourceType, name string) error {
	if status.Code(err) == codes.NotFound {
		return fault.Missing(resourceType, name).Because(err)
	}
	return err
}
