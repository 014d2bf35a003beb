package test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// R15, R25, R28: a case from its opening to what the customer said of it, on the command
// line, by those who may.
func TestR15R25R28ACaseFromItsOpeningToTheSurvey(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, storeArgs []string) {
		s := serve(t, storeArgs...)
		s.cli("schedule", "publish", write(t, s.dir, "promise.yaml", promise), "--effective", "2020-01-01")
		s.cli("accounts", "create", "--display-name", "Acme", "--joined", "2020-01-01")
		sam, mara := employ(s, "sam", "service-agent"), employ(s, "mara", "account-manager")
		s.await("the account", func() bool {
			return sam.try("case", "open", "acme", "late", "--channel", "email", "--validate-only").code == 0
		})

		opened := sam.cli("case", "open", "acme", "late", "--channel", "email", "--fact", "days=3", "--subject", "Where is it?", "--id", "c1")
		require.Equal(t, "accounts/acme/cases/c1", value(t, opened, "Case"))
		require.Equal(t, "none yet", value(t, opened, "Like cases"))
		require.Contains(t, value(t, opened, "Clocks"), "first-reply: opened to first_reply within 4h0m, running, due ")
		sam.refused("exists already", "case", "open", "acme", "late", "--channel", "email", "--id", "c1")

		sam.refused("has not acknowledged the baseline", "case", "assign", "acme/c1", "sam")
		sam.cli("acknowledgements", "give", "1")
		assigned := sam.cli("case", "assign", "acme/c1", "sam")
		sam.refused("was changed since it was read", "case", "reply", "acme/c1", "--etag", value(t, opened, "Etag"))
		require.Equal(t, "principals/sam", value(t, assigned, "Assignee"))
		sam.refused("nobody waits", "case", "wait", "acme/c1")
		replied := sam.cli("case", "reply", "acme/cases/c1", "--note", "We look.", "--etag", value(t, assigned, "Etag"))
		require.Contains(t, value(t, replied, "Clocks"), ", met")
		require.Equal(t, "waiting-on-customer", value(t, sam.cli("case", "wait", "acme/c1", "--note", "Which order?"), "State"))
		require.Equal(t, "open", value(t, sam.cli("case", "answered", "acme/c1"), "State"))

		sam.refused("name an accountable person first", "case", "escalate", "acme/c1", "--reason", "Twice")
		sam.refused("escalation.update", "case", "path", "set", "--accountable", "sam", "--within", "2h")
		s.cli("case", "path", "set", "--accountable", "mara", "--within", "2h", "--calendar", "office")
		escalated := sam.cli("case", "escalate", "acme/c1", "--reason", "Twice")
		require.Contains(t, escalated, "principals/mara")
		mara.refused("neither owns nor serves accounts/acme", "case", "reply", "acme/c1") // somebody else looks after it

		s.cli("remedies", "create", "New parcel", "--action", "Send it again.", "--issue", "late", "--id", "parcel")
		sam.refused("points to remedies/parcel, by the catalogue", "case", "resolve", "acme/c1", "--remedy", "flowers")
		resolved := sam.cli("case", "resolve", "acme/c1", "--remedy", "flowers", "--value", "12.50", "--departure-reason", "It was a birthday.")
		require.Equal(t, "resolved", value(t, resolved, "State"))
		require.Contains(t, resolved, "It was a birthday.")
		require.Equal(t, "open", value(t, sam.cli("case", "reopen", "acme/c1", "--reason", "They wilted."), "State"))
		sam.cli("case", "resolve", "acme/c1", "--remedy", "parcel")
		sam.refused("score", "case", "survey", "acme/c1", "--score", "6")
		surveyed := sam.cli("case", "survey", "acme/c1", "--score", "4", "--comment", "Well done.")
		require.Contains(t, surveyed, "Well done.")
		sam.refused("has the customer's answer already", "case", "survey", "acme/c1", "--score", "1")

		like := sam.cli("case", "open", "acme", "late", "--channel", "phone", "--fact", "days=3")
		require.Equal(t, "1", value(t, like, "Like cases"))
		require.Contains(t, like, "points to parcel (catalogue)")
		require.Equal(t, "none yet", value(t, sam.cli("case", "precedents", "late", "--fact", "days=4"), "Like cases"))
		list := s.rows("case", "list", "acme", "--filter", `state = RESOLVED AND reopen_count = 1`)
		require.Len(t, list, 1)
		require.Equal(t, "accounts/acme/cases/c1", list[0][0])

		s.kill()
		s.restart()
		require.Contains(t, s.cli("case", "get", "acme/c1"), "Well done.")
	})
}

// Rows that cannot be taken are named, an import that was cut off goes on where it was,
// and the mended file is taken as the same one grown: no case is there twice, and none is
// missing.
func TestCaseImportRefusedRowsAndResumeAfterAKill(t *testing.T) {
	t.Parallel()
	s := serve(t)
	const head = "ticket,customer,topic,way,opened,answered,closed\n"
	const bad = "x1,nobody,late,email,2026-01-05 10:00,,\nx2,acme,late,email,yesterday,,\nx3,acme,late,,2026-01-05 10:00,,\n" +
		"x4,acme,late,email,2026-01-05 10:00,,2026-01-04 10:00\n"
	columns := []string{"--column", "id=ticket", "--column", "account=customer", "--column", "issue=topic", "--column", "channel=way",
		"--column", "first-reply=answered", "--column", "resolved=closed"}
	s.cli("accounts", "create", "--display-name", "Acme", "--joined", "2020-01-01")

	const rows = 5_000
	var text strings.Builder
	at := time.Date(2026, 1, 5, 9, 0, 0, 0, time.UTC)
	for i := range rows {
		opened := at.Add(time.Duration(i) * time.Minute)
		fmt.Fprintf(&text, "t%d,acme,late,email,%s,%s,\n", i, opened.Format(time.DateTime), opened.Add(time.Hour).Format(time.DateTime))
	}
	path := write(t, s.dir, "desk.csv", head+text.String()+bad)
	run := func(more ...string) result {
		return s.try(append(append([]string{"case", "import", path, "--batch", "desk"}, columns...), more...)...)
	}
	killed := make(chan struct{})
	timer := time.AfterFunc(rand.N(time.Second), func() { defer close(killed); s.kill() })
	run("--retry-for", "0s")
	if !timer.Stop() {
		<-killed
	}
	s.kill()
	s.restart()
	got := run()
	require.Equal(t, 1, got.code)
	for line, says := range map[int]string{0: `no account has the id "nobody"`, 1: "opened: ", 2: "channel: is empty", 3: "resolved: is before the case was opened"} {
		require.Regexp(t, fmt.Sprintf(`(?m)^line %d: .*%s`, rows+2+line, says), got.stderr)
	}
	require.Equal(t, "4", value(t, got.stdout, "Refused"))

	path = write(t, s.dir, "desk.csv", head+text.String()+"x1,acme,late,email,2026-01-05 10:00,,\n")
	got = run()
	require.Equal(t, 1, got.code, "another file under a known batch")
	require.Contains(t, got.stderr, "--resume")
	got = run("--resume")
	require.Zero(t, got.code, got.stderr)
	require.Equal(t, strconv.Itoa(rows), value(t, got.stdout, "Already there"))
	require.Equal(t, "1", value(t, got.stdout, "Written"))
	require.Len(t, s.rows("case", "list"), rows+1)
	imports := s.rows("case", "imports")
	require.Len(t, imports, 1)
	require.Equal(t, "finished", imports[0][1])
}

// A use that is sent again with its request id is recorded once, and answered as before.
func TestR18AUseIsRecordedOnceOverREST(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.cli("schedule", "publish", write(t, s.dir, "promise.yaml", metered), "--effective", "2020-01-01")
	s.cli("accounts", "create", "--display-name", "Acme", "--joined", "2020-01-01")
	paid := value(t, s.cli("revenue", "add", "acme", "600.00", "--currency", "USD", "--date", time.Now().AddDate(0, 0, -2).Format(time.DateOnly), "--source", "test"), "Consistency token")
	s.cli("check", "acme", "hours", "--consistency-token", paid)
	use := object{"units": "4", "origin": "USAGE_ORIGIN_ASKED_FOR", "requestId": "6ba7b810-9dad-41d1-80b4-00c04fd430c8"}
	first := s.post("accounts/acme/balances/hours:consume", use)
	require.Equal(t, "6", first["balance"].(object)["left"])
	s.kill()
	s.restart()
	again := s.post("accounts/acme/balances/hours:consume", use)
	require.Equal(t, first["entry"], again["entry"])
	require.Equal(t, "6", again["balance"].(object)["left"])
	use["units"] = "5"
	status, problem := s.rest("POST", "accounts/acme/balances/hours:consume", use)
	require.Equal(t, 400, status, "%v", problem)
	require.Equal(t, "REQUEST_ID_REUSED", problem["reason"])
	require.Equal(t, 1, strings.Count(s.cli("usage", "history", "acme", "-o", "csv"), "\n")-1)
}
