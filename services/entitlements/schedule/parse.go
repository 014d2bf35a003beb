package schedule

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/worktime"
)

// MaxFileBytes bounds a schedule file.
const MaxFileBytes = 1 << 20

// File is a schedule together with the places of its parts.
type File struct {
	Schedule *Schedule
	Places   Places
}

// Parse reads a schedule file. Its error is of type Problems and holds all that
// is wrong with the file, up to MaxProblems.
func Parse(data []byte) (*Schedule, error) {
	file, err := ParseFile(data)
	if err != nil {
		return nil, err
	}
	return file.Schedule, nil
}

// ParseFile is Parse for callers that have more to say about places in the file.
func ParseFile(data []byte) (*File, error) {
	root, err := document(data)
	if err != nil {
		return nil, err
	}
	r := newReader(root)
	s := r.schedule(root)
	if err := r.refused(Validate(s)); err != nil {
		return nil, err
	}
	return &File{Schedule: s, Places: r.places}, nil
}

// ParseCalendars reads the time zone and the calendars of a schedule file, and
// leaves out the rest of it, whatever that says. Its error is that of Parse, of
// these parts alone.
func ParseCalendars(data []byte) (civil.Zone, map[string]worktime.Calendar, error) {
	root, err := document(data)
	if err != nil {
		return civil.Zone{}, nil, err
	}
	r := newReader(root)
	var s Schedule
	parts := map[string]func(*yaml.Node, string){"time_zone": r.text(&s.TimeZone), "calendars": r.calendars(&s.Calendars)}
	r.entries(root, "", func(key, value *yaml.Node, path string) {
		if read, ok := parts[key.Value]; ok {
			read(value, path)
		}
	})
	v := &validator{schedule: &s}
	zone := v.zone()
	v.calendars()
	if err := r.refused(v.problems); err != nil {
		return civil.Zone{}, nil, err
	}
	return zone, s.Calendars, nil
}

// ParseCondition reads a condition that stands by itself, as a rule's when, with amounts in
// a currency; what it leaves out has its default. Its error is that of Parse, by paths
// below the one given.
func ParseCondition(text, path string, currency Currency) (Condition, error) {
	root, err := document([]byte(text))
	if err != nil {
		return Condition{}, err
	}
	r := newReader(root)
	r.currency = currency
	c := r.condition(root, path, 1)
	problems := ValidateCondition(&c, path, currency)
	return c, r.refused(problems)
}

// FormatCondition writes a condition in one line, as ParseCondition reads it.
func FormatCondition(c Condition, currency Currency) string {
	w := writer{currency: currency}
	node := w.condition(c)
	node.Style = yaml.FlowStyle
	text, err := yaml.Marshal(node)
	if err != nil { // nodes made of scalars, lists and mappings can be written
		panic(fmt.Sprintf("write a condition: %v", err))
	}
	return strings.Join(strings.Fields(string(text)), " ")
}

// refused returns the problems of reading, and those of the schedule that do not
// only follow from them, with their places; nil when there are none.
func (r *reader) refused(found Problems) error {
	problems := r.problems
	for _, p := range found {
		if !r.problems.concern(p.Path) {
			problems = append(problems, p)
		}
	}
	if len(problems) == 0 {
		return nil
	}
	located := r.places.Locate(problems)
	return located[:min(len(located), MaxProblems)]
}

// document returns the root of the one YAML document in data.
func document(data []byte) (*yaml.Node, error) {
	if len(data) > MaxFileBytes {
		return nil, Problems{{Line: 1, Column: 1, Reason: TooLarge, Message: "the file is larger than 1 MiB: a schedule is a short text"}}
	}
	if at := invalidUTF8(data); at >= 0 {
		line := 1 + bytes.Count(data[:at], []byte("\n"))
		column := at - bytes.LastIndexByte(data[:at], '\n')
		return nil, Problems{{Line: line, Column: column, Reason: NotYAML, Message: "the file is not UTF-8 text: save it with that encoding"}}
	}
	decoder := yaml.NewDecoder(bytes.NewReader(data))
	var root yaml.Node
	if err := decoder.Decode(&root); errors.Is(err, io.EOF) {
		return nil, Problems{{Line: 1, Column: 1, Reason: Missing, Message: `the file is empty: it must begin with "schedule: <id>"`}}
	} else if err != nil {
		return nil, Problems{syntaxProblem(err, data)}
	}
	var second yaml.Node
	if err := decoder.Decode(&second); err == nil {
		return nil, Problems{{Line: second.Line, Column: second.Column, Reason: NotYAML, Message: "a second document begins here: a file holds one schedule, remove the --- and what follows"}}
	} else if !errors.Is(err, io.EOF) {
		return nil, Problems{syntaxProblem(err, data)}
	}
	if problems := refuseIndirection(&root, nil); len(problems) > 0 {
		return nil, problems
	}
	if top := root.Content[0]; top.Kind != yaml.MappingNode {
		return nil, Problems{{Line: top.Line, Column: top.Column, Reason: WrongType, Message: fmt.Sprintf(`found %s: the file must begin with keys such as "schedule: <id>"`, describe(top))}}
	}
	return root.Content[0], nil
}

func invalidUTF8(data []byte) int {
	for at := 0; at < len(data); {
		r, size := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && size == 1 {
			return at
		}
		at += size
	}
	return -1
}

var syntaxError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// syntaxProblem turns an error of the YAML library, which gives the line in its
// text at most, into a problem.
func syntaxProblem(err error, data []byte) Problem {
	p := Problem{Line: 1, Column: 1, Reason: NotYAML, Message: "the file is not YAML: " + err.Error()}
	match := syntaxError.FindStringSubmatch(err.Error())
	if match == nil {
		return p
	}
	if line, err := strconv.Atoi(match[1]); err == nil {
		p.Line = line
	}
	p.Message = "the file is not YAML: " + match[2]
	lines := strings.Split(string(data), "\n")
	if p.Line > len(lines) {
		p.Line = len(lines)
	}
	for i := max(p.Line-2, 0); i < min(p.Line+1, len(lines)); i++ {
		indent := lines[i][:len(lines[i])-len(strings.TrimLeft(lines[i], " \t"))]
		if tab := strings.IndexByte(indent, '\t'); tab >= 0 {
			p.Line, p.Column = i+1, tab+1
			p.Message = "a tab is used to indent: YAML allows only spaces there"
			break
		}
	}
	return p
}

// refuseIndirection refuses what makes the file say something other than it
// shows: anchors, aliases and explicit tags.
func refuseIndirection(n *yaml.Node, problems Problems) Problems {
	if len(problems) >= MaxProblems {
		return problems
	}
	refuse := func(what string) {
		problems = append(problems, Problem{Line: n.Line, Column: n.Column, Reason: NotYAML, Message: what})
	}
	switch {
	case n.Kind == yaml.AliasNode:
		refuse("an alias (*" + n.Value + ") is not allowed: write the value out")
	case n.Anchor != "":
		refuse("an anchor (&" + n.Anchor + ") is not allowed: write the value out where it is needed")
	case n.Style&yaml.TaggedStyle != 0:
		refuse("a tag (" + n.Tag + ") is not allowed: write the plain value")
	}
	for _, child := range n.Content {
		problems = refuseIndirection(child, problems)
	}
	return problems
}
