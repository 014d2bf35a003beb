// Package architecture keeps the project's import rules: see rules_test.go.
package architecture

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/evenhand/evenhand"

func TestImportRules(t *testing.T) {
	imports := listImports(t)
	require.Contains(t, imports, module+"/proto/gen/evenhand/accounts/v1", "go list did not see the module")
	for _, breach := range check(module, imports, rules) {
		t.Error(breach)
	}
}

// listImports returns the imports of every package of the module, tests aside.
func listImports(t *testing.T) graph {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "go", "list", "-deps", "-json=ImportPath,Imports", "./...")
	cmd.Dir = "../.."
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	require.NoError(t, err, "go list: %s", stderr.String())

	imports := graph{}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var pkg struct {
			ImportPath string
			Imports    []string
		}
		err := dec.Decode(&pkg)
		if errors.Is(err, io.EOF) {
			return imports
		}
		require.NoError(t, err)
		if within(module, pkg.ImportPath) {
			imports[pkg.ImportPath] = pkg.Imports
		}
	}
}

func TestRulesFindBreaches(t *testing.T) {
	const (
		generated = "proto/gen/evenhand/accounts/v1"
		bson      = "go.mongodb.org/mongo-driver/v2/bson"
		mongo     = "go.mongodb.org/mongo-driver/v2/mongo"
		sqlite    = "modernc.org/sqlite"
		proto     = "google.golang.org/protobuf/proto"
	)
	tests := []struct {
		name    string
		imports map[string][]string // paths below the module, or of other modules
		broken  []string            // parts of the breaches, in order
	}{
		{"what is allowed", map[string][]string{
			"proto/gen/evenhand/accounts/v1": {proto, "proto/gen/evenhand/type/v1"},
			"internal/platform/errors":       {generated, "google.golang.org/grpc/status"},
			"internal/platform/clock":        {"time"},
			"internal/docstore":              {bson},
			"internal/docstore/sqlite":       {"internal/docstore", sqlite, "database/sql"},
			"internal/docstore/mongodb":      {"internal/docstore", mongo},
			"internal/resource":              {"internal/docstore", "internal/platform/clock", bson},
			"internal/resource/request":      {"internal/resource", "internal/platform/errors", proto},
			"services/accounts":              {"internal/docstore", "internal/resource", "internal/platform/clock", bson},
			"services/accounts/rpc":          {"services/accounts", generated, "internal/resource/request", "internal/platform/errors", proto},
			"services/entitlements/decision": {"services/entitlements/schedule", "cel.dev/cel-go/cel"},
			"services/entitlements/rpc":      {"services/entitlements", generated, "internal/worktime"},
			"services/board":                 {"internal/calendar"},
			"internal/calendar":              {"internal/platform/civil"},
			"gateway":                        {generated, "internal/platform/errors", "gateway/console"},
			"client":                         {generated},
			"cmd/evenhand":                   {"gateway", "services/accounts", "services/accounts/rpc", "internal/docstore/sqlite"},
		}, nil},
		{"generated code imports the project", map[string][]string{generated: {"internal/platform"}},
			[]string{"generated code imports nothing"}},
		{"the platform imports the store", map[string][]string{"internal/platform/idempotency": {"internal/docstore"}},
			[]string{"internal/platform imports at most"}},
		{"the platform imports a service", map[string][]string{"internal/platform": {"services/accounts"}},
			[]string{"internal/platform imports at most", "only cmd/evenhand composes"}},
		{"the store's contract imports a driver", map[string][]string{"internal/docstore": {mongo}},
			[]string{"only a backend"}},
		{"the conformance suite imports a driver", map[string][]string{"internal/docstore/conformance": {sqlite}},
			[]string{"only a backend"}},
		{"the store imports the platform", map[string][]string{"internal/docstore/sqlite": {"internal/platform/clock"}},
			[]string{"internal/docstore imports at most"}},
		{"a domain imports protobuf", map[string][]string{"services/accounts/ledger": {proto}},
			[]string{"a service's domain imports no protobuf"}},
		{"a domain imports generated code", map[string][]string{"services/accounts": {generated}},
			[]string{"a service's domain imports no protobuf", "a service's domain imports its own packages"}},
		{"a domain imports protobuf through the platform", map[string][]string{
			"services/accounts":        {"internal/platform/errors"},
			"internal/platform/errors": {proto},
		}, []string{"services/accounts -> github.com/evenhand/evenhand/internal/platform/errors -> " + proto}},
		{"a domain reads requests", map[string][]string{
			"services/plans":            {"internal/resource/request"},
			"internal/resource/request": {proto},
		}, []string{"services/plans -> github.com/evenhand/evenhand/internal/resource/request -> " + proto}},
		{"stored resources import a service", map[string][]string{"internal/resource": {"services/accounts"}},
			[]string{"internal/resource imports the store and the platform", "only cmd/evenhand composes"}},
		{"calendars import the store", map[string][]string{"internal/calendar": {"internal/docstore"}},
			[]string{"calendars, working time and Markdown come from the platform alone"}},
		{"a domain imports a driver", map[string][]string{"services/plans": {"database/sql"}},
			[]string{"only a backend", "a service's domain imports no protobuf and no database driver"}},
		{"a domain chooses a backend", map[string][]string{"services/plans": {"internal/docstore/sqlite"}},
			[]string{"only cmd/evenhand chooses"}},
		{"a domain imports its rpc", map[string][]string{"services/plans": {"services/plans/rpc"}},
			[]string{"a service's domain does not import its rpc"}},
		{"a service imports another", map[string][]string{"services/entitlements": {"services/accounts"}},
			[]string{"a service's domain imports its own packages"}},
		{"a service's rpc imports another service", map[string][]string{"services/entitlements/rpc": {"services/accounts/rpc"}},
			[]string{"a service's rpc sees"}},
		{"a service's rpc imports the store", map[string][]string{"services/entitlements/rpc": {"internal/docstore"}},
			[]string{"a service's rpc sees"}},
		{"the gateway imports a service", map[string][]string{"gateway/console": {"services/accounts"}},
			[]string{"the gateway imports", "only cmd/evenhand composes"}},
		{"the client imports the platform", map[string][]string{"client": {"internal/platform"}},
			[]string{"the client imports generated code only"}},
		{"something else composes", map[string][]string{"internal/demo": {"services/accounts"}},
			[]string{"only cmd/evenhand composes"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			broken := check(module, absolute(tt.imports), rules)
			require.Len(t, broken, len(tt.broken), "%q", broken)
			for i, part := range tt.broken {
				require.Contains(t, broken[i], part)
			}
		})
	}
}

// absolute puts the module in front of the paths that lie below it.
func absolute(imports map[string][]string) graph {
	full := func(path string) string {
		first, _, _ := strings.Cut(path, "/")
		switch first {
		case "client", "cmd", "gateway", "internal", "proto", "services":
			return module + "/" + path
		}
		return path
	}
	out := graph{}
	for pkg, list := range imports {
		for _, imported := range list {
			out[full(pkg)] = append(out[full(pkg)], full(imported))
		}
	}
	return out
}

func TestMatch(t *testing.T) {
	tests := []struct {
		pattern, pkg, service string
		value                 string
		ok                    bool
	}{
		{"client", "client", "", "", true},
		{"client", "client/cache", "", "", false},
		{"client/...", "client", "", "", true},
		{"client/...", "client/cache/disk", "", "", true},
		{"client/...", "clients", "", "", false},
		{"...", "anything/at/all", "", "", true},
		{"services/*/rpc/...", "services/plans/rpc", "", "", true},
		{"services/*/rpc/...", "services/plans", "", "", false},
		{"services/{service}/...", "services/plans/draft", "", "plans", true},
		{"services/{service}/...", "services/plans", "plans", "plans", true},
		{"services/{service}/...", "services/board", "plans", "", false},
	}
	for _, tt := range tests {
		t.Run(tt.pattern+" "+tt.pkg, func(t *testing.T) {
			value, ok := match(tt.pattern, tt.pkg, tt.service)
			require.Equal(t, tt.ok, ok)
			require.Equal(t, tt.value, value)
		})
	}
}
