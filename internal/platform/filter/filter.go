// Package filter reads the filters (AIP-160) and orders (AIP-132) of list requests over
// declared fields, as something that can be matched, and of which an index can use
// what must be equal, less or more.
package filter

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"go.einride.tech/aip/filtering"
	expr "google.golang.org/genproto/googleapis/api/expr/v1alpha1"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// Kind is what values a field has.
type Kind uint8

// The kinds of fields. A value of a field is, by kind: string, bool, int64, time.Time,
// the name of an enum's value as a string, for a Map, a string for each key, or, for a Day,
// a string as 2026-01-31, which also every value in a filter has to be. A String may have
// several values, as a []string: a comparison holds where it holds of any of them, and !=
// where none is equal.
const (
	String Kind = iota
	Bool
	Int
	Time
	Enum
	Map
	Day
)

// Field is a field that a list can be filtered by.
type Field struct {
	// Name is its name in filters. Values of a Map are `name.key`.
	Name string
	Kind Kind
	// Values are the names of an Enum's values, as `ACTIVE`.
	Values []string
}

// Values gives the value of a field, or of `map.key`; nil where it has none.
type Values func(field string) any

// Filter is a filter that was read. The zero Filter matches everything.
type Filter struct {
	match func(Values) bool
	equal map[string]any
	below map[string]bound
	above map[string]bound
}

// bound is what a field has to be less or more than, or, inclusive, at most or at least.
type bound struct {
	value     any
	inclusive bool
}

// Parse reads a filter over these fields: comparisons with =, !=, <, <=, > and >=, in
// strings with * at the beginning or end of the value; `field:"text"`, which finds text
// anywhere in a string, whatever the case, `field:*` for "has a value" and
// `attributes:key` for "has the key"; AND, OR, NOT and parentheses, where OR binds
// more tightly, as in AIP-160. What cannot be read, or is about another field, is
// INVALID_ARGUMENT.
func Parse(text string, fields ...Field) (Filter, error) {
	if strings.TrimSpace(text) == "" {
		return Filter{}, nil
	}
	var parser filtering.Parser
	parser.Init(text)
	parsed, err := parser.Parse()
	if err != nil {
		return Filter{}, fault.Invalid("filter", "cannot be read%s; it looks like `state = ACTIVE AND owner = \"principals/jane\"`", place(err))
	}
	c := compiler{fields: fields, equal: map[string]any{}, below: map[string]bound{}, above: map[string]bound{}}
	match, err := c.compile(parsed.GetExpr(), true)
	if err != nil {
		return Filter{}, err
	}
	return Filter{match: match, equal: c.equal, below: c.below, above: c.above}, nil
}

// Match reports whether something with these values is wanted.
func (f Filter) Match(values Values) bool { return f.match == nil || f.match(values) }

// Equal returns what a field, or `map.key`, has to be equal to for anything to match;
// false where the filter does not say. It is the part an index can answer; Match still
// has to be asked.
func (f Filter) Equal(field string) (any, bool) {
	v, ok := f.equal[field]
	return v, ok
}

// Below returns what a field has to be less than, or, inclusive, at most, for anything to
// match; false where the filter does not say. Match still has to be asked.
func (f Filter) Below(field string) (value any, inclusive, ok bool) {
	b, ok := f.below[field]
	return b.value, b.inclusive, ok
}

// Above returns what a field has to be more than, or, inclusive, at least, for anything to
// match; false where the filter does not say. Match still has to be asked.
func (f Filter) Above(field string) (value any, inclusive, ok bool) {
	b, ok := f.above[field]
	return b.value, b.inclusive, ok
}

// position is how the parser's errors end.
var position = regexp.MustCompile(`\(\d+:(\d+)\)\s*$`)

// place says where the parser stopped. Its errors repeat the filter for each level;
// only the innermost is looked at.
func place(err error) string {
	found := ""
	for ; err != nil; err = errors.Unwrap(err) {
		if errors.Unwrap(err) == nil || errors.Unwrap(errors.Unwrap(err)) == nil {
			if m := position.FindStringSubmatch(err.Error()); m != nil {
				found = " at character " + m[1]
			}
		}
	}
	return found
}

type compiler struct {
	fields []Field
	equal  map[string]any
	below  map[string]bound // the last of several
	above  map[string]bound // likewise
}

// compile turns an expression into a predicate; must is true where nothing matches
// unless this does.
func (c *compiler) compile(e *expr.Expr, must bool) (func(Values) bool, error) {
	call := e.GetCallExpr()
	if call == nil {
		return nil, fault.Invalid("filter", "%s alone is no condition: compare a field, one of %s", describe(e), c.names())
	}
	switch call.GetFunction() {
	case filtering.FunctionAnd, filtering.FunctionFuzzyAnd:
		return c.both(call, must, func(a, b bool) bool { return a && b })
	case filtering.FunctionOr:
		return c.both(call, false, func(a, b bool) bool { return a || b })
	case filtering.FunctionNot:
		inner, err := c.compile(call.GetArgs()[0], false)
		if err != nil {
			return nil, err
		}
		return func(v Values) bool { return !inner(v) }, nil
	case filtering.FunctionEquals, filtering.FunctionNotEquals, filtering.FunctionLessThan, filtering.FunctionLessEquals,
		filtering.FunctionGreaterThan, filtering.FunctionGreaterEquals, filtering.FunctionHas:
		return c.comparison(call, must)
	}
	return nil, fault.Invalid("filter", "there is no function %s", call.GetFunction())
}

func (c *compiler) both(call *expr.Expr_Call, must bool, join func(a, b bool) bool) (func(Values) bool, error) {
	left, err := c.compile(call.GetArgs()[0], must)
	if err != nil {
		return nil, err
	}
	right, err := c.compile(call.GetArgs()[1], must)
	if err != nil {
		return nil, err
	}
	return func(v Values) bool { return join(left(v), right(v)) }, nil
}

func (c *compiler) comparison(call *expr.Expr_Call, must bool) (func(Values) bool, error) {
	path, field, err := c.field(call.GetArgs()[0])
	if err != nil {
		return nil, err
	}
	text, err := value(path, call.GetArgs()[1])
	if err != nil {
		return nil, err
	}
	if isNumber(call.GetArgs()[1]) && (field.Kind == String || field.Kind == Map) {
		// The parser has dropped leading zeros by now.
		return nil, fault.Invalid("filter", "%s is text: put its value in quotes", path)
	}
	operator := call.GetFunction()
	if operator == filtering.FunctionHas {
		return has(path, field, text)
	}
	if field.Kind == Map && path == field.Name {
		return nil, fault.Invalid("filter", "%s has keys: write %s.key %s %q", path, path, operator, text)
	}
	want, err := field.read(path, text)
	if err != nil {
		return nil, err
	}
	if s, ok := want.(string); ok && field.Kind != Enum && (operator == "=" || operator == "!=") && strings.Contains(s, "*") {
		return wildcard(path, s, operator == "!=")
	}
	if must && operator == filtering.FunctionEquals {
		c.equal[path] = want
	}
	if must && (operator == filtering.FunctionLessThan || operator == filtering.FunctionLessEquals) {
		c.below[path] = bound{want, operator == filtering.FunctionLessEquals}
	}
	if must && (operator == filtering.FunctionGreaterThan || operator == filtering.FunctionGreaterEquals) {
		c.above[path] = bound{want, operator == filtering.FunctionGreaterEquals}
	}
	return compare(path, operator, field.Kind, want)
}

// field returns the field, and its path, that stands on the left of a comparison.
func (c *compiler) field(e *expr.Expr) (string, Field, error) {
	var path string
	switch {
	case e.GetIdentExpr() != nil:
		path = e.GetIdentExpr().GetName()
	case e.GetSelectExpr() != nil && e.GetSelectExpr().GetOperand().GetIdentExpr() != nil:
		path = e.GetSelectExpr().GetOperand().GetIdentExpr().GetName() + "." + e.GetSelectExpr().GetField()
	default:
		return "", Field{}, fault.Invalid("filter", "%s stands where a field belongs: one of %s", describe(e), c.names())
	}
	name, _, inMap := strings.Cut(path, ".")
	i := slices.IndexFunc(c.fields, func(f Field) bool { return f.Name == name && (f.Kind == Map || !inMap) })
	if i < 0 {
		if names.IsHandSetLevel(name) {
			return "", Field{}, fault.New(fault.InvalidArgument, fault.ReasonHandSetLevel, "filter: there is no field %s. %s", path, names.HandSetLevel).
				WithField("filter", "there is no field %s. %s", path, names.HandSetLevel)
		}
		return "", Field{}, fault.Invalid("filter", "there is no field %s to filter by; there are %s", path, c.names())
	}
	return path, c.fields[i], nil
}

func (c *compiler) names() string {
	var list []string
	for _, f := range c.fields {
		list = append(list, f.Name)
	}
	return strings.Join(list, ", ")
}

func isNumber(e *expr.Expr) bool {
	switch e.GetConstExpr().GetConstantKind().(type) {
	case *expr.Constant_Int64Value, *expr.Constant_DoubleValue:
		return true
	}
	return false
}

// value returns what stands on the right, as text.
func value(path string, e *expr.Expr) (string, error) {
	if ident := e.GetIdentExpr(); ident != nil {
		return ident.GetName(), nil
	}
	if s := e.GetSelectExpr(); s != nil && s.GetOperand().GetIdentExpr() != nil {
		return s.GetOperand().GetIdentExpr().GetName() + "." + s.GetField(), nil
	}
	switch k := e.GetConstExpr().GetConstantKind().(type) {
	case *expr.Constant_StringValue:
		return k.StringValue, nil
	case *expr.Constant_Int64Value:
		return strconv.FormatInt(k.Int64Value, 10), nil
	case *expr.Constant_DoubleValue:
		return strconv.FormatFloat(k.DoubleValue, 'f', -1, 64), nil
	}
	if call := e.GetCallExpr(); call != nil && (call.GetFunction() == "timestamp" || call.GetFunction() == filtering.FunctionNot) && len(call.GetArgs()) == 1 {
		inner, err := value(path, call.GetArgs()[0])
		if call.GetFunction() == filtering.FunctionNot {
			inner = "-" + inner // a minus before text
		}
		return inner, err
	}
	return "", fault.Invalid("filter", "%s can only be compared with a value, in quotes where it is not one word", path)
}

// read returns text as a value of the field.
func (f Field) read(path, text string) (any, error) {
	switch f.Kind {
	case Bool:
		b, err := strconv.ParseBool(text)
		if err != nil || text != "true" && text != "false" {
			return nil, fault.Invalid("filter", "%s is true or false, not %q", path, text)
		}
		return b, nil
	case Int:
		n, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			return nil, fault.Invalid("filter", "%s is a whole number, not %q", path, text)
		}
		return n, nil
	case Time:
		at, err := time.Parse(time.RFC3339Nano, text)
		if err != nil {
			return nil, fault.Invalid("filter", "%s is an instant, as \"2026-01-31T12:00:00Z\", not %q", path, text)
		}
		return at, nil
	case Day:
		if _, err := time.Parse(time.DateOnly, text); err != nil {
			return nil, fault.Invalid("filter", "%s is a day, as \"2026-01-31\", not %q", path, text)
		}
	case Enum:
		if !slices.Contains(f.Values, text) {
			return nil, fault.Invalid("filter", "%s is one of %s, not %q", path, strings.Join(f.Values, ", "), text)
		}
	}
	return text, nil
}

func describe(e *expr.Expr) string {
	if text, err := value("", e); err == nil {
		return fmt.Sprintf("%q", text)
	}
	return "this"
}
