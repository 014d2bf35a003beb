package signals

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
)

const (
	maxSnooze = 366  // days
	maxText   = 2000 // characters
)

// Suggestion returns a suggestion, or resource.ErrNotFound. Its id is that of the account, a
// slash and its own.
func (s *Service) Suggestion(ctx context.Context, id string) (resource.Stored[Suggestion], error) {
	return s.suggestions.Get(ctx, id)
}

// SuggestionQuery says which suggestions to list.
type SuggestionQuery struct {
	// Account and Owner are ids; Owner is nil for all, and may be of nobody.
	Account string
	Owner   *string
	// All wants also those that nobody is to decide about now, and those that another stands
	// for, the newest first; without it they are ranked, the best first.
	All   bool
	Keep  func(resource.Stored[Suggestion]) bool
	Size  int
	After resource.Place
}

// Suggestions lists suggestions.
func (s *Service) Suggestions(ctx context.Context, query SuggestionQuery) (resource.Page[Suggestion], error) {
	q := docstore.Query{Descending: true, Limit: query.Size, After: query.After}
	keep := func(x resource.Stored[Suggestion]) bool {
		return (query.Owner == nil || x.State.Owner == *query.Owner) && (query.Keep == nil || query.Keep(x))
	}
	place := func(x resource.Stored[Suggestion]) resource.Place { return resource.Place{x.State.Score, x.ID} }
	switch {
	case query.All && query.Account != "":
		q.Index, q.Equal = byAccount, []any{query.Account}
	case query.All:
		q.Index = byDay
	case query.Account != "":
		q.Index, q.Equal = shownOfAccount, []any{query.Account, true}
	case query.Owner != nil:
		q.Index, q.Equal = shownOfOwner, []any{*query.Owner, true}
	default:
		q.Index, q.Equal = shown, []any{true}
	}
	if query.All {
		place = func(x resource.Stored[Suggestion]) resource.Place { return resource.Place{int64(x.State.Day), x.ID} }
	}
	return s.suggestions.List(ctx, q, place, keep)
}

// Snooze puts a suggestion off until a day, on which it is open again. INVALID_ARGUMENT for
// a day that is not within a year; NOT_FOUND; ABORTED with STALE_ETAG; FAILED_PRECONDITION
// with SUGGESTION_STATE.
func (s *Service) Snooze(ctx context.Context, call resource.Call, id, etag string, until civil.Day) (resource.Stored[Suggestion], error) {
	today, err := s.Today(ctx)
	if err != nil {
		return resource.Stored[Suggestion]{}, err
	}
	if earlier, known, err := s.suggestions.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if until <= today || until > today+maxSnooze {
		return resource.Stored[Suggestion]{}, fault.Invalid("until_date", "%s is not a day from tomorrow to %s", until, today+maxSnooze)
	}
	return s.decide(ctx, call, id, etag, "suggestion.snoozed", func(x *Suggestion) error {
		x.State, x.Until = Snoozed, until
		return nil
	})
}

// Dismiss ends a suggestion with a reason; the rule makes none for the account while it
// cools down. INVALID_ARGUMENT without a reason, or for Other without a text; NOT_FOUND;
// ABORTED with STALE_ETAG; FAILED_PRECONDITION with SUGGESTION_STATE.
func (s *Service) Dismiss(ctx context.Context, call resource.Call, id, etag string, why Why, text string) (resource.Stored[Suggestion], error) {
	none := resource.Stored[Suggestion]{}
	text = strings.TrimSpace(text)
	switch {
	case !slices.Contains(Whys, why):
		return none, fault.Invalid("reason", "is missing: say why, as NOT_RELEVANT")
	case why == Other && text == "":
		return none, fault.Invalid("text", "is empty: with the reason OTHER, say what it is")
	case utf8.RuneCountInString(text) > maxText:
		return none, fault.Invalid("text", "has more than %d characters", maxText)
	}
	x, err := s.suggestions.Get(ctx, id)
	if err != nil {
		return none, err
	}
	today, err := s.Today(ctx)
	if err != nil {
		return none, err
	}
	coolDown, err := s.coolDown(ctx, &x.State)
	if err != nil {
		return none, err
	}
	return s.decide(ctx, call, id, etag, "suggestion.dismissed", func(x *Suggestion) error {
		s.decided(x, Dismissed, call.Principal)
		x.Why, x.Text, x.Damped = why, text, today+civil.Day(coolDown)
		return nil
	})
}

// coolDown is that of the rule as it is now.
func (s *Service) coolDown(ctx context.Context, x *Suggestion) (int, error) {
	r, err := s.rules.Get(ctx, x.Rule)
	if err != nil {
		return 0, fmt.Errorf("read the rule of a suggestion: %w", err)
	}
	return r.State.InForce.Content.CoolDown, nil
}

// decided notes who accepted or dismissed a suggestion.
func (s *Service) decided(x *Suggestion, as State, by string) {
	x.State, x.Decider, x.Decided, x.DecidedRule, x.Until = as, by, s.now(), x.Rule, 0
}

// decide changes a suggestion that waits, and ranks those that it leaves: it is noted with
// the decision that this is to be done, so that it is done also where the process dies.
func (s *Service) decide(ctx context.Context, call resource.Call, id, etag, event string, change func(*Suggestion) error) (resource.Stored[Suggestion], error) {
	done, err := s.suggestions.Update(ctx, call, id, resource.IfEtag[Suggestion](etag), event, func(x *Suggestion) error {
		if !x.waits() {
			return suggestionState(id, "%s is %s: only one that is open or snoozed can be decided.", SuggestionName(id), x.State)
		}
		x.Shown, x.Others, x.StoodFor, x.Unranked = false, nil, "", true
		return change(x)
	})
	if err != nil {
		return done, err
	}
	return s.ranked(ctx, done)
}

// Accept makes a touchpoint of a suggestion, on a day, today where it is 0. The acceptance
// is noted first, so that it is carried out also where the process dies. INVALID_ARGUMENT
// for a day that is over; NOT_FOUND; ABORTED with STALE_ETAG; FAILED_PRECONDITION with
// SUGGESTION_STATE, with PLAN_STATE where the account has no plan that is active, and with
// whatever else keeps a touchpoint from being planned: then it is open again. With check,
// nothing is written.
func (s *Service) Accept(ctx context.Context, call resource.Call, id, etag string, day civil.Day, check bool) (resource.Stored[Suggestion], error) {
	x, err := s.suggestions.Get(ctx, id)
	if err != nil {
		return x, err
	}
	if earlier, known, err := s.suggestions.Replay(ctx, call, id); known || err != nil {
		if err != nil {
			return earlier, err
		}
		if earlier.State.waits() {
			return earlier, suggestionState(id, "%s was accepted by this request, and is %s again, since no touchpoint could be planned: accept it anew.",
				SuggestionName(id), earlier.State.State)
		}
		if earlier, err = s.ranked(ctx, earlier); err != nil {
			return earlier, err
		}
		return s.plan(ctx, earlier)
	}
	today, err := s.Today(ctx)
	if err != nil {
		return x, err
	}
	if day == 0 {
		day = today
	}
	if day < today {
		return x, fault.Invalid("due_date", "%s is over: choose a day from %s on", day, today)
	}
	if err := s.hasPlan(ctx, x.State.Account); err != nil {
		return x, err
	}
	if check {
		if !x.State.waits() {
			return x, suggestionState(id, "%s is %s: only one that is open or snoozed can be decided.", SuggestionName(id), x.State.State)
		}
		return x, s.suggestions.Check(x, resource.IfEtag[Suggestion](etag))
	}
	x, err = s.decide(ctx, call, id, etag, "suggestion.accepted", func(x *Suggestion) error {
		s.decided(x, Accepted, call.Principal)
		x.Planned, x.Planning = day, true
		return nil
	})
	if err != nil {
		return x, err
	}
	return s.plan(ctx, x)
}

// hasPlan wants an account to have a plan by which contacts are planned.
func (s *Service) hasPlan(ctx context.Context, account string) error {
	p, err := s.opts.Plans.Get(ctx, account)
	name := plans.Name(account)
	switch {
	case errors.Is(err, resource.ErrNotFound):
		return fault.Precondition(reasonPlanState, name, "%s does not exist: begin a plan for the account and activate it first.", name)
	case err != nil:
		return fmt.Errorf("read %s: %w", name, err)
	case !p.State.State.Counts():
		return fault.Precondition(reasonPlanState, name, "%s is %s: activate it first, since contacts are planned by active plans.", name, p.State.State)
	}
	return nil
}

// plan plans the touchpoint of an accepted suggestion, and notes its name. Where that cannot
// be done the suggestion is open again, and the error says why.
func (s *Service) plan(ctx context.Context, x resource.Stored[Suggestion]) (resource.Stored[Suggestion], error) {
	if !x.State.Planning {
		return x, nil
	}
	today, err := s.Today(ctx)
	if err != nil {
		return x, err
	}
	a, id := x.State, x.ID
	by := resource.Call{Principal: a.Decider}
	once := resource.Call{Principal: a.Decider, Method: "suggestions.accept", RequestID: id, Payload: []byte(id)}
	touchpoint, err := s.opts.Touchpoints.Plan(ctx, once, Touchpoint{
		Account: a.Account, Suggestion: SuggestionName(id), Channel: a.Channel, Purpose: a.Purpose,
		Day: max(today, a.Planned), // it may be carried out late
	})
	if told := final(err); told != nil {
		back, undone := s.suggestions.Update(ctx, by, id, resource.IfVersion[Suggestion](x.Version), "suggestion.returned", func(x *Suggestion) error {
			x.State, x.Decider, x.Decided, x.DecidedRule, x.Planned, x.Planning = Undecided, "", time.Time{}, "", 0, false
			x.Unranked = true
			return nil
		})
		if undone == nil {
			_, undone = s.ranked(ctx, back)
		}
		return x, errors.Join(err, undone)
	}
	if err != nil {
		return x, fmt.Errorf("plan a touchpoint for %s: %w", SuggestionName(id), err)
	}
	return s.suggestions.Update(ctx, by, id, nil, "suggestion.planned", func(x *Suggestion) error {
		if x.Planning {
			x.Touchpoint, x.Planning = touchpoint, false
		}
		return nil
	})
}

// final is the failure with which planning the same again would fail again; nil where it
// might not.
func final(err error) *fault.Error {
	var told *fault.Error
	if errors.As(err, &told) && (told.Kind == fault.FailedPrecondition || told.Kind == fault.InvalidArgument || told.Kind == fault.NotFound) {
		return told
	}
	return nil
}

// finishDecided ranks the suggestions that a process which died has left unranked after a
// decision.
func (s *Service) finishDecided(ctx context.Context) error {
	for x, err := range s.suggestions.All(ctx, docstore.Query{Index: unranked, Equal: []any{true}}) {
		if err != nil {
			return fmt.Errorf("find suggestions to be ranked: %w", err)
		}
		if err := s.rerank(ctx, x.State.Account, x.State.Owner); err != nil {
			return err
		}
	}
	return nil
}

// finishAccepted plans the touchpoints that a process which died has left unplanned.
func (s *Service) finishAccepted(ctx context.Context) error {
	var failed error
	for x, err := range s.suggestions.All(ctx, docstore.Query{Index: waitingForTouch, Equal: []any{true}}) {
		if err != nil {
			return fmt.Errorf("find accepted suggestions without a touchpoint: %w", err)
		}
		if _, err := s.plan(ctx, x); err != nil && final(err) == nil {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}
