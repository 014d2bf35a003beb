// Package changes is the feed of the plans service: what happened to each of its
// resources, for those who keep copies.
package changes

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/calendarfeed"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/feed"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/calendars"
	"github.com/evenhand/evenhand/services/plans/engagements"
	"github.com/evenhand/evenhand/services/plans/innovation"
	"github.com/evenhand/evenhand/services/plans/rewards"
	"github.com/evenhand/evenhand/services/plans/sessions"
	"github.com/evenhand/evenhand/services/plans/signals"
	"github.com/evenhand/evenhand/services/plans/statements"
	"github.com/evenhand/evenhand/services/plans/touchpoints"
)

// Told is what followers learn of a change besides its type: at most one of the states,
// where the type has one.
type Told struct {
	// Name is the name of the resource.
	Name string

	// Plan is a plan, without the notes of measurements.
	Plan     *resource.Stored[plans.Plan]
	Template *resource.Stored[plans.Template]
	// Touchpoint is one without what people wrote.
	Touchpoint *resource.Stored[touchpoints.Touchpoint]
	Absence    *resource.Stored[touchpoints.Away]
	SignalRule *resource.Stored[signals.Rule]
	// Suggestion is one without its words and figures.
	Suggestion *resource.Stored[signals.Suggestion]
	Expert     *resource.Stored[engagements.Expert]
	// Engagement is one without what people wrote, and with its last hours only.
	Engagement *resource.Stored[engagements.Engagement]
	// Project is one without what people wrote of the customers' business.
	Project     *resource.Stored[innovation.Project]
	PointRules  *resource.Stored[rewards.PointRules]
	RewardEntry *resource.Stored[rewards.Entry]
	// Session is one without what people wrote.
	Session *resource.Stored[sessions.Session]
}

// Feed is the changes of the plans service.
type Feed = feed.Feed[Told]

// reader reads what an event of the aggregate with an id tells.
type reader func(t *Told, e *docstore.FeedEvent, id string) error

// readers are those of each collection whose changes are told.
var readers = map[string]reader{
	plans.Kind.Spec.Name: stored(plans.Kind, func(t *Told, s *resource.Stored[plans.Plan]) { t.Plan = s }),
	statements.Kind.Spec.Name: func(t *Told, _ *docstore.FeedEvent, id string) error { // read one with GetValueStatement
		t.Name = statements.Kind.Name(id)
		return nil
	},
	plans.TemplateKind.Spec.Name: stored(plans.TemplateKind, func(t *Told, s *resource.Stored[plans.Template]) { t.Template = s }),

	touchpoints.Kind.Spec.Name:        stored(touchpoints.Kind, func(t *Told, s *resource.Stored[touchpoints.Touchpoint]) { t.Touchpoint = s }),
	touchpoints.AbsenceKind.Spec.Name: stored(touchpoints.AbsenceKind, func(t *Told, s *resource.Stored[touchpoints.Away]) { t.Absence = s }),
	calendarfeed.Collection: func(t *Told, _ *docstore.FeedEvent, id string) error { // read one with GetPlanCalendarFeed
		t.Name = calendars.Kind.Name(id)
		return nil
	},
	signals.RuleKind.Spec.Name: stored(signals.RuleKind, func(t *Told, s *resource.Stored[signals.Rule]) { t.SignalRule = s }),
	signals.VersionKind.Spec.Name: func(t *Told, _ *docstore.FeedEvent, id string) error { // read one with GetSignalRuleVersion
		t.Name = signals.VersionKind.Name(id)
		return nil
	},
	signals.SuggestionKind.Spec.Name: stored(signals.SuggestionKind, func(t *Told, s *resource.Stored[signals.Suggestion]) { t.Suggestion = s }),
	engagements.ExpertKind.Spec.Name: stored(engagements.ExpertKind, func(t *Told, s *resource.Stored[engagements.Expert]) { t.Expert = s }),
	engagements.Kind.Spec.Name:       stored(engagements.Kind, func(t *Told, s *resource.Stored[engagements.Engagement]) { t.Engagement = s }),
	innovation.Kind.Spec.Name:        stored(innovation.Kind, func(t *Told, s *resource.Stored[innovation.Project]) { t.Project = s }),
	sessions.Kind.Spec.Name:          stored(sessions.Kind, func(t *Told, s *resource.Stored[sessions.Session]) { t.Session = s }),
	rewards.RulesKind.Spec.Name:      stored(rewards.RulesKind, func(t *Told, s *resource.Stored[rewards.PointRules]) { t.PointRules = s }),
	rewards.FindingKind.Spec.Name: func(t *Told, _ *docstore.FeedEvent, id string) error { // read findings with ListRewardFindings
		t.Name = rewards.FindingKind.Name(id)
		return nil
	},
	rewards.LedgerKind.Spec.Name: stored(rewards.LedgerKind, func(t *Told, s *resource.Stored[rewards.Entry]) { t.RewardEntry = s }),
}

// stored reads the states of a kind of resource whose events tell all of it; keep puts
// one where it belongs.
func stored[T any, P resource.Aggregate[T]](kind resource.Kind[T], keep func(*Told, *resource.Stored[T])) reader {
	return func(t *Told, e *docstore.FeedEvent, id string) error {
		t.Name = kind.Name(id)
		if len(e.Data) == 0 { // it was deleted
			return nil
		}
		s := &resource.Stored[T]{ID: id, Aggregate: e.Source, Version: e.N}
		if err := bson.Unmarshal(e.Data, &s.State); err != nil {
			return err
		}
		s.Created = resource.CreatedOf[T, P](&s.State)
		keep(t, s)
		return nil
	}
}

// Open returns the feed of the service's store, which must be relayed (docstore's relay)
// for it to advance.
func Open(store *docstore.Store) *Feed {
	return feed.Open(store, slices.Sorted(maps.Keys(readers)), func(_ context.Context, events []docstore.FeedEvent) ([]Told, error) {
		states := make([]Told, len(events))
		for i := range events {
			e := &events[i]
			collection, id, _ := strings.Cut(e.Source, "/")
			read, told := readers[collection]
			if !told {
				continue
			}
			if err := read(&states[i], e, id); err != nil {
				return nil, fmt.Errorf("event %d of the feed, %s of %s: %w", e.Position, e.Type, e.Source, err)
			}
		}
		return states, nil
	})
}
