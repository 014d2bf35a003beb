package serve

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/internal/platform/auth"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// remoteAuthenticator asks accounts in another process whose token it is.
type remoteAuthenticator struct {
	client accountsv1.AccessServiceClient
	log    *slog.Logger
	// refused says that the last answer was a refusal of this process itself.
	refused atomic.Bool
}

func newRemoteAuthenticator(conn grpc.ClientConnInterface, log *slog.Logger) *remoteAuthenticator {
	return &remoteAuthenticator{client: accountsv1.NewAccessServiceClient(conn), log: log}
}

// Authenticate implements auth.Authenticator.
func (r *remoteAuthenticator) Authenticate(ctx context.Context, hash auth.Hash) (*auth.Principal, error) {
	answer, err := r.client.AuthenticateToken(ctx, &accountsv1.AuthenticateTokenRequest{TokenHash: hash[:]})
	switch status.Code(err) {
	case codes.OK:
		r.accepted(ctx)
		return principal(answer.GetPrincipal()), nil
	case codes.NotFound:
		r.accepted(ctx)
		return nil, auth.ErrUnknownToken
	case codes.Unauthenticated, codes.PermissionDenied: // about the token of this process, not the one asked about
		if !r.refused.Swap(true) {
			r.log.ErrorContext(ctx, "accounts refuses the service token of this process, so that nobody can call it: "+
				"make a new one with `evenhand tokens create PRINCIPAL --file FILE`, for a principal with the role service, "+
				"give it by --token-file or EVENHAND_SERVICE_TOKEN, and start again", "error", err)
		}
		return nil, fmt.Errorf("accounts refuses this process's own service token: %w", err)
	}
	return nil, fmt.Errorf("ask accounts whose token it is: %w", err)
}

// accepted notes that accounts took the token of this process.
func (r *remoteAuthenticator) accepted(ctx context.Context) {
	if r.refused.Load() && r.refused.Swap(false) {
		r.log.InfoContext(ctx, "accounts accepts the service token of this process again")
	}
}

func principal(p *accountsv1.Principal) *auth.Principal {
	roles := make([]auth.Role, len(p.GetRoles()))
	for i, role := range p.GetRoles() {
		name := strings.TrimPrefix(role.String(), "ROLE_")
		roles[i] = auth.Role(strings.ToLower(strings.ReplaceAll(name, "_", "-"))) // an unknown one grants nothing
	}
	return auth.NewPrincipal(p.GetName(), p.GetDisplayName(), p.GetPerson(), roles...)
}
