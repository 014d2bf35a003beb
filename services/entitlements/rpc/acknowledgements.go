package rpc

import (
	"context"
	"strconv"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/cases"
)

// acknowledgementsHandler serves AcknowledgementsService.
type acknowledgementsHandler struct {
	entitlementsv1.UnimplementedAcknowledgementsServiceServer
	cases *cases.Cases
}

// versionNumber is the number in the name of a version.
func versionNumber(field, name string) (int, error) {
	number, err := strconv.Atoi(strings.TrimPrefix(name, versionPrefix))
	if err != nil {
		return 0, fault.Invalid(field, "%q is not schedule/versions/{number}", name)
	}
	return number, nil
}

// AcknowledgeBaseline implements AcknowledgementsService.
func (h *acknowledgementsHandler) AcknowledgeBaseline(ctx context.Context, r *entitlementsv1.AcknowledgeBaselineRequest) (*entitlementsv1.Acknowledgement, error) {
	number, err := versionNumber("parent", r.GetParent())
	if err != nil {
		return nil, err
	}
	call, err := staffCall(ctx, r, "baseline.acknowledge")
	if err != nil {
		return nil, err
	}
	given, err := h.cases.Acknowledge(ctx, call, auth.FromContext(ctx).Person(), number)
	if err != nil {
		return nil, err
	}
	return acknowledgementOut(given), nil
}

func acknowledgementOut(a resource.Stored[cases.Acknowledgement]) *entitlementsv1.Acknowledgement {
	return &entitlementsv1.Acknowledgement{Name: cases.AcknowledgementName(a.ID), Principal: principalOut(a.State.Principal),
		AcknowledgeTime: wire.Timestamp(a.State.Created)}
}

// ListAcknowledgements implements AcknowledgementsService.
func (h *acknowledgementsHandler) ListAcknowledgements(
	ctx context.Context, r *entitlementsv1.ListAcknowledgementsRequest,
) (*entitlementsv1.ListAcknowledgementsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	number, err := versionNumber("parent", r.GetParent())
	if err != nil {
		return nil, err
	}
	list, err := h.cases.Acknowledgements(ctx, number, r.GetMissingOnly(), p.Size, p.After)
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.ListAcknowledgementsResponse{MissingCount: int32(list.Missing), Baseline: versionNameOut(list.Baseline)}
	for _, a := range list.Items {
		out.Acknowledgements = append(out.Acknowledgements, &entitlementsv1.Acknowledgement{
			Name: cases.AcknowledgementName(cases.AcknowledgementID(list.Baseline, a.ID)), Principal: principalOut(a.ID),
			DisplayName: a.DisplayName, AcknowledgeTime: wire.Timestamp(a.At)})
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}
