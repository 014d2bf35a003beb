package board

import (
	"cmp"
	"context"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
)

// world is all of a board that its charter is asked about.
type world struct {
	id         string
	board      Board
	roster     Roster
	rotations  []resource.Stored[Rotation]
	candidates map[string]Candidate
	// accounts are candidates, members, and those above them in their groups.
	accounts map[string]Account
	// waiting is since which rotation's day candidates wait that were not drawn yet.
	waiting map[string]civil.Day
}

// world gathers what a charter is asked about.
func (r *Rotations) world(ctx context.Context, board string) (*world, error) {
	b, err := r.boards.Get(ctx, board)
	if err != nil {
		return nil, err
	}
	w := &world{id: board, board: b.State}
	if w.roster, err = r.rosters.get(ctx, board); err != nil {
		return nil, err
	}
	if w.rotations, err = r.all(ctx, board); err != nil {
		return nil, err
	}
	if w.candidates, err = r.candidates.all(ctx, board); err != nil {
		return nil, err
	}
	ids := make([]string, 0, len(w.candidates))
	for id := range w.candidates {
		ids = append(ids, id)
	}
	for _, t := range w.roster.Terms {
		ids = append(ids, t.Account)
	}
	if w.accounts, err = r.groups(ctx, ids); err != nil {
		return nil, err
	}
	w.waiting, err = r.waiting(ctx, w.rotations)
	return w, err
}

// groups returns accounts, and those above them.
func (r *Rotations) groups(ctx context.Context, ids []string) (map[string]Account, error) {
	all := map[string]Account{}
	for len(ids) > 0 {
		slices.Sort(ids)
		found, err := r.accounts.GetMany(ctx, slices.Compact(ids))
		if err != nil {
			return nil, err
		}
		ids = nil
		for id, a := range found {
			all[id] = a
		}
		for _, a := range found {
			if _, known := all[a.Parent]; a.Parent != "" && !known {
				ids = append(ids, a.Parent)
			}
		}
	}
	return all, nil
}

// waiting returns since when candidates wait, by what the last closed rotation that drew
// anybody left: those who kept their place in its line, and were not asked.
func (r *Rotations) waiting(ctx context.Context, rotations []resource.Stored[Rotation]) (map[string]civil.Day, error) {
	for i := len(rotations) - 1; i >= 0; i-- {
		last := rotations[i].State
		if last.State != Done || last.Pool == nil {
			continue
		}
		var pool pool
		if err := r.archive.read(ctx, last.Pool.ID, &pool); err != nil {
			return nil, err
		}
		line := map[string]civil.Day{}
		for _, c := range pool.Preparation.Candidates {
			if c.WaitingSince != nil {
				line[c.Account] = *c.WaitingSince
			}
		}
		for _, in := range last.Invitations {
			delete(line, in.Account)
		}
		return line, nil
	}
	return nil, nil
}

// plain is the accounts as the charter sees them on a day.
func (w *world) plain(day civil.Day) []charter.Account {
	zone := w.board.zone()
	list := make([]charter.Account, 0, len(w.accounts))
	for id, a := range w.accounts {
		plain := charter.Account{ID: id, Active: a.customer(day), Attributes: a.Attributes,
			Competitors: a.Competitors, Parent: a.Parent}
		if a.Joined != civil.Never {
			joined := a.Joined
			plain.Joined = &joined
		}
		if since, waits := w.waiting[id]; waits {
			plain.WaitingSince = &since
		}
		if c, known := w.candidates[id]; known {
			plain.Nominated = c.State != Withdrawn
			if c.Consent != nil {
				plain.Consent = &charter.Consent{From: zone.DayOf(c.Consent.Given), Until: civil.Never}
				if c.Consent.Until != civil.Never {
					plain.Consent.Until = c.Consent.Until + 1
				}
			}
		}
		list = append(list, plain)
	}
	slices.SortFunc(list, func(a, b charter.Account) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// days are the days on which the board rotates by plan.
func (w *world) days() charter.Rotations {
	rotations := charter.Rotations{Until: w.roster.LaidOut}
	for _, s := range w.rotations {
		if s.State.Kind == Regular && s.State.State != Skipped && s.State.State != Cancelled {
			rotations.Days = append(rotations.Days, s.State.Day)
		}
	}
	slices.Sort(rotations.Days)
	rotations.Days = slices.Compact(rotations.Days)
	return rotations
}

// rotation is what the charter is asked about a rotation.
func (w *world) rotation(s Rotation, nominees []string) charter.Rotation {
	return charter.Rotation{Day: s.Day, VacanciesOnly: s.Kind == Vacancy, Rotations: w.days(), Accounts: w.plain(s.Day),
		Terms: w.terms(), Nominees: nominees}
}

// terms are all terms as the charter sees them. A seat that a closed rotation left empty
// counts as left on the first day of its term, and one whose term ends with a rotation that
// does not take place as left on that day. What is left of a term that somebody left ends
// where its rotation is now.
func (w *world) terms() []charter.Term {
	terms := w.roster.plain()
	for _, s := range w.rotations {
		if s.State.State != Done {
			continue
		}
		for _, open := range s.State.Seats {
			filled := slices.ContainsFunc(s.State.Invitations, func(in Invitation) bool { return in.Seat == open.Number && in.State == Accepted })
			if filled || open.Vacancy { // a vacancy that was not filled is what it was
				continue
			}
			from := s.State.Day
			terms = append(terms, charter.Term{Seat: open.Number, Start: from, End: open.End, Ended: &from, Kind: open.Kind})
		}
	}
	days := w.days().Days
	for i := range terms {
		t := &terms[i]
		if end := w.moved(days, t.End); end != t.End {
			over := t.Over()
			t.End, t.Ended = end, &over
		}
	}
	return terms
}

// moved returns when a seat comes free that was to with the regular rotation of a day:
// with it where it was moved since, and with the next where it does not take place. Days
// are those of the rotations that do.
func (w *world) moved(days []civil.Day, day civil.Day) civil.Day {
	if slices.Contains(days, day) {
		return day
	}
	for _, s := range w.rotations {
		if s.State.Kind != Regular || s.State.Day != day && !slices.Contains(s.State.Was, day) {
			continue
		}
		if i, found := slices.BinarySearch(days, s.State.Day); found || i < len(days) {
			return days[i]
		}
	}
	return day
}
