package gateway_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

func TestMaskIsWhatTheBodySays(t *testing.T) {
	w := startWorld(t, nil)
	tests := map[string]struct {
		query, body string
		paths       []string
	}{
		"one field":          {"", `{"displayName": "A"}`, []string{"display_name"}},
		"snake case":         {"", `{"display_name": "A"}`, []string{"display_name"}},
		"empty text":         {"", `{"displayName": ""}`, []string{"display_name"}},
		"null clears":        {"", `{"owner": null}`, []string{"owner"}},
		"day as a whole":     {"", `{"joinedDate": {"year": 1997, "month": 1, "day": 1}}`, []string{"joined_date"}},
		"day cleared":        {"", `{"joinedDate": null}`, []string{"joined_date"}},
		"list as a whole":    {"", `{"goals": [{"statement": "x"}]}`, []string{"goals"}},
		"empty list":         {"", `{"serviceTeam": []}`, []string{"service_team"}},
		"keys of a map":      {"", `{"attributes": {"sector": "retail", "region": null}}`, []string{"attributes.region", "attributes.sector"}},
		"empty map":          {"", `{"attributes": {}}`, nil},
		"whole map cleared":  {"", `{"attributes": null}`, []string{"attributes"}},
		"several, sorted":    {"", `{"owner": "principals/jo", "displayName": "A"}`, []string{"display_name", "owner"}},
		"what cannot be set": {"", `{"name": "accounts/acme", "etag": "7", "state": "STATE_ACTIVE", "createTime": "2026-01-01T00:00:00Z", "displayName": "A"}`, []string{"display_name"}},
		"nothing":            {"", `{}`, nil},
		"given":              {"?updateMask=displayName,owner", `{"displayName": "A", "parent": "accounts/b"}`, []string{"display_name", "owner"}},
		"given, other names": {"?update_mask=display_name,attributes.sector", `{}`, []string{"display_name", "attributes.sector"}},
		"given empty":        {"?updateMask=", `{"displayName": "A"}`, []string{"display_name"}},
		"everything":         {"?updateMask=*", `{"displayName": "A"}`, []string{"*"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			a := w.do(t, "PATCH", "/v1/accounts/acme"+tt.query, tt.body)
			require.Equal(t, 200, a.StatusCode, a.body)
			r := one[*accountsv1.UpdateAccountRequest](t, w)
			require.Equal(t, tt.paths, r.GetUpdateMask().GetPaths())
			require.Equal(t, account, r.GetAccount().GetName(), "the name is the path's")
			require.NotContains(t, r.GetAccount().GetAttributes(), "region")
		})
	}
}

func TestReadModifyWrite(t *testing.T) {
	w := startWorld(t, nil)
	read := w.do(t, "GET", "/v1/accounts/acme", "")
	w.got.take()
	a := w.do(t, "PATCH", "/v1/accounts/acme", read.body, "Content-Type", "", "Content-Type", "application/merge-patch+json")
	require.Equal(t, 200, a.StatusCode, a.body)
	r := one[*accountsv1.UpdateAccountRequest](t, w)
	require.Equal(t, "7", r.GetAccount().GetEtag())
	for _, path := range []string{"name", "etag", "state", "create_time", "external_id", "consistency_token"} {
		require.NotContains(t, r.GetUpdateMask().GetPaths(), path)
	}
	require.Contains(t, r.GetUpdateMask().GetPaths(), "display_name")
}

func TestNumbersInPatches(t *testing.T) {
	w := startWorld(t, nil)
	for _, body := range []string{`{"followers": 12}`, `{"followers": "12"}`, `{"followers": 1.2e1}`} {
		a := w.do(t, "PATCH", "/v1/accounts/acme/reach", body)
		require.Equal(t, 200, a.StatusCode, a.body)
		require.Equal(t, "12", a.json(t)["followers"], "64-bit numbers are texts")
		r := one[*accountsv1.UpdateReachRequest](t, w)
		require.Equal(t, []string{"followers"}, r.GetUpdateMask().GetPaths())
	}
}
