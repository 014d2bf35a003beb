package filter

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"go.einride.tech/aip/filtering"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// compare returns the predicate `path operator want`. A field without value differs
// from every value, and is neither below nor above any.
func compare(path, operator string, kind Kind, want any) (func(Values) bool, error) {
	ordered := kind == String || kind == Map || kind == Int || kind == Time || kind == Day
	var holds func(order int) bool
	switch operator {
	case filtering.FunctionEquals:
		holds = func(o int) bool { return o == 0 }
	case filtering.FunctionNotEquals:
		return func(v Values) bool { return !anyOf(v(path), func(got any) bool { return order(got, want) == 0 }) }, nil
	case filtering.FunctionLessThan:
		holds = func(o int) bool { return o < 0 }
	case filtering.FunctionLessEquals:
		holds = func(o int) bool { return o <= 0 }
	case filtering.FunctionGreaterThan:
		holds = func(o int) bool { return o > 0 }
	default:
		holds = func(o int) bool { return o >= 0 }
	}
	if !ordered && operator != filtering.FunctionEquals {
		return nil, fault.Invalid("filter", "%s has no order: use = or !=", path)
	}
	return func(v Values) bool { return anyOf(v(path), func(got any) bool { return holds(order(got, want)) }) }, nil
}

// anyOf says whether something holds of the value of a field, or of any where it has
// several; it holds of none where there is none.
func anyOf(got any, holds func(any) bool) bool {
	if list, several := got.([]string); several {
		return slices.ContainsFunc(list, func(one string) bool { return holds(one) })
	}
	return got != nil && holds(got)
}

// order compares values of one kind; values of different kinds never compare equal.
func order(a, b any) int {
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			return strings.Compare(a, b)
		}
	case int64:
		if b, ok := b.(int64); ok {
			return cmp.Compare(a, b)
		}
	case time.Time:
		if b, ok := b.(time.Time); ok {
			return a.Compare(b)
		}
	case bool:
		if b, ok := b.(bool); ok && a == b {
			return 0
		}
	}
	return -1
}

// wildcard returns the predicate of = and != with a * at an end of the value.
func wildcard(path, pattern string, not bool) (func(Values) bool, error) {
	text, open := strings.CutSuffix(pattern, "*")
	text, begins := strings.CutPrefix(text, "*")
	if strings.Contains(text, "*") {
		return nil, fault.Invalid("filter", "%s = %q: a * can only stand at the beginning or end", path, pattern)
	}
	matches := strings.HasPrefix
	switch {
	case begins && open:
		matches = strings.Contains
	case begins:
		matches = strings.HasSuffix
	}
	return func(v Values) bool {
		return anyOf(v(path), func(got any) bool { s, ok := got.(string); return ok && matches(s, text) }) != not
	}, nil
}

// has returns the predicate of `:`.
func has(path string, field Field, text string) (func(Values) bool, error) {
	switch {
	case field.Kind == Map && path == field.Name:
		return func(v Values) bool { return v(path+"."+text) != nil }, nil
	case text == "*":
		return func(v Values) bool { return anyOf(v(path), func(got any) bool { return got != "" }) }, nil
	case field.Kind == String || field.Kind == Map:
		part := strings.ToLower(text)
		return func(v Values) bool {
			return anyOf(v(path), func(got any) bool { s, ok := got.(string); return ok && strings.Contains(strings.ToLower(s), part) })
		}, nil
	}
	return nil, fault.Invalid("filter", "%s cannot be searched: use =", path)
}
