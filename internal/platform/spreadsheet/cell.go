// Package spreadsheet writes what people gave so that a spreadsheet that opens it takes it
// for text.
package spreadsheet

import (
	"regexp"
	"strings"
)

// number is an amount, with its currency or a percent sign where it has one; or the dash that
// stands for nothing. None of them can be a formula that does anything.
var number = regexp.MustCompile(`^[+-]?([0-9][0-9.,]*( ?%| [A-Z]{3})?)?$`)

// Cell is the text of a cell of CSV. Text that a spreadsheet would take for a formula gets an
// apostrophe before it; numbers stay as they are.
func Cell(text string) string {
	if text != "" && strings.ContainsRune("=+-@\t\r\n", rune(text[0])) && !number.MatchString(text) {
		return "'" + text
	}
	return text
}

// Row are the cells of a line of CSV.
func Row(cells []string) []string {
	row := make([]string, len(cells))
	for i, cell := range cells {
		row[i] = Cell(cell)
	}
	return row
}
