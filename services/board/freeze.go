package board

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
	"github.com/evenhand/evenhand/services/board/panel"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// pool is what a rotation draws from, as it was taken; it never changes.
type pool struct {
	Taken time.Time
	// Charter is the number of the version, Rules what it says.
	Charter     int
	Rules       charter.Charter
	Preparation *charter.Preparation
	// Ineligible is how many candidates may not be drawn.
	Ineligible int
	// Names are what people called the accounts, Contacts the ids of those who consented,
	// or, of members who stay, of those who come.
	Names    map[string]string
	Contacts map[string]string
	// Salts make the pseudonyms of the public record.
	Salts []record.Entry
}

// Preview is what a rotation would come to if its pool were taken now.
type Preview struct {
	// Charter is the number of the version; 0 where other rules were given.
	Charter int
	// Categories are the names of the charter's, in the order of the candidates' values.
	Categories  []string
	Preparation *charter.Preparation
	Names       map[string]string
	// Solution has the probabilities of the problem's pool; nil where nobody asked.
	Solution *panel.Solution
	// Probabilities are those of the pool, by account; none where they are not known.
	Probabilities map[string]float64
	// Unreachable are those of the pool who are on no possible panel, by account: why, as a
	// clause of which the account is the subject.
	Unreachable map[string]string
}

// Open begins the preparation of a scheduled rotation, or takes back the pool of a frozen
// one whose draw is not committed. ErrRotationState; resource.ErrStale; ErrBoardState.
func (r *Rotations) Open(ctx context.Context, call resource.Call, board, rotation, etag string) (resource.Stored[Rotation], error) {
	if _, err := r.boards.Open(ctx, board); err != nil {
		return resource.Stored[Rotation]{}, err
	}
	s, err := r.step(ctx, call, rotationID(board, rotation), resource.IfEtag[Rotation](etag), "rotation.opened",
		[]RotationState{Scheduled, Frozen}, func(s *Rotation) error {
			s.State, s.Pool, s.Charter = Opened, nil, 0
			return nil
		})
	if err != nil {
		return s, err
	}
	return s, r.release(ctx, call, board, s)
}

// Freeze takes the pool of an open rotation: who may be drawn, and why others may not.
// Nominees are named for the seats that the charter keeps for nomination. ErrRotationState
// where it is not open, or an earlier rotation is not over; ErrNotEligible for a nominee;
// ErrInfeasible where no panel meets the quotas; ErrNoCharter; ErrBoardState;
// resource.ErrStale.
func (r *Rotations) Freeze(
	ctx context.Context, call resource.Call, board, rotation, etag string, nominees []string,
) (resource.Stored[Rotation], error) {
	var none resource.Stored[Rotation]
	id := rotationID(board, rotation)
	if earlier, known, err := r.table.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if err := r.settleClose(ctx, board); err != nil {
		return none, err
	}
	if err := r.settleMove(ctx, board); err != nil {
		return none, err
	}
	s, err := r.table.Get(ctx, id)
	if err != nil {
		return none, err
	}
	if err := r.table.Check(s, resource.IfEtag[Rotation](etag)); err != nil {
		return none, err
	}
	if s.State.State != Opened {
		return none, rotationState(id, "is %s, and only the pool of an open one can be taken", s.State.State)
	}
	w, err := r.world(ctx, board)
	if err != nil {
		return none, err
	}
	if err := w.nothingBefore(s); err != nil {
		return none, err
	}
	taken, err := r.take(ctx, w, s.State, nominees)
	if err != nil {
		return none, err
	}
	mark, err := r.keep(ctx, id, taken)
	if err != nil {
		return none, err
	}
	taking, err := r.seize(ctx, call, w, rotation)
	if err != nil {
		return none, err
	}
	return r.step(ctx, call, id, resource.IfVersion[Rotation](s.Version), "rotation.frozen", []RotationState{Opened}, func(s *Rotation) error {
		s.State, s.Pool, s.Charter, s.Taking = Frozen, mark, taken.Charter, taking
		return nil
	})
}

// nothingBefore wants all rotations of earlier days to be over: who stays depends on them.
func (w *world) nothingBefore(s resource.Stored[Rotation]) error {
	for _, other := range w.rotations {
		if other.ID != s.ID && other.State.Day <= s.State.Day && !other.State.State.over() {
			return rotationState(other.ID, "is on %s and %s: who stays on the board depends on it, so close, skip or cancel it first",
				other.State.Day, other.State.State)
		}
	}
	return nil
}

// take makes the pool of a rotation, as it is now.
func (r *Rotations) take(ctx context.Context, w *world, s Rotation, nominees []string) (*pool, error) {
	v, err := r.charters.At(ctx, w.id, s.Day)
	if err != nil {
		return nil, err
	}
	taken := &pool{Taken: r.now(), Charter: v.Number, Rules: v.Rules, Names: map[string]string{}, Contacts: map[string]string{}}
	if taken.Preparation, err = prepare(ctx, &v.Rules, w.rotation(s, nominees)); err != nil {
		return nil, err
	}
	var ids []string
	for _, c := range taken.Preparation.Candidates {
		taken.Names[c.Account] = w.accounts[c.Account].DisplayName
		if consent := w.candidates[c.Account].Consent; consent != nil {
			taken.Contacts[c.Account] = consent.Contact
		}
		_, candidate := w.candidates[c.Account]
		switch {
		case c.InPool() || slices.Contains(nominees, c.Account):
			ids = append(ids, c.Account)
		case candidate:
			taken.Ineligible++
		}
	}
	for _, t := range taken.Preparation.Continuing {
		if !slices.Contains(ids, t.Account) {
			ids = append(ids, t.Account)
		}
	}
	for _, t := range w.roster.running(s.Day) {
		taken.Contacts[t.Account] = t.Contact
	}
	pseudonyms, err := record.NewPseudonyms(r.random, ids)
	if err != nil {
		return nil, err
	}
	taken.Salts = pseudonyms.Entries()
	return taken, nil
}

// prepare works out a rotation by a charter, with who goes first.
func prepare(ctx context.Context, rules *charter.Charter, rotation charter.Rotation) (*charter.Preparation, error) {
	prepared, err := rules.Prepare(rotation)
	if err != nil {
		return nil, err
	}
	if err := prepared.GoFirst(ctx, panel.Most); err != nil {
		return nil, infeasible(err)
	}
	return prepared, nil
}

// infeasible is ErrInfeasible where no panel meets the quotas, with the smallest change
// that would allow one, and says where none was found in time.
func infeasible(err error) error {
	if errors.Is(err, panel.ErrTimeLimit) {
		return fault.New(fault.DeadlineExceeded, fault.ReasonDeadline,
			"Not one panel was found within the time limit: give it more time.").Because(err)
	}
	var none *panel.InfeasibleError
	if !errors.As(err, &none) {
		return err
	}
	told := ErrInfeasible.Saying("No panel meets the quotas: %s.", strings.TrimSuffix(none.Reason, ".")).Because(err)
	if !none.Sought {
		return told.WithCondition("RELAXATION", "quotas", "The smallest change that would allow a panel was not worked out within the time limit: give it more time.")
	}
	for _, c := range none.Relaxation {
		told = told.WithCondition("RELAXATION", c.Category+" "+c.Value,
			"With %d to %d of the seats to be drawn for %s %q there would be a panel, with the other changes named here.", c.Min, c.Max, c.Category, c.Value)
	}
	return told
}

// keep archives a pool.
func (r *Rotations) keep(ctx context.Context, id string, p *pool) (*PoolMark, error) {
	text, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("write the pool of %s: %w", Name(id), err)
	}
	mark := &PoolMark{ID: id + "/pool/" + digest(text), Frozen: p.Taken, Seats: len(p.Preparation.Open),
		Nominated: len(p.Preparation.Nominees) + p.Preparation.Unnamed, Eligible: len(p.Preparation.Problem.Pool), Ineligible: p.Ineligible}
	_, err = r.archive.put(ctx, mark.ID, text)
	return mark, err
}

// seize makes a rotation the one under way, unless terms or schedule were changed since
// the world was read, or the board is about to be closed. It returns the number of the
// note.
func (r *Rotations) seize(ctx context.Context, call resource.Call, w *world, rotation string) (int64, error) {
	call.RequestID = ""
	board := w.id
	before, err := r.rosters.get(ctx, board)
	if err != nil {
		return 0, err
	}
	if other := before.UnderWay; other != "" && other != rotation {
		if err := r.vacate(ctx, rotationID(board, other)); err != nil {
			return 0, err
		}
	}
	after, err := r.rosters.update(ctx, call, board, rotationTaken, func(s *Roster) error {
		if s.UnderWay != before.UnderWay || s.Takings != before.Takings || !s.as(&w.roster) {
			return r.rosters.table.Kind().Stale(board)
		}
		s.UnderWay = rotation
		s.Takings++
		return nil
	})
	return after.Takings, err
}

// vacate makes sure that a rotation that is noted to be under way, and has not taken its
// pool, cannot take it any more without looking again: its version is raised.
// ErrRotationState where it has taken it.
func (r *Rotations) vacate(ctx context.Context, id string) error {
	for touched := false; ; touched = true {
		s, err := r.table.Get(ctx, id)
		if err != nil {
			return err
		}
		if s.State.State.underWay() {
			return rotationState(id, "is %s: close it first", s.State.State)
		}
		if touched || s.State.State.over() {
			return nil
		}
		if err := r.table.Touch(resource.Call{Principal: serviceName}.Context(ctx), id, "rotation.touched"); err != nil {
			return err
		}
	}
}

// settleUnderWay strikes out the note of a rotation under way that is not: a crash came
// after the note was made, or before it was struck out. ErrRotationState where it is.
func (r *Rotations) settleUnderWay(ctx context.Context, board string) error {
	roster, err := r.rosters.get(ctx, board)
	if err != nil || roster.UnderWay == "" {
		return err
	}
	if err := r.vacate(ctx, rotationID(board, roster.UnderWay)); err != nil {
		return err
	}
	return r.strike(ctx, resource.Call{Principal: serviceName}, board, roster.UnderWay, roster.Takings)
}

// release ends a rotation's being under way, unless it took its pool again since.
func (r *Rotations) release(ctx context.Context, call resource.Call, board string, s resource.Stored[Rotation]) error {
	if s.State.State.underWay() {
		return nil
	}
	call.RequestID = ""
	return r.strike(ctx, call, board, names.Last(s.ID), s.State.Taking)
}

// strike strikes out the note with a number that a rotation is under way, and no later one.
func (r *Rotations) strike(ctx context.Context, call resource.Call, board, rotation string, taking int64) error {
	_, err := r.rosters.update(ctx, call, board, rotationFreed, func(s *Roster) error {
		if s.UnderWay == rotation && s.Takings == taking {
			s.UnderWay = ""
		}
		return nil
	})
	return err
}

func categories(rules *charter.Charter) []string {
	names := make([]string, len(rules.Categories))
	for i, c := range rules.Categories {
		names[i] = c.Name
	}
	return names
}

func (r *Rotations) pool(ctx context.Context, s Rotation) (*pool, error) {
	p := &pool{}
	return p, r.archive.read(ctx, s.Pool.ID, p)
}
