package cost

import (
	"fmt"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Span is the days from From up to To, which is not one of them.
type Span struct{ From, To civil.Day }

func (s Span) has(day civil.Day) bool { return s.From <= day && day < s.To }

// days are the ends, between which revenue is asked for.
func (s Span) days() []civil.Day { return []civil.Day{s.From, s.To} }

// trailing is the twelve months that end with a day, as the rules have them.
func trailing(day civil.Day) Span { return Span{day.AddMonths(-12) + 1, day + 1} }

// span returns the days from a first up to and including a last; civil.Never is today for
// the last, and for the first what makes it twelve months. INVALID_ARGUMENT.
func (s *Service) span(first, last civil.Day) (Span, error) {
	if last == civil.Never {
		last = s.company.Today()
	}
	if first == civil.Never {
		return trailing(last), nil
	}
	if first > last {
		return Span{}, fault.Invalid("to_date", "%s is before the first day, %s", last, first)
	}
	return Span{first, last + 1}, nil
}

// quarterOf is the quarter of the calendar that a day is in.
func quarterOf(day civil.Day) Span {
	year, month, _ := day.Date()
	from := civil.Date(year, (month-1)/3*3+1, 1)
	return Span{from, from.AddMonths(3)}
}

// before is the quarter before a quarter.
func (s Span) before() Span { return Span{s.From.AddMonths(-3), s.From} }

// quarters are the last n quarters, the latest last: that which a day is in.
func quarters(day civil.Day, n int) []civil.Day {
	q := quarterOf(day)
	days := make([]civil.Day, n+1)
	for i := range days {
		days[i] = q.To.AddMonths(-3 * (n - i))
	}
	return days
}

// quarterName names a quarter, as 2026-q4.
func (s Span) quarterName() string {
	year, month, _ := s.From.Date()
	return fmt.Sprintf("%04d-q%d", year, (month+2)/3)
}
