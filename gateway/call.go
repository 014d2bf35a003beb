package gateway

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/rpcstatus"
)

// request is what was read of a call: what the generated handler sends is completed
// from it, and its answer depends on its conditions.
type request struct {
	route      *route
	message    protoreflect.Message // body and query; nil where both are empty
	conditions conditions
}

type requestKey struct{}

func requestOf(ctx context.Context) *request {
	r, _ := ctx.Value(requestKey{}).(*request)
	return r
}

// call answers a path of the API. Who calls is known before anything else is looked
// at, and whether they may before anything is read.
func (g *gateway) call(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	principal, err := auth.Identify(r.Context(), g.options.Authenticator, r.Header.Values("Authorization"))
	if err != nil {
		g.fail(w, r, err)
		return
	}
	path := r.URL.Path
	if !utf8.ValidString(path) {
		g.fail(w, r, malformed("The path is not UTF-8."))
		return
	}
	route, allowed := g.find(r.Method, path)
	switch {
	case hasHiddenSlash(r.URL), route == nil && len(allowed) == 0:
		g.refuse(w, r, http.StatusNotFound, noSuchPath(r))
		return
	case route == nil:
		g.wrongMethod(w, r, allowed)
		return
	}
	observationOf(r.Context()).route = route
	if err := route.access.Allow(principal); err != nil {
		g.fail(w, r, err)
		return
	}
	ctx, cancel, err := g.limitTime(r)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	defer cancel()
	read, err := g.read(w, r, route)
	if err != nil {
		g.fail(w, r, err)
		return
	}
	g.mux.ServeHTTP(w, bare(r.WithContext(context.WithValue(ctx, requestKey{}, read)), route))
}

// hasHiddenSlash reports slashes that separate segments to some on the way, and do not
// to others. No id contains one.
func hasHiddenSlash(u *url.URL) bool {
	return strings.Contains(u.Path, `\`) || strings.Contains(strings.ToLower(u.RawPath), "%2f")
}

// read reads all of a call but its path.
func (g *gateway) read(w http.ResponseWriter, r *http.Request, route *route) (*request, error) {
	if err := acceptsJSON(r.Header.Values("Accept")); err != nil {
		return nil, err
	}
	read := &request{route: route}
	body, err := readBody(w, r)
	if err != nil {
		return nil, err
	}
	switch {
	case len(body) == 0 && route.body != nil:
		return nil, errNoBody
	case len(body) > 0 || r.URL.RawQuery != "":
		read.message = route.input.New()
		if err := route.readJSON(body, read.message); err != nil {
			return nil, err
		}
		if err := route.readQuery(r.URL.RawQuery, read.message); err != nil {
			return nil, err
		}
	}
	if err := route.readKey(r.Header.Values("Idempotency-Key"), read); err != nil {
		return nil, err
	}
	read.conditions, err = route.readConditions(r, read.message)
	return read, err
}

// bare returns the call as the generated handler may see it: what was read is gone,
// so that it is not read again.
func bare(r *http.Request, route *route) *http.Request {
	u := *r.URL
	u.RawQuery = ""
	r.URL = &u
	r.Method = route.verb // GET for HEAD; the server leaves the body of the answer out
	r.Body, r.ContentLength = http.NoBody, 0
	r.Header = http.Header{"Authorization": r.Header["Authorization"]}
	r.Host, r.RemoteAddr = "", "" // or they would be sent along
	return r
}

// readKey takes Idempotency-Key as the request id of a change that names none.
func (rt *route) readKey(values []string, read *request) error {
	if len(values) == 0 || rt.requestID == nil {
		return nil
	}
	key := strings.Trim(strings.TrimSpace(values[0]), `"`)
	id, err := uuid.Parse(key)
	if err != nil || len(values) > 1 || len(key) != len(id.String()) {
		return fault.Invalid("Idempotency-Key", "must be one UUID, as `6ba7b810-9dad-41d1-80b4-00c04fd430c8`")
	}
	if read.message == nil {
		read.message = rt.input.New()
	}
	given := read.message.Get(rt.requestID).String()
	if given != "" && !strings.EqualFold(given, key) {
		return fault.Invalid("requestId", "is %q, but Idempotency-Key is %q: send one of them, or the same", given, key)
	}
	read.message.Set(rt.requestID, protoreflect.ValueOfString(id.String()))
	return nil
}

var errNoBody = malformed("This call needs a body: a JSON object, as {…}.")

// limitTime gives a call its deadline: the gateway's, or less where the caller asks
// for less by Grpc-Timeout, as `500m` (up to 8 digits and H, M, S, m, u or n).
func (g *gateway) limitTime(r *http.Request) (context.Context, context.CancelFunc, error) {
	limit := g.options.Deadline
	if asked := r.Header.Get("Grpc-Timeout"); asked != "" {
		d, ok := parseTimeout(asked)
		if !ok {
			return nil, nil, fault.Invalid("Grpc-Timeout", "must be 1 to 8 digits and one of H, M, S, m, u, n, as `500m` for 500 milliseconds")
		}
		limit = min(limit, d)
	}
	ctx, cancel := context.WithTimeout(r.Context(), limit)
	return ctx, cancel, nil
}

var timeoutUnits = map[byte]time.Duration{'H': time.Hour, 'M': time.Minute, 'S': time.Second,
	'm': time.Millisecond, 'u': time.Microsecond, 'n': time.Nanosecond}

func parseTimeout(s string) (time.Duration, bool) {
	unit, known := timeoutUnits[s[len(s)-1]]
	digits := s[:len(s)-1]
	if !known || len(digits) < 1 || len(digits) > 8 {
		return 0, false
	}
	var n int64
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	return time.Duration(min(n, (1<<62)/int64(unit)) * int64(unit)), n > 0
}

// backend completes the requests that the generated handlers send.
type backend struct{ grpc.ClientConnInterface }

// Invoke makes an RPC. The generated handler has filled in what the path says; the
// rest comes from what was read of the call. Where If-Match names several etags, they
// are tried in turn: a service compares with one.
func (b backend) Invoke(ctx context.Context, rpc string, in, out any, opts ...grpc.CallOption) error {
	read := requestOf(ctx)
	if read == nil || read.route.rpc != rpc {
		return fmt.Errorf("the call was not read for %s", rpc)
	}
	message := in.(proto.Message).ProtoReflect()
	if err := read.complete(message); err != nil {
		return err
	}
	try := read.conditions.try
	for len(try) > 1 {
		read.route.etag.setText(message, try[0])
		err := b.ClientConnInterface.Invoke(ctx, rpc, in, out, opts...)
		if !notThisTag(err) {
			return err
		}
		try = try[1:]
	}
	if len(try) == 1 {
		read.route.etag.setText(message, try[0])
	}
	return b.ClientConnInterface.Invoke(ctx, rpc, in, out, opts...)
}

// complete adds body and query to what the path says, with which they must agree.
func (read *request) complete(in protoreflect.Message) error {
	if read.message == nil {
		return nil
	}
	for _, path := range read.route.bound {
		given, named := path.text(read.message), path.text(in)
		if given != "" && given != named {
			return fault.Invalid(path.String(), "is %q, but the path says %q: leave it out, or make them agree", given, named)
		}
	}
	proto.Merge(in.Interface(), read.message.Interface())
	return nil
}

// notThisTag reports that a change was refused because of the etag it carried, and
// changed nothing; a retry finds its request id used with the etag that was right.
func notThisTag(err error) bool {
	if err == nil {
		return false
	}
	reason := rpcstatus.Info(rpcstatus.From(err, nil)).GetReason()
	return reason == fault.ReasonStaleEtag || reason == fault.ReasonRequestIDReused
}
