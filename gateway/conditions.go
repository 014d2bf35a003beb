package gateway

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// maxTags bounds the etags of an If-Match: each may cost an RPC.
const maxTags = 5

// tag is an entity tag (RFC 9110, section 8.8.3).
type tag struct {
	value string
	weak  bool
}

// tags are those of an If-Match or If-None-Match header.
type tags struct {
	given, any bool
	list       []tag
}

// conditions are the conditional headers of a call (RFC 9110, section 13).
type conditions struct {
	// match is If-Match.
	match tags
	// try are the etags that a change may find, tried one after the other; none where
	// it may find any.
	try []string
	// noneMatch is If-None-Match: for a read, the states that the caller has.
	noneMatch tags
}

var errNotModified = errors.New("the caller has this state already")

var errStale = fault.New(fault.Aborted, fault.ReasonStaleEtag, "The resource has changed since the ETag given: read it again.")

// readConditions reads the conditional headers, and refuses those that would have no
// effect: a change that ignored one would be worse than none.
func (rt *route) readConditions(r *http.Request, message protoreflect.Message) (conditions, error) {
	var c conditions
	var err error
	if c.match, err = parseTags(r.Header, "If-Match"); err != nil {
		return c, err
	}
	if c.noneMatch, err = parseTags(r.Header, "If-None-Match"); err != nil {
		return c, err
	}
	if rt.verb == http.MethodGet {
		return c, nil
	}
	if c.noneMatch.given {
		return c, fault.Invalid("If-None-Match", "is for GET and HEAD")
	}
	if !c.match.given || c.match.any {
		return c, nil
	}
	if rt.etag == nil {
		return c, fault.Invalid("If-Match", "cannot be used here: this call has no etag to compare")
	}
	for _, t := range c.match.list {
		// Weak tags never match here (RFC 9110, section 13.1.1), nor does what no
		// etag of ours looks like.
		if !t.weak && isEtag(t.value) {
			c.try = append(c.try, t.value)
		}
	}
	if len(c.try) == 0 {
		return c, errStale
	}
	if len(c.try) > maxTags {
		return c, fault.Invalid("If-Match", "names more than %d etags", maxTags)
	}
	if message == nil {
		return c, nil
	}
	if given := rt.etag.text(message); given != "" {
		if !slices.Contains(c.try, given) {
			return c, fault.Invalid(rt.etag.String(), "is %q, which If-Match does not name: send one of them", given)
		}
		c.try = []string{given}
	}
	return c, nil
}

// answered is called with each answer before it is written: what has an etag says so
// in its header, and may be kept by the caller as long as it asks each time.
//
// An answer without one gets none: a check has an age, and to hash a list would save
// bytes only.
func (g *gateway) answered(ctx context.Context, w http.ResponseWriter, answer proto.Message) error {
	etag := etagOf(answer)
	if etag == "" {
		return nil
	}
	w.Header().Set("ETag", `"`+etag+`"`)
	w.Header().Set("Cache-Control", "private, no-cache")
	read := requestOf(ctx)
	if read.route.verb != http.MethodGet {
		return nil
	}
	match, noneMatch := read.conditions.match, read.conditions.noneMatch
	if match.given && !match.any && !slices.Contains(match.list, tag{value: etag}) {
		return errStale
	}
	if noneMatch.given && (noneMatch.any || slices.ContainsFunc(noneMatch.list, func(t tag) bool { return t.value == etag })) {
		return errNotModified
	}
	return nil
}

// etagOf returns the etag of an answer that is a resource with one.
func etagOf(answer proto.Message) string {
	tagged, ok := answer.(interface{ GetEtag() string })
	if !ok || !isEtag(tagged.GetEtag()) {
		return ""
	}
	return tagged.GetEtag()
}

// isEtag reports whether a text can be an etag of ours: it is not empty, and fits a
// header as it is.
func isEtag(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return c <= ' ' || c == '"' || c >= 0x7f })
}

// parseTags reads a list of entity tags, or `*`.
func parseTags(h http.Header, name string) (tags, error) {
	values := h.Values(name)
	if len(values) == 0 {
		return tags{}, nil
	}
	rest := strings.Trim(strings.Join(values, ","), " \t,")
	if rest == "*" {
		return tags{given: true, any: true}, nil
	}
	list := tags{given: true}
	for rest != "" {
		var t tag
		rest, t.weak = strings.CutPrefix(rest, "W/")
		unquoted, ok := strings.CutPrefix(rest, `"`)
		end := strings.IndexByte(unquoted, '"')
		if !ok || end < 0 {
			return tags{}, badTags(name)
		}
		t.value, rest = unquoted[:end], strings.TrimLeft(unquoted[end+1:], " \t")
		if rest != "" && rest[0] != ',' {
			return tags{}, badTags(name)
		}
		list.list = append(list.list, t)
		rest = strings.TrimLeft(rest, " \t,")
	}
	if len(list.list) == 0 {
		return tags{}, badTags(name)
	}
	return list, nil
}

func badTags(name string) error {
	return fault.Invalid(name, "must be etags in double quotes, separated by commas, as `\"7\"`, or `*`")
}
