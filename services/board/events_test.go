package board

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/board/occasion"
)

func TestCalendarsSayWhichBoardAndWhoseTerm(t *testing.T) {
	f := onSQLite(t)
	board, ctx := f.seated(t), t.Context()
	b, err := f.Boards.Get(ctx, board)
	require.NoError(t, err)
	terms, err := f.Terms.Terms(ctx, board)
	require.NoError(t, err)
	called := func(id string) string { return strings.ToUpper(id) + " Ltd" }
	for _, term := range terms {
		a, err := f.Accounts.Get(ctx, term.Account)
		require.NoError(t, err)
		a.DisplayName = called(term.Account)
		f.keep(t, map[string]Account{term.Account: a})
	}
	events, err := f.Rotations.Events(ctx, Name(board), f.clock.now().AddDate(-1, 0, 0), f.clock.now().AddDate(5, 0, 0))
	require.NoError(t, err)
	starts := map[string]bool{}
	for _, e := range events {
		require.True(t, strings.HasPrefix(e.Summary, b.State.DisplayName+": "), e.Summary)
		if e.Kind != occasion.TermStart {
			continue
		}
		account := called(strings.TrimPrefix(e.Accounts[0], "accounts/"))
		require.Equal(t, b.State.DisplayName+": first day of the term of "+account, e.Summary)
		require.True(t, strings.HasPrefix(e.Private, account+", seat "), e.Private)
		starts[e.Summary] = true
	}
	require.Len(t, starts, 6, "no two are alike")
}
