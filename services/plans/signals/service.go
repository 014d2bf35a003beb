package signals

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// Options are what the service takes from outside. The interfaces are needed.
type Options struct {
	Accounts     Accounts
	Plans        Plans
	Entitlements Entitlements
	Touchpoints  Touchpoints
	People       People
	// Zone returns the zone in which days begin and end; UTC by default.
	Zone func(context.Context) (civil.Zone, error)
	// Random is the source of ids; crypto/rand by default.
	Random io.Reader
	// Log receives what happens in the background; slog.Default by default.
	Log *slog.Logger
}

// Service is the use cases of signal rules and suggestions.
type Service struct {
	store       *docstore.Store
	rules       *resource.Table[Rule, *Rule]
	versions    *resource.Table[Version, *Version]
	suggestions *resource.Table[Suggestion, *Suggestion]
	memories    *docstore.Collection[memory]
	reviews     *docstore.Collection[reviews]
	passes      *docstore.Collection[passed]
	opts        Options
	now         func() time.Time
	// told wakes Run when something was observed.
	told chan struct{}

	mu       sync.Mutex
	programs map[string]*program // by version
}

// The indexes.
const (
	byPass          = "pass"
	byClause        = "clause"
	byAccount       = "account"
	byDay           = "day"
	byDecision      = "decision"
	shown           = "shown"
	shownOfOwner    = "shown_owner"
	shownOfAccount  = "shown_account"
	byRule          = "rule"
	waitingForTouch = "planning"
	unranked        = "unranked"
)

// RuleKind is how rules are stored and told.
var RuleKind = resource.Kind[Rule]{Type: ruleType, Name: RuleName, Tell: tellRule, Spec: docstore.Spec{Name: "signal_rules"}}

// VersionKind is how versions of rules are stored and told.
var VersionKind = resource.Kind[Version]{Type: versionType, Name: versionName, Tell: func(v Version) any { return v },
	Spec: docstore.Spec{Name: "signal_rule_versions", Indexes: []docstore.Index{{Name: byRule, Fields: []string{"rule", "number"}}}}}

// SuggestionKind is how suggestions are stored and told: without words and figures, which
// tell what a customer spends and said.
var SuggestionKind = resource.Kind[Suggestion]{Type: suggestionType, Name: SuggestionName, Tell: tellSuggestion,
	Spec: docstore.Spec{Name: "suggestions", Indexes: []docstore.Index{
		{Name: byAccount, Fields: []string{"account", "day"}},
		{Name: byDay, Fields: []string{"day"}},
		{Name: byDecision, Fields: []string{"decided_rule", "decided"}, Partial: true},
		{Name: shown, Fields: []string{"shown", "score"}},
		{Name: shownOfOwner, Fields: []string{"owner", "shown", "score"}},
		{Name: shownOfAccount, Fields: []string{"account", "shown", "score"}},
		{Name: waitingForTouch, Fields: []string{"planning"}, Partial: true},
		{Name: unranked, Fields: []string{"unranked"}, Partial: true},
	}}}

// Open opens the signals of the store that the requests are of.
func Open(ctx context.Context, store *docstore.Store, requests *resource.Requests, opts Options) (*Service, error) {
	if opts.Accounts == nil || opts.Plans == nil || opts.Entitlements == nil || opts.Touchpoints == nil || opts.People == nil {
		return nil, errors.New("open signals: accounts, plans, entitlements, touchpoints and people are needed")
	}
	if opts.Zone == nil {
		opts.Zone = func(context.Context) (civil.Zone, error) { return civil.UTC, nil }
	}
	if opts.Log == nil {
		opts.Log = slog.Default()
	}
	s := &Service{store: store, opts: opts, now: requests.Now, told: make(chan struct{}, 1), programs: map[string]*program{}}
	var errs [6]error
	s.rules, errs[0] = resource.OpenTable[Rule](ctx, requests, RuleKind)
	s.versions, errs[1] = resource.OpenTable[Version](ctx, requests, VersionKind)
	s.suggestions, errs[2] = resource.OpenTable[Suggestion](ctx, requests, SuggestionKind)
	s.memories, errs[3] = docstore.OpenCollection[memory](ctx, store, docstore.Spec{Name: "signal_memories", Silent: true, Indexes: []docstore.Index{
		{Name: byPass, Fields: []string{"pass"}},
		{Name: byClause, Fields: []string{"cited.clause"}, Multikey: true},
	}})
	s.reviews, errs[4] = docstore.OpenCollection[reviews](ctx, store, docstore.Spec{Name: "signal_reviews", Silent: true})
	s.passes, errs[5] = docstore.OpenCollection[passed](ctx, store, docstore.Spec{Name: "signal_passes", Silent: true})
	if err := errors.Join(errs[:]...); err != nil {
		return nil, fmt.Errorf("open signals: %w", err)
	}
	return s, nil
}

// Today returns the calendar day it is in the company's zone.
func (s *Service) Today(ctx context.Context) (civil.Day, error) {
	zone, err := s.opts.Zone(ctx)
	if err != nil {
		return 0, fmt.Errorf("find the company's time zone: %w", err)
	}
	return zone.DayOf(s.now()), nil
}
