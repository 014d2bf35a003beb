package rewards

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Kind is a kind of completed work. There is none that is about money.
type Kind string

// The kinds of work that point rules can be about.
const (
	TouchpointDone      Kind = "touchpoint-done"
	EngagementCompleted Kind = "engagement-completed"
	ProjectConfirmed    Kind = "project-confirmed"
	SessionAnswered     Kind = "session-answered"
	SuggestionActedOn   Kind = "suggestion-acted-on"
	GoalReached         Kind = "goal-reached"
)

// Kinds are all kinds of work.
var Kinds = []Kind{TouchpointDone, EngagementCompleted, ProjectConfirmed, SessionAnswered, SuggestionActedOn, GoalReached}

// unreferenced are the kinds of work that are recorded without references to what shows it.
var unreferenced = []Kind{EngagementCompleted, GoalReached}

// Work is a piece of completed relationship work.
type Work struct {
	// Name is the resource name of what was completed, the evidence itself; one name is one
	// piece of work.
	Name string `bson:"name"`
	// Version is the place of what says so in the order of all that is said of the work, from
	// 1: one that is not newer than what is known changes nothing.
	Version int64 `bson:"version"`
	Kind    Kind  `bson:"kind"`
	// Account is an id, and so are those of Persons, who did it, and of Team, who serve the
	// account besides.
	Account string   `bson:"account"`
	Persons []string `bson:"persons,omitempty"`
	Team    []string `bson:"team,omitempty"`
	// Completed is when.
	Completed time.Time `bson:"completed"`
	// Confirmed says that the customer confirmed it. Rating is the customer's, 1 to 5; 0 where
	// there is none. HeardBy is the id of the principal who wrote down what the customer said.
	Confirmed bool   `bson:"confirmed,omitempty"`
	Rating    int    `bson:"rating,omitempty"`
	HeardBy   string `bson:"heard_by,omitempty"`
	// SelfReported says that nobody but who did it says that it was done.
	SelfReported bool `bson:"self_reported,omitempty"`
	// Evidence are references to what shows it, besides the work itself.
	Evidence []string `bson:"evidence,omitempty"`
	// Origin is why it was done, as cadence.
	Origin string `bson:"origin,omitempty"`
	// Contacts are the resource names of the people at the customer who were reached.
	Contacts []string `bson:"contacts,omitempty"`
	// OutcomeDigest is a salted digest of what was written down as its outcome, by which the
	// same words are found again, and OutcomeLength how many characters that has; 0 where
	// nothing was written down.
	OutcomeDigest string `bson:"outcome_digest,omitempty"`
	OutcomeLength int    `bson:"outcome_length,omitempty"`
	// Withdrawn says that it does not count any more: a confirmation was taken back, or a
	// touchpoint opened again.
	Withdrawn bool `bson:"withdrawn,omitempty"`
}

// completed is a piece of work as it is stored.
type completed struct {
	Work `bson:",inline"`
	// Day is when it was completed, in the company's zone as it was when it arrived.
	Day civil.Day `bson:"day"`
	// Months are those that have to be settled since it changed. While there are any, it is
	// pending.
	Months  []string `bson:"months,omitempty"`
	Pending bool     `bson:"pending,omitempty"`
}

// workSpec is how work is stored. Nobody is told of it: what it is was told by what it is
// the evidence of.
var workSpec = docstore.Spec{Name: "reward_work", Silent: true, Indexes: []docstore.Index{
	{Name: "day", Fields: []string{"day"}},
	{Name: "pending", Fields: []string{"pending"}, Partial: true},
}}

// check wants a piece of work to be one.
func (w *Work) check() error {
	switch {
	case w.Name == "":
		return fault.Invalid("work.name", "is empty: work is credited by its evidence")
	case !slices.Contains(Kinds, w.Kind):
		return fault.Invalid("work.kind", "%q is no kind of work", w.Kind)
	case w.Version < 1:
		return fault.Invalid("work.version", "is %d: it counts from 1", w.Version)
	case w.Completed.IsZero() && !w.Withdrawn:
		return fault.Invalid("work.completed", "is empty: which rules count follows from the day of completion")
	}
	return nil
}

// normal is the work with its lists in an order that says nothing.
func (w Work) normal() Work {
	w.Completed = w.Completed.UTC().Truncate(time.Millisecond)
	w.Persons, w.Evidence, w.Contacts = sorted(w.Persons), sorted(w.Evidence), sorted(w.Contacts)
	w.Team = slices.DeleteFunc(sorted(w.Team), func(id string) bool { return slices.Contains(w.Persons, id) })
	if len(w.Team) == 0 {
		w.Team = nil
	}
	return w
}

// sorted is a list in order, each once; nil where there is nothing in it.
func sorted(list []string) []string {
	list = slices.Compact(slices.Sorted(slices.Values(list)))
	list = slices.DeleteFunc(list, func(s string) bool { return s == "" })
	if len(list) == 0 {
		return nil
	}
	return list
}

// errKnown ends the writing of work that is known already.
var errKnown = errors.New("nothing new")

// Observe takes completed work in, or what became of it. It is credited by the next
// settling. The same work may come any number of times, and an older version of it after a
// newer. INVALID_ARGUMENT for what is no work; the work before it was taken in.
func (s *Service) Observe(ctx context.Context, works []Work) error {
	zone, err := s.opts.Zone(ctx)
	if err != nil {
		return fmt.Errorf("find the company's time zone: %w", err)
	}
	for _, w := range works {
		if err := w.check(); err != nil {
			return err
		}
		w = w.normal()
		_, err := s.work.Upsert(ctx, w.Name, func(d *docstore.Doc[completed]) error {
			return take(&d.Body, w, zone)
		})
		if err != nil && !errors.Is(err, errKnown) {
			return fmt.Errorf("take in %s: %w", w.Name, err)
		}
	}
	return nil
}

// take makes a stored piece of work what is now known of it, and notes the months that
// have to be settled for that.
func take(known *completed, w Work, zone civil.Zone) error {
	fresh := known.Name == ""
	if w.Version <= known.Version {
		return errKnown
	}
	next := completed{Work: w, Months: known.Months}
	switch {
	case w.Completed.IsZero(): // withdrawn, and it does not matter any more when it was completed
		next.Completed, next.Day = known.Completed, known.Day
	default:
		next.Day = zone.DayOf(w.Completed)
	}
	for _, day := range []civil.Day{known.Day, next.Day} {
		if day == 0 || fresh && w.Withdrawn {
			continue // nothing was credited for that
		}
		for _, month := range affected(day) {
			next.Months = append(next.Months, month.ID)
		}
	}
	next.Months = sorted(next.Months)
	next.Pending = len(next.Months) > 0
	*known = next
	return nil
}

// workBy returns the work that the credits of a month follow from, that of a day at a time,
// in the order of days. It holds no more than the work of a day: of 100,000 accounts with a
// piece of work a month some 5,000, and of a day on which all of it is completed, all.
func (s *Service) workBy(ctx context.Context, month Period) iter.Seq2[[]completed, error] {
	q := docstore.Query{Index: "day", From: int64(weekOf(month.From)), To: int64(weekOf(month.To) + 7), Limit: 1000}
	return func(yield func([]completed, error) bool) {
		var day []completed
		for d, err := range s.work.All(ctx, q) {
			if err != nil {
				yield(nil, fmt.Errorf("read completed work: %w", err))
				return
			}
			if len(day) > 0 && day[0].Day != d.Body.Day {
				if !yield(day, nil) {
					return
				}
				day = nil
			}
			day = append(day, d.Body)
		}
		if len(day) > 0 {
			yield(day, nil)
		}
	}
}

// workBetween returns the work of the days from one to another, both among them, by its
// name.
func (s *Service) workBetween(ctx context.Context, from, to civil.Day) (map[string]completed, error) {
	found := map[string]completed{}
	q := docstore.Query{Index: "day", From: int64(from), To: int64(to) + 1, Limit: 1000}
	for d, err := range s.work.All(ctx, q) {
		if err != nil {
			return nil, fmt.Errorf("read completed work: %w", err)
		}
		found[d.ID] = d.Body
	}
	return found, nil
}
