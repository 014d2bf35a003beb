package rewards

import (
	"context"
	"errors"
	"fmt"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

// Correction is what a person wants corrected.
type Correction struct {
	// Entry is the id of the entry to correct: one of the credit of which points are taken
	// back, or a correction, of which they are given back.
	Entry string
	// Points are how many, at least 1.
	Points int
	// Reason is why; it is kept.
	Reason string
}

// correctAttempts is how often a correction is tried where other entries of the same
// credit come in between.
const correctAttempts = 8

// Correct writes an entry that takes back some of what a credit is worth, or gives back
// some of what an earlier correction took; nothing is edited, and no more can be taken than
// there is. NOT_FOUND; INVALID_ARGUMENT; FAILED_PRECONDITION with SECOND_PERSON for a
// machine, with OWN_REWARD for one's own points, and with NOTHING_TO_CORRECT where fewer
// points are left than are to be corrected. With check, nothing is written.
func (s *Service) Correct(
	ctx context.Context, call resource.Call, by Caller, c Correction, check bool,
) (resource.Stored[Entry], error) {
	corrected, err := s.entries.Get(ctx, c.Entry)
	if err != nil {
		return corrected, err
	}
	for range correctAttempts {
		made, err := s.tryCorrect(ctx, call, by, corrected, c, check)
		if !errors.Is(err, resource.ErrExists) {
			return made, err
		}
	}
	return resource.Stored[Entry]{}, resource.ErrConflict.Saying("Other entries about %s kept being written: try again.", corrected.State.Work)
}

func (s *Service) tryCorrect(
	ctx context.Context, call resource.Call, by Caller, corrected resource.Stored[Entry], c Correction, check bool,
) (resource.Stored[Entry], error) {
	none := resource.Stored[Entry]{}
	entries, err := s.entries.Lookup(ctx, "credit", corrected.State.Credit)
	if err != nil {
		return none, fmt.Errorf("read the entries of a credit: %w", err)
	}
	a := &account{}
	var last Entry // that was computed
	given := 0     // of a correction, what others gave back
	for _, e := range entries {
		if earlier, known, err := s.entries.Created(ctx, call, e.ID); e.State.Kind == Corrected && (known || err != nil) {
			return earlier, err
		}
		if a.add(e.State); e.State.Number == a.computed {
			last = e.State
		}
		if e.State.Cites == corrected.ID && e.State.Kind == Corrected {
			given += e.State.Adjusts
		}
	}
	adjusts, err := corrected.State.correct(a, given, by, corrected.ID, c)
	if err != nil {
		return none, err
	}
	e := last
	e.Number, e.Kind, e.Cites, e.Reason, e.By = a.highest+1, Corrected, corrected.ID, c.Reason, by.Name
	e.Adjusts = adjusts
	e.Points = max(0, last.Worth+a.adjusts+adjusts) - a.points
	id := entryID(e.Credit, e.Number)
	if check {
		return s.entries.Unwritten(id, e), nil
	}
	return s.entries.Create(ctx, call, id, e, recorded)
}

// correct is by how much a correction of the entry moves its credit, of which an account
// is given; given is what was given back of the entry, where that is a correction.
func (e *Entry) correct(a *account, given int, by Caller, id string, c Correction) (int, error) {
	name := EntryName(id)
	switch {
	case c.Points < 1:
		return 0, fault.Invalid("points", "%d is not at least 1: say how many points to correct", c.Points)
	case c.Reason == "":
		return 0, fault.Invalid("reason", "is empty: say why, for whoever reads the ledger")
	}
	if err := onlyPeople(by, name, "correct the ledger"); err != nil {
		return 0, err
	}
	if by.Name == plans.PrincipalName(e.Person) {
		return 0, own(entryType, name, by.Name, "correct")
	}
	if e.Kind == Corrected {
		if e.Adjusts > 0 {
			return 0, nothing(name, "%s gave points back; take them back of the credit itself, by its first entry.", name)
		}
		if left := -e.Adjusts - given; c.Points > left {
			return 0, nothing(name, "%s took %d points, of which %d are left to be given back.", name, -e.Adjusts, left)
		}
		return c.Points, nil
	}
	if c.Points > a.points {
		return 0, nothing(name, "%s is part of a credit of which %d points are left, fewer than %d.", name, a.points, c.Points)
	}
	return -c.Points, nil
}

// nothing is FAILED_PRECONDITION with NOTHING_TO_CORRECT about an entry.
func nothing(name, format string, args ...any) error {
	return fault.Precondition(ReasonNothingToCorrect, name, format, args...).WithResource(entryType, name)
}
