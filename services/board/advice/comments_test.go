package advice

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

func TestTheTalkIsListedOldestFirst(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		id, other := f.idea(t, "Freight", "brook", ""), f.idea(t, "Rebates", "brook", "")
		start := date(t, "2028-01-01")
		for i := range 8 {
			f.clock.day(t, (start + civil.Day(i)).String())
			for _, idea := range []string{id, other} {
				_, err := f.Ideas.Comment(ctx, request(fmt.Sprintf("%s-%d", idea, i)), idea, Comment{Text: fmt.Sprint(i)})
				require.NoError(t, err)
			}
		}
		var said []string
		var after resource.Place
		for {
			page, err := f.Ideas.Comments(ctx, id, 3, after)
			require.NoError(t, err)
			for _, c := range page.Items {
				require.Equal(t, id, c.State.Idea)
				said = append(said, c.State.Text)
			}
			if page.Next == nil {
				break
			}
			token, err := page.Next.MarshalJSON()
			require.NoError(t, err)
			require.NoError(t, after.UnmarshalJSON(token))
		}
		require.Equal(t, []string{"0", "1", "2", "3", "4", "5", "6", "7"}, said)
	})
}

func TestAnIdeaThatWasLetInIsNotRefusedAfterwards(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.asked(t, "first", "anna", board("steel"))
	n, err := f.Ideas.prepare(ctx, Idea{Title: "Freight", Giver: Giver{Account: "acme"}, Solicitation: "first", By: "principals/anna"})
	require.NoError(t, err)
	entering, err := f.Ideas.table.Create(ctx, someone, "freight", n, "idea.submitted")
	require.NoError(t, err)
	_, err = f.Ideas.enter(ctx, someone, entering)
	require.NoError(t, err)
	_, err = f.Solicitations.Close(ctx, someone, "first", "")
	require.NoError(t, err)

	late, err := f.Ideas.enter(ctx, resource.Call{}, entering) // by one who read it before
	require.NoError(t, err)
	require.False(t, late.State.Entering)
	require.False(t, f.get(t, "freight").Entering)
}

func TestAnIdeaWhoseSolicitationClosedMeanwhileIsRefusedThoughItChanged(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.asked(t, "first", "anna", board("steel"))
	n, err := f.Ideas.prepare(ctx, Idea{Title: "Freight", Giver: Giver{Account: "acme"}, Solicitation: "first", By: "principals/anna"})
	require.NoError(t, err)
	entering, err := f.Ideas.table.Create(ctx, someone, "freight", n, "idea.submitted")
	require.NoError(t, err)
	_, err = f.Solicitations.Close(ctx, someone, "first", "")
	require.NoError(t, err)
	title := "Cheaper freight"
	_, err = f.Ideas.Update(ctx, someone, "freight", "", IdeaPatch{Title: &title})
	require.NoError(t, err)
	_, err = f.Ideas.enter(ctx, someone, entering)
	wantFault(t, err, reasonSolicitationState, "")
	_, err = f.Ideas.Get(ctx, "freight")
	require.ErrorIs(t, err, resource.ErrNotFound)
}
