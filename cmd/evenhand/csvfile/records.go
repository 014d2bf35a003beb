// Package csvfile reads CSV files (RFC 4180) of any size row by row, and tells for every
// row that cannot be read which line of the file it begins on and why. One malformed row
// never takes others with it.
package csvfile

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
)

// maxRecord is the most bytes one row may have. A quote that is never closed would
// otherwise swallow the rest of the file.
const maxRecord = 1 << 20

// A record is the text of one row, with the number of its first line.
type record struct {
	text []byte // with the line end
	line int64  // from 1
	// fault says why the row cannot be read; empty for a row that can.
	fault string
}

// records splits a file into the texts of its rows: lines, and more than one where a
// quoted field holds a line end.
type records struct {
	in    *bufio.Reader
	comma byte
	line  int64  // of the next line
	ahead []line // read, and to be read again
	buf   []byte
	rest  []line // the lines of the last row behind its first
}

type line struct {
	text []byte
	no   int64
}

var byteOrderMark = []byte("\xef\xbb\xbf")

func newRecords(r io.Reader, comma byte) (*records, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	start, err := in.Peek(3)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	switch {
	case bytes.Equal(start, byteOrderMark):
		_, _ = in.Discard(3) // just peeked
	case bytes.HasPrefix(start, []byte{0xff, 0xfe}), bytes.HasPrefix(start, []byte{0xfe, 0xff}):
		return nil, errors.New("the file is in UTF-16: save it as UTF-8")
	}
	return &records{in: in, comma: comma, line: 1}, nil
}

// next returns the next row that is not blank; its text is valid until the next call.
// At the end of the file it returns io.EOF.
func (s *records) next() (record, error) {
	for {
		first, err := s.nextLine()
		if err != nil {
			return record{}, err
		}
		if len(bytes.TrimRight(first.text, "\r\n")) == 0 {
			continue
		}
		if len(first.text) > maxRecord {
			return record{line: first.no, fault: fmt.Sprintf("the line is longer than %d bytes", maxRecord)}, nil
		}
		return s.record(first)
	}
}

// record completes the row that begins with the line first.
func (s *records) record(first line) (record, error) {
	s.buf = append(s.buf[:0], first.text...)
	q := quotes{comma: s.comma}
	q.scan(first.text)
	s.rest = s.rest[:0]
	for q.open() {
		next, err := s.nextLine()
		if err != nil && !errors.Is(err, io.EOF) {
			return record{}, err
		}
		if err != nil || len(s.buf)+len(next.text) > maxRecord {
			if err == nil {
				s.rest = append(s.rest, next)
			}
			s.readRestAgain()
			return record{line: first.no, fault: `a quote (") that is opened on this line is never closed`}, nil
		}
		s.rest = append(s.rest, next)
		s.buf = append(s.buf, next.text...)
		q.scan(next.text)
	}
	return record{text: s.buf, line: first.no}, nil
}

// readRestAgain makes the lines behind the first of the last row rows of their own: a
// misplaced quote has taken them in.
func (s *records) readRestAgain() {
	s.ahead = append(slices.Clone(s.rest), s.ahead...)
}

// nextLine returns the next line with its end. Of a line that is too long it returns
// only the beginning, one byte more than maxRecord.
func (s *records) nextLine() (line, error) {
	if len(s.ahead) > 0 {
		l := s.ahead[0]
		s.ahead = s.ahead[1:]
		return l, nil
	}
	var text []byte
	for {
		part, err := s.in.ReadSlice('\n')
		if room := maxRecord + 1 - len(text); len(part) > room {
			part = part[:room]
		}
		text = append(text, part...)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(text) > 0, err == nil:
			s.line++
			return line{text, s.line - 1}, nil
		default:
			return line{}, err
		}
	}
}

// quotes follows the quoting of one row, to know whether a line end belongs to it.
type quotes struct {
	comma byte
	state quoteState
}

type quoteState int

const (
	fieldStart quoteState = iota
	plain
	quoted
	quoteInQuoted
	malformed // encoding/csv will refuse the row; it ends with this line
)

func (q *quotes) open() bool { return q.state == quoted }

func (q *quotes) scan(text []byte) {
	for i, c := range text {
		switch q.state {
		case fieldStart, plain:
			switch {
			case c == q.comma:
				q.state = fieldStart
			case c == '"' && q.state == fieldStart:
				q.state = quoted
			default:
				q.state = plain
			}
		case quoted:
			if c == '"' {
				q.state = quoteInQuoted
			}
		case quoteInQuoted:
			switch {
			case c == '"':
				q.state = quoted
			case c == q.comma:
				q.state = fieldStart
			case c == '\n', c == '\r' && i+2 == len(text) && text[i+1] == '\n':
				q.state = quoteInQuoted
			default:
				q.state = malformed
			}
		case malformed:
			return
		}
	}
}
