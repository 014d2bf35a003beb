package imports_test

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/evenhand/evenhand/cmd/evenhand/csvfile"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/cases"
	"github.com/evenhand/evenhand/services/entitlements/cases/imports"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// nothing promises nothing: imports need no schedule.
type nothing struct{}

func (nothing) Versions() []cases.Version { return nil }

// known are the accounts that there are.
type known map[string]bool

func (k known) Resolve(_ context.Context, _ string, refs []string, create, check bool) (imports.Resolved, error) {
	out := imports.Resolved{IDs: map[string]string{}, Problems: map[string]string{}}
	for _, ref := range refs {
		id := names.Slug(ref)
		switch {
		case k[id]:
			out.IDs[ref] = id
		case !create:
			out.Problems[ref] = "no account has the id " + ref
		default:
			out.IDs[ref] = id
			k[id] = !check
			out.Created++
		}
	}
	return out, nil
}

// company counts in dollars in New York, where clocks were put forward on 2026-03-08 and
// put back on 2026-11-01.
type company struct{}

func (company) Zone() civil.Zone {
	zone, err := civil.LoadZone("America/New_York")
	if err != nil {
		panic(err)
	}
	return zone
}

func (company) Currency() string { return "USD" }

type fixture struct {
	*imports.Imports
	store *docstore.Store
	cases *cases.Cases
	known known
}

func open(t testing.TB, backend docstore.Backend) *fixture {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), backend, docstore.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	requests, err := resource.OpenRequests(t.Context(), store, func() time.Time { return time.Date(2026, 12, 1, 12, 0, 0, 0, time.UTC) })
	require.NoError(t, err)
	f := &fixture{store: store, known: known{"acme": true, "other": true}}
	f.cases, err = cases.New(t.Context(), store, requests, cases.Options{Promises: nothing{}})
	require.NoError(t, err)
	f.Imports, err = imports.Open(t.Context(), requests, f.cases, f.known, company{})
	require.NoError(t, err)
	return f
}

func onEveryStore(t *testing.T, test func(t *testing.T, f *fixture)) {
	for name, backend := range teststore.Backends {
		t.Run(name, func(t *testing.T) { test(t, open(t, backend(t))) })
	}
}

// heard is what an import reported, a line for each row refused.
type heard struct {
	counts  imports.Counts
	refused []string
}

func (h *heard) Progress(c imports.Counts) error {
	h.counts = c
	return nil
}

func (h *heard) Refused(r imports.Refused) error {
	h.refused = append(h.refused, fmt.Sprintf("%d %s: %s", r.Line, r.Field, r.Text))
	return nil
}

// start is how tests begin.
var start = imports.Start{Source: "desk", Batch: "cases.csv", Digest: strings.Repeat("a", 64), Resume: true}

// rows reads a file whose columns are named like the fields.
func rows(t testing.TB, text string) imports.Rows {
	t.Helper()
	table, err := csvfile.Open(bytes.NewReader([]byte(text)), ',')
	require.NoError(t, err)
	return func(context.Context) ([]imports.Row, error) {
		in, err := table.Next()
		if err != nil {
			return nil, err
		}
		row := imports.Row{Line: in.Line, Fault: in.Fault}
		for name, to := range map[string]*string{
			"id": &row.ID, "account": &row.Account, "issue": &row.Issue, "channel": &row.Channel, "role": &row.StaffRole, "subject": &row.Subject,
			"opened": &row.Opened, "replied": &row.FirstReply, "resolved": &row.Resolved, "remedy": &row.Remedy, "value": &row.RemedyValue,
			"escalated": &row.Escalated, "reopened": &row.Reopened,
		} {
			if place, err := table.Column(name); err == nil && in.Fault == "" {
				*to = strings.Clone(in.Fields[place])
			}
		}
		return []imports.Row{row}, nil
	}
}

func (f *fixture) run(t testing.TB, s imports.Start, text string) heard {
	t.Helper()
	var h heard
	done, err := f.Cases(t.Context(), resource.Call{Principal: "principals/anna"}, s, rows(t, text), &h)
	require.NoError(t, err)
	require.Equal(t, h.counts, done.State.Counts)
	require.Equal(t, h.counts.Read, h.counts.Written+h.counts.AlreadyThere+h.counts.Refused)
	return h
}

const header = "id,account,issue,channel,role,opened,replied,resolved,remedy,value,escalated,reopened\n"

// A file is imported once, however often it comes; what has gone on in its source is taken
// over, unless it was worked on here.
func TestTheSameFileAgain(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		text := header +
			"C-1,acme,Late Delivery,e-mail,Service Agent,2026-02-02T09:00:00.000,2026-02-02T10:00,2026-02-03T09:00:00-05:00,Free Repair,12.50,yes,no\n" +
			"C-2,Other,late-delivery,phone,,2026-02-02 09:00,,,,,,\n" +
			"c 2,other,late-delivery,phone,,2026-02-04 09:00,,,,,,\n"
		check := start
		check.ValidateOnly = true
		require.EqualValues(t, 3, f.run(t, check, text).counts.Written)
		first := f.run(t, start, text)
		require.Empty(t, first.refused)
		require.Equal(t, imports.Counts{Read: 3, Written: 3, Accounts: 2}, first.counts)

		c, err := f.cases.Get(t.Context(), cases.ID("acme", "c-1"))
		require.NoError(t, err)
		require.Equal(t, "late-delivery", c.State.Issue)
		require.Equal(t, "Late Delivery", c.State.Subject, "the words that the id was made of")
		require.Equal(t, "service-agent", c.State.RepliedBy.Role)
		require.Equal(t, "2026-02-02T14:00:00Z", c.State.Opened.UTC().Format(time.RFC3339))
		require.Equal(t, "free-repair", c.State.Remedy.ID)
		require.EqualValues(t, 1250, *c.State.Remedy.Value)
		require.Equal(t, 1, c.State.Escalations)

		require.Equal(t, imports.Counts{Read: 3, AlreadyThere: 3, Accounts: 2}, f.run(t, start, text).counts)
		require.Equal(t, imports.Counts{Read: 3, AlreadyThere: 3, Accounts: 2}, f.run(t, check, text).counts)

		grown := strings.Replace(text, "C-2,Other,late-delivery,phone,,2026-02-02 09:00,,,", "C-2,Other,late-delivery,phone,,2026-02-02 09:00,2026-02-02 11:00,2026-02-05 09:00,", 1)
		require.Equal(t, imports.Counts{Read: 3, Written: 1, AlreadyThere: 2, Accounts: 2}, f.run(t, start, grown).counts)
		c, err = f.cases.Get(t.Context(), cases.ID("other", "c-2"))
		require.NoError(t, err)
		require.Equal(t, cases.Resolved, c.State.State)

		other := strings.Replace(grown, "Free Repair,12.50", "Free Repair,12.51", 1)
		require.Equal(t, []string{"2 : accounts/acme/cases/c-1 is there already with another remedy: correct the case itself, or give this one an id of its own"},
			f.run(t, start, other).refused)
	})
}

// A case is known by its source and id there, whatever account a file names for it.
func TestAKnownCaseOfAnotherAccountIsRefused(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		const text = "id,issue,channel,opened\n76,noise,phone,2026-02-02T09:00\n77,noise,phone,2026-02-02T09:00\n"
		s := start
		s.Account = "acme"
		require.EqualValues(t, 2, f.run(t, s, text).counts.Written)
		s.Account = "other"
		_, err := f.Cases(t.Context(), resource.Call{}, s, rows(t, text), &heard{})
		var told *fault.Error
		require.ErrorAs(t, err, &told)
		require.Equal(t, imports.ReasonBatchChanged, told.Reason)

		s.Batch = "corrected.csv"
		check := s
		check.ValidateOnly = true
		const corrected = "id,account,issue,channel,opened\n76,acme,noise,phone,2026-02-02T09:00\n77,other,noise,phone,2026-02-02T09:00\n" +
			"78,other,noise,phone,2026-02-02T09:00\n78,acme,noise,phone,2026-02-02T09:00\n"
		for _, s := range []imports.Start{check, s} {
			got := f.run(t, s, corrected)
			require.Equal(t, imports.Counts{Read: 4, Written: 1, AlreadyThere: 1, Refused: 2, Accounts: 2}, got.counts)
			require.Contains(t, got.refused[0], "3 account: accounts/acme/cases/77 is this case already")
			require.Contains(t, got.refused[1], "5 account: ")
		}
		_, err = f.cases.Get(t.Context(), cases.ID("other", "77"))
		require.ErrorIs(t, err, resource.ErrNotFound)
	})
}

// What happened after the first resolution is taken over, too.
func TestAFileThatGrewAfterTheResolution(t *testing.T) {
	f := open(t, teststore.SQLite(t))
	const row = "88,acme,noise,phone,,2026-02-02T09:00,2026-02-02T10:00,"
	f.run(t, start, header+row+"2026-02-03T09:00,gift,3,,\n")
	get := func() cases.Case {
		c, err := f.cases.Get(t.Context(), cases.ID("acme", "88"))
		require.NoError(t, err)
		return c.State
	}
	again := func(rest string) {
		t.Helper()
		require.EqualValues(t, 1, f.run(t, start, header+row+rest).counts.Written)
		require.EqualValues(t, 1, f.run(t, start, header+row+rest).counts.AlreadyThere)
	}
	again("2026-02-03T09:00,gift,3,yes,\n")
	require.Equal(t, 1, get().Escalations)
	again(",,,yes,yes\n")
	require.Equal(t, cases.Open, get().State)
	again("2026-02-07T09:00,refund,5,yes,yes\n")
	c := get()
	require.Equal(t, cases.Resolved, c.State)
	require.Equal(t, "refund", c.Remedy.ID)
	again("2026-02-09T09:00,refund,5,yes,yes\n")
	require.Equal(t, "2026-02-09T14:00:00Z", get().Resolved.UTC().Format(time.RFC3339))
	got := f.run(t, start, header+row+"2026-02-12T09:00,refund,5,yes,no\n")
	require.Contains(t, got.refused[0], "is there already with another resolved", "it was not reopened")
}

// What has no sense is refused with its line and field, and the rest is written.
func TestRefusedRows(t *testing.T) {
	f := open(t, teststore.SQLite(t))
	got := f.run(t, start, header+
		",acme,late,email,,2026-02-02T09:00,,,,,,\n"+
		"2,nobody,late,email,,2026-02-02T09:00,,,,,,\n"+
		"3,acme,,email,,2026-02-02T09:00,,,,,,\n"+
		"4,acme,late,email,,,,,,,,\n"+
		"5,acme,late,email,,2026-02-02T09:00,,2026-02-01T09:00,,,,\n"+
		"6,acme,late,email,,2026-02-02T09:00,2026-02-03T09:00,2026-02-02T10:00,,,,\n"+
		"7,acme,late,email,,2026-03-08T02:30,,,,,,\n"+
		"8,acme,late,email,,2026-11-01T01:30,,,,,,\n"+
		"9,acme,late,email,,2026-02-02T09:00,,2026-02-03T09:00,gift,-3,,\n"+
		"10,acme,late,email,,2026-02-02T09:00,,2026-02-03T09:00,gift,3,perhaps,\n"+
		"11,acme,late,email,,2026-02-02T09:00,,2026-02-03T09:00,,7,,\n"+
		"12,acme,late,email\n"+
		"13,acme,late,email,,2026-02-02T09:00,,2026-02-03T09:00,None,0.00,,\n"+
		"14,acme,late,email,,2026-12-01T07:06,,,,,,\n"+
		"15,acme,late,email,,2026-02-02T09:00,2062-02-02T09:00,,,,,\n"+
		"16,acme,late,email,,2026-02-02T09:00,2026-02-02T09:00,2026-12-02T09:00,,,,\n"+
		"17,acme,late,email,,2026-12-01T07:04,,,,,,\n")
	require.Equal(t, imports.Counts{Read: 17, Written: 2, Refused: 15, Accounts: 1}, got.counts)
	for i, want := range []string{
		"2 id: is empty", "3 account: no account has the id nobody", "4 issue: is empty", "5 opened: is empty",
		"6 resolved: is before the case was opened", "7 first-reply: is after the case was resolved",
		"8 opened: clocks in America/New_York jump over 2026-03-08T02:30", "9 opened: clocks in America/New_York show 2026-11-01T01:30 twice",
		"10 remedy-value: is less than nothing", "11 escalated: \"perhaps\" is neither yes nor no",
		"12 remedy-value: is the value of a remedy, and there is none", "13 : ",
		"15 opened: is still to come", "16 first-reply: is still to come", "17 resolved: is still to come",
	} {
		require.Truef(t, strings.HasPrefix(got.refused[i], want), "%q is not %q", got.refused[i], want)
	}
}

// One name for all rows, whose account is made where it is missing.
func TestOneAccountForAllRows(t *testing.T) {
	f := open(t, teststore.SQLite(t))
	s := start
	s.Account, s.CreateAccounts = "City of New York", true
	got := f.run(t, s, "id,issue,channel,opened\n1,Noise,phone,2026-02-02T09:00\n2,Noise,phone,2026-02-02T09:00\n")
	require.Equal(t, imports.Counts{Read: 2, Written: 2, Accounts: 1, AccountsCreated: 1}, got.counts)
	_, err := f.cases.Get(t.Context(), cases.ID("city-of-new-york", "1"))
	require.NoError(t, err)
}

// Cases of two systems with the same id are two cases.
func TestTwoSourcesWithTheSameIDs(t *testing.T) {
	f := open(t, teststore.SQLite(t))
	const text = "id,account,issue,channel,opened\n1,acme,noise,phone,2026-02-02T09:00\n"
	other := start
	other.Source, other.Batch = "mail", "mail.csv"
	for _, s := range []imports.Start{start, other} {
		require.EqualValues(t, 1, f.run(t, s, text).counts.Written)
		require.EqualValues(t, 1, f.run(t, s, text).counts.AlreadyThere)
	}
}

// A known batch with another file is refused, unless it is said to be the same one grown.
func TestAKnownBatchWithAnotherFile(t *testing.T) {
	f := open(t, teststore.SQLite(t))
	const text = "id,account,issue,channel,opened\n1,acme,noise,phone,2026-02-02T09:00\n"
	f.run(t, start, text)
	for name, change := range map[string]func(*imports.Start){
		"digest": func(s *imports.Start) { s.Digest, s.Resume = strings.Repeat("b", 64), false },
		"source": func(s *imports.Start) { s.Source = "mail" },
	} {
		for _, check := range []bool{true, false} {
			s := start
			s.ValidateOnly = check
			change(&s)
			_, err := f.Cases(t.Context(), resource.Call{}, s, rows(t, text), &heard{})
			var told *fault.Error
			require.ErrorAs(t, err, &told, name)
			require.Equal(t, imports.ReasonBatchChanged, told.Reason)
		}
	}
	list, err := f.List(t.Context(), 10, nil)
	require.NoError(t, err)
	require.Len(t, list.Items, 1)
	require.EqualValues(t, 1, list.Items[0].State.Counts.Written)
}
