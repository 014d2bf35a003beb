package decision

import "github.com/evenhand/evenhand/internal/platform/civil"

// span is the days from From up to but not including To, which may be
// civil.Never.
type span struct{ from, to civil.Day }

// spans are disjoint, ascending and never touch each other.
type spans []span

// push adds a span that does not begin before any span so far does, and joins
// it to the last when the two touch. An empty span adds nothing.
func (ss spans) push(s span) spans {
	if s.from >= s.to {
		return ss
	}
	if last := len(ss) - 1; last >= 0 && s.from <= ss[last].to {
		ss[last].to = max(ss[last].to, s.to)
		return ss
	}
	return append(ss, s)
}

// intersect returns the days that are in both.
func intersect(a, b spans) spans {
	var both spans
	for i, j := 0, 0; i < len(a) && j < len(b); {
		both = both.push(span{max(a[i].from, b[j].from), min(a[i].to, b[j].to)})
		if a[i].to < b[j].to {
			i++
		} else {
			j++
		}
	}
	return both
}

// union returns the days that are in either.
func union(a, b spans) spans {
	var either spans
	for i, j := 0, 0; i < len(a) || j < len(b); {
		if j == len(b) || i < len(a) && a[i].from <= b[j].from {
			either = either.push(a[i])
			i++
		} else {
			either = either.push(b[j])
			j++
		}
	}
	return either
}

// holds reports whether the day is in one of the spans.
func (ss spans) holds(d civil.Day) bool {
	for _, s := range ss {
		if s.from <= d && d < s.to {
			return true
		}
	}
	return false
}
