package record

import (
	"bytes"
	"fmt"
)

// Problem is something that is wrong with a record, and where.
type Problem struct {
	// Line is the line of the file, from 1; 0 where no single line is meant.
	Line int
	// Section is the part of the file, as "pool".
	Section string
	// Text says what is wrong.
	Text string
}

// Error tells the place and what is wrong.
func (p *Problem) Error() string {
	switch {
	case p.Line > 0 && p.Section != "":
		return fmt.Sprintf("line %d (%s): %s", p.Line, p.Section, p.Text)
	case p.Line > 0:
		return fmt.Sprintf("line %d: %s", p.Line, p.Text)
	default:
		return p.Section + ": " + p.Text
	}
}

// span is the lines of a part, from 1, the last included.
type span struct{ first, last int }

// parser reads the lines of a file. Its first problem ends it.
type parser struct {
	rest    []byte
	line    int // of the last line taken
	section string
	spans   map[string]span
	texts   map[string][]byte // the lines of a part, with their newlines
}

// Parse reads the bytes of a file. It accepts nothing but the one encoding of a record;
// the error is a *Problem that names the line. It does not check that the record agrees
// with itself: Verify does.
func Parse(text []byte) (*Record, error) {
	r, _, err := parse(text)
	return r, err
}

func parse(text []byte) (*Record, *parser, error) {
	p := &parser{rest: text, spans: map[string]span{}, texts: map[string][]byte{}}
	r := &Record{}
	if err := p.record(r); err != nil {
		return nil, nil, err
	}
	return r, p, nil
}

func (p *parser) record(r *Record) error {
	for _, line := range []string{"{", `"format": "` + domain + `",`} {
		if err := p.expect(line); err != nil {
			return err
		}
	}
	for _, part := range append(r.committed(), part{recordHashes, list[sectionHash]{&r.sections}}) {
		if err := p.part(part); err != nil {
			return err
		}
	}
	more, err := p.hash(recordHash, &r.Hash)
	if err != nil {
		return err
	}
	if more {
		r.Outcome = &Outcome{}
		if err := p.draw(r.Outcome); err != nil {
			return err
		}
	}
	p.section = ""
	if err := p.expect("}"); err != nil {
		return err
	}
	if len(p.rest) > 0 {
		p.line++
		return p.wrong("nothing may follow the record, but there is %s", around(p.rest, 0))
	}
	return nil
}

func (p *parser) draw(d *Outcome) error {
	line := &drawLine{}
	for _, part := range append(d.parts(line), part{drawHashes, list[sectionHash]{&d.sections}}) {
		if err := p.part(part); err != nil {
			return err
		}
	}
	d.setLine(line)
	more, err := p.hash(drawHash, &d.Hash)
	if err == nil && more {
		return p.wrong("nothing may follow %q", drawHash)
	}
	return err
}

// part reads the lines of a part.
func (p *parser) part(want part) error {
	p.section = want.name
	first, rest := p.line+1, p.rest
	line, err := p.take()
	if err != nil {
		return err
	}
	value, found := bytes.CutPrefix(line, fmt.Appendf(nil, "%q: ", want.name))
	switch {
	case !found:
		err = p.wrong("here has to stand %q, not %s", want.name, around(line, 0))
	case want.body.isList():
		err = p.list(want.body, value)
	default:
		err = p.object(want.body, value)
	}
	p.spans[want.name] = span{first, p.line}
	p.texts[want.name] = rest[:len(rest)-len(p.rest)]
	return err
}

func (p *parser) object(body body, value []byte) error {
	value, found := bytes.CutSuffix(value, []byte(","))
	if !found {
		return p.wrong("a comma has to end the line")
	}
	if err := body.read(value); err != nil {
		return p.wrong("%v", err)
	}
	return nil
}

func (p *parser) list(body body, value []byte) error {
	if string(value) != "[" {
		return p.wrong("the line has to be \"%s\": [", p.section)
	}
	elements, another := 0, true
	for ; ; elements++ {
		line, err := p.take()
		switch end := string(line) == "],"; {
		case err != nil:
			return err
		case end && another && elements > 0:
			return p.wrong("no comma may stand behind the last element of the list")
		case end:
			return nil
		case !another:
			return p.wrong("the list has to end with ], or the line above with a comma")
		}
		line, another = bytes.CutSuffix(line, []byte(","))
		if err := body.read(line); err != nil {
			return p.wrong("%v", err)
		}
	}
}

// hash reads a line that holds a hash, and reports whether something follows it.
func (p *parser) hash(name string, into *string) (more bool, err error) {
	p.section = name
	line, err := p.take()
	if err != nil {
		return false, err
	}
	p.spans[name] = span{p.line, p.line}
	value, found := bytes.CutPrefix(line, fmt.Appendf(nil, "%q: ", name))
	if !found {
		return false, p.wrong("here has to stand %q, not %s", name, around(line, 0))
	}
	value, more = bytes.CutSuffix(value, []byte(","))
	if err := readLine(value, into); err != nil {
		return false, p.wrong("%v", err)
	}
	return more, nil
}

func (p *parser) expect(want string) error {
	line, err := p.take()
	if err == nil && string(line) != want {
		return p.wrong("the line has to be %s, not %s", want, around(line, 0))
	}
	return err
}

// take returns the next line without its newline.
func (p *parser) take() ([]byte, error) {
	p.line++
	line, rest, found := bytes.Cut(p.rest, []byte("\n"))
	if !found {
		return nil, p.wrong("the file ends in the middle of the record")
	}
	p.rest = rest
	return line, nil
}

func (p *parser) wrong(format string, args ...any) error {
	return &Problem{p.line, p.section, fmt.Sprintf(format, args...)}
}
