// Package gateway is the REST interface: it turns HTTP and JSON into calls of the
// services, and their answers and errors back, as the OpenAPI document says.
//
// A call goes through these steps, each in its own file: it is observed (request id,
// trace, log, panics), authenticated, routed, checked for the permission, read (query,
// body, conditions), and only then handed to the generated handlers of grpc-gateway,
// which make the RPC and write its answer. Reading is done here because people who
// call by hand make mistakes, and a mistake has to be named with its place: the
// generated handlers ignore unknown query parameters, say of JSON only that it is
// wrong, and derive update masks that miss nulls and map keys.
//
// Measurements are not served here: telemetry has a listener of its own for them.
package gateway
