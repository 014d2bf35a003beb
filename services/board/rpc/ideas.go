package rpc

import (
	"context"
	"log/slog"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/advice"
)

// ideasServer implements IdeasService.
type ideasServer struct {
	boardv1.UnimplementedIdeasServiceServer
	domain *advice.Service
}

// answer makes the answer of a call that returns an idea.
func (s *ideasServer) answer(ctx context.Context, i resource.Stored[advice.Idea], err error) (*boardv1.Idea, error) {
	if err != nil {
		return nil, err
	}
	today, err := s.domain.Solicitations.Today(ctx)
	if err != nil {
		return nil, err
	}
	return ideaOf(i, today), nil
}

func (s *ideasServer) GetIdea(ctx context.Context, r *boardv1.GetIdeaRequest) (*boardv1.Idea, error) {
	i, err := s.domain.Ideas.Read(ctx, id(r.GetName(), "ideas"))
	return s.answer(ctx, i, err)
}

func (s *ideasServer) SubmitIdea(ctx context.Context, r *boardv1.SubmitIdeaRequest) (*boardv1.SubmitIdeaResponse, error) {
	n, err := ideaFrom(r.GetIdea())
	if err != nil {
		return nil, err
	}
	today, err := s.domain.Solicitations.Today(ctx)
	if err != nil {
		return nil, err
	}
	if n.Submitted != 0 && n.Submitted != today && auth.FromContext(ctx).Can(updateSolicitations) != auth.All {
		return nil, auth.Access{Permission: updateSolicitations}.Allow(auth.FromContext(ctx))
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	submitted, err := s.domain.Ideas.Submit(ctx, c, n, r.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	similar, err := s.domain.Ideas.Similar(ctx, submitted.ID, submitted.State)
	if err != nil && r.GetValidateOnly() {
		return nil, err
	}
	if err != nil { // the idea is there: it does without suggestions
		slog.WarnContext(ctx, "no ideas were suggested that are like a new one", "idea", advice.IdeaName(submitted.ID), "error", err)
	}
	return &boardv1.SubmitIdeaResponse{Idea: ideaOf(submitted, today), SuggestedDuplicates: similarOf(similar)}, nil
}

func (s *ideasServer) UpdateIdea(ctx context.Context, r *boardv1.UpdateIdeaRequest) (*boardv1.Idea, error) {
	in := r.GetIdea()
	mask, err := fieldmask.Read("idea", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	found, err := request.Name("idea.name", in.GetName(), "ideas")
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	i, err := s.domain.Ideas.Update(ctx, c, found[0], in.GetEtag(), advice.IdeaPatch{
		Title: masked(mask, "title", in.GetTitle()),
		Text:  masked(mask, "text", in.GetText()),
		Links: masked(mask, "links", linksFrom(in.GetLinks())),
	})
	return s.answer(ctx, i, err)
}

func (s *ideasServer) FindSimilarIdeas(ctx context.Context, r *boardv1.FindSimilarIdeasRequest) (*boardv1.FindSimilarIdeasResponse, error) {
	i, err := s.domain.Ideas.Get(ctx, id(r.GetName(), "ideas"))
	if err != nil {
		return nil, err
	}
	similar, err := s.domain.Ideas.Similar(ctx, i.ID, i.State)
	return &boardv1.FindSimilarIdeasResponse{SuggestedDuplicates: similarOf(similar)}, err
}

func (s *ideasServer) VoteForIdea(ctx context.Context, r *boardv1.VoteForIdeaRequest) (*boardv1.Idea, error) {
	giver, err := giverFrom("contact", r.GetAccount(), r.GetContact())
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	i, err := s.domain.Ideas.Vote(ctx, c, id(r.GetName(), "ideas"), giver)
	return s.answer(ctx, i, err)
}

func (s *ideasServer) TakeBackVote(ctx context.Context, r *boardv1.TakeBackVoteRequest) (*boardv1.Idea, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	i, err := s.domain.Ideas.TakeBack(ctx, c, id(r.GetName(), "ideas"), id(r.GetAccount(), "accounts"))
	return s.answer(ctx, i, err)
}

func (s *ideasServer) CreateIdeaComment(ctx context.Context, r *boardv1.CreateIdeaCommentRequest) (*boardv1.IdeaComment, error) {
	in := r.GetComment()
	giver, err := giverFrom("comment.contact", in.GetAccount(), in.GetContact())
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	comment, err := s.domain.Ideas.Comment(ctx, c, id(r.GetParent(), "ideas"), advice.Comment{Text: in.GetText(), Giver: giver})
	if err != nil {
		return nil, err
	}
	return commentOf(comment), nil
}
