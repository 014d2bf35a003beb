package sessions

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

func TestR11OpeningASessionAsksAndInvites(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.drafted(t)
		_, err := f.Open(t.Context(), request("open"), "vans", "", true)
		require.NoError(t, err)
		require.Equal(t, Draft, f.get(t).State.State, "it was only checked")
		require.Empty(t, f.board.asked)

		n, err := f.Open(t.Context(), request("open"), "vans", f.get(t).Etag(), false)
		require.NoError(t, err)
		require.Equal(t, Open, n.State.State)
		require.False(t, n.State.Pending)
		require.Equal(t, []Turn{{At: f.clock.now(), By: "principals/sam", From: Draft, To: Open}}, n.State.History)

		a := f.board.only(t)
		require.True(t, strings.HasPrefix(a.ID, "session-vans-"), a.ID)
		require.Equal(t, a.ID, n.State.Solicitation)
		a.ID, a.RequestID = "", ""
		require.Equal(t, Question{Question: "Should we deliver with our own vans?", Owner: "anna", Accounts: []string{"acme", "brook", "planless"},
			Background: "What we lean to:\nYes, in cities.\n\nWhy:\nCarriers are late.\n\nWhat we know:\nIt costs 4% more.",
			Closes:     date(t, "2026-03-20"), Decides: date(t, "2026-03-31")}, a.Question)
		require.Equal(t, date(t, "2026-03-20"), n.State.Closes, "the last day for ideas is that of the session")

		require.Len(t, n.State.Invitations, 3)
		require.Equal(t, Touchpoint{Account: "acme", Contacts: []string{"jo"}, Session: "strategySessions/vans", Channel: plans.Call,
			Due: date(t, "2026-03-06"), Purpose: `Invite to the strategy session "Our own vans" on 2026-03-20.`},
			f.touchpoints.planned[n.State.Invitations[0].Touchpoint])
		require.Equal(t, Invitation{Account: "planless", Problem: "There is no plans/planless."}, n.State.Invitations[2])

		again, err := f.Open(t.Context(), request("open"), "vans", "", false)
		require.NoError(t, err, "a retry gets the first answer")
		require.Equal(t, n.Version, again.Version)
		_, err = f.Open(t.Context(), request("another"), "vans", "", false)
		wantFault(t, err, "STRATEGY_SESSION_STATE", "strategySessions/vans is open")
		f.board.only(t)
	})
}

func TestR11TheLockHoldsForSessionsToo(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.drafted(t)
		f.board.locked["anna"] = refusal("UNANSWERED_SOLICITATION", "solicitations/first", "solicitations/first has 2 ideas undecided")
		for _, check := range []bool{true, false} {
			_, err := f.Open(t.Context(), request("open"), "vans", "", check)
			told := wantFault(t, err, "UNANSWERED_SOLICITATION", "2 ideas undecided")
			require.Equal(t, "solicitations/first", told.Conditions[0].Subject)
		}
		n := f.get(t)
		require.Equal(t, Draft, n.State.State)
		require.Nil(t, n.State.Step, "nothing is left half open")
		require.False(t, n.State.Pending)
		require.Empty(t, f.board.asked)
		require.Empty(t, f.touchpoints.planned)

		// The decision is given to somebody else, and it opens, by the same request.
		_, err := f.Update(t.Context(), someone, "vans", "", "", func(d *Definition) error {
			d.Owner = "ben"
			return nil
		})
		require.NoError(t, err)
		opened, err := f.Open(t.Context(), request("open"), "vans", "", false)
		require.NoError(t, err)
		require.Equal(t, Open, opened.State.State)
		require.Equal(t, "ben", f.board.only(t).Owner)
	})
}

func TestR11ASessionThatLacksSomethingDoesNotOpen(t *testing.T) {
	f := onSQLite(t)
	_, err := f.Create(t.Context(), someone, "", Definition{Title: "Vans", Owner: "anna"}, false)
	require.NoError(t, err)
	_, err = f.Open(t.Context(), someone, "vans", "", false)
	told := wantFault(t, err, "STRATEGY_SESSION_INCOMPLETE", "say what is to be decided")
	require.ErrorIs(t, err, ErrIncomplete)
	var fields []string
	for _, c := range told.Conditions {
		fields = append(fields, strings.TrimPrefix(c.Subject, "strategySessions/vans/"))
	}
	require.Equal(t, []string{"question", "leaning", "leaning_reason", "facts", "channel", "invited", "start_time", "decision_date"}, fields)

	for text, change := range map[string]func(*Definition){
		"was to take place on 2026-03-05": func(d *Definition) { d.Starts = time.Date(2026, 3, 5, 23, 0, 0, 0, time.UTC) },
		"taken until 2026-03-19":          func(d *Definition) { d.Closes = date(t, "2026-03-19") },
		"2026-03-10 is before 2026-03-20": func(d *Definition) { d.Decides = date(t, "2026-03-10") },
	} {
		whole := vans(t)
		change(&whole)
		_, err := f.Update(t.Context(), someone, "vans", "", "", func(d *Definition) error {
			*d = whole
			return nil
		})
		require.NoError(t, err)
		_, err = f.Open(t.Context(), someone, "vans", "", false)
		wantFault(t, err, "STRATEGY_SESSION_INCOMPLETE", text)
	}
}

func TestR11AnOpeningThatWasLeftIsFinished(t *testing.T) {
	for name, lose := range map[string]bool{"the board was away": false, "its answer was lost": true} {
		t.Run(name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, f *fixture) {
				f.drafted(t)
				f.board.is(func(b *board) { b.away, b.lose = errAway, lose })
				_, err := f.Open(t.Context(), request("open"), "vans", "", false)
				wantFault(t, err, "UNAVAILABLE", "cannot be reached now")
				require.Equal(t, Draft, f.get(t).State.State)
				require.True(t, f.get(t).State.Pending)

				_, err = f.Update(t.Context(), someone, "vans", "", "", func(d *Definition) error {
					d.Title = "Others"
					return nil
				})
				wantFault(t, err, "STRATEGY_SESSION_STATE", "is being opened")
				_, err = f.Open(t.Context(), request("another"), "vans", "", false)
				wantFault(t, err, "STRATEGY_SESSION_STATE", "is being opened")

				f.board.is(func(b *board) { b.away, b.lose, b.bounded = nil, false, false })
				require.NoError(t, f.settleAll(t.Context()))
				require.Equal(t, Draft, f.get(t).State.State, "whoever began it is left to finish it")
				f.clock.later(patience)
				require.NoError(t, f.settleAll(t.Context()))
				require.True(t, f.board.bounded, "a board that does not answer is not waited for without end")
				n := f.get(t)
				require.Equal(t, Open, n.State.State)
				require.Equal(t, "principals/sam", n.State.History[0].By)
				require.Equal(t, n.State.Solicitation, f.board.only(t).ID)

				again, err := f.Open(t.Context(), request("open"), "vans", "", false)
				require.NoError(t, err, "the retry of whoever asked finds it done")
				require.Equal(t, n.State, again.State)
			})
		})
	}
}

func TestR11ARetryFinishesWhatTheFirstCallLeft(t *testing.T) {
	f := onSQLite(t)
	f.drafted(t)
	etag := f.get(t).Etag()
	f.board.is(func(b *board) { b.away, b.lose = errAway, true })
	_, err := f.Open(t.Context(), request("open"), "vans", etag, false)
	wantFault(t, err, "UNAVAILABLE", "")
	f.board.is(func(b *board) { b.away = nil; b.lose = false })
	n, err := f.Open(t.Context(), request("open"), "vans", etag, false)
	require.NoError(t, err)
	require.Equal(t, Open, n.State.State)
	f.board.only(t)
}

// A slow opening succeeds after somebody else had been told that it is refused.
func TestR11AnOpeningThatWasGivenUpIsTakenBack(t *testing.T) {
	f := onSQLite(t)
	f.drafted(t)
	f.board.before = func() {
		n := f.get(t)
		require.NotNil(t, n.State.Step)
		require.NoError(t, f.drop(t.Context(), "principals/sam", "vans", n.State.Step, stepRefused))
	}
	_, err := f.Open(t.Context(), request("open"), "vans", "", false)
	wantFault(t, err, "CONFLICT", "while it was being opened")
	require.Equal(t, Withdrawn, f.board.only(t).state)
	require.Equal(t, Draft, f.get(t).State.State)
}

func TestR11TwoWhoOpenAtOnceAskOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.drafted(t)
		results := make(chan error, 8)
		for i := range cap(results) {
			go func() {
				_, err := f.Open(context.Background(), request(string(rune('a'+i))), "vans", "", false)
				results <- err
			}()
		}
		opened := 0
		for range cap(results) {
			if err := <-results; err == nil {
				opened++
			} else {
				wantFault(t, err, "STRATEGY_SESSION_STATE", "strategySessions/vans is")
			}
		}
		require.Equal(t, 1, opened)
		f.board.only(t)
		require.Len(t, f.touchpoints.planned, 2)
	})
}

func TestInvitationsThatCouldNotBePlannedAreTriedAgain(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.touchpoints.away = fault.New(fault.Unavailable, fault.ReasonUnavailable, "Away.")
		n := f.opened(t)
		require.Equal(t, Open, n.State.State, "it is open all the same")
		require.True(t, f.get(t).State.Pending)
		require.ErrorContains(t, f.settleAll(t.Context()), "Away.")
		f.touchpoints.away = nil
		require.NoError(t, f.settleAll(t.Context()))
		require.False(t, f.get(t).State.Pending)
		require.Len(t, f.touchpoints.planned, 2)
		calls := f.touchpoints.calls
		require.NoError(t, f.settleAll(t.Context()))
		require.Equal(t, calls, f.touchpoints.calls, "nothing is left to do")
	})
}

// A session that is moved, or to which others of an account are to come, invites anew: the
// contacts planned before are skipped, and the new ones say the new day.
func TestAMovedSessionInvitesAnew(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		n := f.opened(t)
		first := n.State.Invitations
		edit := func(id, reason string, change func(*Definition)) (resource.Stored[Session], error) {
			return f.Update(t.Context(), request(id), "vans", "", reason, func(d *Definition) error {
				d.Invited = slices.Clone(d.Invited)
				change(d)
				return nil
			})
		}
		n, err := edit("others", "", func(d *Definition) { d.Invited[0].Contacts = nil })
		require.NoError(t, err)
		require.False(t, n.State.Pending)
		second := n.State.Invitations
		require.Contains(t, f.touchpoints.skipped[first[0].Touchpoint], "others are to come")
		require.Empty(t, f.touchpoints.planned[second[0].Touchpoint].Contacts)
		require.Equal(t, first[1:], second[1:], "who is invited alike is not invited again")

		f.touchpoints.away = fault.New(fault.Unavailable, fault.ReasonUnavailable, "Away.")
		move := func(d *Definition) {
			d.Starts, d.Closes = time.Date(2026, 3, 25, 13, 0, 0, 0, time.UTC), date(t, "2026-03-25")
		}
		n, err = edit("moved", "The hall is closed.", move)
		require.NoError(t, err)
		require.True(t, n.State.Pending)
		_, err = edit("again", "", func(d *Definition) { d.Starts = d.Starts.Add(time.Hour) })
		wantFault(t, err, "CONFLICT", "are being planned")
		f.touchpoints.away = nil
		require.NoError(t, f.settleAll(t.Context()))
		n = f.get(t)
		require.False(t, n.State.Pending)
		for at, i := range n.State.Invitations[:2] {
			require.Contains(t, f.touchpoints.skipped[second[at].Touchpoint], "was moved")
			require.NotContains(t, f.touchpoints.skipped, i.Touchpoint)
			require.Equal(t, `Invite to the strategy session "Our own vans" on 2026-03-25, in place of an earlier invitation.`, f.touchpoints.planned[i.Touchpoint].Purpose)
		}
		require.Len(t, f.touchpoints.planned, 5)
		require.Equal(t, "There is no plans/planless.", n.State.Invitations[2].Problem)
	})
}

// An open session stays one that can take place.
func TestAnOpenSessionStaysPossible(t *testing.T) {
	f := onSQLite(t)
	f.opened(t)
	for text, change := range map[string]func(*Definition){
		"start_time: is empty":              func(d *Definition) { d.Starts = time.Time{} },
		"channel: is empty":                 func(d *Definition) { d.Channel = "" },
		"start_time: 2026-03-05 has passed": func(d *Definition) { d.Starts = time.Date(2026, 3, 5, 9, 0, 0, 0, time.UTC) },
	} {
		_, err := f.Update(t.Context(), someone, "vans", "", "", func(d *Definition) error {
			change(d)
			return nil
		})
		wantFault(t, err, "INVALID_ARGUMENT", text)
	}
	_, err := f.Hold(t.Context(), someone, "vans", "", date(t, "2026-03-05"), nil, "")
	wantFault(t, err, "INVALID_ARGUMENT", "before customers were invited, on 2026-03-06")
}

func TestR11ACancelledSessionInvitesNobody(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.opened(t)
		_, err := f.Cancel(t.Context(), someone, "vans", "", "")
		wantFault(t, err, "INVALID_ARGUMENT", "reason")
		n, err := f.Cancel(t.Context(), request("cancel"), "vans", "", "Nobody can come.")
		require.NoError(t, err)
		require.Equal(t, Cancelled, n.State.State)
		require.Equal(t, "Nobody can come.", n.State.Cancellation)
		require.False(t, n.State.Pending)
		require.Equal(t, Withdrawn, f.board.only(t).state)
		require.Len(t, f.touchpoints.skipped, 2)
		for _, reason := range f.touchpoints.skipped {
			require.Equal(t, "The strategy session was cancelled: Nobody can come.", reason)
		}
		again, err := f.Cancel(t.Context(), request("cancel"), "vans", "", "Nobody can come.")
		require.NoError(t, err)
		require.Equal(t, n.Version, again.Version)
		_, err = f.Open(t.Context(), someone, "vans", "", false)
		wantFault(t, err, "STRATEGY_SESSION_STATE", "is cancelled")
	})
}

func TestR40WhoeverGaveAnIdeaIsOwedAnAnswer(t *testing.T) {
	f := onSQLite(t)
	f.held(t, Idea{Name: "ideas/a"})
	_, err := f.Cancel(t.Context(), request("cancel"), "vans", "", "We lost interest.")
	wantFault(t, err, "SOLICITATION_STATE", "holds ideas")
	n := f.get(t)
	require.Equal(t, Held, n.State.State)
	require.Nil(t, n.State.Step)
	require.Equal(t, Asking, f.board.only(t).state)
}

func TestADraftIsCancelledWithoutTheBoard(t *testing.T) {
	f := onSQLite(t)
	f.drafted(t)
	f.board.away = errAway
	n, err := f.Cancel(t.Context(), someone, "vans", "", "We have decided already.")
	require.NoError(t, err)
	require.Equal(t, Cancelled, n.State.State)
}

func TestRunFinishesWhatWasLeft(t *testing.T) {
	f := onSQLite(t)
	f.touchpoints.away = errors.New("the store is full")
	f.opened(t)
	f.touchpoints.mu.Lock()
	f.touchpoints.away = nil
	f.touchpoints.mu.Unlock()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- f.Run(ctx) }()
	require.Eventually(t, func() bool { return !f.get(t).State.Pending }, time.Minute, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-ended, context.Canceled)
}

func TestOpenWantsTheSessionAsItWasRead(t *testing.T) {
	f := onSQLite(t)
	f.drafted(t)
	etag := f.get(t).Etag()
	_, err := f.Update(t.Context(), someone, "vans", "", "", func(d *Definition) error {
		d.Title = "Vans"
		return nil
	})
	require.NoError(t, err)
	for _, check := range []bool{true, false} {
		_, err = f.Open(t.Context(), someone, "vans", etag, check)
		require.ErrorIs(t, err, resource.ErrStale)
	}
	_, err = f.Open(t.Context(), someone, "none", "", false)
	require.ErrorIs(t, err, resource.ErrNotFound)
}
