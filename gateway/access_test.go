package gateway_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/auth"
)

// The document lists calls that carry a token, and every one of them is refused without
// a valid one, and to every role that does not hold its permission.
func TestEveryRouteAsEveryRole(t *testing.T) {
	w := startWorld(t, nil)
	for _, o := range operations(t) {
		t.Run(o.id, func(t *testing.T) {
			require.True(t, strings.HasPrefix(o.path, "/v1/"), o.path)
			require.False(t, o.access.Anonymous)
			for _, credential := range []string{"", "Bearer evh_a-token-that-nobody-has-been-given"} {
				headers := []string{"Authorization", ""}
				if credential != "" {
					headers = append(headers, "Authorization", credential)
				}
				requireProblem(t, w.do(t, o.method, o.path, "", headers...), http.StatusUnauthorized)
			}
			for _, role := range auth.Roles() {
				a := w.do(t, o.method, o.path, "", "Authorization", "", "Authorization", "Bearer "+tokenOf(role))
				if o.access.Allow(auth.NewPrincipal("p", "", true, role)) == nil {
					require.NotContains(t, []int{http.StatusUnauthorized, http.StatusForbidden}, a.StatusCode, role)
					continue
				}
				p := requireProblem(t, a, http.StatusForbidden)
				require.Equal(t, o.access.Permission, p["metadata"].(map[string]any)["permission"], role)
			}
		})
	}
}
