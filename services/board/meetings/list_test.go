package meetings

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// followed makes three meetings of two boards, with 0, 3 and 2 decisions.
func (f *fixture) followed(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	for i, m := range []struct {
		board, id string
		decisions int
	}{{"advisory", "one", 0}, {"advisory", "two", 3}, {"other", "one", 2}} {
		f.clock.set(local("2026-03-01 09:00"))
		start := local("2026-03-12 10:00").Add(time.Duration(i) * time.Hour)
		stored, err := f.Create(ctx, someone, m.board, m.id, Meeting{Start: start, Duration: time.Hour, Agenda: []Item{{ID: "x", Title: "X", Kind: ForDecision}}}, false)
		require.NoError(t, err)
		_, err = f.InviteMembers(ctx, someone, stored.ID, "", false)
		require.NoError(t, err)
		f.clock.set(start)
		_, err = f.Hold(ctx, someone, stored.ID, "", start, []Attendance{{Account: "ash", Stays: []Stay{{}}}, {Account: "birch", Stays: []Stay{{}}}, {Account: "elm", Stays: []Stay{{}}}})
		require.NoError(t, err)
		for n := range m.decisions {
			_, err = f.Decide(ctx, someone, stored.ID, Decision{Item: "x", Text: fmt.Sprint(n), Outcome: Adopted, Owner: []string{"sam", "kim"}[n%2],
				Due: day(fmt.Sprintf("2026-04-0%d", n+1))})
			require.NoError(t, err)
		}
	}
}

func TestDecisionsAreListedByOwnerAndWhetherOverdue(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.followed(t)
		f.clock.set(local("2026-04-03 12:00"))
		late := func(d FollowedUp) bool { return d.Late }
		for _, c := range []struct {
			query DecisionQuery
			want  []string
		}{
			{DecisionQuery{}, []string{"advisory/two/1", "advisory/two/2", "advisory/two/3", "other/one/1", "other/one/2"}},
			{DecisionQuery{Board: "advisory"}, []string{"advisory/two/1", "advisory/two/2", "advisory/two/3"}},
			{DecisionQuery{Board: "advisory", Meeting: "one"}, nil},
			{DecisionQuery{Board: "other", Meeting: "one"}, []string{"other/one/1", "other/one/2"}},
			{DecisionQuery{Meeting: "two"}, []string{"advisory/two/1", "advisory/two/2", "advisory/two/3"}},
			{DecisionQuery{Owner: ptr("sam")}, []string{"advisory/two/1", "advisory/two/3", "other/one/1"}},
			{DecisionQuery{Owner: ptr("sam"), Board: "other"}, []string{"other/one/1"}},
			{DecisionQuery{Owner: ptr("")}, nil},
			{DecisionQuery{Keep: late}, []string{"advisory/two/1", "advisory/two/2", "other/one/1", "other/one/2"}},
			{DecisionQuery{Owner: ptr("kim"), Keep: late}, []string{"advisory/two/2", "other/one/2"}},
		} {
			for size := 1; size <= 6; size++ {
				q := c.query
				q.Size = size
				require.Equal(t, c.want, f.decisions(t, q), "%+v by %d", c.query, size)
			}
		}
		_, err := f.ListDecisions(t.Context(), DecisionQuery{Board: "nowhere", Size: 1})
		wantReason(t, err, "NOT_FOUND", "boards/nowhere")
		_, err = f.ListDecisions(t.Context(), DecisionQuery{Board: "other", Meeting: "two", Size: 1})
		wantReason(t, err, "NOT_FOUND", "boards/other/meetings/two")
	})
}

// decisions are the ids of all decisions that a query finds, page by page.
func (f *fixture) decisions(t *testing.T, q DecisionQuery) (ids []string) {
	t.Helper()
	for {
		page, err := f.ListDecisions(t.Context(), q)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Items), q.Size)
		for _, d := range page.Items {
			ids = append(ids, fmt.Sprintf("%s/%s/%s", d.Meeting[:len(d.Meeting)-len("/meetings/xxx")], names.Last(d.Meeting), d.ID))
		}
		if q.After = page.Next; q.After == nil {
			return ids
		}
	}
}

func TestMeetingsAreListedByTheirBeginning(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.followed(t)
		for _, c := range []struct {
			query Query
			want  []string
		}{
			{Query{}, []string{"advisory/meetings/one", "advisory/meetings/two", "other/meetings/one"}},
			{Query{Descending: true}, []string{"other/meetings/one", "advisory/meetings/two", "advisory/meetings/one"}},
			{Query{Board: "advisory"}, []string{"advisory/meetings/one", "advisory/meetings/two"}},
			{Query{Board: "advisory", From: local("2026-03-12 10:01")}, []string{"advisory/meetings/two"}},
			{Query{From: local("2026-03-12 11:00"), To: local("2026-03-12 12:00")}, []string{"advisory/meetings/two"}},
			{Query{Keep: func(m resource.Stored[Meeting]) bool { return len(m.State.Decisions) == 2 }}, []string{"other/meetings/one"}},
		} {
			for size := 1; size <= 4; size++ {
				q, got := c.query, []string(nil)
				q.Size = size
				for {
					page, err := f.List(t.Context(), q)
					require.NoError(t, err)
					for _, m := range page.Items {
						got = append(got, m.ID)
					}
					if q.After = page.Next; q.After == nil {
						break
					}
				}
				require.Equal(t, c.want, got, "%+v by %d", c.query, size)
			}
		}
		_, err := f.List(t.Context(), Query{Board: "nowhere", Size: 1})
		wantReason(t, err, "NOT_FOUND", "boards/nowhere")
	})
}

func TestCalendarsShowMeetingsAndWhatIsDue(t *testing.T) {
	var _ calendar.Source = (*Meetings)(nil)
	f := onSQLite(t)
	ctx := t.Context()
	f.followed(t)
	events := func(from, to string) (list []calendar.Event) {
		list, err := f.Events(ctx, "boards/advisory", local(from), local(to))
		require.NoError(t, err)
		return list
	}
	uids := func(events []calendar.Event) (list []string) {
		for _, e := range events {
			list = append(list, e.UID+" "+string(e.Status))
		}
		slices.Sort(list)
		return list
	}
	two := "boards/advisory/meetings/two"
	require.Equal(t, []string{"boards/advisory/meetings/one confirmed", two + " confirmed", two + "/decisions/1#due confirmed",
		two + "/decisions/2#due confirmed", two + "/decisions/3#due confirmed"}, uids(events("2026-03-01 00:00", "2026-05-01 00:00")))
	require.Equal(t, []string{two + "/decisions/2#due confirmed"}, uids(events("2026-04-02 00:00", "2026-04-03 00:00")))
	due := events("2026-04-02 00:00", "2026-04-03 00:00")[0]
	require.True(t, due.AllDay)
	require.Equal(t, local("2026-04-02 00:00"), due.Start.UTC())
	require.Empty(t, due.Accounts, "what the company has to do is no member's matter")
	require.Equal(t, "1\nOwner: principals/kim", due.Private)
	_, err := f.TurnDecision(ctx, someone, "advisory/meetings/two", "2", "", Turn{Done, "Done."})
	require.NoError(t, err)
	require.Equal(t, []string{two + "/decisions/2#due cancelled"}, uids(events("2026-04-02 00:00", "2026-04-03 00:00")))

	f.clock.set(local("2026-05-01 00:00"))
	planned, err := f.Create(ctx, someone, "advisory", "three", Meeting{Start: local("2026-06-01 10:00"), Duration: time.Hour, Title: "Summer"}, false)
	require.NoError(t, err)
	tentative := events("2026-06-01 00:00", "2026-06-02 00:00")[0]
	require.Equal(t, calendar.Tentative, tentative.Status)
	require.Len(t, tentative.Accounts, 5, "of those who will be members")
	_, err = f.InviteMembers(ctx, someone, planned.ID, "", false)
	require.NoError(t, err)
	_, err = f.RecordAnswer(ctx, someone, planned.ID, "", Reply{Account: "ash", Answer: Declined})
	require.NoError(t, err)
	_, err = f.Move(ctx, someone, planned.ID, "", Move{Start: local("2026-06-02 10:00"), Reason: "Fair."}, false)
	require.NoError(t, err)
	require.Empty(t, events("2026-06-01 00:00", "2026-06-02 00:00"))
	moved := events("2026-06-02 10:30", "2026-06-02 10:45")[0]
	require.Equal(t, "Customer Advisory Board: Summer", moved.Summary)
	require.Equal(t, 1, moved.Sequence)
	require.Len(t, moved.Accounts, 5)
	require.Contains(t, moved.Private, "No answer: ASH Ltd")
	_, err = f.Cancel(ctx, someone, planned.ID, "", Cancellation{Reason: "Flood."}, false)
	require.NoError(t, err)
	cancelled := events("2026-06-02 00:00", "2026-06-03 00:00")[0]
	require.Equal(t, calendar.Cancelled, cancelled.Status)
	require.Equal(t, 2, cancelled.Sequence)
	require.Equal(t, moved.UID, cancelled.UID)
	_, err = f.Events(ctx, "boards/nowhere", time.Time{}, time.Now())
	wantReason(t, err, "NOT_FOUND", "boards/nowhere")
}

// Two secretaries who saw the same meeting: one changes it, the other is told.
func TestTwoSecretariesAtOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		m := f.called(t)
		ended := make(chan error, 8)
		for n := range cap(ended) {
			go func() {
				_, err := f.Move(t.Context(), someone, m.ID, m.Etag(), Move{Start: local(fmt.Sprintf("2026-04-1%d 10:00", n)), Reason: "Fair."}, false)
				ended <- err
			}()
		}
		won := 0
		for range cap(ended) {
			if err := <-ended; err == nil {
				won++
			} else {
				wantReason(t, err, "STALE_ETAG", "march")
			}
		}
		require.Equal(t, 1, won)
		got, err := f.Get(t.Context(), m.ID)
		require.NoError(t, err)
		require.Equal(t, 1, got.State.Sequence)
	})
}
