package auth

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
)

// Bearer returns the option of a client connection whose calls carry a token. It
// works without TLS too: whether a socket may go without is decided where it is
// opened.
func Bearer(token string) grpc.DialOption {
	return grpc.WithPerRPCCredentials(bearerToken(scheme + token))
}

type bearerToken string

func (b bearerToken) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": string(b)}, nil
}

func (bearerToken) RequireTransportSecurity() bool { return false }

var _ credentials.PerRPCCredentials = bearerToken("")
