package rpc_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/internal/resource"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/parity"
	"github.com/evenhand/evenhand/services/entitlements/parity/audits"
	"github.com/evenhand/evenhand/services/entitlements/rpc"
)

// unfair has cases of which those by phone are remedied half as often, as are those of the
// upper band of reach, opened a minute after another from 2026-03-02 on.
type unfair struct{ cases int }

func (u unfair) Cases(_ context.Context, from, to, _ time.Time) iter.Seq2[*parity.Row, error] {
	return func(yield func(*parity.Row, error) bool) {
		for i := range u.cases {
			r := parity.Row{Account: "acme", ID: fmt.Sprintf("c%d", i), Issue: "billing", Channel: "email", SpendBand: "q1", ReachBand: []string{"small", "small", "large", "large"}[i%4],
				Opened: time.Date(2026, 3, 2, 12, i, 0, 0, time.UTC)}
			if i%2 == 1 {
				r.Channel = "phone"
			}
			if i%2 == 0 || i%4 == 1 {
				r.Remedy = "credit"
			}
			if !r.Opened.Before(from) && r.Opened.Before(to) && !yield(&r, nil) {
				return
			}
		}
	}
}

func (unfair) Zone() civil.Zone { return civil.UTC }

func (unfair) Currency() string { return "EUR" }

// auditing is ParityService behind a real server; it returns clients by role.
func auditing(t *testing.T, cases unfair) func(auth.Role) entitlementsv1.ParityServiceClient {
	store, err := docstore.OpenStore(t.Context(), teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	clock := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	requests, err := resource.OpenRequests(t.Context(), store, func() time.Time { clock = clock.Add(time.Second); return clock })
	require.NoError(t, err)
	made, err := audits.Open(t.Context(), store, requests, cases, cases, nil)
	require.NoError(t, err)
	keys := &auth.Keyring{}
	s, err := server.New(t.Context(), server.Options{Authenticator: keys, Faults: rpc.Faults},
		server.Service{Name: "entitlements", Register: func(r grpc.ServiceRegistrar) { rpc.RegisterParity(r, made) }})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("serving ended with %v", err)
		}
		require.NoError(t, store.Close())
	})
	return func(role auth.Role) entitlementsv1.ParityServiceClient {
		token, err := auth.NewToken(rand.Reader)
		require.NoError(t, err)
		keys.Add(token, auth.NewPrincipal("principals/some-"+string(role), "", true, role))
		conn, err := s.Dial(auth.Bearer(token))
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, conn.Close()) })
		return entitlementsv1.NewParityServiceClient(conn)
	}
}

func ofMarch(metrics ...entitlementsv1.ParityComparing_Metric) *entitlementsv1.ParityComparing {
	return &entitlementsv1.ParityComparing{
		FromDate: &date.Date{Year: 2026, Month: 3, Day: 1}, ToDate: &date.Date{Year: 2026, Month: 3, Day: 31},
		By: []entitlementsv1.ParityComparing_Column{entitlementsv1.ParityComparing_COLUMN_CHANNEL}, Metrics: metrics,
	}
}

func TestR24RunParityAuditTellsHowFarItIsAndKeepsIt(t *testing.T) {
	auditor := auditing(t, unfair{400})(auth.Auditor)
	stream, err := auditor.RunParityAudit(t.Context(), &entitlementsv1.RunParityAuditRequest{Comparing: ofMarch()})
	require.NoError(t, err)
	var last *entitlementsv1.ParityAudit
	told := 0
	for {
		step, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		require.NoError(t, err)
		if p := step.GetProgress(); p != nil {
			require.Equal(t, "comparing", p.GetStage())
			require.LessOrEqual(t, p.GetDone(), p.GetOf())
			told++
		}
		last = step.GetParityAudit()
	}
	require.Equal(t, 7, told)
	require.EqualValues(t, 400, last.GetCases())
	require.EqualValues(t, 1, last.GetFindings())
	require.Equal(t, "principals/some-auditor", last.GetRunner())
	require.InDelta(t, 0.05, last.GetComparing().GetAlpha(), 0)
	require.Equal(t, []entitlementsv1.ParityComparing_Column{
		entitlementsv1.ParityComparing_COLUMN_ISSUE, entitlementsv1.ParityComparing_COLUMN_SPEND_BAND}, last.GetComparing().GetWithin())
	require.Len(t, last.GetComparing().GetMetrics(), 7)
	require.Equal(t, time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC), last.GetUntilTime().AsTime())

	got, err := auditor.GetParityAudit(t.Context(), &entitlementsv1.GetParityAuditRequest{Name: last.GetName()})
	require.NoError(t, err)
	require.Equal(t, last.String(), got.String())
}

func TestR24ParityReportInEveryFormat(t *testing.T) {
	client := auditing(t, unfair{400})(auth.Admin)
	made, err := client.CreateParityAudit(t.Context(), &entitlementsv1.CreateParityAuditRequest{
		ParityAudit: &entitlementsv1.ParityAudit{Comparing: ofMarch(entitlementsv1.ParityComparing_METRIC_REMEDY_RATE)}})
	require.NoError(t, err)
	for format, want := range map[entitlementsv1.ExportParityAuditRequest_Format][2]string{
		entitlementsv1.ExportParityAuditRequest_FORMAT_CSV:      {"text/csv; charset=utf-8", "remedy-rate,channel,email,phone"},
		entitlementsv1.ExportParityAuditRequest_FORMAT_MARKDOWN: {"text/markdown; charset=utf-8", "# Parity audit"},
		entitlementsv1.ExportParityAuditRequest_FORMAT_HTML:     {"text/html; charset=utf-8", "<svg"},
	} {
		out, err := client.ExportParityAudit(t.Context(), &entitlementsv1.ExportParityAuditRequest{Name: made.GetName(), Format: format})
		require.NoError(t, err)
		require.Equal(t, want[0], out.GetContentType())
		require.Contains(t, out.GetContent(), want[1])
	}
	out, err := client.ExportParityAudit(t.Context(), &entitlementsv1.ExportParityAuditRequest{Name: made.GetName()})
	require.NoError(t, err)
	var report struct {
		Comparisons []struct {
			Metric, By string
			Groups     []string
			Within     []string
			Counts     []int
			Effect     struct {
				Kind             string
				Value, Low, High float64
			}
			P       float64 `json:"p_value"`
			Outcome string
		}
	}
	require.NoError(t, json.Unmarshal([]byte(out.GetContent()), &report))
	require.Len(t, report.Comparisons, 1)
	c := report.Comparisons[0]
	require.Equal(t, "finding", c.Outcome)
	require.Equal(t, []string{"email", "phone"}, c.Groups)
	require.Equal(t, []int{200, 200}, c.Counts)
	require.Equal(t, "rate_ratio", c.Effect.Kind)
	require.InDelta(t, 0.5, c.Effect.Value, 1e-12)
	require.Less(t, c.Effect.Low, 0.5)
	require.Greater(t, c.Effect.High, 0.5)
	require.Less(t, c.P, 0.05)
}

// Bands of reach are told only to those who may see reach.
func TestReachIsNotToldByAudits(t *testing.T) {
	as := auditing(t, unfair{400})
	for about, comparing := range map[string]func(*entitlementsv1.ParityComparing){
		"by": func(c *entitlementsv1.ParityComparing) { c.By[0] = entitlementsv1.ParityComparing_COLUMN_REACH_BAND },
		"within": func(c *entitlementsv1.ParityComparing) {
			c.Within = []entitlementsv1.ParityComparing_Column{entitlementsv1.ParityComparing_COLUMN_REACH_BAND}
		},
	} {
		c := ofMarch(entitlementsv1.ParityComparing_METRIC_REMEDY_RATE)
		comparing(c)
		_, err := as(auth.PolicyAuthor).CreateParityAudit(t.Context(), &entitlementsv1.CreateParityAuditRequest{ParityAudit: &entitlementsv1.ParityAudit{Comparing: c}})
		require.Equal(t, codes.PermissionDenied, status.Code(err), about)
		require.ErrorContains(t, err, "reach.read")
		made, err := as(auth.Auditor).CreateParityAudit(t.Context(), &entitlementsv1.CreateParityAuditRequest{ParityAudit: &entitlementsv1.ParityAudit{Comparing: c}})
		require.NoError(t, err)
		require.Equal(t, int32(1), made.GetFindings())
		for format := range entitlementsv1.ExportParityAuditRequest_Format_name {
			for role, shown := range map[auth.Role]bool{auth.Auditor: true, auth.Viewer: false, auth.PolicyAuthor: false} {
				out, err := as(role).ExportParityAudit(t.Context(), &entitlementsv1.ExportParityAuditRequest{
					Name: made.GetName(), Format: entitlementsv1.ExportParityAuditRequest_Format(format)})
				require.NoError(t, err)
				csv := format == int32(entitlementsv1.ExportParityAuditRequest_FORMAT_CSV) // has no pairs
				require.Equal(t, shown && !csv, strings.Contains(out.GetContent(), "accounts/acme"), "%s %s", about, role)
			}
		}
	}
	ordinary, err := as(auth.PolicyAuthor).CreateParityAudit(t.Context(), &entitlementsv1.CreateParityAuditRequest{
		ParityAudit: &entitlementsv1.ParityAudit{Comparing: ofMarch(entitlementsv1.ParityComparing_METRIC_REMEDY_RATE)}})
	require.NoError(t, err)
	out, err := as(auth.Viewer).ExportParityAudit(t.Context(), &entitlementsv1.ExportParityAuditRequest{Name: ordinary.GetName()})
	require.NoError(t, err)
	require.Contains(t, out.GetContent(), "accounts/acme", "pairs of others are shown")
}

func TestAuditsWithinNothing(t *testing.T) {
	admin := auditing(t, unfair{400})(auth.Admin)
	c := ofMarch(entitlementsv1.ParityComparing_METRIC_REMEDY_RATE)
	c.AllAlike = true
	request := &entitlementsv1.CreateParityAuditRequest{ParityAudit: &entitlementsv1.ParityAudit{Comparing: c}}
	made, err := admin.CreateParityAudit(t.Context(), request)
	require.NoError(t, err)
	require.Empty(t, made.GetComparing().GetWithin())
	require.True(t, made.GetComparing().GetAllAlike())
	require.Equal(t, int32(1), made.GetFindings())
	c.Within = []entitlementsv1.ParityComparing_Column{entitlementsv1.ParityComparing_COLUMN_ISSUE}
	_, err = admin.CreateParityAudit(t.Context(), request)
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	require.ErrorContains(t, err, "all_alike")
}

func TestListParityAudits(t *testing.T) {
	client := auditing(t, unfair{400})(auth.Admin)
	create := func(r *entitlementsv1.CreateParityAuditRequest) *entitlementsv1.ParityAudit {
		made, err := client.CreateParityAudit(t.Context(), r)
		require.NoError(t, err)
		return made
	}
	request := &entitlementsv1.CreateParityAuditRequest{RequestId: uuid.NewString(), ParityAudit: &entitlementsv1.ParityAudit{
		Comparing: ofMarch(entitlementsv1.ParityComparing_METRIC_REMEDY_RATE)}}
	first := create(request)
	require.Equal(t, first.GetName(), create(request).GetName(), "a retry makes no other")
	request.ParityAudit.Comparing = ofMarch(entitlementsv1.ParityComparing_METRIC_BREACH_RATE)
	_, err := client.CreateParityAudit(t.Context(), request)
	require.Equal(t, codes.InvalidArgument, status.Code(err))
	request.RequestId = ""
	second := create(request)

	list := func(r *entitlementsv1.ListParityAuditsRequest) []string {
		var names []string
		for {
			page, err := client.ListParityAudits(t.Context(), r)
			require.NoError(t, err)
			for _, a := range page.GetParityAudits() {
				names = append(names, a.GetName())
			}
			if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
				return names
			}
		}
	}
	require.Equal(t, []string{second.GetName(), first.GetName()}, list(&entitlementsv1.ListParityAuditsRequest{PageSize: 1}))
	require.Equal(t, []string{first.GetName(), second.GetName()}, list(&entitlementsv1.ListParityAuditsRequest{OrderBy: "create_time"}))
	require.Equal(t, []string{first.GetName()}, list(&entitlementsv1.ListParityAuditsRequest{Filter: "findings > 0"}))
	require.Empty(t, list(&entitlementsv1.ListParityAuditsRequest{Filter: `runner = "principals/nobody"`}))
	_, err = client.ListParityAudits(t.Context(), &entitlementsv1.ListParityAuditsRequest{Filter: "spend > 1"})
	require.Equal(t, codes.InvalidArgument, status.Code(err))
}

func TestParityAuditsThatCannotBe(t *testing.T) {
	as := auditing(t, unfair{40})
	client := as(auth.Admin)
	run := func(change func(*entitlementsv1.ParityComparing)) error {
		c := ofMarch()
		change(c)
		_, err := client.CreateParityAudit(t.Context(), &entitlementsv1.CreateParityAuditRequest{ParityAudit: &entitlementsv1.ParityAudit{Comparing: c}})
		return err
	}
	for about, change := range map[string]func(*entitlementsv1.ParityComparing){
		"to_date":   func(c *entitlementsv1.ParityComparing) { c.ToDate = &date.Date{Year: 2026, Month: 2, Day: 1} },
		"from_date": func(c *entitlementsv1.ParityComparing) { c.FromDate = &date.Date{Year: 2026, Month: 2, Day: 31} },
		"by":        func(c *entitlementsv1.ParityComparing) { c.By = nil },
		"channel":   func(c *entitlementsv1.ParityComparing) { c.Within = c.By },
		"time":      func(c *entitlementsv1.ParityComparing) { c.TimeRatio = 0.5 },
	} {
		err := run(change)
		require.Equal(t, codes.InvalidArgument, status.Code(err), about)
		require.ErrorContains(t, err, about)
	}
	_, err := client.GetParityAudit(t.Context(), &entitlementsv1.GetParityAuditRequest{Name: "parityAudits/none"})
	require.Equal(t, codes.NotFound, status.Code(err))
	_, err = client.ExportParityAudit(t.Context(), &entitlementsv1.ExportParityAuditRequest{Name: "parityAudits/none"})
	require.Equal(t, codes.NotFound, status.Code(err))

	_, err = as(auth.ServiceAgent).ListParityAudits(t.Context(), &entitlementsv1.ListParityAuditsRequest{})
	require.Equal(t, codes.PermissionDenied, status.Code(err), "audits tell bands")
	_, err = as(auth.Viewer).CreateParityAudit(t.Context(), &entitlementsv1.CreateParityAuditRequest{ParityAudit: &entitlementsv1.ParityAudit{Comparing: ofMarch()}})
	require.Equal(t, codes.PermissionDenied, status.Code(err))
}
