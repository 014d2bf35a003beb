package sessions

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/plans/feeds"
)

func TestR40TheReportSaysWhatBecameOfEachIdea(t *testing.T) {
	f := onSQLite(t)
	_, err := f.Report(t.Context(), "vans", "")
	require.Error(t, err)
	f.drafted(t)
	_, err = f.Report(t.Context(), "vans", "")
	wantFault(t, err, "STRATEGY_SESSION_STATE", "was not opened")
	_, err = f.Open(t.Context(), someone, "vans", "", false)
	require.NoError(t, err)
	early, err := f.Report(t.Context(), "vans", "")
	require.NoError(t, err)
	require.Contains(t, early.Text, "It takes place on 20 March 2026.")
	require.Contains(t, early.Text, "Nothing was written down.")

	f.clock.later(14 * 24 * time.Hour)
	tried := Idea{Name: "ideas/try", Title: "Evenings", Account: "brook", Decided: true, Outcome: feeds.Tried, Reason: "Perhaps.", Due: date(t, "2026-06-30")}
	merged := Idea{Name: "ideas/m", Title: "An hour", Account: "brook", Decided: true, Outcome: feeds.Adopted, Reason: "As above.", MergedInto: "Tell us the hour",
		Due: date(t, "2026-06-30"), Done: true, Evidence: "release 4"}
	f.board.is(func(b *board) { b.asked[f.get(t).State.Solicitation].ideas = []Idea{hour, bikes, tried, merged} })
	_, err = f.Hold(t.Context(), someone, "vans", "", 0, []Attendee{{Account: "acme", Contact: "jo"}, {Account: "acme"}}, "")
	require.NoError(t, err)

	undecided, err := f.Report(t.Context(), "vans", "acme")
	require.NoError(t, err)
	require.Equal(t, `# You said, we did: Our own vans

It took place on 20 March 2026; 1 customer came.

## What we asked

Should we deliver with our own vans?

**What we leaned to:** Yes, in cities.

**Why:** Carriers are late.

**What we knew:** It costs 4% more.

## What you said, and what we did about it

### Tell us the hour

> The \*same\* day is not needed.

- **What we did:** We do it.
- **Why:** It is worth more to you.

## What others said, and what we did about it

### By bicycle

- **What we did:** It is not decided yet. We promised an answer by 31 March 2026.

### Evenings

- **What we did:** We try it, by 30 June 2026.
- **Why:** Perhaps.

### An hour

- It has the same answer as "Tell us the hour".
- **What we did:** We do it. It is done: release 4
- **Why:** As above.

## What we decided

Nothing yet. It is to be decided by 31 March 2026.
`, undecided.Markdown)
	require.NotContains(t, undecided.Markdown, "brook", "customers are not told of each other")

	f.board.is(func(b *board) { b.asked[f.get(t).State.Solicitation].ideas = []Idea{hour} })
	_, err = f.Answer(t.Context(), someone, "vans", "", decide)
	require.NoError(t, err)
	done, err := f.Report(t.Context(), "vans", "")
	require.NoError(t, err)
	require.Equal(t, `YOU SAID, WE DID: OUR OWN VANS

It took place on 20 March 2026; 1 customer came.

What we asked
-------------

Should we deliver with our own vans?

What we leaned to: Yes, in cities.

Why: Carriers are late.

What we knew: It costs 4% more.

What you said, and what we did about it
---------------------------------------

Tell us the hour

  | The *same* day
  | is not needed.

  - What we did: We do it.
  - Why: It is worth more to you.
  - It changed what we decided.

What we decided
---------------

Own vans, at a fixed hour.

Why: You asked for the hour.

Decided on 20 March 2026 by principals/anna. Changed by "Tell us the hour".
`, done.Text)
	_, err = f.Report(t.Context(), "vans", "corner")
	wantFault(t, err, "INVALID_ARGUMENT", "accounts/corner was not invited")
}

func TestR40WhatIsLateIsSaidToBe(t *testing.T) {
	f := onSQLite(t)
	f.held(t, bikes)
	f.clock.later(12 * 24 * time.Hour)
	report, err := f.Report(t.Context(), "vans", "")
	require.NoError(t, err)
	require.Contains(t, report.Text, "It is not decided yet, and should have been by 31 March 2026.")
}
