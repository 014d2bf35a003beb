package rpc

import (
	"context"
	"slices"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/names"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/engagements"
	"github.com/evenhand/evenhand/services/plans/innovation"
)

// WorkDirectory knows those whom engagements and innovation projects name, by asking the
// accounts service.
type WorkDirectory struct {
	accounts accountsv1.AccountsServiceClient
	access   accountsv1.AccessServiceClient
}

var (
	_ engagements.Directory = (*WorkDirectory)(nil)
	_ innovation.Directory  = (*WorkDirectory)(nil)
)

// NewWorkDirectory returns a directory on a connection to the accounts service, whose calls
// carry a token that may read accounts, contacts and principals: one of a principal with
// the role service.
func NewWorkDirectory(conn grpc.ClientConnInterface) *WorkDirectory {
	return &WorkDirectory{accounts: accountsv1.NewAccountsServiceClient(conn), access: accountsv1.NewAccessServiceClient(conn)}
}

// Account returns resource.ErrNotFound where there is no account of that id.
func (d *WorkDirectory) Account(ctx context.Context, id string) error {
	_, err := d.accounts.GetAccount(ctx, &accountsv1.GetAccountRequest{Name: plans.AccountName(id)})
	return missing(err, "evenhand/Account", plans.AccountName(id))
}

// Team implements engagements.Directory.
func (d *WorkDirectory) Team(ctx context.Context, account string) ([]string, error) {
	a, err := d.accounts.GetAccount(ctx, &accountsv1.GetAccountRequest{Name: plans.AccountName(account)})
	if err != nil {
		return nil, missing(err, "evenhand/Account", plans.AccountName(account))
	}
	team := idsIn("principals", a.GetServiceTeam())
	if owner := names.First(a.GetOwner(), "principals"); owner != "" {
		team = append(team, owner)
	}
	return team, nil
}

// Contact returns resource.ErrNotFound where there is no contact of that resource name.
func (d *WorkDirectory) Contact(ctx context.Context, name string) error {
	_, err := d.accounts.GetContact(ctx, &accountsv1.GetContactRequest{Name: name})
	return missing(err, "evenhand/Contact", name)
}

// Principal returns resource.ErrNotFound where there is no principal of that id.
func (d *WorkDirectory) Principal(ctx context.Context, id string) error {
	_, err := d.access.GetPrincipal(ctx, &accountsv1.GetPrincipalRequest{Name: plans.PrincipalName(id)})
	return missing(err, "evenhand/Principal", plans.PrincipalName(id))
}

// Person implements engagements.Directory.
func (d *WorkDirectory) Person(ctx context.Context, id string) (bool, error) {
	p, err := d.access.GetPrincipal(ctx, &accountsv1.GetPrincipalRequest{Name: plans.PrincipalName(id)})
	return p.GetPerson() && !p.GetDisabled(), missing(err, "evenhand/Principal", plans.PrincipalName(id))
}

// OtherConfirmers implements innovation.Directory.
func (d *WorkDirectory) OtherConfirmers(ctx context.Context, principals []string) (bool, error) {
	return anyPerson(ctx, d.access, func(p *accountsv1.Principal) bool {
		return !slices.Contains(principals, names.First(p.GetName(), "principals")) && may(p, confirmProjects)
	})
}
