package rpc

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/paging"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/sessions"
)

var _ sessions.Directory = (*AccountsSource)(nil)

// Contact implements sessions.Directory.
func (s *AccountsSource) Contact(ctx context.Context, name string) error {
	_, err := s.accounts.GetContact(ctx, &accountsv1.GetContactRequest{Name: name})
	return missing(err, "evenhand/Contact", name)
}

// BoardQuestions puts the questions of sessions at the board service. It implements
// sessions.Board.
type BoardQuestions struct {
	solicitations boardv1.SolicitationsServiceClient
	ideas         boardv1.IdeasServiceClient
}

var _ sessions.Board = (*BoardQuestions)(nil)

// NewBoardQuestions returns questions on a connection to the board service, whose calls carry
// a token that may change solicitations and read ideas: one of a principal with the role
// service.
func NewBoardQuestions(conn grpc.ClientConnInterface) *BoardQuestions {
	return &BoardQuestions{solicitations: boardv1.NewSolicitationsServiceClient(conn), ideas: boardv1.NewIdeasServiceClient(conn)}
}

// refused tells apart what asking again would not change.
func refused(err error) error {
	switch status.Code(err) {
	case codes.InvalidArgument, codes.NotFound, codes.AlreadyExists, codes.PermissionDenied, codes.FailedPrecondition, codes.OutOfRange, codes.Unimplemented:
		return fmt.Errorf("%w: %w", sessions.ErrRefused, err)
	}
	return err
}

// Ask implements sessions.Board.
func (b *BoardQuestions) Ask(ctx context.Context, q sessions.Question, check bool) error {
	_, err := b.solicitations.CreateSolicitation(ctx, &boardv1.CreateSolicitationRequest{
		SolicitationId: q.ID, RequestId: q.RequestID, Open: true, ValidateOnly: check,
		Solicitation: &boardv1.Solicitation{Question: q.Question, Background: q.Background, Owner: plans.PrincipalName(q.Owner),
			Audience: &boardv1.Audience{Who: &boardv1.Audience_Accounts_{
				Accounts: &boardv1.Audience_Accounts{Accounts: namesIn("accounts", q.Accounts)}}},
			CloseDate: dayOut(q.Closes), DecisionDate: dayOut(q.Decides)},
	})
	return refused(err)
}

// State implements sessions.Board.
func (b *BoardQuestions) State(ctx context.Context, solicitation string) (sessions.SolicitationState, error) {
	s, err := b.solicitations.GetSolicitation(ctx, &boardv1.GetSolicitationRequest{Name: sessions.SolicitationName(solicitation)})
	return sessions.SolicitationState(strings.ToLower(strings.TrimPrefix(s.GetState().String(), "STATE_"))), refused(err)
}

// Change implements sessions.Board.
func (b *BoardQuestions) Change(ctx context.Context, solicitation, requestID string, c sessions.Change) error {
	changed := &boardv1.Solicitation{Name: sessions.SolicitationName(solicitation), Owner: nameIn("principals", c.Owner),
		CloseDate: dayOut(c.Closes), DecisionDate: dayOut(c.Decides)}
	mask := &fieldmaskpb.FieldMask{}
	for path, given := range map[string]bool{"owner": c.Owner != "", "close_date": c.Closes != 0, "decision_date": c.Decides != 0} {
		if given {
			mask.Paths = append(mask.Paths, path)
		}
	}
	slices.Sort(mask.Paths) // a retry is the same request
	_, err := b.solicitations.UpdateSolicitation(ctx, &boardv1.UpdateSolicitationRequest{
		Solicitation: changed, UpdateMask: mask, Reason: c.Reason, RequestId: requestID})
	return refused(err)
}

// Close implements sessions.Board.
func (b *BoardQuestions) Close(ctx context.Context, solicitation, requestID string) error {
	_, err := b.solicitations.CloseSolicitation(ctx, &boardv1.CloseSolicitationRequest{
		Name: sessions.SolicitationName(solicitation), RequestId: requestID})
	return refused(err)
}

// Answer implements sessions.Board.
func (b *BoardQuestions) Answer(ctx context.Context, solicitation, requestID, answer string) error {
	_, err := b.solicitations.AnswerSolicitation(ctx, &boardv1.AnswerSolicitationRequest{
		Name: sessions.SolicitationName(solicitation), RequestId: requestID, Answer: answer})
	return refused(err)
}

// Withdraw implements sessions.Board.
func (b *BoardQuestions) Withdraw(ctx context.Context, solicitation, requestID, reason string) error {
	_, err := b.solicitations.WithdrawSolicitation(ctx, &boardv1.WithdrawSolicitationRequest{
		Name: sessions.SolicitationName(solicitation), RequestId: requestID, Reason: reason})
	return refused(err)
}

// Ideas implements sessions.Board.
func (b *BoardQuestions) Ideas(ctx context.Context, solicitation string) ([]sessions.Idea, error) {
	var found []*boardv1.Idea
	request := &boardv1.ListIdeasRequest{PageSize: paging.MaxSize, Filter: fmt.Sprintf("solicitation = %q", sessions.SolicitationName(solicitation))}
	for {
		page, err := b.ideas.ListIdeas(ctx, request)
		if err != nil {
			return nil, err
		}
		found = append(found, page.GetIdeas()...)
		if request.PageToken = page.GetNextPageToken(); request.PageToken == "" {
			break
		}
	}
	titles := map[string]string{}
	for _, i := range found {
		titles[i.GetName()] = i.GetTitle()
	}
	list := make([]sessions.Idea, 0, len(found))
	for _, in := range found {
		i, err := saidIn(in)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", in.GetName(), err)
		}
		if into := in.GetMergedInto(); into != "" {
			if _, known := titles[into]; !known {
				other, err := b.ideas.GetIdea(ctx, &boardv1.GetIdeaRequest{Name: into})
				if err != nil {
					return nil, err
				}
				titles[into] = other.GetTitle()
			}
			i.MergedInto = titles[into]
		}
		list = append(list, i)
	}
	return list, nil
}

// saidIn reads an idea with the answer that counts.
func saidIn(in *boardv1.Idea) (sessions.Idea, error) {
	i := sessions.Idea{Name: in.GetName(), Title: in.GetTitle(), Text: in.GetText(), Account: names.First(in.GetAccount(), "accounts")}
	var err error
	if i.Given, err = dayGiven("submit_date", in.GetSubmitDate()); err != nil {
		return i, err
	}
	d := in.GetDisposition()
	if d == nil {
		return i, nil
	}
	i.Decided, i.Outcome, i.Reason, i.Done = true, ideaOutcomes[d.GetOutcome()], d.GetReason(), d.GetDoneTime() != nil
	for _, step := range d.GetSteps() {
		if step.GetCompletes() {
			i.Evidence = step.GetEvidence()
		}
	}
	i.Due, err = dayGiven("disposition.due_date", d.GetDueDate())
	return i, err
}
