package rpc

import (
	"cmp"
	"context"
	"strings"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/sessions"
)

// sessionsHandler serves SessionsService.
type sessionsHandler struct {
	plansv1.UnimplementedSessionsServiceServer
	domain *sessions.Service
}

// RegisterSessions serves strategy sessions.
func RegisterSessions(r grpc.ServiceRegistrar, domain *sessions.Service) {
	plansv1.RegisterSessionsServiceServer(r, &sessionsHandler{domain: domain})
}

// answer makes the answer of a call that returns a session.
func (h *sessionsHandler) answer(ctx context.Context, s resource.Stored[sessions.Session], err error) (*plansv1.StrategySession, error) {
	if err != nil {
		return nil, err
	}
	today, err := h.domain.Today(ctx)
	if err != nil {
		return nil, err
	}
	return sessionOut(s, today), nil
}

// GetStrategySession implements SessionsService.
func (h *sessionsHandler) GetStrategySession(ctx context.Context, r *plansv1.GetStrategySessionRequest) (*plansv1.StrategySession, error) {
	s, err := h.domain.Get(ctx, names.Last(r.GetName()))
	out, err := h.answer(ctx, s, err)
	if err != nil {
		return nil, err
	}
	given, err := h.domain.Given(ctx, &s.State)
	if err != nil {
		return nil, err
	}
	out.Ideas, out.UndecidedIdeas = givenOut(given), int32(sessions.Undecided(given))
	return out, nil
}

var sessionFields = []filter.Field{
	{Name: "account"}, {Name: "owner"}, {Name: "title"}, {Name: "overdue", Kind: filter.Bool},
	{Name: "state", Kind: filter.Enum, Values: []string{"DRAFT", "OPEN", "HELD", "ANSWERED", "CANCELLED"}},
}

// ListStrategySessions implements SessionsService.
func (h *sessionsHandler) ListStrategySessions(
	ctx context.Context, r *plansv1.ListStrategySessionsRequest,
) (*plansv1.ListStrategySessionsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filterIn(r.GetFilter(), sessionFields)
	if err != nil {
		return nil, err
	}
	today, err := h.domain.Today(ctx)
	if err != nil {
		return nil, err
	}
	page, err := h.domain.List(ctx, sessions.Query{Account: wantedIn(f, "account", "accounts"), Owner: wantedIn(f, "owner", "principals"), Size: p.Size, After: p.After,
		Keep: func(s resource.Stored[sessions.Session]) bool {
			return f.Match(func(field string) any {
				switch field {
				case "account":
					return namesIn("accounts", s.State.Accounts)
				case "owner":
					return nameIn("principals", s.State.Owner)
				case "title":
					return s.State.Title
				case "overdue":
					return s.State.Overdue(today)
				}
				return strings.TrimPrefix(sessionStates[s.State.State].String(), "STATE_")
			})
		}})
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListStrategySessionsResponse{}
	for _, s := range page.Items {
		out.StrategySessions = append(out.StrategySessions, sessionOut(s, today))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// CreateStrategySession implements SessionsService.
func (h *sessionsHandler) CreateStrategySession(ctx context.Context, r *plansv1.CreateStrategySessionRequest) (*plansv1.StrategySession, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	d, err := sessionIn(r.GetStrategySession())
	if err != nil {
		return nil, err
	}
	d.Owner = cmp.Or(d.Owner, callerID(ctx))
	s, err := h.domain.Create(ctx, call, r.GetStrategySessionId(), d, r.GetValidateOnly())
	return h.answer(ctx, s, err)
}

// UpdateStrategySession implements SessionsService.
func (h *sessionsHandler) UpdateStrategySession(ctx context.Context, r *plansv1.UpdateStrategySessionRequest) (*plansv1.StrategySession, error) {
	in := r.GetStrategySession()
	mask, err := fieldmask.Read("strategy_session", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	ids, err := request.Name("strategy_session.name", in.GetName(), "strategySessions")
	if err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	s, err := h.domain.Update(ctx, call, ids[0], in.GetEtag(), r.GetReason(), func(d *sessions.Definition) error {
		now := sessionOut(resource.Stored[sessions.Session]{ID: ids[0], State: sessions.Session{Definition: *d}}, 0)
		if err := mask.Apply(now, in); err != nil {
			return err
		}
		var err error
		*d, err = sessionIn(now)
		return err
	})
	return h.answer(ctx, s, err)
}

// OpenStrategySession implements SessionsService.
func (h *sessionsHandler) OpenStrategySession(ctx context.Context, r *plansv1.OpenStrategySessionRequest) (*plansv1.StrategySession, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	s, err := h.domain.Open(ctx, call, names.Last(r.GetName()), r.GetEtag(), r.GetValidateOnly())
	return h.answer(ctx, s, err)
}

// HoldStrategySession implements SessionsService.
func (h *sessionsHandler) HoldStrategySession(ctx context.Context, r *plansv1.HoldStrategySessionRequest) (*plansv1.StrategySession, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	on, err := dayGiven("hold_date", r.GetHoldDate())
	if err != nil {
		return nil, err
	}
	came, err := attendanceIn(r.GetAttendance())
	if err != nil {
		return nil, err
	}
	s, err := h.domain.Hold(ctx, call, names.Last(r.GetName()), r.GetEtag(), on, came, r.GetNotes())
	return h.answer(ctx, s, err)
}

// RecordSessionAttendance implements SessionsService.
func (h *sessionsHandler) RecordSessionAttendance(
	ctx context.Context, r *plansv1.RecordSessionAttendanceRequest,
) (*plansv1.StrategySession, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	came, err := attendanceIn(r.GetAttendance())
	if err != nil {
		return nil, err
	}
	s, err := h.domain.RecordAttendance(ctx, call, names.Last(r.GetName()), r.GetEtag(), came)
	return h.answer(ctx, s, err)
}

// AnswerStrategySession implements SessionsService.
func (h *sessionsHandler) AnswerStrategySession(ctx context.Context, r *plansv1.AnswerStrategySessionRequest) (*plansv1.StrategySession, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	in := r.GetDecision()
	on, err := dayGiven("decision.decide_date", in.GetDecideDate())
	if err != nil {
		return nil, err
	}
	s, err := h.domain.Answer(ctx, call, names.Last(r.GetName()), r.GetEtag(), sessions.Decision{Text: in.GetText(), Reason: in.GetReason(), Day: on,
		By: names.First(in.GetDecider(), "principals"), Changed: in.GetChangedBy()})
	return h.answer(ctx, s, err)
}

// CancelStrategySession implements SessionsService.
func (h *sessionsHandler) CancelStrategySession(ctx context.Context, r *plansv1.CancelStrategySessionRequest) (*plansv1.StrategySession, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	s, err := h.domain.Cancel(ctx, call, names.Last(r.GetName()), r.GetEtag(), r.GetReason())
	return h.answer(ctx, s, err)
}

// GetSessionReport implements SessionsService.
func (h *sessionsHandler) GetSessionReport(ctx context.Context, r *plansv1.GetSessionReportRequest) (*plansv1.GetSessionReportResponse, error) {
	report, err := h.domain.Report(ctx, names.Last(r.GetName()), names.First(r.GetAccount(), "accounts"))
	if err != nil {
		return nil, err
	}
	return &plansv1.GetSessionReportResponse{Markdown: report.Markdown, Text: report.Text}, nil
}
