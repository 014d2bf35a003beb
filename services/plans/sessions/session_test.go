package sessions

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

func TestR11WhatWasAskedStays(t *testing.T) {
	f := onSQLite(t)
	edit := func(change func(*Definition)) error {
		_, err := f.Update(t.Context(), someone, "vans", "", "", func(d *Definition) error {
			change(d)
			return nil
		})
		return err
	}
	f.drafted(t)
	require.NoError(t, edit(func(d *Definition) { d.Question = "Should we deliver with our own vans?" }))
	_, err := f.Open(t.Context(), someone, "vans", "", false)
	require.NoError(t, err)
	for name, change := range map[string]func(*Definition){
		"question": func(d *Definition) { d.Question = "What else?" },
		"leaning":  func(d *Definition) { d.Leaning = "No." },
		"accounts": func(d *Definition) { d.Invited = d.Invited[:1] },
	} {
		wantFault(t, edit(change), "STRATEGY_SESSION_STATE", "what was asked of whom")
		require.NotNil(t, change, name)
	}
	require.NoError(t, edit(func(d *Definition) {
		d.Starts, d.Place = d.Starts.Add(time.Hour), "Town hall"
		d.Invited = []Invited{{Account: "acme", Contacts: []string{"jo", "al"}}, {Account: "brook"}, {Account: "planless"}}
	}))
	_, err = f.Hold(t.Context(), someone, "vans", "", 0, nil, "")
	require.NoError(t, err)
	wantFault(t, edit(func(d *Definition) { d.Place = "Elsewhere" }), "STRATEGY_SESSION_STATE", "only its title, its notes, its owner and its days")
	require.NoError(t, edit(func(d *Definition) { d.Notes = "They want an hour." }))
	require.Equal(t, "They want an hour.", f.get(t).State.Notes)
}

// Who answers and by when can be changed of an opened session, with a reason, and the board
// service is told; what else is changed in the same call is changed with it.
func TestR11WhoAnswersAndByWhenCanBeChanged(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		opened := f.opened(t)
		days := func(text string) civil.Day { return date(t, text) }
		change := func(id, etag, reason string, edit func(*Definition)) (resource.Stored[Session], error) {
			return f.Update(t.Context(), request(id), "vans", etag, reason, func(d *Definition) error {
				edit(d)
				return nil
			})
		}
		for name, tt := range map[string]struct {
			reason, field string
			edit          func(*Definition)
		}{
			"no reason":             {"", "reason", func(d *Definition) { d.Owner = "ben" }},
			"nobody":                {"Ill.", "strategy_session.owner", func(d *Definition) { d.Owner = "nobody" }},
			"no decision":           {"Later.", "strategy_session.decision_date", func(d *Definition) { d.Decides = 0 }},
			"decision before ideas": {"Sooner.", "strategy_session.decision_date", func(d *Definition) { d.Decides = d.Closes - 1 }},
			"ideas before it meets": {"Sooner.", "strategy_session.close_date", func(d *Definition) { d.Closes-- }},
			"it meets after ideas":  {"Later.", "strategy_session.close_date", func(d *Definition) { d.Starts = d.Starts.AddDate(0, 0, 1) }},
		} {
			_, err := change(name, "", tt.reason, tt.edit)
			wantFault(t, err, "INVALID_ARGUMENT", tt.field)
		}
		require.Equal(t, opened.Version, f.get(t).Version)
		require.Empty(t, f.board.only(t).changed)

		later := func(d *Definition) {
			d.Owner, d.Closes, d.Decides, d.Place = "ben", days("2026-03-25"), days("2026-04-10"), "Town hall"
		}
		_, err := change("stale", "old", "Figures come later.", later)
		require.ErrorIs(t, err, resource.ErrStale)
		n, err := change("later", opened.Etag(), "Figures come later.", later)
		require.NoError(t, err)
		require.Equal(t, []any{"ben", days("2026-03-25"), days("2026-04-10"), "Town hall", Open, false},
			[]any{n.State.Owner, n.State.Closes, n.State.Decides, n.State.Place, n.State.State, n.State.Pending})
		require.Equal(t, []Change{{Owner: "ben", Closes: days("2026-03-25"), Decides: days("2026-04-10"), Reason: "Figures come later."}}, f.board.only(t).changed)
		again, err := change("later", opened.Etag(), "Figures come later.", later)
		require.NoError(t, err, "a retry gets the first answer")
		require.Equal(t, n.Version, again.Version)
		told := f.told(t)
		require.Equal(t, "strategy_session.updated", told[len(told)-1].Type)
		require.Equal(t, "principals/sam", told[len(told)-1].Who)

		_, err = f.Hold(t.Context(), someone, "vans", "", 0, nil, "")
		require.NoError(t, err)
		n, err = change("after", "", "One more week.", func(d *Definition) { d.Decides = days("2026-04-17") })
		require.NoError(t, err, "also after it was held")
		require.Equal(t, days("2026-04-17"), n.State.Decides)
		require.Equal(t, Held, n.State.State)
		require.Equal(t, days("2026-04-17"), f.board.only(t).Decides)

		// What was promised first counts, as at the board service: the words say both days.
		require.Equal(t, days("2026-03-31"), n.State.Promised)
		require.Equal(t, []bool{false, true}, []bool{n.State.Overdue(days("2026-03-31")), n.State.Overdue(days("2026-04-01"))})
		f.board.is(func(b *board) { b.asked[n.State.Solicitation].ideas = []Idea{bikes} })
		for at, want := range map[string]string{"2026-03-31": "We promised an answer by 31 March 2026; it was put off to 17 April 2026.",
			"2026-04-01": "should have been by 31 March 2026; it was put off to 17 April 2026."} {
			f.clock.later(civil.UTC.Start(days(at)).Sub(f.clock.now()))
			report, err := f.Report(t.Context(), "vans", "")
			require.NoError(t, err)
			require.Contains(t, report.Text, want)
			require.Contains(t, report.Text, "It was to be decided by 31 March 2026; it was put off to 17 April 2026.")
		}
	})
}

// What the board service refuses is not changed here either; what it did, or was not reached
// for, is done in the end.
func TestR11AChangeIsMadeAtBothOrNone(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.opened(t)
		put := func(id string) error {
			_, err := f.Update(t.Context(), request(id), "vans", "", "Ill.", func(d *Definition) error {
				d.Owner = "ben"
				return nil
			})
			return err
		}
		f.board.is(func(b *board) { f.board.asked[f.get(t).State.Solicitation].state = Settled })
		wantFault(t, put("refused"), "SOLICITATION_STATE", "is answered")
		require.Equal(t, "anna", f.get(t).State.Owner)
		require.Nil(t, f.get(t).State.Step)
		f.board.is(func(b *board) { f.board.asked[f.get(t).State.Solicitation].state = Asking })

		f.board.is(func(b *board) { b.away, b.lose = errAway, true })
		wantFault(t, put("lost"), "UNAVAILABLE", "")
		require.Equal(t, "anna", f.get(t).State.Owner)
		wantFault(t, put("other"), "STRATEGY_SESSION_STATE", "is being updated")
		f.board.is(func(b *board) { b.away, b.lose = nil, false })
		f.clock.later(patience)
		require.NoError(t, f.settleAll(t.Context()))
		require.Equal(t, "ben", f.get(t).State.Owner)
		require.NoError(t, put("lost"), "the retry of whoever asked finds it done")
		require.Len(t, f.board.only(t).changed, 1)
	})
}

func TestDefinitionsAreRight(t *testing.T) {
	f := onSQLite(t)
	for text, change := range map[string]func(*Definition){
		"strategy_session.title":             func(d *Definition) { d.Title = "" },
		"strategy_session.owner: is empty":   func(d *Definition) { d.Owner = "" },
		"principals/nobody does not exist":   func(d *Definition) { d.Owner = "nobody" },
		"duration_minutes":                   func(d *Definition) { d.Minutes = -1 },
		"is none of call, visit":             func(d *Definition) { d.Channel = "telepathy" },
		"invitation_channel":                 func(d *Definition) { d.InviteBy = "telepathy" },
		"before 2026-04-02, the last":        func(d *Definition) { d.Closes = date(t, "2026-04-02") },
		"agenda[0]":                          func(d *Definition) { d.Agenda = []Item{{Minutes: 5}} },
		"invited[0].account: is missing":     func(d *Definition) { d.Invited = []Invited{{}} },
		"is invited already":                 func(d *Definition) { d.Invited = []Invited{{Account: "a"}, {Account: "a"}} },
		"accounts/nobody does not exist":     func(d *Definition) { d.Invited = []Invited{{Account: "nobody"}} },
		"accounts/a/contacts/nobody does":    func(d *Definition) { d.Invited = []Invited{{Account: "a", Contacts: []string{"nobody"}}} },
		"at most 200 are invited":            func(d *Definition) { d.Invited = make([]Invited, 201) },
		"strategy_session_id: no id can be ": func(d *Definition) { d.Title = "???" },
	} {
		d := vans(t)
		change(&d)
		id := "vans"
		if strings.HasPrefix(text, "strategy_session_id") {
			id = ""
		}
		_, err := f.Create(t.Context(), someone, id, d, true)
		wantFault(t, err, "INVALID_ARGUMENT", text)
	}
	d := vans(t)
	d.Invited = []Invited{{Account: "gone"}}
	_, err := f.Create(t.Context(), someone, "", d, false)
	wantFault(t, err, "ACCOUNT_STATE", "accounts/gone is closed")
	_, err = f.Get(t.Context(), "our-own-vans")
	require.ErrorIs(t, err, resource.ErrNotFound)

	made, err := f.Create(t.Context(), request("create"), "", vans(t), false)
	require.NoError(t, err)
	require.Equal(t, "our-own-vans", made.ID)
	again, err := f.Create(t.Context(), request("create"), "", vans(t), false)
	require.NoError(t, err)
	require.Equal(t, made.Version, again.Version)
	_, err = f.Create(t.Context(), someone, "", vans(t), false)
	require.ErrorIs(t, err, resource.ErrExists)
}

func TestSessionsAreListedByWhomTheyInviteAndWhoAnswers(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		for i, d := range []Definition{
			{Title: "One", Owner: "anna", Invited: []Invited{{Account: "acme"}, {Account: "brook"}}},
			{Title: "Two", Owner: "ben", Invited: []Invited{{Account: "brook"}}},
			{Title: "Three", Owner: "anna"},
		} {
			f.clock.later(time.Duration(i) * time.Second)
			_, err := f.Create(t.Context(), someone, "", d, false)
			require.NoError(t, err)
		}
		list := func(q Query) string {
			q.Size = 1
			var ids []string
			for {
				page, err := f.List(t.Context(), q)
				require.NoError(t, err)
				for _, n := range page.Items {
					ids = append(ids, n.ID)
				}
				if q.After = page.Next; q.After == nil {
					return strings.Join(ids, " ")
				}
			}
		}
		id := func(s string) *string { return &s }
		require.Equal(t, "three two one", list(Query{}))
		require.Equal(t, "two one", list(Query{Account: id("brook")}))
		require.Equal(t, "three one", list(Query{Owner: id("anna")}))
		require.Equal(t, "two", list(Query{Keep: func(n resource.Stored[Session]) bool { return n.State.Owner == "ben" }}))
	})
}

// A question that is withdrawn at the board service takes its session with it, once, whatever
// was under way; one that is being cancelled here is left to that.
func TestR11AWithdrawnQuestionCancelsItsSession(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		n := f.opened(t)
		tell := func(state SolicitationState) {
			require.NoError(t, f.Take(t.Context(), []feeds.Change{
				{Position: 1, Principal: "principals/bea", Solicitation: &feeds.Solicitation{Name: "solicitations/other", State: string(Withdrawn)}},
				{Position: 2, Principal: "principals/bea", Solicitation: &feeds.Solicitation{Name: SolicitationName(n.State.Solicitation), State: string(state), Withdrawal: "Asked twice."}}}))
		}
		tell(Asking)
		require.Equal(t, Open, f.get(t).State.State)

		f.board.is(func(b *board) { b.away = errAway })
		_, err := f.Cancel(t.Context(), request("cancel"), "vans", "", "Nobody can come.")
		wantFault(t, err, "UNAVAILABLE", "")
		tell(Withdrawn)
		require.Equal(t, Cancelling, f.get(t).State.Step.Kind)
		require.NoError(t, f.drop(t.Context(), "principals/sam", "vans", f.get(t).State.Step, stepRefused))

		_, err = f.Update(t.Context(), request("owner"), "vans", "", "Ill.", func(d *Definition) error {
			d.Owner = "ben"
			return nil
		})
		wantFault(t, err, "UNAVAILABLE", "")
		tell(Withdrawn)
		n = f.get(t)
		require.Equal(t, Cancelled, n.State.State)
		require.Nil(t, n.State.Step)
		require.Equal(t, "anna", n.State.Owner)
		require.Equal(t, "Asked twice.", n.State.Cancellation)
		require.Equal(t, "principals/bea", n.State.History[len(n.State.History)-1].By)
		require.NoError(t, f.settleAll(t.Context()))
		require.Len(t, f.touchpoints.skipped, 2, "nobody is invited any more")
		settled := f.get(t)
		tell(Withdrawn)
		require.Equal(t, settled.Version, f.get(t).Version)
	})
}

func TestR40IdeasAreTakenOverFromTheFeed(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		n := f.opened(t)
		to := SolicitationName(n.State.Solicitation)
		given := func() []Given {
			list, err := f.Given(t.Context(), &n.State)
			require.NoError(t, err)
			return list
		}
		take := func(position int64, i feeds.Idea) {
			i.Given = date(t, "2026-03-07")
			require.NoError(t, f.Take(t.Context(), []feeds.Change{{Position: position}, {Position: position, Idea: &i}}))
		}
		take(1, feeds.Idea{Name: "ideas/a", Account: "acme", Solicitation: to, Title: "The hour"})
		take(2, feeds.Idea{Name: "ideas/b", Account: "brook", Solicitation: to, Title: "Which hour"})
		take(3, feeds.Idea{Name: "ideas/c", Account: "brook", Solicitation: "solicitations/other", Title: "Something else"})
		take(4, feeds.Idea{Name: "ideas/d", Account: "brook", Title: "Nobody asked"})
		require.Equal(t, 2, Undecided(given()))

		take(5, feeds.Idea{Name: "ideas/b", Account: "brook", Solicitation: to, Title: "Which hour", MergedInto: "ideas/d"})
		require.Equal(t, 2, Undecided(given()), "it has the answer of one that has none")
		take(6, feeds.Idea{Name: "ideas/d", Account: "brook", Title: "Nobody asked", Outcome: feeds.Tried, Decided: f.clock.now()})
		take(1, feeds.Idea{Name: "ideas/d", Account: "brook", Title: "Late"})
		list := given()
		require.Equal(t, 1, Undecided(list), "a change that comes late is left out")
		require.Equal(t, Given{Name: "ideas/b", Account: "brook", Title: "Which hour", Day: date(t, "2026-03-07"), MergedInto: "ideas/d",
			Outcome: feeds.Tried, Decided: f.clock.now()}, list[1])
	})
}

func TestOverdue(t *testing.T) {
	decides := date(t, "2026-03-31")
	for _, tt := range []struct {
		state   State
		on      civil.Day
		overdue bool
	}{{Draft, decides + 1, false}, {Open, decides, false}, {Open, decides + 1, true}, {Held, decides + 1, true}, {Answered, decides + 1, false}, {Cancelled, decides + 1, false}} {
		s := Session{State: tt.state, Definition: Definition{Decides: decides}}
		require.Equal(t, tt.overdue, s.Overdue(tt.on), "%s on %s", tt.state, tt.on)
	}
}
