package rpc

import (
	"context"
	"strings"

	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/programmes"
)

const updateEnrolments = "enrolments.update"

// programmesHandler serves ProgrammesService.
type programmesHandler struct {
	entitlementsv1.UnimplementedProgrammesServiceServer
	service     *programmes.Service
	reading     func() (decision.Reading, error)
	assignments Assignments
}

// answer makes the answer of a call that returns a programme.
func (h *programmesHandler) answer(ctx context.Context, p resource.Stored[programmes.Programme], err error) (*entitlementsv1.Programme, error) {
	if err != nil {
		return nil, err
	}
	reading, err := h.reading()
	if err != nil {
		return nil, err
	}
	return programmeOut(p, reading, auth.FromContext(ctx).SpendBlind()), nil
}

// GetProgramme implements ProgrammesService.
func (h *programmesHandler) GetProgramme(ctx context.Context, r *entitlementsv1.GetProgrammeRequest) (*entitlementsv1.Programme, error) {
	p, err := h.service.Get(ctx, names.Last(r.GetName()))
	return h.answer(ctx, p, err)
}

var programmeFields = []filter.Field{
	{Name: "title"}, {Name: "state", Kind: filter.Enum, Values: []string{"DRAFT", "OPEN", "RUNNING", "CLOSED"}},
}

// ListProgrammes implements ProgrammesService.
func (h *programmesHandler) ListProgrammes(ctx context.Context, r *entitlementsv1.ListProgrammesRequest) (*entitlementsv1.ListProgrammesResponse, error) {
	page, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filter.Parse(longState.ReplaceAllString(r.GetFilter(), "$1"), programmeFields...)
	if err != nil {
		return nil, err
	}
	reading, err := h.reading()
	if err != nil {
		return nil, err
	}
	list, err := h.service.List(ctx, page.After, page.Size, func(p resource.Stored[programmes.Programme]) bool {
		return f.Match(func(field string) any {
			if field == "state" {
				return strings.TrimPrefix(programmeStates[p.State.State(reading.Today)].String(), "STATE_")
			}
			return p.State.Title
		})
	})
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.ListProgrammesResponse{}
	for _, p := range list.Items {
		out.Programmes = append(out.Programmes, programmeOut(p, reading, auth.FromContext(ctx).SpendBlind()))
	}
	out.NextPageToken, err = page.Next(list.Next)
	return out, err
}

// CreateProgramme implements ProgrammesService.
func (h *programmesHandler) CreateProgramme(ctx context.Context, r *entitlementsv1.CreateProgrammeRequest) (*entitlementsv1.Programme, error) {
	reading, err := h.reading()
	if err != nil {
		return nil, err
	}
	in := r.GetProgramme()
	d := programmes.Definition{Title: in.GetTitle(), Summary: in.GetSummary(), Capacity: int(in.GetCapacity()), Admission: admissionIn[in.GetAdmission()]}
	if d.Criteria, err = criteriaIn(in.GetCriteria(), r.GetCriteriaText(), reading.Currency); err != nil {
		return nil, err
	}
	if d.Opens, err = dayGiven("programme.open_date", in.GetOpenDate()); err != nil {
		return nil, err
	}
	if d.Closes, err = dayGiven("programme.close_date", in.GetCloseDate()); err != nil {
		return nil, err
	}
	if d.Round, err = roundIn(in.GetLotteryRound()); err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	p, err := h.service.Create(ctx, call, r.GetProgrammeId(), d, r.GetValidateOnly())
	return h.answer(ctx, p, err)
}

// UpdateProgramme implements ProgrammesService.
func (h *programmesHandler) UpdateProgramme(ctx context.Context, r *entitlementsv1.UpdateProgrammeRequest) (*entitlementsv1.Programme, error) {
	in := r.GetProgramme()
	mask, err := fieldmask.Read("programme", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	ids, err := request.Name("programme.name", in.GetName(), "programmes")
	if err != nil {
		return nil, err
	}
	reading, err := h.reading()
	if err != nil {
		return nil, err
	}
	criteria := mask.Touches("criteria") || r.GetCriteriaText() != ""
	wanted := programmes.Definition{Title: in.GetTitle(), Summary: in.GetSummary(), Capacity: int(in.GetCapacity()), Admission: admissionIn[in.GetAdmission()]}
	if wanted.Round, err = roundIn(in.GetLotteryRound()); err != nil {
		return nil, err
	}
	if criteria {
		if wanted.Criteria, err = criteriaIn(in.GetCriteria(), r.GetCriteriaText(), reading.Currency); err != nil {
			return nil, err
		}
	}
	if wanted.Opens, err = dayGiven("programme.open_date", in.GetOpenDate()); err != nil {
		return nil, err
	}
	if wanted.Closes, err = dayGiven("programme.close_date", in.GetCloseDate()); err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	p, err := h.service.Update(ctx, call, ids[0], in.GetEtag(), func(d *programmes.Definition) error {
		set(mask, "title", &d.Title, wanted.Title)
		set(mask, "summary", &d.Summary, wanted.Summary)
		set(mask, "capacity", &d.Capacity, wanted.Capacity)
		set(mask, "open_date", &d.Opens, wanted.Opens)
		set(mask, "close_date", &d.Closes, wanted.Closes)
		set(mask, "admission", &d.Admission, wanted.Admission)
		set(mask, "lottery_round", &d.Round, wanted.Round)
		if criteria {
			d.Criteria = wanted.Criteria
		}
		return nil
	}, r.GetValidateOnly())
	return h.answer(ctx, p, err)
}

// set gives a field its value where a mask touches its path.
func set[T any](mask fieldmask.Mask, path string, field *T, value T) {
	if mask.Touches(path) {
		*field = value
	}
}

// PublishProgramme implements ProgrammesService.
func (h *programmesHandler) PublishProgramme(ctx context.Context, r *entitlementsv1.PublishProgrammeRequest) (*entitlementsv1.Programme, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	p, err := h.service.Publish(ctx, call, names.Last(r.GetName()), r.GetEtag(), r.GetValidateOnly())
	return h.answer(ctx, p, err)
}

// EndProgramme implements ProgrammesService.
func (h *programmesHandler) EndProgramme(ctx context.Context, r *entitlementsv1.EndProgrammeRequest) (*entitlementsv1.Programme, error) {
	day, err := dayGiven("end_date", r.GetEndDate())
	if err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	p, err := h.service.End(ctx, call, names.Last(r.GetName()), r.GetEtag(), day, r.GetReason(), r.GetValidateOnly())
	return h.answer(ctx, p, err)
}

// RunProgrammeLottery implements ProgrammesService. A retry finds what was done.
func (h *programmesHandler) RunProgrammeLottery(ctx context.Context, r *entitlementsv1.RunProgrammeLotteryRequest) (*entitlementsv1.Programme, error) {
	p, err := h.service.RunLottery(ctx, names.Last(r.GetName()), r.GetRoundValue())
	return h.answer(ctx, p, err)
}

// DeleteProgramme implements ProgrammesService.
func (h *programmesHandler) DeleteProgramme(ctx context.Context, r *entitlementsv1.DeleteProgrammeRequest) (*emptypb.Empty, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	if err := h.service.Delete(ctx, call, names.Last(r.GetName()), r.GetEtag()); err != nil {
		return nil, err
	}
	return &emptypb.Empty{}, nil
}

// hidden returns PERMISSION_DENIED where who is in a programme would tell a caller what
// customers spend, who is not to see that.
func (h *programmesHandler) hidden(ctx context.Context, id string) error {
	p := auth.FromContext(ctx)
	if !p.SpendBlind() {
		return nil
	}
	programme, err := h.service.Get(ctx, id)
	if err != nil || !programme.State.TellsSpend() {
		return err
	}
	return fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied,
		"Who is in %s tells what customers spend, which the roles of %s do not let it see.", programmes.Name(id), p.Name()).
		With("permission", "spend.read").With("principal", p.Name()).WithResource("evenhand/Programme", programmes.Name(id))
}
