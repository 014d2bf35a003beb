package auth

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// LocalAdmin is where the hash of the local administrator's token is kept.
type LocalAdmin interface {
	// HasLocalToken reports whether the token with this SHA-256 is the one kept.
	HasLocalToken(ctx context.Context, hash []byte) (bool, error)
	// SetLocalToken keeps the token with this SHA-256 in place of any other.
	SetLocalToken(ctx context.Context, hash []byte) error
}

// localTries bounds how often processes that start at once in one folder may get in
// each other's way.
const localTries = 50

// LocalToken returns the local administrator's token: that in the file at path where
// admin keeps its hash, and otherwise a new one, which it writes there and gives to
// admin. Only a token that was just drawn is ever given to admin, so one that was
// revoked, or replaced by another process, is never accepted again; replaced says that
// the file held such a one.
//
// The file is readable by its owner alone and holds the bare token and a newline. It is
// whole or as it was before, also after a crash. A start that ends between file and
// admin, or others that write both at the same time, leave a file that admin does not
// know: the next to look draws anew.
func LocalToken(ctx context.Context, path string, random io.Reader, admin LocalAdmin) (token string, replaced bool, err error) {
	for range localTries {
		token, err := readToken(path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", false, err
		}
		if err == nil {
			hash := HashOf(token)
			if known, err := admin.HasLocalToken(ctx, hash[:]); known || err != nil {
				return token, replaced, err
			}
			replaced = true
		}
		if err := drawLocal(ctx, path, random, admin); err != nil {
			return "", false, err
		}
	}
	return "", false, fmt.Errorf("other processes keep replacing the token in %s: start one after the other", path)
}

// drawLocal puts a new token into the file, and then gives it to admin.
func drawLocal(ctx context.Context, path string, random io.Reader, admin LocalAdmin) error {
	token, err := NewToken(random)
	if err != nil {
		return err
	}
	if err := writeToken(path, token); err != nil {
		return fmt.Errorf("writing the local token: %w", err)
	}
	hash := HashOf(token)
	return admin.SetLocalToken(ctx, hash[:])
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

// writeToken writes the file aside, syncs it, and gives it its name.
func writeToken(path, token string) error {
	aside, err := os.CreateTemp(filepath.Dir(path), ".token-*") // 0600
	if err != nil {
		return err
	}
	_, err = aside.WriteString(token + "\n")
	err = errors.Join(err, aside.Sync(), aside.Close())
	if err == nil {
		err = os.Rename(aside.Name(), path)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(aside.Name()))
	}
	return err
}
