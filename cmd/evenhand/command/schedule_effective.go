package command

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxScheduleBytes is the most the API takes as a schedule's text.
const maxScheduleBytes = 1 << 20

func readLimited(r io.Reader, name string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxScheduleBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, bare(err))
	}
	if len(text) > maxScheduleBytes {
		return nil, &failure{message: fmt.Sprintf("%s is larger than 1 MiB: a schedule is a short text", name)}
	}
	if !utf8.Valid(text) {
		return nil, &failure{message: name + " is not UTF-8 text: save it with that encoding"}
	}
	return text, nil
}

// edit is the text of a schedule file with its effective day set, and what is needed to
// name places as the file has them.
type edit struct {
	text     string
	line     int // the line changed or inserted, from 1; 0 for none
	column   int // where on it, from 1
	inserted int // characters put in there, net
	newLine  bool
}

// errNoMapping says that a text is not even a mapping; the server says better why.
var errNoMapping = errors.New("not a mapping")

// setEffective sets notice.effective in the text of a schedule file, and nothing else. A
// text that is not a schedule at all is returned as it is: the server names its problems.
func setEffective(text, day string) (edit, error) {
	unchanged := edit{text: text}
	root, ok := mapping(text)
	if !ok {
		return unchanged, nil
	}
	key, notice := entry(root, "notice")
	switch {
	case notice == nil && root.Style&yaml.FlowStyle != 0:
		return unchanged, &failure{message: "--effective cannot be put into a schedule written as one flow mapping: give it a notice"}
	case notice == nil:
		return appendLine(text, "notice: {effective: "+day+"}"), nil
	case notice.Kind == yaml.ScalarNode && notice.Tag == "!!null" && notice.Value == "":
		return insert(text, key.Line, key.Column+len("notice:"), " {effective: "+day+"}", 0)
	case notice.Kind != yaml.MappingNode || notice.Anchor != "":
		return unchanged, &failure{message: fmt.Sprintf("--effective: line %d: notice is not a plain mapping; set its effective day in the file", key.Line)}
	}
	effectiveKey, effective := entry(notice, "effective")
	switch {
	case effective != nil && effective.Kind == yaml.ScalarNode && effective.Line == effectiveKey.Line && effective.Anchor == "":
		return replaceScalar(text, effectiveKey, effective, day)
	case effective != nil:
		return unchanged, &failure{message: fmt.Sprintf("--effective: line %d: set the effective day in the file", effectiveKey.Line)}
	case notice.Style&yaml.FlowStyle != 0:
		return insert(text, notice.Line, notice.Column+1, "effective: "+day+separator(notice), 0)
	default:
		first := notice.Content[0]
		return insertLine(text, first.Line, strings.Repeat(" ", first.Column-1)+"effective: "+day)
	}
}

// mapping returns the one mapping that a text is, if it is one.
func mapping(text string) (*yaml.Node, bool) {
	var document yaml.Node
	err := yaml.Unmarshal([]byte(text), &document)
	if err != nil || len(document.Content) != 1 || document.Content[0].Kind != yaml.MappingNode {
		return nil, false
	}
	return document.Content[0], true
}

func separator(flow *yaml.Node) string {
	if len(flow.Content) > 0 {
		return ", "
	}
	return ""
}

// entry finds a key of a mapping and its value.
func entry(mapping *yaml.Node, key string) (k, v *yaml.Node) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == key {
			return mapping.Content[i], mapping.Content[i+1]
		}
	}
	return nil, nil
}

// replaceScalar writes a day over a value that stands on one line.
func replaceScalar(text string, key, value *yaml.Node, day string) (edit, error) {
	length := utf8.RuneCountInString(value.Value)
	switch {
	case value.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0:
		length += 2
	case value.Tag == "!!null" && value.Value == "":
		return insert(text, key.Line, key.Column+len("effective:"), " "+day, 0)
	}
	return insert(text, value.Line, value.Column, day, length)
}

// insert puts a text at a place, over as many characters as said.
func insert(text string, line, column int, what string, over int) (edit, error) {
	lines := strings.SplitAfter(text, "\n")
	if line > len(lines) {
		return edit{}, errNoMapping
	}
	runes := []rune(lines[line-1])
	if column-1+over > len(runes) {
		return edit{}, &failure{message: fmt.Sprintf("--effective: line %d: set the effective day in the file", line)}
	}
	lines[line-1] = string(runes[:column-1]) + what + string(runes[column-1+over:])
	return edit{text: strings.Join(lines, ""), line: line, column: column, inserted: utf8.RuneCountInString(what) - over}, nil
}

func insertLine(text string, before int, what string) (edit, error) {
	lines := strings.SplitAfter(text, "\n")
	if before > len(lines) {
		return edit{}, errNoMapping
	}
	lines[before-1] = what + "\n" + lines[before-1]
	return edit{text: strings.Join(lines, ""), line: before, newLine: true}, nil
}

func appendLine(text, what string) edit {
	if !strings.HasSuffix(text, "\n") {
		text += "\n"
	}
	return edit{text: text + what + "\n"} // behind everything: no place moves
}

var placePattern = regexp.MustCompile(`^(\d+):(\d+): ?`)

// cutPlace divides `line:column: what` after its place; the place may be missing.
func cutPlace(text string) (place, rest string) {
	place = placePattern.FindString(text)
	return place, text[len(place):]
}

// original rewrites `line:column: what` to the place in the file as it was.
func (e edit) original(problem string) string {
	parts := placePattern.FindStringSubmatch(problem)
	if parts == nil {
		return " " + problem
	}
	line, _ := strconv.Atoi(parts[1])   // digits, by the pattern
	column, _ := strconv.Atoi(parts[2]) // likewise
	switch {
	case e.newLine && line > e.line:
		line--
	case !e.newLine && line == e.line && column > e.column:
		column = max(e.column, column-e.inserted)
	}
	return fmt.Sprintf("%d:%d: %s", line, column, problem[len(parts[0]):])
}
