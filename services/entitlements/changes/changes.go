// Package changes is the feed of the entitlements service: what happened to each of its
// resources, for those who keep copies.
package changes

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/feed"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/bands"
	"github.com/evenhand/evenhand/services/entitlements/cases"
	"github.com/evenhand/evenhand/services/entitlements/cases/imports"
	"github.com/evenhand/evenhand/services/entitlements/clauses"
	"github.com/evenhand/evenhand/services/entitlements/cost"
	"github.com/evenhand/evenhand/services/entitlements/houserules"
	"github.com/evenhand/evenhand/services/entitlements/parity/audits"
	"github.com/evenhand/evenhand/services/entitlements/programmes"
	"github.com/evenhand/evenhand/services/entitlements/remedies"
	"github.com/evenhand/evenhand/services/entitlements/requests"
	"github.com/evenhand/evenhand/services/entitlements/reviews"
	"github.com/evenhand/evenhand/services/entitlements/usage"
)

// Told is what followers learn of a change besides its type: at most one of the states,
// where the type has one.
type Told struct {
	// Name is the name of the resource.
	Name string

	// Version is a version of the schedule, without its content.
	Version *entitlements.Version
	// Programme is a programme with the entries that the change was about.
	Programme *resource.Stored[programmes.Programme]
	// SpecialRequest is a special request, without what people wrote.
	SpecialRequest *resource.Stored[requests.Request]
	// Draft is a draft of the schedule, without its text.
	Draft *resource.Stored[requests.Draft]
	// Case is a case, without what a customer said.
	Case *cases.Told
	// CaseImport is a file of cases.
	CaseImport      *resource.Stored[imports.Import]
	EscalationPath  *resource.Stored[cases.Path]
	Acknowledgement *resource.Stored[cases.Acknowledgement]

	Remedy    *resource.Stored[remedies.Remedy]
	HouseRule *resource.Stored[houserules.Rule]
	// Breach is a breach of a house rule, without its note.
	Breach *resource.Stored[houserules.Breach]
	Clause *resource.Stored[clauses.Clause]
	// Citation is a citation of a clause, without its note.
	Citation *resource.Stored[clauses.Citation]
	// Review is a review, without what people wrote.
	Review *resource.Stored[reviews.Review]
	// Usage is a line of the ledger of what is used, without its note and its principal.
	Usage *usage.Entry
	// BandScale is the bands that the company declared for a subject.
	BandScale *resource.Stored[bands.Scale]
	// CostLimit is from what cost of extras on there is a finding.
	CostLimit *resource.Stored[cost.Limit]
	// CostFinding is a finding about what extras cost, without the note.
	CostFinding *resource.Stored[cost.Finding]
	// Audit is an audit of parity.
	Audit *resource.Stored[audits.Audit]
}

// Feed is the changes of the entitlements service.
type Feed = feed.Feed[Told]

// reader reads what an event of the aggregate with an id tells.
type reader func(t *Told, e *docstore.FeedEvent, id string) error

// readers are those of each collection whose changes are told.
var readers = map[string]reader{
	entitlements.VersionsCollection: func(t *Told, e *docstore.FeedEvent, _ string) (err error) {
		if t.Version, err = entitlements.VersionTold(e.At, e.Who, e.Data); err == nil {
			t.Name = t.Version.Name()
		}
		return err
	},
	requests.RequestKind().Spec.Name: stored(requests.RequestKind(), func(t *Told, s *resource.Stored[requests.Request]) { t.SpecialRequest = s }),
	requests.DraftKind().Spec.Name:   stored(requests.DraftKind(), func(t *Told, s *resource.Stored[requests.Draft]) { t.Draft = s }),

	cases.Collection: func(t *Told, e *docstore.FeedEvent, id string) error {
		t.Name, t.Case = cases.Name(id), &cases.Told{}
		return bson.Unmarshal(e.Data, t.Case)
	},
	cases.PathKind.Spec.Name: stored(cases.PathKind, func(t *Told, s *resource.Stored[cases.Path]) { t.EscalationPath = s }),
	cases.AcknowledgementKind.Spec.Name: stored(cases.AcknowledgementKind,
		func(t *Told, s *resource.Stored[cases.Acknowledgement]) { t.Acknowledgement = s }),
	remedies.Kind.Spec.Name:         stored(remedies.Kind, func(t *Told, s *resource.Stored[remedies.Remedy]) { t.Remedy = s }),
	houserules.Kind.Spec.Name:       stored(houserules.Kind, func(t *Told, s *resource.Stored[houserules.Rule]) { t.HouseRule = s }),
	houserules.BreachKind.Spec.Name: stored(houserules.BreachKind, func(t *Told, s *resource.Stored[houserules.Breach]) { t.Breach = s }),
	clauses.Kind.Spec.Name:          stored(clauses.Kind, func(t *Told, s *resource.Stored[clauses.Clause]) { t.Clause = s }),
	clauses.CitationKind.Spec.Name:  stored(clauses.CitationKind, func(t *Told, s *resource.Stored[clauses.Citation]) { t.Citation = s }),
	reviews.Kind.Spec.Name:          stored(reviews.Kind, func(t *Told, s *resource.Stored[reviews.Review]) { t.Review = s }),
	imports.Kind.Spec.Name:          stored(imports.Kind, func(t *Told, s *resource.Stored[imports.Import]) { t.CaseImport = s }),
	bands.ScaleKind.Spec.Name:       stored(bands.ScaleKind, func(t *Told, s *resource.Stored[bands.Scale]) { t.BandScale = s }),
	usage.BalancesCollection: func(t *Told, e *docstore.FeedEvent, _ string) (err error) {
		if t.Usage, err = usage.EntryTold(e.Data); err == nil {
			t.Name = usage.BalanceName(t.Usage.Account, t.Usage.Benefit)
		}
		return err
	},
	cost.LimitKind.Spec.Name:   stored(cost.LimitKind, func(t *Told, s *resource.Stored[cost.Limit]) { t.CostLimit = s }),
	cost.FindingKind.Spec.Name: stored(cost.FindingKind, func(t *Told, s *resource.Stored[cost.Finding]) { t.CostFinding = s }),
	audits.Collection:          stored(audits.Kind(), func(t *Told, s *resource.Stored[audits.Audit]) { t.Audit = s }),
	programmes.Collection:      tellProgramme,
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
func Open(store *docstore.Store) *Feed { return open(store, readers) }

func open(store *docstore.Store, readers map[string]reader) *Feed {
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
