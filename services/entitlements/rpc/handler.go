package rpc

import (
	"context"
	"errors"
	"regexp"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/internal/platform/wire"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/bands"
	"github.com/evenhand/evenhand/services/entitlements/cases"
	"github.com/evenhand/evenhand/services/entitlements/cases/imports"
	"github.com/evenhand/evenhand/services/entitlements/changes"
	"github.com/evenhand/evenhand/services/entitlements/cost"
	"github.com/evenhand/evenhand/services/entitlements/loyalty"
	"github.com/evenhand/evenhand/services/entitlements/parity/audits"
	"github.com/evenhand/evenhand/services/entitlements/programmes"
	"github.com/evenhand/evenhand/services/entitlements/requests"
	"github.com/evenhand/evenhand/services/entitlements/reversals"
	"github.com/evenhand/evenhand/services/entitlements/usage"
)

const accountPrefix = "accounts/"

// Parts is what the service is made of.
type Parts struct {
	// Decisions says who is entitled to what.
	Decisions *entitlements.Service
	// Usage is what is used of benefits.
	Usage *usage.Usage
	// Assignments says whose accounts are whose.
	Assignments Assignments
	// Feed is what happens here.
	Feed *changes.Feed
	// Programmes are places that are limited, and who has them.
	Programmes *programmes.Service
	// Requests is drafts of the schedule, and special requests.
	Requests *requests.Service
	// Cases are customers' problems.
	Cases *cases.Cases
	// Judgements are the reviews, what they are about, and the remedies.
	Judgements *Judgements
	// Bands sorts accounts by spend, tenure and reach.
	Bands *bands.Service
	// Costs is what extras cost.
	Costs *cost.Service
	// CaseImports takes over cases from files; nil where nothing keeps cases.
	CaseImports *imports.Imports
	// Parity are the audits of parity; nil where nothing has cases to audit.
	Parity *audits.Audits
	// Reversals reports what was won by revenue that was taken back; nil where nothing has
	// the entries.
	Reversals *reversals.Reversals
	// Loyalty checks what newcomers have that existing accounts cannot have.
	Loyalty *loyalty.Loyalty
}

// Service returns the entitlements service for a server.
func Service(parts Parts) server.Service {
	decisions := parts.Decisions
	checks := &entitlementsHandler{service: decisions}
	return server.Service{
		Name: "entitlements",
		Needs: []server.Need{
			{Name: "accounts-feed", Ready: func(context.Context) error { return decisions.Following() }},
			{Name: "rebuild", Ready: func(context.Context) error { return decisions.NeedsRebuild() }},
			{Name: "board-terms", Ready: func(context.Context) error { return decisions.KnowsTerms() }},
			{Name: "innovation-projects", Ready: func(context.Context) error { return decisions.KnowsProjects() }},
			{Name: "groups", Ready: func(context.Context) error { return decisions.KnowsGroups() }},
		},
		Register: func(to grpc.ServiceRegistrar) {
			entitlementsv1.RegisterEntitlementsServiceServer(to, checks)
			entitlementsv1.RegisterScheduleServiceServer(to, &scheduleHandler{service: decisions})
			entitlementsv1.RegisterUsageServiceServer(to, &usageHandler{usage: parts.Usage, decisions: decisions, assignments: parts.Assignments})
			entitlementsv1.RegisterFeedServiceServer(to, &feedHandler{feed: parts.Feed})
			entitlementsv1.RegisterProgrammesServiceServer(to, &programmesHandler{service: parts.Programmes, reading: decisions.Reading, assignments: parts.Assignments})
			entitlementsv1.RegisterDraftsServiceServer(to, &draftsHandler{domain: parts.Requests, decisions: decisions})
			entitlementsv1.RegisterSpecialRequestsServiceServer(to, &specialRequestsHandler{domain: parts.Requests, decisions: decisions})
			entitlementsv1.RegisterCasesServiceServer(to, &casesHandler{cases: parts.Cases, assignments: parts.Assignments})
			entitlementsv1.RegisterAcknowledgementsServiceServer(to, &acknowledgementsHandler{cases: parts.Cases})
			parts.Judgements.register(to)
			entitlementsv1.RegisterBandsServiceServer(to, &bandsHandler{service: parts.Bands})
			entitlementsv1.RegisterCostsServiceServer(to, &costsHandler{service: parts.Costs})
			entitlementsv1.RegisterLoyaltyServiceServer(to, &loyaltyHandler{loyalty: parts.Loyalty})
			if parts.CaseImports != nil {
				entitlementsv1.RegisterCaseImportsServiceServer(to, &caseImportsHandler{imports: parts.CaseImports})
			}
			if parts.Reversals != nil {
				entitlementsv1.RegisterReversalsServiceServer(to, &reversalsHandler{reversals: parts.Reversals, decisions: decisions})
			}
			if parts.Parity != nil {
				RegisterParity(to, parts.Parity)
			}
		},
		Encoded: checks.encoded,
	}
}

// Faults says what the errors of this service mean to callers.
var Faults = entitlements.Faults

// longState finds states written as JSON has them, STATE_OPEN.
var longState = regexp.MustCompile(`(\bstate\s*(?:!=|=)\s*"?)STATE_`)

// moment is the part of a request that says as of when.
type moment interface {
	GetAsOf() *timestamppb.Timestamp
	GetAsOfDate() *date.Date
}

// tokened is a request whose answer has to count a write.
type tokened interface {
	GetConsistencyToken() string
}

// decider waits for the write that has to be counted, and returns what decides as of
// the instant asked for.
func decider(ctx context.Context, s *entitlements.Service, r moment) (entitlements.Decider, error) {
	if r.GetAsOf() != nil && r.GetAsOfDate() != nil {
		return entitlements.Decider{}, fault.Invalid("as_of_date", "must not be given together with as_of: choose one")
	}
	at, err := wire.Time("as_of", r.GetAsOf())
	if err != nil {
		return entitlements.Decider{}, err
	}
	day := int32(civil.Never)
	if r.GetAsOfDate() != nil {
		if day, err = wire.Day("as_of_date", r.GetAsOfDate()); err != nil {
			return entitlements.Decider{}, err
		}
	}
	if t, ok := r.(tokened); ok {
		if err := s.WaitFor(ctx, t.GetConsistencyToken()); err != nil {
			return entitlements.Decider{}, err
		}
	}
	var d entitlements.Decider
	if day != int32(civil.Never) {
		d, err = s.AsOfDay(civil.Day(day))
	} else {
		d, err = s.AsOf(at)
	}
	if err != nil || !auth.FromContext(ctx).SpendBlind() {
		return d, err
	}
	return withoutForesight(s, d)
}

// withoutForesight decides for a spend-blind caller, who by asking about later instants
// would find until when a benefit is held, and that tells spend: what is left of today
// counts as now, and a later day is refused.
func withoutForesight(s *entitlements.Service, d entitlements.Decider) (entitlements.Decider, error) {
	now, err := s.AsOf(time.Time{})
	if err != nil || !d.At.After(now.At) {
		return d, err
	}
	if d.Day() == now.Day() {
		return now, nil
	}
	return d, fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied,
		"What will be due on a later day tells what a customer spends: that needs the permission spend.read. Ask about today, or an earlier day.").
		With("permission", "spend.read")
}

// accountID takes the id out of `accounts/{account}`, which validation has checked.
func accountID(name string) string { return name[len(accountPrefix):] }

// age is how old answers may be; nil while that is not known.
func age(d *entitlements.Decider) *durationpb.Duration {
	if age := d.Age(); age >= 0 {
		return durationpb.New(age)
	}
	return nil
}

// validUntil is nil for an answer that cannot change by itself.
func validUntil(t time.Time) *timestamppb.Timestamp { return wire.Timestamp(t) }

// asFault returns an error as callers are told of it inside an answer.
func asFault(err error) *fault.Error {
	var told *fault.Error
	if errors.As(err, &told) {
		return told
	}
	return Faults.Find(err)
}
