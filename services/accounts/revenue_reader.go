package accounts

import (
	"context"
	"errors"
	"strings"

	"github.com/evenhand/evenhand/internal/resource"
)

// maxChecked bounds the ids that an import remembers of which nothing is written: to
// about 144 MiB.
const maxChecked = 4 << 20

const tooManyChecked = "the file has more ids than can be checked in one run: split the file"

// revenueReader makes entries of the rows of a file: it parses them, finds or makes
// their accounts, and gives each its key. One goroutine uses it, in the order of the
// file.
type revenueReader struct {
	start       RevenueImportStart
	resolver    resolver
	rule        *currencyRule
	occurrences *occurrences
	hasher      hasher
	// currency is what rows are in that name none; its code is empty where there is
	// none.
	currency   Currency
	currencies map[string]Currency
	// day and its text are those of the last row: files are often in the order of days.
	day     Day
	dayText string
	// checked are, where nothing is written, the rows that give ids: a hash of the id,
	// and one of what the row says.
	checked map[uint64]uint64
	// underWay are windows handed over that were not settled when last looked at.
	underWay []*revenueWindow
}

func (im *Imports) newRevenueReader(ctx context.Context, call resource.Call, start RevenueImportStart) (*revenueReader, error) {
	rule, err := im.ledger.currencyRule(ctx)
	if err != nil {
		return nil, err
	}
	r := &revenueReader{
		start: start, rule: rule, occurrences: newOccurrences(start.Batch),
		currencies: map[string]Currency{}, checked: map[uint64]uint64{},
		resolver: resolver{accounts: im.accounts, call: call, source: start.Source, create: start.CreateAccounts, dryRun: start.ValidateOnly},
	}
	code := start.Currency
	if code == "" && rule.converter != nil {
		code = rule.converter.to.Code
	}
	if code != "" {
		r.currency, err = LookupCurrency(code)
	}
	return r, err
}

// pendingEntry is an entry whose account is not known yet.
type pendingEntry struct {
	entry
	ref string
	// amount is what the entry's minor units are, for its reporting amount.
	amount Money
}

// prepare makes a window of rows.
func (r *revenueReader) prepare(ctx context.Context, rows []RevenueRow) (*revenueWindow, error) {
	w := &revenueWindow{read: int64(len(rows)), entries: make([]entry, 0, len(rows)), settled: make(chan struct{})}
	r.resolver.created = 0
	pending := make([]pendingEntry, 0, len(rows))
	for i := range rows {
		p, field, problem := r.parse(&rows[i])
		if problem != "" {
			w.refuse(rows[i].Line, field, problem)
			continue
		}
		pending = append(pending, p)
	}
	pending, err := r.decide(ctx, w, pending)
	if err != nil {
		return nil, err
	}
	if pending, err = r.convert(ctx, w, pending); err != nil {
		return nil, err
	}
	refs := references(pending)
	found, problems := make(map[string]string, len(refs)), map[string]string{}
	if err := r.resolver.resolve(ctx, refs, found, problems); err != nil {
		return nil, err
	}
	w.created = r.resolver.created
	for i := range pending {
		p := &pending[i]
		if problem := problems[p.ref]; problem != "" {
			w.refuse(p.line, "account", problem)
			continue
		}
		p.account = found[p.ref]
		r.finish(w, &p.entry)
	}
	if len(w.entries) > 0 && !r.start.ValidateOnly {
		return w, r.rule.claim(ctx)
	}
	return w, nil
}

// decide refuses the rows before the first that has an account, or gets one, as long as
// it is not decided what currency the ledger is in: that row decides it, and a refused
// one never does. It returns that row and those behind.
func (r *revenueReader) decide(ctx context.Context, w *revenueWindow, pending []pendingEntry) ([]pendingEntry, error) {
	if r.rule.decided() {
		return pending, nil
	}
	found, problems := map[string]string{}, map[string]string{}
	if _, err := r.resolver.known(ctx, references(pending), found, problems); err != nil {
		return nil, err
	}
	for i := range pending {
		p := &pending[i]
		if found[p.ref] == "" && problems[p.ref] == "" {
			if err := r.resolver.supply(ctx, []string{p.ref}, found, problems); err != nil {
				return nil, err
			}
		}
		if problem := problems[p.ref]; problem != "" {
			w.refuse(p.line, "account", problem)
			continue
		}
		r.rule.ledger = p.currency
		return pending[i:], nil
	}
	return nil, nil
}

// convert gives entries their reporting amounts, and refuses those that cannot have any.
func (r *revenueReader) convert(ctx context.Context, w *revenueWindow, pending []pendingEntry) ([]pendingEntry, error) {
	kept := pending[:0]
	for i := range pending {
		p := &pending[i]
		var err error
		p.reporting, err = r.rule.apply(ctx, p.amount, p.day)
		switch {
		case errors.Is(err, ErrWrongCurrency):
			w.refuse(p.line, "currency_code", textOf(err))
		case err != nil:
			return nil, err
		default:
			kept = append(kept, *p)
		}
	}
	return kept, nil
}

// references returns the accounts that entries name, each once.
func references(pending []pendingEntry) []string {
	refs := make([]string, 0, 64)
	wanted := make(map[string]bool, 64)
	for i := range pending {
		if ref := pending[i].ref; !wanted[ref] {
			wanted[ref] = true
			refs = append(refs, ref)
		}
	}
	return refs
}

// await waits until no window under way has an id of this one: of rows with one id the
// first in the file is recorded, however many windows are written at once.
func (r *revenueReader) await(ctx context.Context, w *revenueWindow) error {
	if !r.start.HasExternalIDs {
		return nil
	}
	w.keys = make(map[Key]bool, len(w.entries))
	for i := range w.entries {
		w.keys[w.entries[i].key] = true
	}
	left := []*revenueWindow{w}
	for _, earlier := range r.underWay {
		select {
		case <-earlier.settled:
			continue
		default:
		}
		if !w.shares(earlier.keys) {
			left = append(left, earlier)
			continue
		}
		select {
		case <-earlier.settled:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	r.underWay = left
	return nil
}

func (w *revenueWindow) shares(keys map[Key]bool) bool {
	for key := range w.keys {
		if keys[key] {
			return true
		}
	}
	return false
}

// parse makes an entry of a row, all but its account, reporting amount and key, or says
// in which field the row is wrong and how.
func (r *revenueReader) parse(row *RevenueRow) (p pendingEntry, field, problem string) {
	if row.Fault != "" {
		return p, "", row.Fault
	}
	p.line, p.source = row.Line, r.start.Source
	p.ref = strings.TrimSpace(row.Account)
	if problem := checkReference(p.ref); problem != "" {
		return p, "account", problem
	}
	date := strings.TrimSpace(row.Date)
	if date != r.dayText || date == "" {
		day, err := ParseDay(date)
		if err != nil {
			return p, "date", `"` + shorten(date) + `" ` + err.Error()
		}
		r.day, r.dayText = day, date
	}
	p.day = r.day
	currency, problem := r.currencyOf(strings.TrimSpace(row.Currency))
	if problem != "" {
		return p, "currency_code", problem
	}
	minor, err := currency.ParseAmount(strings.TrimSpace(row.Amount))
	if err != nil {
		return p, "amount", err.Error()
	}
	p.minor, p.currency, p.amount = minor, currency.Code, Money{minor, currency}
	if !r.start.HasExternalIDs {
		return p, "", ""
	}
	p.external = strings.TrimSpace(row.ExternalID)
	return p, "external_id", checkReference(p.external)
}

func (r *revenueReader) currencyOf(code string) (Currency, string) {
	if code == "" {
		if r.currency.Code == "" {
			return Currency{}, "neither the row nor the import names a currency, and the company has none: give one with --currency"
		}
		return r.currency, ""
	}
	if code == r.currency.Code {
		return r.currency, ""
	}
	if known, ok := r.currencies[code]; ok {
		return known, ""
	}
	currency, err := LookupCurrency(code)
	if err != nil {
		return Currency{}, err.Error()
	}
	r.currencies[code] = currency
	return currency, ""
}

// finish gives an entry its key.
func (r *revenueReader) finish(w *revenueWindow, e *entry) {
	if r.start.HasExternalIDs {
		e.key = r.hasher.external(r.start.Source, e.external)
		if r.start.ValidateOnly && r.repeats(w, e) {
			return
		}
	} else {
		key, ok := r.occurrences.next(e)
		if !ok {
			w.refuse(e.line, "", "the batch has more different entries than can be told apart without ids: split the file, or give its id column")
			return
		}
		e.key = key
	}
	w.entries = append(w.entries, *e)
}

// repeats is what the ledger would have said of an id that came before in the file.
func (r *revenueReader) repeats(w *revenueWindow, e *entry) bool {
	h := &r.hasher
	h.begin(keyOccurrence)
	h.text(e.account)
	h.number(int64(e.day))
	h.number(e.minor)
	h.text(e.currency)
	says, id := hash64(h.buf), hash64(e.key[:])
	before, known := r.checked[id]
	switch {
	case !known && len(r.checked) >= maxChecked:
		w.refuse(e.line, "external_id", tooManyChecked)
	case !known:
		r.checked[id] = says
		return false
	case before == says:
		w.there++
		w.repeated = append(w.repeated, *e)
	default:
		w.refuse(e.line, "external_id", quoted(e.external, e.source)+" is in a line before with other values")
	}
	return true
}

// shorten keeps messages readable whatever a file holds.
func shorten(text string) string {
	const most = 40
	if len(text) <= most {
		return text
	}
	return strings.ToValidUTF8(text[:most], "") + "…"
}
