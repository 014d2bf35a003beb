package rpc

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board"
	"github.com/evenhand/evenhand/services/board/charter"
)

var origins = map[charter.Kind]boardv1.Origin{
	charter.Drawn:     boardv1.Origin_ORIGIN_DRAWN,
	charter.Alternate: boardv1.Origin_ORIGIN_ALTERNATE,
	charter.Nominated: boardv1.Origin_ORIGIN_NOMINATED,
}

var ends = map[board.TermEnd]boardv1.Term_End{
	board.Resigned:  boardv1.Term_END_RESIGNED,
	board.Left:      boardv1.Term_END_LEFT,
	board.Dissolved: boardv1.Term_END_DISSOLVED,
}

// termOf makes the message of a term as it stands on a day.
func termOf(parent string, t *board.Term, today civil.Day) *boardv1.Term {
	out := termState(parent, t)
	if t.Ended == nil && t.End <= today {
		out.EndDate, out.End = wire.Date(int32(t.End)), boardv1.Term_END_SERVED
	}
	return out
}

// termState makes the message of a term whatever day it is: one that is served to its
// planned end has no end of its own.
func termState(parent string, t *board.Term) *boardv1.Term {
	out := &boardv1.Term{
		Name: board.TermName(parent, t.ID), Seat: board.SeatName(parent, t.Seat), Account: board.AccountName(t.Account),
		Contact: board.ContactName(t.Account, t.Contact), Rotation: board.RotationName(parent, t.Rotation), Origin: origins[t.Kind],
		StartDate: wire.Date(int32(t.Start)), PlannedEndDate: wire.Date(int32(t.End)), EndReason: t.EndReason, Unexpired: t.Vacancy,
		MoveReason: t.MoveReason,
		Etag:       t.Etag(), CreateTime: wire.Timestamp(t.Created), UpdateTime: wire.Timestamp(t.Updated),
	}
	if t.Ended != nil {
		out.EndDate, out.End = wire.Date(int32(*t.Ended)), ends[t.How]
	}
	return out
}

// today is the day that it is for a board; NOT_FOUND for the board.
func (s *boardsServer) today(ctx context.Context, parent string) (civil.Day, error) {
	b, err := s.domain.Boards.Get(ctx, parent)
	return s.domain.Boards.Today(b.State), err
}

func (s *boardsServer) GetTerm(ctx context.Context, r *boardv1.GetTermRequest) (*boardv1.Term, error) {
	parent := id(r.GetName(), "boards")
	today, err := s.today(ctx, parent)
	if err != nil {
		return nil, err
	}
	t, err := s.domain.Terms.Term(ctx, parent, last(r.GetName()))
	if err != nil {
		return nil, err
	}
	return termOf(parent, &t, today), nil
}

var termFields = []filter.Field{
	{Name: "account"}, {Name: "seat"}, {Name: "rotation"}, {Name: "origin", Kind: filter.Enum, Values: []string{"DRAWN", "ALTERNATE", "NOMINATED"}},
	{Name: "state", Kind: filter.Enum, Values: []string{"COMING", "RUNNING", "OVER"}},
}

func (s *boardsServer) ListTerms(ctx context.Context, r *boardv1.ListTermsRequest) (*boardv1.ListTermsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filter.Parse(r.GetFilter(), termFields...)
	if err != nil {
		return nil, err
	}
	parent := id(r.GetParent(), "boards")
	today, err := s.today(ctx, parent)
	if err != nil {
		return nil, err
	}
	terms, err := s.domain.Terms.Terms(ctx, parent)
	if err != nil {
		return nil, err
	}
	var wanted []board.Term
	for i := range terms {
		if f.Match(func(field string) any { return termField(parent, &terms[i], today, field) }) {
			wanted = append(wanted, terms[i])
		}
	}
	out := &boardv1.ListTermsResponse{}
	wanted, more := slice(p, wanted, func(t board.Term) int64 { return int64(t.Start)<<16 + int64(t.Seat) })
	for i := range wanted {
		out.Terms = append(out.Terms, termOf(parent, &wanted[i], today))
	}
	out.NextPageToken, err = p.Next(more)
	return out, err
}

// termField is a field's value as filters see it.
func termField(parent string, t *board.Term, today civil.Day, field string) any {
	switch field {
	case "account":
		return board.AccountName(t.Account)
	case "seat":
		return board.SeatName(parent, t.Seat)
	case "rotation":
		return board.RotationName(parent, t.Rotation)
	case "origin":
		return strings.TrimPrefix(origins[t.Kind].String(), "ORIGIN_")
	}
	switch {
	case today < t.Start:
		return "COMING"
	case t.Runs(today):
		return "RUNNING"
	}
	return "OVER"
}

func (s *boardsServer) EndTerm(ctx context.Context, r *boardv1.EndTermRequest) (*boardv1.Term, error) {
	parent := id(r.GetName(), "boards")
	today, err := s.today(ctx, parent)
	if err != nil {
		return nil, err
	}
	on := today
	if r.GetDate() != nil {
		day, err := wire.Day("date", r.GetDate())
		if err != nil {
			return nil, err
		}
		on = civil.Day(day)
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	how := board.Resigned
	if r.GetEnd() == boardv1.Term_END_LEFT {
		how = board.Left
	}
	t, err := s.domain.Terms.End(ctx, c, parent, last(r.GetName()), r.GetEtag(), how, on, r.GetReason())
	if err != nil {
		return nil, err
	}
	return termOf(parent, &t, today), nil
}

func (s *boardsServer) SwapTerms(ctx context.Context, r *boardv1.SwapTermsRequest) (*boardv1.SwapTermsResponse, error) {
	parent := id(r.GetParent(), "boards")
	if err := checkAssigned(ctx, s.domain, parent, scheduleBoards); err != nil {
		return nil, err
	}
	for field, name := range map[string]string{"first_term": r.GetFirstTerm(), "second_term": r.GetSecondTerm()} {
		if id(name, "boards") != parent {
			return nil, fault.Invalid(field, "%q is not a term of %s", name, r.GetParent())
		}
	}
	today, err := s.today(ctx, parent)
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	terms, effect, err := s.domain.Rotations.Swap(ctx, c, parent, last(r.GetFirstTerm()), last(r.GetSecondTerm()), r.GetReason(), r.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	out := &boardv1.SwapTermsResponse{Tolerated: toleratedOf(effect)}
	for i := range terms {
		out.Terms = append(out.Terms, termOf(parent, &terms[i], today))
	}
	return out, nil
}

// The permission to lay out and change the schedule of boards, which a role may hold for
// assigned ones only.
const scheduleBoards = "boards.schedule"

// checkAssigned returns PERMISSION_DENIED with NOT_ASSIGNED where the caller holds the
// permission for assigned boards only, and this is not one.
func checkAssigned(ctx context.Context, domain *board.Service, parent, permission string) error {
	b, err := domain.Boards.Get(ctx, parent)
	if err != nil {
		return err
	}
	return mayChange(ctx, permission, parent, b.State)
}

// mayChange returns PERMISSION_DENIED with NOT_ASSIGNED where the caller holds the
// permission for assigned boards only, and the board with this id is not one.
func mayChange(ctx context.Context, permission, board string, b interface{ AssignedTo(string) bool }) error {
	p := auth.FromContext(ctx)
	if p.Can(permission) == auth.All || b.AssignedTo(id(p.Name(), "principals")) {
		return nil
	}
	name := names.Join("boards", board)
	return fault.New(fault.PermissionDenied, "NOT_ASSIGNED", "%s holds %s for boards assigned to it only, and %s is not.", p.Name(), permission, name).
		With("permission", permission).With("principal", p.Name()).WithResource("evenhand/Board", name)
}

func (s *boardsServer) seats(ctx context.Context, parent string) ([]*boardv1.Seat, error) {
	b, err := s.domain.Boards.Get(ctx, parent)
	if err != nil {
		return nil, err
	}
	seats, err := s.domain.Seats(ctx, parent, s.domain.Boards.Today(b.State))
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, seat := range seats {
		if seat.Term != nil {
			ids = append(ids, seat.Term.Account)
		}
	}
	accounts, err := s.domain.Accounts.GetMany(ctx, ids)
	if err != nil {
		return nil, err
	}
	out := make([]*boardv1.Seat, len(seats))
	for i, seat := range seats {
		out[i] = &boardv1.Seat{Name: board.SeatName(parent, seat.Number), Vacant: seat.Term == nil}
		if t := seat.Term; t != nil {
			out[i].Account, out[i].AccountDisplayName = board.AccountName(t.Account), accounts[t.Account].DisplayName
			out[i].Contact, out[i].Term = board.ContactName(t.Account, t.Contact), board.TermName(parent, t.ID)
			out[i].PlannedEndDate, out[i].Nominated = wire.Date(int32(t.Over())), t.Kind == charter.Nominated
		}
	}
	return out, nil
}

func (s *boardsServer) GetSeat(ctx context.Context, r *boardv1.GetSeatRequest) (*boardv1.Seat, error) {
	seats, err := s.seats(ctx, id(r.GetName(), "boards"))
	if err != nil {
		return nil, err
	}
	if n := number(r.GetName()); n <= len(seats) {
		return seats[n-1], nil
	}
	return nil, fault.Missing("evenhand/Seat", r.GetName())
}

func (s *boardsServer) ListSeats(ctx context.Context, r *boardv1.ListSeatsRequest) (*boardv1.ListSeatsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	seats, err := s.seats(ctx, id(r.GetParent(), "boards"))
	if err != nil {
		return nil, err
	}
	seats, more := slice(p, seats, func(seat *boardv1.Seat) int64 { return int64(number(seat.GetName())) })
	next, err := p.Next(more)
	return &boardv1.ListSeatsResponse{Seats: seats, NextPageToken: next}, err
}

var findingKinds = map[charter.FindingKind]boardv1.Finding_Kind{
	charter.FoundConflict:   boardv1.Finding_KIND_CONFLICT,
	charter.FoundQuota:      boardv1.Finding_KIND_QUOTA,
	charter.FoundNoCustomer: boardv1.Finding_KIND_LEFT,
	charter.FoundNoConsent:  boardv1.Finding_KIND_CONSENT,
	charter.FoundNoQuota:    boardv1.Finding_KIND_NO_QUOTA,
	charter.FoundTermLimit:  boardv1.Finding_KIND_TERM_LIMIT,
	board.FoundVacancy:      boardv1.Finding_KIND_VACANCY,
}

func findingOf(s resource.Stored[board.Finding]) *boardv1.Finding {
	f := s.State
	out := &boardv1.Finding{
		Name: board.Name(s.ID), Kind: findingKinds[f.Kind], State: boardv1.Finding_STATE_OPEN, Summary: f.Text,
		Accounts: named(f.Accounts, "accounts"), OpenTime: wire.Timestamp(f.Opened), ResolveTime: wire.Timestamp(f.Resolved),
		CreateTime: wire.Timestamp(f.Created), UpdateTime: wire.Timestamp(f.Updated),
	}
	if !f.Resolved.IsZero() {
		out.State = boardv1.Finding_STATE_RESOLVED
	}
	return out
}

func (s *boardsServer) GetFinding(ctx context.Context, r *boardv1.GetFindingRequest) (*boardv1.Finding, error) {
	f, err := s.domain.Findings.Get(ctx, id(r.GetName(), "boards"), last(r.GetName()))
	if err != nil {
		return nil, err
	}
	return findingOf(f), nil
}

var findingFields = []filter.Field{
	{Name: "state", Kind: filter.Enum, Values: []string{"OPEN", "RESOLVED"}},
	{Name: "kind", Kind: filter.Enum, Values: []string{"CONFLICT", "QUOTA", "LEFT", "CONSENT", "NO_QUOTA", "TERM_LIMIT", "VACANCY"}},
}

func (s *boardsServer) ListFindings(ctx context.Context, r *boardv1.ListFindingsRequest) (*boardv1.ListFindingsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filter.Parse(longState.ReplaceAllString(r.GetFilter(), "$1"), findingFields...)
	if err != nil {
		return nil, err
	}
	parent := id(r.GetParent(), "boards")
	if _, err := s.domain.Boards.Get(ctx, parent); err != nil {
		return nil, err
	}
	list, err := s.domain.Findings.List(ctx, parent, p.Size, p.After, func(found resource.Stored[board.Finding]) bool {
		m := findingOf(found)
		return f.Match(func(field string) any {
			if field == "kind" {
				return strings.TrimPrefix(m.GetKind().String(), "KIND_")
			}
			return strings.TrimPrefix(m.GetState().String(), "STATE_")
		})
	})
	if err != nil {
		return nil, err
	}
	out := &boardv1.ListFindingsResponse{}
	for _, found := range list.Items {
		out.Findings = append(out.Findings, findingOf(found))
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}
