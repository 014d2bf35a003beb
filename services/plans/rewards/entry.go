package rewards

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// EntryKind says why an entry was written.
type EntryKind string

// The kinds of entries.
const (
	// Credited is the first entry of a credit.
	Credited EntryKind = "credit"
	// Countered says that what the credit is worth has changed: work was withdrawn, or was
	// confirmed later, or other work came late.
	Countered EntryKind = "counter"
	// Corrected is the correction of a person, or one taken back.
	Corrected EntryKind = "correction"
)

// Entry is a line of the ledger. It stays as it was written.
type Entry struct {
	// Credit is the id of what the entry is part of: a piece of work for an account, a person,
	// a rule and a month. Number counts its entries from 1.
	Credit string    `bson:"credit"`
	Number int       `bson:"number"`
	Kind   EntryKind `bson:"kind"`
	// Person and Account are ids; the account may be empty.
	Person  string `bson:"person"`
	Account string `bson:"account"`
	// Month is that in which the work was completed, at an instant, as 2026-11.
	Month     string    `bson:"month"`
	Completed time.Time `bson:"completed"`
	// Work is the resource name of the work, which is the evidence, and Evidence are the
	// references that came with it.
	Work     string   `bson:"work"`
	WorkKind Kind     `bson:"work_kind"`
	Evidence []string `bson:"evidence,omitempty"`
	// Rule is the id of the rule, and Version the number of the version that has it.
	Rule    string `bson:"rule"`
	Version int    `bson:"version"`
	// Points are by how much the entry changes what the person has; they may be negative, or 0.
	Points int `bson:"points"`
	// Full is what the rule gives, and Worth what is left of it after Cuts, and where nothing
	// is Unmet, as of this entry.
	Full  int   `bson:"full"`
	Worth int   `bson:"worth"`
	Cuts  []Cut `bson:"cuts,omitempty"`
	Unmet Unmet `bson:"unmet,omitempty"`
	// Adjusts is by how much a correction moves what the credit is worth, which is never
	// below 0; Points are what that comes to. Cites is the id of the entry that is countered
	// or corrected, Reason why a person did so, and By who, by resource name.
	Adjusts int    `bson:"adjusts,omitempty"`
	Cites   string `bson:"cites,omitempty"`
	Reason  string `bson:"reason,omitempty"`
	By      string `bson:"by,omitempty"`

	resource.Times `bson:",inline"`
}

// recorded is the event of an entry.
const recorded = "reward.recorded"

// LedgerKind describes entries to whoever reads their changes: without the reasons that
// people write.
var LedgerKind = resource.Kind[Entry]{
	Type: entryType, Name: EntryName,
	Tell: func(e Entry) any {
		e.Reason = ""
		return e
	},
	Spec: docstore.Spec{Name: "reward_entries", Indexes: []docstore.Index{
		{Name: "credit", Fields: []string{"credit"}},
		{Name: "month", Fields: []string{"month", "completed"}},
		{Name: "person", Fields: []string{"person", "month", "completed"}},
		{Name: "account", Fields: []string{"account", "month", "completed"}},
	}},
}

// entryID is the id of the entry of a credit with a number.
func entryID(credit string, number int) string { return credit + "-" + strconv.Itoa(number) }

// account is the entries of one credit, as they stand together: no more of them than
// settling needs, since it holds the accounts of a whole month.
type account struct {
	person string
	// last is what the last entry says that was computed, and computed its number.
	last     outcome
	computed int
	// count is how many entries there are, points their sum, and adjusts that of what
	// corrections moved.
	count, points, adjusts int
	// highest is the number of the last.
	highest int
	// seen says that the settling that it was read for has come to the credit.
	seen bool
}

// outcome is what was computed of a credit, as in an entry.
type outcome struct {
	full, worth, version int
	unmet                Unmet
	cuts                 []Cut
}

// is says whether two outcomes are the same.
func (o outcome) is(p outcome) bool {
	return o.worth == p.worth && o.full == p.full && o.unmet == p.unmet && o.version == p.version && slices.Equal(o.cuts, p.cuts)
}

// add counts an entry of the credit.
func (a *account) add(e Entry) {
	a.person = e.Person
	a.count++
	a.highest = max(a.highest, e.Number)
	a.points += e.Points
	a.adjusts += e.Adjusts
	if e.Kind != Corrected && e.Number >= a.computed {
		a.last, a.computed = outcome{e.Full, e.Worth, e.Version, e.Unmet, e.Cuts}, e.Number
	}
}

// whole says whether all entries up to the highest number are there.
func (a *account) whole() bool { return a.count == a.highest }

// owed is what the person has of a credit that is worth so much, after corrections.
func (a *account) owed(worth int) int { return max(0, worth+a.adjusts) }

// accountsOf reads the entries of a month, by credit.
func (s *Service) accountsOf(ctx context.Context, month string) (map[string]*account, error) {
	found := map[string]*account{}
	for e, err := range s.entries.All(ctx, docstore.Query{Index: "month", Equal: []any{month}, Limit: 1000}) {
		if err != nil {
			return nil, fmt.Errorf("read the entries of %s: %w", month, err)
		}
		a := found[e.State.Credit]
		if a == nil {
			a = &account{}
			found[e.State.Credit] = a
		}
		a.add(e.State)
	}
	return found, nil
}

// stands says whether the entries say of a credit what is computed now.
func (a *account) stands(c *credit) bool {
	return a.computed > 0 && a.last.is(outcome{c.full, c.worth, c.version.Number, c.unmet, c.cuts}) && a.points == a.owed(c.worth)
}

// next is the entry that makes a credit what is computed now.
func (a *account) next(c *credit, month string) Entry {
	e := Entry{Credit: c.id, Number: a.highest + 1, Kind: Credited, Person: c.person, Account: c.work.Account,
		Month: month, Completed: c.work.Completed, Work: c.work.Name, WorkKind: c.work.Kind, Evidence: c.work.Evidence,
		Rule: c.rule.ID, Version: c.version.Number, Full: c.full, Worth: c.worth, Cuts: c.cuts, Unmet: c.unmet,
		Points: a.owed(c.worth) - a.points}
	if a.count > 0 {
		e.Kind, e.Cites = Countered, entryID(c.id, a.computed)
	}
	return e
}

// ended is the entry that makes a credit nothing, of which the last computed one is given.
func (a *account) ended(last Entry, why Unmet) Entry {
	e := last
	e.Number, e.Kind, e.Cites = a.highest+1, Countered, entryID(last.Credit, last.Number)
	e.Worth, e.Cuts, e.Unmet = 0, nil, why
	e.Points = a.owed(0) - a.points
	return e
}

// Entry returns an entry, or resource.ErrNotFound.
func (s *Service) Entry(ctx context.Context, id string) (resource.Stored[Entry], error) {
	return s.entries.Get(ctx, id)
}

// EntryQuery says which entries to list: those of the latest month first, and within it
// those of the work completed last.
type EntryQuery struct {
	// Person and Account are ids; nil wants those of all. Both may be given.
	Person, Account *string
	// Month is as 2026-11; empty wants all.
	Month string
	// Keep says whether an entry is wanted; nil wants all.
	Keep func(resource.Stored[Entry]) bool
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// Entries lists entries.
func (s *Service) Entries(ctx context.Context, query EntryQuery) (resource.Page[Entry], error) {
	q := docstore.Query{Index: "month", Descending: true, Limit: query.Size, After: query.After}
	switch {
	case query.Person != nil:
		q.Index, q.Equal = "person", []any{*query.Person}
	case query.Account != nil:
		q.Index, q.Equal = "account", []any{*query.Account}
	}
	if query.Month != "" {
		q.Equal = append(q.Equal, query.Month)
	}
	place := func(e resource.Stored[Entry]) resource.Place {
		if query.Month != "" {
			return resource.Place{e.State.Completed, e.ID}
		}
		return resource.Place{e.State.Month, e.State.Completed, e.ID}
	}
	return s.entries.List(ctx, q, place, func(e resource.Stored[Entry]) bool {
		return (query.Account == nil || e.State.Account == *query.Account) && (query.Keep == nil || query.Keep(e))
	})
}
