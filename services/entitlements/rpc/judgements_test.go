package rpc_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
)

// judged are the clients of reviews and what they are about, and of the remedies.
type judged struct {
	reviews    entitlementsv1.ReviewsServiceClient
	houseRules entitlementsv1.HouseRulesServiceClient
	clauses    entitlementsv1.ClausesServiceClient
	remedies   entitlementsv1.RemediesServiceClient
}

// GetPrincipal knows all but those called nobody, and more of those that were listed.
func (f *fakeAccounts) GetPrincipal(_ context.Context, r *accountsv1.GetPrincipalRequest) (*accountsv1.Principal, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, p := range f.principals {
		if p.GetName() == r.GetName() {
			return p, nil
		}
	}
	if r.GetName() == "principals/nobody" {
		return nil, fault.Missing("evenhand/Principal", r.GetName())
	}
	return &accountsv1.Principal{Name: r.GetName()}, nil
}

// inMay is a served schedule and its accounts on 5 May 1998, when rich pays no late fee,
// and the house rule about it, which three breaches in a quarter bring to review.
func inMay(t *testing.T) *served {
	t.Helper()
	s := serve(t, entitlements.Options{Now: func() time.Time { return time.Date(1998, 5, 5, 12, 0, 0, 0, time.UTC) }})
	token := s.fill(t)
	_, err := s.CheckEntitlement(t.Context(), check("rich", "no-fee", token)) // all has been applied
	require.NoError(t, err)
	_, err = s.houseRules.CreateHouseRule(t.Context(), &entitlementsv1.CreateHouseRuleRequest{
		HouseRuleId: "late-fee", HouseRule: &entitlementsv1.HouseRule{Text: "Who pays late pays a fee.", Why: "Money costs interest.",
			Owner: "principals/some-service-agent", ReviewThreshold: &entitlementsv1.ReviewThreshold{
				Count: 3, AccountShare: 5000, Window: entitlementsv1.ReviewThreshold_WINDOW_QUARTER}}})
	require.NoError(t, err)
	return s
}

func (s *served) breach(ctx context.Context, account string, response entitlementsv1.Breach_Response, benefit string) (*entitlementsv1.Breach, error) {
	return s.houseRules.RecordBreach(ctx, &entitlementsv1.RecordBreachRequest{Parent: "houseRules/late-fee",
		Breach: &entitlementsv1.Breach{Account: "accounts/" + account, Response: response, Benefit: benefit}})
}

func TestR32BreachesBringAHouseRuleToReviewAndAWaiverIsABenefit(t *testing.T) {
	s := inMay(t)
	agent := s.as(auth.ServiceAgent)
	_, err := agent.breach(t.Context(), "new", entitlementsv1.Breach_RESPONSE_WAIVED, "no-fee")
	wantStatus(t, err, codes.FailedPrecondition, "WAIVER_NOT_DUE")
	_, err = agent.breach(t.Context(), "rich", entitlementsv1.Breach_RESPONSE_WAIVED, "thanks")
	wantStatus(t, err, codes.FailedPrecondition, "WAIVER_NOT_DUE")
	_, err = agent.breach(t.Context(), "nowhere", entitlementsv1.Breach_RESPONSE_ENFORCED, "")
	require.Equal(t, []string{"breach.account"}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")))
	_, err = agent.breach(t.Context(), "rich", entitlementsv1.Breach_RESPONSE_UNSPECIFIED, "")
	wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")

	waived, err := agent.breach(t.Context(), "rich", entitlementsv1.Breach_RESPONSE_WAIVED, "no-fee")
	require.NoError(t, err)
	got, err := agent.houseRules.GetBreach(t.Context(), &entitlementsv1.GetBreachRequest{Name: waived.GetName()})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(&entitlementsv1.Breach{
		Name: waived.GetName(), Account: "accounts/rich", BreachDate: &date.Date{Year: 1998, Month: 5, Day: 5},
		Response: entitlementsv1.Breach_RESPONSE_WAIVED, Benefit: "no-fee", Recorder: "principals/some-service-agent",
		RecorderRoles: []string{"service-agent"}, Etag: waived.GetEtag(), CreateTime: waived.GetCreateTime(),
	}, got, protocmp.Transform()))
	_, err = agent.breach(t.Context(), "rich", entitlementsv1.Breach_RESPONSE_ENFORCED, "")
	require.NoError(t, err)
	third, err := agent.breach(t.Context(), "new", entitlementsv1.Breach_RESPONSE_OVERLOOKED, "")
	require.NoError(t, err)
	require.Equal(t, "reviews/house-rule-late-fee-1998-q2", third.GetReview(), "three times, by two of three accounts")

	report, err := agent.houseRules.ReportBreaches(t.Context(), &entitlementsv1.ReportBreachesRequest{})
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(&entitlementsv1.ReportBreachesResponse{
		FromDate: &date.Date{Year: 1998, Month: 2, Day: 5}, ToDate: &date.Date{Year: 1998, Month: 5, Day: 5},
		Rows: []*entitlementsv1.ReportBreachesResponse_Row{{HouseRule: "houseRules/late-fee", Text: "Who pays late pays a fee.",
			Count: 3, Accounts: 2, Enforced: 1, Waived: 1, Overlooked: 1}},
	}, report, protocmp.Transform()))
	list, err := agent.houseRules.ListBreaches(t.Context(), &entitlementsv1.ListBreachesRequest{
		Parent: "houseRules/-", Filter: `account = "accounts/rich" AND response = RESPONSE_WAIVED AND breach_date >= "1998-05-01"`})
	require.NoError(t, err)
	require.Len(t, list.GetBreaches(), 1)

	open, err := agent.reviews.ListReviews(t.Context(), &entitlementsv1.ListReviewsRequest{
		Filter: `owner = "principals/some-service-agent" AND state = OPEN AND overdue = false`})
	require.NoError(t, err)
	require.Len(t, open.GetReviews(), 1)
	review := open.GetReviews()[0]
	require.EqualValues(t, 3, review.GetCause().GetAllAccounts())
	require.Equal(t, "1998-q2", review.GetCause().GetWindow())

	decide := &entitlementsv1.DecideReviewRequest{Name: review.GetName(), Etag: review.GetEtag(), Text: "Partners need not.",
		Outcome: entitlementsv1.Review_OUTCOME_WAIVE, Benefit: "hours", RequestId: "0f6c1d2e-7c1b-4c53-9d39-3f0b6a1e5a77"}
	_, err = s.as(auth.AccountManager).reviews.DecideReview(t.Context(), decide)
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = agent.reviews.DecideReview(t.Context(), decide)
	wantStatus(t, err, codes.FailedPrecondition, "NO_SUCH_WAIVER")
	decide.Benefit = "no-fee"
	decided, err := agent.reviews.DecideReview(t.Context(), decide)
	require.NoError(t, err, "its owner decides")
	require.Equal(t, "no-fee", decided.GetDecision().GetBenefit())
	again, err := agent.reviews.DecideReview(t.Context(), decide)
	require.NoError(t, err)
	require.Empty(t, cmp.Diff(decided, again, protocmp.Transform()))
	seen, err := agent.reviews.GetReview(t.Context(), &entitlementsv1.GetReviewRequest{Name: review.GetName()})
	require.NoError(t, err)
	require.Empty(t, seen.GetDecision().GetText(), "R3: who wrote it may have written who spends what")
	require.NotEmpty(t, seen.GetWhy(), "the figures say nothing of spend")
	seen, err = s.reviews.GetReview(t.Context(), &entitlementsv1.GetReviewRequest{Name: review.GetName()})
	require.NoError(t, err)
	require.Equal(t, "Partners need not.", seen.GetDecision().GetText())
	decide.RequestId = ""
	decide.Etag = ""
	_, err = s.reviews.DecideReview(t.Context(), decide)
	wantStatus(t, err, codes.FailedPrecondition, "REVIEW_STATE")
}

func TestReviewsAreOpenedAndHandedOver(t *testing.T) {
	s := inMay(t)
	agent := s.as(auth.ServiceAgent)
	_, err := agent.reviews.CreateReview(t.Context(), &entitlementsv1.CreateReviewRequest{
		Review: &entitlementsv1.Review{Topic: "Opening hours", Why: "Calls at seven.", Owner: "principals/ben"}})
	wantStatus(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	opened, err := agent.reviews.CreateReview(t.Context(), &entitlementsv1.CreateReviewRequest{
		Review: &entitlementsv1.Review{Topic: "Opening hours", Why: "Calls at seven.", DueDate: &date.Date{Year: 1998, Month: 5, Day: 6}}})
	require.NoError(t, err)
	require.Equal(t, "principals/some-service-agent", opened.GetOwner())
	assign := &entitlementsv1.AssignReviewRequest{Name: opened.GetName(), Owner: "principals/ben", Reason: "He has the keys.",
		RequestId: "0f6c1d2e-7c1b-4c53-9d39-3f0b6a1e5a77"}
	assigned, err := agent.reviews.AssignReview(t.Context(), assign)
	require.NoError(t, err)
	again, err := agent.reviews.AssignReview(t.Context(), assign)
	require.NoError(t, err, "a retry, by who does not own it any more")
	require.Empty(t, cmp.Diff(assigned, again, protocmp.Transform()))
	require.Equal(t, "principals/ben", assigned.GetAssignments()[0].GetNewOwner())
	require.Empty(t, assigned.GetAssignments()[0].GetReason(), "R3: what people wrote is not for a service agent")
	require.Empty(t, assigned.GetWhy())
	seen, err := s.reviews.GetReview(t.Context(), &entitlementsv1.GetReviewRequest{Name: opened.GetName()})
	require.NoError(t, err)
	require.Equal(t, "He has the keys.", seen.GetAssignments()[0].GetReason())
	require.Equal(t, "Calls at seven.", seen.GetWhy())
	_, err = s.reviews.CreateReview(t.Context(), &entitlementsv1.CreateReviewRequest{
		Review: &entitlementsv1.Review{Subject: "clauses/none", Why: "x"}})
	require.Equal(t, []string{"review.subject"}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")))
	byDay, err := s.reviews.ListReviews(t.Context(), &entitlementsv1.ListReviewsRequest{Filter: "overdue = true"})
	require.NoError(t, err)
	require.Empty(t, byDay.GetReviews())
}

func TestR33CitationsBringAClauseToReview(t *testing.T) {
	s := inMay(t)
	_, err := s.clauses.CreateClause(t.Context(), &entitlementsv1.CreateClauseRequest{ClauseId: "liability", Clause: &entitlementsv1.Clause{
		Title: "Liability", Text: "Not for delays.", ReviewCitations: 2}})
	require.NoError(t, err)
	agent := s.as(auth.ServiceAgent)
	cite := func(c *entitlementsv1.Citation) (*entitlementsv1.Citation, error) {
		return agent.clauses.RecordCitation(t.Context(), &entitlementsv1.RecordCitationRequest{Parent: "clauses/liability", Citation: c})
	}
	first, err := cite(&entitlementsv1.Citation{Account: "accounts/rich", Note: "Asked for damages."})
	require.NoError(t, err)
	require.Empty(t, first.GetReview())
	_, err = cite(&entitlementsv1.Citation{Account: "accounts/rich", Case: "accounts/poor/cases/c1"})
	require.Equal(t, []string{"citation.case"}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")))
	second, err := cite(&entitlementsv1.Citation{})
	require.NoError(t, err)
	require.Equal(t, "reviews/clause-liability-1998-q2", second.GetReview())

	report, err := agent.clauses.ReportCitations(t.Context(), &entitlementsv1.ReportCitationsRequest{})
	require.NoError(t, err)
	require.Equal(t, "1998-q2", report.GetQuarter())
	require.Empty(t, cmp.Diff([]*entitlementsv1.ReportCitationsResponse_Row{{Clause: "clauses/liability", Title: "Liability", Count: 2, Accounts: 1,
		ReviewCitations: 2, Review: second.GetReview()}}, report.GetRows(), protocmp.Transform()))
	list, err := agent.clauses.ListCitations(t.Context(), &entitlementsv1.ListCitationsRequest{
		Parent: "clauses/liability", Filter: `recorder = "principals/some-service-agent"`, PageSize: 1})
	require.NoError(t, err)
	require.NotEmpty(t, list.GetNextPageToken())
	got, err := agent.clauses.GetCitation(t.Context(), &entitlementsv1.GetCitationRequest{Name: first.GetName()})
	require.NoError(t, err)
	require.Equal(t, "Asked for damages.", got.GetNote())

	_, err = agent.clauses.RetireClause(t.Context(), &entitlementsv1.RetireClauseRequest{Name: "clauses/liability", Reason: "x"})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	changed, err := s.clauses.UpdateClause(t.Context(), &entitlementsv1.UpdateClauseRequest{
		Clause: &entitlementsv1.Clause{Name: "clauses/liability", ReviewCitations: 9}})
	require.NoError(t, err)
	require.EqualValues(t, 9, changed.GetReviewCitations())
	_, err = s.clauses.RetireClause(t.Context(), &entitlementsv1.RetireClauseRequest{Name: "clauses/liability", Reason: "Struck out."})
	require.NoError(t, err)
	_, err = cite(&entitlementsv1.Citation{})
	wantStatus(t, err, codes.FailedPrecondition, "CLAUSE_STATE")
	active, err := s.clauses.ListClauses(t.Context(), &entitlementsv1.ListClausesRequest{Filter: "state = STATE_ACTIVE"})
	require.NoError(t, err)
	require.Empty(t, active.GetClauses())
}

func TestR25RemediesOverTheWire(t *testing.T) {
	s := inMay(t)
	parcel := &entitlementsv1.Remedy{Title: "New parcel", Action: "Send it again.", Issue: "late-delivery", Facts: map[string]string{"lost": "yes"},
		Value: &money.Money{CurrencyCode: "USD", Units: 12, Nanos: 500_000_000}, FromDate: &date.Date{Year: 1998, Month: 1, Day: 1}, Priority: 2}
	made, err := s.remedies.CreateRemedy(t.Context(), &entitlementsv1.CreateRemedyRequest{Remedy: parcel})
	require.NoError(t, err)
	want := &entitlementsv1.Remedy{Name: "remedies/new-parcel", Title: parcel.Title, Action: parcel.Action, Issue: parcel.Issue, Facts: parcel.Facts,
		Value: parcel.Value, FromDate: parcel.FromDate, Priority: 2, State: entitlementsv1.Remedy_STATE_ACTIVE,
		Etag: made.GetEtag(), CreateTime: made.GetCreateTime(), UpdateTime: made.GetUpdateTime()}
	require.Empty(t, cmp.Diff(want, made, protocmp.Transform()))
	_, err = s.remedies.CreateRemedy(t.Context(), &entitlementsv1.CreateRemedyRequest{RemedyId: "other", Remedy: parcel, ValidateOnly: true})
	wantStatus(t, err, codes.FailedPrecondition, "REMEDY_TIE")
	_, err = s.remedies.CreateRemedy(t.Context(), &entitlementsv1.CreateRemedyRequest{Remedy: &entitlementsv1.Remedy{
		Title: "Reminder", Action: "Remind them.", Issue: "late-delivery", Benefit: "unheard-of"}})
	require.Equal(t, []string{"remedy.benefit"}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")))
	_, err = s.remedies.CreateRemedy(t.Context(), &entitlementsv1.CreateRemedyRequest{Remedy: &entitlementsv1.Remedy{
		Title: "Apology", Action: "Apologise.", Issue: "late-delivery", Benefit: "thanks"}})
	require.NoError(t, err)

	agent := s.as(auth.ServiceAgent)
	found, err := agent.remedies.SuggestRemedies(t.Context(), &entitlementsv1.SuggestRemediesRequest{
		Issue: "late-delivery", Facts: map[string]string{"lost": "yes", "weight": "2"}})
	require.NoError(t, err)
	require.Len(t, found.GetRemedies(), 2)
	require.Equal(t, "remedies/new-parcel", found.GetRemedies()[0].GetName())
	_, err = agent.remedies.CreateRemedy(t.Context(), &entitlementsv1.CreateRemedyRequest{Remedy: parcel})
	wantStatus(t, err, codes.PermissionDenied, "PERMISSION_DENIED")

	changed, err := s.remedies.UpdateRemedy(t.Context(), &entitlementsv1.UpdateRemedyRequest{
		Remedy:     &entitlementsv1.Remedy{Name: made.GetName(), Etag: made.GetEtag()},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"value", "from_date"}}})
	require.NoError(t, err)
	require.Nil(t, changed.GetValue())
	require.Nil(t, changed.GetFromDate())
	require.Equal(t, "New parcel", changed.GetTitle())
	_, err = s.remedies.UpdateRemedy(t.Context(), &entitlementsv1.UpdateRemedyRequest{
		Remedy: &entitlementsv1.Remedy{Name: made.GetName(), Facts: map[string]string{"channel": "phone"}}})
	require.Equal(t, []string{"remedy.facts.channel"}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")))
	_, err = s.remedies.UpdateRemedy(t.Context(), &entitlementsv1.UpdateRemedyRequest{Remedy: &entitlementsv1.Remedy{Name: made.GetName(), Title: "x", Etag: made.GetEtag()}})
	wantStatus(t, err, codes.Aborted, "STALE_ETAG")

	_, err = s.remedies.RetireRemedy(t.Context(), &entitlementsv1.RetireRemedyRequest{Name: made.GetName(), Reason: "Too dear."})
	require.NoError(t, err)
	list, err := s.remedies.ListRemedies(t.Context(), &entitlementsv1.ListRemediesRequest{Filter: `issue = "late-delivery" AND state = RETIRED`})
	require.NoError(t, err)
	require.Len(t, list.GetRemedies(), 1)
	require.Equal(t, "Too dear.", list.GetRemedies()[0].GetRetirementReason())
}

func TestR39TheFeedTellsOfReviewsAndWhatTheyAreAbout(t *testing.T) {
	s := inMay(t)
	rule, err := s.houseRules.UpdateHouseRule(t.Context(), &entitlementsv1.UpdateHouseRuleRequest{
		HouseRule: &entitlementsv1.HouseRule{Name: "houseRules/late-fee", ReviewThreshold: &entitlementsv1.ReviewThreshold{
			Count: 1, Window: entitlementsv1.ReviewThreshold_WINDOW_YEAR}}})
	require.NoError(t, err)
	breach, err := s.houseRules.RecordBreach(t.Context(), &entitlementsv1.RecordBreachRequest{Parent: rule.GetName(), Breach: &entitlementsv1.Breach{
		Account: "accounts/poor", Response: entitlementsv1.Breach_RESPONSE_ENFORCED, Note: "He shouted."}})
	require.NoError(t, err)
	require.Equal(t, "reviews/house-rule-late-fee-1998", breach.GetReview())
	clause, err := s.clauses.CreateClause(t.Context(), &entitlementsv1.CreateClauseRequest{Clause: &entitlementsv1.Clause{Title: "Notice", Text: "30 days."}})
	require.NoError(t, err)
	citation, err := s.clauses.RecordCitation(t.Context(), &entitlementsv1.RecordCitationRequest{
		Parent: clause.GetName(), Citation: &entitlementsv1.Citation{Account: "accounts/new", Note: "Mr Poor was rude."}})
	require.NoError(t, err)
	remedy, err := s.remedies.CreateRemedy(t.Context(), &entitlementsv1.CreateRemedyRequest{
		Remedy: &entitlementsv1.Remedy{Title: "Apology", Action: "Apologise.", Issue: "late-delivery"}})
	require.NoError(t, err)
	byHand, err := s.reviews.CreateReview(t.Context(), &entitlementsv1.CreateReviewRequest{
		Review: &entitlementsv1.Review{Topic: "Opening hours", Why: "Calls at seven."}})
	require.NoError(t, err)
	_, err = s.reviews.AssignReview(t.Context(), &entitlementsv1.AssignReviewRequest{
		Name: byHand.GetName(), Owner: "principals/ben", Reason: "He has the keys."})
	require.NoError(t, err)
	decided, err := s.reviews.DecideReview(t.Context(), &entitlementsv1.DecideReviewRequest{
		Name: byHand.GetName(), Outcome: entitlementsv1.Review_OUTCOME_CHANGE, Text: "Ann asked for it."})
	require.NoError(t, err)
	retired, err := s.houseRules.RetireHouseRule(t.Context(), &entitlementsv1.RetireHouseRuleRequest{Name: rule.GetName(), Reason: "Enough."})
	require.NoError(t, err)

	stream, err := s.feed.WatchChanges(t.Context(), &entitlementsv1.WatchChangesRequest{})
	require.NoError(t, err)
	wanted := []string{"house_rule.updated", "house_rule.retired", "breach.recorded", "clause.created", "citation.recorded", "remedy.created", "review.opened"}
	told := map[string]*entitlementsv1.Change{}
	for len(told) < 8 { // of different things, in no order among them
		batch, err := stream.Recv()
		require.NoError(t, err)
		for _, c := range batch.GetChanges() {
			if slices.Contains(wanted, c.GetType()) && c.GetReview().GetName() != byHand.GetName() || c.GetType() == "review.decided" {
				told[c.GetType()] = c
			}
		}
	}
	breach.Review = "" // only in the answer
	// What people write is not kept for good.
	breach.Note, citation.Note, decided.Why, decided.Decision.Text, decided.Assignments[0].Reason = "", "", "", "", ""
	review, err := s.reviews.GetReview(t.Context(), &entitlementsv1.GetReviewRequest{Name: "reviews/house-rule-late-fee-1998"})
	require.NoError(t, err)
	for _, pair := range []struct{ want, got any }{
		{rule, told["house_rule.updated"].GetHouseRule()}, {retired, told["house_rule.retired"].GetHouseRule()},
		{breach, told["breach.recorded"].GetBreach()}, {clause, told["clause.created"].GetClause()},
		{citation, told["citation.recorded"].GetCitation()}, {remedy, told["remedy.created"].GetRemedy()},
		{review, told["review.opened"].GetReview()}, {decided, told["review.decided"].GetReview()},
	} {
		require.Empty(t, cmp.Diff(pair.want, pair.got, protocmp.Transform()))
	}
	require.Equal(t, breach.GetName(), told["breach.recorded"].GetName())
	require.Equal(t, "principals/some-admin", told["review.opened"].GetPrincipal())
}
