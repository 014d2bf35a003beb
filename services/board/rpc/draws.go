package rpc

import (
	"context"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource/request"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board"
	"github.com/evenhand/evenhand/services/board/charter"
	"github.com/evenhand/evenhand/services/board/outbox"
	"github.com/evenhand/evenhand/services/board/panel"
)

func (s *rotationsServer) PreviewRotation(ctx context.Context, r *boardv1.PreviewRotationRequest) (*boardv1.PreviewRotationResponse, error) {
	parent, rotation := place(r.GetName())
	var rules *charter.Charter
	if r.GetRules() != nil {
		given, err := rulesFrom(r.GetRules())
		if err != nil {
			return nil, placed(err, "charter.rules", "rules")
		}
		rules = &given
	}
	var solve *panel.Options
	if !r.GetSkipProbabilities() {
		solve = &panel.Options{TimeLimit: time.Minute}
	}
	p, err := s.domain.Rotations.Preview(ctx, parent, rotation, rules, ids(r.GetNominees(), "accounts"), solve)
	if err != nil {
		return nil, err
	}
	out := &boardv1.PreviewRotationResponse{NominatedSeats: int32(len(p.Preparation.Nominees) + p.Preparation.Unnamed),
		Continuing: int32(len(p.Preparation.Continuing)), Pool: membersOf(p)}
	if p.Charter > 0 {
		out.Charter = board.CharterName(parent, p.Charter)
	}
	for _, open := range p.Preparation.Open {
		out.OpenSeats = append(out.OpenSeats, &boardv1.OpenSeat{Seat: board.SeatName(parent, open.Number), EndDate: wire.Date(int32(open.End)), Unexpired: open.Vacancy})
	}
	for _, short := range p.Preparation.Shortfalls {
		out.Shortfalls = append(out.Shortfalls, short.Text)
	}
	if p.Solution != nil {
		out.Proven = p.Solution.Proven
	}
	return out, nil
}

// membersOf makes the messages of the candidates of a rotation, by account.
func membersOf(p *board.Preview) []*boardv1.PoolMember {
	var out []*boardv1.PoolMember
	for i := range p.Preparation.Candidates {
		c := &p.Preparation.Candidates[i]
		m := &boardv1.PoolMember{Account: board.AccountName(c.Account), AccountDisplayName: p.Names[c.Account], Eligible: c.InPool(), Values: map[string]string{}}
		for _, reason := range c.Reasons {
			m.Reasons = append(m.Reasons, sentence(c.Account, reason.Text))
		}
		for j, value := range c.Values {
			if value != "" && j < len(p.Categories) {
				m.Values[p.Categories[j]] = value
			}
		}
		if why, unreachable := p.Unreachable[c.Account]; unreachable {
			m.Unreachable, m.Reasons = true, append(m.Reasons, sentence(c.Account, why))
		}
		if chance, known := p.Probabilities[c.Account]; known {
			m.Probability = &chance
		}
		out = append(out, m)
	}
	return out
}

// sentence makes one of a clause about an account.
func sentence(account, clause string) string { return account + " " + clause + "." }

func (s *rotationsServer) ListPoolMembers(ctx context.Context, r *boardv1.ListPoolMembersRequest) (*boardv1.ListPoolMembersResponse, error) {
	page, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filter.Parse(r.GetFilter(), filter.Field{Name: "eligible", Kind: filter.Bool}, filter.Field{Name: "unreachable", Kind: filter.Bool})
	if err != nil {
		return nil, err
	}
	parent, rotation := place(r.GetParent())
	p, err := s.domain.Rotations.Pool(ctx, parent, rotation)
	if err != nil {
		return nil, err
	}
	var wanted []*boardv1.PoolMember
	place := map[string]int64{}
	for i, m := range membersOf(p) {
		place[m.GetAccount()] = int64(i)
		if f.Match(func(field string) any {
			return map[string]bool{"eligible": m.GetEligible(), "unreachable": m.GetUnreachable()}[field]
		}) {
			wanted = append(wanted, m)
		}
	}
	wanted, more := slice(page, wanted, func(m *boardv1.PoolMember) int64 { return place[m.GetAccount()] })
	next, err := page.Next(more)
	return &boardv1.ListPoolMembersResponse{PoolMembers: wanted, NextPageToken: next}, err
}

func (s *rotationsServer) GetDraw(ctx context.Context, r *boardv1.GetDrawRequest) (*boardv1.Draw, error) {
	parent, rotation := place(r.GetName())
	found, text, err := s.domain.Rotations.Record(ctx, parent, rotation)
	if err != nil {
		return nil, err
	}
	d := found.State.Draw
	return &boardv1.Draw{Name: r.GetName(), Record: string(text), RecordHash: d.Hash, CommitTime: wire.Timestamp(d.Committed), DrawTime: wire.Timestamp(d.Drawn)}, nil
}

func (s *rotationsServer) ListPseudonyms(ctx context.Context, r *boardv1.ListPseudonymsRequest) (*boardv1.ListPseudonymsResponse, error) {
	page, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filter.Parse(r.GetFilter(), filter.Field{Name: "account"})
	if err != nil {
		return nil, err
	}
	parent, rotation := place(r.GetParent())
	entries, err := s.domain.Rotations.Pseudonyms(ctx, parent, rotation)
	if err != nil {
		return nil, err
	}
	var all []*boardv1.Pseudonym
	place := map[string]int64{}
	for i, e := range entries {
		account := board.AccountName(e.Account)
		if f.Match(func(string) any { return account }) {
			all = append(all, &boardv1.Pseudonym{Account: account, Pseudonym: e.Pseudonym, Salt: e.Salt})
			place[account] = int64(i)
		}
	}
	all, more := slice(page, all, func(p *boardv1.Pseudonym) int64 { return place[p.GetAccount()] })
	next, err := page.Next(more)
	return &boardv1.ListPseudonymsResponse{Pseudonyms: all, NextPageToken: next}, err
}

var deliveryStates = map[outbox.State]boardv1.Delivery_State{
	outbox.Waiting:   boardv1.Delivery_STATE_WAITING,
	outbox.Sending:   boardv1.Delivery_STATE_SENDING,
	outbox.Sent:      boardv1.Delivery_STATE_SENT,
	outbox.Uncertain: boardv1.Delivery_STATE_UNCERTAIN,
	outbox.Failed:    boardv1.Delivery_STATE_FAILED,
}

// readDraws is the permission to learn which account has which pseudonym.
const readDraws = "draws.read"

func (s *rotationsServer) ListDeliveries(ctx context.Context, r *boardv1.ListDeliveriesRequest) (*boardv1.ListDeliveriesResponse, error) {
	page, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	parent, rotation := place(r.GetParent())
	if _, err := s.domain.Rotations.Get(ctx, parent, rotation); err != nil {
		return nil, err
	}
	letters, err := s.domain.Outbox.About(ctx, r.GetParent())
	if err != nil {
		return nil, err
	}
	reveals := auth.FromContext(ctx).Can(readDraws) == auth.All
	var all []*boardv1.Delivery
	place := map[*boardv1.Delivery]int64{}
	for i, l := range letters {
		d := &boardv1.Delivery{
			Contact: board.ContactName(l.Account, l.Contact), Kind: l.Kind, State: deliveryStates[l.State], Subject: l.Subject, Body: l.Body,
			CreateTime: wire.Timestamp(l.Put), UpdateTime: wire.Timestamp(l.Changed), Trouble: l.Trouble,
		}
		if l.Kind == board.PoolNotice && !reveals {
			d.Body = ""
		}
		all, place[d] = append(all, d), int64(i)
	}
	all, more := slice(page, all, func(d *boardv1.Delivery) int64 { return place[d] })
	next, err := page.Next(more)
	return &boardv1.ListDeliveriesResponse{Deliveries: all, NextPageToken: next}, err
}

func (s *rotationsServer) SimulateRotations(ctx context.Context, r *boardv1.SimulateRotationsRequest) (*boardv1.SimulateRotationsResponse, error) {
	plan := board.SimulationPlan{Years: int(r.GetYears()), Seed: []byte(r.GetSeed())}
	if r.GetRules() != nil {
		rules, err := rulesFrom(r.GetRules())
		if err != nil {
			return nil, placed(err, "charter.rules", "rules")
		}
		plan.Rules = &rules
	}
	outcome, err := s.domain.Rotations.Simulate(ctx, id(r.GetParent(), "boards"), plan)
	if err != nil {
		return nil, err
	}
	out := &boardv1.SimulateRotationsResponse{Bound: int32(outcome.Bound)}
	if outcome.AllServed != nil {
		out.AllServedDate = wire.Date(int32(*outcome.AllServed))
	}
	for i := range outcome.Rounds {
		out.Rotations = append(out.Rotations, roundOf(&outcome.Rounds[i]))
	}
	var accounts []string
	for _, fate := range outcome.Accounts {
		accounts = append(accounts, fate.Account)
	}
	named, err := s.domain.Accounts.GetMany(ctx, accounts)
	if err != nil {
		return nil, err
	}
	for _, fate := range outcome.Accounts {
		m := &boardv1.SimulatedAccount{
			Account: board.AccountName(fate.Account), AccountDisplayName: named[fate.Account].DisplayName, Terms: int32(fate.Turns),
			ExpectedTerms: fate.Expected, Probability: fate.AtLeastOnce, Bound: int32(fate.Bound), Waited: int32(fate.Waited), Blocked: int32(fate.Blocked),
		}
		if fate.First != nil {
			m.FirstDate = wire.Date(int32(*fate.First))
		}
		out.Accounts = append(out.Accounts, m)
	}
	return out, nil
}

func roundOf(r *charter.Round) *boardv1.SimulatedRotation {
	out := &boardv1.SimulatedRotation{Date: wire.Date(int32(r.Day)), Continuing: int32(len(r.Continuing)), UnnamedSeats: int32(r.Unnamed),
		EmptySeats: int32(r.Empty), Pool: int32(len(r.Chances))}
	for i, chance := range r.Chances {
		if i == 0 || chance.Probability < out.LowestProbability {
			out.LowestProbability = chance.Probability
		}
	}
	for _, t := range r.Seated {
		out.Terms = append(out.Terms, &boardv1.SimulatedTerm{Account: board.AccountName(t.Account), Seat: int32(t.Seat), EndDate: wire.Date(int32(t.End))})
	}
	for _, short := range r.Shortfalls {
		out.Shortfalls = append(out.Shortfalls, short.Text)
	}
	return out
}

// placed gives the fields of a fault another beginning.
func placed(err error, from, to string) error {
	told := Faults.Find(err)
	if told == nil {
		return err
	}
	moved := *told
	moved.Fields = nil
	for _, f := range told.Fields {
		moved.Fields = append(moved.Fields, fault.Field{Path: strings.Replace(f.Path, from, to, 1), Description: f.Description})
	}
	return &moved
}
