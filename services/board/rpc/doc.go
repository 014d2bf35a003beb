// Package rpc is the board service's gRPC interface: it turns messages into calls of the
// domain and answers back into messages, and decides nothing else than whether a board is
// assigned to the caller.
package rpc
