package advice

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"net/url"
	"strings"

	"github.com/evenhand/evenhand/internal/markdown"
)

// JSON returns the report as indented JSON, with a line feed at its end.
func (r Report) JSON() (string, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return "", fmt.Errorf("write a report: %w", err)
	}
	return string(text) + "\n", nil
}

//go:embed report.html
var page string

// pageTemplate escapes what customers wrote, and does not follow addresses of other
// kinds than those of pages and mail.
var pageTemplate = template.Must(template.New("report").Funcs(template.FuncMap{
	"period": period, "summary": func(c Counts) string { return c.words() }, "votes": votesWords, "from": Said.from,
	"latest":  func(s Said) *Did { return s.latest() },
	"earlier": func(s Said) []Did { return s.earlier() },
	"linked":  linked, "lines": func(text string) []string { return strings.Split(text, "\n") },
}).Parse(page))

// HTML returns the report as a page that stands alone and prints well.
func (r Report) HTML() (string, error) {
	var b strings.Builder
	if err := pageTemplate.Execute(&b, r); err != nil {
		return "", fmt.Errorf("write a report: %w", err)
	}
	return b.String(), nil
}

// linked says whether an address is one to follow from a report.
func linked(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "https" || u.Scheme == "http") && u.Host != ""
}

func period(r Report) string {
	switch {
	case r.From != "" && r.To != "":
		return r.From + " to " + r.To
	case r.From != "":
		return "since " + r.From
	case r.To != "":
		return "up to " + r.To
	}
	return ""
}

// words sums the report up: "12 ideas: 3 done, 2 adopted, …"; what there is none of is
// left out.
func (c Counts) words() string {
	var parts []string
	for _, n := range []struct {
		count int
		word  string
	}{{c.Done, "done"}, {c.Adopted, "adopted"}, {c.Trial, "on trial"}, {c.AlreadyThere, "there already"},
		{c.Declined, "declined"}, {c.Undecided, "not decided yet"}} {
		if n.count > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n.count, n.word))
		}
	}
	text := "No ideas."
	switch {
	case c.Ideas == 1:
		text = "1 idea: " + parts[0] + "."
	case c.Ideas > 1:
		text = fmt.Sprintf("%d ideas: %s.", c.Ideas, strings.Join(parts, ", "))
	}
	if c.Late > 0 {
		text += fmt.Sprintf(" %d undecided past the decision day.", c.Late)
	}
	if c.Overdue > 0 {
		text += fmt.Sprintf(" %d promised and overdue.", c.Overdue)
	}
	return text
}

func votesWords(n int64) string {
	switch n {
	case 0:
		return "no votes"
	case 1:
		return "1 vote"
	}
	return fmt.Sprintf("%d votes", n)
}

// from says who gave it, and the ideas merged into it: "Jo, Brook & Sons; also 2 others".
func (s Said) from() string {
	switch {
	case len(s.With) > 0:
		return s.By + "; also " + strings.Join(s.With, "; ")
	case s.Others == 1:
		return s.By + "; also 1 other"
	case s.Others > 1:
		return fmt.Sprintf("%s; also %d others", s.By, s.Others)
	}
	return s.By
}

// latest is the answer that counts; nil while there is none.
func (s Said) latest() *Did {
	if len(s.Answers) == 0 {
		return nil
	}
	return &s.Answers[len(s.Answers)-1]
}

// earlier are the answers before it, oldest first.
func (s Said) earlier() []Did {
	if len(s.Answers) == 0 {
		return nil
	}
	return s.Answers[:len(s.Answers)-1]
}

// Markdown returns the report in Markdown, in which what customers wrote is text alone.
func (r Report) Markdown() string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("# %s\n", markdown.Plain(r.Title))
	about := markdown.Plain(r.About)
	if p := period(r); p != "" {
		about += ", " + p
	}
	line("%s\n\n%s", about, r.Counts.words())
	for _, q := range r.Questions {
		line("\n## %s", markdown.Plain(q.Question))
		if q.Opened != "" {
			line("\nAsked on %s, to be decided by %s.", q.Opened, q.DecisionDue)
		}
		if q.Answer != "" {
			line("\n%s", markdown.Plain(q.Answer))
		}
		for _, s := range q.Ideas {
			s.markdown(line)
		}
	}
	return b.String()
}

func (s Said) markdown(line func(string, ...any)) {
	line("\n### %s\n", markdown.Plain(s.Title))
	line("**You said** (%s, %s, %s):\n", markdown.Plain(s.from()), s.Given, votesWords(s.Votes))
	quoted := strings.Split(strings.TrimSpace(cmp.Or(s.Text, s.Title)), "\n")
	for i, l := range quoted {
		quoted[i] = markdown.Plain(l)
	}
	for _, l := range s.Links {
		quoted = append(quoted, strings.TrimSpace(markdown.Plain(l.Title)+" "+address(l.URL)))
	}
	line("> %s", strings.Join(quoted, "\n>\n> "))
	if s.Into != "" {
		line("\nThis was merged into “%s”.", markdown.Plain(s.Into))
	}
	line("\n**We did:** %s.", s.Status)
	if len(s.Answers) > 0 {
		line("")
	}
	for i, d := range s.Answers {
		d.markdown(line, i+1 < len(s.Answers))
	}
}

func (d Did) markdown(line func(string, ...any), earlier bool) {
	head := fmt.Sprintf("%s on %s", d.Outcome, d.On)
	if d.Owner != "" {
		head += fmt.Sprintf(", %s, due on %s", markdown.Plain(d.Owner), d.Due)
	}
	if earlier {
		head += " (changed since)"
	}
	line("- %s: %s", head, markdown.Plain(d.Reason))
	if d.Changed != "" {
		line("  - Why it was changed: %s", markdown.Plain(d.Changed))
	}
	for _, s := range d.Steps {
		text := markdown.Plain(s.Note)
		if s.Evidence != "" {
			text += " (" + address(s.Evidence) + ")"
		}
		line("  - %s: %s", s.On, text)
	}
	if d.Done != "" {
		line("  - Done on %s.", d.Done)
	}
}

// address writes an address so that it can be followed and copied, and other text as
// what it is.
func address(text string) string {
	if linked(text) && !strings.ContainsAny(text, "<> \t\r\n") {
		return "<" + text + ">"
	}
	return markdown.Plain(text)
}
