package accounts

import (
	"context"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
)

// meanwhile is a backend that does something else right after an account was read for
// the first time.
type meanwhile struct {
	docstore.Backend
	id string
	do func()
}

func (m *meanwhile) Get(ctx context.Context, collection string, ids []string) ([]docstore.Record, error) {
	found, err := m.Backend.Get(ctx, collection, ids)
	if do := m.do; do != nil && collection == accountsSpec.Name && slices.Contains(ids, m.id) {
		m.do = nil
		do()
	}
	return found, err
}

// One who repeats the parent it has read does not move the account: by the time of the
// write that would be a move which nobody has checked.
func TestRepeatingTheParentMovesNothing(t *testing.T) {
	for name, open := range teststore.Backends {
		t.Run(name, func(t *testing.T) {
			backend := &meanwhile{Backend: open(t), id: "a"}
			f := start(t, backend)
			ctx := t.Context()
			for _, id := range []string{"a", "b"} {
				_, err := f.Accounts.Create(ctx, someone, id, Account{}, false)
				require.NoError(t, err)
			}
			update := func(id string, patch AccountPatch) {
				_, err := f.Accounts.Update(ctx, someone, id, "", patch, false)
				require.NoError(t, err)
			}
			update("a", AccountPatch{Parent: ptr("b")})
			backend.do = func() {
				update("a", AccountPatch{Parent: ptr("")})
				update("b", AccountPatch{Parent: ptr("a")})
			}
			update("a", AccountPatch{Parent: ptr("b"), DisplayName: ptr("Acme")})
			require.Nil(t, backend.do, "the others came in between")
			a, err := f.Accounts.Get(ctx, "a")
			require.NoError(t, err)
			require.Equal(t, "Acme", a.State.DisplayName)
			require.Empty(t, a.State.Parent)
			b, err := f.Accounts.Get(ctx, "b")
			require.NoError(t, err)
			require.Equal(t, "a", b.State.Parent)
		})
	}
}

// A circle that something else has made ends no move in a walk without end, and can be
// undone.
func TestAWayUpThatIsACircleIsTold(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	for id, parent := range map[string]string{"a": "", "x": "y", "y": "z", "z": "y"} {
		_, err := f.Accounts.accounts.Create(ctx, someone, id, Account{Parent: parent}, "account.created")
		require.NoError(t, err)
	}
	move := func(id, parent string) error {
		_, err := f.Accounts.Update(ctx, someone, id, "", AccountPatch{Parent: &parent}, false)
		return err
	}
	wantReason(t, move("a", "x"), ErrInvalid,
		"accounts/a below accounts/x below accounts/y below accounts/z below accounts/y): take accounts/y out from below")
	require.NoError(t, move("y", ""))
	require.NoError(t, move("a", "x"))
}
