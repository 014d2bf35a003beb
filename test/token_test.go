package test

import (
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

const adminToken = "principals/local-admin/apiTokens/admin-token"

// caller returns the status with which a token is answered over REST.
func (s *server) caller(token string) int {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, "http://"+s.http+"/v1/caller", http.NoBody)
	require.NoError(s.t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer answer.Body.Close()
	return answer.StatusCode
}

// A part whose own token accounts refuses does not tell its callers that theirs are
// unknown: it says that it cannot know, and the log says why and what to do.
func TestPartWhoseServiceTokenIsRevoked(t *testing.T) {
	t.Parallel()
	accounts := launch(t, t.TempDir(), "accounts")
	accounts.awaitReady()
	accounts.cli("principals", "create", "parts", "--machine", "--role", "service")
	created := accounts.cli("tokens", "create", "parts", "--file", "service-token")
	token := filepath.Join(accounts.dir, "service-token")
	entitlements := launch(t, t.TempDir(), "entitlements", "--accounts-addr", accounts.grpc, "--token-file", token)
	entitlements.awaitReady()
	board := launch(t, t.TempDir(), "board", "--accounts-addr", accounts.grpc, "--token-file", token)
	board.awaitReady()
	plans := launch(t, t.TempDir(), "plans", "--accounts-addr", accounts.grpc, "--entitlements-addr", entitlements.grpc,
		"--board-addr", board.grpc, "--token-file", token)
	plans.awaitReady()
	gateway := launch(t, t.TempDir(), "gateway", "--accounts-addr", accounts.grpc, "--entitlements-addr", entitlements.grpc,
		"--board-addr", board.grpc, "--plans-addr", plans.grpc, "--token-file", token)
	gateway.awaitReady()
	entitlements.data = accounts.data // whose token it accepts
	require.Equal(t, http.StatusOK, gateway.caller(accounts.token()))
	require.Equal(t, http.StatusUnauthorized, gateway.caller("evh_nobodys-token-0123456789abcdefghijklmn"))

	accounts.cli("tokens", "revoke", value(t, created, "Token"))
	gateway.await("the gateway to be refused", func() bool {
		status := gateway.caller(accounts.token())
		require.NotEqual(t, http.StatusUnauthorized, status)
		return status == http.StatusServiceUnavailable
	})
	entitlements.await("entitlements to be refused", func() bool {
		got := entitlements.try("spend")
		require.NotContains(t, got.stderr, "unknown, revoked or expired")
		return got.code != 0
	})
	for _, part := range []*server{gateway, entitlements} {
		part.await("the log to say why", func() bool {
			return regexp.MustCompile(`level=ERROR .*service token .*evenhand tokens create`).MatchString(part.stderr.String())
		})
	}
}

// A revoked token of the local administrator never works again; the next start makes a
// new one, and only that.
func TestRevokedAdminToken(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, storeArgs []string) {
		s := serve(t, storeArgs...)
		leaked := s.token()
		s.cli("tokens", "revoke", adminToken)
		s.await("the token to be refused", func() bool { return s.try("caller").code != 0 })
		s.stop()
		s.restart()
		renewed := s.token()
		require.NotEqual(t, leaked, renewed)
		require.Contains(t, s.stderr.String(), "a new one took its place")
		require.Contains(t, s.cli("caller"), "principals/local-admin")
		require.Equal(t, http.StatusUnauthorized, s.caller(leaked))

		// Nor from a copy of the file.
		s.stop()
		path := filepath.Join(s.data, "admin-token")
		require.NoError(t, os.WriteFile(path, []byte(leaked+"\n"), 0o600))
		s.restart()
		require.Equal(t, http.StatusUnauthorized, s.caller(leaked))
		require.Equal(t, http.StatusUnauthorized, s.caller(renewed))
		require.Contains(t, s.cli("caller"), "principals/local-admin")
		last := s.token()

		// A start that has nothing to replace leaves it.
		s.stop()
		s.restart()
		require.Equal(t, last, s.token())
		require.NotContains(t, s.stderr.String(), "a new one took its place")
		require.Contains(t, s.cli("caller"), "principals/local-admin")

		// Where the file is lost, there is another.
		s.stop()
		require.NoError(t, os.Remove(path))
		s.restart()
		require.Contains(t, s.cli("caller"), "principals/local-admin")
		require.Equal(t, http.StatusUnauthorized, s.caller(last))
	})
}

// What keeps a token from being made leaves no file that stands in the way of the next
// try.
func TestTokenFileAfterAFailure(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.cli("principals", "create", "shop", "--machine", "--role", "service")
	require.NotZero(t, s.try("tokens", "create", "nobody", "--file", "shop-token").code)
	s.cli("tokens", "create", "shop", "--file", "shop-token")
	info, err := os.Stat(filepath.Join(s.dir, "shop-token"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Contains(t, s.run("", "caller", "--server", s.grpc, "--token-file", "shop-token").stdout, "principals/shop")
}
