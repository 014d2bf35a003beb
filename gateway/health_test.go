package gateway_test

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestReadinessNamesWhatIsDown(t *testing.T) {
	w := startWorld(t, nil)
	readyz := func(code int, accounts, entitlements string) {
		t.Helper()
		a := w.do(t, "GET", "/readyz", "", "Authorization", "")
		require.Equal(t, code, a.StatusCode)
		all := "ready"
		if code != 200 {
			all = "not ready"
		}
		require.Equal(t, map[string]any{"status": all, "services": map[string]any{"accounts": accounts, "entitlements": entitlements, "board": "ready", "plans": "ready"}}, a.json(t))
		if err := w.server.Ready(t.Context()); code == 200 {
			require.NoError(t, err)
		} else {
			require.Error(t, err)
		}
	}
	readyz(200, "ready", "ready")
	w.away["accounts"].Store(true)
	readyz(503, "not ready: database", "ready")
	require.EqualError(t, w.server.Ready(t.Context()), "accounts is not ready: database")
	w.away["entitlements"].Store(true)
	readyz(503, "not ready: database", "not ready: database")
	w.away["accounts"].Store(false)
	w.stop["entitlements"]()
	readyz(503, "ready", "unreachable")
	require.ErrorContains(t, w.server.Ready(t.Context()), "entitlements is unreachable: ")
	require.Equal(t, 200, w.do(t, "GET", "/livez", "").StatusCode)
	require.Equal(t, 200, w.do(t, "GET", "/v1/accounts/acme", "").StatusCode, "the rest still works")
}

func TestProbesAreLoggedWhenTheirAnswerChanges(t *testing.T) {
	w := startWorld(t, nil)
	answers := regexp.MustCompile(`level=(INFO|WARN) msg="?([a-z ]+)"? services="?map\[accounts:ready board:ready entitlements:([a-z: ]+) plans:ready\]`)
	logged := func() (all []string) {
		for range 5 {
			w.do(t, "GET", "/readyz", "")
			w.do(t, "GET", "/livez", "")
		}
		for _, found := range answers.FindAllStringSubmatch(w.log.String(), -1) {
			all = append(all, strings.Join(found[1:], "/"))
		}
		return all
	}
	want := []string{"INFO/ready/ready"}
	require.Equal(t, want, logged())
	w.away["entitlements"].Store(true)
	want = append(want, "WARN/not ready/not ready: database")
	require.Equal(t, want, logged())
	w.stop["entitlements"]()
	want = append(want, "WARN/not ready/unreachable")
	require.Equal(t, want, logged())
	require.Contains(t, w.log.String(), "entitlements is unreachable: ", "and why")
}

func TestAGatewayThatWasNeverReadyDoesNotWarn(t *testing.T) {
	w := startWorld(t, nil)
	w.away["entitlements"].Store(true)
	w.do(t, "GET", "/readyz", "")
	require.Contains(t, w.log.String(), `level=INFO msg="not ready"`)
	require.NotContains(t, w.log.String(), "level=WARN")
}
