package rpc

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/advice"
)

// solicitationsServer implements SolicitationsService.
type solicitationsServer struct {
	boardv1.UnimplementedSolicitationsServiceServer
	domain *advice.Service
}

var solicitationStates = map[advice.SolicitationState]boardv1.Solicitation_State{
	advice.Draft:     boardv1.Solicitation_STATE_DRAFT,
	advice.Open:      boardv1.Solicitation_STATE_OPEN,
	advice.Deciding:  boardv1.Solicitation_STATE_DECIDING,
	advice.Answered:  boardv1.Solicitation_STATE_ANSWERED,
	advice.Withdrawn: boardv1.Solicitation_STATE_WITHDRAWN,
}

func solicitationOf(a advice.Asked) *boardv1.Solicitation {
	s := a.Stored.State
	out := &boardv1.Solicitation{
		Name: advice.SolicitationName(a.ID), Question: s.Question, Background: s.Background, Owner: nameIn("principals", s.Owner),
		Audience: audienceOf(s.Audience), State: solicitationStates[a.State], OpenDate: dateFrom(s.Opened), CloseDate: dateFrom(s.Closes),
		DecisionDate: dateFrom(s.Decision), LockDate: dateFrom(s.Due), UndecidedIdeas: int32(a.Undecided), Overdue: a.Overdue,
		Answer: s.Answer, WithdrawalReason: s.Withdrawal, EndTime: wire.Timestamp(s.Ended),
		Etag: a.Etag(), CreateTime: wire.Timestamp(s.Created), UpdateTime: wire.Timestamp(s.Updated),
	}
	for _, c := range s.Changes {
		value := func(v string) string { return v }
		if c.Field == "owner" {
			value = func(v string) string { return nameIn("principals", v) }
		}
		out.Changes = append(out.Changes, &boardv1.Solicitation_Change{ChangeTime: wire.Timestamp(c.At), Principal: c.By, Field: c.Field,
			OldValue: value(c.From), NewValue: value(c.To), Reason: c.Reason})
	}
	return out
}

func audienceOf(a advice.Audience) *boardv1.Audience {
	switch {
	case a.Board != "":
		return &boardv1.Audience{Who: &boardv1.Audience_Board{Board: nameIn("boards", a.Board)}}
	case a.Everyone:
		return &boardv1.Audience{Who: &boardv1.Audience_AllAccounts{AllAccounts: true}}
	case len(a.Attributes) > 0:
		return &boardv1.Audience{Who: &boardv1.Audience_Attributes_{Attributes: &boardv1.Audience_Attributes{Values: a.Attributes}}}
	}
	return &boardv1.Audience{Who: &boardv1.Audience_Accounts_{Accounts: &boardv1.Audience_Accounts{Accounts: named(a.Accounts, "accounts")}}}
}

func audienceFrom(a *boardv1.Audience) advice.Audience {
	return advice.Audience{Board: id(a.GetBoard(), "boards"), Everyone: a.GetAllAccounts(),
		Attributes: a.GetAttributes().GetValues(), Accounts: ids(a.GetAccounts().GetAccounts(), "accounts")}
}

// answer makes the answer of a call that returns a solicitation.
func (s *solicitationsServer) answer(ctx context.Context, n resource.Stored[advice.Solicitation], err error) (*boardv1.Solicitation, error) {
	if err != nil {
		return nil, err
	}
	asked, err := s.domain.Solicitations.Now(ctx, n)
	if err != nil {
		return nil, err
	}
	return solicitationOf(asked), nil
}

func (s *solicitationsServer) GetSolicitation(ctx context.Context, r *boardv1.GetSolicitationRequest) (*boardv1.Solicitation, error) {
	n, err := s.domain.Solicitations.Get(ctx, id(r.GetName(), "solicitations"))
	return s.answer(ctx, n, err)
}

var solicitationFields = []filter.Field{
	{Name: "owner"}, {Name: "board"}, {Name: "question"}, {Name: "overdue", Kind: filter.Bool},
	{Name: "state", Kind: filter.Enum, Values: []string{"DRAFT", "OPEN", "DECIDING", "ANSWERED", "WITHDRAWN"}},
}

func (s *solicitationsServer) ListSolicitations(
	ctx context.Context, r *boardv1.ListSolicitationsRequest,
) (*boardv1.ListSolicitationsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filter.Parse(longState.ReplaceAllString(r.GetFilter(), "$1"), solicitationFields...)
	if err != nil {
		return nil, err
	}
	list, place, err := s.domain.Solicitations.List(ctx, advice.SolicitationQuery{
		Owner: wanted(f, "owner", "principals"), Board: wanted(f, "board", "boards"), Size: p.Size, After: p.After,
		Keep: func(a advice.Asked) bool {
			return f.Match(func(field string) any { return solicitationField(a, field) })
		},
	})
	if err != nil {
		return nil, err
	}
	out := &boardv1.ListSolicitationsResponse{}
	for _, a := range list {
		out.Solicitations = append(out.Solicitations, solicitationOf(a))
	}
	out.NextPageToken, err = p.Next(place)
	return out, err
}

// wanted is the id that a field, a name in a collection, has to have; nil where the
// filter does not say.
func wanted(f filter.Filter, field, collection string) *string {
	value, ok := f.Equal(field)
	text, isText := value.(string)
	if !ok || !isText {
		return nil
	}
	text = id(text, collection)
	return &text
}

// solicitationField is a field's value as filters see it.
func solicitationField(a advice.Asked, field string) any {
	switch field {
	case "owner":
		return nameIn("principals", a.Stored.State.Owner)
	case "board":
		return nameIn("boards", a.Stored.State.Audience.Board)
	case "question":
		return a.Stored.State.Question
	case "overdue":
		return a.Overdue
	case "state":
		return strings.TrimPrefix(solicitationStates[a.State].String(), "STATE_")
	}
	return nil
}

func (s *solicitationsServer) CreateSolicitation(ctx context.Context, r *boardv1.CreateSolicitationRequest) (*boardv1.Solicitation, error) {
	in := r.GetSolicitation()
	n := advice.Solicitation{Question: in.GetQuestion(), Background: in.GetBackground(), Owner: id(in.GetOwner(), "principals"),
		Audience: audienceFrom(in.GetAudience())}
	if n.Owner == "" {
		n.Owner = id(auth.FromContext(ctx).Name(), "principals")
	}
	if err := checkOwner(ctx, updateSolicitations, "", "", n.Owner); err != nil {
		return nil, err
	}
	var err error
	if n.Closes, err = dayFrom("solicitation.close_date", in.GetCloseDate()); err != nil {
		return nil, err
	}
	if n.Decision, err = dayFrom("solicitation.decision_date", in.GetDecisionDate()); err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	create := s.domain.Solicitations.Create
	if r.GetOpen() {
		create = s.domain.Solicitations.Ask
	}
	created, err := create(ctx, c, r.GetSolicitationId(), n, r.GetValidateOnly())
	return s.answer(ctx, created, err)
}

// changing returns the id of the solicitation of a name, and the call that changes it,
// if the caller may.
func (s *solicitationsServer) changing(ctx context.Context, name string, r request.Mutation) (string, resource.Call, error) {
	n, err := s.domain.Solicitations.Get(ctx, id(name, "solicitations"))
	if err != nil {
		return "", resource.Call{}, err
	}
	if err := checkOwner(ctx, updateSolicitations, "evenhand/Solicitation", name, n.State.Owner); err != nil {
		return "", resource.Call{}, err
	}
	c, err := request.Call(ctx, r)
	return n.ID, c, err
}

// checkGiven returns PERMISSION_DENIED where the caller may change its own solicitations
// only, and would make one somebody else's.
func checkGiven(ctx context.Context, name, owner string) error {
	p := auth.FromContext(ctx)
	if p.Can(updateSolicitations) == auth.All || owner == id(p.Name(), "principals") {
		return nil
	}
	return fault.New(fault.PermissionDenied, "NOT_ASSIGNED",
		"%s may change what it owns (%s), and not hand it to %s, who would have to answer it: ask somebody who may change all solicitations.",
		p.Name(), updateSolicitations, nameIn("principals", owner)).
		With("permission", updateSolicitations).With("principal", p.Name()).WithResource("evenhand/Solicitation", name)
}

func (s *solicitationsServer) UpdateSolicitation(ctx context.Context, r *boardv1.UpdateSolicitationRequest) (*boardv1.Solicitation, error) {
	in := r.GetSolicitation()
	mask, err := fieldmask.Read("solicitation", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	if _, err := request.Name("solicitation.name", in.GetName(), "solicitations"); err != nil {
		return nil, err
	}
	n, c, err := s.changing(ctx, in.GetName(), r)
	if err != nil {
		return nil, err
	}
	if mask.Touches("owner") { // whoever gets it is locked by it
		if err := checkGiven(ctx, in.GetName(), id(in.GetOwner(), "principals")); err != nil {
			return nil, err
		}
	}
	patch := advice.SolicitationPatch{
		Question:   masked(mask, "question", in.GetQuestion()),
		Background: masked(mask, "background", in.GetBackground()),
		Owner:      masked(mask, "owner", id(in.GetOwner(), "principals")),
		Reason:     r.GetReason(),
	}
	if mask.Touches("audience") {
		audience := audienceFrom(in.GetAudience())
		patch.Audience = &audience
	}
	closes, err := dayFrom("solicitation.close_date", in.GetCloseDate())
	if err != nil {
		return nil, err
	}
	decision, err := dayFrom("solicitation.decision_date", in.GetDecisionDate())
	if err != nil {
		return nil, err
	}
	patch.Closes, patch.Decision = masked(mask, "close_date", closes), masked(mask, "decision_date", decision)
	changed, err := s.domain.Solicitations.Update(ctx, c, n, in.GetEtag(), patch)
	return s.answer(ctx, changed, err)
}

func (s *solicitationsServer) OpenSolicitation(ctx context.Context, r *boardv1.OpenSolicitationRequest) (*boardv1.Solicitation, error) {
	n, c, err := s.changing(ctx, r.GetName(), r)
	if err != nil {
		return nil, err
	}
	on, err := dayFrom("open_date", r.GetOpenDate())
	if err != nil {
		return nil, err
	}
	opened, err := s.domain.Solicitations.Open(ctx, c, n, r.GetEtag(), on, r.GetValidateOnly())
	return s.answer(ctx, opened, err)
}

func (s *solicitationsServer) CloseSolicitation(ctx context.Context, r *boardv1.CloseSolicitationRequest) (*boardv1.Solicitation, error) {
	n, c, err := s.changing(ctx, r.GetName(), r)
	if err != nil {
		return nil, err
	}
	closed, err := s.domain.Solicitations.Close(ctx, c, n, r.GetEtag())
	return s.answer(ctx, closed, err)
}

func (s *solicitationsServer) AnswerSolicitation(ctx context.Context, r *boardv1.AnswerSolicitationRequest) (*boardv1.Solicitation, error) {
	n, c, err := s.changing(ctx, r.GetName(), r)
	if err != nil {
		return nil, err
	}
	answered, err := s.domain.Solicitations.Answer(ctx, c, n, r.GetEtag(), r.GetAnswer())
	return s.answer(ctx, answered, err)
}

func (s *solicitationsServer) WithdrawSolicitation(ctx context.Context, r *boardv1.WithdrawSolicitationRequest) (*boardv1.Solicitation, error) {
	n, c, err := s.changing(ctx, r.GetName(), r)
	if err != nil {
		return nil, err
	}
	withdrawn, err := s.domain.Solicitations.Withdraw(ctx, c, n, r.GetEtag(), r.GetReason())
	return s.answer(ctx, withdrawn, err)
}
