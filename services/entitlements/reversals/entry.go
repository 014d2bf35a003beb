package reversals

import (
	"cmp"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// Entry is a revenue entry.
type Entry struct {
	// Name is the resource name.
	Name string
	Day  civil.Day
	// Minor is the amount in minor units of the reporting currency, negative for a refund.
	Minor int64
	// Source is the system it came from, Recorder the principal who recorded it.
	Source, Recorder string
	Recorded         time.Time
	// Corrects is the name of the entry that this one takes back as a mistake, or empty.
	Corrects string
	// Note is why it was taken back; empty where nobody said.
	Note string
}

// TakenBack is an amount that was received and is not the company's any more.
type TakenBack struct {
	// Receipt is the entry that received it, Back the one that took it back: its reversal,
	// or a refund that was set against it.
	Receipt, Back *Entry
	// Minor is how much, in minor units of the reporting currency.
	Minor int64
}

// Reversed says that it was taken back as a mistake.
func (t *TakenBack) Reversed() bool { return t.Back.Corrects != "" }

// takenBack finds what of an account's entries was taken back.
func takenBack(entries []Entry) []TakenBack {
	byName := make(map[string]*Entry, len(entries))
	for i := range entries {
		byName[entries[i].Name] = &entries[i]
	}
	paired := map[*Entry]bool{}
	var all []TakenBack
	for i := range entries {
		e := &entries[i]
		of := byName[e.Corrects]
		if e.Corrects == "" || of == nil {
			continue
		}
		paired[e], paired[of] = true, true
		all = append(all, TakenBack{Receipt: of, Back: e, Minor: of.Minor})
	}
	return append(all, refunds(entries, paired)...)
}

// refunds sets refunds against the latest receipts on or before their days.
func refunds(entries []Entry, paired map[*Entry]bool) []TakenBack {
	var ordered []*Entry
	for i := range entries {
		if e := &entries[i]; !paired[e] && e.Minor != 0 {
			ordered = append(ordered, e)
		}
	}
	slices.SortStableFunc(ordered, func(a, b *Entry) int {
		return cmp.Or(cmp.Compare(a.Day, b.Day), -cmp.Compare(min(1, max(-1, a.Minor)), min(1, max(-1, b.Minor))))
	})
	var all, open []TakenBack // of those open, Minor is what is left of the receipt
	for _, e := range ordered {
		if e.Minor > 0 {
			open = append(open, TakenBack{Receipt: e, Minor: e.Minor})
			continue
		}
		for left := -e.Minor; left > 0 && len(open) > 0; {
			last := &open[len(open)-1]
			part := min(left, last.Minor)
			all = append(all, TakenBack{Receipt: last.Receipt, Back: e, Minor: part})
			left, last.Minor = left-part, last.Minor-part
			if last.Minor == 0 {
				open = open[:len(open)-1]
			}
		}
	}
	return all
}

// books are the entries of an account, from which ledgers are made.
type books struct {
	entries []Entry
	taken   []TakenBack
}

// ledger is what counted at an instant, without some of what was taken back. Of a mistake
// and its reversal both count once the reversal is recorded, as they do in the ledger.
func (b *books) ledger(at time.Time, without map[*TakenBack]bool) (decision.Ledger, error) {
	amounts := make(map[*Entry]int64, len(b.taken))
	gone := map[*Entry]bool{}
	for i := range b.taken {
		t := &b.taken[i]
		switch {
		case t.Reversed():
			gone[t.Receipt] = without[t] || at.Before(t.Receipt.Recorded)
			gone[t.Back] = without[t] || at.Before(t.Back.Recorded)
		case without[t]:
			amounts[t.Receipt] -= t.Minor
			amounts[t.Back] += t.Minor
		}
	}
	buckets := make([]decision.Bucket, 0, len(b.entries))
	for i := range b.entries {
		e := &b.entries[i]
		minor := e.Minor + amounts[e]
		if gone[e] || e.Minor < 0 && minor == 0 {
			continue
		}
		buckets = append(buckets, decision.Bucket{Day: e.Day, Minor: minor})
	}
	return decision.Ledger{}.Merge(buckets...)
}
