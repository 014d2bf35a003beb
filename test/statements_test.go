package test

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// quarterOf is the quarter that a day is in, and its first day.
func quarterOf(day time.Time) (id string, first time.Time) {
	first = time.Date(day.Year(), (day.Month()-1)/3*3+1, 1, 0, 0, 0, 0, time.UTC)
	return fmt.Sprintf("%d-q%d", day.Year(), (int(day.Month())-1)/3+1), first
}

// cents is an amount of dollars in a JSON answer; 0 where there is none.
func cents(t *testing.T, money any) int64 {
	t.Helper()
	m, _ := money.(object)
	units := int64(0)
	if text, ok := m["units"].(string); ok {
		var err error
		units, err = strconv.ParseInt(text, 10, 64)
		require.NoError(t, err)
	}
	nanos, _ := m["nanos"].(float64)
	return units*100 + int64(nanos)/10_000_000
}

// number is a 64-bit number in a JSON answer; 0 where there is none.
func number(t *testing.T, value any) int64 {
	t.Helper()
	text, ok := value.(string)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	require.NoError(t, err)
	return n
}

// figureOf is a figure of a statement, or of their sum.
func figureOf(statement object, id string) object {
	figures, _ := statement["figures"].([]any)
	for _, f := range figures {
		if f.(object)["id"] == id {
			return f.(object)
		}
	}
	return nil
}

// all reads every page of a list.
func (s *server) all(path, field string) (list []any) {
	s.t.Helper()
	for token := ""; ; {
		answer := s.read(path + "&pageSize=2&pageToken=" + url.QueryEscape(token))
		page, _ := answer[field].([]any)
		list = append(list, page...)
		if token, _ = answer["nextPageToken"].(string); token == "" {
			return list
		}
	}
}

// R31: what value statements say adds up to what the ledgers count, to the cent, and every
// figure can be followed to its entries where they were recorded: revenue with a refund and a
// correction, benefits used and given back, and hours of our people.
func TestR31StatementsAddUpToTheLedgers(t *testing.T) {
	t.Parallel()
	s := serve(t)
	today := time.Now().UTC()
	quarter, first := quarterOf(today)
	last, _ := quarterOf(first.AddDate(0, 0, -1))
	s.cli("schedule", "publish", write(t, s.dir, "promise.yaml", strings.Replace(metered, "unit: hour,", "unit: hour, unit_cost: 30.00,", 1)), "--effective", "2020-01-01")
	for _, name := range []string{"Acme", "Brook", "Cole"} {
		s.cli("accounts", "create", "--display-name", name, "--joined", "2020-01-01")
	}
	on := func(day time.Time) string { return day.Format(time.DateOnly) }
	s.cli("revenue", "import", write(t, s.dir, "paid.csv", "account,date,amount\n"+
		"acme,"+on(first)+",400.10\nacme,"+on(first)+",199.90\nacme,"+on(first.AddDate(0, 0, -1))+",50.00\n"+
		"brook,"+on(first)+",1000.00\nbrook,"+on(today)+",0.05\nbrook,"+on(today)+",-20.01\n"), "--currency", "USD")
	add := func(account, amount string, day time.Time) string {
		return s.cli("revenue", "add", account, amount, "--currency", "USD", "--date", on(day), "--source", "till")
	}
	s.cli("revenue", "reverse", value(t, add("acme", "77.77", today), "Entry"), "--note", "Booked twice.")
	paid := add("acme", "0.01", today)
	require.Equal(t, "yes", value(t, s.cli("check", "acme", "hours", "--consistency-token", value(t, paid, "Consistency token")), "Entitled"))

	used := s.cli("usage", "consume", "acme", "hours", "4", "--origin", "offered")
	s.cli("usage", "release", value(t, used, "Entry"), "1", "--reason", "It ended early.")
	s.cli("usage", "consume", "brook", "thanks", "1", "--origin", "automatic")
	s.cli("plan", "experts", "create", "local-admin", "--area", "recruiting")
	s.await("plans to know the account", func() bool {
		return s.try("plan", "engagements", "request", "acme", "Find a manager", "--id", "find", "--problem", "Nobody applies.", "--area", "recruiting",
			"--benefit", "hours", "--origin", "asked-for").code == 0
	})
	s.cli("plan", "engagements", "assign", "find", "local-admin")
	s.cli("plan", "engagements", "start", "find")
	s.cli("plan", "engagements", "hours", "record", "find", "--minutes", "150")
	s.cli("plan", "engagements", "complete", "find", "--outcome", "She begins in May.")

	// The sum beside the ledgers, once all feeds are taken over.
	const paidCents, costCents, units = 600_01 + 980_04, (4-1+2)*30_00 + 20_00, 4 - 1 + 2 + 1
	var sum object
	s.await("all that was told", func() bool {
		sum = s.read("valueStatements:sum?quarter=" + quarter)
		return cents(t, figureOf(sum, "paid")["amount"]) == paidCents && number(t, figureOf(sum, "benefits")["count"]) == units &&
			number(t, figureOf(sum, "engagements")["count"]) == 1
	})
	s.await("the ledgers", func() bool { // the copy of usage that costs are counted from follows too
		ledgers, _ := s.read("valueStatements:sum?quarter=" + quarter)["ledgers"].(object)
		return cents(t, ledgers["paid"]) == paidCents && cents(t, ledgers["benefits"]) == costCents && cents(t, ledgers["paidDifference"]) == 0 &&
			cents(t, ledgers["benefitsDifference"]) == 0 && number(t, ledgers["unitsDifference"]) == 0
	})
	require.EqualValues(t, costCents, cents(t, figureOf(sum, "benefits")["amount"]))
	require.EqualValues(t, 150, number(t, figureOf(sum, "engagements")["minutes"]))
	require.EqualValues(t, 150, number(t, figureOf(sum, "hours-given")["minutes"]))
	added := map[string]int64{}
	for _, statement := range s.all("accounts/-/valueStatements?quarter="+quarter, "valueStatements") {
		for _, f := range statement.(object)["figures"].([]any) {
			added[f.(object)["id"].(string)] += cents(t, f.(object)["amount"])
		}
	}
	require.EqualValues(t, paidCents, added["paid"])
	require.EqualValues(t, costCents, added["benefits"])

	s.requireFollowed("accounts/acme/valueStatements/"+quarter, "VALUE_STATEMENT_VIEW_CURRENT")
	s.requireFollowed("accounts/brook/valueStatements/"+quarter, "VALUE_STATEMENT_VIEW_CURRENT")

	// What was issued is followed to what was known then, though more was recorded since.
	s.cli("plan", "statements", "issue", last)
	add("acme", "10.00", first.AddDate(0, 0, -1))
	late := "accounts/acme/valueStatements/" + last
	s.await("what came late", func() bool {
		since, _ := s.read(late + "?view=VALUE_STATEMENT_VIEW_CURRENT")["sinceIssue"].([]any)
		return len(since) == 1 && number(t, since[0].(object)["addedCount"]) == 1
	})
	issued := s.requireFollowed(late, "VALUE_STATEMENT_VIEW_ISSUED")
	require.EqualValues(t, 50_00, cents(t, figureOf(issued, "paid")["amount"]))
	s.requireFollowed(late, "VALUE_STATEMENT_VIEW_CURRENT")
	require.Len(t, s.rows("plan", "statements", "entries", "acme", last, "paid"), 1)
	require.Len(t, s.rows("plan", "statements", "entries", "acme", last, "paid", "--view", "current"), 2)
}

// requireFollowed follows every figure of a statement to its entries, and these to where they
// were recorded. It returns the statement.
func (s *server) requireFollowed(name, view string) object {
	t := s.t
	t.Helper()
	statement := s.read(name + "?view=" + view)
	for _, f := range statement["figures"].([]any) {
		figure := f.(object)
		id := figure["id"].(string)
		var count, amount, minutes int64
		entries := s.all(name+"/entries?figure="+id+"&view="+view, "entries")
		require.EqualValues(t, number(t, figure["entryCount"]), len(entries), id)
		for _, e := range entries {
			entry := e.(object)
			count, amount, minutes = count+number(t, entry["count"]), amount+cents(t, entry["amount"]), minutes+number(t, entry["minutes"])
			if id != "paid" {
				s.read(entry["name"].(string))
				continue
			}
			there, worth := s.paidIn(name, entry["name"].(string))
			require.Equal(t, []int64{number(t, entry["count"]), cents(t, entry["amount"])}, []int64{there, worth}, "%v", entry)
		}
		require.Equal(t, []int64{number(t, figure["count"]), cents(t, figure["amount"]), number(t, figure["minutes"])}, []int64{count, amount, minutes}, id)
		if view == "VALUE_STATEMENT_VIEW_ISSUED" {
			continue
		}
		call, _ := figure["listCall"].(string)
		path := strings.TrimPrefix(call, "GET /v1/")
		switch id {
		case "paid":
			require.Len(t, s.all(path, "revenueEntries"), int(count))
		case "benefits":
			units := int64(0)
			for _, e := range s.all(path, "usageEntries") {
				n := number(t, e.(object)["units"])
				if e.(object)["type"] == "TYPE_RELEASED" {
					n = -n
				}
				units += n
			}
			require.Equal(t, count, units)
		}
	}
	return statement
}

// paidIn is how many entries a chunk of the ledger has of the account and quarter of a
// statement, and what they come to.
func (s *server) paidIn(statement, chunk string) (count, amount int64) {
	s.t.Helper()
	parts := strings.Split(statement, "/")
	year, err := strconv.Atoi(parts[3][:4])
	require.NoError(s.t, err)
	first := time.Date(year, time.Month(3*(parts[3][6]-'1')+1), 1, 0, 0, 0, 0, time.UTC)
	filter := fmt.Sprintf("chunk = %q AND date >= %q AND date < %q", chunk, first.Format(time.DateOnly), first.AddDate(0, 3, 0).Format(time.DateOnly))
	for _, e := range s.all("accounts/"+parts[1]+"/revenueEntries?filter="+url.QueryEscape(filter), "revenueEntries") {
		count, amount = count+1, amount+cents(s.t, e.(object)["reportingAmount"])
	}
	return count, amount
}
