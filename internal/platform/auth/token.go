package auth

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
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

// Keyring holds the tokens that live and die with this process, or in a file of it:
// the local administrator's, and those with which the services of one process call
// each other. It is safe for use by several goroutines.
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

// LocalAdmin is whom the token in the data folder stands for: whoever may read that
// file.
func LocalAdmin() *Principal {
	return NewPrincipal("principals/local-admin", "Local administrator", true, Admin)
}

// LocalToken reads the token in the file at path, or makes one and writes it there:
// readable by its owner alone, the bare token and a newline. It is whole or not there
// at all, also after a crash.
func LocalToken(path string, random io.Reader) (string, error) {
	token, err := readToken(path)
	if !errors.Is(err, fs.ErrNotExist) {
		return token, err
	}
	token, err = NewToken(random)
	if err != nil {
		return "", err
	}
	if err := writeNew(path, token+"\n"); err != nil {
		if errors.Is(err, fs.ErrExist) { // another process was faster
			return readToken(path)
		}
		return "", fmt.Errorf("writing the local token: %w", err)
	}
	return token, nil
}

func readToken(path string) (string, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("reading the local token: %w", err)
	}
	token := strings.TrimSpace(string(content))
	if len(token) < 32 || strings.ContainsAny(token, " \t\r\n") {
		return "", fmt.Errorf("%s does not hold a token: delete it, and a new one is made at the next start", path)
	}
	return token, nil
}

// writeNew writes a file that must not be there yet: aside, synced, then linked to
// its name.
func writeNew(path, content string) (err error) {
	aside, err := os.CreateTemp(filepath.Dir(path), ".token-*") // 0600
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(aside.Name())) }()
	_, err = aside.WriteString(content)
	err = errors.Join(err, aside.Sync(), aside.Close())
	if err != nil {
		return err
	}
	return os.Link(aside.Name(), path)
}
