package command

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/parity"
	"github.com/evenhand/evenhand/services/entitlements/parity/report"
)

// auditFake audits forty cases, of which phone's are never remedied.
type auditFake struct {
	entitlementsv1.UnimplementedParityServiceServer
	asked proto.Message
}

func (f *auditFake) report() *report.Report {
	var b parity.Builder
	for i := range 40 {
		r := parity.Row{Account: "acme", ID: fmt.Sprint(i), Channel: []string{"email", "phone"}[i%2], Opened: time.Unix(int64(i), 0)}
		if i%2 == 0 {
			r.Remedy = "credit"
		}
		if err := b.Add(&r); err != nil {
			panic(err)
		}
	}
	result, err := parity.Audit(context.Background(), b.Cases(), parity.Options{
		By: []parity.Dimension{parity.Channel}, Metrics: []parity.Metric{parity.RemedyRate, parity.BreachRate}}, nil)
	if err != nil {
		panic(err)
	}
	return report.New(report.Period{From: "2026-03-01", To: "2026-03-31"}, result)
}

var someAudit = &entitlementsv1.ParityAudit{Name: "parityAudits/a1", Runner: "principals/ann", Cases: 40, Findings: 1, InsufficientData: 1,
	Comparing: &entitlementsv1.ParityComparing{By: []entitlementsv1.ParityComparing_Column{entitlementsv1.ParityComparing_COLUMN_STAFF_ROLE}}}

func (f *auditFake) RunParityAudit(r *entitlementsv1.RunParityAuditRequest, stream grpc.ServerStreamingServer[entitlementsv1.RunParityAuditResponse]) error {
	f.asked = proto.Clone(r)
	if err := stream.Send(&entitlementsv1.RunParityAuditResponse{Step: &entitlementsv1.RunParityAuditResponse_Progress{
		Progress: &entitlementsv1.ParityProgress{Stage: "comparing", Done: 1, Of: 2}}}); err != nil {
		return err
	}
	return stream.Send(&entitlementsv1.RunParityAuditResponse{Step: &entitlementsv1.RunParityAuditResponse_ParityAudit{ParityAudit: someAudit}})
}

func (f *auditFake) ExportParityAudit(_ context.Context, r *entitlementsv1.ExportParityAuditRequest) (*entitlementsv1.ExportParityAuditResponse, error) {
	if r.GetName() != someAudit.GetName() {
		return nil, fmt.Errorf("%s was asked for", r.GetName())
	}
	if r.GetFormat() != entitlementsv1.ExportParityAuditRequest_FORMAT_JSON {
		return &entitlementsv1.ExportParityAuditResponse{Content: r.GetFormat().String() + "\n"}, nil
	}
	text, err := f.report().JSON()
	return &entitlementsv1.ExportParityAuditResponse{Content: text}, err
}

func (f *auditFake) ListParityAudits(_ context.Context, r *entitlementsv1.ListParityAuditsRequest) (*entitlementsv1.ListParityAuditsResponse, error) {
	f.asked = proto.Clone(r)
	return &entitlementsv1.ListParityAuditsResponse{ParityAudits: []*entitlementsv1.ParityAudit{someAudit}}, nil
}

func startAudit(t *testing.T, f *auditFake) string {
	t.Helper()
	server := grpc.NewServer()
	entitlementsv1.RegisterParityServiceServer(server, f)
	return listen(t, server)
}

func TestR24AuditParityCommand(t *testing.T) {
	f := &auditFake{}
	server := startAudit(t, f)
	period := []string{"audit", "parity", "--from", "2026-03-01", "--to", "2026-03-31"}
	got := execute(t, server, "", append(period, "--by", "channel,staff-role", "--within", "issue", "--metric", "remedy-rate,breach-rate", "--alpha", "0.01")...)
	require.Zero(t, got.code, got.stderr)
	require.Empty(t, cmp.Diff(&entitlementsv1.RunParityAuditRequest{Comparing: &entitlementsv1.ParityComparing{
		FromDate: &date.Date{Year: 2026, Month: 3, Day: 1}, ToDate: &date.Date{Year: 2026, Month: 3, Day: 31},
		By:      []entitlementsv1.ParityComparing_Column{entitlementsv1.ParityComparing_COLUMN_CHANNEL, entitlementsv1.ParityComparing_COLUMN_STAFF_ROLE},
		Within:  []entitlementsv1.ParityComparing_Column{entitlementsv1.ParityComparing_COLUMN_ISSUE},
		Metrics: []entitlementsv1.ParityComparing_Metric{entitlementsv1.ParityComparing_METRIC_REMEDY_RATE, entitlementsv1.ParityComparing_METRIC_BREACH_RATE},
		Alpha:   0.01,
	}}, f.asked, protocmp.Transform(), protocmp.IgnoreFields(&entitlementsv1.RunParityAuditRequest{}, "request_id")))
	for _, line := range []string{"finding: worse for phone", "insufficient data: of no case of email is the breach-rate known", "parityAudits/a1",
		"Cases remedied: channel phone has 0.0 % of the rate of channel email"} {
		require.Contains(t, got.stdout, line)
	}

	got = execute(t, server, "", append(period, "--by", "channel", "--output", "json")...)
	require.Zero(t, got.code, got.stderr)
	want, err := f.report().JSON()
	require.NoError(t, err)
	require.Equal(t, want, got.stdout, "the report and nothing else")

	got = execute(t, server, "", "audit", "get", "a1", "--output", "html")
	require.Equal(t, "FORMAT_HTML\n", got.stdout)
	got = execute(t, server, "", "audit", "list", "--filter", "findings > 0")
	require.Zero(t, got.code, got.stderr)
	require.Contains(t, got.stdout, "staff-role")
	require.Equal(t, "findings > 0", f.asked.(*entitlementsv1.ListParityAuditsRequest).GetFilter())

	for _, wrong := range [][]string{period, append(period[:4:4], "--by", "channel"), append(period[:6:6], "--by", "followers"),
		append(period[:6:6], "--by", "channel", "--metric", "speed")} {
		got := execute(t, server, "", wrong...)
		require.Equal(t, ExitUsage, got.code, "%s: %s", strings.Join(wrong, " "), got.stderr)
	}
}
