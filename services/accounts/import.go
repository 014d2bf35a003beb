package accounts

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// The kinds of imports.
const (
	RevenueImport  = "revenue"
	AccountsImport = "accounts"
)

// What an entry of a revenue import is known by when it comes again.
const (
	// ByExternalID is the source and its id of the entry.
	ByExternalID = "external_id"
	// ByOccurrence is what the entry says, and how many the batch had before that say the
	// same.
	ByOccurrence = "occurrence"
)

// Import is what is known of a file that was imported, or is being imported.
type Import struct {
	// Kind is RevenueImport or AccountsImport.
	Kind   string `bson:"kind"`
	Source string `bson:"source"`
	// Batch is the name by which the import is known, within its kind.
	Batch string `bson:"batch"`
	// Digest is the SHA-256 of the file, in hexadecimal.
	Digest string `bson:"digest"`
	// Identity is what an entry of revenue is known by, ByExternalID or ByOccurrence;
	// empty for accounts, and where the import was begun before this was noted.
	Identity string `bson:"identity,omitempty"`
	// Finished is when it last ended; zero while it never did, or runs again.
	Finished time.Time `bson:"finished,omitempty"`
	// Counts are those of the last end.
	Counts         Counts `bson:"counts"`
	resource.Times `bson:",inline"`
}

// Counts are what an import has done with the rows of its file:
// Read = Written + AlreadyThere + Refused.
type Counts struct {
	Read         int64 `bson:"read"`
	Written      int64 `bson:"written"`
	AlreadyThere int64 `bson:"already_there"`
	Refused      int64 `bson:"refused"`
	// Accounts counts the different accounts of the rows not refused.
	Accounts        int64 `bson:"accounts"`
	AccountsCreated int64 `bson:"accounts_created"`
	// Totals are the sums of the amounts of the rows not refused, in minor units by
	// currency; one that would leave 64 bits stays at their end.
	Totals map[string]int64 `bson:"totals,omitempty"`
	// KeysDeclared are the attribute keys declared.
	KeysDeclared []string `bson:"keys_declared,omitempty"`
}

func (c *Counts) clone() Counts {
	d := *c
	d.Totals, d.KeysDeclared = maps.Clone(c.Totals), slices.Clone(c.KeysDeclared)
	return d
}

func (c *Counts) addTotal(currency string, minor int64) {
	if c.Totals == nil {
		c.Totals = map[string]int64{}
	}
	sum := c.Totals[currency]
	switch {
	case minor > 0 && sum > math.MaxInt64-minor:
		sum = math.MaxInt64
	case minor < 0 && sum < math.MinInt64-minor:
		sum = math.MinInt64
	default:
		sum += minor
	}
	c.Totals[currency] = sum
}

// ImportStart is what every import says first.
type ImportStart struct {
	// Source is the system the rows come from.
	Source string
	// Batch names the import, as a rule like its file.
	Batch string
	// Digest is the SHA-256 of the file, in hexadecimal.
	Digest string
	// Resume says that a known batch with another digest is the same file grown.
	Resume bool
	// ValidateOnly checks and counts every row, and writes nothing.
	ValidateOnly bool
}

// noted is what is kept of an import that begins.
func (s ImportStart) noted(kind, identity string) Import {
	return Import{Kind: kind, Source: s.Source, Batch: s.Batch, Digest: s.Digest, Identity: identity}
}

// Refused is a row that an import refused.
type Refused struct {
	// Line is the row's line in the file, from 1.
	Line int64
	// Field is the one that is wrong, or empty.
	Field string
	// Text is what is wrong with it.
	Text string
}

// byLine orders refused rows as they stand in the file.
func byLine(a, b Refused) int { return cmp.Compare(a.Line, b.Line) }

// Report is told how an import goes on, by one goroutine at a time. An error it returns
// ends the import.
type Report interface {
	// Progress tells what was counted so far; all of it is durable.
	Progress(Counts) error
	// Refused tells of a row that was refused.
	Refused(Refused) error
}

// ImportResult is how an import ended.
type ImportResult struct {
	Import resource.Stored[Import]
	// CheckedOnly says that nothing was written: there is no version to wait for.
	CheckedOnly bool
}

// Imports is the use cases of importing files.
type Imports struct {
	imports  *resource.Table[Import, *Import]
	store    *docstore.Store
	company  *Company
	accounts *Accounts
	ledger   *Ledger
	now      func() time.Time
}

// ImportName returns the resource name of an import.
func ImportName(id string) string { return "imports/" + id }

func openImports(ctx context.Context, w wiring, company *Company, accounts *Accounts, ledger *Ledger) (*Imports, error) {
	imports, err := resource.OpenTable(ctx, w.requests, resource.Kind[Import]{
		Type: "evenhand/Import", Name: ImportName, Spec: docstore.Spec{Name: "imports"}, Tell: func(s Import) any { return s }})
	if err != nil {
		return nil, err
	}
	return &Imports{imports, w.store, company, accounts, ledger, w.now}, nil
}

// Get returns an import, or ErrNotFound.
func (im *Imports) Get(ctx context.Context, id string) (resource.Stored[Import], error) {
	return im.imports.Get(ctx, id)
}

// List lists imports by id.
func (im *Imports) List(ctx context.Context, size int, after resource.Place) (resource.Page[Import], error) {
	return im.imports.List(ctx, docstore.Query{After: after, Limit: size}, nil, nil)
}

// beginAttempts is how often begin looks again where the id it would take is taken.
const beginAttempts = 5

// begin notes that a file is being imported, and says whether its batch was known.
// ErrBatchChanged where the batch is known with another file and resume is not set, or its
// entries would be known by something else than before; ErrConflict.
func (im *Imports) begin(ctx context.Context, call resource.Call, start ImportStart, note Import) (id string, known bool, err error) {
	switch {
	case start.Source == "":
		return "", false, invalid("start.import.source", "is empty: name the system the rows come from")
	case start.Batch == "":
		return "", false, invalid("start.import.batch", "is empty: name the batch, as its file")
	}
	for range beginAttempts {
		if id, known, err = im.batchID(ctx, note.Kind, note.Batch); err != nil {
			return "", false, err
		}
		if err = im.enter(ctx, call, id, known, start, note); !errors.Is(err, resource.ErrExists) {
			return id, known, err
		}
		// It was begun by another process in this moment, or is another batch's by now.
	}
	return "", false, fail(resource.ErrConflict, ImportName(id), "%s, which batch %q would be, is taken: name the batch otherwise, or try again",
		ImportName(id), note.Batch)
}

// enter writes down that an import begins, where anything is written; ErrExists where the
// batch was not known and its id is taken.
func (im *Imports) enter(ctx context.Context, call resource.Call, id string, known bool, start ImportStart, note Import) error {
	call = resource.Call{Principal: call.Principal}
	switch {
	case known && start.ValidateOnly:
		s, err := im.Get(ctx, id)
		if err != nil {
			return err
		}
		return s.State.checkSame(id, note, start.Resume)
	case start.ValidateOnly:
		return nil
	case known:
		_, err := im.imports.Update(ctx, call, id, nil, "import.started", func(s *Import) error {
			if err := s.checkSame(id, note, start.Resume); err != nil {
				return err
			}
			s.Source, s.Digest, s.Identity, s.Finished = note.Source, note.Digest, note.Identity, time.Time{}
			return nil
		})
		return err
	}
	_, err := im.imports.Create(ctx, call, id, note, "import.started")
	return err
}

// batchID returns the id of a batch, which is its slug, or where that is another
// batch's, that and a piece of a hash. Known says that the batch was begun before.
func (im *Imports) batchID(ctx context.Context, kind, batch string) (id string, known bool, err error) {
	short := slug(batch)
	long := short
	if len(long) > names.MaxID-9 {
		long = long[:names.MaxID-9]
	}
	long += "-" + shortHash(kind+"/"+batch)
	if short == "" {
		short, long = "batch"+long, "batch"+long
	}
	found, err := im.imports.GetMany(ctx, []string{short, long})
	if err != nil {
		return "", false, err
	}
	for _, id := range []string{short, long} {
		if s, ok := found[id]; ok && s.State.Kind == kind && s.State.Batch == batch {
			return id, true, nil
		}
	}
	if _, taken := found[short]; taken {
		return long, false, nil
	}
	return short, false, nil
}

// checkSame refuses what cannot be the import that is known by the same batch: another
// file, and revenue whose entries would all be taken for new ones, and counted twice.
func (s *Import) checkSame(id string, note Import, grown bool) error {
	differs := func(format string, args ...any) error {
		return fail(ErrBatchChanged, ImportName(id), "batch %q was imported before %s", s.Batch, fmt.Sprintf(format, args...))
	}
	switch {
	case s.Kind == RevenueImport && s.Source != note.Source:
		return differs("from source %q, now from %q (%s), and an entry's source is part of what it is known by: import with --source %q as before, or name another batch if these are other entries",
			s.Source, note.Source, ImportName(id), s.Source)
	case s.Identity == ByExternalID && note.Identity == ByOccurrence:
		return differs("with the source's ids of its entries, now without (%s), which would record them again: name the column of ids as before, or name another batch if these are other entries",
			ImportName(id))
	case s.Identity == ByOccurrence && note.Identity == ByExternalID:
		return differs("without the source's ids of its entries, now with them (%s), which would record them again: leave out the column of ids as before, or name another batch if these are other entries",
			ImportName(id))
	case s.Digest != note.Digest && !grown:
		return differs("with another file (%s): name another batch, or resume if it is the same file grown", ImportName(id))
	}
	return nil
}

// end waits until all that was written is in the feed, and then notes the end, so that
// whoever has seen that has seen all of it.
func (im *Imports) end(ctx context.Context, call resource.Call, id string, start ImportStart, note Import, counts Counts) (ImportResult, error) {
	if start.ValidateOnly {
		note.Counts = counts
		return ImportResult{resource.Stored[Import]{ID: id, State: note}, true}, nil
	}
	if err := im.store.Flush(ctx); err != nil {
		return ImportResult{}, err
	}
	s, err := im.imports.Update(ctx, resource.Call{Principal: call.Principal}, id, nil, "import.finished", func(s *Import) error {
		s.Finished, s.Counts = im.now(), counts
		return nil
	})
	return ImportResult{Import: s}, err
}

// RevenueRow is a row of a revenue file, its fields as the file has them.
type RevenueRow struct {
	Line                                        int64
	Account, Date, Amount, Currency, ExternalID string
	// Fault says why the row could not be read from the file, and then refuses it.
	Fault string
}

// AccountRow is a row of an accounts file, its fields as the file has them.
type AccountRow struct {
	Line                                                  int64
	ExternalID, DisplayName, Joined, State, Parent, Owner string
	Attributes                                            map[string]string
	// Fault says why the row could not be read from the file, and then refuses it.
	Fault string
}

// Rows gives the rows of a file in order, some at a time, and io.EOF behind the last.
type Rows[T any] func(ctx context.Context) ([]T, error)

// window reads at least n rows, or what there is to the end, where done is true.
func (next Rows[T]) window(ctx context.Context, rows []T, n int) (_ []T, done bool, err error) {
	for len(rows) < n {
		more, err := next(ctx)
		rows = append(rows, more...)
		if errors.Is(err, io.EOF) {
			return rows, true, nil
		}
		if err != nil {
			return rows, false, fmt.Errorf("read the rows: %w", err)
		}
	}
	return rows, false, nil
}
