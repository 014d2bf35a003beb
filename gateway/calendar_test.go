package gateway_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/evenhand/evenhand/gateway"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

const (
	calendarSecret     = "evh_the-secret-of-a-calendar-0123456789"
	calendarText       = "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
	planCalendarSecret = "evh_the-secret-of-an-owners-calendar-0123456789"
	planCalendarText   = "BEGIN:VCALENDAR\r\nNAME:Contacts\r\nEND:VCALENDAR\r\n"
)

// calendars knows one calendar.
type calendars struct {
	boardv1.UnimplementedCalendarFeedServiceServer
}

func (calendars) ReadCalendar(_ context.Context, r *boardv1.ReadCalendarRequest) (*boardv1.ReadCalendarResponse, error) {
	switch r.GetSecret() {
	case calendarSecret:
		return &boardv1.ReadCalendarResponse{Calendar: []byte(calendarText), Etag: "c7"}, nil
	case "breaks-0123456789":
		panic("it breaks")
	}
	return nil, fault.New(fault.NotFound, fault.ReasonNotFound, "There is no calendar at this address.")
}

// planCalendars knows one calendar.
type planCalendars struct {
	plansv1.UnimplementedPlanCalendarFeedServiceServer
}

func (planCalendars) ReadPlanCalendar(_ context.Context, r *plansv1.ReadPlanCalendarRequest) (*plansv1.ReadPlanCalendarResponse, error) {
	switch r.GetSecret() {
	case planCalendarSecret:
		return &plansv1.ReadPlanCalendarResponse{Calendar: []byte(planCalendarText), Etag: "c7"}, nil
	case "breaks-0123456789":
		panic("it breaks")
	}
	return nil, fault.New(fault.NotFound, fault.ReasonNotFound, "There is no calendar at this address.")
}

func TestCalendarsAnswerAtTheirSecretAddress(t *testing.T) {
	w := startWorld(t, nil)
	for path, text := range map[string]string{
		"/calendars/" + calendarSecret + ".ics":           calendarText,
		"/calendars/plans/" + planCalendarSecret + ".ics": planCalendarText,
	} {
		requireCalendar(t, w, path, text)
	}
}

// requireCalendar wants a calendar with a text at a path.
func requireCalendar(t *testing.T, w *world, path, text string) {
	t.Helper()
	a := w.do(t, "GET", path, "", "Authorization", "")
	require.Equal(t, http.StatusOK, a.StatusCode)
	require.Equal(t, text, a.body)
	for header, want := range map[string]string{"Content-Type": "text/calendar; charset=utf-8", "ETag": `"c7"`, "Cache-Control": "private, no-cache",
		"Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex", "X-Content-Type-Options": "nosniff"} {
		require.Equal(t, want, a.Header.Get(header), header)
	}
	head := w.do(t, "HEAD", path, "", "Authorization", "")
	require.Equal(t, http.StatusOK, head.StatusCode)
	require.Empty(t, head.body)
	require.Equal(t, a.ContentLength, head.ContentLength)
	for known, status := range map[string]int{`"c7"`: 304, `W/"c7", "x"`: 304, `*`: 304, `"c6"`: 200, `nonsense`: 200} {
		got := w.do(t, "GET", path, "", "Authorization", "", "If-None-Match", known)
		require.Equal(t, status, got.StatusCode, known)
		require.Equal(t, `"c7"`, got.Header.Get("ETag"))
	}
	require.Equal(t, http.StatusMethodNotAllowed, w.do(t, "POST", path, "").StatusCode)
	require.Equal(t, "GET, HEAD, OPTIONS", w.do(t, "OPTIONS", path, "").Header.Get("Allow"))
}

func TestNoCalendarAnswersAlike(t *testing.T) {
	w := startWorld(t, nil)
	for _, path := range []string{"/calendars/plans/evh_unknown.ics", "/calendars/plans/.ics", "/calendars/plans/", "/calendars/plans", "/calendars/plans/a/b.ics",
		"/calendars/plans/" + planCalendarSecret, "/calendars/" + planCalendarSecret + ".ics", "/calendars/plans/" + calendarSecret + ".ics"} {
		a := w.do(t, "GET", path, "", "Authorization", "")
		require.Equal(t, http.StatusNotFound, a.StatusCode, path)
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		require.Contains(t, a.body, "%7Bsecret%7D.ics", "the address is not repeated")
		require.NotContains(t, a.body, "evh_")
	}
	for _, path := range []string{"/calendars/evh_unknown.ics", "/calendars/evh_unknown", "/calendars/.ics", "/calendars/", "/calendars/a/b.ics",
		"/calendars/%2e%2e%2f.ics", "/calendars/" + calendarSecret, "/calendars/" + strings.Repeat("x", 3000) + ".ics"} {
		a := w.do(t, "GET", path, "", "Authorization", "")
		require.Contains(t, []int{http.StatusNotFound, http.StatusBadRequest}, a.StatusCode, path)
		require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
		require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
		require.Contains(t, a.body, "/calendars/%7Bsecret%7D.ics", "the address is not repeated")
		require.NotContains(t, a.body, calendarSecret)
	}
}

// No secret, and nothing that somebody took for one, is in logs, traces and errors.
func TestCalendarSecretsAreNotRecorded(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	tracers := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
	t.Cleanup(func() { require.NoError(t, tracers.Shutdown(context.Background())) })
	w := startWorld(t, func(o *gateway.Options) { o.Telemetry = telemetry.New(tracers, nil) })
	secrets := []string{calendarSecret, planCalendarSecret, "mistyped-0123456789", "breaks-0123456789"}
	for _, secret := range secrets {
		for _, path := range []string{"/calendars/" + secret + ".ics", "/calendars/" + secret + ".ics?secret=" + secret, "/calendars/" + secret,
			"/calendars/plans/" + secret + ".ics", "/calendars/plans/" + secret + ".ics?secret=" + secret, "/calendars/plans/" + secret} {
			for _, method := range []string{"GET", "HEAD", "POST"} {
				require.NotContains(t, w.do(t, method, path, "").body, secret)
			}
		}
	}
	require.Eventually(t, func() bool { return len(spans.GetSpans()) >= 4*6*3 }, waitLong, waitStep)
	named := map[string]bool{}
	for _, s := range spans.GetSpans() {
		named[s.Name] = true
		for _, secret := range secrets {
			require.NotContains(t, s.Name, secret)
			for _, a := range s.Attributes {
				require.NotContains(t, a.Value.String(), secret, a.Key)
			}
		}
	}
	for _, path := range []string{"/calendars/{secret}.ics", "/calendars/plans/{secret}.ics"} {
		require.True(t, named["GET "+path], "the span is named by the address's pattern")
		require.Contains(t, w.log.String(), path)
	}
	for _, secret := range secrets {
		require.NotContains(t, w.log.String(), secret)
	}
}
