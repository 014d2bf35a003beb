package demo

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// medians returns the median working time until something in the cases of which keep says so.
func medians(t require.TestingT, d *Data, cases []Case, keep func(Case) bool, until func(Case) time.Time) time.Duration {
	hours, err := officeHours(d.First)
	require.NoError(t, err)
	var times []time.Duration
	for _, c := range cases {
		if keep(c) && !until(c).IsZero() {
			times = append(times, hours.Between(c.Opened, until(c), nil))
		}
	}
	require.Greater(t, len(times), 10)
	return middle(times)
}

func replied(c Case) time.Time  { return c.Replied }
func resolved(c Case) time.Time { return c.Resolved }

// Whatever the day: the same cases of those who are customers, opened and seen to in
// office hours, and enough of them open for the day that the demo plays.
func TestGenerateCasesOnAnyDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		day := time.Date(2024, 1, 1, 23, 0, 0, 0, time.UTC).AddDate(0, 0, rapid.IntRange(0, 4000).Draw(t, "day"))
		d := Generate(Seed, day)
		cases, err := GenerateCases(Seed, d)
		require.NoError(t, err)
		require.Len(t, cases, caseCount)
		joined := map[string]time.Time{}
		for _, c := range d.Customers {
			joined[c.ID] = c.Joined
		}
		ids := map[string]bool{}
		for _, c := range cases {
			require.False(t, ids[c.ID])
			ids[c.ID] = true
			require.True(t, joined[c.Customer].Before(c.Opened), "%+v", c)
			require.True(t, c.Replied.IsZero() || c.Opened.Before(c.Replied), "%+v", c)
			require.True(t, c.Resolved.IsZero() || !c.Replied.IsZero() && !c.Resolved.Before(c.Replied), "%+v", c)
			require.True(t, c.Opened.Before(d.Today) && c.Resolved.Before(d.Today), "%+v", c)
			require.True(t, c.Remedy == "" || !c.Resolved.IsZero())
		}
		desk := &desk{data: d, cases: cases}
		fresh, answered := desk.open()
		require.GreaterOrEqual(t, len(fresh), 3)
		require.NotEmpty(t, answered)
	})
}

// R24: the slow channel is slow in its first replies and in nothing else; account managers
// look slow, and are as fast as others with the same issue.
func TestGenerateCasesHasWhatAnAuditFindsAndWhatItDoesNot(t *testing.T) {
	d := Generate(Seed, today)
	cases, err := GenerateCases(Seed, d)
	require.NoError(t, err)
	ratio := func(until func(Case) time.Time, a, b func(Case) bool) float64 {
		return float64(medians(t, d, cases, a, until)) / float64(medians(t, d, cases, b, until))
	}
	slow := func(c Case) bool { return c.Channel == slowChannel }
	others := func(c Case) bool { return c.Channel != slowChannel }
	require.InDelta(t, slowness, ratio(replied, slow, others), 0.2)
	require.InDelta(t, 1, ratio(resolved, slow, others), 0.1)

	by := func(role, issue string) func(Case) bool {
		return func(c Case) bool { return c.Role == role && (issue == "" || c.Issue == issue) }
	}
	require.Greater(t, ratio(resolved, by(managerRole, ""), by(agentRole, "")), 1.3)
	for _, issue := range issues {
		require.InDelta(t, 1, ratio(resolved, by(managerRole, issue.id), by(agentRole, issue.id)), 0.2, issue.id)
	}
}

func TestRequestIDsOfTheDemoAreTheSameEveryTimeAndUUIDs(t *testing.T) {
	require.Equal(t, once("a", "b"), once("a", "b"))
	require.NotEqual(t, once("a", "b"), once("ab"))
	require.Regexp(t, `^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`, once("a"))
}

func middle(times []time.Duration) time.Duration {
	slices.Sort(times)
	return times[len(times)/2]
}
