package innovation

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// Caller is who confirms.
type Caller struct {
	// Name is the principal's resource name.
	Name string
	// Person says that it is a person, not a machine.
	Person bool
}

// Confirmation is a customer's word that a project is completed.
type Confirmation struct {
	// Account is the id of the customer's account, and Contact the resource name of who
	// confirmed it there.
	Account string `bson:"account"`
	Contact string `bson:"contact"`
	// Evidence says where it can be seen, as a letter or the minutes of a meeting.
	Evidence string    `bson:"evidence"`
	Day      civil.Day `bson:"day"`
	// By is the resource name of the principal who recorded it.
	By string    `bson:"by"`
	At time.Time `bson:"at"`
	// SingleOperator says that nobody else could have recorded it than who leads the
	// project.
	SingleOperator bool `bson:"single_operator,omitempty"`
	// Withdrawal is nil while the confirmation stands.
	Withdrawal *Withdrawal `bson:"withdrawal,omitempty"`
}

// Withdrawal says that a confirmation was wrong.
type Withdrawal struct {
	Reason string    `bson:"reason"`
	Day    civil.Day `bson:"day"`
	By     string    `bson:"by"`
	At     time.Time `bson:"at"`
}

// standing are the accounts whose confirmations stand.
func (p *Project) standing() []string {
	var accounts []string
	for _, c := range p.Confirmations {
		if c.Withdrawal == nil {
			accounts = append(accounts, c.Account)
		}
	}
	return accounts
}

// confirm records a confirmation. Once all accounts have confirmed, the project is
// confirmed.
func (p *Project) confirm(id string, c Confirmation) error {
	if err := p.mustBe(id, Completed); err != nil {
		return err
	}
	switch {
	case !slices.Contains(p.Accounts, c.Account):
		return fault.Invalid("confirmation.account", "%s is no account of the project", accountName(c.Account))
	case slices.Contains(p.standing(), c.Account):
		return refused(reasonState, id, "%s has confirmed it already.", accountName(c.Account))
	case c.Day < p.Ended:
		return fault.Invalid("confirmation.confirm_date", "%s is before %s, on which it was completed", c.Day, p.Ended)
	}
	if err := full(id, len(p.Confirmations), "confirmations"); err != nil {
		return err
	}
	p.Confirmations = slices.Concat(p.Confirmations, []Confirmation{c})
	if len(p.standing()) == len(p.Accounts) {
		p.State = Confirmed
	}
	return nil
}

// withdraw takes the confirmation of an account back.
func (p *Project) withdraw(id, account string, w Withdrawal) error {
	if err := p.mustBe(id, Completed, Confirmed); err != nil {
		return err
	}
	at := slices.IndexFunc(p.Confirmations, func(c Confirmation) bool { return c.Account == account && c.Withdrawal == nil })
	if at < 0 {
		return refused(reasonState, id, "%s has not confirmed it: there is nothing to withdraw.", accountName(account))
	}
	p.Confirmations = slices.Clone(p.Confirmations)
	p.Confirmations[at].Withdrawal = &w
	p.State = Completed
	return nil
}

// Confirm records that a named contact of an account has confirmed a completed project,
// today where no day is given. Nobody records that of a project they lead or have led,
// unless nobody else could. INVALID_ARGUMENT; NOT_FOUND; STALE_ETAG; PROJECT_STATE;
// SECOND_PERSON for who leads it, and for a machine; PROJECT_FULL.
func (s *Service) Confirm(
	ctx context.Context, call resource.Call, by Caller, id, etag string, c Confirmation,
) (resource.Stored[Project], error) {
	none := resource.Stored[Project]{}
	if earlier, known, err := s.projects.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	p, err := s.projects.Get(ctx, id)
	if err != nil {
		return none, err
	}
	switch {
	case !slices.Contains(p.State.Accounts, c.Account):
		return none, fault.Invalid("confirmation.account", "%s is no account of the project", accountName(c.Account))
	case c.Contact == "":
		return none, fault.Invalid("confirmation.contact", "is empty: say who of the customer confirmed it")
	case c.Evidence == "":
		return none, fault.Invalid("confirmation.evidence", "is empty: say where it can be seen that they did, as in a letter")
	}
	if err := s.checkContact(ctx, "confirmation.contact", c.Account, c.Contact); err != nil {
		return none, err
	}
	if c.Day, err = s.past(ctx, "confirmation.confirm_date", c.Day); err != nil {
		return none, err
	}
	others, err := s.others(ctx, by, &p.State)
	if err != nil {
		return none, err
	}
	c.By, c.At = by.Name, s.now()
	return s.projects.Update(ctx, call, id, resource.IfEtag[Project](etag), confirmed, func(p *Project) error {
		c.SingleOperator = p.ledBy(by.Name)
		if c.SingleOperator && others {
			return secondPerson(id, by.Name)
		}
		return p.confirm(id, c)
	})
}

// others wants a person to confirm, and says whether somebody else could than who leads
// the project.
func (s *Service) others(ctx context.Context, by Caller, p *Project) (bool, error) {
	if !by.Person {
		return false, fault.New(fault.FailedPrecondition, reasonSecondPerson, "%s is a machine, and a person has to record what a customer confirmed.", by.Name)
	}
	others, err := s.opts.Directory.OtherConfirmers(ctx, p.Leads)
	if err != nil {
		return false, fmt.Errorf("look for somebody else who could confirm: %w", err)
	}
	return others, nil
}

// ledBy says whether a principal leads the project or has led it.
func (p *Project) ledBy(principal string) bool {
	return slices.Contains(p.Leads, names.First(principal, "principals"))
}

func secondPerson(id, principal string) error {
	return refused(reasonSecondPerson, id, "%s leads or has led %s, and nobody records that their own work was confirmed: another person has to.",
		principal, Name(id))
}

// Withdraw takes back the confirmation of an account that was wrong, with a reason. The
// confirmation stays, and shows that it was withdrawn. INVALID_ARGUMENT; NOT_FOUND;
// STALE_ETAG; PROJECT_STATE.
func (s *Service) Withdraw(
	ctx context.Context, call resource.Call, id, etag, account, reason string,
) (resource.Stored[Project], error) {
	if reason == "" {
		return resource.Stored[Project]{}, fault.Invalid("reason", "is empty: say what was wrong with the confirmation")
	}
	today, err := s.Today(ctx)
	if err != nil {
		return resource.Stored[Project]{}, err
	}
	w := Withdrawal{Reason: reason, Day: today, By: call.Principal, At: s.now()}
	return s.projects.Update(ctx, call, id, resource.IfEtag[Project](etag), withdrawn, func(p *Project) error {
		return p.withdraw(id, account, w)
	})
}

// Completion is a completed project as an account has confirmed it.
type Completion struct {
	// Project is an id.
	Project, Title string
	// Day is when the account confirmed it, and At when that was recorded.
	Day civil.Day
	At  time.Time
}

// Completed returns how many completions of projects an account has confirmed, and which,
// the latest project first. What was withdrawn does not count.
func (s *Service) Completed(ctx context.Context, account string) (int, []Completion, error) {
	var all []Completion
	for query := (Query{Account: account, Size: 500}); ; {
		page, err := s.List(ctx, query)
		if err != nil {
			return 0, nil, err
		}
		for _, p := range page.Items {
			for _, c := range p.State.Confirmations {
				if c.Account == account && c.Withdrawal == nil {
					all = append(all, Completion{Project: p.ID, Title: p.State.Title, Day: c.Day, At: c.At})
				}
			}
		}
		if page.Next == nil {
			return len(all), all, nil
		}
		query.After = page.Next
	}
}
