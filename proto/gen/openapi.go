// Package gen holds what is generated from the .proto files, but for this file:
// the Go packages below it, and the OpenAPI document of the REST interface.
package gen

import _ "embed"

// OpenAPI is the OpenAPI 3.1 document of the REST interface, as JSON (UTF-8).
// Callers must not change it.
//
//go:embed openapi.json
var OpenAPI []byte
