package rpc

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/type/date"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
	"github.com/evenhand/evenhand/services/entitlements/requests"
)

// specialRequestsHandler serves SpecialRequestsService.
type specialRequestsHandler struct {
	entitlementsv1.UnimplementedSpecialRequestsServiceServer
	domain    *requests.Service
	decisions *entitlements.Service
}

var requestStates = map[requests.RequestState]entitlementsv1.SpecialRequest_State{
	requests.Undecided: entitlementsv1.SpecialRequest_STATE_OPEN,
	requests.InDraft:   entitlementsv1.SpecialRequest_STATE_IN_DRAFT,
	requests.Declined:  entitlementsv1.SpecialRequest_STATE_DECLINED,
	requests.MadeRule:  entitlementsv1.SpecialRequest_STATE_MADE_RULE,
}

// specialRequestOut is a request as it is told; who is blind to spend is told of no draft,
// since rules tell spend.
func specialRequestOut(r *resource.Stored[requests.Request], blind bool) *entitlementsv1.SpecialRequest {
	s := &r.State
	m := &entitlementsv1.SpecialRequest{
		Name: requests.RequestName(r.ID), State: requestStates[s.State], Account: accountPrefix + s.Account, Asked: s.Asked, Reason: s.Why,
		Facts: s.Facts, Requester: s.Requester, RequesterRoles: s.Roles, Decider: s.DecidedBy, DecideTime: wire.Timestamp(s.Decided),
		DeclineReason: s.Decision, SingleOperator: s.SingleOperator,
		Etag: r.Etag(), CreateTime: wire.Timestamp(s.Created), UpdateTime: wire.Timestamp(s.Updated),
	}
	if blind {
		return m
	}
	m.Rules = s.Rules
	if s.Draft != "" {
		m.Draft = requests.DraftName(s.Draft)
	}
	if s.Version != 0 {
		m.ScheduleVersion = entitlements.VersionName(s.Version)
	}
	m.Effect = effectOut(s.Effect)
	for _, a := range s.Attempts {
		m.Attempts = append(m.Attempts, &entitlementsv1.SpecialRequest_Attempt{
			Draft: requests.DraftName(a.Draft), Principal: a.By, EndTime: wire.Timestamp(a.At), Reason: a.Reason})
	}
	return m
}

func effectOut(e *requests.Effect) *entitlementsv1.SpecialRequest_Effect {
	if e == nil {
		return nil
	}
	m := &entitlementsv1.SpecialRequest_Effect{AsOf: wire.Timestamp(e.At), Meeting: e.Meeting, Others: e.Others, Requested: e.Requested,
		OtherAccounts: accountNames(e.Examples)}
	if e.Cost != nil {
		m.Cost = wire.Money(*e.Cost, e.Currency)
	}
	return m
}

// answerRequest makes the answer of a call that returns a request.
func answerRequest(ctx context.Context, r resource.Stored[requests.Request], err error) (*entitlementsv1.SpecialRequest, error) {
	if err != nil {
		return nil, err
	}
	return specialRequestOut(&r, auth.FromContext(ctx).SpendBlind()), nil
}

const readRequests = "requests.read"

// GetSpecialRequest implements SpecialRequestsService.
func (h *specialRequestsHandler) GetSpecialRequest(ctx context.Context, r *entitlementsv1.GetSpecialRequestRequest) (*entitlementsv1.SpecialRequest, error) {
	found, err := h.domain.GetRequest(ctx, names.Last(r.GetName()))
	p := auth.FromContext(ctx)
	missing := errors.Is(err, resource.ErrNotFound)
	if p.Can(readRequests) != auth.All && (missing || err == nil && found.State.Requester != p.Name()) {
		// What is not theirs they are told the same of, whether it is there or not.
		return nil, fault.New(fault.PermissionDenied, "NOT_ASSIGNED", "%s may read their own requests only (%s), and %s is not.", p.Name(), readRequests, r.GetName()).
			With("permission", readRequests).With("principal", p.Name()).WithResource("evenhand/SpecialRequest", r.GetName())
	}
	return answerRequest(ctx, found, err)
}

var specialRequestFields = []filter.Field{
	{Name: "account"}, {Name: "requester"},
	{Name: "state", Kind: filter.Enum, Values: []string{"OPEN", "IN_DRAFT", "DECLINED", "MADE_RULE"}},
}

// ListSpecialRequests implements SpecialRequestsService.
func (h *specialRequestsHandler) ListSpecialRequests(
	ctx context.Context, r *entitlementsv1.ListSpecialRequestsRequest,
) (*entitlementsv1.ListSpecialRequestsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filter.Parse(longState.ReplaceAllString(r.GetFilter(), "$1"), specialRequestFields...)
	if err != nil {
		return nil, err
	}
	caller := auth.FromContext(ctx)
	query := requests.RequestQuery{Newest: requests.Newest[requests.Request]{Size: p.Size, After: p.After}}
	if caller.Can(readRequests) != auth.All {
		query.Requester = caller.Name()
	} else if account, ok := f.Equal("account"); ok {
		name, _ := account.(string)
		query.Account = names.First(name, "accounts")
	}
	query.Keep = func(r resource.Stored[requests.Request]) bool {
		return f.Match(func(field string) any { return specialRequestField(&r, field) })
	}
	page, err := h.domain.ListRequests(ctx, query)
	if err != nil {
		return nil, err
	}
	m := &entitlementsv1.ListSpecialRequestsResponse{}
	for i := range page.Items {
		m.SpecialRequests = append(m.SpecialRequests, specialRequestOut(&page.Items[i], caller.SpendBlind()))
	}
	m.NextPageToken, err = p.Next(page.Next)
	return m, err
}

// specialRequestField is a field's value as filters see it.
func specialRequestField(r *resource.Stored[requests.Request], field string) any {
	switch field {
	case "account":
		return accountPrefix + r.State.Account
	case "requester":
		return r.State.Requester
	case "state":
		return strings.TrimPrefix(requestStates[r.State.State].String(), "STATE_")
	}
	return nil
}

// CreateSpecialRequest implements SpecialRequestsService.
func (h *specialRequestsHandler) CreateSpecialRequest(
	ctx context.Context, r *entitlementsv1.CreateSpecialRequestRequest,
) (*entitlementsv1.SpecialRequest, error) {
	in := r.GetSpecialRequest()
	if _, err := request.Name("special_request.account", in.GetAccount(), "accounts"); err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	created, err := h.domain.CreateRequest(ctx, c, callerOf(ctx), r.GetSpecialRequestId(), requests.Request{
		Account: accountID(in.GetAccount()), Asked: in.GetAsked(), Why: in.GetReason(), Facts: in.GetFacts(),
	}, r.GetValidateOnly())
	return answerRequest(ctx, created, err)
}

// DeclineSpecialRequest implements SpecialRequestsService.
func (h *specialRequestsHandler) DeclineSpecialRequest(
	ctx context.Context, r *entitlementsv1.DeclineSpecialRequestRequest,
) (*entitlementsv1.SpecialRequest, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	declined, err := h.domain.DeclineRequest(ctx, c, callerOf(ctx), names.Last(r.GetName()), r.GetEtag(), r.GetReason())
	return answerRequest(ctx, declined, err)
}

// MakeRule implements SpecialRequestsService.
func (h *specialRequestsHandler) MakeRule(ctx context.Context, r *entitlementsv1.MakeRuleRequest) (*entitlementsv1.SpecialRequest, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	made, err := h.domain.MakeRule(ctx, c, callerOf(ctx), names.Last(r.GetName()), r.GetEtag(),
		requests.Rule{Draft: r.GetDraftId(), Fragment: []byte(r.GetFragment()), Reason: r.GetReason()}, r.GetValidateOnly())
	return answerRequest(ctx, made, err)
}

// CountSpecialRequests implements SpecialRequestsService.
func (h *specialRequestsHandler) CountSpecialRequests(
	ctx context.Context, r *entitlementsv1.CountSpecialRequestsRequest,
) (*entitlementsv1.CountSpecialRequestsResponse, error) {
	from, to, err := period(h.decisions.Zone(), r.GetStartDate(), r.GetEndDate())
	if err != nil {
		return nil, err
	}
	counts, err := h.domain.Count(ctx, from, to)
	if err != nil {
		return nil, err
	}
	m := &entitlementsv1.CountSpecialRequestsResponse{}
	for _, c := range counts {
		count := func(s requests.RequestState) int32 { return int32(c.ByState[s]) }
		value := c.Value
		if c.By == "account" {
			value = accountPrefix + value
		}
		m.Counts = append(m.Counts, &entitlementsv1.CountSpecialRequestsResponse_Count{
			By: c.By, Value: value, Total: int32(c.Total()), Open: count(requests.Undecided), InDraft: count(requests.InDraft),
			Declined: count(requests.Declined), MadeRule: count(requests.MadeRule), EndedDrafts: int32(c.Rejections),
		})
	}
	return m, nil
}

// period is the instants from the beginning of the first day to behind the last; without
// days, those of all time.
func period(zone civil.Zone, first, last *date.Date) (from, to time.Time, err error) {
	from, to = time.Unix(0, 0).UTC(), time.Date(9000, 1, 1, 0, 0, 0, 0, time.UTC)
	if first != nil {
		day, err := wire.Day("start_date", first)
		if err != nil {
			return from, to, err
		}
		from = zone.Start(civil.Day(day)).UTC()
	}
	if last != nil {
		day, err := wire.Day("end_date", last)
		if err != nil {
			return from, to, err
		}
		to = zone.Start(civil.Day(day) + 1).UTC()
	}
	if !from.Before(to) {
		return from, to, fault.Invalid("end_date", "is before the first day")
	}
	return from, to, nil
}
