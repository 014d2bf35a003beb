package auth_test

import (
	"context"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/evenhand/evenhand/internal/platform/auth"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	_ "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// matrix says, for each permission, which roles hold it, in the order of columns; `a`
// is for assigned accounts only. It is written down a second time on purpose: a
// change of rights has to be made, and read, twice.
const columns = "viewer service-agent account-manager policy-author policy-approver board-secretary auditor admin service"

var matrix = map[string]string{
	"accounts.create":      ". . . . . . . x x",
	"accounts.declare":     ". . . . . . . x x",
	"accounts.import":      ". . . . . . . x x",
	"accounts.read":        "x x x x x x x x x",
	"accounts.update":      ". . a . . . . x .",
	"changes.watch":        ". . . . . . x x x",
	"company.read":         "x x x x x x x x x",
	"company.update":       ". . . . . . . x x",
	"contacts.read":        "x x x x x x x x x",
	"contacts.update":      ". . a . . . . x .",
	"entitlements.check":   "x x x x x x x x x",
	"entitlements.holders": "x . x x x x x x x",
	"imports.read":         "x . x x x x x x x",
	"principals.read":      ". . . . . . x x x",
	"principals.update":    ". . . . . . . x .",
	"projections.rebuild":  ". . . . . . . x .",
	"reach.read":           ". . . . . . x x .",
	"reach.update":         ". . . . . . . x .",
	"revenue.create":       ". . . . . . . x x",
	"revenue.import":       ". . . . . . . x x",
	"revenue.read":         "x . x x x x x x x",
	"schedule.publish":     ". . . . x . . x .",
	"schedule.read":        "x . x x x x x x x",
	"self.read":            "x x x x x x x x x",
	"spend.read":           "x . x x x x x x x",
	"tokens.authenticate":  ". . . . . . . x x",
}

func TestMatrixOverEveryRPC(t *testing.T) {
	roles := strings.Fields(columns)
	require.ElementsMatch(t, roles, names(auth.Roles()))
	used := map[string]bool{}
	for _, m := range everyRPC(t) {
		access, err := auth.AccessOf(string(m.Parent().FullName()), string(m.Name()))
		require.NoError(t, err)
		row, known := matrix[access.Permission]
		require.True(t, known, "%s needs %s, which the matrix does not have", m.FullName(), access.Permission)
		used[access.Permission] = true
		for i, cell := range strings.Fields(row) {
			p := auth.NewPrincipal("principals/p", "", true, auth.Role(roles[i]))
			want := cell == "x" || cell == "a" && access.Assigned
			require.Equal(t, want, access.Allow(p) == nil, "%s as %s", m.FullName(), roles[i])
			require.Equal(t, map[string]auth.Scope{"x": auth.All, "a": auth.Assigned, ".": auth.None}[cell], p.Can(access.Permission))
		}
	}
	for permission := range matrix {
		require.True(t, used[permission], "no RPC needs %s", permission)
	}
	require.Len(t, auth.Permissions(), len(matrix))
}

func TestR3ServiceAgentsAreSpendBlind(t *testing.T) {
	for _, role := range auth.Roles() {
		require.Equal(t, role == auth.ServiceAgent, auth.NewPrincipal("p", "", true, role).SpendBlind(), role)
	}
	require.True(t, auth.FromContext(t.Context()).SpendBlind(), "nobody sees spend")
	require.False(t, auth.NewPrincipal("p", "", true, auth.ServiceAgent, auth.Viewer).SpendBlind())
}

func TestPermissionsOfSeveralRolesAddUp(t *testing.T) {
	p := auth.NewPrincipal("p", "", true, auth.AccountManager, auth.ServiceAgent)
	require.Contains(t, p.Permissions(), "accounts.update:assigned")
	p = auth.NewPrincipal("p", "", true, auth.AccountManager, auth.Admin)
	require.Contains(t, p.Permissions(), "accounts.update")
	require.NotContains(t, p.Permissions(), "accounts.update:assigned")
	require.Empty(t, auth.NewPrincipal("p", "", true, "emperor").Permissions())
}

func TestRolesAreThoseOfTheAPI(t *testing.T) {
	for name, number := range accountsv1.Role_value {
		if number == 0 {
			continue
		}
		role := strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, "ROLE_")), "_", "-")
		_, err := auth.ParseRole(role)
		require.NoError(t, err)
	}
	_, err := auth.ParseRole("emperor")
	require.Error(t, err)
}

func TestIdentifyTakesOneBearerToken(t *testing.T) {
	keys := &auth.Keyring{}
	keys.Add("secret", auth.LocalAdmin())
	for header, ok := range map[string]bool{
		"Bearer secret": true, "bearer secret": true, "BEARER secret": true,
		"": false, "secret": false, "Bearer": false, "Bearer ": false, "Basic secret": false,
		"Bearer  secret": false, "Bearer secret, Bearer secret": false, "Bearer other": false,
		"Bearer " + strings.Repeat("x", 5000): false,
	} {
		p, err := auth.Identify(t.Context(), keys, []string{header})
		require.Equal(t, ok, err == nil, "%q: %v", header, err)
		if ok {
			require.Equal(t, "principals/local-admin", p.Name())
		} else {
			require.NotContains(t, err.Error(), "secret")
		}
	}
	_, err := auth.Identify(t.Context(), keys, []string{"Bearer secret", "Bearer secret"})
	require.Error(t, err)
	_, err = auth.Identify(t.Context(), keys, nil)
	require.ErrorContains(t, err, "carries no token")
}

func TestFailureToAskIsNotARefusal(t *testing.T) {
	down := auth.AuthenticatorFunc(func(context.Context, auth.Hash) (*auth.Principal, error) { return nil, errors.New("down") })
	_, err := auth.Identify(t.Context(), down, []string{"Bearer x"})
	require.ErrorContains(t, err, "UNAVAILABLE")
	require.False(t, auth.Refused(err))
	_, err = auth.Identify(t.Context(), &auth.Keyring{}, []string{"Bearer x"})
	require.True(t, auth.Refused(err))
}

// store is where tokens are kept, with a count of the questions.
type store struct {
	mu    sync.Mutex
	asked int
	known map[auth.Hash]*auth.Principal
	err   error
	delay time.Duration
}

func (s *store) Authenticate(_ context.Context, h auth.Hash) (*auth.Principal, error) {
	time.Sleep(s.delay)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.err != nil {
		return nil, s.err
	}
	if p, ok := s.known[h]; ok {
		return p, nil
	}
	return nil, auth.ErrUnknownToken
}

func TestARevokedTokenIsRefusedWithinFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := auth.HashOf("t")
		s := &store{known: map[auth.Hash]*auth.Principal{h: auth.LocalAdmin()}, delay: time.Second}
		c := auth.NewCache(s, time.Now)
		_, err := c.Authenticate(t.Context(), h) // asked at 0, answered at 1s
		require.NoError(t, err)
		s.known = nil // revoked
		revoked := time.Now()
		for err == nil {
			time.Sleep(100 * time.Millisecond)
			began := time.Now()
			_, err = c.Authenticate(t.Context(), h)
			require.True(t, err != nil || began.Sub(revoked) < 5*time.Second)
		}
		require.ErrorIs(t, err, auth.ErrUnknownToken)
		require.Equal(t, 2, s.asked)
	})
}

func TestANewTokenIsKnownAtOnceOrWithinFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := auth.HashOf("t")
		s := &store{}
		c := auth.NewCache(s, time.Now)
		for range 10 {
			_, err := c.Authenticate(t.Context(), h)
			require.ErrorIs(t, err, auth.ErrUnknownToken)
		}
		require.Equal(t, 1, s.asked, "unknown tokens are remembered too")
		s.known = map[auth.Hash]*auth.Principal{h: auth.LocalAdmin()}
		time.Sleep(5 * time.Second)
		_, err := c.Authenticate(t.Context(), h)
		require.NoError(t, err)
	})
}

func TestCallersShareOneQuestionAndFailuresAreNotRemembered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &store{err: errors.New("down"), delay: time.Second}
		c := auth.NewCache(s, time.Now)
		var failed atomic.Int32
		var group sync.WaitGroup
		for range 50 {
			group.Go(func() {
				if _, err := c.Authenticate(t.Context(), auth.HashOf("t")); err != nil {
					failed.Add(1)
				}
			})
		}
		group.Wait()
		require.EqualValues(t, 50, failed.Load())
		require.Equal(t, 1, s.asked)
		_, err := c.Authenticate(t.Context(), auth.HashOf("t"))
		require.Error(t, err)
		require.Equal(t, 2, s.asked)
	})
}

func TestACallerThatGivesUpDoesNotSpoilItForOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := auth.HashOf("t")
		s := &store{known: map[auth.Hash]*auth.Principal{h: auth.LocalAdmin()}, delay: 2 * time.Second}
		c := auth.NewCache(s, time.Now)
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		go func() { _, _ = c.Authenticate(impatient, h) }()
		synctest.Wait()
		_, err := c.Authenticate(t.Context(), h)
		require.NoError(t, err)
	})
}

func TestGuessesDoNotPushGoodTokensOut(t *testing.T) {
	now := time.Unix(0, 0)
	good := auth.HashOf("good")
	s := &store{known: map[auth.Hash]*auth.Principal{good: auth.LocalAdmin()}}
	c := auth.NewCache(s, func() time.Time { return now })
	_, err := c.Authenticate(t.Context(), good)
	require.NoError(t, err)
	for i := range 25_000 {
		_, _ = c.Authenticate(t.Context(), auth.HashOf(strings.Repeat("x", i%50)+string(rune(i))))
	}
	before := s.asked
	_, err = c.Authenticate(t.Context(), good)
	require.NoError(t, err)
	require.Equal(t, before, s.asked)
}

func TestLocalTokenIsMadeOnceForItsOwnerAlone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "admin-token")
	var group sync.WaitGroup
	tokens := make([]string, 8)
	for i := range tokens {
		group.Go(func() { tokens[i], _ = auth.LocalToken(path, rand.Reader) })
	}
	group.Wait()
	require.Len(t, slices.Compact(tokens), 1, "all read the same one")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, tokens[0]+"\n", string(content))
	require.Len(t, strings.TrimPrefix(tokens[0], auth.TokenPrefix), 43, "256 bits")
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	left, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, left, 1)

	require.NoError(t, os.WriteFile(path, []byte("two words\n"), 0o600))
	_, err = auth.LocalToken(path, rand.Reader)
	require.ErrorContains(t, err, "delete it")
	_, err = auth.LocalToken(filepath.Join(path, "not-a-folder"), rand.Reader)
	require.Error(t, err)
}

func TestServicesOfOneProcessHaveTokensOfTheirOwn(t *testing.T) {
	keys := &auth.Keyring{}
	token, err := keys.Issue("entitlements", rand.Reader)
	require.NoError(t, err)
	a := auth.FirstOf(&auth.Keyring{}, keys)
	p, err := a.Authenticate(t.Context(), auth.HashOf(token))
	require.NoError(t, err)
	require.Equal(t, "services/entitlements", p.Name())
	require.False(t, p.Person())
	require.Equal(t, auth.All, p.Can("changes.watch"))
	_, err = a.Authenticate(t.Context(), auth.HashOf("guess"))
	require.ErrorIs(t, err, auth.ErrUnknownToken)
}

func everyRPC(t *testing.T) []protoreflect.MethodDescriptor {
	var all []protoreflect.MethodDescriptor
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			if s := f.Services().Get(i); strings.HasPrefix(string(s.FullName()), "evenhand.") {
				for j := range s.Methods().Len() {
					all = append(all, s.Methods().Get(j))
				}
			}
		}
		return true
	})
	require.Greater(t, len(all), 40)
	return all
}

func names(roles []auth.Role) []string {
	var out []string
	for _, r := range roles {
		out = append(out, string(r))
	}
	return out
}
