package cases

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/resource"
)

// due says when the clocks are due, of the promise of tests: "first reply; solution".
func due(t testing.TB, c *Case, now time.Time) string {
	var parts []string
	for _, commitment := range []string{"first-reply", "solution"} {
		k := clockOf(t, c, commitment)
		parts = append(parts, shown(k.Due)+" "+string(k.State(now)))
	}
	return strings.Join(parts, "; ")
}

func TestR13ClocksRunInWorkingTimeAndStandStillWhileTheCustomerIsWaitedFor(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		id := f.opened(t, "c1")
		c, err := f.Get(ctx, id)
		require.NoError(t, err)
		// Half an hour is left of Friday; clocks jump an hour over the weekend.
		require.Equal(t, "2026-03-09 13:00 running; 2026-03-10 11:30 running", due(t, &c.State, f.Now()))
		require.Equal(t, 1, c.State.Version)

		_, err = f.Wait(ctx, as("anna"), id, "", "")
		wantReason(t, err, ReasonCaseState, "has no reply yet")

		f.clock.set(local("2026-03-09 10:30"))
		c, err = f.Reply(ctx, as("anna"), id, "", "It left on Tuesday.")
		require.NoError(t, err)
		require.Equal(t, "2026-03-09 13:00 met; 2026-03-10 11:30 running", due(t, &c.State, f.Now()))
		require.Equal(t, Actor{"principals/anna", "service-agent"}, c.State.RepliedBy)

		c, err = f.Wait(ctx, as("anna"), id, "", "which address?")
		require.NoError(t, err)
		require.Equal(t, "2026-03-09 13:00 met; - paused", due(t, &c.State, f.Now()))
		require.True(t, c.State.Due.IsZero())

		f.clock.set(local("2026-03-11 16:00")) // 6.5 hours of Monday, 7.5 of Tuesday and 6.5 of Wednesday later
		_, err = f.Wait(ctx, as("anna"), id, "", "")
		wantReason(t, err, ReasonCaseState, "only while it is open")
		c, err = f.Answered(ctx, as("anna"), id, "", "")
		require.NoError(t, err)
		// 1.5 of the 10 hours were used, and 8.5 are left: 1 on Wednesday, 7.5 on Thursday.
		require.Equal(t, "2026-03-09 13:00 met; 2026-03-12 17:00 running", due(t, &c.State, f.Now()))

		f.clock.set(local("2026-03-12 17:00"))
		c, err = f.Resolve(ctx, as("anna"), id, "", Resolution{Attestations: kept}, false)
		require.NoError(t, err)
		require.Equal(t, "2026-03-09 13:00 met; 2026-03-12 17:00 met", due(t, &c.State, local("2026-03-13 12:00")))
		require.Zero(t, c.State.Next)
	})
}

func TestR13ReopeningRunsTheClockToTheResolutionAgain(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	id := f.opened(t, "c1")
	f.clock.set(local("2026-03-11 09:30"))
	c, err := f.Resolve(ctx, as("anna"), id, "", Resolution{Attestations: kept}, false)
	require.NoError(t, err)
	require.Equal(t, "2026-03-09 13:00 breached; 2026-03-10 11:30 breached", due(t, &c.State, f.Now()))
	require.True(t, c.State.FirstReply.Equal(f.Now()), "who is told of the end is replied to")

	f.clock.set(local("2026-03-12 09:30"))
	c, err = f.Reopen(ctx, as("anna"), id, "", "It broke again.")
	require.NoError(t, err)
	require.Len(t, c.State.Clocks, 3)
	require.Equal(t, "2026-03-09 13:00 breached; 2026-03-13 12:00 running", due(t, &c.State, f.Now()))
	require.True(t, c.State.Breached(f.Now()), "what was breached stays breached")
	require.Equal(t, 1, c.State.Reopenings)

	f.clock.set(local("2026-03-12 10:30"))
	c, err = f.Resolve(ctx, as("anna"), id, "", Resolution{Attestations: kept}, false)
	require.NoError(t, err)
	require.Equal(t, "2026-03-09 13:00 breached; 2026-03-13 12:00 met", due(t, &c.State, f.Now()))
	require.Equal(t, local("2026-03-11 09:30"), c.State.ResolvedFirst.UTC())
}

// The first reply, to a clock that began after it, is the first since.
func TestR13TheFirstReplySinceAClockBegan(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.published.publish(t, strings.Replace(promise, "  - {id: courtesy", `  - id: reply-again
    promise: Who comes back with a case gets a reply within 2 working hours.
    clock: {from: reopened, to: first_reply, within: 2h, calendar: office}
  - id: reply-of-the-assigned
    promise: Who is given a case replies within an hour.
    clock: {from: assigned, to: first_reply, within: 1h, calendar: office}
  - {id: courtesy`, 1), friday)
		id := f.opened(t, "c1")
		states := func(c resource.Stored[Case], err error) string {
			t.Helper()
			require.NoError(t, err)
			var list []string
			for _, k := range c.State.Clocks {
				if k.To == EventFirstReply {
					list = append(list, k.Commitment+" "+string(k.State(f.Now())))
				}
			}
			return strings.Join(list, ", ")
		}
		require.Equal(t, "first-reply running", states(f.Get(ctx, id)))
		first, err := f.Reply(ctx, as("anna"), id, "", "")
		require.Equal(t, "first-reply met", states(first, err))
		_, err = f.Resolve(ctx, as("anna"), id, "", Resolution{Attestations: kept}, false)
		require.NoError(t, err)
		require.Equal(t, "first-reply met, reply-again running", states(f.Reopen(ctx, as("anna"), id, "", "It broke again.")))
		_, err = f.Wait(ctx, as("anna"), id, "", "")
		wantReason(t, err, ReasonCaseState, "has no reply since one was promised anew")
		f.clock.set(friday.Add(time.Minute))
		again, err := f.Reply(ctx, as("anna"), id, "", "")
		require.Equal(t, "first-reply met, reply-again met", states(again, err))
		require.Equal(t, first.State.FirstReply, again.State.FirstReply, "the case's first reply is that of the first time")

		_, err = f.Acknowledge(ctx, as("ben"), true, 2)
		require.NoError(t, err)
		require.Equal(t, "first-reply met, reply-again met, reply-of-the-assigned running", states(f.Assign(ctx, as("anna"), id, "", "ben", false)))
		require.Equal(t, "first-reply met, reply-again met, reply-of-the-assigned met",
			states(f.Resolve(ctx, as("anna"), id, "", Resolution{Attestations: kept}, false)), "who is told of the end is replied to")
		require.Equal(t, "first-reply met, reply-again met, reply-of-the-assigned met, reply-again running",
			states(f.Reopen(ctx, as("anna"), id, "", "Again.")))
		f.clock.set(local("2026-03-09 11:02"))
		require.Equal(t, "first-reply met, reply-again met, reply-of-the-assigned met, reply-again breached",
			states(f.Reply(ctx, as("anna"), id, "", "")))
	})
}

func TestR28EveryAccountIsEscalatedToTheSamePerson(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	id := f.opened(t, "c1")
	_, err := f.Escalate(ctx, as("anna"), id, "", "Nobody answers.")
	wantReason(t, err, ReasonNoEscalation, "name an accountable person first")

	_, err = f.SetEscalationPath(ctx, as("root").Call, "", Path{Accountable: "ben", Within: 90 * time.Second, Calendar: "night"})
	var e interface{ Error() string }
	require.ErrorAs(t, err, &e)
	require.Contains(t, e.Error(), "whole minutes")
	_, err = f.SetEscalationPath(ctx, as("root").Call, "", Path{Accountable: "machine", Within: time.Hour})
	wantReason(t, err, ReasonNotStaff, "principals/machine")
	path, err := f.SetEscalationPath(ctx, as("root").Call, "", Path{Accountable: "ben", Within: time.Hour, Calendar: "office"})
	require.NoError(t, err)
	_, err = f.SetEscalationPath(ctx, as("root").Call, "old", Path{Accountable: "cleo", Within: time.Hour})
	require.ErrorContains(t, err, "changed since")
	require.Equal(t, "ben", path.State.Accountable)

	c, err := f.Escalate(ctx, as("anna"), id, "", "Nobody answers.")
	require.NoError(t, err)
	k := clockOf(t, &c.State, escalationClock)
	require.Equal(t, "2026-03-09 10:00", shown(k.Due))
	require.Equal(t, "ben", c.State.Escalation.Accountable)
	_, err = f.Escalate(ctx, as("anna"), id, "", "Again.")
	wantReason(t, err, ReasonCaseState, "principals/ben has not answered yet")

	f.clock.set(local("2026-03-09 10:00"))
	c, err = f.Reply(ctx, as("anna"), id, "", "")
	require.NoError(t, err)
	require.True(t, c.State.Escalation.Answered.IsZero(), "only the accountable person answers an escalation")
	c, err = f.Reply(ctx, as("ben"), id, "", "")
	require.NoError(t, err)
	k = clockOf(t, &c.State, escalationClock)
	require.Equal(t, Met, k.State(f.Now()))
	require.Equal(t, "2026-03-09 10:00", shown(c.State.Escalation.Answered))
}

const holiday = "2026-03-09"

// A later version that adds a holiday moves the due times of open cases; the time promised
// stays that of the version they were opened under.
func TestR13DueTimesFollowTheCalendar(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		id := f.opened(t, "c1")
		done := f.opened(t, "c2")
		_, err := f.Resolve(ctx, as("anna"), done, "", Resolution{Attestations: kept}, false)
		require.NoError(t, err)
		f.published.publish(t, strings.NewReplacer("holidays: []", "holidays: ["+holiday+"]", "within: 4h", "within: 2h").Replace(promise), local("2026-03-07 00:00"))
		require.NoError(t, f.DueNow(ctx))
		c, err := f.Get(ctx, id)
		require.NoError(t, err)
		require.Equal(t, "2026-03-09 13:00 running; 2026-03-10 11:30 running", due(t, &c.State, f.Now()), "the version is not in force yet")

		f.clock.set(local("2026-03-07 00:00"))
		require.NoError(t, f.DueNow(ctx))
		require.NoError(t, f.DueNow(ctx))
		c, err = f.Get(ctx, id)
		require.NoError(t, err)
		require.Equal(t, "2026-03-10 13:00 running; 2026-03-11 11:30 running", due(t, &c.State, f.Now()))
		require.Equal(t, []string{"case.opened", "case.due_times_reckoned"}, f.events(t, c.Aggregate))
		last := c.State.History[len(c.State.History)-1]
		require.Equal(t, "schedule/versions/2", last.Note)
		c, err = f.Get(ctx, done)
		require.NoError(t, err)
		require.Equal(t, "2026-03-09 13:00 met; 2026-03-10 11:30 met", due(t, &c.State, f.Now()))

		// The same calendars in another version change nothing.
		f.published.publish(t, strings.NewReplacer("holidays: []", "holidays: ["+holiday+"]").Replace(promise), local("2026-03-07 01:00"))
		f.clock.set(local("2026-03-07 01:00"))
		require.NoError(t, f.DueNow(ctx))
		require.Len(t, f.events(t, "cases/"+id), 2)
	})
}

func TestR13BreachAndNearBreachAreToldOnce(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		id := f.opened(t, "c1")
		at := func(text string, want ...string) {
			t.Helper()
			f.clock.set(local(text))
			require.NoError(t, f.DueNow(ctx))
			f.Cases = f.open(t) // a process that starts anew tells nothing again
			require.NoError(t, f.DueNow(ctx))
			require.Equal(t, append([]string{"case.opened"}, want...), f.events(t, "cases/"+id))
		}
		at("2026-03-09 12:11")
		near, breach := "case.near_breach", "case.breached"
		at("2026-03-09 12:12", near) // 3:12 of 4 hours
		at("2026-03-09 13:00", near)
		at("2026-03-09 13:01", near, breach)
		at("2026-03-10 11:31", near, breach, breach)
		at("2026-03-10 12:00", near, breach, breach)
		c, err := f.Get(ctx, id)
		require.NoError(t, err)
		require.Equal(t, "2026-03-09 13:00 breached; 2026-03-10 11:30 breached", due(t, &c.State, f.Now()))
		require.Zero(t, c.State.Next)
		require.Equal(t, "2026-03-09 13:00", shown(c.State.Due), "it is still to be done")
	})
}

func TestACaseWithoutAScheduleHasNoClocks(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	f.clock.set(local("2025-12-31 12:00"))
	id := f.opened(t, "c1")
	c, err := f.Get(t.Context(), id)
	require.NoError(t, err)
	require.Empty(t, c.State.Clocks)
	require.Zero(t, c.State.Version)
	require.NoError(t, f.DueNow(t.Context()))
	_, err = f.Resolve(t.Context(), as("anna"), id, "", Resolution{}, false)
	require.NoError(t, err)
}

func TestPreviewOfDueTimes(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	c, err := f.PreviewDue(time.Time{})
	require.NoError(t, err)
	require.Equal(t, "2026-03-09 13:00 running; 2026-03-10 11:30 running", due(t, &c, f.Now()))
	c, err = f.PreviewDue(local("2026-03-09 10:00"))
	require.NoError(t, err)
	require.Equal(t, "2026-03-09 14:00", shown(clockOf(t, &c, "first-reply").Due))
}

// What is foreseen runs in the hours that will be in force then.
func TestPreviewOfDueTimesByACalendarToCome(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	f.published.publish(t, strings.Replace(promise, "holidays: []", "holidays: ["+holiday+"]", 1), friday.Add(time.Minute))
	c, err := f.PreviewDue(friday.Add(time.Minute))
	require.NoError(t, err)
	require.Equal(t, "2026-03-10 13:01", shown(clockOf(t, &c, "first-reply").Due))
	c, err = f.PreviewDue(time.Time{})
	require.NoError(t, err)
	require.Equal(t, "2026-03-09 13:00", shown(clockOf(t, &c, "first-reply").Due))
}
