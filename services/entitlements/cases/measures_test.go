package cases

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/fault"
)

// measuresOf are the measures of all cases, by id.
func (f *fixture) measuresOf(t testing.TB, asOf time.Time) map[string]Measure {
	t.Helper()
	found := map[string]Measure{}
	for m, err := range f.Measures(t.Context(), local("2020-01-01 00:00"), local("2030-01-01 00:00"), asOf) {
		require.NoError(t, err)
		found[m.ID] = m
	}
	return found
}

func TestR24WhatAnAuditReads(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		id := f.opened(t, "c1")
		f.opened(t, "c2")
		f.clock.set(local("2026-03-09 10:30"))
		_, err := f.Reply(ctx, as("anna"), id, "", "")
		require.NoError(t, err)
		value := int64(2500)
		f.clock.set(local("2026-03-09 11:30"))
		_, err = f.Resolve(ctx, as("ben"), id, "", Resolution{Remedy: Remedy{ID: "voucher", Value: &value, Currency: "USD"}, Attestations: kept}, false)
		require.NoError(t, err)

		base := Measure{ID: id, Account: "acme", Issue: "late-delivery", Channel: "email", Role: "service-agent", Opened: friday,
			Remedy: "voucher", Value: 2500, HasValue: true}
		want := base
		want.FirstReply, want.Resolution, want.BreachKnown = 90*time.Minute, 150*time.Minute, true
		later := local("2026-03-09 15:00")
		found := f.measuresOf(t, later)
		require.Equal(t, want, found[id])
		open := Measure{ID: "acme/cases/c2", Account: "acme", Issue: "late-delivery", Channel: "email", Opened: friday,
			FirstReply: 6 * time.Hour, FirstReplyOpen: true, Resolution: 6 * time.Hour, ResolutionOpen: true, Breached: true, BreachKnown: true}
		require.Equal(t, open, found[open.ID])

		// As of an earlier instant both were open, and whether a clock is breached was not known.
		found = f.measuresOf(t, local("2026-03-09 09:30"))
		want = base
		want.FirstReply, want.Resolution, want.FirstReplyOpen, want.ResolutionOpen = 30*time.Minute, 30*time.Minute, true, true
		require.Equal(t, want, found[id])
		require.False(t, found[open.ID].BreachKnown)
	})
}

func TestACaseOfThePastIsTakenOverAsItWas(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	value := int64(100)
	base := Past{ID: "old", External: "4711", Account: "acme", Issue: "noise", Channel: "phone", Role: "engineer",
		Opened: local("2026-02-02 10:00"), FirstReply: local("2026-02-02 15:00"), Resolved: local("2026-02-03 10:00"),
		Remedy: "refund", Value: &value, Currency: "USD"}
	insert := func(p Past) Case {
		t.Helper()
		id, c, err := f.Case(p, as("anna").actor())
		require.NoError(t, err)
		failed, err := f.CreateMany(t.Context(), as("anna").Call, []string{id}, []Case{c})
		require.NoError(t, err)
		require.Empty(t, failed)
		return c
	}
	c := insert(base)
	require.True(t, c.Imported)
	require.Equal(t, Resolved, c.State)
	require.Equal(t, "2026-02-02 14:00 breached; 2026-02-03 12:30 met", due(t, &c, f.Now()))
	require.Equal(t, "principals/anna", c.History[0].By.Principal)

	quiet := base
	quiet.ID, quiet.Resolved, quiet.Remedy, quiet.Value = "quiet", time.Time{}, "", nil
	c = insert(quiet)
	require.Equal(t, Open, c.State)
	require.NoError(t, f.DueNow(t.Context()))
	require.Equal(t, []string{"case.imported"}, f.events(t, "cases/acme/cases/quiet"), "what was due before it came here is not told")

	before := base
	before.ID, before.Opened, before.FirstReply = "before", local("2025-06-02 10:00"), time.Time{}
	c = insert(before)
	require.Empty(t, c.Clocks)

	found, err := f.FindPrecedents(t.Context(), "noise", nil, "")
	require.NoError(t, err)
	require.Equal(t, 2, found.Count)
	measured := f.measuresOf(t, f.Now())
	require.Equal(t, Measure{ID: "acme/cases/old", Account: "acme", Issue: "noise", Channel: "phone", Role: "engineer", Opened: base.Opened,
		FirstReply: 5 * time.Hour, Resolution: 7*time.Hour + 30*time.Minute, Breached: true, BreachKnown: true,
		Remedy: "refund", Value: 100, HasValue: true}, measured["acme/cases/old"])
	require.False(t, measured["acme/cases/before"].FirstReplyOpen)
	require.Equal(t, measured["acme/cases/before"].Resolution, measured["acme/cases/before"].FirstReply, "a resolution is a reply")
	require.False(t, measured["acme/cases/before"].BreachKnown)
	require.Equal(t, local("2026-02-03 10:00").Sub(before.Opened), measured["acme/cases/before"].Resolution, "elapsed time, where no clock measures it")

	for want, change := range map[string]func(*Past){
		"opened":       func(p *Past) { p.Opened = time.Time{} },
		"first_reply":  func(p *Past) { p.FirstReply = p.Opened.Add(-time.Second) },
		"resolved":     func(p *Past) { p.Resolved = p.Opened.Add(-time.Second) },
		"staff_role":   func(p *Past) { p.Role = "An Engineer" },
		"remedy_value": func(p *Past) { p.Remedy = "" },
		"issue":        func(p *Past) { p.Issue = "" },
	} {
		wrong := base
		change(&wrong)
		_, _, err := f.Case(wrong, Actor{})
		wantReason(t, err, fault.ReasonInvalidArgument, want)
	}
}

// When the first reply came to a case that was resolved elsewhere, where replies were not
// recorded, stays unknown: what is replied here after a reopening is not the first.
func TestAReplyAfterAReopeningIsNotTheFirst(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.published.publish(t, strings.Replace(promise, "benefits:",
			"  - {id: again, promise: Who comes back is answered., clock: {from: reopened, to: first_reply, within: 2h, calendar: office}}\nbenefits:", 1),
			local("2026-02-01 00:00"))
		id, past, err := f.Case(Past{ID: "old", Account: "acme", Issue: "noise", Channel: "phone", Role: "engineer",
			Opened: local("2026-02-02 10:00"), Resolved: local("2026-02-03 10:00"), Unrecorded: Unrecorded{Replies: true}}, as("anna").actor())
		require.NoError(t, err)
		_, err = f.CreateMany(ctx, as("anna").Call, []string{id}, []Case{past})
		require.NoError(t, err)
		_, err = f.Reopen(ctx, as("anna"), id, "", "It did not last.")
		require.NoError(t, err)
		_, err = f.Wait(ctx, as("anna"), id, "", "")
		wantReason(t, err, ReasonCaseState, "no reply since one was promised anew")

		f.clock.set(local("2026-03-09 10:00"))
		c, err := f.Reply(ctx, as("ben"), id, "", "")
		require.NoError(t, err)
		require.Equal(t, f.Now(), clockOf(t, &c.State, "again").Stopped)
		require.Zero(t, c.State.FirstReply)
		c, err = f.Wait(ctx, as("ben"), id, "", "")
		require.NoError(t, err, "the customer was written to")
		require.Equal(t, Waiting, c.State.State)
		c, err = f.Resolve(ctx, as("ben"), id, "", Resolution{Attestations: kept}, false)
		require.NoError(t, err)
		require.Zero(t, c.State.FirstReply)
		require.Equal(t, Unrecorded{Replies: true}, f.measuresOf(t, f.Now())[id].Unknown)
	})
}

func TestMeasuresComeBackAsTheyWereKept(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text, number := rapid.StringN(0, 20, 60), rapid.Int64()
		m := measured{issue: text.Draw(t, "issue"), channel: text.Draw(t, "channel"), role: text.Draw(t, "role"), remedy: text.Draw(t, "remedy"),
			replyCalendar: noCalendar, solveCalendar: text.Draw(t, "calendar"), version: rapid.IntRange(0, 1000).Draw(t, "version"),
			opened: number.Draw(t, "opened"), replied: number.Draw(t, "replied"), resolved: number.Draw(t, "resolved"),
			breached: number.Draw(t, "breached"), known: number.Draw(t, "known"), value: number.Draw(t, "value"),
			escalated: rapid.Bool().Draw(t, "escalated"), reopened: rapid.Bool().Draw(t, "reopened"), hasValue: rapid.Bool().Draw(t, "has value")}
		for range rapid.IntRange(0, 3).Draw(t, "pauses") {
			m.pauses = append(m.pauses, Pause{From: time.UnixMilli(rapid.Int64Range(1, 1e13).Draw(t, "from")), To: time.UnixMilli(rapid.Int64Range(1, 1e13).Draw(t, "to"))})
		}
		b := m.encode()
		var back measured
		if err := back.decode(b, words{}); err != nil {
			t.Fatal(err)
		}
		if fmt.Sprintf("%+v", m) != fmt.Sprintf("%+v", back) {
			t.Fatalf("%+v came back as %+v", m, back)
		}
		if err := new(measured).decode(b[:rapid.IntRange(0, len(b)-1).Draw(t, "cut")], words{}); err == nil {
			t.Fatal("what is cut off is read")
		}
	})
}

// Whatever is done to a case, in whatever order: its record agrees with itself.
func TestR13WhateverIsDoneTheRecordAgrees(t *testing.T) {
	edition, err := newEdition(Version{Number: 1, InForce: friday, Schedule: parse(t, promise)})
	require.NoError(t, err)
	r := &Reckoning{hours: edition.hours, always: edition.always, edition: 1, near: 0.8}
	rapid.Check(t, func(t *rapid.T) {
		at := friday.Add(time.Duration(rapid.IntRange(0, 20_000).Draw(t, "opened")) * time.Minute)
		next := func() turn {
			at = at.Add(time.Duration(rapid.IntRange(0, 3000).Draw(t, "minutes")) * time.Minute)
			return turn{name: "accounts/acme/cases/c1", by: Actor{"principals/anna", "service-agent"}, at: at, commitments: edition.Schedule.Commitments, reckoning: r}
		}
		c := &Case{Account: "acme", Issue: "late", Channel: "email"}
		next().open(c, 1)
		breaches := 0
		act := func(do func(turn) error) func(*rapid.T) {
			return func(t *rapid.T) {
				before := *c
				if err := do(next().on(c)); err != nil {
					require.Equal(t, before.History, c.History)
					*c = before
				}
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"reply":    act(func(t turn) error { return t.reply(c, "") }),
			"wait":     act(func(t turn) error { return t.wait(c, "") }),
			"answered": act(func(t turn) error { return t.answered(c, "") }),
			"assign":   act(func(t turn) error { return t.assign(c, "ben") }),
			"escalate": act(func(t turn) error { return t.escalate(c, Path{Accountable: "anna", Within: time.Hour}, "why") }),
			"resolve":  act(func(t turn) error { return t.resolve(c, Resolution{Attestations: kept}) }),
			"reopen":   act(func(t turn) error { return t.reopen(c, "why") }),
			"look": func(*rapid.T) {
				for what, i := c.nextToTell(at); what != ""; what, i = c.nextToTell(at) {
					require.False(t, c.Next.IsZero() || c.Next.After(at), "who looks for what is due finds it")
					c.tell(what, i, at)
				}
				require.False(t, !c.Next.IsZero() && c.Next.Before(at), "all is told")
				for _, k := range c.Clocks {
					require.Equal(t, k.Breached(at), k.BreachTold, "of every breach, and of nothing else")
				}
			},
			"": func(t *rapid.T) {
				agrees(t, c, edition, at)
				now := 0
				for _, k := range c.Clocks {
					if k.Breached(at) {
						now++
					}
				}
				require.GreaterOrEqual(t, now, breaches, "a breach does not heal")
				breaches = now
			},
		})
	})
}

// agrees says whether a case agrees with itself at an instant.
func agrees(t *rapid.T, c *Case, e *edition, at time.Time) {
	open := 0
	for i := range c.Clocks {
		k := &c.Clocks[i]
		if k.open() {
			open++
			require.NotEqual(t, Resolved, c.State, "no clock runs on when a case is resolved")
			if c.State == Waiting { // what was due before stays due
				require.True(t, k.Due.IsZero() || !at.Before(k.Due))
			} else {
				require.False(t, k.Due.IsZero())
			}
		}
		hours := e.hours[k.Calendar]
		if hours == nil {
			hours = e.always
		}
		if !k.open() && !k.Due.IsZero() {
			spent := hours.Between(k.Started, k.Stopped, c.pauses())
			require.Equal(t, spent > k.Within, k.Breached(at) && hours.Between(k.Due, k.Stopped, c.pauses()) > 0, "%v of %v", spent, k.Within)
		}
	}
	require.Equal(t, c.State == Resolved, open == 0 || c.State == Resolved)
	require.Equal(t, c.State == Resolved, c.Precedent != "")
	require.False(t, c.State != Resolved && c.Edition == 0)
	last := len(c.Pauses) - 1
	require.Equal(t, c.State == Waiting, last >= 0 && c.Pauses[last].To.IsZero())
	var m measured
	require.NoError(t, m.decode(c.Measured, words{}))
	require.Equal(t, milli(c.FirstReply), m.replied)
}
