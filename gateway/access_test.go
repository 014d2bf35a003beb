package gateway_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/proto/gen"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// operation is one of the OpenAPI document.
type operation struct {
	id, method, path string
	access           auth.Access
}

var pathParameter = regexp.MustCompile(`\{[^}]*\}`)

// operations returns those of the OpenAPI document, with a path for each.
func operations(t testing.TB) []operation {
	t.Helper()
	var doc struct {
		Paths map[string]map[string]struct{ OperationID string }
	}
	require.NoError(t, json.Unmarshal(gen.OpenAPI, &doc))
	packages := map[string]string{}
	for _, service := range []string{
		accountsv1.AccountsService_ServiceDesc.ServiceName, accountsv1.RevenueService_ServiceDesc.ServiceName,
		accountsv1.AccessService_ServiceDesc.ServiceName, entitlementsv1.EntitlementsService_ServiceDesc.ServiceName,
		entitlementsv1.ScheduleService_ServiceDesc.ServiceName,
	} {
		packages[service[strings.LastIndex(service, ".")+1:]] = service
	}
	var all []operation
	for path, methods := range doc.Paths {
		for method, o := range methods {
			service, rpc, _ := strings.Cut(o.OperationID, "_")
			access, err := auth.AccessOf(packages[service], rpc)
			require.NoError(t, err)
			all = append(all, operation{id: o.OperationID, method: strings.ToUpper(method), path: pathParameter.ReplaceAllString(path, "x1"), access: access})
		}
	}
	require.Greater(t, len(all), 40)
	return all
}

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
