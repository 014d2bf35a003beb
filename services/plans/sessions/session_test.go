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
		_, err := f.Update(t.Context(), someone, "vans", "", func(d *Definition) error {
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
		"owner":    func(d *Definition) { d.Owner = "ben" },
		"decision": func(d *Definition) { d.Decides++ },
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
	wantFault(t, edit(func(d *Definition) { d.Place = "Elsewhere" }), "STRATEGY_SESSION_STATE", "only its title and notes")
	require.NoError(t, edit(func(d *Definition) { d.Notes = "They want an hour." }))
	require.Equal(t, "They want an hour.", f.get(t).State.Notes)
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
