package rpc

import (
	"context"
	"slices"
	"strings"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/parity"
	"github.com/evenhand/evenhand/services/entitlements/parity/audits"
)

// RegisterParity serves audits of parity.
func RegisterParity(to grpc.ServiceRegistrar, a *audits.Audits) {
	entitlementsv1.RegisterParityServiceServer(to, &parityHandler{audits: a})
}

// parityHandler serves ParityService.
type parityHandler struct {
	entitlementsv1.UnimplementedParityServiceServer
	audits *audits.Audits
}

// RunParityAudit implements ParityService.
func (h *parityHandler) RunParityAudit(r *entitlementsv1.RunParityAuditRequest, stream grpc.ServerStreamingServer[entitlementsv1.RunParityAuditResponse]) error {
	call, err := request.Call(stream.Context(), r)
	if err != nil {
		return err
	}
	var broken error
	made, err := h.run(stream.Context(), call, "", r.GetComparing(), func(p audits.Progress) {
		if broken == nil {
			broken = stream.Send(&entitlementsv1.RunParityAuditResponse{Step: &entitlementsv1.RunParityAuditResponse_Progress{
				Progress: &entitlementsv1.ParityProgress{Stage: p.Stage, Done: int64(p.Done), Of: int64(p.Of)}}})
		}
	})
	if err != nil {
		return err
	}
	return stream.Send(&entitlementsv1.RunParityAuditResponse{Step: &entitlementsv1.RunParityAuditResponse_ParityAudit{ParityAudit: made}})
}

// CreateParityAudit implements ParityService.
func (h *parityHandler) CreateParityAudit(ctx context.Context, r *entitlementsv1.CreateParityAuditRequest) (*entitlementsv1.ParityAudit, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return h.run(ctx, call, "parity_audit.", r.GetParityAudit().GetComparing(), nil)
}

// run makes an audit; at is where in the request what it compares is.
func (h *parityHandler) run(
	ctx context.Context, call resource.Call, at string, c *entitlementsv1.ParityComparing, tell func(audits.Progress),
) (*entitlementsv1.ParityAudit, error) {
	from, err := wire.Day(at+"comparing.from_date", c.GetFromDate())
	if err != nil {
		return nil, err
	}
	to, err := wire.Day(at+"comparing.to_date", c.GetToDate())
	if err != nil {
		return nil, err
	}
	asked := audits.Asked{From: civil.Day(from), To: civil.Day(to), Options: parity.Options{
		By: columnsIn(c.GetBy()), Within: columnsIn(c.GetWithin()), Metrics: metricsIn(c.GetMetrics()),
		Alpha: c.GetAlpha(), RateRatio: c.GetRateRatio(), ValueRatio: c.GetValueRatio(), TimeRatio: c.GetTimeRatio(),
	}}
	switch within := asked.Options.Within; {
	case c.GetAllAlike() && len(within) > 0:
		return nil, fault.Invalid(at+"comparing.within", "must not be given together with all_alike: choose one")
	case !c.GetAllAlike() && len(within) == 0:
		asked.Options.Within = parity.DefaultWithin(asked.Options.By)
	}
	if err := mayCompare(ctx, asked.Options); err != nil {
		return nil, err
	}
	made, err := h.audits.Run(ctx, call, asked, tell)
	if err != nil {
		return nil, err
	}
	return auditOut(made), nil
}

// readReach is the permission to see the reach of accounts.
const readReach = "reach.read"

// mayCompare returns PERMISSION_DENIED where an audit would tell the caller the reach of
// accounts, who is not to see that.
func mayCompare(ctx context.Context, o parity.Options) error {
	p := auth.FromContext(ctx)
	if p.Can(readReach) == auth.All || !slices.Contains(slices.Concat(o.By, o.Within), parity.ReachBand) {
		return nil
	}
	return fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied,
		"An audit by or within the reach band tells the reach of accounts, which needs the permission %s.", readReach).
		With("permission", readReach).With("principal", p.Name())
}

// GetParityAudit implements ParityService.
func (h *parityHandler) GetParityAudit(ctx context.Context, r *entitlementsv1.GetParityAuditRequest) (*entitlementsv1.ParityAudit, error) {
	found, err := h.audits.Get(ctx, auditID(r.GetName()))
	if err != nil {
		return nil, err
	}
	return auditOut(found), nil
}

// auditFields are what audits are filtered by.
var auditFields = []filter.Field{
	{Name: "findings", Kind: filter.Int}, {Name: "cases", Kind: filter.Int}, {Name: "runner"}, {Name: "create_time", Kind: filter.Time},
}

// ListParityAudits implements ParityService.
func (h *parityHandler) ListParityAudits(ctx context.Context, r *entitlementsv1.ListParityAuditsRequest) (*entitlementsv1.ListParityAuditsResponse, error) {
	page, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	order, err := filter.ParseOrder(r.GetOrderBy(), "create_time")
	if err != nil {
		return nil, err
	}
	f, err := filter.Parse(r.GetFilter(), auditFields...)
	if err != nil {
		return nil, err
	}
	list, err := h.audits.List(ctx, audits.Query{
		Size: page.Size, After: page.After, Ascending: len(order) > 0 && !order[0].Descending,
		Keep: func(s resource.Stored[audits.Audit]) bool {
			return f.Match(func(field string) any { return auditField(&s.State, field) })
		},
	})
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.ListParityAuditsResponse{}
	for _, s := range list.Items {
		out.ParityAudits = append(out.ParityAudits, auditOut(s))
	}
	out.NextPageToken, err = page.Next(list.Next)
	return out, err
}

func auditField(a *audits.Audit, field string) any {
	switch field {
	case "findings":
		return int64(a.Findings)
	case "cases":
		return int64(a.Cases)
	case "runner":
		return a.Runner
	default:
		return a.Created
	}
}

// ExportParityAudit implements ParityService.
func (h *parityHandler) ExportParityAudit(ctx context.Context, r *entitlementsv1.ExportParityAuditRequest) (*entitlementsv1.ExportParityAuditResponse, error) {
	report, err := h.audits.Report(ctx, auditID(r.GetName()))
	if err != nil {
		return nil, err
	}
	if auth.FromContext(ctx).Can(readReach) != auth.All {
		report.Withhold(parity.ReachBand.String())
	}
	out := &entitlementsv1.ExportParityAuditResponse{}
	switch r.GetFormat() {
	case entitlementsv1.ExportParityAuditRequest_FORMAT_CSV:
		out.ContentType = "text/csv; charset=utf-8"
		out.Content, err = report.CSV()
	case entitlementsv1.ExportParityAuditRequest_FORMAT_MARKDOWN:
		out.ContentType, out.Content = "text/markdown; charset=utf-8", report.Markdown()
	case entitlementsv1.ExportParityAuditRequest_FORMAT_HTML:
		out.ContentType = "text/html; charset=utf-8"
		out.Content, err = report.HTML()
	default:
		out.ContentType = "application/json"
		out.Content, err = report.JSON()
	}
	return out, err
}

func auditID(name string) string { return strings.TrimPrefix(name, audits.Name("")) }

func auditOut(s resource.Stored[audits.Audit]) *entitlementsv1.ParityAudit {
	a := &s.State
	return &entitlementsv1.ParityAudit{
		Name: audits.Name(s.ID), UntilTime: wire.Timestamp(a.Until), Runner: a.Runner, CreateTime: wire.Timestamp(a.Created),
		Cases: int32(a.Cases), Findings: int32(a.Findings), NoFindings: int32(a.NoFindings), InsufficientData: int32(a.InsufficientData),
		Comparing: &entitlementsv1.ParityComparing{
			FromDate: wire.Date(int32(a.From)), ToDate: wire.Date(int32(a.To)),
			By: columnsOut(a.By), Within: columnsOut(a.Within), AllAlike: len(a.Within) == 0, Metrics: metricsOut(a.Metrics),
			Alpha: a.Alpha, RateRatio: a.RateRatio, ValueRatio: a.ValueRatio, TimeRatio: a.TimeRatio,
		},
	}
}

// Columns and metrics are one less in the domain, where 0 is one of them.
func columnsIn(in []entitlementsv1.ParityComparing_Column) []parity.Dimension {
	out := make([]parity.Dimension, len(in))
	for i, c := range in {
		out[i] = parity.Dimension(c - 1)
	}
	return out
}

func columnsOut(in []string) []entitlementsv1.ParityComparing_Column {
	out := make([]entitlementsv1.ParityComparing_Column, 0, len(in))
	for _, name := range in {
		if d, err := parity.ParseDimension(name); err == nil {
			out = append(out, entitlementsv1.ParityComparing_Column(d)+1)
		}
	}
	return out
}

func metricsIn(in []entitlementsv1.ParityComparing_Metric) []parity.Metric {
	out := make([]parity.Metric, len(in))
	for i, m := range in {
		out[i] = parity.Metric(m - 1)
	}
	return out
}

func metricsOut(in []string) []entitlementsv1.ParityComparing_Metric {
	out := make([]entitlementsv1.ParityComparing_Metric, 0, len(in))
	for _, name := range in {
		if m, err := parity.ParseMetric(name); err == nil {
			out = append(out, entitlementsv1.ParityComparing_Metric(m)+1)
		}
	}
	return out
}
