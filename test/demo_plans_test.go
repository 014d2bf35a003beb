package test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// R5-R10, R20: the demo shows how its customers are looked after: each has a plan with
// goals of its own, and of all that comes of plans there is some, in different states.
func TestR5TheDemoShowsHowCustomersAreLookedAfter(t *testing.T) {
	t.Parallel()
	s := launch(t, t.TempDir(), "--demo")
	s.awaitReady()
	s.demoCommands()
	s.requirePlans()
	for _, who := range []string{"mara-lind", "tomas-okafor", "ines-roth", "edith-crane", "rafael-stone"} {
		require.Empty(t, s.rows("tokens", "list", who), "nobody can act as they did while the demo was loaded")
	}

	// Once is enough: started again, it is as it was.
	s.stop()
	s.start(s.grpc, s.http)
	s.awaitReady()
	s.demoCommands()
	s.requirePlans()
}

// A demo that was cut off while the last weeks were told is completed at the next start:
// nothing is there twice.
func TestDemoKilledWhilePlanning(t *testing.T) {
	t.Parallel()
	s := launch(t, t.TempDir(), "--demo")
	s.await("an engagement", func() bool { return s.try("plan", "engagements", "get", "torque-at-drumlin").code == 0 })
	s.kill()
	s.start(s.grpc, s.http)
	s.awaitReady()
	s.demoCommands()
	s.requirePlans()
}

// states counts rows by their value in a column.
func states(rows [][]string, column int) map[string]int {
	found := map[string]int{}
	for _, row := range rows {
		found[row[column]]++
	}
	return found
}

// requirePlans wants everything of plans that the demo tells.
func (s *server) requirePlans() {
	t := s.t
	t.Helper()
	require.Equal(t, map[string]int{"draft": 10, "active": 47, "under-review": 1, "closed": 1}, states(s.rows("plan", "list"), 2), "of all but the customer who has gone")
	require.Len(t, s.rows("plan", "templates", "list"), 3)
	require.Len(t, s.rows("plan", "templates", "versions", "close-partners"), 2)
	require.Len(t, s.rows("plan", "absences", "list"), 1)
	s.requireContacts()
	s.requireSuggestions()

	require.Len(t, s.rows("plan", "experts", "list"), 4)
	require.Equal(t, map[string]int{"requested": 1, "matched": 1, "under-way": 1, "completed": 2, "declined": 1}, states(s.rows("plan", "engagements", "list"), 4))
	require.Len(t, s.rows("plan", "engagements", "hours", "list", "torque-at-drumlin"), 3)
	require.Len(t, s.rows("usage", "history", "drumlin-castings"), 3, "a unit for each full hour")
	require.Equal(t, map[string]int{"confirmed": 1, "under-way": 1}, states(s.rows("plan", "projects", "list"), 4))
	require.Equal(t, map[string]int{"answered": 1, "open": 1}, states(s.rows("plan", "sessions", "list"), 2))

	require.Equal(t, map[string]int{"published": 1}, states(s.rows("plan", "rewards", "rules", "list"), 1))
	s.await("points", func() bool { return len(s.rows("plan", "rewards", "entries")) >= 50 })
	s.await("a finding", func() bool { return len(s.rows("plan", "rewards", "findings", "--open")) > 0 })
	today := time.Now().UTC()
	last := today.AddDate(0, -3, 1-today.Day())
	quarter := last.Format("2006-q") + string(rune('1'+(int(last.Month())-1)/3))
	require.GreaterOrEqual(t, len(s.rows("plan", "statements", "list", "--quarter", quarter)), 58, "of all customers but the prospect, and the one who has gone unless it was in the quarter")
	require.Contains(t, s.cli("plan", "statements", "get", "harbour-sons", quarter), "Issued")
}

// requireContacts wants most contacts of the last weeks made, and some skipped or late; and
// goals of which two were reached.
func (s *server) requireContacts() {
	t := s.t
	t.Helper()
	touchpoints := s.rows("plan", "touchpoints", "list")
	by := states(touchpoints, 2)
	require.Greater(t, by["done"], 50)
	require.Greater(t, by["done"], 3*by["skipped"])
	require.Greater(t, by["skipped"], 2)
	require.NotEmpty(t, s.rows("plan", "touchpoints", "list", "--filter", "overdue = true"))
	require.Less(t, len(s.rows("plan", "touchpoints", "list", "--filter", "overdue = true")), by["done"]/3)
	require.NotEmpty(t, s.rows("plan", "due", "--owner", "mara-lind"))
	for _, plan := range []string{"kestrel-bearings", "larch-house-clinics"} {
		require.True(t, slices.ContainsFunc(s.rows("plan", "goals", "list", plan), func(row []string) bool { return slices.Contains(row, "reached") }), plan)
	}
}

// requireSuggestions wants all rules that come with the product in force, and some of what
// they suggest decided.
func (s *server) requireSuggestions() {
	t := s.t
	t.Helper()
	rules := s.rows("plan", "signals", "list")
	require.Len(t, rules, 11)
	require.Equal(t, len(rules), count(rules, 4, "published"))
	published := s.cli("plan", "signals", "versions", "goal-at-risk")
	require.Contains(t, published, "edith-crane")
	require.Contains(t, published, "rafael-stone")
	by := states(s.rows("plan", "suggestions", "list", "--all", "--filter", `rule = "signalRules/goal-at-risk"`), 6)
	require.Equal(t, map[string]int{"accepted": 2, "dismissed": 1, "snoozed": 1, "open": 2}, by, "of the six whose goals lag")
}
