package board

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
)

// Layout is what laying out the rotations of a board changes.
type Layout struct {
	// New are those that are new, or planned again after they were cancelled because no
	// charter planned them any more; by day.
	New []resource.Stored[Rotation]
	// Cancelled are those that no charter plans any more, by day.
	Cancelled []resource.Stored[Rotation]
}

// LayOut plans the regular rotations of a board up to a day, by the recurrences of the
// charters in force: those that are there stay, as they were moved, skipped or called
// off. Of those planned for a day that no recurrence names any more, the ones nobody has
// opened are cancelled, until one names them again; terms that end with them end all the
// same, and their seats are vacant until the next. With check nothing is written.
// INVALID_ARGUMENT for a day more than 100 years ahead; ErrNoCharter; ErrBoardState.
func (r *Rotations) LayOut(ctx context.Context, call resource.Call, board string, until civil.Day, check bool) (*Layout, error) {
	if !check {
		if earlier, known, err := r.layoutBefore(ctx, call, board); known || err != nil {
			return earlier, err
		}
	}
	b, err := r.boards.Open(ctx, board)
	if err != nil {
		return nil, err
	}
	if until > r.boards.Today(b.State).AddMonths(12*100) {
		return nil, fault.Invalid("until_date", "%s is more than 100 years ahead", until)
	}
	planned, err := r.plan(ctx, board, until)
	if err != nil {
		return nil, err
	}
	there, err := r.all(ctx, board)
	if err != nil {
		return nil, err
	}
	checking := &laying{Rotations: r, check: true, until: until, planned: maps.Clone(planned)}
	meant, err := checking.run(ctx, board, there)
	if err != nil || check {
		return meant, err
	}
	return r.once(ctx, call, board, meant, func() (*Layout, error) {
		each := call
		each.RequestID = "" // each of the writes can be repeated
		writing := &laying{Rotations: r, call: each, until: until, planned: planned}
		done, err := writing.run(ctx, board, there)
		if err != nil {
			return nil, err
		}
		_, err = r.rosters.update(ctx, each, board, laidOut, func(s *Roster) error {
			s.LaidOut = max(s.LaidOut, until)
			return nil
		})
		return done, err
	})
}

// laying is the laying out of a board's rotations.
type laying struct {
	*Rotations
	call  resource.Call
	check bool
	until civil.Day
	// planned are those to be laid out that are not there.
	planned map[civil.Day]slot
	layout  Layout
}

func (l *laying) run(ctx context.Context, board string, there []resource.Stored[Rotation]) (*Layout, error) {
	if err := l.keep(ctx, there); err != nil {
		return nil, err
	}
	if err := l.add(ctx, board); err != nil {
		return nil, err
	}
	byDay(l.layout.New)
	return &l.layout, nil
}

// keep goes through the rotations that are there: it cancels those that no recurrence
// names any more, and plans those again that were cancelled for that and are named.
func (l *laying) keep(ctx context.Context, there []resource.Stored[Rotation]) error {
	for _, s := range there {
		if s.State.Kind != Regular {
			continue
		}
		start, named := l.planned[s.State.Planned]
		delete(l.planned, s.State.Planned)
		var err error
		switch {
		case named && s.State.State == Cancelled && s.State.Stray:
			if s, err = l.change(ctx, s, "rotation.scheduled", func(s *Rotation) {
				s.Was = append(slices.Clip(s.Was), s.Day)
				s.State, s.Stray, s.Reason, s.Day, s.Start = Scheduled, false, "", start.day, start.at
			}); err == nil {
				l.layout.New = append(l.layout.New, s)
			}
		case !named && s.State.State == Scheduled && s.State.Planned < l.until:
			if s, err = l.change(ctx, s, "rotation.cancelled", func(s *Rotation) {
				s.State, s.Stray, s.Reason = Cancelled, true, "The charter in force does not plan a rotation for this day any more."
			}); err == nil {
				l.layout.Cancelled = append(l.layout.Cancelled, s)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// change changes a rotation that is as it was read.
func (l *laying) change(ctx context.Context, s resource.Stored[Rotation], event string, change func(*Rotation)) (resource.Stored[Rotation], error) {
	if l.check {
		change(&s.State)
		return s, nil
	}
	return l.table.Update(ctx, l.call, s.ID, resource.IfVersion[Rotation](s.Version), event, func(s *Rotation) error {
		change(s)
		return nil
	})
}

// add lays out what is not there.
func (l *laying) add(ctx context.Context, board string) error {
	for day, start := range l.planned {
		id := rotationID(board, day.String())
		s := Rotation{State: Scheduled, Kind: Regular, Day: start.day, Planned: day, Start: start.at}
		if l.check {
			l.layout.New = append(l.layout.New, l.table.Unwritten(id, s))
			continue
		}
		created, err := l.table.Create(ctx, l.call, id, s, "rotation.scheduled")
		if isExists(err) {
			continue // another laid it out at the same time
		}
		if err != nil {
			return err
		}
		l.layout.New = append(l.layout.New, created)
	}
	return nil
}

// slot is when a planned rotation is held.
type slot struct {
	day civil.Day
	at  time.Time
}

// givesWay is how many days at most lie between the day that a recurrence names and the
// day on which it is held because of holidays, and a few more.
const givesWay = 40

// plan returns the rotations that the charters of a board plan before a day, by the day
// that the recurrence names: those that it names before, and those that are held before.
// Each version plans for the time in which it is in force.
func (r *Rotations) plan(ctx context.Context, board string, until civil.Day) (map[civil.Day]slot, error) {
	versions, err := r.charters.versions(ctx, board)
	if err != nil {
		return nil, err
	}
	if len(versions) == 0 {
		return nil, unmet(ErrNoCharter, boardType, Name(board), "has no charter: publish one, which says when it rotates")
	}
	planned := map[civil.Day]slot{}
	for i := len(versions) - 1; i >= 0; i-- { // a later version goes before earlier ones
		v := versions[i].State
		to := until + givesWay
		for _, later := range versions[i+1:] {
			to = min(to, later.State.Effective)
		}
		series, err := v.Rules.Rotation.Series(v.Rules.Workdays)
		if err != nil {
			return nil, err
		}
		zone := series.Zone()
		occurrences, err := series.Between(zone.Start(v.Effective), zone.Start(to))
		if err != nil {
			return nil, err
		}
		for _, o := range occurrences {
			if held := zone.DayOf(o.Start); min(held, o.Day) < until {
				planned[o.Day] = slot{held, o.Start.UTC()}
			}
		}
	}
	return planned, nil
}

// at returns the instant at which a rotation takes place on a day: at the local time that
// the charter gives.
func at(c *charter.Charter, day civil.Day) time.Time {
	zone, err := civil.LoadZone(c.Rotation.Zone)
	if err != nil {
		zone = civil.UTC
	}
	local, err := time.Parse(calendar.LocalTime, c.Rotation.Start)
	if err != nil {
		return zone.Start(day).UTC()
	}
	since := time.Duration(local.Hour())*time.Hour + time.Duration(local.Minute())*time.Minute
	return calendar.Place(day, since, zone).UTC()
}

// PlanVacancy schedules a rotation that fills the seats that are vacant on a day, for
// what is left of their terms; one that was planned for that day and cancelled is planned
// again. ErrRotationState where the board rotates on that day already; ErrTermState where
// no seat is vacant then; INVALID_ARGUMENT for a day that is past; ErrNoCharter;
// ErrBoardState.
func (r *Rotations) PlanVacancy(ctx context.Context, call resource.Call, board string, day civil.Day, reason string) (resource.Stored[Rotation], error) {
	var none resource.Stored[Rotation]
	b, err := r.boards.Open(ctx, board)
	if err != nil {
		return none, err
	}
	if day < r.boards.Today(b.State) {
		return none, fault.Invalid("date", "%s is past: choose a day to come", day)
	}
	id := rotationID(board, "vacancy-"+day.String())
	if call.RequestID == "" {
		if there, err := r.table.Get(ctx, id); err == nil && there.State.State != Cancelled {
			return none, r.table.Kind().Exists(there.ID)
		}
	}
	v, err := r.charters.At(ctx, board, day)
	if err != nil {
		return none, err
	}
	w, err := r.world(ctx, board)
	if err != nil {
		return none, err
	}
	for _, s := range w.rotations {
		if s.State.Day == day && !s.State.State.over() && s.ID != id {
			return none, rotationState(s.ID, "is on %s already, and fills the vacant seats too", day)
		}
	}
	prepared, err := v.Rules.Prepare(w.rotation(Rotation{Day: day, Kind: Vacancy}, nil))
	if err != nil {
		return none, err
	}
	if len(prepared.Open) == 0 {
		return none, unmet(ErrTermState, boardType, Name(board), "has no seat that is vacant on %s", day)
	}
	return r.table.Upsert(ctx, call, id, nil, "rotation.scheduled", func(s *Rotation) error {
		if s.State != "" && s.State != Cancelled {
			return r.table.Kind().Exists(id)
		}
		*s = Rotation{State: Scheduled, Kind: Vacancy, Day: day, Planned: day, Start: at(&v.Rules, day), Reason: reason,
			Moves: s.Moves, Taking: s.Taking, Times: s.Times}
		return nil
	})
}
