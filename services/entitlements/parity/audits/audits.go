package audits

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/parity"
	"github.com/evenhand/evenhand/services/entitlements/parity/report"
)

// Source has the cases.
type Source interface {
	// Cases yields the cases opened from an instant on and before another, as they stood
	// at a third. The row may be used again for the next.
	Cases(ctx context.Context, from, to, until time.Time) iter.Seq2[*parity.Row, error]
}

// Company says in which zone days are, and which currency values have; the currency is
// empty where there is none yet.
type Company interface {
	Zone() civil.Zone
	Currency() string
}

// Collections of this package in the service's store. Reports are kept apart from what is
// listed and told.
const (
	Collection        = "parity_audits"
	reportsCollection = "parity_reports"
	byCreated         = "created"
)

var spec = docstore.Spec{Name: Collection, Indexes: []docstore.Index{{Name: byCreated, Fields: []string{"created"}}}}

// Audits is the use cases of audits.
type Audits struct {
	table   *resource.Table[Audit, *Audit]
	reports *docstore.Collection[kept]
	source  Source
	company Company
	random  io.Reader
	now     func() time.Time
	// turn is taken by the audit that is running: a large one takes hundreds of megabytes.
	turn chan struct{}
}

// kept is a report: its JSON, compressed.
type kept struct {
	JSON []byte `bson:"json"`
}

// Open opens the collections of audits in the service's store. Random is the source of
// ids; nil is crypto/rand.
func Open(
	ctx context.Context, store *docstore.Store, requests *resource.Requests, source Source, company Company, random io.Reader,
) (*Audits, error) {
	a := &Audits{source: source, company: company, random: random, now: requests.Now, turn: make(chan struct{}, 1)}
	var err error
	if a.table, err = resource.OpenTable[Audit](ctx, requests, Kind()); err != nil {
		return nil, fmt.Errorf("open audits: %w", err)
	}
	a.reports, err = docstore.OpenCollection[kept](ctx, store, docstore.Spec{Name: reportsCollection, Silent: true})
	if err != nil {
		return nil, fmt.Errorf("open audits: %w", err)
	}
	return a, nil
}

// Get returns an audit, or NOT_FOUND.
func (a *Audits) Get(ctx context.Context, id string) (resource.Stored[Audit], error) {
	return a.table.Get(ctx, id)
}

// Query says which audits to list.
type Query struct {
	// Ascending lists the oldest first; otherwise the newest are.
	Ascending bool
	// Keep says whether an audit is wanted; nil wants all.
	Keep  func(resource.Stored[Audit]) bool
	Size  int
	After resource.Place
}

// List lists audits by when they were made.
func (a *Audits) List(ctx context.Context, q Query) (resource.Page[Audit], error) {
	place := func(s resource.Stored[Audit]) resource.Place { return resource.Place{s.State.Created, s.ID} }
	return a.table.List(ctx, docstore.Query{Index: byCreated, Descending: !q.Ascending, After: q.After, Limit: q.Size}, place, q.Keep)
}

// Report returns the report of an audit, or NOT_FOUND.
func (a *Audits) Report(ctx context.Context, id string) (*report.Report, error) {
	audit, err := a.table.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	d, err := a.reports.Get(ctx, audit.State.Report)
	if err != nil {
		return nil, fmt.Errorf("read the report of %s: %w", Name(id), err)
	}
	text, err := unpack(d.Body.JSON)
	if err != nil {
		return nil, fmt.Errorf("read the report of %s: %w", Name(id), err)
	}
	return report.Read(text)
}

// keep stores a report, and returns its id: that of what it says, so that one that no
// audit names, left by a process that died, is in nobody's way.
func (a *Audits) keep(ctx context.Context, r *report.Report) (string, error) {
	text, err := r.JSON()
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(text))
	id := hex.EncodeToString(sum[:])
	packed, err := pack([]byte(text))
	if err != nil {
		return "", err
	}
	switch _, err := a.reports.Insert(ctx, id, kept{packed}); {
	case errors.Is(err, docstore.ErrTooLarge):
		return "", tooLarge("The report is too large to be kept: compare by fewer columns, or fewer metrics.")
	case err != nil && !errors.Is(err, docstore.ErrExists):
		return "", fmt.Errorf("keep the report: %w", err)
	}
	return id, nil
}

func pack(text []byte) ([]byte, error) {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write(text); err != nil {
		return nil, fmt.Errorf("compress a report: %w", err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress a report: %w", err)
	}
	return b.Bytes(), nil
}

func unpack(packed []byte) ([]byte, error) {
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, fmt.Errorf("decompress a report: %w", err)
	}
	return io.ReadAll(r)
}
