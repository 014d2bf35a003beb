package rpc

import (
	"context"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/cases"
)

func pathOut(s resource.Stored[cases.Path]) *entitlementsv1.EscalationPath {
	return &entitlementsv1.EscalationPath{Name: cases.PathName, Accountable: principalOut(s.State.Accountable), Contact: s.State.Contact,
		Within: durationpb.New(s.State.Within), Calendar: s.State.Calendar, Etag: s.Etag(), UpdateTime: wire.Timestamp(s.State.Updated)}
}

// GetEscalationPath implements CasesService.
func (h *casesHandler) GetEscalationPath(ctx context.Context, _ *entitlementsv1.GetEscalationPathRequest) (*entitlementsv1.EscalationPath, error) {
	path, err := h.cases.EscalationPath(ctx)
	if err != nil {
		return nil, err
	}
	return pathOut(path), nil
}

// UpdateEscalationPath implements CasesService.
func (h *casesHandler) UpdateEscalationPath(ctx context.Context, r *entitlementsv1.UpdateEscalationPathRequest) (*entitlementsv1.EscalationPath, error) {
	in := r.GetEscalationPath()
	mask, err := fieldmask.Read("escalation_path", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	within, err := wholeDuration("escalation_path.within", in.GetWithin())
	if err != nil {
		return nil, err
	}
	path, err := h.cases.PatchEscalationPath(ctx, call, in.GetEtag(), cases.PathPatch{
		Accountable: fieldmask.Given(mask, "accountable", names.First(in.GetAccountable(), "principals")),
		Contact:     fieldmask.Given(mask, "contact", in.GetContact()),
		Within:      fieldmask.Given(mask, "within", within),
		Calendar:    fieldmask.Given(mask, "calendar", in.GetCalendar()),
	})
	if err != nil {
		return nil, err
	}
	return pathOut(path), nil
}

// wholeDuration reads a duration; 0 where none is given.
func wholeDuration(field string, d *durationpb.Duration) (time.Duration, error) {
	if d == nil {
		return 0, nil
	}
	if err := d.CheckValid(); err != nil {
		return 0, fault.Invalid(field, "is no duration")
	}
	return d.AsDuration(), nil
}
