package audits

import (
	"context"
	"fmt"
	"io"
	"iter"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/parity"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// company is in New York and keeps its books in dollars.
type company struct{}

func (company) Zone() civil.Zone {
	zone, err := civil.LoadZone("America/New_York")
	if err != nil {
		panic(err)
	}
	return zone
}

func (company) Currency() string { return "USD" }

// source has cases, and remembers which were asked for.
type source struct {
	rows            []parity.Row
	from, to, until time.Time
	asked           int
	fails           error
	read            func() // called before the cases are read; nil for nothing
}

func (s *source) Cases(_ context.Context, from, to, until time.Time) iter.Seq2[*parity.Row, error] {
	s.from, s.to, s.until = from, to, until
	s.asked++
	return func(yield func(*parity.Row, error) bool) {
		if s.read != nil {
			s.read()
		}
		for i := range s.rows {
			if at := s.rows[i].Opened; !at.Before(from) && at.Before(to) && !yield(&s.rows[i], nil) {
				return
			}
		}
		if s.fails != nil {
			yield(nil, s.fails)
		}
	}
}

var noon = time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)

// unequal are cases of which phone's are remedied half as often.
func unequal() []parity.Row {
	var rows []parity.Row
	for i := range 400 {
		r := parity.Row{Account: "acme", ID: fmt.Sprintf("c%d", i), Issue: "billing", SpendBand: "q1", Channel: "email", Opened: noon.Add(time.Duration(i) * time.Minute)}
		if i%2 == 1 {
			r.Channel = "phone"
		}
		if i%2 == 0 || i%4 == 1 {
			r.Remedy = "credit"
		}
		rows = append(rows, r)
	}
	return rows
}

// onEveryStore runs a test on each backend.
func onEveryStore(t *testing.T, test func(t *testing.T, backend docstore.Backend)) {
	for name, backend := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, backend(t)) })
	}
}

func open(t *testing.T, backend docstore.Backend, s Source, now func() time.Time) *Audits {
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	requests, err := resource.OpenRequests(t.Context(), store, now)
	require.NoError(t, err)
	a, err := Open(t.Context(), store, requests, s, company{}, nil)
	require.NoError(t, err)
	return a
}

func march(metrics ...parity.Metric) Asked {
	return Asked{From: civil.Date(2026, 3, 1), To: civil.Date(2026, 3, 31), Options: parity.Options{
		By: []parity.Dimension{parity.Channel}, Within: []parity.Dimension{parity.Issue, parity.SpendBand}, Metrics: metrics,
	}}
}

var anna = resource.Call{Principal: "principals/anna"}

func TestR24AnAuditIsKept(t *testing.T) { onEveryStore(t, keepAudit) }

func keepAudit(t *testing.T, backend docstore.Backend) {
	s := &source{rows: unequal()}
	clock := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	a := open(t, backend, s, func() time.Time { clock = clock.Add(time.Second); return clock })
	var stages []string
	made, err := a.Run(t.Context(), anna, march(parity.RemedyRate), func(p Progress) { stages = append(stages, p.Stage) })
	require.NoError(t, err)
	require.Equal(t, []string{"comparing"}, stages)
	require.Equal(t, time.Date(2026, 3, 1, 5, 0, 0, 0, time.UTC), s.from.UTC(), "days are the company's")
	require.Equal(t, time.Date(2026, 4, 1, 4, 0, 0, 0, time.UTC), s.to.UTC())
	require.True(t, s.until.Equal(s.to), "cases are looked at as of the end of the period")
	require.Equal(t, 400, made.State.Cases)
	require.Equal(t, 1, made.State.Findings)
	require.Equal(t, "principals/anna", made.State.Runner)

	again, err := a.Get(t.Context(), made.ID)
	require.NoError(t, err)
	require.Equal(t, made.State.Metrics, again.State.Metrics)
	report, err := a.Report(t.Context(), made.ID)
	require.NoError(t, err)
	require.Equal(t, "2026-03-01", report.From)
	require.Equal(t, "USD", report.Currency)
	require.Len(t, report.Comparisons, 1)
	require.Len(t, report.Comparisons[0].Pairs, parity.MaxPairs)
	require.InDelta(t, 0.5, report.Comparisons[0].Effect.Value, 1e-12)

	later, err := a.Run(t.Context(), anna, march(), nil)
	require.NoError(t, err)
	page, err := a.List(t.Context(), Query{Size: 1})
	require.NoError(t, err)
	require.Equal(t, later.ID, page.Items[0].ID, "the newest first")
	page, err = a.List(t.Context(), Query{Size: 1, After: page.Next})
	require.NoError(t, err)
	require.Equal(t, made.ID, page.Items[0].ID)
	require.Nil(t, page.Next)
}

// An audit of a period that is not over looks at cases as they are.
func TestAuditOfAPeriodThatIsNotOver(t *testing.T) { onEveryStore(t, auditUnfinished) }

func auditUnfinished(t *testing.T, backend docstore.Backend) {
	s := &source{rows: unequal()}
	now := time.Date(2026, 3, 15, 0, 0, 0, 0, time.UTC)
	a := open(t, backend, s, func() time.Time { return now })
	made, err := a.Run(t.Context(), anna, march(), nil)
	require.NoError(t, err)
	require.True(t, s.until.Equal(now))
	require.True(t, made.State.Until.Equal(now))
}

func TestAnAuditAskedForAgainIsNotMadeAgain(t *testing.T) { onEveryStore(t, askAgain) }

func askAgain(t *testing.T, backend docstore.Backend) {
	s := &source{rows: unequal()}
	a := open(t, backend, s, func() time.Time { return noon.AddDate(0, 2, 0) })
	call := anna
	call.Method, call.RequestID, call.Payload = "audit", uuid.NewString(), []byte("march")
	first, err := a.Run(t.Context(), call, march(), nil)
	require.NoError(t, err)
	again, err := a.Run(t.Context(), call, march(), nil)
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID)
	require.Equal(t, 1, s.asked)
	require.Equal(t, first.State.Report, again.State.Report)
	call.Payload = []byte("april")
	_, err = a.Run(t.Context(), call, march(), nil)
	require.ErrorIs(t, err, resource.ErrRequestIDReused)
}

func TestAuditsThatCannotBeMade(t *testing.T) { onEveryStore(t, refuseAudits) }

func refuseAudits(t *testing.T, backend docstore.Backend) {
	s := &source{rows: unequal()}
	a := open(t, backend, s, func() time.Time { return noon })
	_, err := a.Get(t.Context(), "none")
	require.ErrorIs(t, err, resource.ErrNotFound)
	_, err = a.Report(t.Context(), "none")
	require.ErrorIs(t, err, resource.ErrNotFound)

	backwards := march()
	backwards.From, backwards.To = backwards.To, backwards.From
	_, err = a.Run(t.Context(), anna, backwards, nil)
	var told *fault.Error
	require.ErrorAs(t, err, &told)
	require.Equal(t, "to_date", told.Fields[0].Path)

	same := march()
	same.Options.Within = same.Options.By
	_, err = a.Run(t.Context(), anna, same, nil)
	require.ErrorContains(t, err, "both name channel")
	require.Zero(t, s.asked)

	s.fails = io.ErrUnexpectedEOF
	_, err = a.Run(t.Context(), anna, march(), nil)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	s.fails = nil

	ctx, cancel := context.WithCancel(t.Context())
	s.read = cancel // while the cases are read
	_, err = a.Run(ctx, anna, march(), nil)
	require.ErrorIs(t, err, context.Canceled)
	page, err := a.List(t.Context(), Query{Size: 10})
	require.NoError(t, err)
	require.Empty(t, page.Items, "nothing is kept of what failed")
}
