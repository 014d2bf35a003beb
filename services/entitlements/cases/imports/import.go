package imports

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/cases"
)

// Import is what is known of a file of cases that was imported, or is being imported.
type Import struct {
	// Source is the system the cases come from.
	Source string `bson:"source"`
	// Batch is the name by which the import is known.
	Batch string `bson:"batch"`
	// Digest is the SHA-256 of the file, in hexadecimal.
	Digest string `bson:"digest"`
	// Account is the account of the rows that name none, as it was given.
	Account string `bson:"account,omitempty"`
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
}

// Start is how an import begins.
type Start struct {
	// Source is the system the rows come from, Batch names the import, and Digest is the
	// SHA-256 of the file, in hexadecimal.
	Source, Batch, Digest string
	// Resume says that a known batch with another digest is the same file grown.
	Resume bool
	// ValidateOnly checks and counts every row, and writes nothing.
	ValidateOnly bool
	// Account is the account of the rows that name none: its id in the source, or here.
	Account string
	// CreateAccounts makes the accounts that are not known.
	CreateAccounts bool
	// Unrecorded says what the file does not tell, so that nobody knows it.
	Unrecorded cases.Unrecorded
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

// Report is told how an import goes on. An error it returns ends the import.
type Report interface {
	// Progress tells what was counted so far; all of it is durable.
	Progress(Counts) error
	// Refused tells of a row that was refused.
	Refused(Refused) error
}

// Resolved are the accounts that references of a file name.
type Resolved struct {
	// IDs are the accounts' ids by reference, and Problems says of each other reference why
	// it names none.
	IDs, Problems map[string]string
	// Created counts the accounts made.
	Created int64
}

// Accounts knows the accounts whose cases these are.
type Accounts interface {
	// Resolve finds the accounts that at most MaxReferences references of a source name,
	// and makes those that are missing where it may; with check it only says what it would
	// do.
	Resolve(ctx context.Context, source string, references []string, create, check bool) (Resolved, error)
}

// MaxReferences is how many references are resolved at a time.
const MaxReferences = 1000

// Company says in which zone times are where a file does not say it, and which currency
// values have; the currency is empty where there is none yet.
type Company interface {
	Zone() civil.Zone
	Currency() string
}

// Kind is how imports are kept.
var Kind = resource.Kind[Import]{
	Type: "evenhand/CaseImport", Name: Name, Tell: func(i Import) any { return i }, Spec: docstore.Spec{Name: "case_imports"},
}

// Name returns the resource name of an import.
func Name(id string) string { return "caseImports/" + id }

// ReasonBatchChanged is the reason of a batch that is known with another file.
const ReasonBatchChanged = "BATCH_CHANGED"

// Imports is the use cases of importing cases.
type Imports struct {
	table    *resource.Table[Import, *Import]
	cases    *cases.Cases
	accounts Accounts
	company  Company
	now      func() time.Time
}

// Open opens the imports of cases in the store of the requests.
func Open(ctx context.Context, requests *resource.Requests, into *cases.Cases, accounts Accounts, company Company) (*Imports, error) {
	table, err := resource.OpenTable[Import, *Import](ctx, requests, Kind)
	if err != nil {
		return nil, fmt.Errorf("open imports of cases: %w", err)
	}
	return &Imports{table: table, cases: into, accounts: accounts, company: company, now: requests.Now}, nil
}

// Get returns an import, or NOT_FOUND.
func (im *Imports) Get(ctx context.Context, id string) (resource.Stored[Import], error) {
	return im.table.Get(ctx, id)
}

// List lists imports by id.
func (im *Imports) List(ctx context.Context, size int, after resource.Place) (resource.Page[Import], error) {
	return im.table.List(ctx, docstore.Query{After: after, Limit: size}, nil, nil)
}

// shortHash is 8 hexadecimal digits that tell texts with the same slug apart.
func shortHash(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:4])
}

// hashed is an id made of a text and a piece of its hash, or of another's.
func hashed(text, of string) string {
	id := names.Slug(text)
	if len(id) > names.MaxID-9 {
		id = id[:names.MaxID-9]
	}
	if id == "" {
		id = "x"
	}
	return id + "-" + shortHash(of)
}

func (s *Start) id() string { return hashed(s.Batch, s.Batch) }

// begin notes that a file is being imported, and refuses a known batch with another file
// unless it is said to be the same one grown.
func (im *Imports) begin(ctx context.Context, call resource.Call, start Start) error {
	if start.ValidateOnly {
		known, err := im.table.Get(ctx, start.id())
		if errors.Is(err, resource.ErrNotFound) {
			return nil
		}
		if err == nil {
			err = known.State.checkSame(start)
		}
		return err
	}
	_, err := im.table.Upsert(ctx, call, start.id(), nil, "case_import.started", func(i *Import) error {
		if i.Batch != "" {
			if err := i.checkSame(start); err != nil {
				return err
			}
		}
		i.Source, i.Batch, i.Digest, i.Account, i.Finished = start.Source, start.Batch, start.Digest, start.Account, time.Time{}
		return nil
	})
	return err
}

// checkSame refuses what cannot be the import that is known by the same batch.
func (i *Import) checkSame(start Start) error {
	var differs string
	switch {
	case i.Source != start.Source:
		differs = fmt.Sprintf("from source %q, now from %q, and a case's source is part of what it is known by: import with --source %q as before, or name another batch if these are other cases",
			i.Source, start.Source, i.Source)
	case i.Account != "" && i.Account != start.Account:
		differs = fmt.Sprintf("for account %q, now for %q: name the account as before, or another batch if these are other cases", i.Account, start.Account)
	case i.Digest != start.Digest && !start.Resume:
		differs = "with another file: name another batch, or resume if it is the same file grown"
	default:
		return nil
	}
	name := Name(start.id())
	return fault.New(fault.Aborted, ReasonBatchChanged, "batch %q was imported before (%s) %s", i.Batch, name, differs).
		WithResource(Kind.Type, name)
}

// end notes how an import ended.
func (im *Imports) end(ctx context.Context, call resource.Call, start Start, counts Counts) (resource.Stored[Import], error) {
	if start.ValidateOnly {
		return im.table.Unwritten(start.id(), Import{Source: start.Source, Batch: start.Batch, Digest: start.Digest, Counts: counts}), nil
	}
	return im.table.Update(ctx, call, start.id(), nil, "case_import.finished", func(i *Import) error {
		i.Finished, i.Counts = im.now(), counts
		return nil
	})
}
