package sessions

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

var (
	hour   = Idea{Name: "ideas/hour", Title: "Tell us the hour", Text: "The *same* day\nis not needed.", Account: "acme", Decided: true, Outcome: feeds.Adopted, Reason: "It is worth more to you."}
	bikes  = Idea{Name: "ideas/bikes", Title: "By bicycle", Account: "brook"}
	decide = Decision{Text: "Own vans, at a fixed hour.", Reason: "You asked for the hour.", Changed: []string{"ideas/hour"}}
)

func TestR40ASessionIsAnsweredOnceEveryIdeaIs(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.held(t, hour, bikes)
		_, err := f.Answer(t.Context(), request("answer"), "vans", "", decide)
		told := wantFault(t, err, "STRATEGY_SESSION_UNDECIDED", "1 idea is undecided: ideas/bikes")
		require.ErrorIs(t, err, ErrUndecided)
		require.Equal(t, "ideas/bikes", told.Conditions[0].Subject)
		require.Equal(t, Asking, f.board.only(t).state, "ideas are still taken")

		answered := bikes
		answered.Decided, answered.Outcome, answered.Reason = true, feeds.Declined, "They carry too little."
		f.board.is(func(b *board) { b.asked[f.get(t).State.Solicitation].ideas[1] = answered })
		n, err := f.Answer(t.Context(), request("answer"), "vans", "", decide)
		require.NoError(t, err)
		require.Equal(t, Answered, n.State.State)
		require.Equal(t, &Decision{Text: decide.Text, Reason: decide.Reason, Changed: decide.Changed, Day: date(t, "2026-03-20"), By: "anna",
			Recorder: "principals/sam"}, n.State.Decision)
		a := f.board.only(t)
		require.Equal(t, Settled, a.state)
		require.Equal(t, "Own vans, at a fixed hour.\n\nYou asked for the hour.", a.answer)

		again, err := f.Answer(t.Context(), request("answer"), "vans", "", decide)
		require.NoError(t, err)
		require.Equal(t, n.Version, again.Version)
		_, err = f.Answer(t.Context(), someone, "vans", "", decide)
		wantFault(t, err, "STRATEGY_SESSION_STATE", "is answered")
	})
}

func TestR40AnAnswerThatWasLeftIsFinished(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.held(t, hour)
		id := f.get(t).State.Solicitation
		n, err := f.begin(t.Context(), request("other"), "vans", "", Step{Kind: Answering, Decision: &decide}, func(n *Session) error {
			f.board.is(func(b *board) { b.away, b.lose = errAway, true })
			return nil
		})
		wantFault(t, err, "UNAVAILABLE", "")
		require.Equal(t, Held, n.State.State)
		f.board.is(func(b *board) { b.away, b.lose = nil, false })
		require.Equal(t, Deciding, f.board.asked[id].state, "the first half was done")
		f.clock.later(patience)
		require.NoError(t, f.settleAll(t.Context()))
		require.Equal(t, Answered, f.get(t).State.State)
		require.Equal(t, Settled, f.board.asked[id].state)
	})
}

// The owner has answered the solicitation at the board service by themselves.
func TestR40WhatWasAnsweredAtTheBoardIsAnsweredHereToo(t *testing.T) {
	f := onSQLite(t)
	n := f.held(t, hour)
	f.board.is(func(b *board) { b.asked[n.State.Solicitation].state = Settled })
	answered, err := f.Answer(t.Context(), someone, "vans", "", decide)
	require.NoError(t, err)
	require.Equal(t, Answered, answered.State.State)
}

func TestR40DecisionsAreWhole(t *testing.T) {
	f := onSQLite(t)
	f.held(t, hour)
	f.clock.later(24 * time.Hour)
	for text, change := range map[string]func(*Decision){
		"decision.text":              func(d *Decision) { d.Text = "" },
		"decision.reason":            func(d *Decision) { d.Reason = "" },
		"has not come yet":           func(d *Decision) { d.Day = date(t, "2026-03-22") },
		"before the session":         func(d *Decision) { d.Day = date(t, "2026-03-19") },
		"principals/nobody":          func(d *Decision) { d.By = "nobody" },
		"ideas/none is no idea":      func(d *Decision) { d.Changed = []string{"ideas/none"} },
		"changed_by[1]: ideas/hour ": func(d *Decision) { d.Changed = []string{"ideas/hour", "ideas/hour"} },
	} {
		d := decide
		change(&d)
		_, err := f.Answer(t.Context(), someone, "vans", "", d)
		wantFault(t, err, "INVALID_ARGUMENT", text)
	}
	d := decide
	d.By, d.Day = "ben", date(t, "2026-03-20")
	n, err := f.Answer(t.Context(), someone, "vans", "", d)
	require.NoError(t, err)
	require.Equal(t, "ben", n.State.Decision.By)
}

func TestWhoCameWasInvited(t *testing.T) {
	f := onSQLite(t)
	f.opened(t)
	hold := func(on civil.Day, came ...Attendee) error {
		_, err := f.Hold(t.Context(), someone, "vans", "", on, came, "")
		return err
	}
	wantFault(t, hold(date(t, "2026-03-07")), "INVALID_ARGUMENT", "has not come yet")
	wantFault(t, hold(0, Attendee{Account: "corner"}), "INVALID_ARGUMENT", "accounts/corner was not invited")
	wantFault(t, hold(0, Attendee{Account: "acme", Contact: "nobody"}), "INVALID_ARGUMENT", "attendance[0].contact")
	wantFault(t, hold(0, Attendee{Account: "acme"}, Attendee{Account: "acme"}), "INVALID_ARGUMENT", "twice")
	_, err := f.RecordAttendance(t.Context(), someone, "vans", "", nil)
	wantFault(t, err, "STRATEGY_SESSION_STATE", "only to one that is held")
	_, err = f.Answer(t.Context(), someone, "vans", "", decide)
	wantFault(t, err, "STRATEGY_SESSION_STATE", "is open, and this can be done only to one that is held")

	require.NoError(t, hold(0, Attendee{Account: "acme", Contact: "jo"}))
	n, err := f.RecordAttendance(t.Context(), request("came"), "vans", "", []Attendee{{Account: "brook"}})
	require.NoError(t, err)
	require.Equal(t, []Attendee{{Account: "brook"}}, n.State.Attendance)
	require.Equal(t, date(t, "2026-03-06"), n.State.HeldOn)
}

func TestR40WorkIsToldOfThoseWhoCame(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		n := f.held(t, hour)
		_, err := f.Answer(t.Context(), someone, "vans", "", decide)
		require.NoError(t, err)
		var works []*feeds.Work
		for _, e := range f.told(t) {
			w, err := Work(e)
			require.NoError(t, err)
			if w != nil {
				works = append(works, w)
			}
			require.NotContains(t, string(e.Data), "They want an hour.", "%s tells what was said", e.Type)
		}
		require.Equal(t, []*feeds.Work{{Name: "strategySessions/vans", Kind: "session", Title: "Our own vans", Account: "acme", Others: []string{"brook"},
			Persons: []string{"anna"}, Completed: f.clock.now(), Recorder: "principals/sam", Contacts: []string{"jo"},
			Evidence: []string{"solicitations/" + n.State.Solicitation, "ideas/hour"}}}, works)
	})
}
