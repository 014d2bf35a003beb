package rpc

import (
	"context"

	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/advice"
)

// asker returns the id of who asked for an idea; "" where nobody did.
func (s *ideasServer) asker(ctx context.Context, i resource.Stored[advice.Idea]) (string, error) {
	if i.State.Solicitation == "" {
		return "", nil
	}
	asked, err := s.domain.Solicitations.Get(ctx, i.State.Solicitation)
	return asked.State.Owner, err
}

// deciding returns the idea of a name if the caller may decide it.
func (s *ideasServer) deciding(ctx context.Context, name string) (resource.Stored[advice.Idea], error) {
	i, err := s.domain.Ideas.Get(ctx, id(name, "ideas"))
	if err != nil {
		return i, err
	}
	owner, err := s.asker(ctx, i)
	if err != nil {
		return i, err
	}
	return i, checkOwner(ctx, decideIdeas, "evenhand/Idea", name, owner)
}

func (s *ideasServer) MergeIdea(ctx context.Context, r *boardv1.MergeIdeaRequest) (*boardv1.Idea, error) {
	idea, err := s.deciding(ctx, r.GetName())
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	i, err := s.domain.Ideas.Merge(ctx, c, idea.ID, id(r.GetInto(), "ideas"), r.GetEtag())
	return s.answer(ctx, i, err)
}

func (s *ideasServer) UnmergeIdea(ctx context.Context, r *boardv1.UnmergeIdeaRequest) (*boardv1.Idea, error) {
	idea, err := s.deciding(ctx, r.GetName())
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	i, err := s.domain.Ideas.Unmerge(ctx, c, idea.ID, r.GetEtag())
	return s.answer(ctx, i, err)
}

func (s *ideasServer) DecideIdea(ctx context.Context, r *boardv1.DecideIdeaRequest) (*boardv1.Idea, error) {
	idea, err := s.deciding(ctx, r.GetName())
	if err != nil {
		return nil, err
	}
	d, err := dispositionFrom(r.GetDisposition())
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	i, err := s.domain.Ideas.Decide(ctx, c, idea.ID, r.GetEtag(), d)
	return s.answer(ctx, i, err)
}

func (s *ideasServer) ReviseDisposition(ctx context.Context, r *boardv1.ReviseDispositionRequest) (*boardv1.Idea, error) {
	idea, err := s.deciding(ctx, r.GetName())
	if err != nil {
		return nil, err
	}
	d, err := dispositionFrom(r.GetDisposition())
	if err != nil {
		return nil, err
	}
	d.Revises = r.GetRevisionReason()
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	i, err := s.domain.Ideas.Revise(ctx, c, idea.ID, r.GetEtag(), d)
	return s.answer(ctx, i, err)
}

func (s *ideasServer) RecordFollowUp(ctx context.Context, r *boardv1.RecordFollowUpRequest) (*boardv1.Idea, error) {
	idea, err := s.domain.Ideas.Get(ctx, id(r.GetName(), "ideas"))
	if err != nil {
		return nil, err
	}
	owner, err := s.asker(ctx, idea)
	if err != nil {
		return nil, err
	}
	owners := []string{owner}
	if d := idea.State.Disposition(); d != nil {
		owners = append(owners, d.Owner)
	}
	if err := checkOwner(ctx, decideIdeas, "evenhand/Idea", r.GetName(), owners...); err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	i, err := s.domain.Ideas.Follow(ctx, c, idea.ID, r.GetEtag(), advice.Step{
		Note: r.GetNote(), Evidence: r.GetEvidence(), Completes: r.GetDone()})
	return s.answer(ctx, i, err)
}

func (s *ideasServer) GetIdeaReport(ctx context.Context, r *boardv1.GetIdeaReportRequest) (*boardv1.GetIdeaReportResponse, error) {
	account := r.GetAccount()
	if account == "" && r.GetContact() != "" {
		account = nameIn("accounts", id(r.GetContact(), "accounts"))
	}
	giver, err := giverFrom("contact", account, r.GetContact())
	if err != nil {
		return nil, err
	}
	q := advice.ReportQuery{Board: id(r.GetBoard(), "boards"), Solicitation: id(r.GetSolicitation(), "solicitations"),
		Account: giver.Account, Contact: giver.Contact}
	if q.From, err = dayFrom("from_date", r.GetFromDate()); err != nil {
		return nil, err
	}
	if q.To, err = dayFrom("to_date", r.GetToDate()); err != nil {
		return nil, err
	}
	report, err := s.domain.Ideas.Report(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &boardv1.GetIdeaReportResponse{Ideas: int32(report.Counts.Ideas)}
	switch r.GetFormat() {
	case boardv1.GetIdeaReportRequest_FORMAT_HTML:
		out.ContentType = "text/html; charset=utf-8"
		out.Content, err = report.HTML()
	case boardv1.GetIdeaReportRequest_FORMAT_JSON:
		out.ContentType = "application/json"
		out.Content, err = report.JSON()
	default:
		out.ContentType, out.Content = "text/markdown; charset=utf-8", report.Markdown()
	}
	return out, err
}
