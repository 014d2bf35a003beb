package accounts

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource"
)

// A retry of the call that first recorded a reach must not undo what came after it.
func TestARetryOfTheFirstReachChangesNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, err := f.Accounts.Create(ctx, someone, "acme", Account{}, false)
		require.NoError(t, err)
		set := func(call resource.Call, etag string, followers int64) (resource.Stored[Reach], error) {
			return f.Accounts.UpdateReach(ctx, call, "acme", etag, ReachPatch{Followers: &followers})
		}
		none, err := f.Accounts.GetReach(ctx, "acme")
		require.NoError(t, err)
		first, err := set(request("r", "10"), none.Etag(), 10)
		require.NoError(t, err)
		_, err = set(request("s", "20"), first.Etag(), 20)
		require.NoError(t, err)
		for _, retry := range []resource.Call{request("r", "10"), request("s", "20")} {
			again, err := set(retry, none.Etag(), 10)
			require.NoError(t, err)
			require.EqualValues(t, 20, again.State.Followers)
		}
		for _, reused := range []resource.Call{request("r", "30"), request("s", "30")} {
			_, err = set(reused, "", 30)
			wantReason(t, err, resource.ErrRequestIDReused, "")
		}
		stored, err := f.Accounts.GetReach(ctx, "acme")
		require.NoError(t, err)
		require.EqualValues(t, 20, stored.State.Followers)
		require.Equal(t, first.Version+1, stored.Version)
	})
}

func TestFirstReachesAtOnceAreEachCountedOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, err := f.Accounts.Create(ctx, someone, "acme", Account{}, false)
		require.NoError(t, err)
		calls := []resource.Call{request("r", "1"), request("r", "1"), request("r", "1"), request("s", "2"), request("s", "2")}
		var group sync.WaitGroup
		for _, call := range calls {
			group.Go(func() {
				_, err := f.Accounts.UpdateReach(ctx, call, "acme", "", ReachPatch{Source: ptr(string(call.Payload))})
				assert.NoError(t, err)
			})
		}
		group.Wait()
		stored, err := f.Accounts.GetReach(ctx, "acme")
		require.NoError(t, err)
		require.EqualValues(t, 2, stored.Version, "two requests, however often they came")
	})
}
