package rewards

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Caller is who acts.
type Caller struct {
	// Name is the principal's resource name.
	Name string
	// Person tells people from machines: only people propose, approve, correct and
	// acknowledge.
	Person bool
}

// CreateRules writes a new version down as a draft. INVALID_ARGUMENT, with
// REWARD_FROM_BOOKINGS for rules about what customers pay. With check, nothing is written.
func (s *Service) CreateRules(
	ctx context.Context, call resource.Call, by Caller, rules Rules, reason string, check bool,
) (resource.Stored[PointRules], error) {
	none := resource.Stored[PointRules]{}
	if earlier, known, err := s.createdBy(ctx, call); known || err != nil {
		return earlier, err
	}
	if err := rules.check(); err != nil {
		return none, err
	}
	if reason == "" {
		return none, fault.Invalid("point_rules.reason", "is empty: say why the rules should be so")
	}
	versions, err := s.versions(ctx)
	if err != nil {
		return none, err
	}
	p := PointRules{State: Writing, Rules: rules, Reason: reason, Base: last(versions).number(), Writers: []string{by.Name}}
	if call.RequestID != "" {
		p.Request = call.Request().DocumentID()
	}
	for {
		if p.Number, err = s.nextNumber(ctx); err != nil {
			return none, err
		}
		id := strconv.Itoa(p.Number)
		if check {
			return s.rules.Unwritten(id, p), nil
		}
		made, err := s.rules.Create(ctx, call, id, p, "point_rules.created")
		var duplicate *docstore.DuplicateError
		switch {
		case errors.As(err, &duplicate): // the same request, at the same time
			made, _, err = s.createdBy(ctx, call)
			return made, err
		case !errors.Is(err, resource.ErrExists):
			return made, err
		}
	}
}

// createdBy returns what a request created before.
func (s *Service) createdBy(ctx context.Context, call resource.Call) (p resource.Stored[PointRules], known bool, err error) {
	if call.RequestID == "" {
		return p, false, nil
	}
	found, err := s.rules.Lookup(ctx, "request", call.Request().DocumentID())
	if err != nil || len(found) == 0 {
		return p, false, err
	}
	return s.rules.Created(ctx, call, found[0].ID)
}

// nextNumber is the number of the next version.
func (s *Service) nextNumber(ctx context.Context) (int, error) {
	for p, err := range s.rules.All(ctx, docstore.Query{Index: "number", Descending: true, Limit: 1}) {
		if err != nil {
			return 0, fmt.Errorf("read the point rules: %w", err)
		}
		return p.State.Number + 1, nil
	}
	return 1, nil
}

// RulesPatch says what to change of a draft; nil leaves a field as it is.
type RulesPatch struct {
	Rules  *[]Rule
	Caps   *Caps
	Checks *Checks
	// Effective is the first day on which the rules count, as in Rules.
	Effective *civil.Day
	Reason    *string
	// Base is the number of the version that it is written on from now on, which has to be
	// the one published last.
	Base *int
}

// UpdateRules changes a draft, which takes back that it was proposed. NOT_FOUND; ABORTED
// with STALE_ETAG; FAILED_PRECONDITION with POINT_RULES_STATE for what was published or
// ended; INVALID_ARGUMENT, with REWARD_FROM_BOOKINGS for rules about what customers pay.
func (s *Service) UpdateRules(
	ctx context.Context, call resource.Call, by Caller, id, etag string, patch RulesPatch,
) (resource.Stored[PointRules], error) {
	if earlier, known, err := s.rules.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	versions, err := s.versions(ctx)
	if err != nil {
		return resource.Stored[PointRules]{}, err
	}
	if number := last(versions).number(); patch.Base != nil && *patch.Base != number {
		return resource.Stored[PointRules]{}, fault.Invalid("point_rules.base_version", "must be the version published last, which is %d", number)
	}
	return s.rules.Update(ctx, call, id, resource.IfEtag[PointRules](etag), "point_rules.updated", func(p *PointRules) error {
		if err := p.wants(id, "changed", Writing, Proposed); err != nil {
			return err
		}
		patch.apply(p)
		p.written(by.Name)
		p.State, p.Proposer, p.Offered = Writing, "", time.Time{}
		if p.Reason == "" {
			return fault.Invalid("point_rules.reason", "is empty: say why the rules should be so")
		}
		return p.check()
	})
}

func (patch RulesPatch) apply(p *PointRules) {
	set(&p.Rules.Rules, patch.Rules)
	set(&p.Caps, patch.Caps)
	set(&p.Checks, patch.Checks)
	set(&p.Reason, patch.Reason)
	set(&p.Base, patch.Base)
	set(&p.Effective, patch.Effective)
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// ProposeRules puts a draft before who approves it. NOT_FOUND; ABORTED with STALE_ETAG;
// FAILED_PRECONDITION with POINT_RULES_STATE, with SECOND_PERSON for a machine, and with
// POINT_RULES_CONFLICT where another version was published since it was written;
// INVALID_ARGUMENT for an effective day on which it cannot begin to count.
func (s *Service) ProposeRules(ctx context.Context, call resource.Call, by Caller, id, etag string) (resource.Stored[PointRules], error) {
	p, err := s.rules.Get(ctx, id)
	if err != nil {
		return p, err
	}
	if earlier, known, err := s.rules.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	if err := p.State.wants(id, "proposed", Writing, Proposed); err != nil {
		return p, err
	}
	if err := onlyPeople(by, RulesName(id), "propose point rules"); err != nil {
		return p, err
	}
	if err := s.publishable(ctx, id, &p.State); err != nil {
		return p, err
	}
	return s.rules.Update(ctx, call, id, asRead(p, etag), "point_rules.proposed", func(p *PointRules) error {
		p.State, p.Proposer, p.Offered = Proposed, by.Name, s.now()
		return nil
	})
}

// asRead wants a version to be as it was read for a check, and as the caller has read it.
func asRead(read resource.Stored[PointRules], etag string) resource.Condition[PointRules] {
	given := resource.IfEtag[PointRules](etag)
	return func(s resource.Stored[PointRules]) bool {
		return s.Version == read.Version && (given == nil || given(s))
	}
}

// publishable says what would keep a version from being published now. Nothing is taken
// backwards: all versions but the first begin to count on a day to come.
func (s *Service) publishable(ctx context.Context, id string, p *PointRules) error {
	versions, err := s.versions(ctx)
	if err != nil {
		return err
	}
	before := last(versions)
	if before.number() != p.Base {
		return rulesConflict(id, before.number())
	}
	today, err := s.Today(ctx)
	if err != nil {
		return err
	}
	switch {
	case p.Effective == 0:
		return fault.Invalid("point_rules.effective_date", "is not set: say from which day on the rules count")
	case before != nil && p.Effective <= today:
		return fault.Invalid("point_rules.effective_date", "%s is not a day to come: what was done until then is credited by version %d", p.Effective, before.Number)
	case before != nil && p.Effective <= before.Effective:
		return fault.Invalid("point_rules.effective_date", "%s is not after %s, from when on version %d counts", p.Effective, before.Effective, before.Number)
	}
	return nil
}

// rulesConflict is FAILED_PRECONDITION with POINT_RULES_CONFLICT.
func rulesConflict(id string, published int) error {
	return fault.Precondition(ReasonRulesConflict, RulesName(id),
		"Version %d was published since %s was written: look at what it says, set base_version to %d, and propose it again.",
		published, RulesName(id), published).WithResource(rulesType, RulesName(id))
}

// onlyPeople refuses machines.
func onlyPeople(by Caller, name, what string) error {
	if by.Person {
		return nil
	}
	return fault.Precondition(ReasonSecondPerson, name, "%s is a machine, and only people %s: whoever answers for it has to do so by name.", by.Name, what)
}
