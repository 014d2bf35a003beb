package rpc

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/rpcstatus"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board"
)

var candidateStates = map[board.CandidateState]boardv1.Candidate_State{
	board.Nominated: boardv1.Candidate_STATE_NOMINATED,
	board.Consented: boardv1.Candidate_STATE_CONSENTED,
	board.Withdrawn: boardv1.Candidate_STATE_WITHDRAWN,
}

// candidatesOf makes the messages of candidates, with what people call the accounts.
func (s *boardsServer) candidatesOf(ctx context.Context, standing *board.Standing, list ...resource.Stored[board.Candidate]) ([]*boardv1.Candidate, error) {
	ids := make([]string, len(list))
	for i, c := range list {
		ids[i] = last(c.ID)
	}
	accounts, err := s.domain.Accounts.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]*boardv1.Candidate, len(list))
	for i, c := range list {
		out[i] = candidateOf(c, accounts[ids[i]])
		out[i].IneligibleReasons = standing.Reasons(ids[i])
		out[i].Eligible = len(out[i].IneligibleReasons) == 0
	}
	return out, nil
}

func candidateOf(s resource.Stored[board.Candidate], account board.Account) *boardv1.Candidate {
	c, id := s.State, last(s.ID)
	out := &boardv1.Candidate{
		Name: board.Name(s.ID), Account: board.AccountName(id), AccountDisplayName: account.DisplayName, State: candidateStates[c.State],
		Nominator: names.Join("principals", c.Nominator), NominateTime: wire.Timestamp(c.Nominated), WithdrawReason: c.WithdrawReason,
		Etag: s.Etag(), CreateTime: wire.Timestamp(c.Created), UpdateTime: wire.Timestamp(c.Updated),
	}
	if c.Consent != nil {
		out.Consent = &boardv1.Consent{Contact: board.ContactName(id, c.Consent.Contact), GiveTime: wire.Timestamp(c.Consent.Given),
			Recorder: names.Join("principals", c.Consent.Recorder)}
		if c.Consent.Until != civil.Never {
			out.Consent.UntilDate = wire.Date(int32(c.Consent.Until))
		}
	}
	return out
}

func (s *boardsServer) candidate(ctx context.Context, c resource.Stored[board.Candidate], err error) (*boardv1.Candidate, error) {
	if err != nil {
		return nil, err
	}
	standing, err := s.domain.Rotations.Standing(ctx, id(board.Name(c.ID), "boards"))
	if err != nil {
		return nil, err
	}
	list, err := s.candidatesOf(ctx, standing, c)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

func (s *boardsServer) GetCandidate(ctx context.Context, r *boardv1.GetCandidateRequest) (*boardv1.Candidate, error) {
	c, err := s.domain.Candidates.Get(ctx, id(r.GetName(), "boards"), last(r.GetName()))
	return s.candidate(ctx, c, err)
}

var candidateFields = []filter.Field{
	{Name: "nominator"}, {Name: "eligible", Kind: filter.Bool}, {Name: "state", Kind: filter.Enum, Values: []string{"NOMINATED", "CONSENTED", "WITHDRAWN"}},
}

func (s *boardsServer) ListCandidates(ctx context.Context, r *boardv1.ListCandidatesRequest) (*boardv1.ListCandidatesResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filter.Parse(longState.ReplaceAllString(r.GetFilter(), "$1"), candidateFields...)
	if err != nil {
		return nil, err
	}
	standing, err := s.domain.Rotations.Standing(ctx, id(r.GetParent(), "boards"))
	if err != nil {
		return nil, err
	}
	list, err := s.domain.Candidates.List(ctx, id(r.GetParent(), "boards"), p.Size, p.After, func(c resource.Stored[board.Candidate]) bool {
		return f.Match(func(field string) any {
			switch field {
			case "nominator":
				return names.Join("principals", c.State.Nominator)
			case "eligible":
				return len(standing.Reasons(last(c.ID))) == 0
			}
			return strings.TrimPrefix(candidateStates[c.State.State].String(), "STATE_")
		})
	})
	if err != nil {
		return nil, err
	}
	out := &boardv1.ListCandidatesResponse{}
	if out.Candidates, err = s.candidatesOf(ctx, standing, list.Items...); err != nil {
		return nil, err
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}

// consentFrom reads a consent of one of an account's people; nil for none.
func consentFrom(field, account string, in *boardv1.Consent) (*board.NewConsent, error) {
	if in == nil {
		return nil, nil
	}
	found, ok := names.Parse(in.GetContact(), "accounts", "contacts")
	if !ok || found[0] != account {
		return nil, fault.Invalid(field+".contact", "%q is not a contact of %s", in.GetContact(), board.AccountName(account))
	}
	given, err := wire.Time(field+".give_time", in.GetGiveTime())
	if err != nil {
		return nil, err
	}
	c := &board.NewConsent{Contact: found[1], Given: given, Until: civil.Never}
	if in.GetUntilDate() != nil {
		day, err := wire.Day(field+".until_date", in.GetUntilDate())
		if err != nil {
			return nil, err
		}
		c.Until = civil.Day(day)
	}
	return c, nil
}

func (s *boardsServer) NominateCandidate(ctx context.Context, r *boardv1.NominateCandidateRequest) (*boardv1.Candidate, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	account := id(r.GetAccount(), "accounts")
	consent, err := consentFrom("consent", account, r.GetConsent())
	if err != nil {
		return nil, err
	}
	made, err := s.domain.Candidates.Nominate(ctx, c, id(r.GetParent(), "boards"), account, id(c.Principal, "principals"), consent)
	return s.candidate(ctx, made, err)
}

func (s *boardsServer) BatchNominateCandidates(
	ctx context.Context, r *boardv1.BatchNominateCandidatesRequest,
) (*boardv1.BatchNominateCandidatesResponse, error) {
	parent := id(r.GetParent(), "boards")
	if _, err := s.domain.Boards.Open(ctx, parent); err != nil {
		return nil, err
	}
	made := make([]*resource.Stored[board.Candidate], len(r.GetNominations()))
	out := &boardv1.BatchNominateCandidatesResponse{Results: make([]*boardv1.NominationResult, len(made))}
	for i, n := range r.GetNominations() {
		var err error
		var told *fault.Error
		if made[i], err = s.nominate(ctx, parent, n); refused(err, &told) {
			out.Results[i] = &boardv1.NominationResult{Result: &boardv1.NominationResult_Error{Error: rpcstatus.Of(told).Proto()}}
		} else if err != nil {
			return nil, err
		}
	}
	standing, err := s.domain.Rotations.Standing(ctx, parent) // with all of them
	if err != nil {
		return nil, err
	}
	for i, one := range made {
		if one == nil {
			continue
		}
		candidates, err := s.candidatesOf(ctx, standing, *one)
		if err != nil {
			return nil, err
		}
		out.Results[i] = &boardv1.NominationResult{Result: &boardv1.NominationResult_Candidate{Candidate: candidates[0]}}
	}
	return out, nil
}

// refused says whether an error is about the nomination itself, not about the service.
func refused(err error, told **fault.Error) bool {
	*told = Faults.Find(err)
	return *told != nil && ((*told).Kind == fault.InvalidArgument || (*told).Kind == fault.NotFound || (*told).Kind == fault.FailedPrecondition)
}

func (s *boardsServer) nominate(ctx context.Context, parent string, n *boardv1.Nomination) (*resource.Stored[board.Candidate], error) {
	account, c := id(n.GetAccount(), "accounts"), request.Caller(ctx)
	consent, err := consentFrom("consent", account, n.GetConsent())
	if err != nil {
		return nil, err
	}
	made, err := s.domain.Candidates.NominateAlso(ctx, c, parent, account, id(c.Principal, "principals"), consent)
	if err != nil {
		return nil, err
	}
	return &made, nil
}

func (s *boardsServer) RecordConsent(ctx context.Context, r *boardv1.RecordConsentRequest) (*boardv1.Candidate, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	account := last(r.GetName())
	consent, err := consentFrom("consent", account, r.GetConsent())
	if err != nil {
		return nil, err
	}
	made, err := s.domain.Candidates.RecordConsent(ctx, c, id(r.GetName(), "boards"), account, r.GetEtag(), id(c.Principal, "principals"), *consent)
	return s.candidate(ctx, made, err)
}

func (s *boardsServer) WithdrawCandidate(ctx context.Context, r *boardv1.WithdrawCandidateRequest) (*boardv1.Candidate, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	made, err := s.domain.Candidates.Withdraw(ctx, c, id(r.GetName(), "boards"), last(r.GetName()), r.GetEtag(), r.GetReason())
	return s.candidate(ctx, made, err)
}
