package audits

import (
	"context"
	"errors"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/currency"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/parity"
	"github.com/evenhand/evenhand/services/entitlements/parity/report"
)

// Asked is what an audit is to compare.
type Asked struct {
	// From and To are the first and the last day of the period, both included.
	From, To civil.Day
	// Options say what is compared, and how.
	Options parity.Options
}

// Progress is how far an audit is.
type Progress struct {
	// Stage is what is being done, in a few words.
	Stage string
	// Done is how many of Of cases or comparisons are done; Of is 0 where nobody knows.
	Done, Of int
}

// maxComparisons is how many comparisons one audit makes.
const maxComparisons = 5000

// Run makes an audit and keeps it. Tell, which may be nil, is told how far it is, from one
// goroutine at a time. INVALID_ARGUMENT for what cannot be compared; FAILED_PRECONDITION
// with AUDIT_TOO_LARGE.
func (a *Audits) Run(ctx context.Context, call resource.Call, asked Asked, tell func(Progress)) (resource.Stored[Audit], error) {
	if tell == nil {
		tell = func(Progress) {}
	}
	if asked.To < asked.From {
		return resource.Stored[Audit]{}, fault.Invalid("to_date", "%s is before from_date, %s", asked.To, asked.From)
	}
	if err := asked.Options.Complete(); err != nil {
		return resource.Stored[Audit]{}, fault.New(fault.InvalidArgument, fault.ReasonInvalidArgument, "The audit cannot be made: %v.", err)
	}
	id, err := call.NewID(a.random)
	if err != nil {
		return resource.Stored[Audit]{}, err
	}
	if made, is, err := a.madeBefore(ctx, call, id); is || err != nil {
		return made, err
	}
	select {
	case a.turn <- struct{}{}:
		defer func() { <-a.turn }()
	case <-ctx.Done():
		return resource.Stored[Audit]{}, ctx.Err()
	}
	if made, is, err := a.madeBefore(ctx, call, id); is || err != nil { // while this one waited
		return made, err
	}
	r, state, err := a.make(ctx, asked, tell)
	if err != nil {
		return resource.Stored[Audit]{}, err
	}
	state.Runner = call.Principal
	if state.Report, err = a.keep(ctx, r); err != nil {
		return resource.Stored[Audit]{}, err
	}
	return a.table.Create(ctx, call, id, state, ran)
}

// ran is the event of an audit that was made.
const ran = "parity_audit.run"

// madeBefore returns the audit that a call made when it came first, and whether it did.
func (a *Audits) madeBefore(ctx context.Context, call resource.Call, id string) (made resource.Stored[Audit], is bool, err error) {
	if call.RequestID == "" {
		return made, false, nil
	}
	switch _, err := a.table.Get(ctx, id); {
	case errors.Is(err, resource.ErrNotFound):
		return made, false, nil
	case err != nil:
		return made, false, err
	}
	made, err = a.table.Create(ctx, call, id, Audit{}, ran) // it is there, so that nothing is written
	return made, true, err
}

// make reads the cases and compares them.
func (a *Audits) make(ctx context.Context, asked Asked, tell func(Progress)) (*report.Report, Audit, error) {
	zone := a.company.Zone()
	from, to, until := zone.Start(asked.From), zone.Start(asked.To+1), a.now()
	if to.Before(until) {
		until = to
	}
	cases, err := a.read(ctx, from, to, until, tell)
	if err != nil {
		return nil, Audit{}, err
	}
	if n := parity.Comparisons(cases, asked.Options); n > maxComparisons {
		return nil, Audit{}, tooLarge("The audit would make more comparisons than one can be read: compare by fewer columns, or fewer metrics.")
	}
	told := 0
	result, err := parity.Audit(ctx, cases, asked.Options, func(done, total int) {
		if done*100/total > told { // each percent once
			told = done * 100 / total
			tell(Progress{"comparing", done, total})
		}
	})
	if errors.Is(err, parity.ErrTooFine) {
		err = tooLarge(err.Error())
	}
	if err != nil {
		return nil, Audit{}, err
	}
	period := report.Period{From: asked.From.String(), To: asked.To.String(), Until: until.UTC().Format(time.RFC3339), Currency: a.company.Currency()}
	period.Digits, _ = currency.Digits(period.Currency)
	r := report.New(period, result)
	return r, Audit{
		From: asked.From, To: asked.To, Until: until, By: r.By, Within: r.Within, Metrics: r.Metrics,
		Alpha: r.Thresholds.Alpha, RateRatio: r.Thresholds.RateRatio, ValueRatio: r.Thresholds.ValueRatio, TimeRatio: r.Thresholds.TimeRatio,
		Cases: r.Cases, Findings: r.Findings, NoFindings: r.NoFindings, InsufficientData: r.InsufficientData,
	}, nil
}

// read reads the cases into columns.
func (a *Audits) read(ctx context.Context, from, to, until time.Time, tell func(Progress)) (*parity.Cases, error) {
	const often = 20_000 // cases between two tellings
	var b parity.Builder
	n := 0
	for row, err := range a.source.Cases(ctx, from, to, until) {
		if err != nil {
			return nil, err
		}
		if err := b.Add(row); err != nil {
			if errors.Is(err, parity.ErrTooManyCases) || errors.Is(err, parity.ErrTooManyValues) {
				return nil, tooLarge(err.Error())
			}
			return nil, err
		}
		if n++; n%often == 0 {
			tell(Progress{Stage: "reading cases", Done: n})
		}
	}
	return b.Cases(), ctx.Err()
}
