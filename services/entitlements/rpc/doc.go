// Package rpc puts the entitlements service on gRPC: handlers that turn protobuf into
// the domain's terms and back, and the source that follows the accounts service
// through its generated clients. It decides nothing.
package rpc
