package imports

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/cases"
)

// Rows gives the rows of a file in order, some at a time, and io.EOF behind the last.
type Rows func(ctx context.Context) ([]Row, error)

// windowSize is how many rows are dealt with together: their accounts are looked up at
// once, and the cases written at once.
const windowSize = 1000

// Cases imports cases. Rows are read until io.EOF. What a row says that cannot be taken is
// reported, and the rest goes on; the same file again finds all of it there.
// INVALID_ARGUMENT for a start that is wrong; ABORTED with BATCH_CHANGED.
func (im *Imports) Cases(ctx context.Context, call resource.Call, start Start, rows Rows, report Report) (resource.Stored[Import], error) {
	switch {
	case start.Source == "":
		return resource.Stored[Import]{}, fault.Invalid("start.source", "is empty: name the system the cases come from")
	case start.Batch == "":
		return resource.Stored[Import]{}, fault.Invalid("start.batch", "is empty: name the batch, as its file")
	}
	call = resource.Call{Principal: call.Principal}
	if err := im.begin(ctx, call, start); err != nil {
		return resource.Stored[Import]{}, err
	}
	run := &run{Imports: im, call: call, start: start, reader: newReader(start, im.company), report: report,
		accounts: map[string]bool{}, refs: map[string]string{}, checked: map[string]string{}}
	if err := run.all(ctx, rows); err != nil {
		return resource.Stored[Import]{}, err
	}
	return im.end(ctx, call, start, run.counts)
}

// run is an import on its way. One goroutine uses it.
type run struct {
	*Imports
	call   resource.Call
	start  Start
	reader *reader
	report Report
	counts Counts
	// refused are the rows refused and not told yet.
	refused []Refused
	// accounts are the ids of the accounts of rows not refused.
	accounts map[string]bool
	// refs are the ids of the accounts by reference, as far as they were met lately.
	refs map[string]string
	// checked are the accounts of the cases that would have been written where nothing is,
	// by origin.
	checked map[string]string
}

// item is a case on its way.
type item struct {
	line      int64
	reference string
	past      cases.Past
	id        string
	state     cases.Case
}

func (r *run) all(ctx context.Context, rows Rows) error {
	var waiting []Row
	for done := false; !done; {
		more, err := rows(ctx)
		done = errors.Is(err, io.EOF)
		if err != nil && !done {
			return fmt.Errorf("read the rows: %w", err)
		}
		waiting = append(waiting, more...)
		for len(waiting) >= windowSize || done && len(waiting) > 0 {
			n := min(windowSize, len(waiting))
			if err := r.window(ctx, waiting[:n]); err != nil {
				return err
			}
			waiting = append(waiting[:0], waiting[n:]...)
		}
	}
	return nil
}

// window deals with some rows, and tells of them.
func (r *run) window(ctx context.Context, rows []Row) error {
	var items []*item
	for i := range rows {
		past, reference, err := r.reader.read(&rows[i])
		if err != nil {
			r.refuse(rows[i].Line, err)
			continue
		}
		items = append(items, &item{line: rows[i].Line, reference: reference, past: past})
	}
	items, err := r.resolve(ctx, items)
	if err != nil {
		return err
	}
	if items, err = r.make(items); err != nil {
		return err
	}
	if err := r.settle(ctx, items); err != nil {
		return err
	}
	r.counts.Read += int64(len(rows))
	r.counts.Accounts = int64(len(r.accounts))
	return r.tell()
}

// refuse counts a row as refused for an error about it.
func (r *run) refuse(line int64, err error) {
	refused := Refused{Line: line, Text: err.Error()}
	var about *problem
	var told *fault.Error
	switch {
	case errors.As(err, &about):
		refused.Field, refused.Text = about.field, about.text
	case errors.As(err, &told) && len(told.Fields) > 0:
		refused.Field, refused.Text = columnOf(told.Fields[0].Path), told.Fields[0].Description
	}
	r.counts.Refused++
	r.refused = append(r.refused, refused)
}

// tell reports the rows refused since it last did, and the counts.
func (r *run) tell() error {
	slices.SortFunc(r.refused, func(a, b Refused) int { return int(a.Line - b.Line) })
	for _, refused := range r.refused {
		if err := r.report.Refused(refused); err != nil {
			return err
		}
	}
	r.refused = r.refused[:0]
	return r.report.Progress(r.counts)
}

// maxRefs bounds the references remembered.
const maxRefs = 100_000

// resolve finds the accounts of cases, and refuses those of which there is none.
func (r *run) resolve(ctx context.Context, items []*item) ([]*item, error) {
	if len(r.refs) > maxRefs {
		clear(r.refs)
	}
	var unknown []string
	asked := map[string]bool{}
	for _, it := range items {
		if r.refs[it.reference] == "" && !asked[it.reference] {
			asked[it.reference] = true
			unknown = append(unknown, it.reference)
		}
	}
	var found Resolved
	if len(unknown) > 0 {
		var err error
		if found, err = r.Imports.accounts.Resolve(ctx, r.start.Source, unknown, r.start.CreateAccounts, r.start.ValidateOnly); err != nil {
			return nil, fmt.Errorf("find the accounts: %w", err)
		}
	}
	r.counts.AccountsCreated += found.Created
	for ref, id := range found.IDs {
		r.refs[ref] = id
	}
	var kept []*item
	for _, it := range items {
		if it.past.Account = r.refs[it.reference]; it.past.Account == "" {
			text := found.Problems[it.reference]
			if text == "" {
				text = fmt.Sprintf("no account has the id %q", it.reference)
			}
			r.refuse(it.line, wrong("account", "%s", text))
			continue
		}
		kept = append(kept, it)
	}
	return kept, nil
}

// make makes the cases, and refuses what cannot be one.
func (r *run) make(items []*item) ([]*item, error) {
	var made []*item
	for _, it := range items {
		var err error
		var told *fault.Error
		it.id, it.state, err = r.cases.Case(it.past, cases.Actor{Principal: r.call.Principal})
		switch {
		case errors.As(err, &told) && told.Kind == fault.InvalidArgument:
			r.refuse(it.line, err)
		case err != nil:
			return nil, err
		default:
			made = append(made, it)
		}
	}
	return made, nil
}

// columnOf is the field of a file that a field of a case comes from, as staff-role for
// staff_role.
func columnOf(path string) string {
	if key, is := strings.CutPrefix(path, "facts."); is {
		return "fact." + key
	}
	return strings.ReplaceAll(strings.TrimPrefix(path, "external_"), "_", "-")
}
