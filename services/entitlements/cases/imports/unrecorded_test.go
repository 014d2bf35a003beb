package imports_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/cases"
)

// What is told of first replies where a file does not have them is that nobody knows.
func TestFirstRepliesThatAreNotRecorded(t *testing.T) {
	f := open(t, teststore.SQLite(t))
	s := start
	s.Unrecorded.Replies = true
	f.run(t, s, "id,account,issue,channel,opened,resolved\n1,acme,noise,phone,2026-02-02T09:00,2026-02-03T09:00\n")
	s.Unrecorded.Replies, s.Batch = false, "replies.csv"
	f.run(t, s, "id,account,issue,channel,opened,replied,resolved\n2,acme,noise,phone,2026-02-02T09:00,,2026-02-03T09:00\n")
	unknown := map[string]bool{}
	for m, err := range f.cases.Measures(t.Context(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)) {
		require.NoError(t, err)
		unknown[m.ID] = m.Unknown.Replies
		require.Equal(t, 24*time.Hour, m.Resolution)
		if !m.Unknown.Replies {
			require.Equal(t, 24*time.Hour, m.FirstReply, "a resolution is a reply")
			require.False(t, m.FirstReplyOpen)
		}
	}
	require.Equal(t, map[string]bool{"acme/cases/1": true, "acme/cases/2": false}, unknown)
}

// What a file has no column of is not known; what becomes known here is, and where clocks were
// taken out for it, nobody knows that every promise was kept.
func TestWhatAFileDoesNotTellIsNotKnown(t *testing.T) {
	f := open(t, teststore.SQLite(t))
	s := start
	s.Unrecorded = cases.Unrecorded{Replies: true, Resolutions: true, Remedies: true, Escalations: true, Reopenings: true}
	f.run(t, s, "id,account,issue,channel,opened\n1,acme,noise,phone,2026-02-02T09:00\n2,acme,noise,phone,2026-02-02T09:00\n")
	s.Unrecorded, s.Batch = cases.Unrecorded{}, "all.csv"
	f.run(t, s, "id,account,issue,channel,opened,replied,resolved,remedy,escalated,reopened\n3,acme,noise,phone,2026-02-02T09:00,,2026-02-03T09:00,,,\n")
	later := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	unknown := func() map[string]cases.Unrecorded {
		found := map[string]cases.Unrecorded{}
		for m, err := range f.cases.Measures(t.Context(), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), later, later) {
			require.NoError(t, err)
			found[m.ID] = m.Unknown
		}
		return found
	}
	all := cases.Unrecorded{Replies: true, Resolutions: true, Remedies: true, Escalations: true, Reopenings: true}
	require.Equal(t, map[string]cases.Unrecorded{"acme/cases/1": all, "acme/cases/2": all, "acme/cases/3": {}}, unknown())

	call := cases.Call{Call: resource.Call{Principal: "principals/anna"}, Role: "service-agent"}
	_, err := f.cases.Resolve(t.Context(), call, "acme/cases/1", "", cases.Resolution{}, false)
	require.NoError(t, err)
	require.Equal(t, cases.Unrecorded{Escalations: true, Reopenings: true}, unknown()["acme/cases/1"], "resolved here, without a remedy")
	_, err = f.cases.Reopen(t.Context(), call, "acme/cases/1", "", "it began again")
	require.NoError(t, err)
	require.False(t, unknown()["acme/cases/1"].Reopenings)
}

// The same file with a column named that was not before tells what was not known.
func TestAColumnNamedLaterIsTakenOver(t *testing.T) {
	f := open(t, teststore.SQLite(t))
	s := start
	s.Unrecorded = cases.Unrecorded{Remedies: true, Escalations: true}
	f.run(t, s, "id,account,issue,channel,opened,replied,resolved\n1,acme,noise,phone,2026-02-02T09:00,,2026-02-03T09:00\n")
	whole := "id,account,issue,channel,opened,replied,resolved,remedy,escalated\n1,acme,noise,phone,2026-02-02T09:00,,2026-02-03T09:00,gift,yes\n"
	s.Unrecorded = cases.Unrecorded{}
	require.EqualValues(t, 1, f.run(t, s, whole).counts.Written)
	require.EqualValues(t, 1, f.run(t, s, whole).counts.AlreadyThere)
	s.Unrecorded = cases.Unrecorded{Remedies: true}
	require.EqualValues(t, 1, f.run(t, s, "id,account,issue,channel,opened,replied,resolved\n1,acme,noise,phone,2026-02-02T09:00,,2026-02-03T09:00\n").counts.AlreadyThere)
	found, err := f.cases.Get(t.Context(), "acme/cases/1")
	require.NoError(t, err)
	require.Equal(t, "gift", found.State.Remedy.ID)
	require.Equal(t, 1, found.State.Escalations)
	require.Equal(t, cases.Unrecorded{}, found.State.Unrecorded)
}
