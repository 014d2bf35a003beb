package command

import (
	"context"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

var (
	parcel = &entitlementsv1.Remedy{Name: "remedies/parcel", Title: "New parcel", Issue: "late", Facts: map[string]string{"lost": "yes", "b": "2"},
		Value: &money.Money{CurrencyCode: "USD", Units: 12, Nanos: 500_000_000}, State: entitlementsv1.Remedy_STATE_ACTIVE}
	lateFee = &entitlementsv1.HouseRule{Name: "houseRules/fee", Text: "Pay in time.", Owner: "principals/sam", State: entitlementsv1.HouseRule_STATE_ACTIVE,
		ReviewThreshold: &entitlementsv1.ReviewThreshold{Count: 3, AccountShare: 150, Window: entitlementsv1.ReviewThreshold_WINDOW_MONTH}}
	paidLate = &entitlementsv1.Breach{Name: "houseRules/fee/breaches/b1", Account: "accounts/acme", Response: entitlementsv1.Breach_RESPONSE_WAIVED,
		Benefit: "no-fee", Review: "reviews/r1"}
	liability = &entitlementsv1.Clause{Name: "clauses/liability", Title: "Liability", ReviewCitations: 5, State: entitlementsv1.Clause_STATE_RETIRED}
	cited     = &entitlementsv1.Citation{Name: "clauses/liability/citations/c1", Account: "accounts/acme", Review: "reviews/r1"}
	ofFee     = &entitlementsv1.Review{Name: "reviews/r1", Subject: "houseRules/fee", Why: "It was broken 3 times.", Owner: "principals/sam", Overdue: true,
		Assignments: []*entitlementsv1.Review_Assignment{{Principal: "principals/sam", OldOwner: "principals/sam", NewOwner: "principals/ben", Reason: "Away."}},
		Decision:    &entitlementsv1.Review_Decision{Outcome: entitlementsv1.Review_OUTCOME_WAIVE, Text: "Not partners.", Benefit: "no-fee"}}
)

// judgementsFake answers every call with the one of the above that it is about, and keeps
// what it was asked.
type judgementsFake struct {
	accountsv1.UnimplementedAccountsServiceServer
	entitlementsv1.UnimplementedRemediesServiceServer
	entitlementsv1.UnimplementedHouseRulesServiceServer
	entitlementsv1.UnimplementedClausesServiceServer
	entitlementsv1.UnimplementedReviewsServiceServer

	mu   sync.Mutex
	last proto.Message
}

func (f *judgementsFake) answer(_ context.Context, request any, info *grpc.UnaryServerInfo, _ grpc.UnaryHandler) (any, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch r := request.(type) {
	case *accountsv1.GetAccountRequest:
		return &accountsv1.Account{Name: r.GetName()}, nil
	case *accountsv1.GetCompanyRequest:
		return &accountsv1.Company{CurrencyCode: "EUR"}, nil
	case proto.Message:
		f.last = proto.Clone(r)
		if id := r.ProtoReflect().Descriptor().Fields().ByName("request_id"); id != nil { // another each time
			f.last.ProtoReflect().Clear(id)
		}
	}
	switch request.(type) {
	case *entitlementsv1.ListRemediesRequest:
		return &entitlementsv1.ListRemediesResponse{Remedies: []*entitlementsv1.Remedy{parcel}}, nil
	case *entitlementsv1.SuggestRemediesRequest:
		return &entitlementsv1.SuggestRemediesResponse{Remedies: []*entitlementsv1.Remedy{parcel}}, nil
	case *entitlementsv1.ListHouseRulesRequest:
		return &entitlementsv1.ListHouseRulesResponse{HouseRules: []*entitlementsv1.HouseRule{lateFee}}, nil
	case *entitlementsv1.ListBreachesRequest:
		return &entitlementsv1.ListBreachesResponse{Breaches: []*entitlementsv1.Breach{paidLate}}, nil
	case *entitlementsv1.ReportBreachesRequest:
		return &entitlementsv1.ReportBreachesResponse{Rows: []*entitlementsv1.ReportBreachesResponse_Row{{HouseRule: "houseRules/fee", Count: 7, CountBefore: 4}}}, nil
	case *entitlementsv1.RecordBreachRequest:
		return paidLate, nil
	case *entitlementsv1.ListClausesRequest:
		return &entitlementsv1.ListClausesResponse{Clauses: []*entitlementsv1.Clause{liability}}, nil
	case *entitlementsv1.ListCitationsRequest:
		return &entitlementsv1.ListCitationsResponse{Citations: []*entitlementsv1.Citation{cited}}, nil
	case *entitlementsv1.ReportCitationsRequest:
		return &entitlementsv1.ReportCitationsResponse{Quarter: "2026-q4", Rows: []*entitlementsv1.ReportCitationsResponse_Row{{Clause: "clauses/liability", Count: 6, Review: "reviews/r1"}}}, nil
	case *entitlementsv1.RecordCitationRequest:
		return cited, nil
	case *entitlementsv1.ListReviewsRequest:
		return &entitlementsv1.ListReviewsResponse{Reviews: []*entitlementsv1.Review{ofFee}}, nil
	}
	switch {
	case strings.Contains(info.FullMethod, "RemediesService"):
		return parcel, nil
	case strings.Contains(info.FullMethod, "HouseRulesService"):
		return lateFee, nil
	case strings.Contains(info.FullMethod, "ClausesService"):
		return liability, nil
	}
	return ofFee, nil
}

func startJudgementsFake(t *testing.T) (*judgementsFake, string) {
	t.Helper()
	f := &judgementsFake{}
	server := grpc.NewServer(grpc.UnaryInterceptor(f.answer))
	accountsv1.RegisterAccountsServiceServer(server, f)
	entitlementsv1.RegisterRemediesServiceServer(server, f)
	entitlementsv1.RegisterHouseRulesServiceServer(server, f)
	entitlementsv1.RegisterClausesServiceServer(server, f)
	entitlementsv1.RegisterReviewsServiceServer(server, f)
	return f, listen(t, server)
}

func TestRemediesHouseRulesClausesAndReviewsOnTheCommandLine(t *testing.T) {
	f, address := startJudgementsFake(t)
	day := &date.Date{Year: 2026, Month: 11, Day: 22}
	for line, tt := range map[string]struct {
		asked proto.Message
		told  string
	}{
		"remedies list --filter x": {&entitlementsv1.ListRemediesRequest{Filter: "x", PageSize: 1000}, "remedies/parcel New parcel late b=2, lost=yes 0 USD 12.50"},
		"remedies get parcel":      {&entitlementsv1.GetRemedyRequest{Name: "remedies/parcel"}, "State active"},
		"remedies suggest late --fact lost=yes --fact b=2 --on 2026-11-22": {&entitlementsv1.SuggestRemediesRequest{Issue: "late",
			Facts: map[string]string{"lost": "yes", "b": "2"}, Date: day}, "remedies/parcel"},
		"remedies create T --action A --issue late --fact lost=yes --value 12.50 --priority 3 --from 2026-11-22 --validate-only": {
			&entitlementsv1.CreateRemedyRequest{ValidateOnly: true, Remedy: &entitlementsv1.Remedy{Title: "T", Action: "A", Issue: "late",
				Facts: map[string]string{"lost": "yes"}, Priority: 3, FromDate: day, Value: &money.Money{CurrencyCode: "EUR", Units: 12, Nanos: 500_000_000}}}, ""},
		"remedies create T --action A --issue late --benefit hours --id x": {&entitlementsv1.CreateRemedyRequest{RemedyId: "x",
			Remedy: &entitlementsv1.Remedy{Title: "T", Action: "A", Issue: "late", Benefit: "hours"}}, ""},
		"remedies retire parcel --reason Dear --etag e": {&entitlementsv1.RetireRemedyRequest{Name: "remedies/parcel", Reason: "Dear", Etag: "e"}, ""},

		"houserules list":    {&entitlementsv1.ListHouseRulesRequest{PageSize: 1000}, "houseRules/fee Pay in time. principals/sam 3 times a month, by 1.5 % of the accounts"},
		"houserules get fee": {&entitlementsv1.GetHouseRuleRequest{Name: "houseRules/fee"}, "Reviewed at 3 times a month"},
		"houserules create Pay! --why W --id fee --owner ben --review-at 4 --review-percent 2.5 --review-window year": {&entitlementsv1.CreateHouseRuleRequest{
			HouseRuleId: "fee", HouseRule: &entitlementsv1.HouseRule{Text: "Pay!", Why: "W", Owner: "principals/ben",
				ReviewThreshold: &entitlementsv1.ReviewThreshold{Count: 4, AccountShare: 250, Window: entitlementsv1.ReviewThreshold_WINDOW_YEAR}}}, ""},
		"houserules retire fee --reason R": {&entitlementsv1.RetireHouseRuleRequest{Name: "houseRules/fee", Reason: "R"}, ""},
		"houserules breach fee acme waived --benefit no-fee --day 2026-11-22 --note N": {&entitlementsv1.RecordBreachRequest{Parent: "houseRules/fee",
			Breach: &entitlementsv1.Breach{Account: "accounts/acme", Response: entitlementsv1.Breach_RESPONSE_WAIVED, Benefit: "no-fee", BreachDate: day, Note: "N"}},
			"Review reviews/r1"},
		"houserules breaches":                              {&entitlementsv1.ListBreachesRequest{Parent: "houseRules/-", PageSize: 1000}, "accounts/acme waived no-fee"},
		"houserules breaches fee":                          {&entitlementsv1.ListBreachesRequest{Parent: "houseRules/fee", PageSize: 1000}, ""},
		"houserules report --from 2026-11-22 --output csv": {&entitlementsv1.ReportBreachesRequest{FromDate: day}, "houseRules/fee,7,0,0,0,0,4,"},
		"houserules report --output json":                  {&entitlementsv1.ReportBreachesRequest{}, `"countBefore": 4`},

		"clauses list":                            {&entitlementsv1.ListClausesRequest{PageSize: 1000}, "clauses/liability Liability 5 retired"},
		"clauses get liability":                   {&entitlementsv1.GetClauseRequest{Name: "clauses/liability"}, "5 citations a quarter"},
		"clauses create T --text X --review-at 9": {&entitlementsv1.CreateClauseRequest{Clause: &entitlementsv1.Clause{Title: "T", Text: "X", ReviewCitations: 9}}, ""},
		"clauses retire liability --reason R":     {&entitlementsv1.RetireClauseRequest{Name: "clauses/liability", Reason: "R"}, ""},
		"clauses cite liability --account acme --day 2026-11-22": {&entitlementsv1.RecordCitationRequest{Parent: "clauses/liability",
			Citation: &entitlementsv1.Citation{Account: "accounts/acme", CitationDate: day}}, "Review reviews/r1"},
		"clauses citations":                   {&entitlementsv1.ListCitationsRequest{Parent: "clauses/-", PageSize: 1000}, "clauses/liability/citations/c1"},
		"clauses report --day 2026-11-22":     {&entitlementsv1.ReportCitationsRequest{Date: day}, "clauses/liability 6 0 0 0 reviews/r1"},
		"clauses report --output json":        {&entitlementsv1.ReportCitationsRequest{}, `"quarter": "2026-q4"`},
		"reviews list --filter x":             {&entitlementsv1.ListReviewsRequest{Filter: "x", PageSize: 1000}, "reviews/r1 houseRules/fee principals/sam yes waive It was broken"},
		"reviews get r1":                      {&entitlementsv1.GetReviewRequest{Name: "reviews/r1"}, "principals/sam to principals/ben, because: Away."},
		"reviews open houseRules/fee --why W": {&entitlementsv1.CreateReviewRequest{Review: &entitlementsv1.Review{Subject: "houseRules/fee", Why: "W"}}, ""},
		"reviews open Hours --why W --due 2026-11-22 --owner ben": {&entitlementsv1.CreateReviewRequest{Review: &entitlementsv1.Review{Topic: "Hours", Why: "W",
			Owner: "principals/ben", DueDate: day}}, ""},
		"reviews assign r1 ben --reason Away": {&entitlementsv1.AssignReviewRequest{Name: "reviews/r1", Owner: "principals/ben", Reason: "Away"}, ""},
		"reviews decide r1 waive --text T --benefit no-fee": {&entitlementsv1.DecideReviewRequest{Name: "reviews/r1", Text: "T", Benefit: "no-fee",
			Outcome: entitlementsv1.Review_OUTCOME_WAIVE}, "Decision Not partners."},
	} {
		got := execute(t, address, "", strings.Fields(line)...)
		require.Zero(t, got.code, "%s: %s", line, got.stderr)
		require.Contains(t, squeeze(got.stdout), tt.told, line)
		require.Empty(t, cmp.Diff(tt.asked, f.last, protocmp.Transform()), line)
	}
}

func TestUpdatesOfRemediesHouseRulesAndClausesNameWhatTheyChange(t *testing.T) {
	f, address := startJudgementsFake(t)
	for line, paths := range map[string][]string{
		"remedies update parcel --title T --value= --until 2026-11-22":         {"title", "value", "until_date"},
		"remedies update parcel --fact a=b --value 3 --priority 2":             {"facts", "priority", "value"},
		"remedies update parcel --no-facts":                                    {"facts"},
		"houserules update fee --owner ben --review-at 9 --review-window year": {"owner", "review_threshold"},
		"houserules update fee --text T --why W":                               {"text", "why"},
		"clauses update liability --review-at 2 --title T --owner ben":         {"title", "review_citations", "owner"},
	} {
		got := execute(t, address, "", strings.Fields(line)...)
		require.Zero(t, got.code, "%s: %s", line, got.stderr)
		if r, ok := f.last.(*entitlementsv1.UpdateHouseRuleRequest); ok && r.GetHouseRule().GetReviewThreshold() != nil {
			require.Empty(t, cmp.Diff(&entitlementsv1.ReviewThreshold{Count: 9, AccountShare: 150, Window: entitlementsv1.ReviewThreshold_WINDOW_YEAR},
				r.GetHouseRule().GetReviewThreshold(), protocmp.Transform()), "what is not given stays as it is")
		}
		mask := f.last.(interface{ GetUpdateMask() *fieldmaskpb.FieldMask }).GetUpdateMask()
		require.Equal(t, paths, mask.GetPaths(), line)
	}
	for line, told := range map[string]string{
		"remedies update parcel":                                       "nothing to change",
		"houserules update fee":                                        "nothing to change",
		"clauses update liability":                                     "nothing to change",
		"remedies create T --action A":                                 "--issue",
		"remedies update parcel --value x":                             "--value",
		"remedies create T --action A --issue i --value 1 --benefit b": "can't be used together",
		"houserules breach fee acme forgiven":                          "must be one of",
		"reviews decide r1 shrug --text T":                             "must be one of",
	} {
		got := execute(t, address, "", strings.Fields(line)...)
		require.Equal(t, ExitUsage, got.code, line)
		require.Contains(t, got.stderr, told, line)
	}
}
