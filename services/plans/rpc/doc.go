// Package rpc serves the plans service over gRPC, and reaches the other services for it:
// it translates between protobuf and the domain, and does nothing else.
package rpc
