package rpc

import (
	"context"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/changes"
	"github.com/evenhand/evenhand/services/entitlements/clauses"
	"github.com/evenhand/evenhand/services/entitlements/houserules"
	"github.com/evenhand/evenhand/services/entitlements/remedies"
	"github.com/evenhand/evenhand/services/entitlements/reviews"
	"github.com/evenhand/evenhand/services/entitlements/tally"
)

// Judgements are the reviews, the house rules and clauses that they are about, and the
// remedies.
type Judgements struct {
	Reviews    *reviews.Service
	HouseRules *houserules.Service
	Clauses    *clauses.Service
	Remedies   *remedies.Service
}

// OpenJudgements opens them in the store that the requests are of, and tells the directory
// which house rules and clauses there are. Days begin and end in the zone.
func OpenJudgements(
	ctx context.Context, requests *resource.Requests, directory *ReviewDirectory, zone func(context.Context) (civil.Zone, error),
) (*Judgements, error) {
	j := &Judgements{}
	var err error
	if j.Reviews, err = reviews.OpenService(ctx, requests, reviews.Options{Directory: directory, Zone: zone}); err != nil {
		return nil, err
	}
	if j.HouseRules, err = houserules.Open(ctx, requests, houserules.Options{Directory: directory, Reviews: j.Reviews, Zone: zone}); err != nil {
		return nil, err
	}
	if j.Clauses, err = clauses.Open(ctx, requests, clauses.Options{Directory: directory, Reviews: j.Reviews, Zone: zone}); err != nil {
		return nil, err
	}
	if j.Remedies, err = remedies.Open(ctx, requests, remedies.Options{Directory: directory, Zone: zone}); err != nil {
		return nil, err
	}
	directory.HouseRules, directory.Clauses = j.HouseRules, j.Clauses
	return j, nil
}

// Judged are the entries that tally.Follow judges.
func (j *Judgements) Judged() []tally.Judged {
	return []tally.Judged{j.HouseRules.Judged(), j.Clauses.Judged()}
}

func (j *Judgements) register(to grpc.ServiceRegistrar) {
	entitlementsv1.RegisterReviewsServiceServer(to, &reviewsHandler{domain: j.Reviews})
	entitlementsv1.RegisterHouseRulesServiceServer(to, &houseRulesHandler{domain: j.HouseRules})
	entitlementsv1.RegisterClausesServiceServer(to, &clausesHandler{domain: j.Clauses})
	entitlementsv1.RegisterRemediesServiceServer(to, &remediesHandler{domain: j.Remedies})
}

// tellJudgement gives a change the state of a remedy, a house rule, a clause, a review, or
// an entry of theirs, where it is of one; whether a review is overdue follows from the day
// and is not told.
func tellJudgement(out *entitlementsv1.Change, told *changes.Told) {
	switch {
	case told.Remedy != nil:
		out.State = &entitlementsv1.Change_Remedy{Remedy: remedyOut(*told.Remedy)}
	case told.HouseRule != nil:
		out.State = &entitlementsv1.Change_HouseRule{HouseRule: houseRuleOut(*told.HouseRule)}
	case told.Breach != nil:
		out.State = &entitlementsv1.Change_Breach{Breach: breachOut(*told.Breach)}
	case told.Clause != nil:
		out.State = &entitlementsv1.Change_Clause{Clause: clauseOut(*told.Clause)}
	case told.Citation != nil:
		out.State = &entitlementsv1.Change_Citation{Citation: citationOut(*told.Citation)}
	case told.Review != nil:
		out.State = &entitlementsv1.Change_Review{Review: reviewOut(told.Review, 0, false)}
	}
}
