package auth_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/auth"
)

// localAdmin keeps the hash of one token, and whatever it was given before.
type localAdmin struct {
	mu    sync.Mutex
	hash  []byte
	given map[string]int
	fail  error
}

func (l *localAdmin) HasLocalToken(_ context.Context, hash []byte) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return bytes.Equal(hash, l.hash), nil
}

func (l *localAdmin) SetLocalToken(_ context.Context, hash []byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return l.fail
	}
	if l.given == nil {
		l.given = map[string]int{}
	}
	l.given[string(hash)]++
	l.hash = hash
	return nil
}

// knows wants the file to hold the one token that is accepted, for its owner alone.
func (l *localAdmin) knows(t *testing.T, path string) (token string) {
	t.Helper()
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	token = strings.TrimSuffix(string(content), "\n")
	require.Len(t, strings.TrimPrefix(token, auth.TokenPrefix), 43, "256 bits")
	hash := auth.HashOf(token)
	require.Equal(t, hash[:], l.hash)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1)
	return token
}

func TestLocalTokenIsMadeOnceForItsOwnerAlone(t *testing.T) {
	path, admin := filepath.Join(t.TempDir(), "admin-token"), &localAdmin{}
	first, replaced, err := auth.LocalToken(t.Context(), path, rand.Reader, admin)
	require.NoError(t, err)
	require.False(t, replaced)
	require.Equal(t, first, admin.knows(t, path))
	again, replaced, err := auth.LocalToken(t.Context(), path, rand.Reader, admin)
	require.NoError(t, err)
	require.False(t, replaced)
	require.Equal(t, first, again)
	require.Len(t, admin.given, 1)

	require.NoError(t, os.WriteFile(path, []byte("two words\n"), 0o600))
	_, _, err = auth.LocalToken(t.Context(), path, rand.Reader, admin)
	require.ErrorContains(t, err, "delete it")
	_, _, err = auth.LocalToken(t.Context(), filepath.Join(path, "not-a-folder"), rand.Reader, admin)
	require.Error(t, err)
}

func TestALocalTokenThatIsNotKnownIsNeverTakenUpAgain(t *testing.T) {
	const other = "evh_revoked-or-replaced-by-another-process-"
	otherHash := auth.HashOf(other)
	for name, kept := range map[string][]byte{"revoked": nil, "replaced": otherHash[:]} {
		t.Run(name, func(t *testing.T) {
			path, admin := filepath.Join(t.TempDir(), "admin-token"), &localAdmin{}
			first, _, err := auth.LocalToken(t.Context(), path, rand.Reader, admin)
			require.NoError(t, err)
			admin.hash = kept
			second, replaced, err := auth.LocalToken(t.Context(), path, rand.Reader, admin)
			require.NoError(t, err)
			require.True(t, replaced)
			require.NotEqual(t, first, second)
			require.Equal(t, second, admin.knows(t, path))
			for hash, times := range admin.given {
				require.Equal(t, 1, times, "%x was given more than once", hash)
			}
		})
	}
}

func TestAStartThatEndsBetweenFileAndAdminLocksNobodyOut(t *testing.T) {
	path, admin := filepath.Join(t.TempDir(), "admin-token"), &localAdmin{fail: errors.New("killed")}
	_, _, err := auth.LocalToken(t.Context(), path, rand.Reader, admin)
	require.ErrorContains(t, err, "killed")
	require.FileExists(t, path)
	admin.fail = nil
	token, _, err := auth.LocalToken(t.Context(), path, rand.Reader, admin)
	require.NoError(t, err)
	require.Equal(t, token, admin.knows(t, path))
}

func TestALostLocalTokenIsReplaced(t *testing.T) {
	path, admin := filepath.Join(t.TempDir(), "admin-token"), &localAdmin{}
	first, _, err := auth.LocalToken(t.Context(), path, rand.Reader, admin)
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	second, replaced, err := auth.LocalToken(t.Context(), path, rand.Reader, admin)
	require.NoError(t, err)
	require.False(t, replaced)
	require.NotEqual(t, first, second)
	require.Equal(t, second, admin.knows(t, path))
}

// overtaken is an admin to whom another start comes between file and admin.
type overtaken struct {
	*localAdmin
	by func()
}

func (o *overtaken) SetLocalToken(ctx context.Context, hash []byte) error {
	if by := o.by; by != nil {
		o.by = nil
		by()
	}
	return o.localAdmin.SetLocalToken(ctx, hash)
}

func TestAStartThatIsOvertakenDrawsAnew(t *testing.T) {
	path, admin := filepath.Join(t.TempDir(), "admin-token"), &localAdmin{}
	slow := &overtaken{localAdmin: admin, by: func() {
		_, _, err := auth.LocalToken(t.Context(), path, rand.Reader, admin)
		require.NoError(t, err)
	}}
	token, _, err := auth.LocalToken(t.Context(), path, rand.Reader, slow)
	require.NoError(t, err)
	require.Equal(t, token, admin.knows(t, path))
}

func TestProcessesThatStartAtOnceInOneFolderLeaveOneLocalToken(t *testing.T) {
	path, admin := filepath.Join(t.TempDir(), "admin-token"), &localAdmin{}
	var group sync.WaitGroup
	errs := make([]error, 4)
	for i := range errs {
		group.Go(func() { _, _, errs[i] = auth.LocalToken(t.Context(), path, rand.Reader, admin) })
	}
	group.Wait()
	require.NoError(t, errors.Join(errs...))
	admin.knows(t, path)
}
