package files

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

// File is a CSV file to read, and the name by which its mistakes are told.
type File struct {
	Name   string
	Reader io.Reader
}

// maxMistakes is how many mistakes of one file are told; the rest is counted.
const maxMistakes = 20

// table reads a file row by row and collects what is wrong with it.
type table struct {
	file     File
	csv      *csv.Reader
	header   []string
	columns  []int // where in a row each column asked for stands
	mistakes []error
	untold   int // mistakes beyond maxMistakes
}

// row is one row of a table: the columns asked for, in that order.
type row struct {
	line   int // of the file, from 1
	values []string
}

// openTable reads the header. It fails where the file has none, or not each of the
// columns once.
func openTable(file File, columns ...string) (*table, error) {
	in := bufio.NewReader(file.Reader)
	if start, _ := in.Peek(3); bytes.Equal(start, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3) // the byte order mark, just peeked
	}
	t := &table{file: file, csv: csv.NewReader(in)}
	t.csv.FieldsPerRecord = -1
	header, err := t.csv.Read()
	switch {
	case errors.Is(err, io.EOF):
		return nil, fmt.Errorf("%s is empty: its first line has to name the columns %s", file.Name, strings.Join(columns, ", "))
	case err != nil:
		return nil, t.failed(err)
	case slices.ContainsFunc(header, func(name string) bool { return !utf8.ValidString(name) }):
		return nil, fmt.Errorf("%s:1: the line is not valid UTF-8: save the file as UTF-8", file.Name)
	}
	t.header = header
	if err := t.find(columns); err != nil {
		return nil, err
	}
	return t, nil
}

// find adds the places of further columns.
func (t *table) find(columns []string) error {
	for _, name := range columns {
		place := slices.Index(t.header, name)
		if place < 0 {
			return fmt.Errorf("%s:1: there is no column %q; the file has %q", t.file.Name, name, t.header)
		}
		if slices.Contains(t.header[place+1:], name) {
			return fmt.Errorf("%s:1: there is more than one column %q", t.file.Name, name)
		}
		t.columns = append(t.columns, place)
	}
	return nil
}

// next returns the next row that can be read, and io.EOF behind the last.
func (t *table) next() (row, error) {
	for {
		fields, err := t.csv.Read()
		if errors.Is(err, io.EOF) {
			return row{}, io.EOF
		}
		if err != nil {
			return row{}, t.failed(err)
		}
		line, _ := t.csv.FieldPos(0)
		if len(fields) != len(t.header) {
			t.wrong(line, "the row has %d fields where the header has %d", len(fields), len(t.header))
			continue
		}
		values := make([]string, len(t.columns))
		for i, place := range t.columns {
			values[i] = fields[place]
		}
		if !slices.ContainsFunc(values, func(v string) bool { return !utf8.ValidString(v) }) {
			return row{line, values}, nil
		}
		t.wrong(line, "the row is not valid UTF-8: save the file as UTF-8")
	}
}

// failed is why nothing more of the file can be read.
func (t *table) failed(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return errors.Join(t.err(), fmt.Errorf("%s:%d: %w", t.file.Name, parse.Line, parse.Err))
	}
	return fmt.Errorf("read %s: %w", t.file.Name, err)
}

// wrong notes a mistake on a line.
func (t *table) wrong(line int, format string, args ...any) {
	if len(t.mistakes) == maxMistakes {
		t.untold++
		return
	}
	t.mistakes = append(t.mistakes, fmt.Errorf("%s:%d: %s", t.file.Name, line, fmt.Sprintf(format, args...)))
}

// err is all that is wrong with the file so far; nil where nothing is.
func (t *table) err() error {
	if t.untold == 0 {
		return errors.Join(t.mistakes...)
	}
	return errors.Join(append(slices.Clone(t.mistakes), fmt.Errorf("%s: %d more mistakes", t.file.Name, t.untold))...)
}
