package csvfile

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// Table is a CSV file whose first row names its columns.
type Table struct {
	// Header holds the names of the columns, as the file has them.
	Header []string

	records *records
	feed    feeder
	fields  *csv.Reader
}

// Row is one row of a table, or the reason why it cannot be read.
type Row struct {
	// Line is the line of the file the row begins on, from 1, the header included.
	Line int64
	// Fields are the values, one a column; valid until the next row is read.
	Fields []string
	// Fault says why the row cannot be read; empty for a row that can.
	Fault string
}

// Open reads the header of a file whose fields are separated by comma. It fails for an
// empty file, a header that cannot be read, and a file in UTF-16.
func Open(r io.Reader, comma byte) (*Table, error) {
	records, err := newRecords(r, comma)
	if err != nil {
		return nil, err
	}
	t := &Table{records: records}
	t.fields = csv.NewReader(&t.feed)
	t.fields.Comma = rune(comma)
	t.fields.FieldsPerRecord = -1
	row, err := t.read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty: its first line has to name the columns")
	}
	if err != nil {
		return nil, err
	}
	if row.Fault != "" {
		return nil, fmt.Errorf("line %d, which has to name the columns: %s", row.Line, row.Fault)
	}
	t.Header = slices.Clone(row.Fields)
	return t, nil
}

// Column returns the place of a column. It fails, naming the columns there are, when
// there is none of that name, or more than one.
func (t *Table) Column(name string) (int, error) {
	place := slices.Index(t.Header, name)
	if place < 0 {
		return 0, fmt.Errorf("there is no column %q; the file has %s", name, quoteAll(t.Header))
	}
	if slices.Contains(t.Header[place+1:], name) {
		return 0, fmt.Errorf("the file has more than one column %q", name)
	}
	return place, nil
}

// Next returns the next row; blank lines are none. At the end of the file it returns io.EOF.
func (t *Table) Next() (Row, error) {
	row, err := t.read()
	if err == nil && row.Fault == "" && len(row.Fields) != len(t.Header) {
		row.Fault = fmt.Sprintf("the row has %d fields where the header has %d", len(row.Fields), len(t.Header))
	}
	return row, err
}

func (t *Table) read() (Row, error) {
	rec, err := t.records.next()
	if err != nil {
		return Row{}, err
	}
	row := Row{Line: rec.line, Fault: rec.fault}
	if row.Fault != "" {
		return row, nil
	}
	if !utf8.Valid(rec.text) {
		row.Fault = "the row is not valid UTF-8: save the file as UTF-8"
		return row, nil
	}
	t.feed.text = rec.text
	row.Fields, err = t.fields.Read()
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		row.Fault = describe(parse)
		t.feed.drop(t.fields)
		t.records.readRestAgain()
		return row, nil
	}
	return row, err
}

func describe(err *csv.ParseError) string {
	switch {
	case errors.Is(err, csv.ErrBareQuote):
		return fmt.Sprintf(`a quote (") stands inside an unquoted field (byte %d of its line)`, err.Column)
	case errors.Is(err, csv.ErrQuote):
		return fmt.Sprintf(`something follows the closing quote (") of a field (byte %d of its line)`, err.Column)
	default:
		return err.Err.Error()
	}
}

// feeder gives encoding/csv one row at a time, so that a row it refuses ends where the
// row ends.
type feeder struct{ text []byte }

func (f *feeder) Read(p []byte) (int, error) {
	if len(f.text) == 0 {
		return 0, io.EOF
	}
	n := copy(p, f.text)
	f.text = f.text[n:]
	return n, nil
}

// drop leaves out what is left of a refused row.
func (f *feeder) drop(r *csv.Reader) {
	for {
		if _, err := r.Read(); errors.Is(err, io.EOF) {
			return
		}
	}
}

func quoteAll(names []string) string {
	quoted := make([]string, len(names))
	for i, name := range names {
		quoted[i] = fmt.Sprintf("%q", name)
	}
	return strings.Join(quoted, ", ")
}
