package advice

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/board/occasion"
)

func TestTheCalendarShowsWhatIsDue(t *testing.T) {
	f := onSQLite(t)
	f.draft(t, "draft", "anna", board("steel"))
	f.asked(t, "first", "anna", board("steel"))
	f.asked(t, "other", "ben", board("glass"))
	f.asked(t, "gone", "cleo", board("steel"))
	_, err := f.Solicitations.Withdraw(t.Context(), someone, "gone", "", "By mistake.")
	require.NoError(t, err)
	id := f.idea(t, "Cheaper freight", "acme", "first")
	_, err = f.Ideas.Decide(t.Context(), someone, id, "", adopt(t, "2026-04-15"))
	require.NoError(t, err)

	events := func(from, to string) map[string]calendar.Event {
		list, err := f.Events(t.Context(), "boards/steel", civil.UTC.Start(date(t, from)), civil.UTC.Start(date(t, to)))
		require.NoError(t, err)
		found := map[string]calendar.Event{}
		for _, e := range list {
			require.NotContains(t, found, e.UID)
			require.True(t, e.AllDay)
			require.Empty(t, e.Accounts)
			found[e.UID] = e
		}
		return found
	}
	all := events("2026-01-01", "2027-01-01")
	require.Len(t, all, 5)
	decision := all["solicitations/first#decision"]
	require.Equal(t, occasion.DecisionDue, decision.Kind)
	require.True(t, strings.HasPrefix(decision.Summary, "Board steel: to be decided: "), decision.Summary)
	require.Equal(t, "Anna answers.", decision.Private)
	require.Equal(t, civil.UTC.Start(date(t, "2026-03-31")), decision.Start)
	require.Equal(t, calendar.Cancelled, all["solicitations/gone#ideas"].Status)
	require.Equal(t, "Board steel: promised: Cheaper freight", all["ideas/"+id+"#follow-up"].Summary)
	require.Len(t, events("2026-03-31", "2026-04-01"), 2, "the day itself")
	require.Empty(t, events("2026-04-01", "2026-04-02"))

	// What is put off moves, and keeps its identity.
	_, err = f.Solicitations.Update(t.Context(), someone, "first", "", SolicitationPatch{Decision: ptr(date(t, "2026-05-01")), Reason: "More time."})
	require.NoError(t, err)
	require.Contains(t, events("2026-05-01", "2026-05-02"), "solicitations/first#decision")

	// What is done, and what is answered, is due no more.
	_, err = f.Ideas.Follow(t.Context(), someone, id, "", Step{Note: "Signed.", Evidence: "contract 7", Completes: true})
	require.NoError(t, err)
	f.clock.day(t, "2026-03-21")
	_, err = f.Solicitations.Answer(t.Context(), someone, "first", "", "Cheaper freight it is.")
	require.NoError(t, err)
	all = events("2026-01-01", "2027-01-01")
	require.Equal(t, calendar.Cancelled, all["ideas/"+id+"#follow-up"].Status)
	require.Equal(t, calendar.Cancelled, all["solicitations/first#decision"].Status)
	require.Equal(t, calendar.Confirmed, all["solicitations/first#ideas"].Status, "it was one")

	_, err = f.Events(t.Context(), "steel", f.clock.now(), f.clock.now())
	require.Error(t, err)
}
