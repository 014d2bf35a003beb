package meetings

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource"
)

// agenda is of three items: the second concerns fir, the third nobody.
var agenda = []Item{
	{Title: "Welcome", Kind: Information},
	{ID: "prices", Title: "How prices are told", Kind: ForDecision, Concerns: []string{"fir"}},
	{Title: "Plans", Kind: Discussion, Duration: 20 * time.Minute, Attachments: []Attachment{{"Paper", "https://papers.example/1"}}},
}

// called calls the meeting of 12 March 2026, 16:00 to 18:00.
func (f *fixture) called(t testing.TB) resource.Stored[Meeting] {
	t.Helper()
	m, err := f.Create(t.Context(), someone, "advisory", "march", Meeting{Start: local("2026-03-12 16:00"), Duration: 2 * time.Hour,
		Title: "Spring meeting", Place: "Room 4", Agenda: agenda}, false)
	require.NoError(t, err)
	return m
}

// begun is that meeting, invited to and begun at 16:00 with these members there.
func (f *fixture) begun(t testing.TB, there ...string) resource.Stored[Meeting] {
	t.Helper()
	m := f.called(t)
	_, err := f.InviteMembers(t.Context(), someone, m.ID, "", false)
	require.NoError(t, err)
	f.clock.set(local("2026-03-12 16:05"))
	var attendance []Attendance
	for _, account := range there {
		attendance = append(attendance, Attendance{Account: account, Stays: []Stay{{}}})
	}
	m, err = f.Hold(t.Context(), someone, m.ID, "", local("2026-03-12 16:00"), attendance)
	require.NoError(t, err)
	return m
}

func TestR37AMeetingFromCallToApprovedMinutes(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		m := f.called(t)
		id := m.ID
		require.Equal(t, "boards/advisory/meetings/march", Name(id))
		require.Equal(t, []string{"1", "prices", "2"}, []string{m.State.Agenda[0].ID, m.State.Agenda[1].ID, m.State.Agenda[2].ID})

		m, err := f.InviteMembers(ctx, someone, id, m.Etag(), false)
		require.NoError(t, err)
		require.Equal(t, Invited, m.State.State)
		require.Len(t, f.outbox.take(), 5)
		m, err = f.RecordAnswer(ctx, someone, id, "", Reply{Account: "ash", Answer: Accepted, Comment: "Gladly."})
		require.NoError(t, err)
		require.Equal(t, "jo", m.State.Invitations[0].By)

		f.boards.set(func(b *fakeBoards) {
			b.conflicts = []Conflict{{Member: "birch", With: "fir", Reason: "declared competitors"}}
		})
		suggested, err := f.SuggestRecusals(ctx, id)
		require.NoError(t, err)
		require.Equal(t, []Suggestion{{Item: "prices", Member: "birch", Concerned: "fir", Reason: "declared competitors"}}, suggested)
		_, err = f.Recuse(ctx, someone, id, "", "prices", Recusal{Account: "birch", Reason: "Competes with fir.", Finding: "f1"})
		require.NoError(t, err)

		f.clock.set(local("2026-03-12 16:05"))
		m, err = f.Hold(ctx, someone, id, "", local("2026-03-12 16:02"), []Attendance{
			{Account: "ash", Stays: []Stay{{}}}, {Account: "birch", Stays: []Stay{{}}}, {Account: "cedar", Stays: []Stay{{Remote: true}}},
			{Account: "dogwood", Excused: true}})
		require.NoError(t, err)
		require.Equal(t, Held, m.State.State)
		require.Equal(t, 2, m.State.Roll.Charter)
		require.Equal(t, "50 % of the filled seats", m.State.Roll.Rule)
		require.Equal(t, 3, m.State.Roll.Needed, "half of five, rounded up")
		require.True(t, m.State.Quorum().Met())

		f.clock.set(local("2026-03-12 17:00"))
		m, err = f.TakeUp(ctx, someone, id, "", "prices", local("2026-03-12 16:30"))
		require.NoError(t, err)
		require.Equal(t, Count{At: local("2026-03-12 16:30"), Needed: 3, Present: 3, Recused: 1}, m.State.ItemQuorum(*m.State.item("prices")))
		decision := Decision{Item: "prices", Text: "Tell prices a month ahead.", Outcome: Adopted, Owner: "sam", Due: day("2026-06-30"),
			Votes: []Vote{{"ash", For}, {"cedar", For}}}
		_, err = f.Decide(ctx, someone, id, decision)
		wantReason(t, err, ReasonNoQuorum, "2 of the 3 needed counted, of 3 present 1 standing aside")

		_, err = f.RecordAttendance(ctx, someone, id, "", []Attendance{{Account: "elm", Stays: []Stay{{From: local("2026-03-12 16:20")}}}})
		require.NoError(t, err)
		decided, err := f.Decide(ctx, call("r1", "x"), id, decision)
		require.NoError(t, err)
		require.Equal(t, "boards/advisory/meetings/march/decisions/1", decided.Name())
		require.Equal(t, Open, decided.Status)
		require.Equal(t, &Tally{For: 2}, decided.Tally)
		again, err := f.Decide(ctx, call("r1", "x"), id, decision)
		require.NoError(t, err)
		require.Equal(t, decided, again, "a retry records nothing")

		_, err = f.Close(ctx, someone, id, "", time.Time{})
		wantReason(t, err, ReasonMinutes, "no minutes yet")
		_, err = f.RecordMinutes(ctx, someone, id, "# Minutes", "")
		require.NoError(t, err)
		m, err = f.Close(ctx, someone, id, "", local("2026-03-12 16:55"))
		require.NoError(t, err)
		require.Equal(t, Minuted, m.State.State)
		f.approve(t, id)

		f.clock.set(local("2026-07-01 00:00"))
		late, err := f.GetDecision(ctx, id, "1")
		require.NoError(t, err)
		require.True(t, late.Late)
		done, err := f.TurnDecision(ctx, someone, id, "1", late.Etag, Turn{Done, "Letters went out."})
		require.NoError(t, err)
		require.False(t, done.Late)
		require.Equal(t, Done, done.Status)
		f.wantEvents(t)
	})
}

// approve mends the minutes of a meeting and has a later one approve them.
func (f *fixture) approve(t *testing.T, id string) {
	t.Helper()
	ctx := t.Context()
	v2, err := f.RecordMinutes(ctx, call("m2", "x"), id, "# Minutes\n\nMended.", "Names mended.")
	require.NoError(t, err)
	require.Equal(t, 2, v2.Number)
	again, err := f.RecordMinutes(ctx, call("m2", "x"), id, "# Minutes\n\nMended.", "Names mended.")
	require.NoError(t, err)
	require.Equal(t, v2, again)
	_, err = f.RecordMinutes(ctx, someone, id, "# Minutes\n\nMended.", "")
	wantReason(t, err, "INVALID_ARGUMENT", "the same as in version 2")

	next, err := f.Create(ctx, someone, "advisory", "april", Meeting{Start: local("2026-04-09 16:00"), Duration: time.Hour}, false)
	require.NoError(t, err)
	_, err = f.ApproveMinutes(ctx, someone, id, 2, "", next.ID)
	wantReason(t, err, ReasonMeetingState, "planned")
	_, err = f.InviteMembers(ctx, someone, next.ID, "", false)
	require.NoError(t, err)
	f.clock.set(local("2026-04-09 16:00"))
	_, err = f.Hold(ctx, someone, next.ID, "", time.Time{}, nil)
	require.NoError(t, err)
	_, err = f.ApproveMinutes(ctx, someone, id, 1, "", next.ID)
	wantReason(t, err, ReasonMinutes, "minutes/2")
	_, err = f.ApproveMinutes(ctx, someone, id, 3, "", next.ID)
	wantReason(t, err, "NOT_FOUND", "minutes/3")
	_, err = f.ApproveMinutes(ctx, someone, id, 2, "", id)
	wantReason(t, err, "INVALID_ARGUMENT", "not a later meeting")
	m, err := f.ApproveMinutes(ctx, someone, id, 2, "", next.ID)
	require.NoError(t, err)
	require.Equal(t, "april", m.State.Approval.Meeting)
	_, err = f.RecordMinutes(ctx, someone, id, "Another text.", "")
	wantReason(t, err, ReasonMinutes, "approved as version 2")

	first, err := f.GetMinutes(ctx, id, 1)
	require.NoError(t, err)
	require.Equal(t, "# Minutes", first.Text)
	require.False(t, first.Approved)
	list, err := f.ListMinutes(ctx, id)
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.True(t, list[1].Approved)
	require.Equal(t, "Names mended.", list[1].Comment)
	_, err = f.GetMinutes(ctx, id, 3)
	wantReason(t, err, "NOT_FOUND", "minutes/3")
}

// wantEvents wants the feed to tell who did what, and no text of the minutes.
func (f *fixture) wantEvents(t *testing.T) {
	t.Helper()
	require.NoError(t, f.store.Flush(t.Context()))
	var kinds []string
	events, err := f.store.Feed().Read(t.Context(), 0, 100)
	require.NoError(t, err)
	for _, e := range events {
		if e.Source == "meetings/advisory/meetings/march" {
			kinds = append(kinds, e.Type)
		}
		require.Contains(t, []string{"principals/anna", itself}, e.Who)
		require.NotContains(t, string(e.Data), "# Minutes")
	}
	require.Equal(t, []string{"meeting.called", "meeting.invited", "meeting.notified", "meeting.answered", "meeting.recused", "meeting.held",
		"meeting.item_taken_up", "meeting.attendance_recorded", "meeting.decision_recorded", "meeting.minutes_recorded", "meeting.closed",
		"meeting.minutes_recorded", "meeting.minutes_approved", "meeting.decision_completed"}, kinds)
}
