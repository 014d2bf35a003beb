package gateway

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// These paths stand for every secret address of a calendar: of boards, and of what is due
// for somebody by relationship plans.
const (
	calendarsBelow    = "/calendars/"
	plansBelow        = "plans/"
	calendarsEnd      = ".ics"
	boardCalendarPath = calendarsBelow + "{secret}" + calendarsEnd
	planCalendarPath  = calendarsBelow + plansBelow + "{secret}" + calendarsEnd
)

type secretKey struct{}

// hideSecret takes the secret out of the address of a calendar, at the door: logs,
// traces and errors beyond it see one of these paths, whatever somebody asked for below it.
func hideSecret(r *http.Request) *http.Request {
	rest, ok := strings.CutPrefix(r.URL.Path, calendarsBelow)
	if !ok {
		return r
	}
	path := boardCalendarPath
	if of, ok := strings.CutPrefix(rest, plansBelow); ok {
		path, rest = planCalendarPath, of
	}
	secret, ok := strings.CutSuffix(rest, calendarsEnd)
	if !ok || strings.Contains(secret, "/") {
		secret = ""
	}
	r = r.WithContext(context.WithValue(r.Context(), secretKey{}, secret))
	r.URL, r.RequestURI = &url.URL{Path: path}, path
	return r
}

var errNoCalendar = fault.New(fault.NotFound, fault.ReasonNotFound, "There is no calendar at this address: addresses end in .ics.")

// calendar answers with the calendar of a secret address, unless the caller has it.
func (g *gateway) calendar(w http.ResponseWriter, r *http.Request) {
	observationOf(r.Context()).route = &route{template: r.URL.Path}
	h := w.Header()
	h.Set("X-Robots-Tag", "noindex")
	secret, _ := r.Context().Value(secretKey{}).(string)
	if secret == "" {
		g.fail(w, r, errNoCalendar)
		return
	}
	ctx, cancel, err := g.limitTime(r)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	defer cancel()
	answer, err := g.readCalendar(ctx, r.URL.Path, secret)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	h.Set("ETag", `"`+answer.GetEtag()+`"`)
	h.Set("Cache-Control", "private, no-cache")
	known, err := parseTags(r.Header, "If-None-Match")
	if err == nil && (known.any || slices.ContainsFunc(known.list, func(t tag) bool { return t.value == answer.GetEtag() })) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "text/calendar; charset=utf-8")
	h.Set("Content-Disposition", `inline; filename="evenhand.ics"`)
	h.Set("Content-Length", strconv.Itoa(len(answer.GetCalendar())))
	_, _ = w.Write(answer.GetCalendar())
}

// calendarAnswer is what services answer of a calendar.
type calendarAnswer interface {
	GetCalendar() []byte
	GetEtag() string
}

// readCalendar asks the service whose calendars are at a path.
func (g *gateway) readCalendar(ctx context.Context, path, secret string) (calendarAnswer, error) {
	if path == planCalendarPath {
		return plansv1.NewPlanCalendarFeedServiceClient(g.options.Backends.Plans).ReadPlanCalendar(ctx, &plansv1.ReadPlanCalendarRequest{Secret: secret})
	}
	return boardv1.NewCalendarFeedServiceClient(g.options.Backends.Board).ReadCalendar(ctx, &boardv1.ReadCalendarRequest{Secret: secret})
}
