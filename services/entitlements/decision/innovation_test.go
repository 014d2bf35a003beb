package decision

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

func innovation(projects int64) schedule.Condition {
	return schedule.Condition{Subject: schedule.Innovation, Measure: schedule.ProjectsCompleted, AtLeast: projects}
}

// counts is a project that counts from a day, and until another where one is given.
func counts(from, to string) Completion {
	c := Completion{From: day(from), To: civil.Never}
	if to != "" {
		c.To = day(to)
	}
	return c
}

// partner is a customer that has completed projects.
func partner(t testing.TB, completions ...Completion) Account {
	a := customer(t, Bucket{day("1997-03-10"), 500})
	a.Completions = completions
	return a
}

func TestR17ProjectsCountFromTheirConfirmationUntilItIsWithdrawn(t *testing.T) {
	first, second := counts("1998-01-01", ""), counts("1999-01-01", "")
	withdrawn := counts("1998-06-01", "1998-09-01")
	for _, c := range []struct {
		name string
		rule schedule.Rule
		a    Account
		want []string
	}{
		{"without a project", schedule.Rule{When: innovation(1)}, partner(t), nil},
		{"for good", schedule.Rule{When: innovation(1)}, partner(t, second, first), []string{"1998-01-01 to "}},
		{"one of two", schedule.Rule{When: innovation(2)}, partner(t, first), nil},
		{"two of two", schedule.Rule{When: innovation(2)}, partner(t, second, first), []string{"1999-01-01 to "}},
		{"two on one day", schedule.Rule{When: innovation(2)}, partner(t, first, first), []string{"1998-01-01 to "}},
		{"withdrawn", schedule.Rule{When: innovation(1)}, partner(t, withdrawn), []string{"1998-06-01 to 1998-08-31"}},
		{"withdrawn, and kept for its term", schedule.Rule{When: innovation(1), Lasts: years(1)}, partner(t, withdrawn), []string{"1998-06-01 to 1999-08-30"}},
		{"withdrawn on its day", schedule.Rule{When: innovation(1)}, partner(t, counts("1998-06-01", "1998-06-01")), nil},
		{"two of three at a time", schedule.Rule{When: innovation(2)}, partner(t, first, withdrawn, second), []string{"1998-06-01 to 1998-08-31", "1999-01-01 to "}},
	} {
		c.rule.ID = "partner"
		require.Equal(t, c.want, days(t, simple(t, c.rule), c.a), c.name)
	}
}

func TestR34ProjectsInWords(t *testing.T) {
	rule := schedule.Rule{ID: "partner", When: innovation(2)}
	notYet := `Not yet entitled by rule partner of version 1: "Who spends enough gets a gift." It takes `
	for _, c := range []struct {
		name string
		a    Account
		want string
	}{
		{"none", partner(t), notYet + "2 more completed innovation projects (0 of 2 confirmed)."},
		{"one", partner(t, counts("1998-01-01", "")), notYet + "1 more completed innovation project (1 of 2 confirmed)."},
		{"one withdrawn", partner(t, counts("1998-01-01", ""), counts("1998-01-01", "1998-06-30")), notYet + "1 more completed innovation project (1 of 2 confirmed)."},
		{"both", partner(t, counts("1998-01-01", ""), counts("1998-02-01", "")),
			`Entitled by rule partner of version 1: "Who spends enough gets a gift." Work on innovation is 2 confirmed projects of the 2 needed.`},
	} {
		got, err := explain(simple(t, rule), c.a, civil.UTC.End(day("1998-06-30")), "gift")
		require.NoError(t, err)
		require.Equal(t, c.want, got, c.name)
	}
}

// A project takes two: what a customer can do by itself comes first.
func TestWaysThatTakeAProjectComeLast(t *testing.T) {
	b := simple(t, schedule.Rule{ID: "project", When: innovation(1)}, schedule.Rule{ID: "spend", When: spend(schedule.CalendarYear, 100_000)})
	ways, err := b.Distance(partner(t), civil.UTC.Start(day("1997-06-01")), "gift")
	require.NoError(t, err)
	require.Len(t, ways, 2)
	require.Equal(t, "spend", ways[0].Rule.ID)
	require.Equal(t, int64(1), ways[1].Requires[0].Missing)
}
