package cost

import (
	"context"
	"fmt"
	"math/bits"
	"slices"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// Limit is how much extras may cost before there is a finding: an amount, a share of
// revenue, or a growth. One of these is above 0.
type Limit struct {
	// Of is what it is on: each account, each benefit, each rule, or the company as a whole.
	Of By `bson:"of"`
	// Subject is the id of the only benefit or rule that it is on; empty for each.
	Subject string `bson:"subject,omitempty"`
	// Amount is in minor units, in twelve months.
	Amount int64 `bson:"amount,omitempty"`
	// Currency is that of Amount and From, ISO 4217; "" where there is neither.
	Currency string `bson:"currency,omitempty"`
	// Share is of revenue in the same twelve months, in hundredths of a percent: of the
	// account's own, else of that of all accounts.
	Share int32 `bson:"share,omitempty"`
	// Growth is of the last complete quarter against the one before, in hundredths of a
	// percent.
	Growth int32 `bson:"growth,omitempty"`
	// From is from what cost of the quarter on growth counts, in minor units.
	From int64 `bson:"from,omitempty"`
	// Reason is why it was set.
	Reason string `bson:"reason,omitempty"`
	// By is the principal who declared it as it is, by resource name.
	By             string `bson:"by"`
	resource.Times `bson:",inline"`
}

// LimitKind is how limits are stored and told.
var LimitKind = resource.Kind[Limit]{
	Type: limitType, Name: LimitName, Tell: func(l Limit) any { return l },
	Spec: docstore.Spec{Name: "cost_limits"},
}

// maxLimits is how many limits there can be: each is looked at with every account.
const maxLimits = 100

// check says what is wrong with the fields; own is the company's currency.
func (l *Limit) check(own string) error {
	bounds := 0
	for _, given := range []bool{l.Amount != 0, l.Share != 0, l.Growth != 0} {
		if given {
			bounds++
		}
	}
	switch {
	case !slices.Contains([]By{Account, Benefit, Rule, All}, l.Of):
		return fault.Invalid("cost_limit.grouping", "is needed: say whether it is on each account, each benefit, each rule, or the company as a whole")
	case bounds != 1:
		return fault.Invalid("cost_limit", "has %d bounds: give one of amount, share and growth", bounds)
	case l.Amount < 0:
		return fault.Invalid("cost_limit.amount", "is below 0: give the amount above which there is a finding")
	case l.From < 0:
		return fault.Invalid("cost_limit.from_amount", "is below 0: give the amount from which on growth counts")
	case l.From > 0 && l.Growth == 0:
		return fault.Invalid("cost_limit.from_amount", "is for growth only: leave it out")
	case l.Share < 0 || l.Growth < 0:
		return fault.Invalid("cost_limit", "share and growth are in hundredths of a percent, above 0")
	case l.Subject != "" && l.Of != Benefit && l.Of != Rule:
		return fault.Invalid("cost_limit.subject", "is for limits on benefits and rules: a limit on accounts is on all of them alike")
	case l.Currency != "" && own == "":
		return fault.Invalid("cost_limit", "the company has no currency yet, so costs cannot be compared with amounts: publish a schedule, which sets it")
	case l.Currency != "" && l.Currency != own:
		return fault.Invalid("cost_limit", "the amount is in %s, and the company counts in %s", l.Currency, own)
	}
	return nil
}

// kind is what the limit bounds, in words.
func (l *Limit) kind() string {
	switch {
	case l.Amount != 0:
		return "amount"
	case l.Share != 0:
		return "share of revenue"
	}
	return "growth"
}

// covers says whether the limit is on what has an id.
func (l *Limit) covers(id string) bool { return l.Subject == "" || l.Subject == id }

// measure is what a limit compares.
type measure struct {
	// now is the cost, and before that of the quarter before, of growth only.
	now, before int64
	revenue     int64
}

// passed says whether what was measured is above the limit. What cost something and had
// no revenue is above every share; what cost nothing before has no growth.
func (l *Limit) passed(m measure) bool {
	switch {
	case l.Amount > 0:
		return m.now > l.Amount
	case l.Share > 0:
		return above(m.now, percentOfPercent, max(0, m.revenue), uint64(l.Share))
	case l.Growth > 0:
		return m.before > 0 && m.now >= l.From && above(m.now, percentOfPercent, m.before, percentOfPercent+uint64(l.Growth))
	}
	return false
}

// percentOfPercent is a whole in hundredths of a percent.
const percentOfPercent = 10_000

// above says whether a times x is more than b times y, exactly; b is not below 0.
func above(a int64, x uint64, b int64, y uint64) bool {
	if a <= 0 {
		return false
	}
	leftHigh, left := bits.Mul64(uint64(a), x)
	rightHigh, right := bits.Mul64(uint64(b), y)
	return leftHigh > rightHigh || leftHigh == rightHigh && left > right
}

// GetLimit returns a limit, or resource.ErrNotFound.
func (s *Service) GetLimit(ctx context.Context, id string) (resource.Stored[Limit], error) {
	return s.limits.Get(ctx, id)
}

// Limits lists limits, by id.
func (s *Service) Limits(ctx context.Context, size int, after resource.Place) (resource.Page[Limit], error) {
	return s.limits.List(ctx, docstore.Query{Limit: size, After: after}, nil, nil)
}

func (s *Service) allLimits(ctx context.Context) ([]resource.Stored[Limit], error) {
	var list []resource.Stored[Limit]
	for l, err := range s.limits.All(ctx, docstore.Query{}) {
		if err != nil {
			return nil, fmt.Errorf("read limits of cost: %w", err)
		}
		list = append(list, l)
	}
	return list, nil
}

// CreateLimit declares a limit. INVALID_ARGUMENT; ALREADY_EXISTS; FAILED_PRECONDITION with
// ReasonTooManyLimits. With check, nothing is written.
func (s *Service) CreateLimit(ctx context.Context, call resource.Call, id string, l Limit, check bool) (resource.Stored[Limit], error) {
	none := resource.Stored[Limit]{}
	if !names.IsID(id) {
		return none, fault.Invalid("cost_limit_id", "%q is not lower-case letters, digits and hyphens such as five-percent, at most 63", id)
	}
	l.By = call.Principal
	if err := l.check(s.company.Currency()); err != nil {
		return none, err
	}
	if check {
		return s.limits.Unwritten(id, l), nil
	}
	all, err := s.allLimits(ctx)
	if err != nil {
		return none, err
	}
	taken := slices.ContainsFunc(all, func(l resource.Stored[Limit]) bool { return l.ID == id }) // perhaps by this very request
	if len(all) >= maxLimits && !taken {
		return none, fault.Precondition(ReasonTooManyLimits, LimitName(id), "there are %d limits, as many as there can be: delete one that nobody needs.", len(all))
	}
	made, err := s.limits.Create(ctx, call, id, l, "cost_limit.created")
	s.lookSoon(err)
	return made, err
}

// UpdateLimit changes a limit, but for what it is on and whether it bounds an amount, a
// share or a growth: NOT_FOUND; STALE_ETAG; INVALID_ARGUMENT. With
// check, nothing is written.
func (s *Service) UpdateLimit(ctx context.Context, call resource.Call, id, etag string, edit func(*Limit), check bool) (resource.Stored[Limit], error) {
	only, own := resource.IfEtag[Limit](etag), s.company.Currency()
	change := func(l *Limit) error {
		of, kind := l.Of, l.kind()
		edit(l)
		if l.Of != of || l.kind() != kind {
			return fault.Invalid("cost_limit", "%s bounds the %s by %s, and stays so: create another limit", LimitName(id), kind, of)
		}
		l.By = call.Principal
		return l.check(own)
	}
	if check {
		l, err := s.limits.Get(ctx, id)
		if err == nil {
			err = s.limits.Check(l, only)
		}
		if err == nil {
			err = change(&l.State)
		}
		return l, err
	}
	l, err := s.limits.Update(ctx, call, id, only, "cost_limit.updated", change)
	s.lookSoon(err)
	return l, err
}

// DeleteLimit takes a limit back; findings about it are closed soon after. NOT_FOUND;
// STALE_ETAG.
func (s *Service) DeleteLimit(ctx context.Context, call resource.Call, id, etag string) error {
	err := s.limits.Delete(ctx, call, id, resource.IfEtag[Limit](etag), "cost_limit.deleted")
	s.lookSoon(err)
	return err
}

// LimitName is the resource name of a limit.
func LimitName(id string) string { return "costLimits/" + id }

// FindingName is the resource name of a finding.
func FindingName(id string) string { return "costFindings/" + id }
