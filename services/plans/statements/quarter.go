package statements

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Quarter is a quarter of the calendar, counted in quarters since the year 0.
type Quarter int

// QuarterOf returns the quarter that a day is in.
func QuarterOf(day civil.Day) Quarter {
	year, month, _ := day.Date()
	return Quarter(year*4 + (int(month)-1)/3)
}

var quarterForm = regexp.MustCompile(`^([0-9]{4})-q([1-4])$`)

// ParseQuarter reads a quarter written as 2026-q3, given in a field of a request.
func ParseQuarter(field, text string) (Quarter, error) {
	parts := quarterForm.FindStringSubmatch(text)
	if len(parts) == 0 || parts[1] == "0000" {
		return 0, fault.Invalid(field, "%q is no quarter: write the year and the quarter, as 2026-q3", text)
	}
	year, _ := strconv.Atoi(parts[1])
	number, _ := strconv.Atoi(parts[2])
	return Quarter(year*4 + number - 1), nil
}

// String writes the quarter as 2026-q3.
func (q Quarter) String() string { return fmt.Sprintf("%04d-q%d", int(q)/4, int(q)%4+1) }

// Words writes it for readers, as "third quarter of 2026".
func (q Quarter) Words() string {
	return fmt.Sprintf("%s quarter of %d", []string{"first", "second", "third", "fourth"}[int(q)%4], int(q)/4)
}

// First is the first day of the quarter.
func (q Quarter) First() civil.Day { return civil.Date(int(q)/4, time.Month(int(q)%4*3+1), 1) }

// Last is its last day.
func (q Quarter) Last() civil.Day { return (q + 1).First() - 1 }

// has says whether a day is in the quarter.
func (q Quarter) has(day civil.Day) bool { return q.First() <= day && day <= q.Last() }
