package rpc

import (
	"context"
	"strings"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/entitlements/cases"
	"github.com/evenhand/evenhand/services/entitlements/remedies"
)

// Directory asks the accounts service about accounts and principals. It implements
// cases.Accounts and cases.Staff.
type Directory struct {
	accounts accountsv1.AccountsServiceClient
	access   accountsv1.AccessServiceClient
}

var (
	_ cases.Accounts  = (*Directory)(nil)
	_ cases.Staff     = (*Directory)(nil)
	_ cases.Catalogue = (*Judgements)(nil)
)

// NewDirectory returns a directory on a connection to the accounts service, whose calls
// carry a token that may read accounts and principals: one of a principal with the role
// service.
func NewDirectory(conn grpc.ClientConnInterface) *Directory {
	return &Directory{accounts: accountsv1.NewAccountsServiceClient(conn), access: accountsv1.NewAccessServiceClient(conn)}
}

// Account implements cases.Accounts.
func (d *Directory) Account(ctx context.Context, id string) error {
	_, err := d.accounts.GetAccount(ctx, &accountsv1.GetAccountRequest{Name: names.Join("accounts", id)})
	return err
}

// Member implements cases.Staff.
func (d *Directory) Member(ctx context.Context, id string) (cases.Member, error) {
	p, err := d.access.GetPrincipal(ctx, &accountsv1.GetPrincipalRequest{Name: names.Join("principals", id)})
	if err != nil {
		return cases.Member{}, err
	}
	return memberOf(p), nil
}

// Members implements cases.Staff.
func (d *Directory) Members(ctx context.Context) ([]cases.Member, error) {
	var list []cases.Member
	r := &accountsv1.ListPrincipalsRequest{PageSize: 1000}
	for {
		page, err := d.access.ListPrincipals(ctx, r)
		if err != nil {
			return nil, err
		}
		for _, p := range page.GetPrincipals() {
			if m := memberOf(p); m.Works {
				list = append(list, m)
			}
		}
		if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
			return list, nil
		}
	}
}

// memberOf is a principal as a member of staff: who works on cases is an enabled person
// with a role that may change some.
func memberOf(p *accountsv1.Principal) cases.Member {
	var roles []auth.Role
	for _, role := range p.GetRoles() {
		name := strings.ToLower(strings.TrimPrefix(role.String(), "ROLE_"))
		roles = append(roles, auth.Role(strings.ReplaceAll(name, "_", "-")))
	}
	may := auth.NewPrincipal(p.GetName(), "", p.GetPerson(), roles...).Can(updateCases) != auth.None
	return cases.Member{ID: names.First(p.GetName(), "principals"), DisplayName: p.GetDisplayName(), Works: may && p.GetPerson() && !p.GetDisabled()}
}

// Remedy implements cases.Catalogue.
func (j *Judgements) Remedy(ctx context.Context, issue string, facts map[string]string) (cases.Listed, bool, error) {
	return listedOut(j.Remedies.Remedy(ctx, issue, facts))
}

// Listed implements cases.Catalogue.
func (j *Judgements) Listed(ctx context.Context, id string) (cases.Listed, bool, error) {
	return listedOut(j.Remedies.InUse(ctx, id))
}

// listedOut is a remedy of the catalogue as cases see it.
func listedOut(r resource.Stored[remedies.Remedy], ok bool, err error) (cases.Listed, bool, error) {
	listed := cases.Listed{ID: r.ID}
	if v := r.State.Value; v != nil {
		listed.Worth = &cases.Worth{Minor: v.Minor, Currency: v.Currency}
	}
	return listed, ok, err
}
