package rpc

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/proto"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/paging"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
)

// scheduleHandler serves ScheduleService.
type scheduleHandler struct {
	entitlementsv1.UnimplementedScheduleServiceServer
	service *entitlements.Service
}

// PublishSchedule implements ScheduleService.
func (h *scheduleHandler) PublishSchedule(ctx context.Context, r *entitlementsv1.PublishScheduleRequest) (*entitlementsv1.PublishScheduleResponse, error) {
	p := entitlements.Publishing{
		ValidateOnly: r.GetValidateOnly(), RequestID: r.GetRequestId(), Etag: r.GetEtag(), Publisher: auth.FromContext(ctx).Name(),
	}
	switch content := r.GetContent().(type) {
	case *entitlementsv1.PublishScheduleRequest_Yaml:
		p.File = []byte(content.Yaml)
	case *entitlementsv1.PublishScheduleRequest_Schedule:
		s, err := scheduleIn(content.Schedule)
		if err != nil {
			return nil, err
		}
		p.Schedule = s
	}
	v, unchanged, err := h.service.Publish(ctx, p)
	if err != nil {
		return nil, err
	}
	return &entitlementsv1.PublishScheduleResponse{Version: versionOut(v), Unchanged: unchanged}, nil
}

// GetSchedule implements ScheduleService.
func (h *scheduleHandler) GetSchedule(ctx context.Context, r *entitlementsv1.GetScheduleRequest) (*entitlementsv1.ScheduleVersion, error) {
	d, err := decider(ctx, h.service, r)
	if err != nil {
		return nil, err
	}
	v, err := d.VersionInForce()
	if err != nil {
		return nil, err
	}
	return versionOut(v), nil
}

const versionPrefix = "schedule/versions/"

// GetScheduleVersion implements ScheduleService.
func (h *scheduleHandler) GetScheduleVersion(_ context.Context, r *entitlementsv1.GetScheduleVersionRequest) (*entitlementsv1.ScheduleVersion, error) {
	number, err := strconv.Atoi(strings.TrimPrefix(r.GetName(), versionPrefix))
	if err != nil {
		return nil, fault.Invalid("name", "%q is not schedule/versions/{number}", r.GetName())
	}
	v, err := h.service.Version(number)
	if err != nil {
		return nil, err
	}
	return versionOut(v), nil
}

// versionsCursor is where the next page of versions begins.
type versionsCursor struct {
	Below int `json:"below"`
}

// fullPage is the size in bytes at which a page of versions ends, however few they are:
// each may be 2 MiB and more.
const fullPage = 4 << 20

// ListScheduleVersions implements ScheduleService.
func (h *scheduleHandler) ListScheduleVersions(_ context.Context, r *entitlementsv1.ListScheduleVersionsRequest) (*entitlementsv1.ListScheduleVersionsResponse, error) {
	page, err := paging.Read[versionsCursor](r)
	if err != nil {
		return nil, err
	}
	all := h.service.Versions()
	m := &entitlementsv1.ListScheduleVersionsResponse{TotalSize: int32(len(all))}
	if page.After != nil {
		all = all[:max(0, min(len(all), page.After.Below-1))]
	}
	size := 0
	for _, v := range slices.Backward(all[max(0, len(all)-page.Size):]) {
		m.ScheduleVersions = append(m.ScheduleVersions, versionOut(v))
		if size += proto.Size(m.ScheduleVersions[len(m.ScheduleVersions)-1]); size >= fullPage {
			break
		}
	}
	if left := len(all) - len(m.ScheduleVersions); left > 0 {
		m.NextPageToken, err = page.Next(versionsCursor{Below: left + 1})
	}
	return m, err
}
