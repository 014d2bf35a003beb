package rpc

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/cases"
)

// What a filter bounds is looked for within these bounds, in whole milliseconds.
func TestFiltersOfCasesBoundTheIndex(t *testing.T) {
	at := func(text string) time.Time {
		if text == "" {
			return time.Time{}
		}
		at, err := time.Parse(time.RFC3339Nano, "2026-03-09T17:00:0"+text+"Z")
		require.NoError(t, err)
		return at
	}
	for _, tc := range []struct {
		filter, openedFrom, openedTo, dueFrom, dueTo string
		byDue                                        bool
	}{
		{filter: `breached = true`},
		{filter: `open_time >= "2026-03-09T17:00:00Z"`, openedFrom: "0"},
		{filter: `open_time > "2026-03-09T17:00:00Z"`, openedFrom: "0.001"},
		{filter: `open_time >= "2026-03-09T17:00:00.0001Z"`, openedFrom: "0.001"},
		{filter: `open_time < "2026-03-09T17:00:00Z"`, openedTo: "0"},
		{filter: `open_time <= "2026-03-09T17:00:00Z"`, openedTo: "0.001"},
		{filter: `open_time < "2026-03-09T17:00:00.0001Z"`, openedTo: "0.001"},
		{filter: `open_time = "2026-03-09T17:00:00Z"`, openedFrom: "0", openedTo: "0.001"},
		{filter: `open_time >= "2026-03-09T17:00:00Z" AND open_time < "2026-03-09T17:00:09Z" AND breached = false`, openedFrom: "0", openedTo: "9"},
		{filter: `open_time >= "2026-03-09T17:00:00Z" OR breached = true`},
		{filter: `NOT open_time >= "2026-03-09T17:00:00Z"`},
		{filter: `due_time > "2026-03-09T17:00:00Z"`, dueFrom: "0.001", byDue: true},
		{filter: `due_time <= "2026-03-09T17:00:00Z" AND open_time > "2026-03-09T17:00:05Z"`, openedFrom: "5.001", dueTo: "0.001", byDue: true},
	} {
		q, err := caseQuery(&entitlementsv1.ListCasesRequest{Parent: "accounts/-", Filter: tc.filter}, at("0"))
		require.NoError(t, err, tc.filter)
		require.NotNil(t, q.Keep)
		q.Keep = nil
		require.Equal(t, cases.Query{OpenedFrom: at(tc.openedFrom), OpenedTo: at(tc.openedTo), DueFrom: at(tc.dueFrom), DueTo: at(tc.dueTo), ByDue: tc.byDue}, q, tc.filter)
	}
}

func TestWrongListsOfCasesAreRefused(t *testing.T) {
	for _, tc := range []struct{ filter, order, want string }{
		{`breached = maybe`, "", `breached is true or false, not "maybe"`},
		{`open_time > yesterday`, "", `open_time is an instant`},
		{`due_time < "2026-03-09"`, "", `due_time is an instant`},
		{`state = CLOSED`, "", `state is one of`},
		{`reopen_count > often`, "", `reopen_count is a whole number`},
		{`band = "high"`, "", `no field band`},
		{``, "subject", `cannot order by subject`},
		{``, "open_time, due_time", `names two times`},
	} {
		_, err := caseQuery(&entitlementsv1.ListCasesRequest{Parent: "accounts/-", Filter: tc.filter, OrderBy: tc.order}, time.Time{})
		require.ErrorContains(t, err, tc.want)
	}
}
