package signals

import (
	"context"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// Account is a customer as the rules see it.
type Account struct {
	DisplayName string
	// State is prospect, active or closed.
	State string
	// Joined and Closed are 0 where that is not known, or has not happened.
	Joined, Closed civil.Day
	// Owner is the id of the account manager, and may be empty.
	Owner      string
	Attributes map[string]string
}

// customer says whether the account was a customer on a day.
func (a *Account) customer(day civil.Day) bool {
	switch {
	case a.State == "prospect", a.State == "closed" && a.Closed == 0:
		return false
	case a.Closed != 0 && day >= a.Closed:
		return false
	}
	return a.Joined == 0 || a.Joined <= day
}

// Accounts is what this package needs of the service's copy of accounts.
type Accounts interface {
	// Account returns an account by its id, or resource.ErrNotFound.
	Account(ctx context.Context, id string) (Account, error)
}

// Entitlements is what this package asks of the entitlements service.
type Entitlements interface {
	// Distances says of each benefit that an account does not have how far it is, by the
	// nearest way, as of the end of a day. None where nothing is promised yet.
	Distances(ctx context.Context, account string, day civil.Day) ([]Distance, error)
	// Balances says of each metered benefit that the account holds what was used of it.
	Balances(ctx context.Context, account string, day civil.Day) ([]Balance, error)
}

// needsSpend is the value of Distance.Needs whose measures are amounts.
const needsSpend = "spend"

// Distance is the nearest way to a benefit: see ThresholdFact. By is 0 where there is no
// such day.
type Distance struct {
	Benefit, Promise, Rule string
	Needs                  string
	Missing, Have, Need    int64
	Currency               string
	By                     civil.Day
	Further                int
}

// Balance is what was used of a benefit in a period: see UsageFact. Ends is 0 where the
// benefit rolls.
type Balance struct {
	Benefit, Promise, Unit      string
	Used, Reserved, Limit, Left int64
	Begins, Ends                civil.Day
}

// Touchpoints is what accepted suggestions become.
type Touchpoints interface {
	// Plan plans a touchpoint and returns its resource name: the same for the same
	// suggestion, however often it is called.
	Plan(ctx context.Context, call resource.Call, t Touchpoint) (string, error)
}

// Touchpoint is a contact to be planned by the owner of the plan. Account is an id,
// Suggestion a resource name, by which it is recognised.
type Touchpoint struct {
	Account, Suggestion, Channel, Purpose, Why string
	Day                                        civil.Day
}

// People is what this package needs of the principals.
type People interface {
	// Others says whether an enabled person other than a principal holds a permission.
	Others(ctx context.Context, principal, permission string) (bool, error)
}

// Caller is who acts.
type Caller struct {
	// Name is the principal's resource name.
	Name string
	// Person tells people from machines: only people publish rules.
	Person bool
}
