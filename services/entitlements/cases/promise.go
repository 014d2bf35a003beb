package cases

import (
	"fmt"
	"maps"
	"reflect"
	"sync"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/worktime"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Promises knows what was published.
type Promises interface {
	// Versions returns all versions of the schedule by number, which counts from 1. None
	// takes effect before the one before it, and none ever changes.
	Versions() []Version
}

// Version is a published version of the schedule.
type Version struct {
	Number   int
	InForce  time.Time
	Schedule *schedule.Schedule
}

// edition is a version ready to reckon by.
type edition struct {
	Version
	// hours are those of its calendars, and of those that are gone by it, as the last version
	// that had them has them: who promised time in such hours, as the escalation path does,
	// promised no nights.
	hours  map[string]*worktime.Hours
	always *worktime.Hours
	// calendars is the number of the first version whose calendars and zone are these, up
	// to this one: what due times are reckoned by changes with it.
	calendars int
	// baseline is the number of the first version whose commitments are these, up to this
	// one: who acknowledged that has acknowledged this one.
	baseline int
}

// book makes editions of what was published, each once.
type book struct {
	promises Promises

	mu       sync.Mutex
	editions []*edition
}

// read returns all editions.
func (b *book) read() ([]*edition, error) {
	versions := b.promises.Versions()
	b.mu.Lock()
	defer b.mu.Unlock()
	for i := len(b.editions); i < len(versions); i++ {
		e, err := newEdition(versions[i])
		if err != nil {
			return nil, err
		}
		if i > 0 {
			e.follow(b.editions[i-1])
		}
		b.editions = append(b.editions[:i:i], e) // readers keep what they were given
	}
	return b.editions, nil
}

func newEdition(v Version) (*edition, error) {
	zone, err := civil.LoadZone(v.Schedule.TimeZone)
	if err != nil {
		return nil, fmt.Errorf("version %d of the schedule: %w", v.Number, err)
	}
	e := &edition{Version: v, hours: make(map[string]*worktime.Hours, len(v.Schedule.Calendars)), always: worktime.New(nil, zone),
		calendars: v.Number, baseline: v.Number}
	for id, calendar := range v.Schedule.Calendars {
		e.hours[id] = worktime.New(&calendar, zone)
	}
	return e, nil
}

// follow takes over what an edition has in common with the one before it.
func (e *edition) follow(before *edition) {
	if e.Schedule.TimeZone == before.Schedule.TimeZone && maps.EqualFunc(e.Schedule.Calendars, before.Schedule.Calendars, sameCalendar) {
		e.calendars = before.calendars
	}
	if reflect.DeepEqual(e.Schedule.Commitments, before.Schedule.Commitments) {
		e.baseline = before.baseline
	}
	for id, hours := range before.hours {
		if e.hours[id] == nil {
			e.hours[id] = hours
		}
	}
}

// has says whether the version itself has a calendar.
func (e *edition) has(calendar string) bool {
	_, has := e.Schedule.Calendars[calendar]
	return has
}

func sameCalendar(a, b worktime.Calendar) bool { return reflect.DeepEqual(a, b) }

// inForce returns the edition in force at an instant; nil where there is none.
func (b *book) inForce(at time.Time) (*edition, error) {
	editions, err := b.read()
	if err != nil {
		return nil, err
	}
	for i := len(editions) - 1; i >= 0; i-- {
		if !editions[i].InForce.After(at) {
			return editions[i], nil
		}
	}
	return nil, nil
}

// numbered returns the edition with a number; nil where there is none.
func (b *book) numbered(number int) (*edition, error) {
	editions, err := b.read()
	if err != nil || number < 1 || number > len(editions) {
		return nil, err
	}
	return editions[number-1], nil
}

// commitments are those of a version; none for version 0.
func (b *book) commitments(number int) ([]schedule.Commitment, error) {
	e, err := b.numbered(number)
	if err != nil || e == nil {
		return nil, err
	}
	return e.Schedule.Commitments, nil
}

// reckoning is by what the due times of cases under a version are reckoned now: the time
// promised is that version's, the hours are those of the version in force now. They are
// those of the case's own where that is still to come: of a case that is only foreseen, or
// that a process opened whose clock is ahead.
func (b *book) reckoning(number int, now time.Time, near float64) (*Reckoning, error) {
	r := &Reckoning{near: near, always: everyHour}
	current, err := b.inForce(now)
	if err != nil {
		return nil, err
	}
	if current != nil {
		r.edition = int64(current.calendars)
	}
	by, err := b.numbered(number)
	if err != nil {
		return nil, err
	}
	if by == nil || current != nil && current.Number > by.Number {
		by = current
	}
	if by != nil {
		r.hours, r.always = by.hours, by.always
	}
	return r, nil
}

var everyHour = worktime.New(nil, civil.UTC)
