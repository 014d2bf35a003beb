package accounts

import (
	"context"
	"errors"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/evenhand/evenhand/internal/resource"
)

// RevenueImportStart is how an import of revenue begins.
type RevenueImportStart struct {
	ImportStart
	// Currency is the ISO 4217 code for rows that name none, or empty: then it is the
	// company's.
	Currency string
	// CreateAccounts makes the accounts that are not known.
	CreateAccounts bool
	// HasExternalIDs says that rows carry the source's id of the entry, which is then
	// its identity.
	HasExternalIDs bool
}

const (
	// windowSize is how many rows are dealt with together: their accounts are looked up
	// at once, and their chunks written at once.
	windowSize = 4 * chunkSize
	// writers is how many windows are written at the same time, while the next is
	// prepared.
	writers = 3
)

// revenueWindow is some rows on their way through an import.
type revenueWindow struct {
	// read counts the rows.
	read int64
	// entries are those of the rows that were not refused so far.
	entries []entry
	// repeated are those that came before in a file of which nothing is written.
	repeated []entry
	refused  []Refused
	// created counts the accounts made for these rows.
	created int64
	// written and there count what became of the entries.
	written, there int64
	// keys are those of the entries, where the file gives them.
	keys map[Key]bool
	// settled is closed when the entries are in the ledger, or found there.
	settled chan struct{}
}

func (w *revenueWindow) refuse(line int64, field, text string) {
	w.refused = append(w.refused, Refused{line, field, text})
}

// Revenue imports revenue entries. Rows are read until io.EOF. What a row says that
// cannot be taken is reported, and the rest goes on; the same file again finds all of
// it there. ErrBatchChanged, ErrInvalid, ErrWrongCurrency.
func (im *Imports) Revenue(ctx context.Context, call resource.Call, start RevenueImportStart, rows Rows[RevenueRow], report Report) (ImportResult, error) {
	if err := start.check(); err != nil {
		return ImportResult{}, err
	}
	note := start.noted(RevenueImport, start.identity())
	id, known, err := im.begin(ctx, call, start.ImportStart, note)
	if err != nil {
		return ImportResult{}, err
	}
	reader, err := im.newRevenueReader(ctx, call, start)
	if err != nil {
		return ImportResult{}, err
	}
	writer := &revenueWriter{ledger: im.ledger, call: call, start: start}
	writer.expectKnown.Store(known || start.ValidateOnly)
	counts, err := runRevenue(ctx, reader, writer, rows, report)
	if err != nil {
		return ImportResult{}, err
	}
	return im.end(ctx, call, id, start.ImportStart, note, counts)
}

// identity is what the entries are known by.
func (s RevenueImportStart) identity() string {
	if s.HasExternalIDs {
		return ByExternalID
	}
	return ByOccurrence
}

func (s RevenueImportStart) check() error {
	if s.Currency == "" {
		return nil
	}
	if _, err := LookupCurrency(s.Currency); err != nil {
		return invalid("start.currency_code", "%s", err)
	}
	return nil
}

// runRevenue reads windows in order, writes several at a time, and counts each when
// it is durable.
func runRevenue(ctx context.Context, reader *revenueReader, writer *revenueWriter, rows Rows[RevenueRow], report Report) (Counts, error) {
	group, ctx := errgroup.WithContext(ctx)
	prepared := make(chan *revenueWindow)
	settled := make(chan *revenueWindow)
	group.Go(func() error {
		defer close(prepared)
		return reader.run(ctx, rows, prepared)
	})
	writing, writingCtx := errgroup.WithContext(ctx)
	for range writers {
		writing.Go(func() error { return writer.run(writingCtx, prepared, settled) })
	}
	group.Go(func() error {
		defer close(settled)
		return writing.Wait()
	})
	tally := revenueTally{report: report}
	group.Go(func() error { return tally.run(settled) })
	err := group.Wait()
	return tally.counts, err
}

// run hands windows over until the rows end.
func (r *revenueReader) run(ctx context.Context, rows Rows[RevenueRow], prepared chan<- *revenueWindow) error {
	var buffer []RevenueRow
	for done := false; !done; {
		var err error
		if buffer, done, err = rows.window(ctx, buffer, windowSize); err != nil {
			return err
		}
		for len(buffer) >= windowSize || done && len(buffer) > 0 {
			n := min(windowSize, len(buffer))
			w, err := r.prepare(ctx, buffer[:n])
			if err == nil {
				err = r.await(ctx, w)
			}
			if err != nil {
				return err
			}
			buffer = buffer[:copy(buffer, buffer[n:])]
			select {
			case prepared <- w:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
	}
	return nil
}

// run writes windows until there are no more.
func (w *revenueWriter) run(ctx context.Context, prepared <-chan *revenueWindow, settled chan<- *revenueWindow) error {
	for {
		var window *revenueWindow
		select {
		case window = <-prepared:
			if window == nil {
				return nil
			}
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := w.settle(ctx, window); err != nil {
			return err
		}
		close(window.settled)
		select {
		case settled <- window:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// revenueTally counts settled windows.
type revenueTally struct {
	counts   Counts
	accounts counter
	report   Report
}

func (t *revenueTally) run(settled <-chan *revenueWindow) error {
	for w := range settled {
		if err := t.add(w); err != nil {
			return errors.Join(errReport, err)
		}
	}
	return nil
}

var errReport = errors.New("the import cannot be reported to its caller")

func (t *revenueTally) add(w *revenueWindow) error {
	c := &t.counts
	c.Read += w.read
	c.Written += w.written
	c.AlreadyThere += w.there
	c.Refused += int64(len(w.refused))
	c.AccountsCreated += w.created
	for i := range w.entries {
		e := &w.entries[i]
		if before, _ := t.accounts.add(hash64([]byte(e.account))); before == 0 {
			c.Accounts++
		}
		c.addTotal(e.currency, e.minor)
	}
	slices.SortFunc(w.refused, byLine)
	for _, r := range w.refused {
		if err := t.report.Refused(r); err != nil {
			return err
		}
	}
	return t.report.Progress(c.clone())
}
