// Package auth says who calls and what they may do: bearer tokens, the principals
// they stand for, and the permissions of their roles.
package auth

import (
	"context"
	"slices"
	"strings"
)

// Principal is a person or a machine that calls. It never changes, and is shared
// between calls.
type Principal struct {
	name        string
	displayName string
	person      bool
	roles       []Role
	scopes      map[string]Scope
}

// NewPrincipal returns a principal. The name is `principals/{principal}`, or
// `services/{service}` for a part of this system; an unknown role grants nothing.
func NewPrincipal(name, displayName string, person bool, roles ...Role) *Principal {
	p := &Principal{name: name, displayName: displayName, person: person, roles: slices.Clone(roles), scopes: map[string]Scope{}}
	for _, role := range roles {
		for _, grant := range grants[role] {
			permission, assigned := strings.CutSuffix(grant, ":assigned")
			scope := All
			if assigned {
				scope = Assigned
			}
			p.scopes[permission] = max(p.scopes[permission], scope)
		}
	}
	return p
}

// Name returns `principals/{principal}` or `services/{service}`.
func (p *Principal) Name() string { return p.name }

// DisplayName returns what people call it.
func (p *Principal) DisplayName() string { return p.displayName }

// Person reports whether it is a person rather than a machine.
func (p *Principal) Person() bool { return p.person }

// Roles returns its roles, as they were given.
func (p *Principal) Roles() []Role { return slices.Clone(p.roles) }

// Can returns for which accounts the principal holds a permission.
func (p *Principal) Can(permission string) Scope { return p.scopes[permission] }

// Permissions returns what the principal may do, sorted; a permission for assigned
// accounts only ends in `:assigned`.
func (p *Principal) Permissions() []string {
	list := make([]string, 0, len(p.scopes))
	for permission, scope := range p.scopes {
		if scope == Assigned {
			permission += ":assigned"
		}
		list = append(list, permission)
	}
	slices.Sort(list)
	return list
}

// SpendBlind reports whether the principal may not see what customers spend, nor
// anything that tells it: rule, bundle, band, distance, valid_until. A handler leaves
// these out of its answers.
func (p *Principal) SpendBlind() bool { return p.scopes["spend.read"] == None }

type principalKey struct{}

// NewContext returns a context of a call by p.
func NewContext(ctx context.Context, p *Principal) context.Context {
	return context.WithValue(ctx, principalKey{}, p)
}

// nobody stands in where a context has no caller: it may do nothing, and sees
// nothing that tells spend.
var nobody = NewPrincipal("", "", false)

// FromContext returns who calls. In a handler there always is a caller, unless the
// method is one that answers without a token; there, it is a principal without name
// and permissions.
func FromContext(ctx context.Context) *Principal {
	if p, ok := ctx.Value(principalKey{}).(*Principal); ok {
		return p
	}
	return nobody
}
