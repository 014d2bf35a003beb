package accounts

import (
	"context"
	"strings"
)

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

func (im *Imports) newRevenueReader(ctx context.Context, call Call, start RevenueImportStart) (*revenueReader, error) {
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
}

// prepare makes a window of rows.
func (r *revenueReader) prepare(ctx context.Context, rows []RevenueRow) (*revenueWindow, error) {
	w := &revenueWindow{read: int64(len(rows)), entries: make([]entry, 0, len(rows)), settled: make(chan struct{})}
	pending := make([]pendingEntry, 0, len(rows))
	refs := make([]string, 0, 64)
	wanted := make(map[string]bool, 64)
	for i := range rows {
		p, field, problem, err := r.read(ctx, &rows[i])
		if err != nil {
			return nil, err
		}
		if problem != "" {
			w.refuse(rows[i].Line, field, problem)
			continue
		}
		if !wanted[p.ref] {
			wanted[p.ref] = true
			refs = append(refs, p.ref)
		}
		pending = append(pending, p)
	}
	found, problems := make(map[string]string, len(refs)), map[string]string{}
	r.resolver.created = 0
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

// read makes an entry of a row, all but its account and key, or says in which field the
// row is wrong and how.
func (r *revenueReader) read(ctx context.Context, row *RevenueRow) (p pendingEntry, field, problem string, err error) {
	p, amount, field, problem := r.parse(row)
	if problem != "" {
		return p, field, problem, nil
	}
	p.reporting, err = r.rule.apply(ctx, amount, p.day)
	if isReason(err, WrongCurrency) {
		return p, "currency_code", err.Error(), nil
	}
	return p, "", "", err
}

func (r *revenueReader) parse(row *RevenueRow) (p pendingEntry, amount Money, field, problem string) {
	p.line, p.source = row.Line, r.start.Source
	p.ref = strings.TrimSpace(row.Account)
	if problem := checkReference(p.ref); problem != "" {
		return p, amount, "account", problem
	}
	date := strings.TrimSpace(row.Date)
	if date != r.dayText || date == "" {
		day, err := ParseDay(date)
		if err != nil {
			return p, amount, "date", `"` + shorten(date) + `" ` + err.Error()
		}
		r.day, r.dayText = day, date
	}
	p.day = r.day
	currency, problem := r.currencyOf(strings.TrimSpace(row.Currency))
	if problem != "" {
		return p, amount, "currency_code", problem
	}
	minor, err := currency.ParseAmount(strings.TrimSpace(row.Amount))
	if err != nil {
		return p, amount, "amount", err.Error()
	}
	p.minor, p.currency, amount = minor, currency.Code, Money{minor, currency}
	if !r.start.HasExternalIDs {
		return p, amount, "", ""
	}
	p.external = strings.TrimSpace(row.ExternalID)
	return p, amount, "external_id", checkReference(p.external)
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
