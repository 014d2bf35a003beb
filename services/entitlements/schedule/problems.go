package schedule

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Reason identifies a sort of problem; it never changes, so programs may rely
// on it.
type Reason string

// The reasons a schedule is refused.
const (
	NotYAML        Reason = "not-yaml"        // the file is not one plain UTF-8 YAML document
	TooLarge       Reason = "too-large"       // the file or a list is longer than allowed
	UnknownKey     Reason = "unknown-key"     // no such key here
	RepeatedKey    Reason = "repeated-key"    // a key is there twice
	WrongType      Reason = "wrong-type"      // a list, mapping or text was expected
	Missing        Reason = "missing"         // something required is not there
	NotAllowed     Reason = "not-allowed"     // something is there that does not belong
	BadValue       Reason = "bad-value"       // a value cannot be read
	OutOfRange     Reason = "out-of-range"    // a value is too small or too large
	Repeated       Reason = "repeated"        // an id is used twice, or listed twice
	UnknownRef     Reason = "unknown-ref"     // an id refers to nothing
	RefusedSubject Reason = "refused-subject" // rules may not read this
	NotYetFed      Reason = "not-yet-fed"     // publishable only where a service feeds it
	TooComplex     Reason = "too-complex"     // a condition is nested or branches too far
)

// Problem is one thing wrong with a schedule.
type Problem struct {
	Line    int    // from 1; 0 when the schedule did not come from a file
	Column  int    // from 1; 0 when the schedule did not come from a file
	Path    string // where, such as rules[0].when.at_least
	Reason  Reason
	Message string // what is wrong and how to mend it
}

// String writes the problem as line:column: path: message.
func (p Problem) String() string {
	var text strings.Builder
	if p.Line > 0 {
		fmt.Fprintf(&text, "%d:%d: ", p.Line, p.Column)
	}
	if p.Path != "" {
		text.WriteString(p.Path + ": ")
	}
	text.WriteString(p.Message)
	return text.String()
}

// MaxProblems bounds how many problems are reported at once.
const MaxProblems = 100

// Problems is a list of problems and an error.
type Problems []Problem

// Error writes every problem on a line of its own.
func (ps Problems) Error() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

// Err returns the problems as an error, nil when there are none.
func (ps Problems) Err() error {
	if len(ps) == 0 {
		return nil
	}
	return ps
}

func (ps *Problems) add(path string, reason Reason, format string, args ...any) {
	if len(*ps) < MaxProblems {
		*ps = append(*ps, Problem{Path: path, Reason: reason, Message: fmt.Sprintf(format, args...)})
	}
}

// concern reports whether what is said about the path would only follow from one
// of the problems: one at the path, at something that holds it, or at a key
// directly under it that nothing could read.
func (ps Problems) concern(path string) bool {
	return slices.ContainsFunc(ps, func(p Problem) bool {
		if p.Reason == UnknownKey && p.Path[:max(strings.LastIndexByte(p.Path, '.'), 0)] == path {
			return true
		}
		rest, ok := strings.CutPrefix(path, p.Path)
		return ok && p.Path != "" && (rest == "" || rest[0] == '.' || rest[0] == '[')
	})
}

func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// place is where a value stands in a file.
type place struct{ line, column int }

// Places tells where in its file each part of a schedule stands.
type Places struct{ byPath map[string]place }

// Locate returns the problems with their lines and columns filled in, in the
// order of the file. A problem about something that is not in the file gets the
// place of what should hold it.
func (at Places) Locate(problems Problems) Problems {
	located := slices.Clone(problems)
	for i := range located {
		if p := &located[i]; p.Line == 0 {
			found := at.find(p.Path)
			p.Line, p.Column = found.line, found.column
		}
	}
	located.sort()
	return located
}

func (at Places) find(path string) place {
	for {
		if found, ok := at.byPath[path]; ok {
			return found
		}
		cut := strings.LastIndexAny(path, ".[")
		if cut < 0 {
			return place{1, 1}
		}
		path = path[:cut]
	}
}

// suggest returns " (did you mean x?)" for the candidate nearest to word, or
// nothing when none is near.
func suggest(word string, candidates []string) string {
	best, bestDistance := "", 3
	if len(word) > 40 {
		return ""
	}
	for _, c := range candidates {
		if len(c) > len(word)+2 || len(word) > len(c)+2 {
			continue
		}
		if d := editDistance(word, c); d < bestDistance && d*2 <= len(c) {
			best, bestDistance = c, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf(" (did you mean %q?)", best)
}

// editDistance counts the insertions, deletions and substitutions of bytes that
// turn a into b; a hyphen and an underscore count as the same.
func editDistance(a, b string) int {
	a, b = strings.ReplaceAll(a, "-", "_"), strings.ReplaceAll(b, "-", "_")
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			substitute := diagonal
			if a[i] != b[j] {
				substitute++
			}
			diagonal = row[j+1]
			row[j+1] = min(substitute, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}
