package main

import (
	"encoding/json"
	"strings"
	"testing"
)

const testDescriptors = `{"file": [
  {"package": "t.v1", "name": "shop.proto",
   "messageType": [
    {"name": "Shop", "field": [
      {"jsonName": "name", "options": {"[google.api.field_behavior]": ["IDENTIFIER"]}},
      {"jsonName": "size", "oneofIndex": 0, "options": {"[buf.validate.field]": {"int32": {"gte": 1, "lt": 10}}}},
      {"jsonName": "label", "oneofIndex": 0, "options": {"[buf.validate.field]": {"string": {"maxLen": "20", "pattern": "^[a-z]+$"}}}},
      {"jsonName": "inner", "typeName": ".t.v1.Shop"},
      {"jsonName": "etag"}
    ]},
    {"name": "UpdateShopRequest", "field": [{"jsonName": "shop", "typeName": ".t.v1.Shop"}, {"jsonName": "requestId"}]},
    {"name": "GetShopRequest", "field": [{"jsonName": "name"}, {"jsonName": "onDate", "typeName": ".google.type.Date"}]}
   ],
   "enumType": [{"name": "ErrorReason", "value": [{"name": "ERROR_REASON_UNSPECIFIED"}, {"name": "ERROR_REASON_NOT_FOUND"}]}],
   "sourceCodeInfo": {"location": [{"path": [4, 2, 2, 1], "leadingComments": " The day.\n"}, {"path": [5, 0, 2, 1], "leadingComments": " There is no\n such thing.\n"}]},
   "service": [{"name": "Shops", "method": [
     {"name": "GetShop", "inputType": ".t.v1.GetShopRequest", "outputType": ".t.v1.Shop",
      "options": {"[evenhand.type.v1.access]": {"permission": "shops.read"}, "[google.api.http]": {"get": "/v1/{name=shops/*}"}}},
     {"name": "ListShops", "inputType": ".t.v1.GetShopRequest", "outputType": ".t.v1.Shop",
      "options": {"[google.api.http]": {"get": "/v1/shops"}}},
     {"name": "WatchShops", "inputType": ".t.v1.GetShopRequest", "outputType": ".t.v1.Shop"},
     {"name": "WatchShops", "inputType": ".t.v1.GetShopRequest", "outputType": ".t.v1.Shop"},
     {"name": "UpdateShop", "inputType": ".t.v1.UpdateShopRequest", "outputType": ".t.v1.Shop",
      "options": {"[evenhand.type.v1.access]": {"permission": "shops.update", "assigned": true}, "[google.api.http]": {"body": "shop"}}}
   ]}]}
]}`

const testPart = `{"openapi": "3.1.0", "paths": {
  "/v1/shops/{name}": {"get": {
    "summary": "Returns a shop (AIP-131). NOT_FOUND.", "operationId": "Shops_GetShop",
    "parameters": [{"name": "name", "in": "path", "required": true, "schema": {"type": "string"}},
      {"name": "onDate.year", "in": "query", "schema": {"type": "integer"}},
      {"name": "onDate.month", "in": "query", "schema": {"type": "integer"}}, {"name": "onDate.day", "in": "query", "schema": {"type": "integer"}}],
    "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/t.v1.Shop"}}}}}}},
  "/v1/shops/{shop.name}": {"patch": {
    "summary": "Changes a shop.", "operationId": "Shops_UpdateShop",
    "parameters": [{"name": "shop.name", "in": "path", "required": true, "schema": {"type": "string"}}],
    "requestBody": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/t.v1.Shop"}}}},
    "responses": {"200": {"content": {"application/json": {"schema": {"$ref": "#/components/schemas/t.v1.Shop"}}}}}}}},
  "components": {"schemas": {"t.v1.Shop": {"type": "object", "required": ["size"], "properties": {
    "etag": {"type": "string"},
    "inner": {"$ref": "#/components/schemas/t.v1.Shop"},
    "label": {"type": "string", "description": "What it\nis called."},
    "name": {"type": "string"},
    "size": {"type": "integer"}}}}}}`

const testAPI = `{"info": {"title": "Shops", "version": "v1"}, "tags": [{"name": "Shops", "description": "Shops."}],
  "collections": {"shops": {"tag": "Shops", "parameter": "shop", "description": "The shop's id.", "example": "s1"}},
  "examples": {"name": "shops/s1", "Shop.size": 3, "label": "red", "etag": "7"}}`

// buildTest builds the document of the test's parts and looks values up in it.
func buildTest(t *testing.T, part, api string) (lookup func(path ...string) any, raw string, err error) {
	t.Helper()
	data, err := build([][]byte{[]byte(part)}, []byte(testDescriptors), []byte(api))
	if err != nil {
		return nil, "", err
	}
	var doc any
	if err := json.Unmarshal(data, &doc); err != nil {
		t.Fatal(err)
	}
	return func(path ...string) any {
		at := doc
		for _, key := range path {
			at = at.(map[string]any)[key]
		}
		return at
	}, string(data), nil
}

func TestBuild(t *testing.T) {
	lookup, raw, err := buildTest(t, testPart, testAPI)
	if err != nil {
		t.Fatal(err)
	}
	same := func(what string, got any, want string) {
		t.Helper()
		data, err := json.Marshal(got)
		if err != nil || string(data) != want {
			t.Errorf("%s: got %s, want %s", what, data, want)
		}
	}
	get := []string{"paths", "/v1/shops/{shop}", "get"}
	patch := []string{"paths", "/v1/shops/{shop}", "patch"}
	at := func(base []string, more ...string) any { return lookup(append(base[:len(base):len(base)], more...)...) }

	same("tag", at(get, "tags"), `["Shops"]`)
	same("summary", at(get, "summary"), `"Returns a shop"`)
	same("description", at(get, "description"), `"Returns a shop (AIP-131). NOT_FOUND.\n\nNeeds the permission `+"`shops.read`"+`."`)
	same("get's parameters", at(get, "parameters"),
		`[{"description":"The shop's id.","example":"s1","in":"path","name":"shop","required":true,"schema":{"type":"string"}},`+
			`{"description":"The day.","in":"query","name":"onDate","schema":{"format":"date","type":"string"}},`+
			`{"$ref":"#/components/parameters/IfNoneMatch"},{"$ref":"#/components/parameters/IfMatch"},`+
			`{"$ref":"#/components/parameters/RequestID"},{"$ref":"#/components/parameters/GrpcTimeout"},{"$ref":"#/components/parameters/Traceparent"}]`)
	same("patch's headers", at(patch, "parameters").([]any)[1:], `[{"$ref":"#/components/parameters/IfMatch"},{"$ref":"#/components/parameters/IdempotencyKey"},`+
		`{"$ref":"#/components/parameters/RequestID"},{"$ref":"#/components/parameters/GrpcTimeout"},{"$ref":"#/components/parameters/Traceparent"}]`)
	same("headers of an answer", at(get, "responses", "200", "headers"),
		`{"ETag":{"$ref":"#/components/headers/ETag"},"X-Request-Id":{"$ref":"#/components/headers/RequestID"}}`)
	same("example of an answer", at(get, "responses", "200", "content", "application/json", "example"),
		`{"etag":"7","name":"shops/s1","size":3}`)
	for _, status := range []string{"304", "401", "403", "default"} {
		if at(get, "responses", status) == nil {
			t.Errorf("get has no answer %s", status)
		}
	}
	for name, response := range lookup("components", "responses").(map[string]any) {
		if content := response.(map[string]any)["content"]; name != "NotModified" {
			same("body of "+name, content.(map[string]any)["application/problem+json"].(map[string]any)["schema"], `{"$ref":"#/components/schemas/Problem"}`)
		}
	}
	same("example of a request", at(patch, "requestBody", "content", "application/json", "example"), `{"etag":"7","size":3}`)
	same("what a patch requires", at(patch, "requestBody", "content", "application/json", "schema", "required"), `null`)
	if at(patch, "responses", "412") == nil {
		t.Error("patch has no answer 412")
	}
	schema := []string{"components", "schemas", "t.v1.Shop", "properties"}
	same("rules of a number", at(schema, "size"), `{"exclusiveMaximum":10,"minimum":1,"type":"integer"}`)
	same("rules of a string", at(schema, "label"), `{"description":"What it is called.","maxLength":20,"pattern":"^[a-z]+$","type":"string"}`)
	if !strings.Contains(raw, "- `NOT_FOUND`: There is no such thing.") {
		t.Error("the reasons of errors are not explained")
	}
	if strings.Index(raw, `"name": {`) > strings.Index(raw, `"etag": {`) {
		t.Error("fields do not stand in the order of the .proto file")
	}
}

func TestBuildIsStable(t *testing.T) {
	_, first, err := buildTest(t, testPart, testAPI)
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if _, again, _ := buildTest(t, testPart, testAPI); again != first {
			t.Fatal("the same input gave another document")
		}
	}
}

func TestBuildRefuses(t *testing.T) {
	tests := []struct {
		name, part, api, want string
	}{
		{"a field without an example", testPart, strings.Replace(testAPI, `"label"`, `"other"`, 1), ""},
		{"a number without an example", testPart, strings.Replace(testAPI, `"Shop.size": 3, "label": "red"`, `"x": 1`, 1), "api.json has no example for: Shop.label, Shop.size"},
		{"a path without a tag", testPart, strings.Replace(testAPI, `"shops":`, `"stores":`, 1), `of "shops" is called`},
		{"an unknown tag", testPart, strings.Replace(testAPI, `"tag": "Shops"`, `"tag": "Stores"`, 1), `"Stores", which is not in tags`},
		{"an operation of no RPC", strings.Replace(testPart, "Shops_GetShop", "Shops_Lost", 1), testAPI, "no RPC for the operation id Shops_Lost"},
		{"an RPC without a permission", strings.Replace(testPart, `"Shops_GetShop"`, `"Shops_ListShops"`, 1), testAPI, "Shops_ListShops names no permission"},
		{"two operations at one path", strings.Replace(testPart, `"patch"`, `"get"`, 1), testAPI, "two operations at GET /v1/shops/{shop}"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := buildTest(t, tt.part, tt.api)
			switch {
			case tt.want == "" && err != nil:
				t.Errorf("got %v: another field of the oneof has an example", err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("got %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestMergeRefusesDifferentSchemas(t *testing.T) {
	other := strings.Replace(testPart, `"size": {"type": "integer"}`, `"size": {"type": "number"}`, 1)
	_, err := merge([][]byte{[]byte(testPart), []byte(other)})
	if err == nil || !strings.Contains(err.Error(), "t.v1.Shop differs") {
		t.Errorf("got %v", err)
	}
	if _, err := merge([][]byte{[]byte(testPart), []byte(testPart)}); err != nil {
		t.Errorf("the same schema twice: %v", err)
	}
}

func TestNewRoute(t *testing.T) {
	collections := map[string]collection{
		"accounts": {Tag: "Accounts", Parameter: "account"},
		"contacts": {Tag: "Contacts", Parameter: "contact"},
		"reach":    {Tag: "Accounts"},
	}
	tests := []struct{ path, want, tag string }{
		{"/v1/accounts", "/v1/accounts", "Accounts"},
		{"/v1/accounts:import", "/v1/accounts:import", "Accounts"},
		{"/v1/accounts/{name}:close", "/v1/accounts/{account}:close", "Accounts"},
		{"/v1/accounts/{contact.name}/contacts/{contact.name_1}", "/v1/accounts/{account}/contacts/{contact}", "Contacts"},
		{"/v1/accounts/{name}/reach", "/v1/accounts/{account}/reach", "Accounts"},
	}
	for _, tt := range tests {
		r, err := newRoute(tt.path, collections)
		if err != nil || r.template != tt.want || r.tag != tt.tag {
			t.Errorf("%s: got %q, tag %q, %v", tt.path, r.template, r.tag, err)
		}
	}
	for _, path := range []string{"/v1/boards", "/v1/accounts/{name}/reach/{name_1}"} {
		if _, err := newRoute(path, collections); err == nil {
			t.Errorf("%s: no error", path)
		}
	}
}

func TestUnwrap(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"lines of a paragraph", " One\n two.\n", "One two."},
		{"paragraphs", "One\ntwo.\n\n\nThree.", "One two.\n\nThree."},
		{"a list", "All:\n\n- one\n- two\n  lines", "All:\n\n- one\n- two lines"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := unwrap(tt.text)
			if got != tt.want || unwrap(got) != got {
				t.Errorf("got %q, then %q, want %q", got, unwrap(got), tt.want)
			}
		})
	}
}
