package accounts

import (
	"context"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/resource"
)

// AccountImportStart is how an import of accounts begins.
type AccountImportStart struct {
	ImportStart
	// UpdateExisting changes accounts that are there with other values, where otherwise
	// such a row is refused.
	UpdateExisting bool
}

const (
	// accountWindow is how many rows of accounts are dealt with together.
	accountWindow = 1000
	// maxWaiting bounds the rows that wait for a parent further down in the file.
	maxWaiting = 50_000
)

// Accounts imports accounts. Rows are read until io.EOF. A row's parent may come later
// in the file. What a row says that cannot be taken is reported, and the rest goes on;
// the same file again finds all of it there. ErrBatchChanged, ErrInvalid; ErrHandSetLevel for an
// attribute that would hold a level.
func (im *Imports) Accounts(ctx context.Context, call resource.Call, start AccountImportStart, rows Rows[AccountRow], report Report) (ImportResult, error) {
	note := start.noted(AccountsImport, "")
	id, _, err := im.begin(ctx, call, start.ImportStart, note)
	if err != nil {
		return ImportResult{}, err
	}
	today, err := im.company.Today(ctx)
	if err != nil {
		return ImportResult{}, err
	}
	run := &accountsImport{
		accounts: im.accounts, call: resource.Call{Principal: call.Principal}, start: start, report: report, today: today,
		resolver: resolver{accounts: im.accounts, source: start.Source},
		waiting:  map[string][]*accountRow{}, declared: map[string]bool{}, principals: map[string]bool{},
	}
	if err := run.all(ctx, rows); err != nil {
		return ImportResult{}, err
	}
	return im.end(ctx, call, id, start.ImportStart, note, run.counts)
}

// accountsImport is an import of accounts on its way. One goroutine uses it.
type accountsImport struct {
	accounts *Accounts
	call     resource.Call
	start    AccountImportStart
	report   Report
	today    Day
	counts   Counts
	// refused are the rows refused and not told yet.
	refused []Refused
	// resolver finds parents, and remembers the accounts that were dealt with.
	resolver resolver
	// waiting are rows by the external id of the parent they wait for, and held how many
	// there are.
	waiting map[string][]*accountRow
	held    int
	// declared are the attribute keys, principals the owners known to exist.
	declared, principals map[string]bool
	// different counts the accounts of rows not refused.
	different counter
}

// accountRow is a row that was read.
type accountRow struct {
	line  int64
	state Account
	// parent is the external id of the parent, whose id goes into state.
	parent string
	// given says which of the fields with a default the row gives.
	givenState bool
}

func (im *accountsImport) all(ctx context.Context, rows Rows[AccountRow]) error {
	for done := false; !done; {
		var window []AccountRow
		var err error
		if window, done, err = rows.window(ctx, nil, accountWindow); err != nil {
			return err
		}
		if err := im.window(ctx, window); err != nil {
			return err
		}
		if done {
			im.refuseOrphans()
		}
		if err := im.tell(); err != nil {
			return err
		}
	}
	return nil
}

// refuseOrphans refuses the rows whose parents never came.
func (im *accountsImport) refuseOrphans() {
	for parent, rows := range im.waiting {
		for _, row := range rows {
			im.refuse(row.line, "parent", orphan(parent))
		}
	}
}

func orphan(parent string) string {
	return fmt.Sprintf("no account has the external id %q, neither here nor in an accepted row of the file that is not below this one", parent)
}

func (im *accountsImport) refuse(line int64, field, text string) {
	im.counts.Read++
	im.counts.Refused++
	im.refused = append(im.refused, Refused{line, field, text})
}

// tell reports the rows refused since it last did, and the counts.
func (im *accountsImport) tell() error {
	slices.SortFunc(im.refused, byLine)
	for _, r := range im.refused {
		if err := im.report.Refused(r); err != nil {
			return err
		}
	}
	im.refused = im.refused[:0]
	return im.report.Progress(im.counts.clone())
}

// window deals with rows, and then with those that had waited for them.
func (im *accountsImport) window(ctx context.Context, rows []AccountRow) error {
	parsed := make([]*accountRow, 0, len(rows))
	for i := range rows {
		if err := im.declare(ctx, &rows[i]); err != nil {
			return err
		}
		row, field, problem := im.parse(&rows[i])
		if problem != "" {
			im.refuse(rows[i].Line, field, problem)
			continue
		}
		parsed = append(parsed, row)
	}
	if err := im.checkOwners(ctx, &parsed); err != nil {
		return err
	}
	for len(parsed) > 0 {
		ready, err := im.hold(ctx, parsed)
		if err != nil {
			return err
		}
		now, later := firstOfEach(ready)
		if err := im.settle(ctx, now); err != nil {
			return err
		}
		parsed = slices.Concat(later, im.release(now))
	}
	return nil
}

// firstOfEach takes rows apart that name an account of an earlier one: those are dealt
// with when that is.
func firstOfEach(rows []*accountRow) (now, later []*accountRow) {
	seen := make(map[string]bool, len(rows))
	for _, row := range rows {
		if seen[row.state.ExternalID] {
			later = append(later, row)
			continue
		}
		seen[row.state.ExternalID] = true
		now = append(now, row)
	}
	return now, later
}

// hold finds the parents of rows and keeps those back whose parent is not there yet.
func (im *accountsImport) hold(ctx context.Context, rows []*accountRow) (ready []*accountRow, err error) {
	var refs []string
	wanted := map[string]bool{}
	for _, row := range rows {
		if row.parent != "" && !wanted[row.parent] {
			wanted[row.parent] = true
			refs = append(refs, row.parent)
		}
	}
	found, problems := map[string]string{}, map[string]string{}
	missing, err := im.resolver.known(ctx, refs, found, problems)
	if err != nil {
		return nil, err
	}
	for _, ref := range missing {
		id := slug(ref)
		if p, known := im.resolver.wouldBe(id); known && (p.ref == ref || id == ref) {
			found[ref] = id
			continue
		}
		delete(wanted, ref) // it is not there
	}
	for _, row := range rows {
		switch {
		case row.parent == "":
			ready = append(ready, row)
		case problems[row.parent] != "":
			im.refuse(row.line, "parent", problems[row.parent])
		case wanted[row.parent]:
			row.state.Parent = found[row.parent]
			ready = append(ready, row)
		case im.held >= maxWaiting:
			im.refuse(row.line, "parent", fmt.Sprintf("more than %d rows come before their parents: put parents first", maxWaiting))
		default:
			im.waiting[row.parent] = append(im.waiting[row.parent], row)
			im.held++
		}
	}
	return ready, nil
}

// release returns the rows that had waited for accounts.
func (im *accountsImport) release(settled []*accountRow) (released []*accountRow) {
	for _, row := range settled {
		ref := row.state.ExternalID
		if waiting := im.waiting[ref]; waiting != nil {
			if _, known := im.resolver.cache.get(ref); known {
				released = append(released, waiting...)
				im.held -= len(waiting)
				delete(im.waiting, ref)
			}
		}
	}
	return released
}
