package schedule

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// reader turns YAML nodes into the parts of a schedule. It goes on after a
// problem, leaving the part at its zero value.
type reader struct {
	currency Currency
	problems Problems
	places   Places
}

// field is a key of a mapping and what reads its value.
type field struct {
	key  string
	read func(n *yaml.Node, path string)
}

// newReader returns a reader that knows the file's currency, which amounts
// anywhere in the file depend on. While the currency is wrong, amounts are read
// with the most decimals there are, so that only the currency is reported.
func newReader(root *yaml.Node) *reader {
	r := &reader{currency: Currency{Digits: 4}, places: Places{byPath: map[string]place{}}}
	if value := lookup(root, "currency"); value != nil {
		if c, err := LookupCurrency(value.Value); err == nil {
			r.currency = c
		}
	}
	return r
}

// lookup returns the value of a key of a mapping, or nil.
func lookup(n *yaml.Node, key string) *yaml.Node {
	if n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func (r *reader) report(n *yaml.Node, path string, reason Reason, format string, args ...any) {
	if len(r.problems) < MaxProblems {
		r.problems = append(r.problems, Problem{Line: n.Line, Column: n.Column, Path: path, Reason: reason, Message: fmt.Sprintf(format, args...)})
	}
}

// entries calls visit for each key of a mapping with its value, and reports
// anything but a mapping with plain, distinct keys.
func (r *reader) entries(n *yaml.Node, path string, visit func(key, value *yaml.Node, path string)) {
	if n.Kind != yaml.MappingNode {
		r.report(n, path, WrongType, "expected keys with values, found %s", describe(n))
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(n.Content) && len(r.problems) < MaxProblems; i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		if key.Kind != yaml.ScalarNode {
			r.report(key, path, WrongType, "expected a plain word as key, found %s", describe(key))
			continue
		}
		inner := join(path, key.Value)
		if line, ok := seen[key.Value]; ok {
			r.report(key, inner, RepeatedKey, "the key %q is already on line %d: keep one of the two", key.Value, line)
			continue
		}
		seen[key.Value] = key.Line
		r.places.byPath[inner] = place{value.Line, value.Column}
		visit(key, value, inner)
	}
}

// object reads a mapping with known keys.
func (r *reader) object(n *yaml.Node, path string, fields ...field) {
	r.entries(n, path, func(key, value *yaml.Node, inner string) { r.dispatch(fields, key, value, inner) })
}

// dispatch reads a value by the field of its key.
func (r *reader) dispatch(fields []field, key, value *yaml.Node, path string) {
	keys := make([]string, len(fields))
	for i, f := range fields {
		if f.key == key.Value {
			f.read(value, path)
			return
		}
		keys[i] = f.key
	}
	r.report(key, path, UnknownKey, "there is no key %q here%s: known are %s", key.Value, suggest(key.Value, keys), strings.Join(keys, ", "))
}

// list reads each item of a sequence.
func (r *reader) list(n *yaml.Node, path string, item func(n *yaml.Node, path string)) {
	if n.Kind != yaml.SequenceNode {
		r.report(n, path, WrongType, "expected a list, found %s", describe(n))
		return
	}
	if len(n.Content) > maxItems {
		r.report(n, path, TooLarge, "a list of %d: at most %d are allowed", len(n.Content), maxItems)
		return
	}
	for i, child := range n.Content {
		inner := path + index(i)
		r.places.byPath[inner] = place{child.Line, child.Column}
		item(child, inner)
	}
}

// scalar returns the literal text of a single value, without the space around
// it: 500.00 and "500.00" alike. A number or date is never interpreted here.
func (r *reader) scalar(n *yaml.Node, path string) (string, bool) {
	switch {
	case n.Kind != yaml.ScalarNode:
		r.report(n, path, WrongType, "expected a single value, found %s", describe(n))
		return "", false
	case n.Style == 0 && n.ShortTag() == "!!null":
		r.report(n, path, Missing, "the value is empty: write one, or remove the key")
		return "", false
	}
	return strings.TrimSpace(n.Value), true
}

func (r *reader) text(into *string) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) { *into, _ = r.scalar(n, path) }
}

func (r *reader) texts(into *[]string) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		r.list(n, path, func(n *yaml.Node, path string) {
			text, _ := r.scalar(n, path)
			*into = append(*into, text)
		})
	}
}

// value reads a scalar through a parser whose error says how to mend it.
func value[T any](r *reader, into *T, parse func(string) (T, error)) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		text, ok := r.scalar(n, path)
		if !ok {
			return
		}
		parsed, err := parse(text)
		if err != nil {
			r.report(n, path, BadValue, "%s", err)
			return
		}
		*into = parsed
	}
}

// optional reads like value into a new variable.
func optional[T any](r *reader, into **T, parse func(string) (T, error)) func(*yaml.Node, string) {
	return func(n *yaml.Node, path string) {
		*into = new(T)
		value(r, *into, parse)(n, path)
	}
}

func (r *reader) count(into *int64) func(*yaml.Node, string) { return value(r, into, parseCount) }

func (r *reader) amount(into *int64) func(*yaml.Node, string) {
	return value(r, into, r.currency.ParseAmount)
}

func (r *reader) period(into *civil.Period) func(*yaml.Node, string) {
	return value(r, into, civil.ParsePeriod)
}

func (r *reader) day(into *civil.Day) func(*yaml.Node, string) { return value(r, into, civil.ParseDay) }

func (r *reader) within(into *time.Duration) func(*yaml.Node, string) {
	return value(r, into, ParseWithin)
}

// whole matches a whole number, also when written with empty decimals.
var whole = regexp.MustCompile(`^([0-9]{1,16})(\.0*)?$`)

func parseCount(text string) (int64, error) {
	match := whole.FindStringSubmatch(text)
	if match == nil {
		return 0, fmt.Errorf("%q is not a whole number: write digits only, such as 12", text)
	}
	return strconv.ParseInt(match[1], 10, 64)
}

func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "keys with values"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case n.Kind == yaml.ScalarNode && n.Style == 0 && n.ShortTag() == "!!null":
		return "nothing"
	default:
		return "a single value"
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
