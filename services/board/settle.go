package board

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/outbox"
)

// letters is where messages go.
type letters interface {
	Put(ctx context.Context, messages ...outbox.Message) error
}

// settled makes sure that what a change of a rotation brings is written.
func (r *Rotations) settled(ctx context.Context, board string, s resource.Stored[Rotation], err error) error {
	if err != nil {
		return err
	}
	return r.settle(ctx, board, s)
}

// settle writes what follows from a rotation, each thing under an id that it always has:
// what accounts are told of the record, the invitations, and the terms of those who
// accepted. It can be repeated, and is until the rotation is closed, so that a crash in
// between loses nothing and doubles nothing.
func (r *Rotations) settle(ctx context.Context, board string, s resource.Stored[Rotation]) error {
	return errors.Join(r.tell(ctx, board, s), r.settleInvitations(ctx, board, s))
}

// settleInvitations puts the invitations into the outbox, and confirms those accepted.
func (r *Rotations) settleInvitations(ctx context.Context, board string, s resource.Stored[Rotation]) error {
	if len(s.State.Invitations) == 0 {
		return nil
	}
	b, err := r.boards.Get(ctx, board)
	if err != nil {
		return err
	}
	_, rotation, _ := strings.Cut(s.ID, "/rotations/")
	seats := map[int]OpenSeat{}
	for _, open := range s.State.Seats {
		seats[open.Number] = open
	}
	var terms []Term
	var invitations []outbox.Message
	for _, in := range s.State.Invitations {
		open := seats[in.Seat]
		if in.State == Accepted {
			terms = append(terms, Term{ID: TermID(rotation, in.Seat), Account: in.Account, Contact: in.Contact, Seat: in.Seat,
				Rotation: rotation, Kind: in.Kind, Start: s.State.Day, End: open.End, Vacancy: open.Vacancy})
		}
		if !in.Unasked {
			invitations = append(invitations, invitationLetter(b.State, s, in, open))
		}
	}
	errs := []error{r.letters.Put(ctx, invitations...)}
	if len(terms) > 0 {
		errs = append(errs, r.rosters.confirm(ctx, resource.Call{Principal: serviceName}, board, terms))
	}
	return errors.Join(errs...)
}

// days is a number of days.
func days(n int) civil.Day { return civil.Day(n) }

// invitationLetter is what an invited person is written.
func invitationLetter(b Board, s resource.Stored[Rotation], in Invitation, open OpenSeat) outbox.Message {
	zone := b.zone()
	body := fmt.Sprintf(`You are invited to take a seat on %s.

The term begins on %s and ends on %s. The seat was given %s

Please answer by %s (%s); after that, the seat is offered to the next in line.
`, b.DisplayName, s.State.Day.Words(), open.End.Words(), how(in), in.Deadline.In(zone.Location()).Format("15:04 on Monday 2 January 2006"), zone)
	return outbox.Message{
		ID:   "invitation-" + digest([]byte(s.ID), []byte(in.Account)),
		Kind: "invitation", About: Name(s.ID), Account: in.Account, Contact: in.Contact,
		Subject: "Invitation to " + b.DisplayName, Body: body,
	}
}

func how(in Invitation) string {
	switch in.Kind {
	case "nominated":
		return "by nomination, as the board's charter allows for a stated number of seats."
	case "alternate":
		return "by lot: you were drawn as an alternate, and a seat has come free."
	default:
		return "by lot, in a draw whose record is public and can be replayed by anybody."
	}
}
