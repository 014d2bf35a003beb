package accounts

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// Token is a bearer token of a principal, of which only a hash is kept.
type Token struct {
	Principal   string `bson:"principal"`
	DisplayName string `bson:"display_name,omitempty"`
	// Hash is the SHA-256 of the secret.
	Hash []byte `bson:"hash"`
	// Expires is when it stops working; zero for never.
	Expires        time.Time `bson:"expires,omitempty"`
	resource.Times `bson:",inline"`
}

// tokenEvent is what followers are told of a token.
type tokenEvent struct {
	Principal   string    `bson:"principal"`
	DisplayName string    `bson:"display_name,omitempty"`
	Expires     time.Time `bson:"expires,omitempty"`
}

func tokenID(principal, token string) string { return principal + "/apiTokens/" + token }

func openTokens(ctx context.Context, w wiring) (*resource.Table[Token, *Token], error) {
	spec := docstore.Spec{Name: "tokens", Indexes: []docstore.Index{{Name: "hash", Fields: []string{"hash"}, Unique: true}}}
	return resource.OpenTable(ctx, w.requests, resource.Kind[Token]{
		Type: "evenhand/ApiToken", Name: PrincipalName, Spec: spec,
		Tell: func(s Token) any { return tokenEvent{s.Principal, s.DisplayName, s.Expires} }})
}

// CreateToken makes a token of a principal, of whose secret it is given the hash.
// ErrNotFound for the principal; ErrInvalid for an expiry that is past; ErrExists for a retry,
// which cannot be told the secret of the first call, and ErrNotFound for one that comes
// after the token was revoked.
func (a *Access) CreateToken(ctx context.Context, call resource.Call, principal string, s Token) (resource.Stored[Token], error) {
	if _, err := a.GetPrincipal(ctx, principal); err != nil {
		return resource.Stored[Token]{}, err
	}
	if !s.Expires.IsZero() && !s.Expires.After(a.now()) {
		return resource.Stored[Token]{}, invalid("api_token.expire_time", "is past")
	}
	id, err := call.NewID(a.random) // by which a retry meets the first token
	if err != nil {
		return resource.Stored[Token]{}, err
	}
	s.Principal = principal
	created, err := a.tokens.Create(ctx, call, tokenID(principal, id), s, "token.created")
	if err == nil && !bytes.Equal(created.State.Hash, s.Hash) { // the first call's
		return resource.Stored[Token]{}, fail(resource.ErrExists, PrincipalName(created.ID),
			"%s was created by the first call with this request id, and its secret is not shown again: delete it and create another", PrincipalName(created.ID))
	}
	return created, err
}

// ListTokens lists the tokens of a principal by id; ErrNotFound for the principal.
func (a *Access) ListTokens(ctx context.Context, principal string, size int, after resource.Place) (resource.Page[Token], error) {
	if _, err := a.GetPrincipal(ctx, principal); err != nil {
		return resource.Page[Token]{}, err
	}
	q := docstore.Query{From: principal + "/", To: principal + "0", After: after, Limit: size}
	return a.tokens.List(ctx, q, nil, nil)
}

// DeleteToken revokes a token; ErrNotFound.
func (a *Access) DeleteToken(ctx context.Context, call resource.Call, principal, token string) error {
	return a.tokens.Delete(ctx, call, tokenID(principal, token), nil, "token.deleted")
}

var errUnknownToken = fail(resource.ErrNotFound, "",
	"the token is unknown, revoked or expired, or its principal is disabled: ask an administrator for a new one")

// Authenticate returns the principal of the token with a SHA-256. ErrNotFound where it is
// unknown, revoked or expired, or the principal disabled.
func (a *Access) Authenticate(ctx context.Context, hash []byte) (resource.Stored[Principal], error) {
	found, err := a.tokens.Lookup(ctx, "hash", hash)
	if err != nil {
		return resource.Stored[Principal]{}, fmt.Errorf("find the token: %w", err)
	}
	if len(found) == 0 {
		return resource.Stored[Principal]{}, errUnknownToken
	}
	token := found[0].State
	if !token.Expires.IsZero() && !a.now().Before(token.Expires) {
		return resource.Stored[Principal]{}, errUnknownToken
	}
	principal, err := a.GetPrincipal(ctx, token.Principal)
	if err == nil && principal.State.Disabled {
		return resource.Stored[Principal]{}, errUnknownToken
	}
	return principal, err
}

// The principal that the first start makes, and its token. Its secret is in a file of
// the data folder.
const (
	localAdmin      = "local-admin"
	localAdminToken = localAdmin + "/apiTokens/admin-token"
)

// HasLocalToken reports whether the local administrator's token is the one with this
// SHA-256.
func (a *Access) HasLocalToken(ctx context.Context, hash []byte) (bool, error) {
	token, err := a.tokens.Get(ctx, localAdminToken)
	if errors.Is(err, resource.ErrNotFound) {
		return false, nil
	}
	return err == nil && bytes.Equal(token.State.Hash, hash), err
}

// SetLocalToken makes the principal local-admin, an administrator, and gives it the
// token with this SHA-256, in place of the one it had from here before. An existing
// principal is left as it is: what was taken from it stays taken. The secret has to be a
// new one, or a revoked one would work again.
func (a *Access) SetLocalToken(ctx context.Context, hash []byte) error {
	call := resource.Call{Principal: PrincipalName(localAdmin)}
	_, err := a.CreatePrincipal(ctx, call, localAdmin, Principal{DisplayName: "Local administrator", Person: true, Roles: []string{Admin}})
	if err != nil && !errors.Is(err, resource.ErrExists) {
		return err
	}
	token := Token{Principal: localAdmin, DisplayName: "admin-token file of the data folder", Hash: hash}
	_, err = a.tokens.Create(ctx, call, localAdminToken, token, "token.created")
	if errors.Is(err, resource.ErrExists) || isDuplicate(err) {
		_, err = a.tokens.Update(ctx, call, localAdminToken, nil, "token.updated", func(t *Token) error {
			t.Hash = hash
			return nil
		})
	}
	if err != nil {
		return fmt.Errorf("set up the local administrator's token: %w", err)
	}
	return nil
}
