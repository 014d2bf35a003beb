package command

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

const ruleFile = `display_name: Broken
fact: breach
condition: fact.days_since <= 14
reason: '''We broke '' + fact.commitment'
weight: "50"
channel: call
purpose: Apologise
cool_down_days: 30
`

var (
	fileRule = &plansv1.SignalRule{DisplayName: "Broken", Fact: plansv1.SignalRule_FACT_BREACH, Condition: "fact.days_since <= 14",
		Reason: "'We broke ' + fact.commitment", Weight: "50", Channel: plansv1.Channel_CHANNEL_CALL, Purpose: "Apologise", CoolDownDays: 30}
	brokenRule = func() *plansv1.SignalRule {
		r := proto.Clone(fileRule).(*plansv1.SignalRule)
		r.Name, r.State, r.Etag = "signalRules/broken", plansv1.SignalRule_STATE_SIMULATED, "7"
		r.Simulation = &plansv1.SignalSimulation{FromDate: &date.Date{Year: 2025, Month: 6, Day: 16}, ToDate: &date.Date{Year: 2026, Month: 6, Day: 15}, StepDays: 7,
			Accounts: 40, Facts: 12, TrueFacts: 5, Suggestions: 3, SuggestedAccounts: 2, Failures: 1, Failure: "On 2026-06-08: no such key.",
			Examples: []*plansv1.SignalSimulation_Example{{Account: "accounts/acme", Date: &date.Date{Year: 2026, Month: 6, Day: 8}, Weight: 50, Reason: "We broke first-reply"}}}
		r.InForce = &plansv1.SignalRuleVersion{Name: "signalRules/broken/versions/1", Publisher: "principals/sam", SingleOperator: true, Weight: "40"}
		return r
	}()
	acmeSuggestion = &plansv1.Suggestion{Name: "accounts/acme/suggestions/s1", Reason: "We broke first-reply", Score: 48.25, Owner: "principals/olga",
		State: plansv1.Suggestion_STATE_OPEN, Fact: plansv1.SignalRule_FACT_BREACH, Cause: "accounts/acme/cases/c1", Purpose: "Apologise",
		Date: &date.Date{Year: 2026, Month: 6, Day: 8}, Figures: []*plansv1.Suggestion_Figure{{Field: "days_since", Value: "1"}}}
)

// signalsFake answers every call with one of the above, and keeps what it was asked.
type signalsFake struct {
	plansv1.UnimplementedSignalsServiceServer
	accountsv1.UnimplementedAccountsServiceServer

	mu    sync.Mutex
	asked proto.Message
}

func (f *signalsFake) keep(request proto.Message) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.asked = proto.Clone(request)
	if id := f.asked.ProtoReflect().Descriptor().Fields().ByName("request_id"); id != nil { // another each time
		f.asked.ProtoReflect().Clear(id)
	}
}

func (f *signalsFake) answer(_ context.Context, request any, info *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
	if r, ok := request.(*accountsv1.GetAccountRequest); ok {
		return &accountsv1.Account{Name: r.GetName()}, nil
	}
	f.keep(request.(proto.Message))
	switch request.(type) {
	case *plansv1.ListSignalRulesRequest:
		return &plansv1.ListSignalRulesResponse{SignalRules: []*plansv1.SignalRule{brokenRule}}, nil
	case *plansv1.InitializeSignalRulesRequest:
		return &plansv1.InitializeSignalRulesResponse{SignalRules: []*plansv1.SignalRule{brokenRule}}, nil
	case *plansv1.ListSignalRuleVersionsRequest:
		return &plansv1.ListSignalRuleVersionsResponse{SignalRuleVersions: []*plansv1.SignalRuleVersion{brokenRule.GetInForce()}}, nil
	case *plansv1.LintSignalRuleRequest:
		return &plansv1.LintSignalRuleResponse{Findings: []*plansv1.SignalFinding{
			{Id: "does-not-compile", Field: "condition", Line: 2, Column: 7, Message: "there is no field x", Fix: "Did you mean day?"},
			{Id: "never-true", Warning: true, Field: "condition", Line: 1, Column: 1, Message: "was not true", Fix: "Look."}}}, nil
	case *plansv1.ListSuggestionsRequest:
		return &plansv1.ListSuggestionsResponse{Suggestions: []*plansv1.Suggestion{acmeSuggestion}}, nil
	}
	if strings.Contains(info.FullMethod, "Suggestion") {
		return acmeSuggestion, nil
	}
	return brokenRule, nil
}

// RunSignalSimulation implements SignalsService.
func (f *signalsFake) RunSignalSimulation(r *plansv1.RunSignalSimulationRequest, stream grpc.ServerStreamingServer[plansv1.RunSignalSimulationResponse]) error {
	f.keep(r)
	if err := stream.Send(&plansv1.RunSignalSimulationResponse{Accounts: 20}); err != nil {
		return err
	}
	return stream.Send(&plansv1.RunSignalSimulationResponse{Accounts: 40, SignalRule: brokenRule})
}

// plan runs a command line of signals and suggestions against the fake.
func (f *signalsFake) plan(t *testing.T, address string, args ...string) result {
	t.Helper()
	var cli struct {
		Signals     PlanSignals     `cmd:""`
		Suggestions PlanSuggestions `cmd:""`
	}
	var stdout, stderr bytes.Buffer
	token := filepath.Join(t.TempDir(), tokenFileName)
	require.NoError(t, os.WriteFile(token, []byte("secret-token\n"), 0o600))
	env := &Env{Context: t.Context(), Stdin: strings.NewReader(ruleFile), Stdout: &stdout, Stderr: &stderr, Now: time.Now, Getenv: func(string) string { return "" }}
	code := Run(env, &cli, append(args, "--server", address, "--token-file", token))
	return result{stdout.String(), stderr.String(), code}
}

func startSignalsFake(t *testing.T) (*signalsFake, string) {
	t.Helper()
	f := &signalsFake{}
	server := grpc.NewServer(grpc.UnaryInterceptor(f.answer))
	accountsv1.RegisterAccountsServiceServer(server, f)
	plansv1.RegisterSignalsServiceServer(server, f)
	return f, listen(t, server)
}

func TestSignalsOnTheCommandLine(t *testing.T) {
	f, address := startSignalsFake(t)
	const (
		rule      = "Rule signalRules/broken Called Broken Looks at breach Condition fact.days_since <= 14 Reason 'We broke ' + fact.commitment Weight 50 Channel call"
		tried     = "Tried on 40 accounts, from 2025-06-16 to 2026-06-15, every 7 days Suggestions 3, to 2 accounts True for 5 of 12 facts Failed for 1 facts."
		inForce   = "In force signalRules/broken/versions/1 Publisher principals/sam Single operator yes"
		suggested = "accounts/acme/suggestions/s1"
	)
	changed := proto.Clone(fileRule).(*plansv1.SignalRule)
	changed.Name, changed.Etag = "signalRules/broken", "6"
	june := &date.Date{Year: 2026, Month: 6, Day: 20}
	for _, c := range []struct {
		line  string
		asked proto.Message
		told  string
	}{
		{"signals init", &plansv1.InitializeSignalRulesRequest{}, "signalRules/broken Broken breach Apologise"},
		{"signals list --filter x", &plansv1.ListSignalRulesRequest{PageSize: 1000, Filter: "x"}, "signalRules/broken Broken breach call simulated signalRules/broken/versions/1"},
		{"signals get broken", &plansv1.GetSignalRuleRequest{Name: "signalRules/broken"}, rule},
		{"signals get signalRules/broken", &plansv1.GetSignalRuleRequest{Name: "signalRules/broken"}, inForce},
		{"signals create - --id broken --validate-only", &plansv1.CreateSignalRuleRequest{SignalRule: fileRule, SignalRuleId: "broken", ValidateOnly: true}, rule},
		{"signals update broken - --etag 6", &plansv1.UpdateSignalRuleRequest{SignalRule: changed, UpdateMask: &fieldmaskpb.FieldMask{
			Paths: []string{"channel", "condition", "cool_down_days", "display_name", "fact", "purpose", "reason", "weight"}}}, rule},
		{"signals simulate broken --from 2026-06-20 --max-accounts 9 --etag 6", &plansv1.RunSignalSimulationRequest{
			Name: "signalRules/broken", FromDate: june, MaxAccounts: 9, Etag: "6"}, tried},
		{"signals simulate broken", &plansv1.RunSignalSimulationRequest{Name: "signalRules/broken"}, "accounts/acme 2026-06-08 50 We broke first-reply"},
		{"signals publish broken --etag 7", &plansv1.PublishSignalRuleRequest{Name: "signalRules/broken", Etag: "7"}, rule},
		{"signals retire broken --reason Old.", &plansv1.RetireSignalRuleRequest{Name: "signalRules/broken", Reason: "Old."}, rule},
		{"signals versions broken", &plansv1.ListSignalRuleVersionsRequest{Parent: "signalRules/broken", PageSize: 1000}, "signalRules/broken/versions/1 principals/sam yes 40"},
		{"suggestions list --owner olga --filter fact=SPEND", &plansv1.ListSuggestionsRequest{Parent: "accounts/-", PageSize: 1000,
			Filter: `owner = "principals/olga" AND (fact=SPEND)`}, "accounts/acme/suggestions/s1 48.2 We broke first-reply Apologise principals/olga 2026-06-08 open"},
		{"suggestions list acme --all", &plansv1.ListSuggestionsRequest{Parent: "accounts/acme", PageSize: 1000, ShowAll: true}, suggested},
		{"suggestions get acme/s1", &plansv1.GetSuggestionRequest{Name: suggested}, "About breach accounts/acme/cases/c1"},
		{"suggestions get " + suggested, &plansv1.GetSuggestionRequest{Name: suggested}, "Figure days_since 1"},
		{"suggestions accept acme/s1 --due 2026-06-20", &plansv1.AcceptSuggestionRequest{Name: suggested, DueDate: june}, suggested},
		{"suggestions snooze acme/s1 --until 2026-06-20", &plansv1.SnoozeSuggestionRequest{Name: suggested, UntilDate: june}, suggested},
		{"suggestions dismiss acme/s1 --reason bad-time --text Later. --etag 2", &plansv1.DismissSuggestionRequest{
			Name: suggested, Reason: plansv1.Suggestion_DISMISSAL_REASON_BAD_TIME, Text: "Later.", Etag: "2"}, suggested},
	} {
		got := f.plan(t, address, strings.Fields(c.line)...)
		require.Zero(t, got.code, "%s: %s", c.line, got.stderr)
		require.Contains(t, strings.Join(strings.Fields(got.stdout), " "), c.told, c.line)
		require.Empty(t, cmp.Diff(c.asked, f.asked, protocmp.Transform()), c.line)
	}
	for _, wrong := range []string{"signals publish broken", "signals retire broken", "signals lint", "signals lint broken --file -", "suggestions snooze acme/s1",
		"suggestions dismiss acme/s1", "suggestions dismiss acme/s1 --reason because"} {
		require.Equal(t, ExitUsage, f.plan(t, address, strings.Fields(wrong)...).code, wrong)
	}
	for _, command := range []string{"signals init", "signals list", "signals get broken", "signals simulate broken", "suggestions list", "suggestions get acme/s1"} {
		got := f.plan(t, address, append(strings.Fields(command), "--output", "json")...)
		require.True(t, strings.HasPrefix(got.stdout, "{\n"), command)
	}
}

func TestARuleOfSignalsIsAFile(t *testing.T) {
	f, address := startSignalsFake(t)
	require.Equal(t, ruleFile, f.plan(t, address, "signals", "get", "broken", "--output", "yaml").stdout, "what get prints, create reads")
	got := f.plan(t, address, "signals", "create", file(t, "rule.yaml", "display_name: X\nwhen: now\n"))
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, got.stderr, `rule.yaml: line 2:1: there is no field "when" here`)
	got = f.plan(t, address, "signals", "update", "broken", file(t, "rule.yaml", "{}"))
	require.Contains(t, got.stderr, "rule.yaml says nothing of a rule")
}

func TestLintOfARuleFailsWhereItCannotBeUsed(t *testing.T) {
	f, address := startSignalsFake(t)
	got := f.plan(t, address, "signals", "lint", "--file", "-")
	require.Equal(t, ExitFailed, got.code)
	require.Contains(t, squeeze(got.stdout), "condition 2:7 error there is no field x Did you mean day?")
	require.Contains(t, squeeze(got.stdout), "condition 1:1 warning was not true Look.")
	require.Contains(t, got.stderr, "1 of its problems are errors")
	require.Empty(t, cmp.Diff(&plansv1.LintSignalRuleRequest{Subject: &plansv1.LintSignalRuleRequest_SignalRule{SignalRule: fileRule}}, f.asked, protocmp.Transform()))
	f.plan(t, address, "signals", "lint", "broken")
	require.Empty(t, cmp.Diff(&plansv1.LintSignalRuleRequest{Subject: &plansv1.LintSignalRuleRequest_Name{Name: "signalRules/broken"}}, f.asked, protocmp.Transform()))
}
