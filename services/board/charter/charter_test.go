package charter

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
)

func day(text string) civil.Day {
	d, err := civil.ParseDay(text)
	if err != nil {
		panic(err)
	}
	return d
}

// yearly lays out rotations on the same day of each year.
func yearly(month time.Month, dayOfMonth, from, to int) Rotations {
	r := Rotations{Until: civil.Date(to+1, time.January, 1)}
	for year := from; year <= to; year++ {
		r.Days = append(r.Days, civil.Date(year, month, dayOfMonth))
	}
	return r
}

// twelve is a board of 12 seats, 3-year terms and a rotation each year.
func twelve() Charter {
	return Charter{
		Seats: 12, TermMonths: 36, GraceDays: 7, MaxTerms: 1, CoolingOffMonths: 24,
		Rotation:   calendar.Recurrence{Rule: "FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=1", Start: "2027-03-01T10:00", Zone: "UTC"},
		Quorum:     Quorum{Percent: 50},
		Alternates: Alternates{Count: 4, AnswerDays: 14},
	}
}

// willing returns n customers that were nominated and agreed, a00, a01, ….
func willing(n int) []Account {
	var all []Account
	for i := range n {
		all = append(all, Account{ID: fmt.Sprintf("a%02d", i), Active: true, Nominated: true, Attributes: map[string]string{},
			Consent: &Consent{From: day("2020-01-01"), Until: civil.Never}})
	}
	return all
}

func TestQuorumIsRoundedUp(t *testing.T) {
	for _, c := range []struct {
		quorum        Quorum
		members, want int
	}{
		{Quorum{Percent: 50}, 12, 6}, {Quorum{Percent: 50}, 11, 6}, {Quorum{Percent: 100}, 7, 7}, {Quorum{Percent: 1}, 7, 1},
		{Quorum{Percent: 67}, 12, 9}, {Quorum{Percent: 50}, 0, 0}, {Quorum{Members: 7}, 12, 7}, {Quorum{Members: 7}, 5, 7},
	} {
		require.Equal(t, c.want, c.quorum.Of(c.members), "%+v of %d", c.quorum, c.members)
	}
}

func TestEveryProblemIsNamedWithItsField(t *testing.T) {
	good := twelve()
	require.NoError(t, good.Check(""))
	bound := func(n float64) *float64 { return &n }
	sector := func(quotas ...Quota) []Category {
		return []Category{{Name: "sector", Source: Attribute, Key: "sector", Quotas: quotas}}
	}
	for _, c := range []struct {
		path, text string
		spoil      func(*Charter)
	}{
		{"seats", "is 0", func(c *Charter) { c.Seats = 0; c.Quorum = Quorum{Percent: 1} }},
		{"nominated", "at least one seat is drawn", func(c *Charter) { c.Nominated = 12 }},
		{"nominated", "is -1", func(c *Charter) { c.Nominated = -1 }},
		{"term_months", "give 1 to 600 months", func(c *Charter) { c.TermMonths = 0 }},
		{"grace_days", "give 0 to 92 days", func(c *Charter) { c.GraceDays = 93 }},
		{"max_terms", "give 1 to 100 terms", func(c *Charter) { c.MaxTerms = 0 }},
		{"cooling_off_months", "give 1 to 600 months", func(c *Charter) { c.CoolingOffMonths = 0 }},
		{"wait_months", "give 0 to 600 months", func(c *Charter) { c.WaitMonths = -1 }},
		{"notice_days", "give 0 to 366 days", func(c *Charter) { c.NoticeDays = 400 }},
		{"rotation.rule", "FREQ", func(c *Charter) { c.Rotation.Rule = "" }},
		{"rotation.zone", "IANA", func(c *Charter) { c.Rotation.Zone = "Mars" }},
		{"workdays.weekend", "SA,SU", func(c *Charter) { c.Workdays.Weekend = "X" }},
		{"meetings.when", "is missing", func(c *Charter) { c.Meetings.PerYear = 4 }},
		{"meetings.when.rule", "FREQ", func(c *Charter) { c.Meetings.When = &calendar.Recurrence{} }},
		{"quorum", "is missing", func(c *Charter) { c.Quorum = Quorum{} }},
		{"quorum", "has both", func(c *Charter) { c.Quorum.Members = 3 }},
		{"quorum.percent", "give 1 to 100", func(c *Charter) { c.Quorum.Percent = 101 }},
		{"quorum.members", "give 1 to 12", func(c *Charter) { c.Quorum = Quorum{Members: 13} }},
		{"alternates.count", "is -1", func(c *Charter) { c.Alternates.Count = -1 }},
		{"alternates.answer_days", "give 1 to 366", func(c *Charter) { c.Alternates.AnswerDays = 0 }},
		{"conflicts.same_attributes[0]", "not an attribute key", func(c *Charter) { c.Conflicts.SameAttributes = []string{"Sub Industry"} }},
		{"conflicts.same_attributes[1]", "twice", func(c *Charter) { c.Conflicts.SameAttributes = []string{"a", "a"} }},
		{"categories[0].name", "not an id", func(c *Charter) { c.Categories = sector(Quota{"x", 0, 12}); c.Categories[0].Name = "" }},
		{"categories[0].name", "waited longest", func(c *Charter) { c.Categories = sector(Quota{"x", 0, 12}); c.Categories[0].Name = TurnCategory }},
		{"categories[1].name", "category before it", func(c *Charter) { c.Categories = append(sector(Quota{"x", 0, 12}), sector(Quota{"x", 0, 12})...) }},
		{"categories[0].key", "not an attribute key", func(c *Charter) { c.Categories = sector(Quota{"x", 0, 12}); c.Categories[0].Key = "" }},
		{"categories[0].source", "not known", func(c *Charter) { c.Categories = sector(Quota{"x", 0, 12}); c.Categories[0].Source = "spend" }},
		{"categories[0].quotas", "are 0", func(c *Charter) { c.Categories = sector() }},
		{"categories[0].quotas", "need 13 seats", func(c *Charter) { c.Categories = sector(Quota{"x", 6, 12}, Quota{"y", 7, 12}) }},
		{"categories[0].quotas", "leave room for 11 seats", func(c *Charter) { c.Categories = sector(Quota{"x", 0, 5}, Quota{"y", 0, 6}) }},
		{"categories[0].quotas[1].value", "has a quota already", func(c *Charter) { c.Categories = sector(Quota{"x", 0, 12}, Quota{"x", 0, 12}) }},
		{"categories[0].quotas[0].value", "no value", func(c *Charter) { c.Categories = sector(Quota{" ", 0, 12}) }},
		{"categories[0].quotas[0].min", "0 <= min <= max", func(c *Charter) {
			c.Categories = sector(Quota{"x", 13, 12})
			c.Seats = 13
			c.Categories[0].Quotas[0].Min = 13
		}},
		{"categories[0].not_given", "has no quota", func(c *Charter) { c.Categories = sector(Quota{"x", 0, 12}); c.Categories[0].NotGiven = "none" }},
		{"categories[0].bands[0].value", "has no quota", func(c *Charter) {
			c.Categories = sector(Quota{"x", 0, 12})
			c.Categories[0].Other, c.Categories[0].Bands = "x", []Band{{Value: "old"}}
		}},
		{"categories[0].quotas[0].value", "value of no band", func(c *Charter) {
			c.Categories = sector(Quota{"x", 0, 12}, Quota{"old", 0, 12})
			c.Categories[0].Bands = []Band{{Value: "old"}}
		}},
		{"categories[0].bands[1]", "overlaps", func(c *Charter) {
			c.Categories = sector(Quota{"x", 0, 12})
			c.Categories[0].Bands = []Band{{Value: "x", Below: bound(10)}, {Value: "x", From: bound(9)}}
		}},
		{"categories[0].bands[0]", "is empty", func(c *Charter) {
			c.Categories = sector(Quota{"x", 0, 12})
			c.Categories[0].Bands = []Band{{Value: "x", From: bound(9), Below: bound(9)}}
		}},
		{"categories[0].bands", "are missing", func(c *Charter) {
			c.Categories = sector(Quota{"x", 0, 12})
			c.Categories[0].Source, c.Categories[0].Key = Tenure, ""
		}},
	} {
		spoilt := twelve()
		c.spoil(&spoilt)
		found := false
		for _, p := range spoilt.Problems() {
			found = found || p.Path == c.path && strings.Contains(p.Description, c.text)
		}
		require.True(t, found, "%s %s: %v", c.path, c.text, spoilt.Problems())
		require.ErrorContains(t, spoilt.Check("charter."), "charter.")
	}
}
