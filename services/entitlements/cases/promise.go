package cases

import (
	"fmt"
	"maps"
	"reflect"
	"sync"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
	"github.com/evenhand/evenhand/services/entitlements/worktime"
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
}

func sameCalendar(a, b schedule.Calendar) bool { return reflect.DeepEqual(a, b) }

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
// promised is that version's, the hours of a calendar are those of the version in force
// now, as long as that has the calendar.
func (b *book) reckoning(number int, now time.Time, near float64) (*Reckoning, error) {
	current, err := b.inForce(now)
	if err != nil {
		return nil, err
	}
	r := &Reckoning{near: near, always: everyHour}
	if current == nil {
		return r, nil
	}
	r.hours, r.always, r.edition = current.hours, current.always, int64(current.calendars)
	own, err := b.numbered(number)
	if err != nil || own == nil || own == current {
		return r, err
	}
	for id, hours := range own.hours {
		if r.hours[id] != nil {
			continue
		}
		r.hours = maps.Clone(r.hours)
		r.hours[id] = hours
	}
	return r, nil
}

var everyHour = worktime.New(nil, civil.UTC)
