package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"sync"
)

// TokenPrefix begins every token made here, so that people and scanners recognise one.
const TokenPrefix = "evh_"

// ErrUnknownToken says that a token is unknown, revoked or expired, or that its
// principal is disabled.
var ErrUnknownToken = errors.New("token is unknown, revoked or expired")

// Hash is the SHA-256 of a bearer token: what is stored, compared and cached instead
// of it.
type Hash [sha256.Size]byte

// HashOf returns the hash of a bearer token.
func HashOf(token string) Hash {
	var onStack [128]byte // more than ours take
	return sha256.Sum256(append(onStack[:0], token...))
}

// Authenticator says whose token it is that has this hash: the principal, or
// ErrUnknownToken, or another error where it could not find out.
type Authenticator interface {
	Authenticate(ctx context.Context, hash Hash) (*Principal, error)
}

// AuthenticatorFunc is a function that authenticates.
type AuthenticatorFunc func(ctx context.Context, hash Hash) (*Principal, error)

// Authenticate calls the function.
func (f AuthenticatorFunc) Authenticate(ctx context.Context, hash Hash) (*Principal, error) {
	return f(ctx, hash)
}

// FirstOf asks one after the other until one knows the token, or fails.
func FirstOf(authenticators ...Authenticator) Authenticator {
	return AuthenticatorFunc(func(ctx context.Context, hash Hash) (*Principal, error) {
		for _, a := range authenticators {
			p, err := a.Authenticate(ctx, hash)
			if !errors.Is(err, ErrUnknownToken) {
				return p, err
			}
		}
		return nil, ErrUnknownToken
	})
}

// NewToken returns a new bearer token of 256 bits from random (crypto/rand.Reader).
func NewToken(random io.Reader) (string, error) {
	var secret [32]byte
	if _, err := io.ReadFull(random, secret[:]); err != nil {
		return "", fmt.Errorf("drawing a token: %w", err)
	}
	return TokenPrefix + base64.RawURLEncoding.EncodeToString(secret[:]), nil
}

// Keyring holds the tokens that live and die with this process, with which the services
// in it call each other. It is safe for use by several goroutines.
type Keyring struct {
	mu   sync.RWMutex
	keys map[Hash]*Principal
}

// Add makes a token stand for a principal.
func (k *Keyring) Add(token string, p *Principal) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.keys == nil {
		k.keys = map[Hash]*Principal{}
	}
	k.keys[HashOf(token)] = p
}

// Issue returns a new token for `services/{service}`, with the role Service.
func (k *Keyring) Issue(service string, random io.Reader) (string, error) {
	token, err := NewToken(random)
	if err != nil {
		return "", err
	}
	k.Add(token, NewPrincipal("services/"+service, service, false, Service))
	return token, nil
}

// Authenticate implements Authenticator.
func (k *Keyring) Authenticate(_ context.Context, hash Hash) (*Principal, error) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if p, ok := k.keys[hash]; ok {
		return p, nil
	}
	return nil, ErrUnknownToken
}
