package plans

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/civil"
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
		_, planned := had[id]
		var made resource.Stored[Plan]
		// Whether the caller may is asked at the owner of the accounts: this service's copy
		// may be as old as it is behind, and let somebody who was just taken off one.
		of, err := s.opts.Directory.Account(ctx, id)
		switch result.DisplayName = of.DisplayName; {
		case err != nil:
		case !a.May(of):
			err = fault.New(fault.PermissionDenied, "NOT_ASSIGNED", "It is not assigned to you.")
		case planned:
			made, result.Outcome, err = s.again(ctx, call, &of, &t.State, edition, a)
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
		Owner: a.Owner, Goals: toBeAsked(e.Goals), Contribution: e.Contribution,
		Strategy: stamped(e.Strategy, EditionName(a.Template, a.Number)), Template: EditionName(a.Template, a.Number),
	}, a.Check)
}

// toBeAsked are goals that a template suggests, without what only the customer can say: where
// it stands, where it wants to be, and by when. What the goals mean for its own customers is
// not taken from a template either. So no plan becomes active before the customer was asked.
func toBeAsked(suggested []Goal) []Goal {
	goals := make([]Goal, len(suggested))
	for i, g := range suggested {
		goals[i] = Goal{ID: g.ID, Statement: g.Statement, Measure: g.Measure, Unit: g.Unit}
	}
	return goals
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
func (s *Service) again(ctx context.Context, call resource.Call, of *feeds.Account, t *Template, e *Edition, a Application) (resource.Stored[Plan], Outcome, error) {
	if made, known, err := s.plans.Created(ctx, one(call, of.ID), of.ID); known || err != nil {
		return made, Begun, err
	}
	if made, known, err := s.plans.Replay(ctx, one(call, of.ID), of.ID); known || err != nil {
		return made, Renewed, err
	}
	return s.renew(ctx, call, of, t, e, a)
}

// errUnchanged ends a renewal of a plan that has the version already.
var errUnchanged = errors.New("it has the version already")

// renew brings the strategy of a plan that began from the template to a version of it. All is
// decided by the plan as it is when it is written: applying takes its time, and others change
// it meanwhile.
func (s *Service) renew(ctx context.Context, call resource.Call, of *feeds.Account, t *Template, e *Edition, a Application) (resource.Stored[Plan], Outcome, error) {
	today, err := s.Today(ctx)
	if err != nil {
		return resource.Stored[Plan]{}, Refused, err
	}
	version := EditionName(a.Template, a.Number)
	change := func(plan *Plan) error {
		switch {
		case plan.Template == version:
			return errUnchanged
		case !strings.HasPrefix(plan.Template, TemplateName(a.Template)+"/"):
			return planState(of.ID, "It has a plan that did not begin from %s.", TemplateName(a.Template))
		case of.Ends() <= today:
			return fault.Precondition(reasonAccountState, AccountName(of.ID), "It is closed: no relationship with it is planned any more.")
		case plan.State == Closed:
			return planState(of.ID, "Its plan is closed: reopen it first.")
		}
		was, err := s.edition(ctx, a.Template, t, plan.Template)
		if err != nil {
			return err
		}
		return plan.renew(of.ID, &was.Strategy, e, version, today)
	}
	var made resource.Stored[Plan]
	if a.Check {
		made, err = s.foresee(ctx, of.ID, "", change)
	} else {
		made, err = s.plans.Update(ctx, one(call, of.ID), of.ID, nil, "plan.template_applied", change)
	}
	if errors.Is(err, errUnchanged) {
		made, err = s.plans.Get(ctx, of.ID)
		return made, Unchanged, err
	}
	return made, Renewed, err
}

// edition returns a version of a template by its name; it may be newer than the template that
// was read.
func (s *Service) edition(ctx context.Context, template string, t *Template, version string) (*Edition, error) {
	number, err := strconv.Atoi(names.Last(version))
	if err != nil {
		return nil, fmt.Errorf("the version %s: %w", version, err)
	}
	if number > len(t.Versions) {
		now, err := s.templates.Get(ctx, template)
		if err != nil {
			return nil, err
		}
		t = &now.State
	}
	return t.Edition(template, number)
}

// renew brings the plan's strategy from one version of its template to another.
func (p *Plan) renew(account string, was *Strategy, to *Edition, version string, today civil.Day) error {
	for _, c := range p.Strategy.Cadences {
		if c.Template == "" && to.Strategy.cadence(c.ID) != nil {
			return planState(account, "Its own cadence %q has the id of one of the template: give that another id.", c.ID)
		}
	}
	strategy := p.Strategy.renewed(was, stamped(to.Strategy, version))
	strategy.Date(&p.Strategy, today)
	p.Strategy, p.Template = strategy, version
	if err := p.check(); err != nil {
		return err
	}
	if err := p.Strategy.paced("plan.strategy"); err != nil {
		return err
	}
	if p.State.Counts() {
		return p.complete(account)
	}
	return nil
}
