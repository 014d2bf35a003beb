package record

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
)

// domain begins everything that is hashed, so that no hash of a record can be taken for
// one of anything else; it changes with the format.
const domain = "evenhand panel record 1"

// part is a named part of the file.
type part struct {
	name string
	body body
}

// body is the value of a part: an object on one line, or a list with a line for each
// element.
type body interface {
	// write returns the lines of the part, without the commas behind them.
	write() (lines [][]byte, list bool, err error)
	// read takes in a line of an object, or an element of a list.
	read(line []byte) error
	isList() bool
}

// object is a value on one line.
type object[T any] struct{ value *T }

func (o object[T]) isList() bool           { return false }
func (o object[T]) read(line []byte) error { return readLine(line, o.value) }
func (o object[T]) write() ([][]byte, bool, error) {
	line, err := encode(*o.value)
	return [][]byte{line}, false, err
}

// list is a value with a line for each element.
type list[T any] struct{ values *[]T }

func (l list[T]) isList() bool { return true }

func (l list[T]) read(line []byte) error {
	var element T
	if err := readLine(line, &element); err != nil {
		return err
	}
	*l.values = append(*l.values, element)
	return nil
}

func (l list[T]) write() ([][]byte, bool, error) {
	lines := make([][]byte, len(*l.values))
	for i, element := range *l.values {
		line, err := encode(element)
		if err != nil {
			return nil, true, err
		}
		lines[i] = line
	}
	return lines, true, nil
}

// encode writes a value in the one way in which a record has it.
func encode(value any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), nil
}

// readLine decodes a line, and refuses one that is written in any other way than encode
// writes it.
func readLine(line []byte, value any) error {
	decoder := json.NewDecoder(bytes.NewReader(line))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		return fmt.Errorf("the line cannot be read: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	want, err := encode(value)
	if err != nil {
		return err
	}
	if bytes.Equal(line, want) {
		return nil
	}
	at := 0
	for at < min(len(line), len(want)) && line[at] == want[at] {
		at++
	}
	return fmt.Errorf("from byte %d on, the line is not written as a record has it: %s", at+1, around(line, at))
}

// around shows the text of a line near a byte.
func around(line []byte, at int) string {
	return fmt.Sprintf("%q", line[max(0, at-10):min(len(line), at+20)])
}

// sectionHash is the hash of a section, in hexadecimal.
type sectionHash struct {
	Section string `json:"section"`
	SHA256  string `json:"sha256"`
}

// hashLines is the SHA-256 of a label and of lines that carry their newlines.
func hashLines(label string, lines ...[]byte) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%s, %s\n", domain, label)
	for _, line := range lines {
		sum.Write(line)
	}
	return hex.EncodeToString(sum.Sum(nil))
}
