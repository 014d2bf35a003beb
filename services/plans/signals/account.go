package signals

import (
	"context"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Accounts is what this package needs of the service's copy of accounts.
type Accounts interface {
	// Get returns an account by its id, or resource.ErrNotFound.
	Get(ctx context.Context, id string) (feeds.Account, error)
	// Company returns what the company settled for all.
	Company(ctx context.Context) (feeds.Company, error)
}

// Plans is what this package needs of the relationship plans.
type Plans interface {
	// Get returns the plan of an account, or resource.ErrNotFound.
	Get(ctx context.Context, account string) (resource.Stored[plans.Plan], error)
}

// customer says whether an account was a customer on a day.
func customer(a *feeds.Account, day civil.Day) bool {
	switch {
	case a.State == feeds.Prospect, a.State == feeds.Closed && a.Closed == civil.Never:
		return false
	case day >= a.Closed: // which is never, while it is open
		return false
	}
	return a.Joined == civil.Never || a.Joined <= day
}

// Entitlements is what this package asks of the entitlements service.
type Entitlements interface {
	// Distances says of each benefit that an account does not have how far it is, by the
	// nearest way, as of the end of a day. None where nothing is promised yet, nor of what
	// is missing in a way that is not known here.
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
	// Plan plans a touchpoint and returns its resource name: the same for the same call,
	// which has a request id, however often it comes.
	Plan(ctx context.Context, call resource.Call, t Touchpoint) (string, error)
}

// Touchpoint is a contact to be planned by the owner of the plan. Account is an id,
// Suggestion a resource name, by which it is recognised.
type Touchpoint struct {
	Account, Suggestion string
	Channel             plans.Channel
	Purpose             string
	Day                 civil.Day
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
