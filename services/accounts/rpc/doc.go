// Package rpc is the accounts service's gRPC interface: it turns messages into calls of
// the domain and answers back into messages, and decides nothing else than whether an
// account is assigned to the caller.
package rpc
