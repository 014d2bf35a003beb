package rpc

import (
	"strings"

	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board"
	"github.com/evenhand/evenhand/services/board/charter"
)

var rotationStates = map[board.RotationState]boardv1.Rotation_State{
	board.Scheduled: boardv1.Rotation_STATE_SCHEDULED,
	board.Opened:    boardv1.Rotation_STATE_OPEN,
	board.Frozen:    boardv1.Rotation_STATE_FROZEN,
	board.Committed: boardv1.Rotation_STATE_COMMITTED,
	board.Drawn:     boardv1.Rotation_STATE_DRAWN,
	board.Inviting:  boardv1.Rotation_STATE_INVITING,
	board.Done:      boardv1.Rotation_STATE_CLOSED,
	board.Skipped:   boardv1.Rotation_STATE_SKIPPED,
	board.Cancelled: boardv1.Rotation_STATE_CANCELLED,
}

var rotationKinds = map[board.RotationKind]boardv1.Rotation_Kind{
	board.Regular: boardv1.Rotation_KIND_REGULAR,
	board.Vacancy: boardv1.Rotation_KIND_VACANCY,
}

var invitationStates = map[board.InvitationState]boardv1.Invitation_State{
	board.Invited:  boardv1.Invitation_STATE_SENT,
	board.Accepted: boardv1.Invitation_STATE_ACCEPTED,
	board.Declined: boardv1.Invitation_STATE_DECLINED,
	board.Lapsed:   boardv1.Invitation_STATE_LAPSED,
}

func rotationOf(s resource.Stored[board.Rotation], accounts map[string]board.Account) *boardv1.Rotation {
	r := &s.State
	parent, rotation, _ := strings.Cut(s.ID, "/rotations/")
	out := &boardv1.Rotation{
		Name: board.Name(s.ID), State: rotationStates[r.State], Kind: rotationKinds[r.Kind], Date: wire.Date(int32(r.Day)),
		PlannedDate: wire.Date(int32(r.Planned)), StartTime: wire.Timestamp(r.Start), Reason: r.Reason, Draw: drawOf(r.Draw),
		Shortfall: int32(r.Shortfall), Etag: s.Etag(), CreateTime: wire.Timestamp(r.Created), UpdateTime: wire.Timestamp(r.Updated),
	}
	if r.Charter > 0 {
		out.Charter = board.CharterName(parent, r.Charter)
	}
	if p := r.Pool; p != nil {
		out.Seats, out.NominatedSeats = int32(p.Seats), int32(p.Nominated)
		out.Pool = &boardv1.PoolSummary{FreezeTime: wire.Timestamp(p.Frozen), Eligible: int32(p.Eligible), Ineligible: int32(p.Ineligible)}
	}
	for _, day := range r.Was {
		out.FormerDates = append(out.FormerDates, wire.Date(int32(day)))
	}
	for _, in := range r.Invitations {
		m := &boardv1.Invitation{
			Account: board.AccountName(in.Account), AccountDisplayName: accounts[in.Account].DisplayName,
			Contact: board.ContactName(in.Account, in.Contact), State: invitationStates[in.State], Origin: origins[in.Kind],
			InviteTime: wire.Timestamp(in.Made), AnswerDeadline: wire.Timestamp(in.Deadline), AnswerTime: wire.Timestamp(in.Answered), Note: in.Note,
		}
		if in.State == board.Accepted {
			m.Seat, m.Term = board.SeatName(parent, in.Seat), board.TermName(parent, board.TermID(rotation, in.Seat))
		}
		out.Invitations = append(out.Invitations, m)
	}
	return out
}

func drawOf(d *board.DrawMark) *boardv1.DrawSummary {
	if d == nil {
		return nil
	}
	out := &boardv1.DrawSummary{
		CommitTime: wire.Timestamp(d.Committed), RecordHash: d.Hash, DrawTime: wire.Timestamp(d.Drawn), Seed: d.Seed, Panel: int32(d.Panel),
		LowestProbability: d.Lowest, Unreachable: int32(d.Unreachable), RoundValue: d.Round,
		SeedPlan: &boardv1.SeedPlan{
			Round: &boardv1.PublicRound{
				Source: d.Plan.Round.Source, Number: d.Plan.Round.Number, KnownTime: wire.Timestamp(d.Plan.Round.Known)},
			RevealDeadline: wire.Timestamp(d.Plan.Deadline)},
	}
	for _, p := range d.Plan.People {
		out.SeedPlan.Holders = append(out.SeedPlan.Holders, &boardv1.SeedHolder{
			Principal: p.Name, Commitment: p.Commitment, Revealed: d.Secrets[p.Name] != ""})
	}
	return out
}

// movesOf are the terms that end on another day.
// toleratedOf is what a change of the schedule breaks all the same, in sentences.
func toleratedOf(effect *charter.Effect) []string {
	var out []string
	for _, b := range effect.Tolerated {
		out = append(out, b.Text+".")
	}
	return out
}

func movesOf(parent string, effect *charter.Effect) []*boardv1.TermMove {
	var out []*boardv1.TermMove
	for _, end := range effect.Ends {
		out = append(out, &boardv1.TermMove{Account: board.AccountName(end.Account), Seat: board.SeatName(parent, end.Seat),
			FromDate: wire.Date(int32(end.From)), ToDate: wire.Date(int32(end.To))})
	}
	return out
}
