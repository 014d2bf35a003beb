package rpc_test

import (
	"context"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// searchless is a database whose ideas cannot be searched while it is told so.
type searchless struct {
	docstore.Backend
	broken atomic.Bool
}

func (b *searchless) Find(ctx context.Context, collection string, q docstore.Query) ([]docstore.Record, error) {
	if b.broken.Load() && collection == "ideas" && q.Index == "newest" {
		return nil, docstore.ErrUnavailable
	}
	return b.Backend.Find(ctx, collection, q)
}

// An idea that was taken is answered with as much, though none like it can be suggested.
func TestNoIdeaIsLostWhereNoneCanBeSuggested(t *testing.T) {
	broken := &searchless{Backend: teststore.SQLite(t)}
	s := serveAdviceOn(t, broken)
	secretary, agent := s.as(t, auth.BoardSecretary), s.as(t, auth.ServiceAgent)
	secretary.ask(t, "first")
	submit := func(title, request string, check bool) (*boardv1.SubmitIdeaResponse, error) {
		return agent.SubmitIdea(t.Context(), &boardv1.SubmitIdeaRequest{RequestId: request, ValidateOnly: check,
			Idea: &boardv1.Idea{Title: title, Account: "accounts/acme", Solicitation: "solicitations/first"}})
	}
	ideas := func() (titles []string) {
		list, err := agent.ListIdeas(t.Context(), &boardv1.ListIdeasRequest{})
		require.NoError(t, err)
		for _, i := range list.GetIdeas() {
			titles = append(titles, i.GetTitle())
		}
		return titles
	}
	_, err := submit("One delivery a week", "", false)
	require.NoError(t, err)

	broken.broken.Store(true)
	taken, err := submit("A delivery a week", oneUUID, false)
	require.NoError(t, err)
	require.Empty(t, taken.GetSuggestedDuplicates())
	_, err = submit("Deliver weekly", "", true)
	wantStatus(t, err, codes.Unavailable, "UNAVAILABLE")
	_, err = agent.FindSimilarIdeas(t.Context(), &boardv1.FindSimilarIdeasRequest{Name: taken.GetIdea().GetName()})
	wantStatus(t, err, codes.Unavailable, "UNAVAILABLE")

	broken.broken.Store(false)
	stored, err := agent.GetIdea(t.Context(), &boardv1.GetIdeaRequest{Name: taken.GetIdea().GetName()})
	require.NoError(t, err)
	require.Equal(t, "solicitations/first", stored.GetSolicitation())
	require.Equal(t, "A delivery a week", stored.GetTitle())
	again, err := submit("A delivery a week", oneUUID, false)
	require.NoError(t, err)
	require.Equal(t, taken.GetIdea().GetName(), again.GetIdea().GetName())
	require.Len(t, again.GetSuggestedDuplicates(), 1, "a retry suggests what could not be before")
	require.ElementsMatch(t, []string{"One delivery a week", "A delivery a week"}, ideas(), "each once, and none that was only checked")
}
