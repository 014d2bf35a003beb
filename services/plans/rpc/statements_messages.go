package rpc

import (
	"google.golang.org/genproto/googleapis/type/money"

	"github.com/evenhand/evenhand/internal/platform/wire"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/statements"
)

// versionPrefix begins the names of versions of the schedule.
const versionPrefix = "schedule/versions/"

// statementWriter writes statements in a currency; with entries also what figures are made
// of.
type statementWriter struct {
	currency string
	entries  bool
	// listCall is the call that lists what was recorded for a figure; nil where there is none.
	listCall func(figure string) string
}

// A statement is one message, and may be made of any number of entries: of each figure it
// has so many, and of each difference, and ListValueStatementEntries has all.
const (
	shownEntries     = 200
	shownDifferences = 50
)

func statementOut(a *statements.Answer, entries bool) *plansv1.ValueStatement {
	w := statementWriter{a.Currency, entries, func(figure string) string { return statements.ListCall(a.Account, a.Quarter, figure) }}
	out := &plansv1.ValueStatement{
		Name: statements.Name(a.Account, a.Quarter), AccountDisplayName: a.DisplayName, FromDate: dayOut(a.Quarter.First()), ToDate: dayOut(a.Quarter.Last()),
		CompanyDisplayName: a.Company, CurrencyCode: a.Currency, TimeZone: a.Zone, KnownTime: wire.Timestamp(a.Known), Figures: w.figures(a.Figures), Notes: a.Notes, Digest: a.Digest,
		ProspectsTime: wire.Timestamp(a.NextAsOf),
	}
	if a.Issue != nil {
		i := &a.Issue.State
		out.Issue = &plansv1.StatementIssue{IssueTime: wire.Timestamp(i.Created), KnownTime: wire.Timestamp(i.Known), Issuer: i.By, Digest: i.Digest, Differs: a.Differs}
	}
	for i := range a.Since {
		d := &a.Since[i]
		out.SinceIssue = append(out.SinceIssue, &plansv1.StatementDifference{
			Figure: d.Is.ID, Label: d.Is.Label, IssuedCount: d.Was.Count, CurrentCount: d.Is.Count,
			IssuedAmount: w.amount(d.Is.ID, d.Was.Minor), CurrentAmount: w.amount(d.Is.ID, d.Is.Minor),
			AddedEntries: w.list(d.Is.ID, d.Added, shownDifferences), RemovedEntries: w.list(d.Is.ID, d.Removed, shownDifferences),
			AddedCount: int64(len(d.Added)), RemovedCount: int64(len(d.Removed)),
		})
	}
	for _, n := range a.Next {
		out.Prospects = append(out.Prospects, &plansv1.StatementProspect{Name: n.Name, Description: n.Text, DueDate: dayOut(n.Day)})
	}
	return out
}

// amount writes an amount of the figures that have one.
func (w statementWriter) amount(figure string, minor int64) *money.Money {
	if figure != "paid" && figure != "benefits" {
		return nil
	}
	return wire.Money(minor, w.currency)
}

func (w statementWriter) figures(list []statements.Figure) []*plansv1.StatementFigure {
	var out []*plansv1.StatementFigure
	for i := range list {
		f := w.figure(list[i].ID, &list[i])
		if w.listCall != nil {
			f.ListCall = w.listCall(f.GetId())
		}
		out = append(out, f)
	}
	return out
}

// figure writes a figure, or a part of the one of an id.
func (w statementWriter) figure(of string, f *statements.Figure) *plansv1.StatementFigure {
	out := &plansv1.StatementFigure{Id: f.ID, Label: f.Label, Count: f.Count, Amount: w.amount(of, f.Minor), UnknownUnits: f.Unknown,
		Minutes: f.Minutes, Origins: f.Origins, ReturnedUnits: f.Returned, EntryCount: f.Entries}
	if w.entries {
		out.Entries = w.list(of, f.Sources, shownEntries)
	}
	for i := range f.Parts {
		out.Parts = append(out.Parts, w.figure(of, &f.Parts[i]))
	}
	return out
}

// list writes at most so many entries of a figure.
func (w statementWriter) list(figure string, list []statements.Source, most int) []*plansv1.StatementEntry {
	var out []*plansv1.StatementEntry
	for i := range list[:min(len(list), most)] {
		s := &list[i]
		e := &plansv1.StatementEntry{Name: s.Cited(), Service: string(s.Service), Position: s.Position, RecordedTime: wire.Timestamp(s.Recorded), Date: dayOut(s.Day),
			Subject: s.Subject, Text: s.Words(), Count: s.Count, Amount: w.amount(figure, s.Minor), Minutes: s.Minutes, Origin: s.Origin, Rule: s.Rule}
		if figure == "benefits" {
			e.CostUnknown = !s.Stated
		}
		if s.Version != "" {
			e.ScheduleVersion = versionPrefix + s.Version
		}
		out = append(out, e)
	}
	return out
}

func sumOut(s *statements.Sum) *plansv1.SumValueStatementsResponse {
	w := statementWriter{currency: s.Currency}
	out := &plansv1.SumValueStatementsResponse{FromDate: dayOut(s.Quarter.First()), ToDate: dayOut(s.Quarter.Last()), KnownTime: wire.Timestamp(s.Known),
		Figures: w.figures(s.Figures), Accounts: int32(s.Accounts), IssuedStatements: int32(s.Issued)}
	if s.Unreachable != nil {
		out.UnreachableReason = unreachable(s.Unreachable)
		return out
	}
	paid, used, l := s.Figure("paid"), s.Figure("benefits"), &s.Ledgers
	out.Ledgers = &plansv1.SumValueStatementsResponse_Ledgers{
		Paid: wire.Money(l.Paid, s.Currency), Benefits: wire.Money(l.Worth, s.Currency), Units: l.Units, UnknownUnits: l.Unknown,
		PaidDifference: wire.Money(paid.Minor-l.Paid, s.Currency), BenefitsDifference: wire.Money(used.Minor-l.Worth, s.Currency),
		UnitsDifference: used.Count - l.Units - l.Unknown,
	}
	return out
}
