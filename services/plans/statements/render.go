package statements

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	htmltemplate "html/template"
	"net/url"
	"strconv"
	"strings"
	texttemplate "text/template"
	"time"

	"github.com/evenhand/evenhand/internal/markdown"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/currency"
)

//go:embed templates
var files embed.FS

var (
	htmlPage     = htmltemplate.Must(htmltemplate.ParseFS(files, "templates/statement.html"))
	markdownPage = texttemplate.Must(texttemplate.New("statement.md").Funcs(texttemplate.FuncMap{"plain": markdown.Plain}).ParseFS(files, "templates/statement.md"))
)

// HTML writes the statement as a page that prints on A4 and needs nothing else.
func (a *Answer) HTML() (string, error) {
	var out bytes.Buffer
	if err := htmlPage.Execute(&out, a.sheet()); err != nil {
		return "", fmt.Errorf("write %s as HTML: %w", Name(a.Account, a.Quarter), err)
	}
	return out.String(), nil
}

// Markdown writes the statement as text in Markdown.
func (a *Answer) Markdown() (string, error) {
	var out bytes.Buffer
	if err := markdownPage.Execute(&out, a.sheet()); err != nil {
		return "", fmt.Errorf("write %s as Markdown: %w", Name(a.Account, a.Quarter), err)
	}
	return out.String(), nil
}

// sheet is a statement in words, as templates write it.
type sheet struct {
	Name, Account, Quarter, Days, Known string
	// Company is from whom it is; empty where nobody said what the company is called.
	Company string
	// Standing says whether it was issued.
	Standing string
	// Finding says that the issued statement differs from what it was; empty otherwise.
	Finding         string
	Digest          string
	Notes           []string
	Sections        []section
	Since           []change
	Next            []Prospect
	NextDays        []string
	NextAsOf        string
	HasNext, Issued bool
}

type section struct {
	Title string
	Rows  []row
}

type row struct {
	Label, Value, Note, References string
	Nothing                        bool
	Parts                          []row
}

type change struct{ Label, Was, Is, Entries string }

// sheet puts the statement into words.
func (a *Answer) sheet() sheet {
	s := sheet{Name: Name(a.Account, a.Quarter), Account: cmp.Or(a.DisplayName, a.Account), Company: a.Company, Quarter: a.Quarter.Words(),
		Days: a.Quarter.First().Words() + " to " + a.Quarter.Last().Words(), Known: a.instant(a.Known), Digest: a.Digest, Notes: a.Notes,
		Standing: "Not issued: as it is known now.", HasNext: !a.NextAsOf.IsZero()}
	if a.Issue != nil {
		s.Issued = true
		s.Standing = "Issued on " + a.instant(a.Issue.State.Created) + " by " + a.Issue.State.By + "."
		if a.Digest != a.Issue.State.Digest && !a.Differs && a.KnownAt.IsZero() {
			s.Standing += " This is what is known now."
		}
		if a.Differs {
			s.Finding = "The statement that was issued cannot be made again: its digest was " + a.Issue.State.Digest + "."
		}
	}
	if !a.KnownAt.IsZero() {
		known := "As it was known on " + a.instant(a.KnownAt) + "."
		if a.Issue == nil {
			s.Standing = "Not issued."
		}
		s.Standing += " " + known
	}
	for i := range definitions {
		d, f := &definitions[i], a.Figure(definitions[i].id)
		if f == nil {
			continue
		}
		if len(s.Sections) == 0 || s.Sections[len(s.Sections)-1].Title != d.section {
			s.Sections = append(s.Sections, section{Title: d.section})
		}
		in := &s.Sections[len(s.Sections)-1]
		in.Rows = append(in.Rows, a.row(d, f))
	}
	for i := range a.Since {
		s.Since = append(s.Since, a.change(&a.Since[i]))
	}
	if s.HasNext {
		s.NextAsOf = a.instant(a.NextAsOf)
	}
	for _, n := range a.Next {
		s.Next = append(s.Next, n)
		due := "no day set"
		if n.Day != civil.Never && n.Day != 0 {
			due = n.Day.Words()
		}
		s.NextDays = append(s.NextDays, due)
	}
	return s
}

func (a *Answer) row(d *definition, f *Figure) row {
	r := row{Label: f.Label, Value: a.value(d, f)}
	if len(f.Sources) == 0 {
		r.Value, r.Note, r.Nothing = "0", d.none, true
		if d.money && a.Currency != "" {
			r.Value = a.money(0)
		}
		return r
	}
	r.Note, r.References = a.note(d, f), a.references(f)
	for i := range f.Parts {
		p := &f.Parts[i]
		part := row{Label: p.Label, Value: a.value(d, p), Note: a.note(d, p)}
		if d.kind == kindWaived {
			part.Note = "" // it stands at the figure
		}
		r.Parts = append(r.Parts, part)
	}
	return r
}

// value is a figure's number: its amount, where it has one that can be shown.
func (a *Answer) value(d *definition, f *Figure) string {
	if d.kind == kindHours {
		return hours(f.Minutes)
	}
	if d.money && a.Currency != "" && (d.kind != kindUsed || f.Count != f.Unknown || f.Minor != 0) {
		return a.money(f.Minor)
	}
	return strconv.FormatInt(f.Count, 10)
}

// note says what the number alone does not.
func (a *Answer) note(d *definition, f *Figure) string {
	var parts []string
	switch d.kind {
	case kindPaid:
		parts = append(parts, many(f.Count, "payment or refund", "payments and refunds"))
	case kindWaived:
		parts = append(parts, "counted, not priced: where the use of a waiver was recorded, its cost is among the benefits used")
	case kindUsed:
		parts = append(parts, many(f.Count, "unit", "units"))
		for _, o := range []struct{ id, words string }{{"asked-for", "asked for"}, {"offered", "offered"}, {"automatic", "automatic"}} {
			if n := f.Origins[o.id]; n != 0 {
				parts = append(parts, fmt.Sprintf("%d %s", n, o.words))
			}
		}
		if f.Returned != 0 {
			parts = append(parts, fmt.Sprintf("%d came back", f.Returned))
		}
		if f.Unknown != 0 {
			parts = append(parts, fmt.Sprintf("%d without a stated worth", f.Unknown))
		}
	default:
	}
	switch {
	case d.kind == kindHours:
		parts = append(parts, many(f.Count, "entry", "entries")+", each on its day of work")
	case f.Minutes != 0 && d.kind == kindEngagement:
		parts = append(parts, hours(f.Minutes)+" hours went into this in all; those of the quarter are among the hours that our people gave")
	case f.Minutes != 0:
		parts = append(parts, hours(f.Minutes)+" hours of our people")
	}
	return strings.Join(parts, ", ")
}

// hours writes minutes as 1:30.
func hours(minutes int64) string { return fmt.Sprintf("%d:%02d", minutes/60, minutes%60) }

// shownReferences is how many entries a page names; the call that lists all stands beside
// them.
const shownReferences = 3

// references name the entries that a figure is made of, or the call that lists them.
func (a *Answer) references(f *Figure) string {
	if f.ID == "paid" {
		return "Listed by " + ListCall(a.Account, a.Quarter, f.ID)
	}
	var list []string
	named := map[string]bool{} // a case has several clocks
	for i := range f.Sources {
		name := f.Sources[i].Cited()
		if text := f.Sources[i].Words(); text != "" {
			name += " (" + text + ")"
		}
		if named[name] {
			continue
		}
		if named[name] = true; len(named) <= shownReferences {
			list = append(list, name)
		}
	}
	if more := len(named) - shownReferences; more > 0 {
		list = append(list, fmt.Sprintf("and %d more, listed by %s", more, a.entriesCall(f.ID)))
	}
	return strings.Join(list, ", ")
}

// entriesCall is the call that lists the entries of a figure as this very statement has them.
func (a *Answer) entriesCall(figure string) string {
	call := "GET /v1/" + Name(a.Account, a.Quarter) + "/entries?figure=" + figure
	if a.View != Default {
		call += "&view=VALUE_STATEMENT_VIEW_" + strings.ToUpper(string(a.View))
	}
	if !a.KnownAt.IsZero() {
		call += "&knownTime=" + escaped(a.KnownAt.UTC().Format(time.RFC3339Nano))
	}
	return call
}

// ListCall is the call that lists what was recorded in the quarter and makes a figure of an
// account, by its id; empty where the names of the entries say enough.
func ListCall(account string, q Quarter, figure string) string {
	within := func(field string) string {
		return fmt.Sprintf("%s >= %q AND %s <= %q", field, q.First(), field, q.Last())
	}
	switch figure {
	case "paid":
		return "GET /v1/accounts/" + account + "/revenueEntries?filter=" + escaped(within("date"))
	case "benefits":
		return "GET /v1/accounts/" + account + "/usageEntries?filter=" +
			escaped(within("count_date")+" AND (type = USED OR type = COMMITTED OR type = RELEASED)")
	case "cases-solved", "commitments-kept", "commitments-missed":
		return "GET /v1/accounts/" + account + "/cases"
	}
	return ""
}

// escaped writes text so that it can stand in the query of a URL, as it is.
func escaped(text string) string { return strings.ReplaceAll(url.QueryEscape(text), "+", "%20") }

func (a *Answer) change(d *Difference) change {
	of := &definition{}
	for i := range definitions {
		if definitions[i].id == d.Is.ID {
			of = &definitions[i]
		}
	}
	var names []string
	for _, s := range d.Added {
		names = append(names, "new: "+s.Cited())
	}
	for _, s := range d.Removed {
		names = append(names, "no more: "+s.Cited())
	}
	if more := len(names) - shownReferences; more > 0 {
		names = append(names[:shownReferences], fmt.Sprintf("and %d more", more))
	}
	return change{d.Is.Label, a.value(of, &d.Was), a.value(of, &d.Is), strings.Join(names, ", ")}
}

func (a *Answer) money(minor int64) string {
	decimals, known := currency.Digits(a.Currency)
	if !known {
		return ""
	}
	return a.Currency + " " + inThousands(currency.Format(minor, decimals))
}

// inThousands writes commas between the thousands of an amount, for people to read.
func inThousands(amount string) string {
	whole, fraction, _ := strings.Cut(amount, ".")
	for at := len(whole) - 3; at > 0 && whole[at-1] != '-'; at -= 3 {
		whole = whole[:at] + "," + whole[at:]
	}
	if fraction == "" {
		return whole
	}
	return whole + "." + fraction
}

// instant writes an instant in the company's zone.
func (a *Answer) instant(t time.Time) string {
	zone, err := zoneOf(a.Zone)
	if err != nil {
		zone = civil.UTC
	}
	return t.In(zone.Location()).Format("2 January 2006, 15:04 MST")
}
