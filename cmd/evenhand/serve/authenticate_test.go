package serve

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/evenhand/evenhand/internal/platform/auth"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// answering is a connection to accounts that answers each call in the same way.
type answering struct {
	grpc.ClientConnInterface
	code codes.Code
}

func (a *answering) Invoke(_ context.Context, _ string, _, out any, _ ...grpc.CallOption) error {
	if a.code == codes.OK {
		proto.Merge(out.(proto.Message), &accountsv1.AuthenticateTokenResponse{Principal: &accountsv1.Principal{
			Name: "principals/mara", Roles: []accountsv1.Role{accountsv1.Role_ROLE_ACCOUNT_MANAGER}}})
	}
	return status.Error(a.code, "said by accounts")
}

func TestOnlyNotFoundMakesATokenUnknown(t *testing.T) {
	for code := codes.OK; code <= codes.Unauthenticated; code++ {
		p, err := newRemoteAuthenticator(&answering{code: code}, slog.New(slog.DiscardHandler)).Authenticate(t.Context(), auth.Hash{})
		require.Equal(t, code == codes.NotFound, errors.Is(err, auth.ErrUnknownToken), code)
		require.Equal(t, code == codes.OK, err == nil, code)
		if err == nil {
			require.Equal(t, "principals/mara", p.Name())
			require.Equal(t, []auth.Role{auth.AccountManager}, p.Roles())
		}
	}
}

func TestARefusedServiceTokenIsLoggedOnceUntilItIsAccepted(t *testing.T) {
	for _, refusal := range []codes.Code{codes.Unauthenticated, codes.PermissionDenied} {
		var log bytes.Buffer
		conn := &answering{}
		r := newRemoteAuthenticator(conn, slog.New(slog.NewTextHandler(&log, nil)))
		ask := func(code codes.Code) string {
			conn.code = code
			log.Reset()
			_, err := r.Authenticate(t.Context(), auth.Hash{})
			if code == refusal {
				require.ErrorContains(t, err, "service token")
			}
			return log.String()
		}
		require.Empty(t, ask(codes.OK))
		for range 2 {
			told := ask(refusal)
			require.Contains(t, told, "level=ERROR")
			for _, part := range []string{"service token", "evenhand tokens create", "role service", "--token-file", "said by accounts"} {
				require.Contains(t, told, part)
			}
			require.Empty(t, ask(refusal))
			require.Empty(t, ask(codes.Unavailable), "it says nothing of the token")
			require.Empty(t, ask(refusal))
			require.Equal(t, 1, strings.Count(ask(codes.NotFound), "again"))
			require.Empty(t, ask(codes.OK))
		}
	}
}
