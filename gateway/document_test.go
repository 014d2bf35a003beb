package gateway_test

import (
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/proto/gen"
)

// operation is one of the OpenAPI document.
type operation struct {
	id, method, path string
	access           auth.Access
	// query and headers are the parameters it has, besides those in its path.
	query, headers []string
}

var pathParameter = regexp.MustCompile(`\{[^}]*\}`)

// operations returns those of the OpenAPI document, with a path for each.
func operations(t testing.TB) []operation {
	t.Helper()
	type parameter struct{ Name, In string }
	var doc struct {
		Paths map[string]map[string]struct {
			OperationID string
			Parameters  []struct {
				parameter
				Ref string `json:"$ref"`
			}
		}
		Components struct{ Parameters map[string]parameter }
	}
	require.NoError(t, json.Unmarshal(gen.OpenAPI, &doc))
	addressed := rpcsWithAddresses()
	var all []operation
	for path, methods := range doc.Paths {
		for method, o := range methods {
			require.Len(t, addressed[o.OperationID], 1, o.OperationID)
			m := addressed[o.OperationID][0]
			access, err := auth.AccessOf(string(m.Parent().FullName()), string(m.Name()))
			require.NoError(t, err)
			next := operation{id: o.OperationID, method: strings.ToUpper(method), path: pathParameter.ReplaceAllString(path, "x1"), access: access}
			for _, p := range o.Parameters {
				if p.Ref != "" {
					p.parameter = doc.Components.Parameters[p.Ref[strings.LastIndex(p.Ref, "/")+1:]]
				}
				switch p.In {
				case "query":
					next.query = append(next.query, p.Name)
				case "header":
					next.headers = append(next.headers, p.Name)
				}
			}
			all = append(all, next)
		}
	}
	require.Greater(t, len(all), 40)
	return all
}

// rpcsWithAddresses are those that have a REST address, by what the document calls them: the
// services of several packages may be called the same.
func rpcsWithAddresses() map[string][]protoreflect.MethodDescriptor {
	found := map[string][]protoreflect.MethodDescriptor{}
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			methods := f.Services().Get(i).Methods()
			for j := range methods.Len() {
				if m := methods.Get(j); proto.HasExtension(m.Options(), annotations.E_Http) {
					id := string(m.Parent().Name() + "_" + m.Name())
					found[id] = append(found[id], m)
				}
			}
		}
		return true
	})
	return found
}

func TestOpenAPIDocument(t *testing.T) {
	w := startWorld(t, nil)
	a := w.do(t, "GET", "/openapi.json", "", "Authorization", "")
	require.Equal(t, string(gen.OpenAPI), a.body)
	require.Equal(t, "application/json", a.Header.Get("Content-Type"))
	require.NotEmpty(t, a.Header.Get("ETag"))
	again := w.do(t, "GET", "/openapi.json", "", "If-None-Match", a.Header.Get("ETag"))
	require.Equal(t, 304, again.StatusCode)
	require.Empty(t, again.body)
}

// Every operation of the OpenAPI document is served, by the RPC it is named after.
func TestEveryDocumentedOperationIsServed(t *testing.T) {
	w := startWorld(t, nil)
	for _, o := range operations(t) {
		t.Run(o.id, func(t *testing.T) {
			body := ""
			if o.method != "GET" && o.method != "DELETE" {
				body = "{}"
			}
			a := w.do(t, o.method, o.path, body)
			if a.StatusCode == http.StatusOK {
				return // the fake has it
			}
			p := a.json(t)
			require.Contains(t, []any{"INVALID_ARGUMENT", "UNIMPLEMENTED"}, p["reason"], a.body)
			if p["reason"] == "UNIMPLEMENTED" {
				_, rpc, _ := strings.Cut(o.id, "_")
				require.Equal(t, http.StatusNotImplemented, a.StatusCode)
				require.Contains(t, p["detail"], rpc)
			}
		})
	}
}

// The document names the parameters and headers that a call takes, and no others.
func TestWhatIsDocumentedIsTaken(t *testing.T) {
	w := startWorld(t, nil)
	for _, o := range operations(t) {
		t.Run(o.id, func(t *testing.T) {
			body := ""
			if o.method != "GET" && o.method != "DELETE" {
				body = "{}"
			}
			for _, name := range o.query {
				a := w.do(t, o.method, o.path+"?"+url.QueryEscape(name)+"=", body)
				require.NotContains(t, a.body, "not a parameter", name)
			}
			names := func(header, value string) bool {
				a := w.do(t, o.method, o.path, body, header, value)
				return a.StatusCode == http.StatusBadRequest && slices.Contains(fieldsOf(a.json(t)), header)
			}
			require.Equal(t, slices.Contains(o.headers, "Idempotency-Key"), names("Idempotency-Key", "odd"))
			require.True(t, slices.Contains(o.headers, "Grpc-Timeout") && names("Grpc-Timeout", "odd"))
			require.Contains(t, o.headers, "X-Request-Id")
			if o.method != "GET" {
				require.Equal(t, slices.Contains(o.headers, "If-Match"), !names("If-Match", `"7"`))
				require.NotContains(t, o.headers, "If-None-Match")
			}
		})
	}
}
