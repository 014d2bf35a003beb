package meetings

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

func TestCallingAMeetingIsChecked(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	good := Meeting{Start: local("2026-03-12 16:00"), Duration: time.Hour}
	for _, c := range []struct {
		name, board, id string
		change          func(*Meeting)
		reason, text    string
	}{
		{"no board", "nowhere", "", nil, "NOT_FOUND", "boards/nowhere"},
		{"closed", "closed", "", nil, ReasonBoardState, "closed"},
		{"no start", "advisory", "", func(m *Meeting) { m.Start = time.Time{} }, "INVALID_ARGUMENT", "meeting.start_time: is needed"},
		{"long ago", "advisory", "", func(m *Meeting) { m.Start = local("1969-01-01 10:00") }, "INVALID_ARGUMENT", "meeting.start_time"},
		{"no length", "advisory", "", func(m *Meeting) { m.Duration = 0 }, "INVALID_ARGUMENT", "meeting.duration"},
		{"seconds", "advisory", "", func(m *Meeting) { m.Duration = 90 * time.Second }, "INVALID_ARGUMENT", "whole minutes"},
		{"zone", "advisory", "", func(m *Meeting) { m.Zone = "Mars/Base" }, "INVALID_ARGUMENT", "meeting.time_zone"},
		{"link", "advisory", "", func(m *Meeting) { m.Link = "ftp://files.example" }, "INVALID_ARGUMENT", "meeting.link"},
		{"item twice", "advisory", "", func(m *Meeting) { m.Agenda = []Item{{ID: "a"}, {ID: "a"}} }, "INVALID_ARGUMENT", "meeting.agenda[1].id"},
		{"paper", "advisory", "", func(m *Meeting) { m.Agenda = []Item{{Attachments: []Attachment{{"P", "x"}}}} }, "INVALID_ARGUMENT", "meeting.agenda[0].attachments[0].uri"},
		{"items", "advisory", "", func(m *Meeting) { m.Agenda = make([]Item, 101) }, "INVALID_ARGUMENT", "at most 100"},
		{"id", "advisory", "Big Meeting", nil, "INVALID_ARGUMENT", "meeting_id"},
		{"a day's id", "advisory", "2026-03-12", nil, "INVALID_ARGUMENT", "kept for the meeting that the charter foresees"},
	} {
		m := good
		if c.change != nil {
			c.change(&m)
		}
		_, err := f.Create(ctx, someone, c.board, c.id, m, false)
		require.Error(t, err, c.name)
		wantReason(t, err, c.reason, c.text)
	}
	tried, err := f.Create(ctx, someone, "advisory", "", good, true)
	require.NoError(t, err)
	require.Equal(t, "advisory/meetings/2026-03-12-1600", tried.ID)
	require.Equal(t, zone, tried.State.Zone, "the board's")
	require.Empty(t, f.dates(t))
	created, err := f.Create(ctx, call("c", "x"), "advisory", "", good, false)
	require.NoError(t, err)
	again, err := f.Create(ctx, call("c", "x"), "advisory", "", good, false)
	require.NoError(t, err)
	require.Equal(t, created.Version, again.Version)
	for _, check := range []bool{true, false} {
		_, err = f.Create(ctx, someone, "advisory", "", good, check)
		wantReason(t, err, "ALREADY_EXISTS", "2026-03-12-1600")
	}
}

func TestTheAgendaKeepsWhatWasRecorded(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	m := f.called(t)
	_, err := f.Recuse(ctx, someone, m.ID, "", "prices", Recusal{Account: "ash", Reason: "Competes."})
	require.NoError(t, err)
	_, err = f.Update(ctx, someone, m.ID, "", Patch{Agenda: &[]Item{{Title: "Other", Kind: Discussion}}})
	wantReason(t, err, "INVALID_ARGUMENT", "item prices (How prices are told) has recusals")
	changed, err := f.Update(ctx, someone, m.ID, "", Patch{Agenda: &[]Item{{ID: "prices", Title: "Prices", Kind: Discussion}, {Title: "Other", Kind: Discussion}}})
	require.NoError(t, err)
	require.Equal(t, "Prices", changed.State.Agenda[0].Title)
	require.Equal(t, "ash", changed.State.Agenda[0].Recusals[0].Account)
	require.Equal(t, "3", changed.State.Agenda[1].ID, "an id is not given twice")
	_, err = f.Update(ctx, someone, m.ID, m.Etag(), Patch{Title: ptr("x")})
	wantReason(t, err, "STALE_ETAG", "march")

	_, err = f.WithdrawRecusal(ctx, someone, m.ID, "", "prices", "birch", "Wrong.")
	wantReason(t, err, "NOT_FOUND", "birch does not stand aside")
	_, err = f.Recuse(ctx, someone, m.ID, "", "prices", Recusal{Account: "ash", Reason: "Again."})
	wantReason(t, err, "INVALID_ARGUMENT", "already")
	_, err = f.Recuse(ctx, someone, m.ID, "", "prices", Recusal{Account: "zoe", Reason: "No member."})
	wantReason(t, err, "INVALID_ARGUMENT", "holds no seat")
	_, err = f.Recuse(ctx, someone, m.ID, "", "none", Recusal{Account: "ash", Reason: "No item."})
	wantReason(t, err, "INVALID_ARGUMENT", `no item "none" on the agenda; there are [prices 3]`)
	back, err := f.WithdrawRecusal(ctx, someone, m.ID, "", "prices", "ash", "It does not compete.")
	require.NoError(t, err)
	item := back.State.Agenda[0]
	require.False(t, recused(item.Recusals, "ash"))
	require.Equal(t, &Withdrawal{"It does not compete.", f.clock.now(), "principals/anna"}, item.Recusals[0].Withdrawn, "that there was one stays")
	_, err = f.Recuse(ctx, someone, m.ID, "", "prices", Recusal{Account: "ash", Reason: "It does."})
	require.NoError(t, err)
}

func TestR37SuggestionsNameWhomTheItemConcernsAndWhoCompetes(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.boards.set(func(b *fakeBoards) {
		b.conflicts = []Conflict{{Member: "birch", With: "fir", Reason: "both are in Oil & Gas", Finding: "f7"}, {Member: "cedar", With: "gum", Reason: "declared competitors"}}
	})
	m, err := f.Create(ctx, someone, "advisory", "m", Meeting{Start: local("2026-03-12 16:00"), Duration: time.Hour, Agenda: []Item{
		{ID: "one", Concerns: []string{"ash", "fir"}}, {ID: "two"}, {ID: "three", Concerns: []string{"fir", "gum"}}}}, false)
	require.NoError(t, err)
	_, err = f.Recuse(ctx, someone, m.ID, "", "one", Recusal{Account: "ash", Reason: "It concerns ash."})
	require.NoError(t, err)
	list, err := f.SuggestRecusals(ctx, m.ID)
	require.NoError(t, err)
	require.Equal(t, []Suggestion{
		{Item: "one", Member: "ash", Concerned: "ash", Reason: "the item concerns it", Recorded: true},
		{Item: "one", Member: "birch", Concerned: "fir", Reason: "both are in Oil & Gas", Finding: "f7"},
		{Item: "three", Member: "birch", Concerned: "fir", Reason: "both are in Oil & Gas", Finding: "f7"},
		{Item: "three", Member: "cedar", Concerned: "gum", Reason: "declared competitors"},
	}, list)
	stored, err := f.Get(ctx, m.ID)
	require.NoError(t, err)
	require.Empty(t, stored.State.Agenda[2].Recusals, "nothing is recorded by itself")
}

func TestHoldingIsChecked(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	id := f.called(t).ID
	hold := func(opened time.Time, there ...Attendance) error {
		_, err := f.Hold(ctx, someone, id, "", opened, there)
		return err
	}
	f.clock.set(local("2026-03-11 17:00"))
	_, err := f.InviteMembers(ctx, someone, id, "", false)
	require.NoError(t, err)
	wantReason(t, hold(local("2026-03-12 16:00")), "INVALID_ARGUMENT", "still to come")
	f.clock.set(local("2026-03-20 17:00"))
	wantReason(t, hold(time.Time{}), "INVALID_ARGUMENT", "more than a day away")
	at := local("2026-03-12 16:00")
	wantReason(t, hold(at, Attendance{Account: "zoe", Stays: []Stay{{}}}), "INVALID_ARGUMENT", "attendance[0].account: accounts/zoe held no seat")
	wantReason(t, hold(at, Attendance{Account: "ash"}, Attendance{Account: "ash"}), "INVALID_ARGUMENT", "comes twice")
	wantReason(t, hold(at, Attendance{Account: "ash", Excused: true, Stays: []Stay{{}}}), "INVALID_ARGUMENT", "attendance[0].excused")
	wantReason(t, hold(at, Attendance{Account: "ash", Contact: "kim", Stays: []Stay{{}}}), ReasonSubstitute, "its contact jo")
	for _, stays := range [][]Stay{
		{{}, {}}, {{To: local("2026-03-12 15:59")}}, {{From: at}, {From: local("2026-03-12 17:00")}},
		{{To: local("2026-03-12 17:00")}, {From: local("2026-03-12 16:30")}}, {{From: local("2026-03-14 16:30")}}, {{From: local("2026-03-12 15:30")}},
	} {
		wantReason(t, hold(at, Attendance{Account: "ash", Stays: stays}), "INVALID_ARGUMENT", "attendance[0].stays")
	}
	f.boards.set(func(b *fakeBoards) { b.noCharter = true })
	wantReason(t, hold(at), ReasonNoCharter, "no charter")
	f.boards.set(func(b *fakeBoards) { b.noCharter, b.members = false, nil })
	wantReason(t, hold(at), ReasonNoMembers, "no member")
	f.boards.set(func(b *fakeBoards) { b.members, b.charter.Rules.Meetings.Substitutes = members("ash", "birch"), true })
	require.NoError(t, hold(at, Attendance{Account: "ash", Contact: "kim", Stays: []Stay{{}}}))

	// From here on, who are members and what the charter says changes nothing.
	f.boards.set(func(b *fakeBoards) { b.members, b.charter = members("cedar"), Charter{Version: 9} })
	m, err := f.RecordAttendance(ctx, someone, id, "", []Attendance{{Account: "birch", Stays: []Stay{{}}}})
	require.NoError(t, err)
	require.Equal(t, "kim", m.State.Attendance[0].Contact, "what was recorded of others stays")
	require.Equal(t, 2, m.State.Roll.Charter)
	require.Equal(t, Count{at, 1, 2, 0}, m.State.Quorum())
	f.wantsNoMore(t, m)
}

// A stay from before the meeting began is refused, but for one written with the minute in
// which it did.
func TestNobodyIsThereBeforeTheMeetingBegan(t *testing.T) {
	f := onSQLite(t)
	id := f.called(t).ID
	opened := local("2026-03-12 16:00").Add(37 * time.Second)
	f.clock.set(local("2026-03-12 17:00"))
	_, err := f.Hold(t.Context(), someone, id, "", opened, nil)
	require.NoError(t, err)
	record := func(from string) (resource.Stored[Meeting], error) {
		return f.RecordAttendance(t.Context(), someone, id, "", []Attendance{{Account: "ash", Stays: []Stay{{From: local(from)}}}})
	}
	_, err = record("2026-03-12 15:59")
	wantReason(t, err, "INVALID_ARGUMENT", "is before the meeting began, 12 March 2026 16:00")
	m, err := record("2026-03-12 16:00")
	require.NoError(t, err)
	require.Equal(t, opened.UTC(), m.State.Attendance[0].Stays[0].From)
}

// wantsNoMore wants a meeting that was held to be neither moved, cancelled, invited to
// nor held again.
func (f *fixture) wantsNoMore(t *testing.T, m resource.Stored[Meeting]) {
	t.Helper()
	ctx := t.Context()
	_, err := f.Move(ctx, someone, m.ID, "", Move{Start: local("2026-05-01 10:00"), Reason: "No."}, false)
	wantReason(t, err, ReasonMeetingState, "only while it is planned or invited")
	_, err = f.Cancel(ctx, someone, m.ID, "", Cancellation{Reason: "No."}, false)
	wantReason(t, err, ReasonMeetingState, "is held")
	_, err = f.InviteMembers(ctx, someone, m.ID, "", false)
	wantReason(t, err, ReasonMeetingState, "is held")
	_, err = f.Hold(ctx, someone, m.ID, "", m.State.Roll.Opened, nil)
	wantReason(t, err, ReasonMeetingState, "is held")
}

func TestDecisionsAreChecked(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	id := f.begun(t, "ash", "birch", "cedar").ID
	_, err := f.Recuse(ctx, someone, id, "", "2", Recusal{Account: "ash", Reason: "Its own matter."})
	require.NoError(t, err)
	good := Decision{Item: "prices", Text: "Yes.", Outcome: Adopted, Owner: "sam", Due: day("2026-03-12")}
	for _, c := range []struct {
		name         string
		change       func(*Decision)
		reason, text string
	}{
		{"item", func(d *Decision) { d.Item = "none" }, "INVALID_ARGUMENT", "decision.agenda_item"},
		{"text", func(d *Decision) { d.Text = "" }, "INVALID_ARGUMENT", "decision.text"},
		{"outcome", func(d *Decision) { d.Outcome = "" }, "INVALID_ARGUMENT", "decision.outcome"},
		{"owner", func(d *Decision) { d.Owner = "" }, "INVALID_ARGUMENT", "decision.owner"},
		{"due", func(d *Decision) { d.Due = nil }, "INVALID_ARGUMENT", "decision.due_date"},
		{"due before", func(d *Decision) { d.Due = day("2026-03-11") }, "INVALID_ARGUMENT", "before the meeting, on 2026-03-12"},
		{"owner of nothing", func(d *Decision) { d.Outcome, d.Due = Noted, nil }, "INVALID_ARGUMENT", "decision.owner"},
		{"due of nothing", func(d *Decision) { d.Outcome, d.Owner = Postponed, "" }, "INVALID_ARGUMENT", "decision.due_date"},
		{"twice", func(d *Decision) { d.Votes = []Vote{{"ash", For}, {"ash", For}} }, "INVALID_ARGUMENT", "decision.votes[1].account"},
		{"absent", func(d *Decision) { d.Votes = []Vote{{"elm", For}} }, "INVALID_ARGUMENT", "accounts/elm voted, and was not there"},
		{"no member", func(d *Decision) { d.Votes = []Vote{{"zoe", For}} }, "INVALID_ARGUMENT", "accounts/zoe voted"},
		{"too many", func(d *Decision) { d.Tally = &Tally{For: 3, Abstained: 1} }, "INVALID_ARGUMENT", "4 votes, and 3 who were there"},
		{"disagree", func(d *Decision) { d.Votes, d.Tally = []Vote{{"ash", For}}, &Tally{For: 2} }, "INVALID_ARGUMENT", "decision.tally"},
		{"lost", func(d *Decision) { d.Tally = &Tally{For: 1, Against: 1} }, "INVALID_ARGUMENT", "cannot be adopted with 1 for and 1 against"},
		{"won", func(d *Decision) { d.Outcome, d.Owner, d.Due, d.Tally = Rejected, "", nil, &Tally{For: 2} }, "INVALID_ARGUMENT", "cannot be rejected with 2 for and 0 against"},
		{"no quorum", func(d *Decision) { d.Item = "2" }, ReasonNoQuorum, "2 of the 3 needed"},
		{"rejected without quorum", func(d *Decision) { d.Item, d.Outcome, d.Owner, d.Due = "2", Rejected, "", nil }, ReasonNoQuorum, "postponed or noted"},
	} {
		d := good
		c.change(&d)
		_, err := f.Decide(ctx, someone, id, d)
		require.Error(t, err, c.name)
		wantReason(t, err, c.reason, c.text)
	}
	noted, err := f.Decide(ctx, someone, id, Decision{Item: "2", Text: "Heard.", Outcome: Noted, Tally: &Tally{Against: 1}})
	require.NoError(t, err)
	require.Equal(t, Status(""), noted.Status)
	_, err = f.TurnDecision(ctx, someone, id, noted.ID, "", Turn{Done, "x"})
	wantReason(t, err, ReasonDecisionState, "was not adopted")
	good.Votes = []Vote{{"ash", For}, {"birch", Against}, {"cedar", For}}
	adopted, err := f.Decide(ctx, someone, id, good)
	require.NoError(t, err)
	require.Equal(t, &Tally{For: 2, Against: 1}, adopted.Tally)

	// What would take quorum or voters from a decision is refused, and names it.
	_, err = f.RecordAttendance(ctx, someone, id, "", []Attendance{{Account: "cedar"}})
	wantReason(t, err, "INVALID_ARGUMENT", "decisions/2 would not stand: item prices has no quorum")
	_, err = f.Recuse(ctx, someone, id, "", "prices", Recusal{Account: "ash", Reason: "x"})
	wantReason(t, err, "INVALID_ARGUMENT", "decisions/2 would not stand")
	_, err = f.RecordAttendance(ctx, someone, id, "", []Attendance{{Account: "elm", Stays: []Stay{{}}}})
	require.NoError(t, err)
	_, err = f.Recuse(ctx, someone, id, "", "prices", Recusal{Account: "ash", Reason: "x"})
	wantReason(t, err, "INVALID_ARGUMENT", "accounts/ash voted")
	changed, err := f.UpdateDecision(ctx, someone, id, adopted.ID, "", DecisionPatch{Votes: &[]Vote{{"birch", For}, {"cedar", For}}})
	require.NoError(t, err)
	require.Equal(t, &Tally{For: 2}, changed.Tally)
	_, err = f.Recuse(ctx, someone, id, "", "prices", Recusal{Account: "ash", Reason: "x"})
	require.NoError(t, err)
}

func TestDecisionsAreFollowedUp(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	id := f.begun(t, "ash", "birch", "cedar").ID
	d, err := f.Decide(ctx, someone, id, Decision{Item: "prices", Text: "Yes.", Outcome: Adopted, Owner: "sam", Due: day("2026-03-31")})
	require.NoError(t, err)
	_, err = f.RecordMinutes(ctx, someone, id, strings.Repeat("x", 1000), "")
	require.NoError(t, err)
	_, err = f.Close(ctx, someone, id, "", local("2026-03-12 15:00"))
	wantReason(t, err, "INVALID_ARGUMENT", "before the meeting began")
	_, err = f.Close(ctx, someone, id, "", time.Time{})
	require.NoError(t, err)

	_, err = f.UpdateDecision(ctx, someone, id, d.ID, "", DecisionPatch{Text: ptr("No.")})
	wantReason(t, err, ReasonMeetingState, "minuted")
	_, err = f.Decide(ctx, someone, id, Decision{Item: "prices", Text: "More.", Outcome: Noted})
	wantReason(t, err, ReasonMeetingState, "minuted")
	moved, err := f.UpdateDecision(ctx, someone, id, d.ID, "", DecisionPatch{Owner: ptr("kim"), Due: ptr(day("2026-04-30"))})
	require.NoError(t, err)
	require.Equal(t, civil.Date(2026, 4, 30), *moved.Due)
	for _, c := range []struct {
		to     Status
		reason string
		want   error
	}{{Open, "Not yet.", errSeen}, {Dropped, "Too dear.", nil}, {Done, "x", errSeen}, {Dropped, "x", errSeen}, {Open, "Cheaper now.", nil}, {Done, "Done.", nil}, {Open, "Undone.", nil}} {
		got, err := f.TurnDecision(ctx, someone, id, d.ID, "", Turn{c.to, c.reason})
		if c.want != nil {
			wantReason(t, err, ReasonDecisionState, "decisions/1")
			continue
		}
		require.NoError(t, err)
		require.Equal(t, c.to, got.Status)
		require.Equal(t, c.reason, got.Note)
	}
	_, err = f.TurnDecision(ctx, someone, id, "9", "", Turn{Done, "x"})
	wantReason(t, err, "NOT_FOUND", "decisions/9")
	_, err = f.TurnDecision(ctx, someone, id, d.ID, d.Etag, Turn{Done, "x"})
	wantReason(t, err, "STALE_ETAG", "march")

	f.clock.set(local("2026-04-30 23:59"))
	got, err := f.GetDecision(ctx, id, d.ID)
	require.NoError(t, err)
	require.False(t, got.Late, "the last day is not over in the board's zone")
	f.clock.set(local("2026-05-01 00:00"))
	got, err = f.GetDecision(ctx, id, d.ID)
	require.NoError(t, err)
	require.True(t, got.Late)
}

func TestAMeetingNobodyWasInvitedToIsRecorded(t *testing.T) {
	f := onSQLite(t)
	id := f.called(t).ID
	f.clock.set(local("2026-03-12 17:00"))
	m, err := f.Hold(t.Context(), someone, id, "", local("2026-03-12 16:00"), []Attendance{{Account: "ash", Stays: []Stay{{}}}})
	require.NoError(t, err)
	require.Equal(t, Held, m.State.State)
	require.Empty(t, m.State.Invitations)
	require.Empty(t, f.outbox.take())
}

// A meeting is often closed days later: nobody said that it ended then.
func TestTheEndOfAMeeting(t *testing.T) {
	for name, c := range map[string]struct {
		left, said, want time.Time
	}{
		"nobody knows":         {},
		"when the last left":   {left: local("2026-03-12 17:40"), want: local("2026-03-12 17:40")},
		"as it was said":       {said: local("2026-03-12 18:10"), want: local("2026-03-12 18:10")},
		"what was said counts": {left: local("2026-03-12 17:40"), said: local("2026-03-12 17:45"), want: local("2026-03-12 17:45")},
	} {
		t.Run(name, func(t *testing.T) {
			f := onSQLite(t)
			id := f.begun(t, "ash").ID
			f.clock.set(local("2026-03-20 09:00"))
			_, err := f.RecordAttendance(t.Context(), someone, id, "", []Attendance{
				{Account: "ash", Stays: []Stay{{To: c.left}}}, {Account: "birch", Excused: true}})
			require.NoError(t, err)
			_, err = f.RecordMinutes(t.Context(), someone, id, "# Minutes", "")
			require.NoError(t, err)
			m, err := f.Close(t.Context(), someone, id, "", c.said)
			require.NoError(t, err)
			require.True(t, m.State.Ended.Equal(c.want), "%s", m.State.Ended)
		})
	}
}

func TestRefusedMinutesAreNotKept(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	id := f.called(t).ID
	_, err := f.RecordMinutes(ctx, someone, id, "Too early.", "")
	wantReason(t, err, ReasonMeetingState, "minutes are recorded")
	_, err = f.RecordMinutes(ctx, someone, "advisory/meetings/none", "Of nothing.", "")
	wantReason(t, err, "NOT_FOUND", "none")
	for d, err := range f.texts.All(ctx, docstore.Query{}) {
		require.NoError(t, err)
		t.Errorf("%s was kept: %s", d.ID, d.Body.Text)
	}
}

// What followers are told for good is no place for what people wrote about each other.
func TestEventsTellNoCommentsAndReasons(t *testing.T) {
	m := Meeting{Board: "advisory", State: Held, Reason: "secret", Agenda: []Item{{ID: "1", Title: "secret", Description: "secret",
		Recusals: []Recusal{{Account: "ash", Reason: "secret"}, {Account: "birch", Reason: "secret", Withdrawn: &Withdrawal{Reason: "secret"}}}}},
		Invitations: []Invitation{{Account: "ash", Answer: Declined, Comment: "secret"}, {Account: "birch", Withdrawn: true}},
		Roll:        &Roll{Needed: 3}, Attendance: []Attendance{{Account: "ash", Comment: "secret"}},
		Decisions: []Decision{{ID: "1", Item: "1", Text: "secret", Outcome: Adopted, Owner: "anna", Status: Done, Note: "secret",
			Votes: []Vote{{"ash", For}}}},
		Minutes: []Version{{Digest: "d", Comment: "secret"}}}
	raw, err := bson.Marshal(tell(m))
	require.NoError(t, err)
	require.NotContains(t, string(raw), "secret")
	told, ok := tell(m).(told)
	require.True(t, ok)
	require.Equal(t, map[string]Answer{"ash": Declined}, told.Answers)
	require.Equal(t, map[string][]string{"1": {"ash"}}, told.Recused)
	require.Equal(t, Adopted, told.Decisions[0].Outcome)
	require.Equal(t, "d", told.Digest)
}
