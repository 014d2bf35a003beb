package sessions

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/markdown"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Report is what those who came to a session are told: what was asked, what they said, what
// the company did, and why.
type Report struct {
	Markdown, Text string
}

// Report makes the report of a session, for all who came, or for an account by its id, which
// is told which of the ideas are its own. Customers are not told of each other who said what.
// NOT_FOUND; STRATEGY_SESSION_STATE before it was opened; INVALID_ARGUMENT for an account that
// was not invited.
func (s *Service) Report(ctx context.Context, id, account string) (Report, error) {
	n, err := s.sessions.Get(ctx, id)
	if err != nil {
		return Report{}, err
	}
	if n.State.Solicitation == "" {
		return Report{}, stateFault(id, "%s was not opened: nobody was asked, and there is nothing to report.", Name(id))
	}
	if account != "" && !n.State.invites(account) {
		return Report{}, fault.Invalid("account", "%s was not invited", plans.AccountName(account))
	}
	zone, today, err := s.today(ctx)
	if err != nil {
		return Report{}, err
	}
	ideas, err := s.opts.Board.Ideas(ctx, n.State.Solicitation)
	if err != nil {
		return Report{}, fmt.Errorf("read what was said at %s: %w", Name(id), err)
	}
	lines := n.State.report(ideas, account, zone, today)
	return Report{Markdown: lines.markdown(), Text: lines.text()}, nil
}

// lineKind says how a line of a report is shown.
type lineKind int

const (
	title lineKind = iota
	heading
	subheading
	paragraph
	quote // words of a customer
	point
)

// line is a paragraph of a report.
type line struct {
	kind lineKind
	// label stands before the words, set off; it is ours.
	label, words string
}

type lines []line

func (l *lines) add(kind lineKind, label, format string, args ...any) {
	words := format
	if len(args) > 0 {
		words = fmt.Sprintf(format, args...)
	}
	if words = strings.TrimSpace(words); words != "" {
		*l = append(*l, line{kind, label, words})
	}
}

// report says what became of a session.
func (s *Session) report(ideas []Idea, account string, zone civil.Zone, today civil.Day) lines {
	var l lines
	l.add(title, "", "You said, we did: %s", s.Title)
	l.add(paragraph, "", "%s", s.met(zone))
	l.add(heading, "", "What we asked")
	l.add(paragraph, "", "%s", s.Question)
	l.add(paragraph, "What we leaned to", "%s", s.Leaning)
	l.add(paragraph, "Why", "%s", s.Why)
	l.add(paragraph, "What we knew", "%s", s.Facts)
	own := func(i Idea) bool { return account == "" || i.Account == account }
	s.said(&l, "What you said, and what we did about it", ideas, own, today)
	if account != "" {
		s.said(&l, "What others said, and what we did about it", ideas, func(i Idea) bool { return !own(i) }, today)
	}
	s.outcome(&l, ideas)
	return l
}

// met says when the session took place, and who came.
func (s *Session) met(zone civil.Zone) string {
	if s.HeldOn == 0 {
		if s.State == Cancelled {
			return "It was cancelled: " + s.Cancellation
		}
		return fmt.Sprintf("It takes place on %s.", zone.DayOf(s.Starts).Words())
	}
	came := 0
	seen := map[string]bool{}
	for _, a := range s.Attendance {
		if !seen[a.Account] {
			seen[a.Account] = true
			came++
		}
	}
	customers := fmt.Sprintf("%d customers", came)
	if came == 1 {
		customers = "1 customer"
	}
	return fmt.Sprintf("It took place on %s; %s came.", s.HeldOn.Words(), customers)
}

// said tells of the ideas that keep wants.
func (s *Session) said(l *lines, under string, ideas []Idea, keep func(Idea) bool, today civil.Day) {
	l.add(heading, "", "%s", under)
	told := false
	for _, i := range ideas {
		if !keep(i) {
			continue
		}
		told = true
		l.add(subheading, "", "%s", i.Title)
		l.add(quote, "", "%s", i.Text)
		if i.MergedInto != "" {
			l.add(point, "", "It has the same answer as %q.", i.MergedInto)
		}
		if !i.Decided {
			l.add(point, "What we did", "%s", s.undecidedWords(today))
			continue
		}
		l.add(point, "What we did", "%s", i.did())
		l.add(point, "Why", "%s", i.Reason)
		if s.Decision != nil && slices.Contains(s.Decision.Changed, i.Name) {
			l.add(point, "", "It changed what we decided.")
		}
	}
	if !told {
		l.add(paragraph, "", "Nothing was written down.")
	}
}

func (s *Session) undecidedWords(today civil.Day) string {
	words := "It is not decided yet. We promised an answer by %s%s."
	if s.promised() < today {
		words = "It is not decided yet, and should have been by %s%s."
	}
	return fmt.Sprintf(words, s.promised().Words(), s.putOff())
}

// putOff says to when a promise was put off; nothing where it was not.
func (s *Session) putOff() string {
	if s.Decides <= s.promised() {
		return ""
	}
	return "; it was put off to " + s.Decides.Words()
}

// did says what the company did about an idea.
func (i *Idea) did() string {
	var words string
	switch i.Outcome {
	case feeds.Adopted:
		words = "We do it"
	case feeds.Tried:
		words = "We try it"
	case feeds.AlreadyThere:
		return "It is there already."
	default:
		return "We do not do it."
	}
	switch {
	case i.Done && i.Evidence != "":
		return words + ". It is done: " + i.Evidence
	case i.Done:
		return words + ". It is done."
	case i.Due != 0:
		return words + ", by " + i.Due.Words() + "."
	}
	return words + "."
}

// outcome tells of the decision.
func (s *Session) outcome(l *lines, ideas []Idea) {
	l.add(heading, "", "What we decided")
	d := s.Decision
	if d == nil {
		words := "Nothing yet. It is to be decided by %s%s."
		if s.putOff() != "" {
			words = "Nothing yet. It was to be decided by %s%s."
		}
		l.add(paragraph, "", words, s.promised().Words(), s.putOff())
		return
	}
	l.add(paragraph, "", "%s", d.Text)
	l.add(paragraph, "Why", "%s", d.Reason)
	var changed []string
	for _, i := range ideas {
		if slices.Contains(d.Changed, i.Name) {
			changed = append(changed, fmt.Sprintf("%q", i.Title))
		}
	}
	what := "None of the ideas changed it."
	if len(changed) > 0 {
		what = "Changed by " + strings.Join(changed, ", ") + "."
	}
	l.add(paragraph, "", "Decided on %s by %s. %s", d.Day.Words(), plans.PrincipalName(d.By), what)
}

// markdown writes the lines in Markdown, in which what people wrote is text alone.
func (l lines) markdown() string {
	var b strings.Builder
	for at, x := range l {
		words := markdown.Plain(x.words)
		if x.label != "" {
			words = "**" + x.label + ":** " + words
		}
		if at > 0 && (x.kind != point || l[at-1].kind != point) {
			b.WriteByte('\n')
		}
		b.WriteString([...]string{title: "# ", heading: "## ", subheading: "### ", paragraph: "", quote: "> ", point: "- "}[x.kind] + words + "\n")
	}
	return b.String()
}

// text writes the lines in plain text.
func (l lines) text() string {
	var b strings.Builder
	for at, x := range l {
		words := x.words
		if x.label != "" {
			words = x.label + ": " + words
		}
		if at > 0 && (x.kind != point || l[at-1].kind != point) {
			b.WriteByte('\n')
		}
		switch x.kind {
		case title:
			words = strings.ToUpper(words)
		case heading:
			words += "\n" + strings.Repeat("-", len([]rune(words)))
		case quote:
			words = "  | " + strings.ReplaceAll(words, "\n", "\n  | ")
		case point:
			words = "  - " + words
		}
		b.WriteString(words + "\n")
	}
	return b.String()
}
