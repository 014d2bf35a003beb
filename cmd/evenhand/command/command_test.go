package command

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

func TestCheck(t *testing.T) {
	f := &fake{
		accounts: []*accountsv1.Account{{Name: "accounts/acme", ExternalId: "ACME"}},
		check: &entitlementsv1.CheckEntitlementResponse{
			Reason: "No rule grants it.",
			Distances: []*entitlementsv1.Distance{{Rule: "partner-500", Requirements: []*entitlementsv1.Requirement{
				{Requirement: &entitlementsv1.Requirement_Spend{Spend: &entitlementsv1.SpendRequirement{
					Missing: &money.Money{CurrencyCode: "USD", Units: 212, Nanos: 400000000}, ByDate: &date.Date{Year: 2026, Month: 6, Day: 30},
				}}},
			}}},
		},
	}
	server := startFake(t, f)

	got := execute(t, server, "", "check", "acme", "thanks", "--as-of", "1997-12-31")
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, squeeze(got.stdout), "Entitled no\n")
	require.Contains(t, got.stdout, "USD 212.40 more by 2026-06-30 (rule partner-500)")
	require.Equal(t, int32(1997), f.checked[0].GetAsOfDate().GetYear())
	require.Nil(t, f.checked[0].GetAsOf())

	require.Contains(t, execute(t, server, "", "check", "ACME", "thanks", "--as-of", "2026-01-01T10:00:00+01:00").stdout, "accounts/acme")
	require.Equal(t, "2026-01-01T09:00:00Z", showTime(f.checked[1].GetAsOf()))

	require.Equal(t, ExitNotEntitled, execute(t, server, "", "check", "acme", "thanks", "--quiet", "--exit-code").code)
	json := execute(t, server, "", "check", "acme", "thanks", "--output", "json").stdout
	require.Contains(t, json, `"entitled": false`)
	csv := execute(t, server, "", "check", "acme", "thanks", "--output", "csv").stdout
	require.True(t, strings.HasPrefix(csv, "account,benefit,entitled,"), csv)
}

func TestAccountArgument(t *testing.T) {
	f := &fake{
		accounts: []*accountsv1.Account{
			{Name: "accounts/acme", ExternalId: "A1", Source: "crm"},
			{Name: "accounts/bell", ExternalId: "b2", Source: "crm"},
			{Name: "accounts/bell-2", ExternalId: "b2", Source: "shop"},
			{Name: "accounts/quote", ExternalId: `say "hi"`, Source: "shop"},
		},
		check: &entitlementsv1.CheckEntitlementResponse{Entitled: true},
	}
	server := startFake(t, f)
	tests := []struct{ arg, account, told string }{
		{"acme", "accounts/acme", ""},
		{"accounts/acme", "accounts/acme", ""},
		{"A1", "accounts/acme", ""},
		{`say "hi"`, "accounts/quote", ""},
		{"b2", "", "accounts/bell from crm"},
		{"nobody", "", `no account "nobody"`},
		{"accounts/nobody", "", "There is no accounts/nobody."},
		{"No Body", "", `no account "No Body"`},
	}
	for _, tt := range tests {
		got := execute(t, server, "", "check", tt.arg, "thanks")
		if tt.told != "" {
			require.Equal(t, ExitFailed, got.code, tt.arg)
			require.Contains(t, got.stderr, tt.told)
			require.NotContains(t, got.stderr, "rpc error")
			continue
		}
		require.Zero(t, got.code, got.stderr)
		require.Contains(t, got.stdout, tt.account+"\n")
	}
}

func TestHoldersCountIsBare(t *testing.T) {
	got := execute(t, startFake(t, &fake{}), "", "holders", "thanks", "--as-of", "1997-12-31", "--count")
	require.Equal(t, result{"1454\n", "", 0}, got)
}

func TestLists(t *testing.T) {
	server := startFake(t, &fake{accounts: []*accountsv1.Account{
		{Name: "accounts/a", DisplayName: "Ärger & Söhne", State: accountsv1.Account_STATE_ACTIVE},
		{Name: "accounts/b", DisplayName: "B, Inc.", State: accountsv1.Account_STATE_PROSPECT, Attributes: map[string]string{"sector": "Energy"}},
	}})
	table := execute(t, server, "", "accounts", "list").stdout
	require.Contains(t, table, "ACCOUNT     NAME")
	require.NotRegexp(t, `(?m) $`, table)
	require.Contains(t, table, "prospect")
	csv := execute(t, server, "", "accounts", "list", "-o", "csv").stdout
	require.Contains(t, csv, `accounts/b,"B, Inc.",prospect,`)
	json := execute(t, server, "", "accounts", "list", "-o", "json").stdout
	require.JSONEq(t, `["accounts/a", "accounts/b"]`, names(t, json))
	require.JSONEq(t, `{"accounts": []}`, execute(t, startFake(t, &fake{}), "", "accounts", "list", "-o", "json").stdout)
}

func TestErrors(t *testing.T) {
	tests := []struct {
		name string
		args []string
		code int
		told string
	}{
		{"no command", nil, ExitUsage, "expected one of"},
		{"unknown command", []string{"frobnicate"}, ExitUsage, "unexpected argument frobnicate"},
		{"missing argument", []string{"check", "a"}, ExitUsage, `expected "<benefit>"`},
		{"bad day", []string{"check", "a", "b", "--as-of", "yesterday"}, ExitUsage, "is neither a day"},
		{"no such day", []string{"check", "a", "b", "--as-of", "1997-02-29"}, ExitUsage, "no day 1997-02-29"},
		{"no offset", []string{"check", "a", "b", "--as-of", "1997-02-28T12:00:00"}, ExitUsage, "is neither a day"},
		{"bad output", []string{"holders", "b", "--output", "xml"}, ExitUsage, "table"},
		{"no token", []string{"check", "a", "b", "--data-dir", "nowhere"}, ExitFailed, "there is no token"},
		{"another machine", []string{"check", "a", "b", "--server", "192.0.2.1:9090", "--token-file", "TOKEN"}, ExitUsage, "--tls"},
		{"nobody there", []string{"check", "a", "b", "--server", "127.0.0.1:1", "--token-file", "TOKEN"}, ExitFailed, "cannot reach the server at 127.0.0.1:1"},
		{"web address", []string{"check", "a", "b", "--server", "http://127.0.0.1:8080", "--token-file", "TOKEN"}, ExitUsage, "HOST:PORT alone"},
		{"no token in the file", []string{"check", "a", "b", "--token-file", "NO TOKEN"}, ExitFailed, "holds no token"},
		{"token that has expired", []string{"tokens", "create", "x", "--expires=-1h", "--token-file", "TOKEN"}, ExitUsage, "for ever"},
		{"fewer than none", []string{"holders", "b", "--limit=-1"}, ExitUsage, "--limit"},
		{"negative number", []string{"panel", "solve", "--seats", "-1", "--categories", "c", "--respondents", "r", "--output", "o"}, ExitUsage, "--seats -1: give 0 or more"},
		{"nobody there for a list", []string{"holders", "b", "-o", "json", "--server", "127.0.0.1:1", "--token-file", "TOKEN"}, ExitFailed, "cannot reach"},
		{"nothing to change", []string{"company", "update", "--token-file", "TOKEN"}, ExitUsage, "nothing to change"},
		{"no such day of the year", []string{"company", "update", "--fiscal-year-from", "02-30", "--token-file", "TOKEN"}, ExitUsage, "not a month and a day"},
		{"no such role", []string{"principals", "create", "x", "--role", "boss"}, ExitUsage, "account-manager"},
		{"bad amount", []string{"revenue", "add", "a", "1,50", "--currency", "USD", "--date", "2026-01-01", "--source", "s"}, ExitUsage, "not an amount"},
	}
	files := map[string]string{"TOKEN": file(t, "token", "t\n"), "NO TOKEN": file(t, "two-words", "two words\n")}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			args := append([]string(nil), tt.args...)
			for i, arg := range args {
				if path := files[arg]; path != "" {
					args[i] = path
				}
			}
			got := execute(t, "", "", args...)
			require.Equal(t, tt.code, got.code, got.stderr)
			require.Contains(t, got.stderr, tt.told)
			require.True(t, strings.HasPrefix(got.stderr, "evenhand: "), got.stderr)
			require.NotContains(t, got.stderr, "desc =")
			require.Empty(t, got.stdout)
		})
	}
}

func TestVersion(t *testing.T) {
	require.Equal(t, execute(t, "", "", "version"), execute(t, "", "", "--version"))
}

func TestLimits(t *testing.T) {
	for want, limit := range map[string]*entitlementsv1.MeteredLimit{
		"":                                nil,
		"10 (hour) in each year":          {Limit: 10, Unit: "hour", Period: "P1Y"},
		"3 (visit) in each period of P3M": {Limit: 3, Unit: "visit", Period: "P3M"},
		"1 (call) in each month, up to 2 unused ones move on": {Limit: 1, Unit: "call", Period: "P1M", Rollover: 2},
	} {
		require.Equal(t, want, showLimit(limit))
	}
}

func TestTermsOnABoardInWords(t *testing.T) {
	board := &entitlementsv1.BoardRequirement{MissingTerms: 2, NeedTerms: 2}
	requirement := &entitlementsv1.Requirement{Requirement: &entitlementsv1.Requirement_Board{Board: board}}
	require.Equal(t, "2 more completed terms on an advisory board", showRequirement(requirement))
	board.MissingTerms, board.CurrentTermEndDate = 1, &date.Date{Year: 2027, Month: 1, Day: 1}
	require.Equal(t, "1 more completed term on an advisory board, the current one ends on 2027-01-01", showRequirement(requirement))
}

func TestProjectsThatAreMissingInWords(t *testing.T) {
	for missing, want := range map[int32]string{1: "1 more completed innovation project, confirmed by the customer",
		2: "2 more completed innovation projects, confirmed by the customer"} {
		require.Equal(t, want, showRequirement(&entitlementsv1.Requirement{Requirement: &entitlementsv1.Requirement_Innovation{
			Innovation: &entitlementsv1.InnovationRequirement{MissingProjects: missing}}}))
	}
}

func TestTenureBeforeJoiningHasNoDay(t *testing.T) {
	tenure := &entitlementsv1.TenureRequirement{NeedMonths: 24}
	requirement := &entitlementsv1.Requirement{Requirement: &entitlementsv1.Requirement_Tenure{Tenure: tenure}}
	require.Equal(t, "a customer for 24 months, counted from joining", showRequirement(requirement))
	tenure.OnDate = &date.Date{Year: 2026, Month: 2, Day: 28}
	require.Equal(t, "a customer for 24 months, on 2026-02-28", showRequirement(requirement))
}

// Every command explains itself, and no two of its flags get in each other's way.
func TestEveryCommandHasHelp(t *testing.T) {
	app, err := kong.New(&Client{}, kong.Vars{"version": "test"}, kong.Name("evenhand"))
	require.NoError(t, err)
	for _, leaf := range app.Model.Leaves(true) {
		require.NotEmpty(t, leaf.Help, leaf.FullPath())
		for _, flag := range leaf.Flags {
			require.NotEmpty(t, flag.Help, "%s --%s", leaf.FullPath(), flag.Name)
		}
	}
}

// What there is of one thing is shown by get everywhere; show, as some were called, goes on.
func TestOneVerbShowsOneThing(t *testing.T) {
	app, err := kong.New(&Client{}, kong.Vars{"version": "test"}, kong.Name("evenhand"))
	require.NoError(t, err)
	for _, leaf := range app.Model.Leaves(true) {
		require.NotEqual(t, "show", leaf.Name, leaf.FullPath())
	}
	for _, words := range [][]string{{"schedule"}, {"company"}, {"bands", "spend"}, {"audit", "a1"}} {
		_, err := app.Parse(append([]string{words[0], "show"}, words[1:]...))
		require.NoError(t, err, words)
	}
}

func TestCompletion(t *testing.T) {
	for line, want := range map[string]string{
		"rev":                      "revenue reviews",
		"revenue ":                 "add import list reverse",
		"check a b --output ":      "csv json table",
		"check --output csv --exi": "--exit-code",
		"completion ":              "bash fish zsh",
	} {
		got := execute(t, "", "", append([]string{"complete-words", "--"}, strings.Split(line, " ")...)...)
		require.Equal(t, want, strings.Join(strings.Fields(got.stdout), " "), line)
	}
	for _, shell := range []string{"bash", "zsh", "fish"} {
		require.Contains(t, execute(t, "", "", "completion", shell).stdout, "complete-words")
	}
}

func TestPublishNamesPlaces(t *testing.T) {
	path := file(t, "promise.yaml", "schedule: x\nnotice:\n  reason: First\nrules: 3\n")
	invalid := withDetails(codes.InvalidArgument, "The schedule has problems.",
		&errdetails.ErrorInfo{Reason: "SCHEDULE_INVALID", Domain: "evenhand"},
		&errdetails.BadRequest{FieldViolations: []*errdetails.BadRequest_FieldViolation{
			{Field: "rules", Description: "5:8: rules: a list is expected"},
			{Field: "currency", Description: "1:1: a currency is missing"},
		}})
	server := startFake(t, &fake{publish: invalid})
	got := execute(t, server, "", "schedule", "publish", path, "--effective", "1997-01-01")
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, path+":4:8: rules: a list is expected\n", "the place in the file, not in the text sent")
	require.Contains(t, got.stderr, path+":1:1: currency: a currency is missing\n")
}
