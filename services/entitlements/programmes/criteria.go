package programmes

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/entitlements/decision"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

const (
	maxTitle   = 100
	maxSummary = 1000
)

// check says all that is wrong with a definition by itself. What its criteria leave out
// gets its default.
func (d *Definition) check(reading decision.Reading) error {
	var wrong []fault.Field
	refuse := func(path, text string) {
		wrong = append(wrong, fault.Field{Path: "programme." + path, Description: text})
	}
	for _, text := range []struct {
		path, value string
		longest     int
	}{{"title", d.Title, maxTitle}, {"summary", d.Summary, maxSummary}} {
		switch {
		case strings.TrimSpace(text.value) == "":
			refuse(text.path, "is missing: everybody reads it")
		case text.value != strings.TrimSpace(text.value) || strings.ContainsAny(text.value, "\r\n"):
			refuse(text.path, "has to be one line, without spaces around it")
		case utf8.RuneCountInString(text.value) > text.longest:
			refuse(text.path, "is too long: shorten it")
		}
	}
	if d.Capacity < 1 || d.Capacity > MaxCapacity {
		refuse("capacity", fmt.Sprintf("has to be from 1 to %d places", MaxCapacity))
	}
	if d.Opens != 0 && d.Closes != 0 && d.Closes < d.Opens {
		refuse("close_date", "is before open_date")
	}
	for _, p := range schedule.ValidateCondition(&d.Criteria, "criteria", reading.Currency) {
		refuse(p.Path, p.Message)
	}
	for _, c := range d.Criteria.Leaves() {
		if c.Subject == schedule.Programme {
			refuse("criteria", "read the programme "+c.Measure+": nobody is let in for being in a programme, so write the criteria of that one out")
		}
		if c.Subject == schedule.Innovation && !reading.Innovation {
			refuse("criteria", "read innovation, and no plans service is followed here: start entitlements with --plans-addr, or use spend or tenure")
		}
		if c.Subject == schedule.Board && !reading.Board {
			refuse("criteria", "read board, and no board service is followed here: start entitlements with --board-addr, or use spend or tenure")
		}
	}
	d.checkAdmission(refuse)
	if len(wrong) == 0 {
		return nil
	}
	return fault.New(fault.InvalidArgument, fault.ReasonInvalidArgument, "The programme has a problem: %s: %s",
		wrong[0].Path, wrong[0].Description).WithFields(wrong...)
}

// widens says whether everybody who meets a condition meets another too: each of the ways
// to meet the first takes all that some way to meet the second takes. It may say no of
// conditions of which that is so for other reasons.
func widens(from, to schedule.Condition) bool {
	ways := to.Alternatives()
	for _, old := range from.Alternatives() {
		if !slices.ContainsFunc(ways, func(way []schedule.Condition) bool { return takes(old, way) }) {
			return false
		}
	}
	return true
}

// takes says whether who meets all of some measured conditions meets all of others.
func takes(all, others []schedule.Condition) bool {
	for _, other := range others {
		if !slices.ContainsFunc(all, func(c schedule.Condition) bool {
			return c.Subject == other.Subject && c.Measure == other.Measure && c.Scope == other.Scope && c.AtLeast >= other.AtLeast
		}) {
			return false
		}
	}
	return true
}

// narrowed says what a change of a published programme would take from somebody; "" where
// it takes nothing. Published is the day on which it was.
func (p *Programme) narrowed(next *Definition) string {
	switch {
	case next.Capacity < p.Capacity:
		return "capacity can only grow"
	case !widens(p.Criteria, next.Criteria):
		return "criteria can only be widened, so that whoever meets them still does"
	case next.first(p.PublishedOn) > p.first(p.PublishedOn):
		return "applications cannot begin later than was published"
	case (next.Admission == ByLottery) != (p.Admission == ByLottery):
		return "places are given in the way that was published"
	case !next.Round.is(p.Round) && p.Drawing != nil:
		return "its lottery was committed with the round that was published"
	case next.Closes != 0 && (p.Closes == 0 || next.Closes < p.Closes):
		return "applications cannot end earlier than was published"
	}
	return ""
}

// ReadsSpend says whether a condition tells what those who meet it spend.
func ReadsSpend(c schedule.Condition) bool {
	return c.Reads(func(leaf schedule.Condition) bool { return leaf.Subject == schedule.Spend })
}

// TellsSpend says whether who is in a programme tells what customers spend: by its
// criteria, or those that it had.
func (p *Programme) TellsSpend() bool { return p.ReadSpend || ReadsSpend(p.Criteria) }
