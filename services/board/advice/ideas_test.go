package advice

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/resource"
)

func TestAnybodysIdeaCounts(t *testing.T) {
	f := onSQLite(t)
	f.asked(t, "first", "anna", board("steel"))
	id := f.idea(t, "Cheaper freight", "no-member", "first")
	i := f.get(t, id)
	require.Equal(t, Undecided, i.State())
	require.Equal(t, "steel", i.Board)
	require.Equal(t, date(t, "2026-03-06"), i.Submitted)
	require.Equal(t, "principals/anna", i.By)
	require.False(t, i.Pending)
	unasked := f.get(t, f.idea(t, "Weekend service", "acme", ""))
	require.Empty(t, unasked.Solicitation)

	submit := func(n Idea) error {
		_, err := f.Ideas.Submit(t.Context(), someone, n, false)
		return err
	}
	wantFault(t, submit(Idea{Giver: Giver{Account: "acme"}}), "INVALID_ARGUMENT", "idea.title")
	wantFault(t, submit(Idea{Title: "x"}), "INVALID_ARGUMENT", "idea.account")
	wantFault(t, submit(Idea{Title: "x", Giver: Giver{Account: "nobody"}}), "INVALID_ARGUMENT", "accounts/nobody does not exist")
	wantFault(t, submit(Idea{Title: "x", Giver: Giver{"acme", "nobody"}}), "INVALID_ARGUMENT", "accounts/acme/contacts/nobody does not exist")
	wantFault(t, submit(Idea{Title: "x", Giver: Giver{Account: "acme"}, Solicitation: "none"}), "INVALID_ARGUMENT", "solicitations/none does not exist")
	wantFault(t, submit(Idea{Title: "x", Giver: Giver{Account: "acme"}, Submitted: date(t, "2026-03-07")}), "INVALID_ARGUMENT", "has not come yet")
	f.draft(t, "draft", "ben", board("glass"))
	wantFault(t, submit(Idea{Title: "x", Giver: Giver{Account: "acme"}, Solicitation: "draft"}), "SOLICITATION_STATE", "is draft and takes no ideas")
	f.clock.day(t, "2026-03-21")
	wantFault(t, submit(Idea{Title: "x", Giver: Giver{Account: "acme"}, Solicitation: "first"}), "SOLICITATION_STATE", "is deciding and takes no ideas")
	require.NoError(t, submit(Idea{Title: "x", Giver: Giver{Account: "acme"}, Solicitation: "first", Submitted: date(t, "2026-03-20")}),
		"given in time, entered later")
	wantFault(t, submit(Idea{Title: "x", Giver: Giver{Account: "acme"}, Solicitation: "first", Submitted: date(t, "2026-03-05")}),
		"INVALID_ARGUMENT", "is not from 2026-03-06 to 2026-03-20")
}

func TestARetriedSubmissionIsOne(t *testing.T) {
	f := onSQLite(t)
	f.asked(t, "first", "anna", board("steel"))
	n := Idea{Title: "Cheaper freight", Giver: Giver{Account: "acme"}, Solicitation: "first"}
	one, err := f.Ideas.Submit(t.Context(), request("s"), n, false)
	require.NoError(t, err)
	f.clock.day(t, "2026-03-22")
	two, err := f.Ideas.Submit(t.Context(), request("s"), n, false)
	require.NoError(t, err, "also when no new ones are taken any more")
	require.Equal(t, one.ID, two.ID)
	other := request("s")
	other.Payload = []byte("y")
	_, err = f.Ideas.Submit(t.Context(), other, n, false)
	require.ErrorIs(t, err, resource.ErrRequestIDReused)
	comment := func(c resource.Call) string {
		s, err := f.Ideas.Comment(t.Context(), c, one.ID, Comment{Text: "Yes."})
		require.NoError(t, err)
		return s.ID
	}
	first := comment(request("c"))
	f.merge(t, one.ID, f.idea(t, "Freight", "brook", ""))
	require.Equal(t, first, comment(request("c")))
	require.NotContains(t, comment(someone), one.ID, "what is said now is said of the idea it was merged into")
	said, err := f.Ideas.Comments(t.Context(), one.ID, 10, nil)
	require.NoError(t, err)
	require.Len(t, said.Items, 1)
}

// A solicitation is answered, or withdrawn, while an idea comes in: either the idea is
// refused, or the solicitation waits for it.
func TestNoIdeaSlipsIntoASolicitationThatEnds(t *testing.T) {
	for _, when := range []string{"before the idea is written", "before it is admitted"} {
		t.Run(when, func(t *testing.T) {
			f := onSQLite(t)
			f.asked(t, "first", "anna", board("steel"))
			between := &interposed{Backend: f.backend, collection: map[string]string{
				"before the idea is written": "ideas", "before it is admitted": "solicitations"}[when]}
			other := f.open(t, between)
			between.do = func() {
				_, err := f.Solicitations.Withdraw(t.Context(), someone, "first", "", "It was asked by mistake.")
				if when == "before it is admitted" {
					wantFault(t, err, "SOLICITATION_STATE", "holds ideas")
					_, err = f.Solicitations.Close(t.Context(), someone, "first", "")
					require.NoError(t, err)
					_, err = f.Solicitations.Answer(t.Context(), someone, "first", "", "")
					wantFault(t, err, "SOLICITATION_STATE", "1 idea undecided")
					return
				}
				require.NoError(t, err)
			}
			_, err := other.Ideas.Submit(t.Context(), someone, Idea{Title: "x", Giver: Giver{Account: "acme"}, Solicitation: "first"}, false)
			wantFault(t, err, "SOLICITATION_STATE", "takes no ideas")
			require.True(t, between.done)
			held, err := f.Ideas.holds(t.Context(), "first")
			require.NoError(t, err)
			require.False(t, held)
		})
	}
}

// The other way round: the idea comes in while the solicitation is about to be withdrawn.
func TestAWithdrawalSeesTheIdeaThatComesMeanwhile(t *testing.T) {
	f := onSQLite(t)
	f.asked(t, "first", "anna", board("steel"))
	between := &interposed{Backend: f.backend, collection: "solicitations"}
	other := f.open(t, between)
	between.do = func() { f.idea(t, "Cheaper freight", "acme", "first") }
	_, err := other.Solicitations.Withdraw(t.Context(), someone, "first", "", "It was asked by mistake.")
	wantFault(t, err, "SOLICITATION_STATE", "holds ideas")
	require.True(t, between.done)
}

func TestSubmissionsSurviveACrashAtEveryWrite(t *testing.T) {
	for _, after := range []bool{false, true} {
		for at := range 3 {
			t.Run(fmt.Sprint(at, " ", after), func(t *testing.T) {
				f := onSQLite(t)
				f.asked(t, "first", "anna", board("steel"))
				die := &dying{Backend: f.backend, at: at, after: after}
				n := Idea{Title: "x", Giver: Giver{Account: "acme"}, Solicitation: "first"}
				_, err := f.open(t, die).Ideas.Submit(t.Context(), request("s"), n, false)
				require.Error(t, err)
				f.clock.day(t, "2026-03-07")
				require.NoError(t, f.Ideas.settleAll(t.Context(), patience))
				i, err := f.Ideas.Submit(t.Context(), request("s"), n, false)
				require.NoError(t, err)
				require.False(t, i.State.Pending)
				list, err := f.Ideas.List(t.Context(), IdeaQuery{Solicitation: ptr("first"), Size: 10})
				require.NoError(t, err)
				require.Len(t, list.Items, 1)
			})
		}
	}
}

func TestTheLifeOfASolicitation(t *testing.T) {
	f := onSQLite(t)
	wantState := func(id string, state SolicitationState) {
		t.Helper()
		n, err := f.Solicitations.Get(t.Context(), id)
		require.NoError(t, err)
		a, err := f.Solicitations.Now(t.Context(), n)
		require.NoError(t, err)
		require.Equal(t, state, a.State)
	}
	f.draft(t, "q", "anna", board("steel"))
	wantState("q", Draft)
	_, err := f.Solicitations.Close(t.Context(), someone, "q", "")
	wantFault(t, err, "SOLICITATION_STATE", "is draft")
	require.NoError(t, f.tryOpen(t, "q"))
	wantState("q", Open)
	id := f.idea(t, "Cheaper freight", "acme", "q")
	_, err = f.Solicitations.Update(t.Context(), someone, "q", "", SolicitationPatch{Question: ptr("Something else?")})
	wantFault(t, err, "SOLICITATION_STATE", "what was asked of whom stays")
	_, err = f.Solicitations.Answer(t.Context(), someone, "q", "", "Thank you.")
	wantFault(t, err, "SOLICITATION_STATE", "is open")
	_, err = f.Solicitations.Withdraw(t.Context(), someone, "q", "", "")
	wantFault(t, err, "INVALID_ARGUMENT", "say why")
	_, err = f.Solicitations.Withdraw(t.Context(), someone, "q", "", "No.")
	wantFault(t, err, "SOLICITATION_STATE", "holds ideas")
	f.clock.day(t, "2026-03-20")
	wantState("q", Open)
	f.clock.day(t, "2026-03-21")
	wantState("q", Deciding)
	_, err = f.Solicitations.Answer(t.Context(), someone, "q", "", "Thank you.")
	wantFault(t, err, "SOLICITATION_STATE", "1 idea undecided")
	f.decline(t, id)
	for range 2 {
		n, err := f.Solicitations.Answer(t.Context(), request("a"), "q", "", "Thank you.")
		require.NoError(t, err)
		require.Equal(t, "Thank you.", n.State.Answer)
		require.Empty(t, n.State.Locks)
	}
	wantState("q", Answered)
	_, err = f.Solicitations.Update(t.Context(), someone, "q", "", SolicitationPatch{Owner: ptr("ben"), Reason: "x"})
	wantFault(t, err, "SOLICITATION_STATE", "cannot be changed any more")

	f.draft(t, "w", "anna", Audience{Everyone: true})
	_, err = f.Solicitations.Withdraw(t.Context(), someone, "w", "", "Asked elsewhere.")
	require.NoError(t, err)
	wantState("w", Withdrawn)
}

func TestWhatASolicitationHasToSay(t *testing.T) {
	f := onSQLite(t)
	create := func(n Solicitation) error {
		_, err := f.Solicitations.Create(t.Context(), someone, "q", n, true)
		return err
	}
	good := func() Solicitation { return Solicitation{Question: "?", Owner: "anna", Audience: board("steel")} }
	require.NoError(t, create(good()))
	for text, spoil := range map[string]func(*Solicitation){
		"solicitation.question":           func(s *Solicitation) { s.Question = "" },
		"solicitation.owner":              func(s *Solicitation) { s.Owner = "" },
		"principals/nobody":               func(s *Solicitation) { s.Owner = "nobody" },
		"name one audience":               func(s *Solicitation) { s.Audience = Audience{} },
		"boards/nobody":                   func(s *Solicitation) { s.Audience.Board = "nobody" },
		"accounts/nobody":                 func(s *Solicitation) { s.Audience = Audience{Accounts: []string{"acme", "nobody"}} },
		"solicitation.close_date":         func(s *Solicitation) { s.Decision = date(t, "2026-04-01") },
		"is before 2026-04-02, the last":  func(s *Solicitation) { s.Closes, s.Decision = date(t, "2026-04-02"), date(t, "2026-04-01") },
		"Levels are not set by hand":      func(s *Solicitation) { s.Audience = Audience{Attributes: map[string]string{"tier": "gold"}} },
		"names 201 accounts, and 200 is ": func(s *Solicitation) { s.Audience = Audience{Accounts: make([]string, 201)} },
	} {
		n := good()
		spoil(&n)
		require.ErrorContains(t, create(n), text)
	}
	_, err := f.Solicitations.Create(t.Context(), someone, "", good(), true)
	wantFault(t, err, "INVALID_ARGUMENT", "no id can be made")
	_, err = f.Solicitations.Create(t.Context(), someone, "q", good(), false)
	require.NoError(t, err)
	wantFault(t, f.tryOpen(t, "q"), "INVALID_ARGUMENT", "close_date")
	for _, p := range []SolicitationPatch{{Closes: ptr(date(t, "2026-03-01"))}, {Closes: ptr(date(t, "2026-03-01")), Decision: ptr(date(t, "2026-03-02"))}} {
		_, err := f.Solicitations.Update(t.Context(), someone, "q", "", p)
		require.NoError(t, err)
		require.Error(t, f.tryOpen(t, "q"))
	}
	_, err = f.Solicitations.Open(t.Context(), someone, "q", "", date(t, "2026-02-20"), false)
	require.NoError(t, err, "what was asked before it was entered here")
}

func TestListsOrderFilterAndPage(t *testing.T) {
	f := onSQLite(t)
	f.asked(t, "first", "anna", board("steel"))
	a, b, c := f.idea(t, "A", "acme", "first"), f.idea(t, "B", "brook", "first"), f.idea(t, "C", "acme", "")
	f.vote(t, b, "acme", "brook")
	f.vote(t, c, "acme")
	f.decline(t, a)
	list := func(q IdeaQuery) (ids []string) {
		for q.Size = 1; ; {
			page, err := f.Ideas.List(t.Context(), q)
			require.NoError(t, err)
			for _, i := range page.Items {
				ids = append(ids, i.ID)
			}
			if q.After = page.Next; q.After == nil {
				return ids
			}
		}
	}
	require.Equal(t, []string{a, b, c}, list(IdeaQuery{}))
	require.Equal(t, []string{b, c, a}, list(IdeaQuery{ByVotes: true, Descending: true}))
	require.Equal(t, []string{b, a}, list(IdeaQuery{ByVotes: true, Descending: true, Solicitation: ptr("first")}))
	require.Equal(t, []string{a, c}, list(IdeaQuery{Account: ptr("acme")}))
	require.Equal(t, []string{a, b}, list(IdeaQuery{Board: ptr("steel")}))
	require.Equal(t, []string{b}, list(IdeaQuery{Undecided: true, Solicitation: ptr("first")}))
	require.Equal(t, []string{b, c}, list(IdeaQuery{Keep: func(i resource.Stored[Idea]) bool { return i.State.Undecided }}))

	f.asked(t, "second", "ben", board("glass"))
	f.draft(t, "third", "ben", board("steel"))
	f.clock.day(t, "2026-04-01")
	asked := func(q SolicitationQuery) (ids []string) {
		for q.Size = 1; ; {
			page, next, err := f.Solicitations.List(t.Context(), q)
			require.NoError(t, err)
			for _, n := range page {
				ids = append(ids, n.ID)
			}
			if q.After = next; q.After == nil {
				return ids
			}
		}
	}
	require.Equal(t, []string{"first", "second", "third"}, asked(SolicitationQuery{}))
	require.Equal(t, []string{"second", "third"}, asked(SolicitationQuery{Owner: ptr("ben")}))
	require.Equal(t, []string{"first", "third"}, asked(SolicitationQuery{Board: ptr("steel")}))
	require.Equal(t, []string{"first"}, asked(SolicitationQuery{Keep: func(a Asked) bool { return a.Overdue }}))
}

func TestIdeasThatMaySayTheSameAreSuggested(t *testing.T) {
	f := onSQLite(t)
	f.asked(t, "first", "anna", board("steel"))
	f.asked(t, "second", "ben", board("glass"))
	same := f.idea(t, "Cheaper freight to the north", "acme", "first")
	unasked := f.idea(t, "Freight to the north is too expensive: cheaper freight!", "brook", "")
	f.idea(t, "Open on Saturdays", "cole", "first")
	f.idea(t, "Cheaper freight to the north", "acme", "second")
	list, err := f.Ideas.Similar(t.Context(), "", Idea{Title: "cheaper Freight, to the North", Solicitation: "first"})
	require.NoError(t, err)
	require.Len(t, list, 2)
	require.Equal(t, same, list[0].ID)
	require.InDelta(t, 1, list[0].Likeness, 1e-9)
	require.Equal(t, unasked, list[1].ID)
	long := strings.Repeat("and so on, ", 1000)
	require.Len(t, shapeOf(Idea{Title: "A", Text: long + "never read"}).whole, len(shapeOf(Idea{Title: "A", Text: long}).whole), "long texts are compared by their beginning")
	require.Zero(t, shapeOf(Idea{Title: "..."}).likeness(shapeOf(Idea{Title: "!"})))
	require.Equal(t, trigrams("cafe"), trigrams("Café"))
}

func TestChangesAreToldWithWhoAndWhat(t *testing.T) {
	f := onSQLite(t)
	f.asked(t, "first", "anna", board("steel"))
	id := f.idea(t, "Cheaper freight", "acme", "first")
	f.vote(t, id, "brook")
	f.decline(t, id)
	require.Eventually(t, func() bool {
		_, last, _, err := f.backend.FeedBounds(t.Context())
		require.NoError(t, err)
		events, err := f.backend.ReadFeed(t.Context(), 0, 100)
		require.NoError(t, err)
		if last < 8 {
			return false
		}
		var told []string
		for _, e := range events {
			if e.Source == "ideas/"+id {
				what, _ := e.Data.Lookup("last").StringValueOK()
				require.NotContains(t, e.Data.String(), `"own"`, "who voted is not told anew each time")
				told = append(told, e.Type+" by "+e.Who+": "+what)
			}
		}
		require.Contains(t, told, "idea.submitted by principals/anna: it was submitted")
		require.Contains(t, told, "idea.voted by principals/anna: accounts/brook approved of it")
		require.Contains(t, told, "idea.decided by principals/anna: it was decided: decline")
		return true
	}, deadline, pause)
}
