package sessions

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/plans/feeds"
)

// withdrawn is what the board's feed tells once bea has withdrawn a question there.
func withdrawn(solicitation string) []feeds.Change {
	return []feeds.Change{{Position: 1, Principal: "principals/bea", Solicitation: &feeds.Solicitation{
		Name: SolicitationName(solicitation), State: string(Withdrawn), Withdrawal: "Asked twice."}}}
}

// halfOpened is a session of which the question was put, and whose opening was left by who
// began it; it returns the question's id. Then that was withdrawn at the board service.
func (f *fixture) halfOpened(t testing.TB) string {
	t.Helper()
	f.drafted(t)
	f.board.is(func(b *board) { b.away, b.lose = errAway, true })
	_, err := f.Open(t.Context(), request("open"), "vans", "", false)
	wantFault(t, err, "UNAVAILABLE", "")
	f.board.is(func(b *board) { b.away, b.lose = nil, false })
	asked := f.board.only(t)
	f.board.is(func(*board) { asked.state = Withdrawn })
	return asked.ID
}

// Whether the feed or whoever finishes the opening is first: nobody is invited to a session
// whose question was withdrawn before it was open. The trail says who withdrew it, and
// speaks of a refusal only to who was refused.
func TestR11AQuestionWithdrawnWhileItsSessionOpensLeavesADraft(t *testing.T) {
	for name, tt := range map[string]struct {
		event, by string
		first     func(t *testing.T, f *fixture, asked string)
	}{
		"the feed is first": {openingWithdrawn, "principals/bea", func(t *testing.T, f *fixture, asked string) {
			require.NoError(t, f.Take(t.Context(), withdrawn(asked)))
			require.Nil(t, f.get(t).State.Step)
			f.clock.later(patience)
			require.NoError(t, f.settleAll(t.Context()))
		}},
		"the opening is first": {stepRefused, "principals/sam", func(t *testing.T, f *fixture, asked string) {
			f.clock.later(patience)
			require.NoError(t, f.settleAll(t.Context()))
			require.NoError(t, f.Take(t.Context(), withdrawn(asked)))
		}},
		"who asked tries again": {stepRefused, "principals/sam", func(t *testing.T, f *fixture, asked string) {
			_, err := f.Open(t.Context(), request("open"), "vans", "", false)
			wantFault(t, err, "STRATEGY_SESSION_STATE", SolicitationName(asked)+" was withdrawn while strategySessions/vans was being opened")
			require.NoError(t, f.Take(t.Context(), withdrawn(asked)))
		}},
	} {
		t.Run(name, func(t *testing.T) {
			onEveryStore(t, func(t *testing.T, f *fixture) {
				tt.first(t, f, f.halfOpened(t))
				n := f.get(t)
				require.Equal(t, Draft, n.State.State)
				require.Nil(t, n.State.Step)
				require.False(t, n.State.Pending)
				require.Empty(t, n.State.Solicitation)
				require.Empty(t, f.touchpoints.planned)
				told := f.told(t)
				last := told[len(told)-1]
				require.Equal(t, []string{tt.event, tt.by}, []string{last.Type, last.Who})

				n, err := f.Open(t.Context(), request("anew"), "vans", "", false)
				require.NoError(t, err)
				require.Equal(t, Open, n.State.State)
				require.Equal(t, Asking, f.board.asked[n.State.Solicitation].state, "it is asked anew")
			})
		})
	}
}

// The feed tells it while the one who opens is between the question and the session.
func TestR11AQuestionWithdrawnUnderTheHandsOfWhoOpens(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.drafted(t)
		f.board.looked = func(a *asked) {
			require.NoError(t, f.Take(t.Context(), withdrawn(a.ID)))
			f.board.is(func(*board) { a.state = Withdrawn })
		}
		_, err := f.Open(t.Context(), request("open"), "vans", "", false)
		wantFault(t, err, "CONFLICT", "while it was being opened")
		n := f.get(t)
		require.Equal(t, Draft, n.State.State)
		require.False(t, n.State.Pending)
	})
}
