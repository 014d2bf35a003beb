package signals

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// approves is the permission that the second person needs.
const approves = "signals.approve"

// Rule returns a rule, or resource.ErrNotFound.
func (s *Service) Rule(ctx context.Context, id string) (resource.Stored[Rule], error) {
	return s.rules.Get(ctx, id)
}

// RuleQuery says which rules to list, by id.
type RuleQuery struct {
	Keep  func(resource.Stored[Rule]) bool
	Size  int
	After resource.Place
}

// Rules lists rules.
func (s *Service) Rules(ctx context.Context, query RuleQuery) (resource.Page[Rule], error) {
	return s.rules.List(ctx, docstore.Query{Limit: query.Size, After: query.After}, nil, query.Keep)
}

// CreateRule writes a rule down as a draft; where id is empty it is the slug of the display
// name. INVALID_ARGUMENT, with SIGNAL_RULE_INVALID for what lint finds; ALREADY_EXISTS.
// With check, nothing is written.
func (s *Service) CreateRule(ctx context.Context, call resource.Call, id string, c Content, check bool) (resource.Stored[Rule], error) {
	none := resource.Stored[Rule]{}
	if id == "" {
		id = names.Slug(c.DisplayName)
	}
	if !names.IsID(id) {
		return none, fault.Invalid("signal_rule_id", "%q is no id: write lower-case letters, digits and hyphens", id)
	}
	if earlier, known, err := s.rules.Created(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if err := right(&c); err != nil {
		return none, err
	}
	r := Rule{State: Drafted, Draft: &Draft{Content: c, Writers: []string{call.Principal}}}
	if !check {
		return s.rules.Create(ctx, call, id, r, "signal_rule.created")
	}
	if _, err := s.rules.Get(ctx, id); !errors.Is(err, resource.ErrNotFound) {
		if err == nil {
			err = RuleKind.Exists(id)
		}
		return none, err
	}
	return s.rules.Unwritten(id, r), nil
}

// right wants a rule to be right, its expressions too.
func right(c *Content) error {
	if err := c.check(); err != nil {
		return err
	}
	return refuse(lint(c))
}

// UpdateRule changes what a rule is to say, which has to be tried on the past and published
// again. Saying what is in force takes the draft away. NOT_FOUND; ABORTED with STALE_ETAG;
// INVALID_ARGUMENT as CreateRule; FAILED_PRECONDITION with SIGNAL_RULE_STATE for one that
// was retired.
func (s *Service) UpdateRule(ctx context.Context, call resource.Call, id, etag string, patch Patch) (resource.Stored[Rule], error) {
	return s.rules.Update(ctx, call, id, resource.IfEtag[Rule](etag), "signal_rule.updated", func(r *Rule) error {
		if r.State == Retired {
			return ruleState(id, "%s was retired and is not changed any more: create another rule.", RuleName(id))
		}
		c := patch.apply(r.Content())
		if err := right(&c); err != nil {
			return err
		}
		r.rewrite(c, call.Principal)
		return nil
	})
}

// PublishRule puts the draft of a rule in force, as it was read and tried on the past. The
// publisher is another person than all who wrote it, unless nobody else may publish. Etag
// is needed. NOT_FOUND; ABORTED with STALE_ETAG; FAILED_PRECONDITION with
// SIGNAL_RULE_STATE where there is nothing to publish or it was not tried, with
// SECOND_PERSON.
func (s *Service) PublishRule(ctx context.Context, call resource.Call, by Caller, id, etag string, check bool) (resource.Stored[Rule], error) {
	r, err := s.rules.Get(ctx, id)
	if err != nil {
		return r, err
	}
	if earlier, known, err := s.rules.Replay(ctx, call, id); known || err != nil {
		if err != nil {
			return earlier, err
		}
		return earlier, s.published(ctx, earlier)
	}
	if etag == "" {
		return r, fault.Invalid("etag", "is needed: publish the rule as you have read it")
	}
	single, err := s.mayPublish(ctx, by, r)
	if err != nil {
		return r, err
	}
	given := resource.IfEtag[Rule](etag)
	if check {
		return r, s.rules.Check(r, given)
	}
	if err := s.keepVersion(ctx, r); err != nil { // of the one that it replaces
		return r, err
	}
	only := func(now resource.Stored[Rule]) bool {
		return now.Version == r.Version && (given == nil || given(now))
	}
	r, err = s.rules.Update(ctx, call, id, only, "signal_rule.published", func(r *Rule) error {
		next := Edition{Number: 1, Content: r.Draft.Content, Writers: r.Draft.Writers, Publisher: by.Name, Published: s.now(), SingleOperator: single}
		if r.InForce != nil {
			next.Number = r.InForce.Number + 1
		}
		r.State, r.Draft, r.InForce = Published, nil, &next
		return nil
	})
	if err != nil {
		return r, err
	}
	return r, s.published(ctx, r)
}

// published does what follows from a rule's being published.
func (s *Service) published(ctx context.Context, r resource.Stored[Rule]) error {
	if err := s.keepVersion(ctx, r); err != nil {
		return err
	}
	return s.lookAtAll(ctx)
}

// mayPublish says whether somebody may publish a rule, and whether that is so only because
// nobody else could.
func (s *Service) mayPublish(ctx context.Context, by Caller, r resource.Stored[Rule]) (single bool, err error) {
	name := RuleName(r.ID)
	switch {
	case r.State.State == Retired:
		return false, ruleState(r.ID, "%s was retired: create another rule.", name)
	case r.State.Draft == nil:
		return false, ruleState(r.ID, "%s says what is in force: change it first.", name)
	case r.State.State != Simulated:
		return false, ruleState(r.ID, "%s was not tried on the past as it is now: simulate it first.", name)
	case !by.Person:
		return false, fault.Precondition(reasonSecondPerson, name, "%s is a machine, and only people publish: whoever answers for it has to do so by name.", by.Name)
	case !slices.Contains(r.State.Draft.Writers, by.Name):
		return false, nil
	}
	others, err := s.opts.People.Others(ctx, by.Name, approves)
	if err != nil {
		return false, fmt.Errorf("look for somebody else who publishes: %w", err)
	}
	if others {
		return false, fault.Precondition(reasonSecondPerson, name, "%s wrote some of it: another person who may approve signals has to publish it.", by.Name)
	}
	return true, nil
}

// keepVersion writes the version in force down for good, if that was not done. It is done
// before the next replaces it, whatever happened in between.
func (s *Service) keepVersion(ctx context.Context, r resource.Stored[Rule]) error {
	e := r.State.InForce
	if e == nil {
		return nil
	}
	_, err := s.versions.Create(ctx, resource.Call{Principal: e.Publisher}, versionID(r.ID, e.Number), Version{Rule: r.ID, Edition: *e}, "signal_rule_version.created")
	if errors.Is(err, resource.ErrExists) {
		return nil
	}
	return err
}

// RetireRule ends a rule, for good: it makes no suggestions any more, and those that are
// open expire. INVALID_ARGUMENT without a reason; NOT_FOUND; ABORTED with STALE_ETAG;
// FAILED_PRECONDITION with SIGNAL_RULE_STATE for one that was retired before.
func (s *Service) RetireRule(ctx context.Context, call resource.Call, id, etag, reason string) (resource.Stored[Rule], error) {
	if strings.TrimSpace(reason) == "" {
		return resource.Stored[Rule]{}, fault.Invalid("reason", "is empty: say why %s is not asked any more", RuleName(id))
	}
	if utf8.RuneCountInString(reason) > maxText {
		return resource.Stored[Rule]{}, fault.Invalid("reason", "has more than %d characters", maxText)
	}
	if _, err := s.rules.Get(ctx, id); err != nil {
		return resource.Stored[Rule]{}, err
	}
	r, err := s.rules.Update(ctx, call, id, resource.IfEtag[Rule](etag), "signal_rule.retired", func(r *Rule) error {
		if r.State == Retired {
			return ruleState(id, "%s was retired already.", RuleName(id))
		}
		r.State, r.Retirement, r.RetiredBy, r.RetiredAt = Retired, reason, call.Principal, s.now()
		return nil
	})
	if err != nil {
		return r, err
	}
	return r, s.lookAtAll(ctx)
}

// RuleVersion returns a version of a rule, or resource.ErrNotFound.
func (s *Service) RuleVersion(ctx context.Context, rule string, number int) (resource.Stored[Version], error) {
	if err := s.keepLast(ctx, rule); err != nil {
		return resource.Stored[Version]{}, err
	}
	return s.versions.Get(ctx, versionID(rule, number))
}

// RuleVersions lists the versions of a rule, the newest first. NOT_FOUND.
func (s *Service) RuleVersions(ctx context.Context, rule string, size int, after resource.Place) (resource.Page[Version], error) {
	if err := s.keepLast(ctx, rule); err != nil {
		return resource.Page[Version]{}, err
	}
	q := docstore.Query{Index: byRule, Equal: []any{rule}, Descending: true, Limit: size, After: after}
	return s.versions.List(ctx, q, func(v resource.Stored[Version]) resource.Place {
		return resource.Place{int64(v.State.Number), v.ID}
	}, nil)
}

// keepLast writes down the version in force that a process which died has left unwritten.
func (s *Service) keepLast(ctx context.Context, rule string) error {
	r, err := s.rules.Get(ctx, rule)
	if err != nil {
		return err
	}
	return s.keepVersion(ctx, r)
}
