package accounts

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// Admin is the role that may do everything; somebody always has it.
const Admin = "admin"

// Principal is a person or a machine that calls Evenhand.
type Principal struct {
	DisplayName string `bson:"display_name,omitempty"`
	// Person is true for a person, false for a machine.
	Person bool `bson:"person,omitempty"`
	// Roles are names of roles, as account-manager.
	Roles    []string `bson:"roles,omitempty"`
	Disabled bool     `bson:"disabled,omitempty"`
	// Administers is true for those who can administer now, and not stored for others,
	// so that an index finds them.
	Administers    bool `bson:"administers,omitempty"`
	resource.Times `bson:",inline"`
}

func (p *Principal) settle() {
	p.Administers = !p.Disabled && slices.Contains(p.Roles, Admin)
}

// PrincipalPatch says what to change of a principal; nil leaves a field as it is.
type PrincipalPatch struct {
	DisplayName      *string
	Person, Disabled *bool
	Roles            *[]string
}

func (p PrincipalPatch) apply(s *Principal) error {
	set(&s.DisplayName, p.DisplayName)
	set(&s.Person, p.Person)
	set(&s.Disabled, p.Disabled)
	set(&s.Roles, p.Roles)
	s.settle()
	return nil
}

// Access is the use cases of principals and their tokens.
type Access struct {
	principals *resource.Table[Principal, *Principal]
	tokens     *resource.Table[Token, *Token]
	admins     *resource.Guard
	now        func() time.Time
	random     io.Reader
}

// PrincipalName returns the resource name of a principal.
func PrincipalName(id string) string { return "principals/" + id }

var principalsSpec = docstore.Spec{Name: "principals", Indexes: []docstore.Index{
	{Name: "administers", Fields: []string{"administers"}, Partial: true},
}}

func openAccess(ctx context.Context, w wiring) (*Access, error) {
	a := &Access{now: w.now, random: w.random}
	var err error
	a.principals, err = resource.OpenTable(ctx, w.requests, resource.Kind[Principal]{
		Type: "evenhand/Principal", Name: PrincipalName, Spec: principalsSpec, Tell: func(s Principal) any { return s }})
	if err != nil {
		return nil, err
	}
	if a.tokens, err = openTokens(ctx, w); err != nil {
		return nil, err
	}
	a.admins, err = w.guards.Open(ctx, "administrators", a.principals, "principal.updated")
	return a, err
}

// GetPrincipal returns a principal, or ErrNotFound.
func (a *Access) GetPrincipal(ctx context.Context, id string) (resource.Stored[Principal], error) {
	return a.principals.Get(ctx, id)
}

// ListPrincipals lists principals by id.
func (a *Access) ListPrincipals(ctx context.Context, size int, after resource.Place) (resource.Page[Principal], error) {
	return a.principals.List(ctx, docstore.Query{After: after, Limit: size}, nil, nil)
}

// CreatePrincipal makes a principal; ErrExists.
func (a *Access) CreatePrincipal(ctx context.Context, call resource.Call, id string, s Principal) (resource.Stored[Principal], error) {
	if !names.IsID(id) {
		return resource.Stored[Principal]{}, invalid("principal_id", "%q is not an id: use up to 63 lower-case letters, digits and hyphens", id)
	}
	s.settle()
	return a.principals.Create(ctx, call, id, s, "principal.created")
}

// UpdatePrincipal changes a principal; ErrNotFound, ErrStale, and ErrLastAdministrator where
// nobody would be left who can administer.
func (a *Access) UpdatePrincipal(ctx context.Context, call resource.Call, id string, etag string, p PrincipalPatch) (resource.Stored[Principal], error) {
	if earlier, known, err := a.principals.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	before, err := a.GetPrincipal(ctx, id)
	if err != nil {
		return resource.Stored[Principal]{}, err
	}
	wanted := before.State
	if err := p.apply(&wanted); err != nil {
		return resource.Stored[Principal]{}, err
	}
	if wanted.Administers || p.Roles == nil && p.Disabled == nil {
		return a.principals.Update(ctx, call, id, resource.IfEtag[Principal](etag), "principal.updated", p.apply)
	}
	var changed resource.Stored[Principal]
	err = a.admins.Apply(ctx, id, "",
		func(version int64, pending []resource.Intent) error {
			now := resource.Stored[Principal]{ID: id, Version: version, Created: before.Created}
			if err := a.principals.Check(now, resource.IfEtag[Principal](etag)); err != nil {
				return err
			}
			return a.othersAdminister(ctx, id, pending)
		},
		func(version int64) (err error) {
			changed, err = a.principals.Update(ctx, call, id, resource.IfVersion[Principal](version), "principal.updated", p.apply)
			return err
		})
	return changed, err
}

// othersAdminister wants somebody besides a principal who can administer, and is not
// about to lose that; it does not matter for one who cannot.
func (a *Access) othersAdminister(ctx context.Context, id string, pending []resource.Intent) error {
	leaving := map[string]bool{id: true}
	for _, in := range pending {
		leaving[in.ID] = true
	}
	someLeaving, itself := false, false
	for d, err := range a.principals.All(ctx, docstore.Query{Index: "administers", Equal: []any{true}}) {
		if err != nil {
			return err
		}
		if !leaving[d.ID] {
			return nil
		}
		itself = itself || d.ID == id
		someLeaving = someLeaving || d.ID != id
	}
	switch {
	case !itself:
		return nil
	case someLeaving:
		return resource.ErrBlocked
	}
	return fail(ErrLastAdministrator, PrincipalName(id), "%s is the last one who can administer: make somebody else an administrator first", PrincipalName(id))
}

// missingPrincipals says which principals that an account names do not exist.
func (a *Access) missingPrincipals(ctx context.Context, s Account) ([]fault.Field, error) {
	ids := slices.Clone(s.Team)
	if s.Owner != "" {
		ids = append(ids, s.Owner)
	}
	found, err := a.principals.Versions(ctx, ids)
	if err != nil {
		return nil, err
	}
	var wrong []fault.Field
	if _, ok := found[s.Owner]; s.Owner != "" && !ok {
		wrong = append(wrong, fault.Field{Path: "account.owner", Description: PrincipalName(s.Owner) + " does not exist"})
	}
	for i, p := range s.Team {
		if _, ok := found[p]; !ok {
			wrong = append(wrong, fault.Field{Path: fmt.Sprintf("account.service_team[%d]", i), Description: PrincipalName(p) + " does not exist"})
		}
	}
	return wrong, nil
}
