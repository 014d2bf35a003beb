package test

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Tokens never appear in what the server writes, whatever it is asked.
func TestTokensNeverAppearInLogs(t *testing.T) {
	t.Parallel()
	s := serve(t, "--log-level", "debug", "--log-format", "json")
	const stranger = "evh_strangers-token-0123456789abcdefghijk"
	created := s.cli("principals", "create", "shop", "--machine", "--role", "service")
	require.Contains(t, created, "principals/shop")
	secret := value(t, s.cli("tokens", "create", "shop"), "Secret")
	s.cli("caller")
	s.try("check", "nobody", "nothing")

	for _, token := range []string{stranger, secret, s.token()} {
		for _, path := range []string{"/v1/caller", "/v1/accounts/nobody", "/v1/nowhere?access_token=" + token, "/v1/accounts?filter=" + token} {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.http+path, http.NoBody)
			require.NoError(t, err)
			request.Header.Set("Authorization", "Bearer "+token)
			answer, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			answer.Body.Close()
		}
	}
	admin := s.token()
	s.stop()
	for _, token := range []string{stranger, secret, admin} {
		require.NotContains(t, s.stdout.String(), token)
		require.NotContains(t, s.stderr.String(), token)
	}
}

func TestRESTWithoutToken(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for path, want := range map[string]int{
		"/livez":        http.StatusOK,
		"/readyz":       http.StatusOK,
		"/openapi.json": http.StatusOK,
		"/v1/accounts":  http.StatusUnauthorized,
		"/v1/caller":    http.StatusUnauthorized,
		"/v1/nowhere":   0, // 401 or 404, but nothing else
	} {
		answer, err := http.Get("http://" + s.http + path)
		require.NoError(t, err)
		answer.Body.Close()
		if want == 0 {
			require.Contains(t, []int{http.StatusUnauthorized, http.StatusNotFound}, answer.StatusCode)
			continue
		}
		require.Equal(t, want, answer.StatusCode, path)
	}
}

// A revoked token stops working.
func TestRevokedToken(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.cli("principals", "create", "shop", "--machine", "--role", "service")
	table := s.cli("tokens", "create", "shop", "--file", "shop-token")
	name := value(t, table, "Token")
	require.NotContains(t, table, "evh_")
	asShop := []string{"caller", "--server", s.grpc, "--token-file", "shop-token"}
	got := s.run("", asShop...)
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, got.stdout, "principals/shop")
	s.cli("tokens", "revoke", name)
	s.await("the token to be refused", func() bool { return s.run("", asShop...).code != 0 })
	require.Contains(t, s.run("", asShop...).stderr, "shop-token")
}

// Beyond this machine only with TLS, unless told otherwise.
func TestServeBeyondLoopback(t *testing.T) {
	t.Parallel()
	for flag, other := range map[string]string{"--grpc-addr": "--http-addr", "--http-addr": "--grpc-addr"} {
		got := execute(t.Context(), t, t.TempDir(), "", "serve", flag, "0.0.0.0:0", other, "127.0.0.1:0")
		require.NotZero(t, got.code)
		require.Contains(t, got.stderr, flag)
		require.Contains(t, got.stderr, "--tls-cert")
		require.Contains(t, got.stderr, "--insecure")
	}
	s := serve(t, "--insecure", "--grpc-addr", "0.0.0.0:0")
	s.stop()
}

// R1: no account carries a hand-set level, under any name.
func TestR1NoHandSetLevel(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, key := range []string{"tier", "level", "vip", "customer-grade"} {
		got := s.try("attributes", "declare", key)
		require.Equal(t, 1, got.code, key)
		require.Contains(t, strings.ToLower(got.stderr), "level", key)
	}
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.http+"/v1/accounts",
		bytes.NewBufferString(`{"displayName": "Acme", "tier": "gold"}`))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+s.token())
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	require.Equal(t, http.StatusBadRequest, answer.StatusCode)
	require.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))
}
