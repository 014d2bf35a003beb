package advice

import (
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with a file below testdata.
func golden(t *testing.T, file, text string) {
	t.Helper()
	path := filepath.Join("testdata", file)
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), text)
}

// told makes a history worth telling: one of each outcome, one merged, one changed.
func told(t *testing.T) *fixture {
	f := start(t, teststore.SQLite(t))
	f.random = rand.NewChaCha8([32]byte{})
	f.Service = f.open(t, f.backend)
	f.asked(t, "freight", "anna", board("steel"))
	submit := func(title, text string, g Giver, solicitation string, links ...Link) string {
		i, err := f.Ideas.Submit(t.Context(), someone, Idea{Title: title, Text: text, Giver: g, Solicitation: solicitation, Links: links}, false)
		require.NoError(t, err)
		return i.ID
	}
	one := submit("One delivery a week", "Three small deliveries cost you & us more.\nOne is enough.", Giver{"acme", "jo"}, "freight",
		Link{"Our figures", "https://example.com/figures?a=1&b=2"})
	fewer := submit("Fewer deliveries", "", Giver{Account: "brook"}, "freight")
	odd := submit("<script>alert('x')</script> *bold* [link](javascript:alert(1))", "# no heading\n- no list\n1. nor this | `code`", Giver{Account: "cole"}, "freight",
		Link{"", "javascript:alert(1)"})
	night := submit("Deliver at night", "", Giver{Account: "drew"}, "freight")
	there := submit("Tell us when the lorry leaves", "", Giver{"acme", "kim"}, "")
	submit("Open on Saturdays", "", Giver{Account: "brook"}, "")
	f.vote(t, one, "acme", "brook")
	f.vote(t, fewer, "brook", "cole")
	f.merge(t, fewer, one)

	f.clock.day(t, "2026-03-24")
	decide := func(id string, d Disposition) {
		_, err := f.Ideas.Decide(t.Context(), someone, id, "", d)
		require.NoError(t, err)
	}
	decide(one, Disposition{Outcome: Trial, Reason: "We try it in the north.", Owner: "ben", Due: date(t, "2026-05-31")})
	decide(odd, declined)
	decide(night, Disposition{Outcome: Adopt, Reason: "The depot is open anyway.", Owner: "cleo", Due: date(t, "2026-04-30")})
	decide(there, Disposition{Outcome: AlreadyThere, Reason: "Switch it on under Settings."})
	_, err := f.Solicitations.Answer(t.Context(), someone, "freight", "", "Fewer deliveries, and at better times.")
	require.NoError(t, err)
	f.clock.day(t, "2026-06-02")
	_, err = f.Ideas.Follow(t.Context(), someone, one, "", Step{Note: "Tried for two months.", Evidence: "https://example.com/trial"})
	require.NoError(t, err)
	_, err = f.Ideas.Revise(t.Context(), someone, one, "", Disposition{Outcome: Adopt, Reason: "It saves a tenth.", Revises: "The trial went well.",
		Owner: "ben", Due: date(t, "2026-07-31")})
	require.NoError(t, err)
	f.clock.day(t, "2026-07-15")
	_, err = f.Ideas.Follow(t.Context(), someone, one, "", Step{Note: "Contract signed.", Evidence: "contract 1047", Completes: true})
	require.NoError(t, err)
	return f
}

func TestR40TheReport(t *testing.T) {
	f := told(t)
	write := func(name string, q ReportQuery) {
		t.Helper()
		for range 2 { // it is the same each time
			r, err := f.Ideas.Report(t.Context(), q)
			require.NoError(t, err)
			page, err := r.HTML()
			require.NoError(t, err)
			text, err := r.JSON()
			require.NoError(t, err)
			golden(t, name+".md", r.Markdown())
			golden(t, name+".html", page)
			golden(t, name+".json", text)
			require.True(t, json.Valid([]byte(text)))
			require.NotContains(t, page, "<script")
			require.NotContains(t, page, `href="javascript`)
		}
	}
	write("all", ReportQuery{})
	write("board", ReportQuery{Board: "steel", From: date(t, "2026-04-01"), To: date(t, "2026-06-30")})
	write("account", ReportQuery{Account: "brook"})
	write("contact", ReportQuery{Account: "acme", Contact: "jo"})
	golden(t, "message.md", f.outbox.sent[f.outbox.order[1]].Text)
}

// Whoever gave an idea learns that others did too, and nobody learns who they are.
func TestCustomersAreNotToldOfEachOther(t *testing.T) {
	f := told(t)
	one, err := f.Ideas.Report(t.Context(), ReportQuery{Account: "acme", Contact: "jo"})
	require.NoError(t, err)
	text, err := one.JSON()
	require.NoError(t, err)
	page, err := one.HTML()
	require.NoError(t, err)
	require.Contains(t, one.Markdown(), "Jo of acme, Acme & Sons; also 1 other,")
	require.Contains(t, text, `"others": 1`)
	for _, told := range []string{one.Markdown(), text, page} {
		require.NotContains(t, told, "Brook")
	}
	for _, m := range f.outbox.sent {
		for account, name := range map[string]string{"acme": "Acme", "brook": "Brook", "cole": "Cole", "drew": "Drew"} {
			if account != m.To.Account {
				require.NotContains(t, m.Text+m.HTML, name, "to %s", m.To)
			}
		}
	}
	all, err := f.Ideas.Report(t.Context(), ReportQuery{Board: "steel"})
	require.NoError(t, err)
	require.Contains(t, all.Markdown(), "Jo of acme, Acme & Sons; also Brook & Sons,")
}

func TestR40ThePeriodOfAReport(t *testing.T) {
	f := told(t)
	for period, want := range map[[2]string]int{
		{"2026-03-06", "2026-03-06"}: 6, {"2026-03-07", "2026-03-23"}: 0, {"2026-03-24", "2026-03-24"}: 5,
		{"2026-06-01", "2026-06-30"}: 2, {"2026-07-15", "2026-07-15"}: 2, {"2026-07-16", "2026-12-31"}: 0,
	} {
		r, err := f.Ideas.Report(t.Context(), ReportQuery{From: date(t, period[0]), To: date(t, period[1])})
		require.NoError(t, err)
		require.Equal(t, want, r.Counts.Ideas, period)
	}
	for text, q := range map[string]ReportQuery{
		"boards/nobody": {Board: "nobody"}, "solicitations/none": {Solicitation: "none"}, "accounts/acme/contacts/nobody": {Account: "acme", Contact: "nobody"},
		"a contact is one of an account": {Contact: "jo"},
	} {
		_, err := f.Ideas.Report(t.Context(), q)
		wantFault(t, err, "INVALID_ARGUMENT", text)
	}
}

func TestSummaries(t *testing.T) {
	require.Equal(t, "No ideas.", Counts{}.words())
	require.Equal(t, "1 idea: 1 done.", Counts{Ideas: 1, Done: 1}.words())
	require.Equal(t, "3 ideas: 1 adopted, 2 declined. 1 promised and overdue.", Counts{Ideas: 3, Adopted: 1, Declined: 2, Overdue: 1}.words())
	require.Equal(t, "since 2026-01-01", period(Report{From: "2026-01-01"}))
	require.Equal(t, "up to 2026-01-01", period(Report{To: "2026-01-01"}))
	for address, want := range map[string]bool{"https://a.b": true, "http://a": true, "javascript:x": false, "/x": false, "https://": false} {
		require.Equal(t, want, linked(address), address)
	}
	require.Equal(t, 4, strings.Count(fmt.Sprint(words), ":"))
	require.Equal(t, civil.Day(0), Disposition{}.Due)
}

// Ideas whose decision day has passed are told of as late, and not as if there were time.
func TestR40TheReportDoesNotHideLateDecisions(t *testing.T) {
	f := onSQLite(t)
	f.asked(t, "freight", "anna", board("steel"))
	f.idea(t, "One delivery a week", "acme", "freight")
	f.idea(t, "Deliver at night", "brook", "freight")
	f.idea(t, "Open on Saturdays", "cole", "")
	report := func() (Report, string) {
		r, err := f.Ideas.Report(t.Context(), ReportQuery{})
		require.NoError(t, err)
		return r, r.Markdown()
	}
	f.clock.day(t, "2026-03-31")
	r, text := report()
	require.Zero(t, r.Counts.Late)
	require.Contains(t, text, "3 ideas: 3 not decided yet.\n")
	f.clock.day(t, "2026-04-01")
	r, text = report()
	require.Equal(t, 2, r.Counts.Late)
	require.Contains(t, text, "3 ideas: 3 not decided yet. 2 undecided past the decision day.\n")
	require.Equal(t, 2, strings.Count(text, "**We did:** to be decided by 2026-03-31 and not decided yet."))
	require.Equal(t, 1, strings.Count(text, "**We did:** not decided yet."))
}
