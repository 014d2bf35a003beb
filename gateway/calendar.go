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
)

// calendarPath stands for every secret address of a calendar.
const calendarPath = "/calendars/{secret}.ics"

type secretKey struct{}

// hideSecret takes the secret out of the address of a calendar, at the door: logs,
// traces and errors beyond it see calendarPath, whatever somebody asked for below it.
func hideSecret(r *http.Request) *http.Request {
	before, after, _ := strings.Cut(calendarPath, "{secret}")
	rest, ok := strings.CutPrefix(r.URL.Path, before)
	if !ok {
		return r
	}
	secret, ok := strings.CutSuffix(rest, after)
	if !ok || strings.Contains(secret, "/") {
		secret = ""
	}
	r = r.WithContext(context.WithValue(r.Context(), secretKey{}, secret))
	r.URL, r.RequestURI = &url.URL{Path: calendarPath}, calendarPath
	return r
}

var errNoCalendar = fault.New(fault.NotFound, fault.ReasonNotFound, "There is no calendar at this address: addresses end in .ics.")

// calendar answers with the calendar of a secret address, unless the caller has it.
func (g *gateway) calendar(w http.ResponseWriter, r *http.Request) {
	observationOf(r.Context()).route = &route{template: calendarPath}
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
	answer, err := boardv1.NewCalendarFeedServiceClient(g.options.Backends.Board).ReadCalendar(ctx, &boardv1.ReadCalendarRequest{Secret: secret})
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
