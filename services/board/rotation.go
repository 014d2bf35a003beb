package board

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
)

// RotationState says how far a rotation is.
type RotationState string

// The states of a rotation, in their order.
const (
	// Scheduled says that it is laid out.
	Scheduled RotationState = "scheduled"
	// Opened says that it is being prepared.
	Opened RotationState = "open"
	// Frozen says that its pool is taken.
	Frozen RotationState = "frozen"
	// Committed says that the record of its draw is public.
	Committed RotationState = "committed"
	// Drawn says that its panel is known.
	Drawn RotationState = "drawn"
	// Inviting says that the invitations are out.
	Inviting RotationState = "inviting"
	// Done says that it is closed: its seats are confirmed, or nobody is left to be asked.
	Done RotationState = "closed"
	// Skipped says that it does not take place.
	Skipped RotationState = "skipped"
	// Cancelled says that it was called off before its draw was committed.
	Cancelled RotationState = "cancelled"
)

// underWay says whether a rotation in a state has taken its pool and is not closed.
func (s RotationState) underWay() bool {
	return s == Frozen || s == Committed || s == Drawn || s == Inviting
}

// over says whether nothing of a rotation in a state changes any more.
func (s RotationState) over() bool { return s == Done || s == Skipped || s == Cancelled }

// RotationKind says what a rotation is for.
type RotationKind string

// The kinds of rotations.
const (
	// Regular is the change of members that the charter plans.
	Regular RotationKind = "regular"
	// Vacancy fills vacant seats for what is left of their terms.
	Vacancy RotationKind = "vacancy"
)

// Rotation is a scheduled change of a board's members.
type Rotation struct {
	State RotationState `bson:"state"`
	Kind  RotationKind  `bson:"kind"`
	// Day is when it takes place, Planned when the charter's recurrence has it.
	Day     civil.Day `bson:"day"`
	Planned civil.Day `bson:"planned"`
	// Was are the days that it had before it was moved, the earliest first.
	Was []civil.Day `bson:"was,omitempty"`
	// Start is the instant of it.
	Start time.Time `bson:"start"`
	// Reason says why it was moved, skipped or cancelled, or what vacancies it fills.
	Reason string `bson:"reason,omitempty"`
	// Stray says that it was cancelled because no recurrence named its day any more.
	Stray bool `bson:"stray,omitempty"`
	// Moves is the number of the change of the board's schedule that changed it last, and
	// Effect what that did; nil for none.
	Moves  int64           `bson:"moves,omitempty"`
	Effect *charter.Effect `bson:"effect,omitempty"`
	// Charter is the number of the version that it follows, from Frozen on.
	Charter int       `bson:"charter,omitempty"`
	Pool    *PoolMark `bson:"pool,omitempty"`
	// Taking is the number under which the roster noted it when it took its last pool.
	Taking int64     `bson:"taking,omitempty"`
	Draw   *DrawMark `bson:"draw,omitempty"`
	// Seats are those to be filled and who has been drawn for each, from Drawn on.
	Seats []OpenSeat `bson:"seats,omitempty"`
	// Invitations are in the order in which they were made.
	Invitations []Invitation `bson:"invitations,omitempty"`
	// Shortfall is how many seats stayed vacant.
	Shortfall      int `bson:"shortfall,omitempty"`
	resource.Times `bson:",inline"`
}

// effect is what the last change of its day did.
func (r *Rotation) effect() *charter.Effect {
	if r.Effect == nil {
		return &charter.Effect{}
	}
	return r.Effect
}

// PoolMark says which pool a rotation has.
type PoolMark struct {
	// ID is where it is archived.
	ID         string    `bson:"id"`
	Frozen     time.Time `bson:"frozen"`
	Eligible   int       `bson:"eligible"`
	Ineligible int       `bson:"ineligible"`
	// Seats are to be filled, Nominated of them by nomination.
	Seats     int `bson:"seats"`
	Nominated int `bson:"nominated"`
}

// OpenSeat is a seat that a rotation fills.
type OpenSeat struct {
	Number int `bson:"number"`
	// End is when the term ends.
	End civil.Day `bson:"end"`
	// Vacancy says that it is the rest of a term that another left.
	Vacancy bool `bson:"vacancy,omitempty"`
	// Account is who was drawn or nominated for it; empty where nobody was.
	Account string       `bson:"account,omitempty"`
	Kind    charter.Kind `bson:"kind,omitempty"`
}

// InvitationState says where an invitation stands.
type InvitationState string

// The states of an invitation.
const (
	// Invited says that it is not answered.
	Invited InvitationState = "sent"
	// Accepted says that the seat is confirmed.
	Accepted InvitationState = "accepted"
	// Declined says that it was declined.
	Declined InvitationState = "declined"
	// Lapsed says that it was not answered in time.
	Lapsed InvitationState = "lapsed"
)

// Invitation asks an account to take a seat.
type Invitation struct {
	Account string `bson:"account"`
	// Contact is the id of the person who is written to, and who is to come.
	Contact string          `bson:"contact"`
	Seat    int             `bson:"seat"`
	Kind    charter.Kind    `bson:"kind"`
	State   InvitationState `bson:"state"`
	// Made is when it was, Deadline until when it can be answered, Answered when it was,
	// or lapsed.
	Made     time.Time `bson:"made"`
	Deadline time.Time `bson:"deadline"`
	Answered time.Time `bson:"answered,omitempty"`
	Note     string    `bson:"note,omitempty"`
	// Unasked says that it was never sent, as the account could not be seated any more.
	Unasked bool `bson:"unasked,omitempty"`
}

// Rotations is the use cases of rotations.
type Rotations struct {
	table      *resource.Table[Rotation, *Rotation]
	archive    *archive
	boards     *Boards
	charters   *Charters
	candidates *Candidates
	accounts   *Accounts
	rosters    *Rosters
	letters    letters
	// patience is how long questions may take that anybody can ask who may read.
	patience time.Duration
	wiring
}

func openRotations(ctx context.Context, w wiring, s *Service) (*Rotations, error) {
	table, err := resource.OpenTable[Rotation](ctx, w.requests, resource.Kind[Rotation]{
		Type: rotationType, Name: Name, Spec: docstore.Spec{Name: "rotations"}, Tell: tellRotation})
	if err != nil {
		return nil, err
	}
	return &Rotations{table: table, archive: s.archive, boards: s.Boards, charters: s.Charters, candidates: s.Candidates,
		accounts: s.Accounts, rosters: s.Terms, letters: s.Outbox, patience: patience, wiring: w}, nil
}

// tellRotation makes what followers see of a rotation, for good: neither what those who
// were invited wrote, nor what was revealed of the seed, but that it was.
func tellRotation(r Rotation) any {
	r.Effect, r.Seats = nil, nil
	r.Invitations = slices.Clone(r.Invitations)
	for i := range r.Invitations {
		if in := &r.Invitations[i]; !in.Unasked { // then the service says why
			in.Note = ""
		}
	}
	if r.Draw != nil {
		draw := r.Draw.told()
		r.Draw = &draw
	}
	return r
}

// rotationID is the id under which a rotation is stored, and the tail of its name.
func rotationID(board, rotation string) string { return board + "/rotations/" + rotation }

// Get returns a rotation, or resource.ErrNotFound.
func (r *Rotations) Get(ctx context.Context, board, rotation string) (resource.Stored[Rotation], error) {
	return r.table.Get(ctx, rotationID(board, rotation))
}

// List returns all rotations of a board, by day; resource.ErrNotFound for the board.
func (r *Rotations) List(ctx context.Context, board string) ([]resource.Stored[Rotation], error) {
	if _, err := r.boards.Get(ctx, board); err != nil {
		return nil, err
	}
	return r.all(ctx, board)
}

func (r *Rotations) all(ctx context.Context, board string) ([]resource.Stored[Rotation], error) {
	var list []resource.Stored[Rotation]
	for s, err := range r.table.All(ctx, below(board, "rotations")) {
		if err != nil {
			return nil, fmt.Errorf("read the rotations of %s: %w", Name(board), err)
		}
		list = append(list, s)
	}
	byDay(list)
	return list, nil
}

func byDay(list []resource.Stored[Rotation]) {
	slices.SortStableFunc(list, func(a, b resource.Stored[Rotation]) int { return int(a.State.Day) - int(b.State.Day) })
}

// step changes a rotation that is in one of the states in which that can be done, of a
// board that is not closed.
func (r *Rotations) step(
	ctx context.Context, call resource.Call, id string, only resource.Condition[Rotation], event string, from []RotationState, change func(*Rotation) error,
) (resource.Stored[Rotation], error) {
	board, _, _ := strings.Cut(id, "/rotations/")
	if _, err := r.boards.Open(ctx, board); err != nil {
		return resource.Stored[Rotation]{}, err
	}
	return r.table.Update(ctx, call, id, only, event, func(s *Rotation) error {
		if !slices.Contains(from, s.State) {
			return rotationState(id, "is %s, and this can be done only with one that is %s", s.State, oneOf(from))
		}
		return change(s)
	})
}

// both wants both conditions.
func both[T any](a, b resource.Condition[T]) resource.Condition[T] {
	switch {
	case a == nil:
		return b
	case b == nil:
		return a
	}
	return func(s resource.Stored[T]) bool { return a(s) && b(s) }
}

func oneOf(states []RotationState) string {
	text := string(states[0])
	for i, s := range states[1:] {
		if i == len(states)-2 {
			text += " or " + string(s)
		} else {
			text += ", " + string(s)
		}
	}
	return text
}
