package rpc

import (
	"context"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/rpcstatus"
	"github.com/evenhand/evenhand/internal/platform/server"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// batchAnswers are answers of BatchCheckEntitlements whose memory is used again: a batch
// of 10,000 is 30,000 messages, which would keep the garbage collector busy.
type batchAnswers struct{ pool sync.Pool }

// take returns an answer with that many results, which are new or wiped.
func (b *batchAnswers) take(results int) *entitlementsv1.BatchCheckEntitlementsResponse {
	m, ok := b.pool.Get().(*entitlementsv1.BatchCheckEntitlementsResponse)
	if !ok {
		m = &entitlementsv1.BatchCheckEntitlementsResponse{}
	}
	all := m.Results[:cap(m.Results)]
	if missing := results - len(all); missing > 0 {
		all = append(all, make([]*entitlementsv1.EntitlementResult, missing)...)
	}
	m.Results = all[:results]
	for i, r := range m.Results {
		if r == nil {
			m.Results[i] = &entitlementsv1.EntitlementResult{}
		}
	}
	return m
}

// encoded takes back the answers of which nothing is needed any more, and wipes them: what
// one caller was told is neither kept nor told to another.
func (h *entitlementsHandler) encoded(message any) {
	m, ok := message.(*entitlementsv1.BatchCheckEntitlementsResponse)
	if !ok {
		return
	}
	for _, r := range m.Results {
		held, ok := r.Result.(*entitlementsv1.EntitlementResult_Entitlement)
		if !ok {
			r.Result = nil
			continue
		}
		until := held.Entitlement.GetValidUntil()
		held.Entitlement.Reset()
		held.Entitlement.ValidUntil = until // a message to write the next one over
	}
	h.batches.pool.Put(m)
}

// BatchCheckEntitlements implements EntitlementsService.
func (h *entitlementsHandler) BatchCheckEntitlements(ctx context.Context, r *entitlementsv1.BatchCheckEntitlementsRequest) (*entitlementsv1.BatchCheckEntitlementsResponse, error) {
	d, err := decider(ctx, h.service, r)
	if err != nil {
		return nil, err
	}
	a := answer{decider: &d, blind: auth.FromContext(ctx).SpendBlind(), explains: r.GetView() == entitlementsv1.EntitlementView_ENTITLEMENT_VIEW_FULL}
	m := h.batches.take(len(r.GetQueries()))
	m.AsOf, m.Age = timestamppb.New(d.At), age(&d)
	texts := 0 // bytes of the results that have texts: without, they are some 300 each
	for i, q := range r.GetQueries() {
		if i%256 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		hasTexts, err := a.pair(ctx, q, m.Results[i])
		if err != nil {
			return nil, err
		}
		if !hasTexts {
			continue
		}
		if texts += proto.Size(m.Results[i]); texts > mostTexts {
			return nil, fault.Invalid("queries", "the answers to the first %d pairs are %d MiB already: send fewer pairs in a call, or ask for the basic view", i+1, mostTexts>>20)
		}
	}
	return m, nil
}

// mostTexts is how many bytes of texts an answer has at most, so that it stays below the
// largest that is sent.
const mostTexts = server.MaxAnswerBytes - 4<<20

// pair writes the answer to one pair, and says whether it has texts.
func (a *answer) pair(ctx context.Context, q *entitlementsv1.EntitlementQuery, m *entitlementsv1.EntitlementResult) (hasTexts bool, err error) {
	if err = a.decide(ctx, q); err == nil {
		a.result(m)
		return a.explains || a.blind, nil
	}
	if ctx.Err() != nil {
		return false, ctx.Err()
	}
	told := asFault(err)
	if told == nil || told.Kind == fault.Unavailable {
		return false, err // no fault of the pair: the store's, as good as the call's
	}
	m.Result = &entitlementsv1.EntitlementResult_Error{Error: rpcstatus.Of(told).Proto()}
	return true, nil
}

// decide decides about one pair.
func (a *answer) decide(ctx context.Context, q *entitlementsv1.EntitlementQuery) (err error) {
	account, ok := strings.CutPrefix(q.GetAccount(), accountPrefix)
	if !ok || !names.IsID(account) {
		return fault.Invalid("account", "%q is not accounts/{account}", q.GetAccount())
	}
	if !names.IsID(q.GetBenefit()) {
		return fault.Invalid("benefit", "%q is not a benefit's id: lower-case letters, digits and dashes, at most 63", q.GetBenefit())
	}
	a.decided.BenefitID = q.GetBenefit()
	if a.explains && !a.blind {
		a.decided, err = a.decider.Explain(ctx, account, q.GetBenefit())
	} else {
		a.decided.Decision, err = a.decider.Check(ctx, account, q.GetBenefit())
	}
	return err
}

// result writes a decision into a message that is new or wiped.
func (a *answer) result(m *entitlementsv1.EntitlementResult) {
	held, ok := m.Result.(*entitlementsv1.EntitlementResult_Entitlement)
	if !ok {
		held = &entitlementsv1.EntitlementResult_Entitlement{Entitlement: &entitlementsv1.Entitlement{}}
		m.Result = held
	}
	e := held.Entitlement
	until := e.ValidUntil
	e.ValidUntil = nil
	a.entitlement(e)
	if at := a.decided.ValidUntil; !at.IsZero() && !a.blind {
		if until == nil {
			until = &timestamppb.Timestamp{}
		}
		until.Seconds, until.Nanos = at.Unix(), int32(at.Nanosecond())
		e.ValidUntil = until
	}
}
