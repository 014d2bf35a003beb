package command

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strings"
	"text/tabwriter"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/evenhand/evenhand/internal/platform/spreadsheet"
)

// Format is how a command prints its answer.
type Format string

// The formats of --output.
const (
	formatTable Format = "table"
	formatJSON  Format = "json"
	formatCSV   Format = "csv"
)

// Output is the --output flag of commands that print data.
type Output struct {
	Output Format `short:"o" default:"table" enum:"table,json,csv" help:"How to print: table, json (as the REST API has it) or csv (${default})."`
}

// toJSON marshals as the REST API does.
var toJSON = protojson.MarshalOptions{EmitDefaultValues: true}

// indented is the JSON of a message, in a form that is always the same.
func indented(m proto.Message, prefix string) ([]byte, error) {
	text, err := toJSON.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, text, prefix, "  "); err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	return out.Bytes(), nil
}

func printJSON(w io.Writer, m proto.Message) error {
	text, err := indented(m, "")
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(w, "%s\n", text)
	return err
}

// pair is a named value of one thing.
type pair struct {
	name  string
	value string
}

// printOne prints one message: as JSON, as a line of CSV below the names, or as a name
// and a value a line, without those that have none.
func (o Output) printOne(w io.Writer, m proto.Message, pairs []pair) error {
	switch o.Output {
	case formatJSON:
		return printJSON(w, m)
	case formatCSV:
		names, values := make([]string, len(pairs)), make([]string, len(pairs))
		for i, p := range pairs {
			names[i], values[i] = columnName(p.name), p.value
		}
		return csv.NewWriter(w).WriteAll([][]string{names, spreadsheet.Row(values)})
	default:
		return printPairs(w, pairs)
	}
}

func printPairs(w io.Writer, pairs []pair) error {
	width := 0
	for _, p := range pairs {
		if p.value != "" {
			width = max(width, len(p.name))
		}
	}
	for _, p := range pairs {
		if p.value == "" {
			continue
		}
		value := strings.ReplaceAll(p.value, "\n", "\n"+strings.Repeat(" ", width+2))
		if _, err := fmt.Fprintf(w, "%-*s  %s\n", width, p.name, value); err != nil {
			return err
		}
	}
	return nil
}

// columnName turns the label of a table into the name of a CSV column.
func columnName(label string) string {
	return strings.ReplaceAll(strings.ToLower(label), " ", "_")
}

// list prints items as they come, so that a list may be longer than memory.
type list struct {
	out    io.Writer
	format Format
	table  *tabwriter.Writer
	page   bytes.Buffer // what the table has not shown yet
	csv    *csv.Writer
	count  uint
	field  string // of JSON, whose beginning waits for the first answer: a failure leaves stdout empty
	opened bool
	err    error // the first that happened
}

// newList begins a list; field is its name in the JSON of the REST API.
func (o Output) newList(w io.Writer, field string, columns ...string) *list {
	l := &list{out: w, format: o.Output, field: field}
	switch o.Output {
	case formatJSON:
	case formatCSV:
		l.csv = csv.NewWriter(w)
		names := make([]string, len(columns))
		for i, column := range columns {
			names[i] = columnName(column)
		}
		l.err = l.csv.Write(names)
	default:
		l.table = tabwriter.NewWriter(&l.page, 0, 0, 2, ' ', 0)
		l.row(upper(columns))
	}
	return l
}

// open begins the JSON of a list, once.
func (l *list) open() {
	if !l.opened {
		l.opened = true
		l.printf("{\n  %q: [", l.field)
	}
}

func upper(columns []string) []string {
	names := make([]string, len(columns))
	for i, column := range columns {
		names[i] = strings.ToUpper(column)
	}
	return names
}

func (l *list) printf(format string, args ...any) {
	if l.err == nil {
		_, l.err = fmt.Fprintf(l.out, format, args...)
	}
}

func (l *list) row(cells []string) {
	if l.err != nil {
		return
	}
	line := strings.Join(cells, "\t") + "\t"
	_, l.err = fmt.Fprintln(l.table, strings.ReplaceAll(line, "\n", " "))
}

// add prints an item, and returns the first error of the list.
func (l *list) add(m proto.Message, cells ...string) error {
	switch {
	case l.err != nil:
	case l.format == formatJSON:
		text, err := indented(m, "    ")
		if err != nil {
			return err
		}
		l.open()
		if l.count > 0 {
			l.printf(",")
		}
		l.printf("\n    %s", text)
	case l.format == formatCSV:
		l.err = l.csv.Write(spreadsheet.Row(cells))
	default:
		l.row(cells)
	}
	l.count++
	return l.err
}

// trailing is the space that a table leaves behind the last cell of a line.
var trailing = regexp.MustCompile(`(?m) +$`)

// flush shows what was added so far.
func (l *list) flush() {
	switch {
	case l.err != nil:
	case l.table != nil:
		if l.err = l.table.Flush(); l.err == nil {
			_, l.err = l.out.Write(trailing.ReplaceAll(l.page.Bytes(), nil))
			l.page.Reset()
		}
	case l.csv != nil:
		l.csv.Flush()
		l.err = l.csv.Error()
	}
}

// end completes the list.
func (l *list) end() error {
	if l.format == formatJSON {
		l.open()
		if l.count > 0 {
			l.printf("\n  ")
		}
		l.printf("]\n}\n")
	}
	l.flush()
	return l.err
}

// page is a page of any list.
type page[T any] struct {
	items []T
	next  string
}

// maxPageSize is the most items the API returns at once.
const maxPageSize = 1000

// eachPage walks a list page by page, up to limit items; 0 means all.
func eachPage[T any](l *list, limit uint, fetch func(size int32, token string) (page[T], error), add func(T) error) error {
	token := ""
	for {
		size := uint(maxPageSize)
		if limit > 0 {
			size = min(size, limit-l.count)
		}
		p, err := fetch(int32(size), token)
		if err != nil {
			return err
		}
		for _, item := range p.items {
			if err := add(item); err != nil {
				return err
			}
		}
		l.flush()
		token = p.next
		if token == "" || limit > 0 && l.count >= limit {
			return l.end()
		}
	}
}
