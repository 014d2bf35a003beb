package test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

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
	"CloseBoard":                "rules read terms served, and who sits on a board that the company dissolves has served",
	"CloseRotation":             "rules read terms served, which a draw gives",
	"ConfirmInnovationProject":  projectsAreRead,
	"WithdrawConfirmation":      projectsAreRead,
	"PublishSchedule":           "a version is for everybody",
	"ApproveDraft":              "a version is for everybody, and was written by another person",
	"RebuildProjections":        "what is known is read again",
}

const byWhoMayChangeAll = "rules read it, so only who may change all accounts or import them says it, not who looks after one"

const projectsAreRead = "rules read completed projects, each of which the customer confirmed, as somebody else than its lead recorded"

const spendIsRead = "rules read spend, of which every entry names the system it comes from"

// withoutEffect are the RPCs that change something, and nothing that anybody is entitled to.
var withoutEffect = strings.Fields(`
	CreatePrincipal UpdatePrincipal CreateApiToken DeleteApiToken AuthenticateToken CreateAttributeKey
	CreateContact UpdateContact DeleteContact UpdateReach ResolveAccounts
	CreateBoard UpdateBoard PublishCharter NominateCandidate BatchNominateCandidates RecordConsent WithdrawCandidate
	CreateCalendarFeed RevokeCalendarFeed CreatePlanCalendarFeed RevokePlanCalendarFeed
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
	CreateCostLimit UpdateCostLimit DeleteCostLimit AcknowledgeCostFinding
	CreatePlan UpdatePlan ActivatePlan ReviewPlan ClosePlan ReopenPlan HandOverPlan MeasureGoal EndGoal
	CreatePlanTemplate UpdatePlanTemplate PublishPlanTemplate RetirePlanTemplate ApplyPlanTemplate
	IssueValueStatements BatchIssueValueStatements
	CreateTouchpoint CompleteTouchpoint SkipTouchpoint RescheduleTouchpoint ReassignTouchpoint RecordContact CreateAbsence DeleteAbsence
	CreateSignalRule UpdateSignalRule SimulateSignalRule RunSignalSimulation PublishSignalRule RetireSignalRule InitializeSignalRules
	SnoozeSuggestion AcceptSuggestion DismissSuggestion
	CreateExpert UpdateExpert CreateEngagement UpdateEngagement MatchEngagement AssignExperts StartEngagement CompleteEngagement
	DeclineEngagement CancelEngagement RecordFeedback RecordHours ReverseHours ChargeHours
	CreateInnovationProject UpdateInnovationProject SignInnovationProject StartInnovationProject DecideGate RecordPilot
	LaunchInnovationProject RecordResult CompleteInnovationProject StopInnovationProject
	CreateStrategySession UpdateStrategySession OpenStrategySession HoldStrategySession RecordSessionAttendance AnswerStrategySession
	CancelStrategySession
	CreatePointRules UpdatePointRules ProposePointRules ApprovePointRules RejectPointRules WithdrawPointRules CorrectRewardEntry
	AcknowledgeRewardFinding`)

// notCalled are those that would end the walk itself: its accounts, its tokens, the days of
// the company.
var notCalled = []string{"CloseAccount", "DeleteApiToken", "UpdatePrincipal", "UpdateCompany"}

// notMade are those that the walk does not make succeed, and why. One that succeeds after
// all has to go from here; of the board service a few may go otherwise, since whom the demo
// draws is chance.
var notMade = map[string]string{
	"PublishCharter":         "a charter is a text whose parts fit each other, and the walk guesses field by field",
	"SwapTerms":              "it takes two terms that run and end on different days",
	"RecordAttendance":       "it takes who held a seat when the meeting began, and the walk names any member",
	"TakeUpItem":             noAgenda,
	"RecuseMember":           noAgenda,
	"WithdrawRecusal":        noAgenda,
	"CreateDecision":         noAgenda,
	"UpdateDecision":         noAgenda,
	"ApproveMinutes":         "the minutes that there are were approved, and those that the walk records are not of the meeting it names",
	"MoveRotation":           "the charter says how long terms are, and the day that the walk names would cut them",
	"SkipRotation":           "the walk freezes the next rotation, and none behind it can be skipped before it is closed",
	"CommitRotation":         noDraw,
	"RevealSeed":             noDraw,
	"DrawRotation":           noDraw,
	"InviteRotation":         noDraw,
	"AnswerSeatInvitation":   noDraw,
	"CloseRotation":          noDraw,
	"RevealLotterySeed":      "two people would each have to commit to a secret, and the walk draws by a public round alone",
	"CancelLottery":          "a lottery cannot be called off once its round is known, and the walk waits for that to draw it",
	"AcknowledgeCostFinding": "there is no cost above a limit in the demo",
	"ApproveDraft":           "it takes another person than proposed it, and a draft written on the version in force",
	"PublishSchedule":        "in a company with a second approver nobody publishes alone",
	"RunProgrammeLottery":    "the programmes of the walk give their places in the order of applications",
	"DeleteProgramme":        "the walk publishes all programmes, and a published one can only be ended",
	"CancelReservation":      "the walk commits all that it reserves",
	"ChargeHours":            "it takes hours that the benefit refused, and those of the demo it did not",
}

const (
	noAgenda = "the meetings that the walk holds have an empty agenda"
	noDraw   = "it takes as many panels as give everybody in the pool a chance, and the walk commits to one"
)

// granting are the names of fields by which a benefit, or what earns one, could be given to
// an account by hand.
var granting = []string{"benefit", "benefits", "rule", "rules", "bundle", "bundles", "band", "bands", "level", "levels", "tier", "tiers", "segment",
	"entitlement", "entitlements", "entitled", "grant", "grants", "granted", "override", "overrides", "exempt", "exemption", "waiver", "waivers", "limit", "valid_until",
	"spend", "special", "vip", "joined", "joined_date", "parent", "date"}

// harmless are the fields of such names that requests to change something have, and why they
// give no account anything.
var harmless = map[string]string{
	"Schedule.benefits":               "the promise to everybody",
	"Schedule.bundles":                "the promise to everybody",
	"Schedule.rules":                  "the promise to everybody",
	"Benefit.limit":                   "the promise to everybody",
	"Bundle.benefits":                 "the promise to everybody",
	"Rule.grants":                     "the promise to everybody",
	"Condition.spend":                 "the promise to everybody",
	"Charter.rules":                   "how a board is filled",
	"Category.bands":                  "how a board is filled",
	"Recurrence.rule":                 "when a board meets",
	"Cadence.rule":                    "when a customer is contacted",
	"Engagement.benefit":              "whose units the hours use; it is refused where the account does not hold it",
	"PointRules.rules":                "points are for our own people",
	"Measurement.date":                "what a customer's own goal had reached on a day",
	"BandScale.bands":                 "by which audits sort all accounts; no rule reads it",
	"DecideReviewRequest.benefit":     "the waiver that a published rule grants",
	"Account.joined_date":             byWhoMayChangeAll,
	"Account.parent":                  byWhoMayChangeAll,
	"AccountRow.joined":               byWhoMayChangeAll,
	"AccountRow.parent":               byWhoMayChangeAll,
	"ActivateAccountRequest.date":     "before today only of who may change all accounts",
	"CloseAccountRequest.date":        "until when it is a customer; of one that is closed nothing is won by it",
	"RevenueEntry.date":               spendIsRead,
	"RevenueRow.date":                 spendIsRead,
	"ExchangeRate.date":               "the rate of a day is everybody's",
	"PlanVacancyRotationRequest.date": "when a seat is drawn for; who gets it is drawn",
	"MoveRotationRequest.date":        "when a seat is drawn for; who gets it is drawn",
	"EndTermRequest.date":             "a term that a member ends early is not counted",
	"Remedy.benefit":                  "of what a remedy reminds who holds it",
	"Breach.benefit":                  "by which a breach was waived; it is refused where the account does not hold it",
}

// alsoRead are RPCs that read and whose permissions are not called so; calendar programs need
// none, but the secret in an address.
var alsoRead = []string{"WatchChanges", "GetFeed", "LocateChange", "ListHolders", "CountHolders", "ReadCalendar", "ReadPlanCalendar"}

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
	t.Parallel()
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
			if slices.Contains(granting, string(field.Name())) && harmless[at] == "" && !uses(m) && !collection(field) {
				t.Errorf("%s has the field %s, by which an account could be given something", m.FullName(), at)
			}
		})
	}
	for _, name := range slices.Concat(slices.Collect(maps.Keys(byRule)), slices.Collect(maps.Keys(notMade)), withoutEffect) {
		if !found[name] {
			t.Errorf("there is no RPC %s that changes something", name)
		}
	}
}

// collection says whether a field is the resource under which a request makes another.
func collection(field protoreflect.FieldDescriptor) bool {
	return field.Name() == "parent" && behaves(field, annotations.FieldBehavior_REQUIRED) && strings.HasSuffix(string(field.ContainingMessage().Name()), "Request")
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

// Whoever calls whatever changes something about an account, that account and others are
// entitled to what they were before, unless a rule for everybody says otherwise. The
// account-manager comes first and looks after the account, so that the role most able to
// favour it is not stopped at the door.
func TestR18NoMutationGivesOneAccountABenefit(t *testing.T) {
	t.Parallel()
	s, _ := quokkaWorld(t)
	for _, name := range []string{"Wombat", "Bilby", "Echidna"} {
		s.cli("accounts", "create", "--display-name", name, "--joined", time.Now().UTC().AddDate(0, 0, -3).Format(time.DateOnly))
	}
	admin := walkAs(t, s, "admin")
	for _, name := range []string{"accounts/wombat", "accounts/bilby"} {
		admin.known.add(name)
	}
	walkers := []*walk{walkAs(t, s, manager), admin}
	roles := []string{"service-agent", "policy-approver", "board-secretary", "auditor", "viewer", "service"}
	for _, role := range roles {
		walkers = append(walkers, walkAs(t, s, role))
	}
	for _, w := range walkers {
		w.known = admin.known
	}
	admin.read()
	admin.known.given = s.valuesOfTheDemo(admin.token)
	seen := watch(admin)
	seen.assign("wombat")
	seen.manageToFavour(s, walkers[0], "wombat")
	before := seen.held("wombat", "bilby")
	scripted := seen.lookAfter("bilby", walkers[0], admin, walkers[2+slices.Index(roles, "policy-approver")])
	done := map[string]bool{}
	for turn, methods := range inTurn(admin.mutations()) {
		if turn == 1 {
			time.Sleep(roundKnown) // what the first turn committed to can be drawn
		}
		for _, m := range methods {
			name := string(m.Name())
			if slices.Contains(notCalled, name) || done[name] {
				continue
			}
			seen.assign("wombat")
			for _, w := range walkers {
				done[name] = w.change(m, w == admin || w.role == "policy-approver") || done[name]
				if w.role == manager && (name == "UpdateAccount" || name == "ActivateAccount") {
					require.Equal(t, before, seen.held("wombat", "bilby"), "after %s of who looks after the account", name)
				}
			}
			after := seen.held("wombat", "bilby")
			if byRule[name] == "" {
				require.Equal(t, before, after, "after %s", m.FullName())
			}
			before = after
		}
		admin.read()
	}
	maps.Copy(done, scripted)
	others := map[protoreflect.FullName]int{} // RPCs that went otherwise than they mostly do, by package
	for _, m := range admin.mutations() {
		name := string(m.Name())
		of := m.ParentFile().Package()
		if of == "evenhand.board.v1" && done[name] == (notMade[name] != "") {
			t.Logf("%s: made %t, by whom the demo's board drew and what day it is", name, done[name])
			others[of]++
			continue
		}
		switch why := notMade[name]; {
		case done[name] && why != "":
			t.Errorf("%s succeeds: take it out of notMade, which says that %s", name, why)
		case !done[name] && why == "" && !slices.Contains(notCalled, name):
			t.Errorf("%s never succeeds, so that nothing is proven of it: give the walk what it needs\n%s", name, strings.Join(admin.why[name], "\n"))
		}
	}
	for of, n := range others {
		require.Less(t, n, 10, "of the RPCs of %s most are made to succeed", of)
	}

	admin.requireToldOfPlans()

	s.cli("accounts", "create", "--display-name", "Dunnart", "--joined", "2020-01-01")
	none := seen.held("dunnart")
	s.cli("revenue", "add", "dunnart", "60000", "--currency", "USD", "--date", time.Now().UTC().AddDate(0, 0, -1).Format(time.DateOnly), "--source", "test")
	require.NotEqual(t, none, seen.held("dunnart"), "the walk would not notice a benefit")
}

func accessOf(m protoreflect.MethodDescriptor) *typev1.Access {
	access, _ := proto.GetExtension(m.Options(), typev1.E_Access).(*typev1.Access)
	return access
}
