package advice

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// question is a solicitation that could be asked from March to May 2026.
func question(t *testing.T, owner string, a Audience) Solicitation {
	return Solicitation{Question: "What next?", Owner: owner, Audience: a, Closes: date(t, "2026-06-01"), Decision: date(t, "2026-06-30")}
}

func TestR11WhatIsAskedInOneStepIsLockedAlike(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.asked(t, "first", "anna", board("steel"))
		idea := f.idea(t, "Cheaper freight", "acme", "first")
		f.clock.day(t, "2026-04-01")
		for _, check := range []bool{true, false} {
			for owner, audience := range map[string]Audience{"anna": board("glass"), "ben": board("steel")} {
				_, err := f.Solicitations.Ask(t.Context(), request("ask"), "next", question(t, owner, audience), check)
				told := wantFault(t, err, "UNANSWERED_SOLICITATION", "solicitations/first")
				require.Equal(t, fault.FailedPrecondition, told.Kind)
				require.Equal(t, "solicitations/first", told.Conditions[0].Subject)
			}
		}
		_, err := f.Solicitations.Get(t.Context(), "next")
		require.ErrorIs(t, err, resource.ErrNotFound, "nothing is left of what could not be asked")

		f.decline(t, idea)
		asked, err := f.Solicitations.Ask(t.Context(), request("ask"), "next", question(t, "anna", board("glass")), true)
		require.NoError(t, err)
		require.Equal(t, Open, asked.State.Stored)
		_, err = f.Solicitations.Get(t.Context(), "next")
		require.ErrorIs(t, err, resource.ErrNotFound, "it was only checked")

		asked, err = f.Solicitations.Ask(t.Context(), request("ask"), "next", question(t, "anna", board("glass")), false)
		require.NoError(t, err)
		require.Equal(t, date(t, "2026-04-01"), asked.State.Opened)
		require.Equal(t, date(t, "2026-06-30"), asked.State.Due)
		require.Equal(t, []string{"board/glass", "owner/anna"}, asked.State.Locks)
		f.clock.day(t, "2026-09-01")
		again, err := f.Solicitations.Ask(t.Context(), request("ask"), "next", question(t, "anna", board("glass")), false)
		require.NoError(t, err, "a retry gets the first answer, also once its days have passed")
		require.Equal(t, asked.Version, again.Version)
		_, err = f.Solicitations.Ask(t.Context(), request("another"), "next", question(t, "ben", board("glass")), false)
		wantFault(t, err, "INVALID_ARGUMENT", "close_date")
	})
}

func TestR11WhatIsAskedInOneStepNeedsItsDays(t *testing.T) {
	f := onSQLite(t)
	whole := question(t, "anna", board("steel"))
	for text, change := range map[string]func(*Solicitation){
		"decision_date": func(s *Solicitation) { s.Decision = 0 },
		"close_date":    func(s *Solicitation) { s.Closes, s.Decision = 0, 0 },
		"is before":     func(s *Solicitation) { s.Closes, s.Decision = date(t, "2026-01-01"), date(t, "2026-01-02") },
		"owner":         func(s *Solicitation) { s.Owner = "nobody" },
	} {
		n := whole
		change(&n)
		_, err := f.Solicitations.Ask(t.Context(), someone, "next", n, false)
		wantFault(t, err, "INVALID_ARGUMENT", text)
	}
}

// What newly locks a key between reading that it is free and the opening makes it read
// again, as it does for a draft.
func TestR11WhatComesBetweenReadingAndAsking(t *testing.T) {
	f := onSQLite(t)
	f.asked(t, "first", "anna", board("steel"))
	f.idea(t, "Cheaper freight", "acme", "first")
	f.clock.day(t, "2026-04-01")
	between := &interposed{Backend: f.backend, collection: "solicitation_fences"}
	other := f.open(t, between)
	between.do = func() {
		_, err := f.Solicitations.Update(t.Context(), someone, "first", "", SolicitationPatch{Owner: ptr("ben"), Reason: "Anna moved on."})
		require.NoError(t, err)
	}
	_, err := other.Solicitations.Ask(t.Context(), someone, "next", question(t, "ben", board("glass")), false)
	wantFault(t, err, "UNANSWERED_SOLICITATION", "solicitations/first")
	require.True(t, between.done)
}
