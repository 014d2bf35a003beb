package cases

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource"
)

// Who changes different fields of the escalation path at the same time: both changes stay.
func TestR28ChangesOfThePathAtTheSameTimeAreBothKept(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for round := range 10 {
			person, contact, within := "ben", "phone", time.Duration(round+1)*time.Hour
			if round%2 == 1 {
				person, contact = "cleo", "mail"
			}
			both := PathPatch{Accountable: &person, Within: &within}
			if round > 0 {
				both.Accountable = nil
			}
			patches := []PathPatch{both, {Contact: &contact, Accountable: &person}}
			if round == 0 { // the first of all creates it, so that each is whole
				patches[1].Within = &within
			}
			var all sync.WaitGroup
			for i, patch := range patches {
				all.Go(func() {
					call := as("root").Call
					if round%3 > 0 {
						call = again("root", string(rune('a'+round))+string(rune('0'+i))).Call
					}
					_, err := f.PatchEscalationPath(ctx, call, "", patch)
					assert.NoError(t, err)
				})
			}
			all.Wait()
			path, err := f.EscalationPath(ctx)
			require.NoError(t, err)
			require.Equal(t, Path{Accountable: person, Contact: contact, Within: within, Times: path.State.Times}, path.State)
		}
	})
}

func TestARetryOfAChangeOfThePathChangesNothing(t *testing.T) {
	f := start(t, stores["sqlite"](t))
	ctx := t.Context()
	set := func(call Call, etag, person string) error {
		within := time.Hour
		_, err := f.PatchEscalationPath(ctx, call.Call, etag, PathPatch{Accountable: &person, Within: &within})
		return err
	}
	require.NoError(t, set(again("root", "r1"), "", "ben"))
	path, err := f.EscalationPath(ctx)
	require.NoError(t, err)
	require.NoError(t, set(again("root", "r2"), path.Etag(), "cleo"))
	f.gone = "cleo"
	wantReason(t, set(as("root"), "", "cleo"), ReasonNotStaff, "principals/cleo")
	require.NoError(t, set(again("root", "r1"), "", "ben"))
	require.NoError(t, set(again("root", "r2"), path.Etag(), "cleo"), "it was done before she left")
	path, err = f.EscalationPath(ctx)
	require.NoError(t, err)
	require.Equal(t, "cleo", path.State.Accountable)
}

// An answer that is lost is given again, whatever is in force by then.
func TestARetryOfAnOpeningNeedsNoNewAcknowledgement(t *testing.T) {
	f := start(t, stores["sqlite"](t))
	ctx := t.Context()
	_, err := f.Acknowledge(ctx, as("ben"), true, 1)
	require.NoError(t, err)
	o := late
	o.Assignee = "ben"
	first := map[string]resource.Stored[Case]{}
	open := func(id string) resource.Stored[Case] {
		c, err := f.Open(ctx, again("anna", "r"+id), "acme", id, o, false)
		require.NoError(t, err)
		return c
	}
	for _, id := range []string{"", "c1"} {
		first[id] = open(id)
	}
	f.published.publish(t, otherPromise, friday.Add(time.Hour))
	f.clock.set(friday.Add(time.Hour))
	_, err = f.Open(ctx, again("anna", "new"), "acme", "", o, false)
	wantReason(t, err, ReasonNotAcknowledged, "schedule/versions/2")
	for id, c := range first {
		require.Equal(t, c, open(id))
	}
}
