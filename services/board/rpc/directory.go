package rpc

import (
	"cmp"
	"context"
	"fmt"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/board"
	"github.com/evenhand/evenhand/services/board/advice"
)

// Directory knows accounts, contacts, boards and principals by name. It implements
// advice.Directory. Accounts are those of the service's own copy, and where that has not
// heard of one yet, of the accounts service, which is also asked for contacts and
// principals.
type Directory struct {
	domain   *board.Service
	accounts accountsv1.AccountsServiceClient
	access   accountsv1.AccessServiceClient
	zone     atomic.Pointer[civil.Zone]
}

var _ advice.Directory = (*Directory)(nil)

// NewDirectory returns a directory over a connection to the accounts service, whose
// calls carry a token that may read accounts, contacts, principals and the company: one
// of a principal with the role service.
func NewDirectory(domain *board.Service, conn grpc.ClientConnInterface) *Directory {
	return &Directory{domain: domain, accounts: accountsv1.NewAccountsServiceClient(conn), access: accountsv1.NewAccessServiceClient(conn)}
}

// Account implements advice.Directory.
func (d *Directory) Account(ctx context.Context, id string) (string, error) {
	found, err := d.domain.Accounts.GetMany(ctx, []string{id})
	if err != nil {
		return "", err
	}
	if account, there := found[id]; there {
		return cmp.Or(account.DisplayName, board.AccountName(id)), nil
	}
	name := board.AccountName(id)
	account, err := d.accounts.GetAccount(ctx, &accountsv1.GetAccountRequest{Name: name})
	return called(name, account.GetDisplayName(), err)
}

// Contact implements advice.Directory.
func (d *Directory) Contact(ctx context.Context, account, id string) (string, error) {
	name := board.ContactName(account, id)
	contact, err := d.accounts.GetContact(ctx, &accountsv1.GetContactRequest{Name: name})
	return called(name, contact.GetDisplayName(), err)
}

// Board implements advice.Directory.
func (d *Directory) Board(ctx context.Context, id string) (string, error) {
	b, err := d.domain.Boards.Get(ctx, id)
	return b.State.DisplayName, err
}

// Principal implements advice.Directory.
func (d *Directory) Principal(ctx context.Context, id string) (string, error) {
	name := names.Join("principals", id)
	p, err := d.access.GetPrincipal(ctx, &accountsv1.GetPrincipalRequest{Name: name})
	return called(name, p.GetDisplayName(), err)
}

// called is what people call something, or else its name.
func called(name, displayName string, err error) (string, error) {
	if status.Code(err) == codes.NotFound {
		return "", resource.ErrNotFound
	}
	if err != nil {
		return "", fmt.Errorf("ask the accounts service for %s: %w", name, err)
	}
	return cmp.Or(displayName, name), nil
}

// Zone returns the company's time zone, which never changes once there is one; UTC until
// then.
func (d *Directory) Zone(ctx context.Context) (civil.Zone, error) {
	if zone := d.zone.Load(); zone != nil {
		return *zone, nil
	}
	company, err := d.accounts.GetCompany(ctx, &accountsv1.GetCompanyRequest{})
	if err != nil {
		return civil.Zone{}, fmt.Errorf("ask the accounts service for the company: %w", err)
	}
	if company.GetTimeZone() == "" {
		return civil.UTC, nil
	}
	zone, err := civil.LoadZone(company.GetTimeZone())
	if err != nil {
		return civil.Zone{}, err
	}
	d.zone.Store(&zone)
	return zone, nil
}
