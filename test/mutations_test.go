package test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	typev1 "github.com/evenhand/evenhand/proto/gen/evenhand/type/v1"
)

// byRule are the RPCs after which an account may be entitled to something else, and why that
// is by a rule for everybody.
var byRule = map[string]string{
	"CreateRevenueEntry":        spendIsRead,
	"BatchCreateRevenueEntries": spendIsRead,
	"ReverseRevenueEntry":       spendIsRead,
	"ImportRevenue":             spendIsRead,
	"CreateAccount":             "rules read how long an account has been a customer, and what its group spends",
	"UpdateAccount":             "only who may change all accounts changes what rules read of one: rules read how long an account has been a customer, and what its group spends",
	"ImportAccounts":            "rules read how long an account has been a customer, and what its group spends",
	"ActivateAccount":           "the promise is to customers, not to prospects",
	"CloseAccount":              "the promise is to customers, not to those who have gone",
	"UpdateCompany":             "the fiscal year and the zone are everybody's",
	"AdoptSettings":             "currency and zone are everybody's",
	"CreateExchangeRate":        "the rate of a day is everybody's",
	"ApplyToProgramme":          "rules read places, which who meets the published criteria gets in the order of the list",
	"WithdrawEnrolment":         "the place goes to the next on the list",
	"UpdateProgramme":           "capacity is for the next on the list",
	"PublishProgramme":          "criteria and capacity are published",
	"RunProgrammeLottery":       "the draw orders all who applied and meet the published criteria",
	"EndProgramme":              "it ends for everybody",
	"EndTerm":                   "rules read terms served, which a draw gives",
	"SwapTerms":                 "rules read terms served, which a draw gives",
	"AnswerSeatInvitation":      "rules read terms served, which a draw gives",
	"CloseRotation":             "rules read terms served, which a draw gives",
	"PublishSchedule":           "a version is for everybody",
	"ApproveDraft":              "a version is for everybody, and was written by another person",
	"RebuildProjections":        "what is known is read again",
}

const spendIsRead = "rules read spend, of which every entry names the system it comes from"

// withoutEffect are the RPCs that change something, and nothing that anybody is entitled to.
var withoutEffect = strings.Fields(`
	CreatePrincipal UpdatePrincipal CreateApiToken DeleteApiToken AuthenticateToken CreateAttributeKey
	CreateContact UpdateContact DeleteContact UpdateReach ResolveAccounts
	CreateBoard UpdateBoard CloseBoard PublishCharter NominateCandidate BatchNominateCandidates RecordConsent WithdrawCandidate
	CreateCalendarFeed RevokeCalendarFeed
	SubmitIdea UpdateIdea VoteForIdea TakeBackVote CreateIdeaComment MergeIdea UnmergeIdea DecideIdea ReviseDisposition RecordFollowUp
	ScheduleMeetings CreateMeeting UpdateMeeting MoveMeeting CancelMeeting InviteMembers AnswerInvitation HoldMeeting RecordAttendance
	TakeUpItem RecuseMember WithdrawRecusal CloseMeeting CreateMinutes ApproveMinutes CreateDecision UpdateDecision CompleteDecision
	DropDecision ReopenDecision
	LayOutRotations PlanVacancyRotation MoveRotation SkipRotation CancelRotation OpenRotation FreezeRotation SolveRotation CommitRotation
	RevealSeed DrawRotation InviteRotation
	CreateLottery RevealLotterySeed DrawLottery CancelLottery
	CreateSolicitation UpdateSolicitation OpenSolicitation CloseSolicitation AnswerSolicitation WithdrawSolicitation
	AcknowledgeBaseline UpdateBandScale ResetBandScale ImportCases OpenCase UpdateCase AssignCase ReplyToCase WaitOnCustomer
	CustomerAnswered ResolveCase ReopenCase EscalateCase RecordCaseSurvey UpdateEscalationPath
	CreateClause UpdateClause RetireClause RecordCitation CreateDraft ComposeDraft UpdateDraft ProposeDraft RejectDraft WithdrawDraft
	CreateHouseRule UpdateHouseRule RetireHouseRule RecordBreach RunParityAudit CreateParityAudit CreateProgramme DeleteProgramme
	CreateRemedy UpdateRemedy RetireRemedy CreateReview AssignReview DecideReview
	CreateSpecialRequest DeclineSpecialRequest MakeRule
	ConsumeBenefit ReserveBenefit CommitReservation CancelReservation ReleaseUsage
	CreateCostLimit UpdateCostLimit DeleteCostLimit AcknowledgeCostFinding`)

// notCalled are those that would end the walk itself: its accounts, its tokens, the days of
// the company.
var notCalled = []string{"CloseAccount", "DeleteApiToken", "UpdatePrincipal", "UpdateCompany"}

// granting are the names of fields by which a benefit, or what earns one, could be given to
// an account by hand.
var granting = []string{"benefit", "benefits", "rule", "rules", "bundle", "bundles", "band", "bands", "level", "levels", "tier", "tiers", "segment",
	"entitlement", "entitlements", "entitled", "grant", "grants", "granted", "override", "overrides", "exempt", "exemption", "waiver", "waivers", "limit", "valid_until",
	"spend", "special", "vip"}

// harmless are the fields of such names that requests to change something have, and why they
// give no account anything.
var harmless = map[string]string{
	"Schedule.benefits":           "the promise to everybody",
	"Schedule.bundles":            "the promise to everybody",
	"Schedule.rules":              "the promise to everybody",
	"Benefit.limit":               "the promise to everybody",
	"Bundle.benefits":             "the promise to everybody",
	"Rule.grants":                 "the promise to everybody",
	"Condition.spend":             "the promise to everybody",
	"Charter.rules":               "how a board is filled",
	"Category.bands":              "how a board is filled",
	"Recurrence.rule":             "when a board meets",
	"BandScale.bands":             "by which audits sort all accounts; no rule reads it",
	"DecideReviewRequest.benefit": "the waiver that a published rule grants",
	"Remedy.benefit":              "of what a remedy reminds who holds it",
	"Breach.benefit":              "by which a breach was waived; it is refused where the account does not hold it",
}

// alsoRead are RPCs that read and whose permissions are not called so; calendar programs need
// none, but the secret in an address.
var alsoRead = []string{"WatchChanges", "GetFeed", "LocateChange", "ListHolders", "CountHolders", "ReadCalendar"}

// mutations are all RPCs that change something.
func (w *walk) mutations() []protoreflect.MethodDescriptor {
	var all []protoreflect.MethodDescriptor
	for _, service := range w.services() {
		of := describe(w.t, w.conn, service).Methods()
		for i := range of.Len() {
			m := of.Get(i)
			if !reads(m) && !slices.Contains(alsoRead, string(m.Name())) {
				all = append(all, m)
			}
		}
	}
	return all
}

// Every RPC that changes something is known here, either as one after which a rule for
// everybody may give or take something, or as one that gives nobody anything; and no request
// of any, rows of imports included, has a field by which it could.
func TestR18EveryMutationIsByRuleOrWithoutEffect(t *testing.T) {
	s := serve(t)
	w := walkAs(t, s, "admin")
	found := map[string]bool{}
	for _, m := range w.mutations() {
		name := string(m.Name())
		found[name] = true
		if (byRule[name] != "") == slices.Contains(withoutEffect, name) {
			t.Errorf("%s changes something: say in byRule by which rule that may give an account a benefit, or in withoutEffect that it cannot", m.FullName())
		}
		eachInput(m.Input(), map[protoreflect.FullName]bool{}, func(field protoreflect.FieldDescriptor) {
			at := string(field.ContainingMessage().Name()) + "." + string(field.Name())
			if slices.Contains(granting, string(field.Name())) && harmless[at] == "" && !uses(m) {
				t.Errorf("%s has the field %s, by which an account could be given something", m.FullName(), at)
			}
		})
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(byRule)), withoutEffect) {
		if !found[name] {
			t.Errorf("there is no RPC %s that changes something", name)
		}
	}
}

// uses says whether an RPC uses what an account is entitled to.
func uses(m protoreflect.MethodDescriptor) bool {
	return accessOf(m).GetPermission() == "usage.consume"
}

// eachInput calls visit with every field of a request that callers write.
func eachInput(of protoreflect.MessageDescriptor, seen map[protoreflect.FullName]bool, visit func(protoreflect.FieldDescriptor)) {
	if seen[of.FullName()] {
		return
	}
	seen[of.FullName()] = true
	for i := range of.Fields().Len() {
		field := of.Fields().Get(i)
		behavior, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
		if slices.Contains(behavior, annotations.FieldBehavior_OUTPUT_ONLY) {
			continue
		}
		visit(field)
		if field.Message() != nil {
			eachInput(field.Message(), seen, visit)
		}
	}
}

// watcher says what accounts are entitled to, as an administrator sees it.
type watcher struct {
	t       *testing.T
	ctx     context.Context
	revenue accountsv1.RevenueServiceClient
	checks  entitlementsv1.EntitlementsServiceClient
}

// held is what the accounts are entitled to once all that was written is counted: an entry
// of another account is written behind it, and waited for.
func (w *watcher) held(accounts ...string) string {
	now := time.Now()
	behind, err := w.revenue.CreateRevenueEntry(w.ctx, &accountsv1.CreateRevenueEntryRequest{Parent: "accounts/echidna", RevenueEntry: &accountsv1.RevenueEntry{
		Source: "test", Date: &date.Date{Year: int32(now.Year()), Month: int32(now.Month()), Day: int32(now.Day())}, Amount: &money.Money{CurrencyCode: "USD"}}})
	require.NoError(w.t, err)
	var list []string
	for _, account := range accounts {
		answer, err := w.checks.ListEntitlements(w.ctx, &entitlementsv1.ListEntitlementsRequest{
			Account: "accounts/" + account, HeldOnly: true, ConsistencyToken: behind.GetConsistencyToken()})
		require.NoError(w.t, err)
		for _, e := range answer.GetEntitlements() {
			require.NotEmpty(w.t, e.GetRule(), "%s has %s by no rule", account, e.GetBenefit())
			require.NotEmpty(w.t, e.GetScheduleVersion(), "%s has %s by no version", account, e.GetBenefit())
			list = append(list, fmt.Sprintf("%s has %s by %s of %s", account, e.GetBenefit(), e.GetRule(), e.GetScheduleVersion()))
		}
	}
	return strings.Join(list, "\n")
}

// Whoever calls whatever changes something about an account, that account and another one
// are entitled to what they were before, unless a rule for everybody says otherwise.
func TestR18NoMutationGivesOneAccountABenefit(t *testing.T) {
	s, _ := quokkaWorld(t)
	for _, name := range []string{"Wombat", "Bilby", "Echidna"} {
		s.cli("accounts", "create", "--display-name", name, "--joined", time.Now().UTC().AddDate(0, 0, -3).Format(time.DateOnly))
	}
	admin := walkAs(t, s, "admin")
	for _, name := range []string{"accounts/wombat", "accounts/bilby"} {
		admin.known.add(name)
	}
	walkers := []*walk{admin}
	for _, role := range []string{"service-agent", "account-manager", "policy-approver", "board-secretary", "auditor", "viewer", "service"} {
		w := walkAs(t, s, role)
		w.known = admin.known
		walkers = append(walkers, w)
	}
	seen := &watcher{t: t, ctx: metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer "+admin.token),
		revenue: accountsv1.NewRevenueServiceClient(admin.conn), checks: entitlementsv1.NewEntitlementsServiceClient(admin.conn)}
	before := seen.held("wombat", "bilby")
	called := map[string]bool{}
	for _, m := range admin.mutations() {
		name := string(m.Name())
		if m.IsStreamingClient() || m.IsStreamingServer() || slices.Contains(notCalled, name) {
			continue
		}
		for _, w := range walkers {
			for variant := range variants {
				request := maker{known: w.known, about: "wombat", variant: variant / 2, required: variant%2 == 1}.request(m.Input())
				code := w.call(m, request)
				called[name] = called[name] || code == codes.OK
				if code == codes.PermissionDenied && variant == 1 { // with and without what need not be there
					break
				}
			}
		}
		after := seen.held("wombat", "bilby")
		if byRule[name] == "" {
			require.Equal(t, before, after, "after %s", m.FullName())
		}
		before = after
	}
	require.Greater(t, len(called), 40, "the walk changes little: %v", slices.Sorted(maps.Keys(called)))

	s.cli("accounts", "create", "--display-name", "Dunnart", "--joined", "2020-01-01")
	none := seen.held("dunnart")
	s.cli("revenue", "add", "dunnart", "60000", "--currency", "USD", "--date", time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly), "--source", "test")
	require.NotEqual(t, none, seen.held("dunnart"), "the walk would not notice a benefit")
}

func accessOf(m protoreflect.MethodDescriptor) *typev1.Access {
	access, _ := proto.GetExtension(m.Options(), typev1.E_Access).(*typev1.Access)
	return access
}
