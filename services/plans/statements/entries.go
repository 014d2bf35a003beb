package statements

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// EntryPlace is behind an entry in the list of those that a figure is made of.
type EntryPlace struct {
	Day      civil.Day
	Name     string
	Subject  string
	Position int64
	// Listed is how many entries with all these were listed: a case can keep a promise twice
	// on one day.
	Listed int
}

func (s *Source) place() EntryPlace {
	return EntryPlace{Day: s.Day, Name: s.Name, Subject: s.Subject, Position: s.Position}
}

// compare is the order of entries in a figure, but for how many were listed.
func (p EntryPlace) compare(other EntryPlace) int {
	return cmp.Or(cmp.Compare(p.Day, other.Day), cmp.Compare(p.Name, other.Name), cmp.Compare(p.Subject, other.Subject),
		cmp.Compare(p.Position, other.Position))
}

// Entries are some of those that a figure is made of.
type Entries struct {
	// Currency is that of their amounts; empty while the company has none.
	Currency string
	Page     []Source
	// Total is how many there are in all.
	Total int
	// Next is where the next page begins; nil on the last.
	Next *EntryPlace
}

// EntryQuery says which entries of which statement are wanted.
type EntryQuery struct {
	Account string
	Quarter Quarter
	View    View
	// Known is the instant as of whose knowledge the statement is; zero for now.
	Known time.Time
	// Figure is the id of the figure.
	Figure string
	// Size is the most to return; at least 1.
	Size int
	// After is the next of an earlier page, or nil.
	After *EntryPlace
}

// Entries lists what a figure of a statement is made of, in the order of days. It fails as
// Get does, and with INVALID_ARGUMENT for a figure that there is none of.
func (s *Service) Entries(ctx context.Context, query EntryQuery) (Entries, error) {
	if !slices.ContainsFunc(definitions, func(d definition) bool { return d.id == query.Figure }) {
		var known []string
		for _, d := range definitions {
			known = append(known, d.id)
		}
		return Entries{}, fault.Invalid("figure", "%q is no figure of a value statement: there are %s", query.Figure, strings.Join(known, ", "))
	}
	a, err := s.statement(ctx, query.Account, query.Quarter, query.View, query.Known)
	if err != nil {
		return Entries{}, err
	}
	list := a.Figure(query.Figure).Sources
	from := 0
	if after := query.After; after != nil {
		from, _ = slices.BinarySearchFunc(list, *after, func(e Source, p EntryPlace) int { return e.place().compare(p) })
		for listed := 0; listed < after.Listed && from < len(list) && list[from].place().compare(*after) == 0; listed++ {
			from++
		}
	}
	out := Entries{Currency: a.Currency, Total: len(list), Page: list[from:min(len(list), from+query.Size)]}
	if from+len(out.Page) == len(list) {
		return out, nil
	}
	next := out.Page[len(out.Page)-1].place()
	for i := from + len(out.Page) - 1; i >= 0 && list[i].place().compare(next) == 0; i-- {
		next.Listed++
	}
	out.Next = &next
	return out, nil
}
