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
	"github.com/evenhand/evenhand/internal/platform/wire"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/board"
)

// Source follows the accounts service. It implements board.Source.
type Source struct {
	feed     accountsv1.FeedServiceClient
	accounts accountsv1.AccountsServiceClient
	access   accountsv1.AccessServiceClient
}

var _ board.Source = (*Source)(nil)

// NewSource returns a source on a connection to the accounts service, whose calls carry a
// token that may watch changes and read contacts and principals: one of a principal with
// the role service.
func NewSource(conn grpc.ClientConnInterface) *Source {
	return &Source{feed: accountsv1.NewFeedServiceClient(conn), accounts: accountsv1.NewAccountsServiceClient(conn),
		access: accountsv1.NewAccessServiceClient(conn)}
}

// Watch implements board.Source.
func (s *Source) Watch(ctx context.Context, resume string, apply func(board.Batch) error) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := s.feed.WatchChanges(ctx, &accountsv1.WatchChangesRequest{ResumeToken: resume, StatesOf: []string{"accounts"}})
	if err != nil {
		return watchError(err)
	}
	for {
		answer, err := stream.Recv()
		if err != nil {
			return watchError(err)
		}
		batch, err := batchOf(answer)
		if err != nil {
			return err
		}
		if err := apply(batch); err != nil {
			return err
		}
	}
}

func watchError(err error) error {
	if status.Code(err) == codes.OutOfRange {
		return fmt.Errorf("%w: %w", board.ErrFeedTrimmed, err)
	}
	return fmt.Errorf("watch the accounts feed: %w", err)
}

func batchOf(answer *accountsv1.WatchChangesResponse) (board.Batch, error) {
	batch := board.Batch{Resume: answer.GetResumeToken()}
	for _, c := range answer.GetChanges() {
		batch.Position = c.GetPosition()
		in := c.GetAccount()
		if in == nil {
			continue
		}
		account, err := accountOf(in)
		if err != nil {
			return batch, fmt.Errorf("change %d of the accounts feed: %w", c.GetPosition(), err)
		}
		batch.Accounts = append(batch.Accounts, board.AccountChange{ID: id(in.GetName(), "accounts"), Account: account, Position: c.GetPosition()})
	}
	return batch, nil
}

var accountStates = map[accountsv1.Account_State]board.AccountState{
	accountsv1.Account_STATE_PROSPECT: board.AccountProspect,
	accountsv1.Account_STATE_ACTIVE:   board.AccountActive,
	accountsv1.Account_STATE_CLOSED:   board.AccountClosed,
}

func accountOf(in *accountsv1.Account) (board.Account, error) {
	a := board.Account{
		DisplayName: in.GetDisplayName(), State: accountStates[in.GetState()], Joined: civil.Never, Closed: civil.Never,
		Parent: id(in.GetParent(), "accounts"), Competitors: ids(in.GetCompetitors(), "accounts"),
		Owner: id(in.GetOwner(), "principals"), Team: ids(in.GetServiceTeam(), "principals"), Attributes: in.GetAttributes(),
	}
	if in.GetJoinedDate() != nil {
		day, err := wire.Day("joined_date", in.GetJoinedDate())
		if err != nil {
			return a, err
		}
		a.Joined = civil.Day(day)
	}
	if in.GetClosedDate() != nil {
		day, err := wire.Day("closed_date", in.GetClosedDate())
		if err != nil {
			return a, err
		}
		a.Closed = civil.Day(day)
	}
	return a, nil
}

// Head implements board.Source.
func (s *Source) Head(ctx context.Context) (int64, error) {
	feed, err := s.feed.GetFeed(ctx, &accountsv1.GetFeedRequest{})
	return feed.GetPosition(), err
}

// Contact implements board.Source.
func (s *Source) Contact(ctx context.Context, account, contact string) (board.Contact, error) {
	c, err := s.accounts.GetContact(ctx, &accountsv1.GetContactRequest{Name: board.ContactName(account, contact)})
	if status.Code(err) == codes.NotFound {
		return board.Contact{}, errors.Join(board.ErrNoContact, err)
	}
	return board.Contact{DisplayName: c.GetDisplayName(), Email: c.GetEmail()}, err
}

// reveal is the permission to reveal a part of a seed.
const reveal = "rotations.reveal"

// Reveals implements board.Source.
func (s *Source) Reveals(ctx context.Context, principal string) (bool, error) {
	p, err := s.access.GetPrincipal(ctx, &accountsv1.GetPrincipalRequest{Name: principal})
	if status.Code(err) == codes.NotFound {
		return false, nil
	}
	if err != nil || p.GetDisabled() {
		return false, err
	}
	var roles []auth.Role
	for _, role := range p.GetRoles() {
		name := strings.ToLower(strings.TrimPrefix(role.String(), "ROLE_"))
		roles = append(roles, auth.Role(strings.ReplaceAll(name, "_", "-")))
	}
	return auth.NewPrincipal(principal, "", p.GetPerson(), roles...).Can(reveal) == auth.All, nil
}
