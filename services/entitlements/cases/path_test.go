package cases

import (
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
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
	f := start(t, teststore.SQLite(t))
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
	f := start(t, teststore.SQLite(t))
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

// The path's calendar is gone from the schedule: the person keeps the hours of the last
// version that had it, and is not expected to answer at night.
func TestR28ACalendarThatIsGoneKeepsItsHours(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, err := f.SetEscalationPath(ctx, as("root").Call, "", Path{Accountable: "ben", Within: time.Hour, Calendar: "office"})
		require.NoError(t, err)
		before := f.opened(t, "before")
		_, err = f.Escalate(ctx, as("anna"), before, "", "Nobody answers.")
		require.NoError(t, err)
		escalated := func(id string) string {
			t.Helper()
			c, err := f.Get(ctx, id)
			require.NoError(t, err)
			k := clockOf(t, &c.State, escalationClock)
			return k.Calendar + " " + shown(k.Due)
		}
		require.Equal(t, "office 2026-03-09 10:00", escalated(before))

		shorter := strings.Replace(promise, "09:30-17:00", "09:00-16:40", 1)
		renamed := strings.ReplaceAll(promise, "office", "desk")
		f.published.publish(t, shorter, friday.Add(time.Minute))
		f.published.publish(t, renamed, friday.Add(2*time.Minute))
		f.clock.set(friday.Add(2 * time.Minute))
		require.NoError(t, f.DueNow(ctx))
		require.Equal(t, "office 2026-03-09 09:50", escalated(before))

		after := f.opened(t, "after")
		_, err = f.Escalate(ctx, as("anna"), after, "", "Nobody answers.")
		require.NoError(t, err)
		require.Equal(t, "office 2026-03-09 09:52", escalated(after))

		person, contact, same, other := "cleo", "the desk", "office", "depot"
		path, err := f.PatchEscalationPath(ctx, as("root").Call, "", PathPatch{Accountable: &person, Contact: &contact, Calendar: &same})
		require.NoError(t, err, "who answers is not a matter of hours")
		require.Equal(t, Path{Accountable: person, Contact: contact, Within: time.Hour, Calendar: same, Times: path.State.Times}, path.State)
		_, err = f.PatchEscalationPath(ctx, as("root").Call, "", PathPatch{Calendar: &other})
		require.ErrorContains(t, err, `has no calendar "depot"`, "what is chosen anew is in force")
		none := ""
		_, err = f.PatchEscalationPath(ctx, as("root").Call, "", PathPatch{Calendar: &none})
		require.NoError(t, err)
		_, err = f.PatchEscalationPath(ctx, as("root").Call, "", PathPatch{Calendar: &same})
		require.ErrorContains(t, err, `has no calendar "office"`)
	})
}
