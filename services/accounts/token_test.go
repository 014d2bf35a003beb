package accounts

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource"
)

// A proxy that repeats the first call after the token was revoked does not bring it
// back to life.
func TestARevokedTokenStaysRevoked(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, err := f.Access.CreatePrincipal(ctx, someone, "bot", Principal{DisplayName: "Bot"})
		require.NoError(t, err)
		secrets := byte(0)
		create := func(requestID string) (resource.Stored[Token], []byte, error) { // with a new secret each time
			secrets++
			hash := make([]byte, 32)
			hash[0] = secrets
			token, err := f.Access.CreateToken(ctx, request(requestID, "create"), "bot", Token{Hash: hash})
			return token, hash, err
		}
		token, first, err := create("one")
		require.NoError(t, err)
		_, _, err = create("one")
		wantReason(t, err, resource.ErrExists, "its secret is not shown again")
		require.NoError(t, f.Access.tokens.Delete(ctx, request("revoke", ""), token.ID, nil, "token.deleted"))

		_, again, err := create("one")
		wantReason(t, err, resource.ErrNotFound, "deleted since: use a new request id")
		for _, hash := range [][]byte{first, again} {
			_, err = f.Access.Authenticate(ctx, hash)
			require.ErrorContains(t, err, "revoked")
		}
		list, err := f.Access.ListTokens(ctx, "bot", 10, nil)
		require.NoError(t, err)
		require.Empty(t, list.Items)

		_, other, err := create("two")
		require.NoError(t, err)
		_, err = f.Access.Authenticate(ctx, other)
		require.NoError(t, err)
	})
}

func TestLocalAdminHasTheTokenItWasGivenLast(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		hashes := [][]byte{make([]byte, 32), make([]byte, 32), make([]byte, 32)}
		hashes[1][0], hashes[2][0] = 1, 2
		only := func(works int) {
			t.Helper()
			for i, hash := range hashes {
				known, err := f.Access.HasLocalToken(ctx, hash)
				require.NoError(t, err)
				require.Equal(t, i == works, known)
				p, err := f.Access.Authenticate(ctx, hash)
				if i == works {
					require.NoError(t, err)
					require.Equal(t, localAdmin, p.ID)
				} else {
					wantReason(t, err, resource.ErrNotFound, "revoked")
				}
			}
		}
		only(-1)
		require.NoError(t, f.Access.SetLocalToken(ctx, hashes[0]))
		require.NoError(t, f.Access.SetLocalToken(ctx, hashes[0]))
		only(0)
		require.NoError(t, f.Access.SetLocalToken(ctx, hashes[1]))
		only(1)
		require.NoError(t, f.Access.DeleteToken(ctx, someone, localAdmin, "admin-token"))
		only(-1)
		require.NoError(t, f.Access.SetLocalToken(ctx, hashes[2]))
		only(2)
	})
}
