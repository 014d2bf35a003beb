package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/grpc-ecosystem/grpc-gateway/v2/runtime"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/rpcstatus"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
)

// statusClientClosed is what logs say of a caller that went away; nobody reads it.
const statusClientClosed = 499

// httpStatuses are the HTTP statuses of the gRPC codes, as google.rpc.Code has them.
var httpStatuses = map[codes.Code]int{
	codes.Canceled:           statusClientClosed,
	codes.InvalidArgument:    http.StatusBadRequest,
	codes.FailedPrecondition: http.StatusBadRequest,
	codes.OutOfRange:         http.StatusBadRequest,
	codes.Unauthenticated:    http.StatusUnauthorized,
	codes.PermissionDenied:   http.StatusForbidden,
	codes.NotFound:           http.StatusNotFound,
	codes.AlreadyExists:      http.StatusConflict,
	codes.Aborted:            http.StatusConflict, // 412 for a stale If-Match
	codes.ResourceExhausted:  http.StatusTooManyRequests,
	codes.Unimplemented:      http.StatusNotImplemented,
	codes.Unavailable:        http.StatusServiceUnavailable,
	codes.DeadlineExceeded:   http.StatusGatewayTimeout,
	codes.Internal:           http.StatusInternalServerError,
	codes.Unknown:            http.StatusInternalServerError,
	codes.DataLoss:           http.StatusInternalServerError,
}

// problem is an error as RFC 9457 has it; the OpenAPI document describes its members.
type problem struct {
	Type          string            `json:"type"`
	Title         string            `json:"title"`
	Status        int               `json:"status"`
	Detail        string            `json:"detail,omitempty"`
	Instance      string            `json:"instance,omitempty"`
	Reason        string            `json:"reason"`
	Metadata      map[string]string `json:"metadata,omitempty"`
	Fields        []badField        `json:"fields,omitempty"`
	Preconditions []precondition    `json:"preconditions,omitempty"`
	TraceID       string            `json:"traceId,omitempty"`
}

type badField struct {
	Field       string `json:"field"`
	Description string `json:"description"`
}

type precondition struct {
	Type        string `json:"type"`
	Subject     string `json:"subject"`
	Description string `json:"description"`
}

// refusal is a fault with an HTTP status that the table has for none.
type refusal struct {
	told   *fault.Error
	status int
}

func (r refusal) Error() string { return r.told.Error() }
func (r refusal) Unwrap() error { return r.told }

// fail answers a call that failed, here or in a service.
func (g *gateway) fail(w http.ResponseWriter, r *http.Request, err error) {
	var own refusal
	if errors.As(err, &own) {
		g.refuse(w, r, own.status, own.told)
		return
	}
	s := rpcstatus.From(err, nil)
	code := httpStatuses[s.Code()]
	read := requestOf(r.Context())
	switch {
	case code == http.StatusUnauthorized:
		w.Header().Set("WWW-Authenticate", challenge(r))
	case errors.Is(err, errStale), rpcstatus.Info(s).GetReason() == fault.ReasonStaleEtag && read != nil && read.conditions.match.given:
		code = http.StatusPreconditionFailed
	case code == http.StatusInternalServerError:
		g.options.Logger.ErrorContext(r.Context(), "call failed", "path", r.URL.Path, "error", err)
	case code > http.StatusInternalServerError:
		observationOf(r.Context()).failure = err
	}
	rename := camelPath
	if own := new(fault.Error); errors.As(err, &own) || rpcstatus.Info(s).GetReason() == reasonScheduleInvalid {
		rename = asItIs
	}
	write(w, r, code, s, rename)
}

// reasonScheduleInvalid goes with the paths of a schedule file, which has names of its own.
const reasonScheduleInvalid = "SCHEDULE_INVALID"

// asItIs is for paths that are written as callers know them.
func asItIs(path string) string { return path }

// refuse answers with a fault and an HTTP status of its own.
func (g *gateway) refuse(w http.ResponseWriter, r *http.Request, code int, f *fault.Error) {
	write(w, r, code, rpcstatus.Of(f), asItIs)
}

// challenge is the WWW-Authenticate header (RFC 6750, section 3).
func challenge(r *http.Request) string {
	if r.Header.Get("Authorization") == "" {
		return `Bearer realm="evenhand"`
	}
	return `Bearer realm="evenhand", error="invalid_token"`
}

// callFailed implements runtime.ErrorHandlerFunc.
func (g *gateway) callFailed(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, errNotModified) {
		w.Header().Del("Content-Type")
		w.WriteHeader(http.StatusNotModified)
		return
	}
	g.fail(w, r, err)
}

// notRouted implements runtime.RoutingErrorHandlerFunc. A call that gets as far as to
// the generated handlers has a route, so one without is a fault of this package.
func (g *gateway) notRouted(_ context.Context, _ *runtime.ServeMux, _ runtime.Marshaler, w http.ResponseWriter, r *http.Request, _ int) {
	g.fail(w, r, errors.New("no generated handler for "+r.Method+" "+r.URL.Path))
}

// write writes a status as a problem; rename turns the fields it names into those that
// callers know.
func write(w http.ResponseWriter, r *http.Request, code int, s *status.Status, rename func(string) string) {
	p := problem{
		Type: "about:blank", Title: title(code), Status: code, Detail: s.Message(), Instance: r.URL.EscapedPath(),
		TraceID: telemetry.TraceID(r.Context()),
	}
	h := w.Header()
	p.describe(s, h, rename)
	if id := telemetry.RequestID(r.Context()); id != "" {
		p.note("requestId", id)
	}
	body, err := json.Marshal(p)
	if err != nil { // strings and numbers always encode
		panic(err)
	}
	h.Set("Content-Type", "application/problem+json")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(body)))
	h.Del("ETag")
	w.WriteHeader(code)
	_, _ = w.Write(body)
}

func title(code int) string {
	if code == statusClientClosed {
		return "Client Closed Request"
	}
	return http.StatusText(code)
}

func (p *problem) note(key, value string) {
	if p.Metadata == nil {
		p.Metadata = map[string]string{}
	}
	p.Metadata[key] = value
}

// describe takes over the details of a status.
func (p *problem) describe(s *status.Status, h http.Header, rename func(string) string) {
	for _, d := range s.Details() {
		switch d := d.(type) {
		case *errdetails.ErrorInfo:
			p.Reason = d.GetReason()
			for k, v := range d.GetMetadata() {
				p.note(k, v)
			}
		case *errdetails.BadRequest:
			for _, v := range d.GetFieldViolations() {
				p.Fields = append(p.Fields, badField{Field: rename(v.GetField()), Description: v.GetDescription()})
				if rest, found := strings.CutPrefix(p.Detail, v.GetField()+":"); found && v.GetField() != "" {
					p.Detail = rename(v.GetField()) + ":" + rest
				}
			}
		case *errdetails.PreconditionFailure:
			for _, v := range d.GetViolations() {
				p.Preconditions = append(p.Preconditions, precondition{v.GetType(), v.GetSubject(), v.GetDescription()})
			}
		case *errdetails.ResourceInfo:
			p.note("resource", d.GetResourceName())
		case *errdetails.RetryInfo:
			seconds := (d.GetRetryDelay().AsDuration() + time.Second - 1) / time.Second
			h.Set("Retry-After", strconv.FormatInt(int64(max(seconds, 1)), 10))
		}
	}
}

// camelPath turns a field path into the names that JSON has, as
// `account.service_team[0]` into `account.serviceTeam[0]`. Keys in brackets stay.
func camelPath(path string) string {
	var b strings.Builder
	inBrackets, raise := false, false
	for _, c := range path {
		switch {
		case c == '[':
			inBrackets = true
		case c == ']':
			inBrackets = false
		case c == '_' && !inBrackets:
			raise = true
			continue
		case raise && c >= 'a' && c <= 'z':
			c -= 'a' - 'A'
		}
		raise = false
		b.WriteRune(c)
	}
	return b.String()
}
