package plans

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Outcome is what applying a template does to one account.
type Outcome string

// The outcomes.
const (
	// Begun says that the account's plan is begun as a draft.
	Begun Outcome = "begun"
	// Renewed says that the strategy of its plan is the version's now: what came from the
	// template was replaced, and what people added or set otherwise stayed.
	Renewed Outcome = "renewed"
	// Unchanged says that nothing had to be done.
	Unchanged Outcome = "unchanged"
	// Refused says that it cannot be done; the problem says why.
	Refused Outcome = "refused"
)

// Applied is what applying a template did, or would do, to one account.
type Applied struct {
	Account, DisplayName string
	Outcome              Outcome
	// Problem says why it was refused.
	Problem string
	// Kept are the parts of the strategy, as gap_days or cadences/visit, that people had set
	// otherwise than the template, and that stayed so.
	Kept []string
	// Missing is what the plan lacks to become active.
	Missing []fault.Condition
}

// Application says what to apply to which accounts.
type Application struct {
	Template string
	// Number is that of the version; 0 is the last.
	Number int
	// Accounts are ids; at most MaxApplied of them.
	Accounts []string
	// Owner is the id of who answers for the plans that are begun; empty is each account's
	// own, or the caller.
	Owner string
	// Caller is the id of who calls.
	Caller string
	// May says whether the caller may plan for an account.
	May func(feeds.Account) bool
	// Check only says what would be done.
	Check bool
}

// MaxApplied is how many accounts a template is applied to at once.
const MaxApplied = 1000

// Apply begins the plans of accounts from a template, or renews those that began from it,
// and says what became of each. Applied again it does nothing more. NOT_FOUND,
// PLAN_TEMPLATE_STATE; what fails for one account does not stop the others.
func (s *Service) Apply(ctx context.Context, call resource.Call, a Application) ([]Applied, error) {
	t, err := s.templates.Get(ctx, a.Template)
	if err != nil {
		return nil, err
	}
	if t.State.Retired != "" {
		return nil, templateState(a.Template, "%s was retired: %s", TemplateName(a.Template), t.State.Retired)
	}
	if a.Number == 0 {
		a.Number = len(t.State.Versions)
	}
	edition, err := t.State.Edition(a.Template, a.Number)
	if err != nil {
		return nil, err
	}
	had, err := s.plans.GetMany(ctx, a.Accounts)
	if err != nil {
		return nil, err
	}
	results := make([]Applied, 0, len(a.Accounts))
	for _, id := range a.Accounts {
		result := Applied{Account: id}
		plan, planned := had[id]
		var made resource.Stored[Plan]
		// Whether the caller may is asked at the owner of the accounts: this service's copy
		// may be as old as it is behind, and let somebody who was just taken off one.
		of, err := s.opts.Directory.Account(ctx, id)
		switch result.DisplayName = of.DisplayName; {
		case err != nil:
		case !a.May(of):
			err = fault.New(fault.PermissionDenied, "NOT_ASSIGNED", "It is not assigned to you.")
		case planned:
			made, result.Outcome, err = s.again(ctx, call, &of, plan, &t.State, edition, a)
		default:
			made, err = s.begin(ctx, call, &of, edition, a)
			result.Outcome = Begun
		}
		if err != nil {
			var refused *fault.Error
			if !errors.As(err, &refused) || refused.Kind == fault.Unavailable || refused.Kind == fault.DeadlineExceeded {
				return results, err
			}
			result.Outcome, result.Problem = Refused, refused.Message
		} else {
			result.Missing = made.State.Missing(id)
			if result.Outcome == Renewed {
				result.Kept = made.State.Strategy.apart(&edition.Strategy)
			}
		}
		results = append(results, result)
	}
	return results, nil
}

// one is a call about one of several accounts: recognised by the account besides the
// request.
func one(call resource.Call, account string) resource.Call {
	if call.RequestID != "" {
		call.Method += "/" + account
	}
	return call
}

func (s *Service) begin(ctx context.Context, call resource.Call, of *feeds.Account, e *Edition, a Application) (resource.Stored[Plan], error) {
	return s.create(ctx, one(call, of.ID), *of, a.Caller, Plan{
		Owner: a.Owner, Goals: e.Goals, CustomerEffect: e.CustomerEffect, Contribution: e.Contribution,
		Strategy: stamped(e.Strategy, EditionName(a.Template, a.Number)), Template: EditionName(a.Template, a.Number),
	}, a.Check)
}

// stamped is a strategy whose cadences say from which template's version they came.
func stamped(s Strategy, version string) Strategy {
	s.Cadences = slices.Clone(s.Cadences)
	for i := range s.Cadences {
		s.Cadences[i].Template = version
	}
	return s
}

// again applies the template to an account that has a plan. What this very request did
// to it before is told as it was then.
func (s *Service) again(
	ctx context.Context, call resource.Call, of *feeds.Account, p resource.Stored[Plan], t *Template, e *Edition, a Application,
) (resource.Stored[Plan], Outcome, error) {
	if made, known, err := s.plans.Created(ctx, one(call, p.ID), p.ID); known || err != nil {
		return made, Begun, err
	}
	if made, known, err := s.plans.Replay(ctx, one(call, p.ID), p.ID); known || err != nil {
		return made, Renewed, err
	}
	return s.renew(ctx, call, of, p, t, e, a)
}

// renew brings the strategy of a plan that began from the template to a version of it.
func (s *Service) renew(
	ctx context.Context, call resource.Call, of *feeds.Account, p resource.Stored[Plan], t *Template, e *Edition, a Application,
) (resource.Stored[Plan], Outcome, error) {
	version := EditionName(a.Template, a.Number)
	today, err := s.Today(ctx)
	if err != nil {
		return p, Refused, err
	}
	switch {
	case p.State.Template == version:
		return p, Unchanged, nil
	case !strings.HasPrefix(p.State.Template, TemplateName(a.Template)+"/"):
		return p, Refused, planState(p.ID, "It has a plan that did not begin from %s.", TemplateName(a.Template))
	case of.Ends() <= today:
		return p, Refused, fault.Precondition(reasonAccountState, AccountName(p.ID), "It is closed: no relationship with it is planned any more.")
	case p.State.State == Closed:
		return p, Refused, planState(p.ID, "Its plan is closed: reopen it first.")
	}
	number, err := strconv.Atoi(names.Last(p.State.Template))
	if err != nil {
		return p, Refused, fmt.Errorf("the version %s: %w", p.State.Template, err)
	}
	was, err := t.Edition(a.Template, number)
	if err != nil {
		return p, Refused, err
	}
	change := func(plan *Plan) error {
		for _, c := range plan.Strategy.Cadences {
			if c.Template == "" && e.Strategy.cadence(c.ID) != nil {
				return planState(p.ID, "Its own cadence %q has the id of one of the template: give that another id.", c.ID)
			}
		}
		plan.Strategy, plan.Template = plan.Strategy.renewed(&was.Strategy, stamped(e.Strategy, version)), version
		if err := plan.check(); err != nil {
			return err
		}
		if err := plan.Strategy.paced("plan.strategy"); err != nil {
			return err
		}
		if plan.State.Counts() {
			return plan.complete(p.ID)
		}
		return nil
	}
	if a.Check {
		err := change(&p.State)
		return p, Renewed, err
	}
	made, err := s.plans.Update(ctx, one(call, p.ID), p.ID, nil, "plan.template_applied", change)
	return made, Renewed, err
}
