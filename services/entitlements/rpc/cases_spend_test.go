package rpc_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// caseView is every field of what is told of cases, by message. Each was looked at: none tells
// what an account spends, how long it is there, in which band it is, or how far its word
// reaches. Money is what a remedy is worth.
var caseView = map[string]string{
	"Case": "name issue facts channel subject description state assignee open_time first_reply_time resolve_time waiting_periods " +
		"reopen_count escalation_count escalation remedy attestations wanted_attestations survey schedule_version clocks due_time " +
		"breached history earlier_entry_count precedents external_id etag create_time update_time",
	"CaseActor":                  "principal role",
	"WaitingPeriod":              "start_time end_time",
	"CaseEscalation":             "escalate_time actor reason accountable answer_time",
	"CaseRemedy":                 "remedy value note pointed_remedy basis departure_reason pointed_value",
	"Attestation":                "what kept note",
	"CaseSurvey":                 "score comment record_time",
	"CaseClock":                  "commitment from_event to_event within calendar state start_time stop_time due_time",
	"CaseEntry":                  "what time actor note",
	"CasePrecedents":             "count more remedies latest_cases pointed_remedy basis pointed_value",
	"CasePrecedents.RemedyCount": "remedy count last_time value",
	"CaseState":                  "issue channel state assignee open_time due_time remedy last_entry source external_id resolve_time clocks",
	"EscalationPath":             "name accountable contact within calendar etag update_time",
	"ListCasesResponse":          "cases next_page_token",
	"PreviewDueResponse":         "clocks schedule_version",
}

const apiPackage = "evenhand.entitlements.v1."

// fieldsBelow collects the fields of a message of this API, and of those that it holds.
func fieldsBelow(m protoreflect.MessageDescriptor, found map[string]string) {
	name, own := strings.CutPrefix(string(m.FullName()), apiPackage)
	if _, known := found[name]; known || !own || m.IsMapEntry() {
		return
	}
	var fields []string
	found[name] = ""
	for i := range m.Fields().Len() {
		f := m.Fields().Get(i)
		fields = append(fields, string(f.Name()))
		if f.Message() != nil {
			fieldsBelow(f.Message(), found)
		}
	}
	found[name] = strings.Join(fields, " ")
}

// A field that is new is to be looked at before anybody is told it: the answers of every call
// about cases, and what the feed tells of one, hold no others.
func TestR3EveryFieldOfACaseWasLookedAt(t *testing.T) {
	found := map[string]string{}
	methods := entitlementsv1.File_evenhand_entitlements_v1_cases_service_proto.Services().ByName("CasesService").Methods()
	for i := range methods.Len() {
		fieldsBelow(methods.Get(i).Output(), found)
	}
	fieldsBelow((&entitlementsv1.CaseState{}).ProtoReflect().Descriptor(), found)
	require.Equal(t, caseView, found)
}

// momentary clears what differs between two cases of which all else is the same: instants and
// etags.
func momentary(m protoreflect.Message) {
	m.Range(func(f protoreflect.FieldDescriptor, v protoreflect.Value) bool {
		switch {
		case f.Name() == "etag" || f.Message() != nil && f.Message().FullName() == "google.protobuf.Timestamp":
			m.Clear(f)
		case f.Message() == nil || f.IsMap():
		case f.IsList():
			for i := range v.List().Len() {
				momentary(v.List().Get(i).Message())
			}
		default:
			momentary(v.Message())
		}
		return true
	})
}

// What an agent reads of a case, its clocks, its history, its precedents and in lists is the
// same for who spends much and has been here long, and for who is new.
func TestR3CasesTellNothingOfSpend(t *testing.T) {
	admin, agent := caseWorld(t)
	ctx := t.Context()
	_, err := agent.staff.AcknowledgeBaseline(ctx, &entitlementsv1.AcknowledgeBaselineRequest{Parent: "schedule/versions/1"})
	require.NoError(t, err)
	_, err = admin.cases.UpdateEscalationPath(ctx, &entitlementsv1.UpdateEscalationPathRequest{
		EscalationPath: &entitlementsv1.EscalationPath{Accountable: "principals/some-admin", Within: durationpb.New(time.Hour)}})
	require.NoError(t, err)
	accounts := []string{"rich", "new"}
	told := map[string][]proto.Message{}
	tell := func(account string, m proto.Message, err error) {
		t.Helper()
		require.NoError(t, err)
		told[account] = append(told[account], m)
	}
	for _, account := range accounts {
		name := "accounts/" + account + "/cases/c1"
		c, err := agent.cases.OpenCase(ctx, &entitlementsv1.OpenCaseRequest{Parent: "accounts/" + account, CaseId: "c1", Case: lateCase})
		tell(account, c, err)
		c, err = agent.cases.AssignCase(ctx, &entitlementsv1.AssignCaseRequest{Name: name, Assignee: "principals/some-service-agent"})
		tell(account, c, err)
		c, err = agent.cases.ReplyToCase(ctx, &entitlementsv1.ReplyToCaseRequest{Name: name})
		tell(account, c, err)
		c, err = agent.cases.WaitOnCustomer(ctx, &entitlementsv1.WaitOnCustomerRequest{Name: name})
		tell(account, c, err)
		c, err = agent.cases.CustomerAnswered(ctx, &entitlementsv1.CustomerAnsweredRequest{Name: name})
		tell(account, c, err)
		c, err = agent.cases.EscalateCase(ctx, &entitlementsv1.EscalateCaseRequest{Name: name, Reason: "Late again."})
		tell(account, c, err)
	}
	// One precedent for both.
	_, err = agent.cases.OpenCase(ctx, &entitlementsv1.OpenCaseRequest{Parent: "accounts/poor", CaseId: "c1", Case: lateCase})
	require.NoError(t, err)
	for _, account := range append([]string{"poor"}, accounts...) {
		c, err := agent.cases.ResolveCase(ctx, &entitlementsv1.ResolveCaseRequest{Name: "accounts/" + account + "/cases/c1", Remedy: "refund",
			Attestations: attested, DepartureReason: "The freight is paid back."})
		tell(account, c, err)
	}
	delete(told, "poor")
	for _, account := range accounts {
		c, err := agent.cases.GetCase(ctx, &entitlementsv1.GetCaseRequest{Name: "accounts/" + account + "/cases/c1", View: entitlementsv1.CaseView_CASE_VIEW_WITH_PRECEDENTS})
		tell(account, c, err)
		require.EqualValues(t, 2, c.GetPrecedents().GetCount())
		list, err := agent.cases.ListCases(ctx, &entitlementsv1.ListCasesRequest{Parent: "accounts/" + account})
		tell(account, list, err)
	}
	texts := map[string]string{}
	for account, messages := range told {
		for _, m := range messages {
			momentary(m.ProtoReflect())
			text, err := protojson.Marshal(m)
			require.NoError(t, err)
			texts[account] += strings.ReplaceAll(string(text), " ", "") + "\n"
		}
		for _, word := range []string{"spend", "band", "partner", "loyal", "900", "tenure", "reach", "followers", "joined"} {
			require.NotContains(t, texts[account], word)
		}
	}
	anyone := strings.NewReplacer("accounts/rich/", "accounts/…/", "accounts/new/", "accounts/…/").Replace
	require.Equal(t, anyone(texts["rich"]), anyone(texts["new"]))
}

// R14: results are reported by the role of staff: of a principal's, the first that lets it do
// what it did.
func TestR14WhatIsDoneIsDoneInARole(t *testing.T) {
	admin, _ := caseWorld(t)
	ctx := t.Context()
	for i, tc := range []struct {
		roles []auth.Role
		want  string
	}{
		{[]auth.Role{auth.ServiceAgent}, "service-agent"},
		{[]auth.Role{auth.Admin, auth.ServiceAgent}, "admin"},
		{[]auth.Role{auth.Viewer, auth.ServiceAgent, auth.Admin}, "service-agent"},
	} {
		id := string(rune('a' + i))
		c, err := admin.as(tc.roles[0], tc.roles[1:]...).cases.OpenCase(ctx, &entitlementsv1.OpenCaseRequest{Parent: "accounts/rich", CaseId: id, Case: lateCase})
		require.NoError(t, err)
		require.Equal(t, tc.want, c.GetHistory()[0].GetActor().GetRole())
		require.Equal(t, "principals/some-"+string(tc.roles[0]), c.GetHistory()[0].GetActor().GetPrincipal())
		require.False(t, slices.ContainsFunc(c.GetHistory(), func(e *entitlementsv1.CaseEntry) bool { return e.GetActor() == nil }))
	}
}
