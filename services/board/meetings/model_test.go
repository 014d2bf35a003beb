package meetings

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// Whatever is done to a meeting, in whatever order: its record agrees with itself.
func TestR37WhateverIsDoneTheRecordAgrees(t *testing.T) {
	f := onSQLite(t)
	number := 0
	rapid.Check(t, func(t *rapid.T) {
		f.clock.set(local("2026-03-01 09:00"))
		f.outbox.take()
		number++
		id := ID("advisory", fmt.Sprintf("m%d", number))
		_, err := f.Create(t.Context(), someone, "advisory", names.Last(id), Meeting{Start: local("2026-03-12 16:00"), Duration: time.Hour, Agenda: agenda}, false)
		require.NoError(t, err)
		m := &walk{f: f, id: id}
		m.agrees(t)
		if rapid.IntRange(0, 3).Draw(t, "begun") > 0 { // most walks begin where most can happen
			m.begin(t)
		}
		t.Repeat(map[string]func(*rapid.T){
			"invite": func(t *rapid.T) {
				f.boards.set(func(b *fakeBoards) { b.members = members(m.some(t, "members", accounts[:5])...) })
				m.do(t, func() error { _, err := f.InviteMembers(t.Context(), someone, id, "", false); return err })
			},
			"move": func(t *rapid.T) {
				at := local("2026-03-02 10:00").AddDate(0, 0, rapid.IntRange(0, 20).Draw(t, "day"))
				m.do(t, func() error {
					_, err := f.Move(t.Context(), someone, id, "", Move{Start: at, Reason: "r"}, false)
					return err
				})
			},
			"update": func(t *rapid.T) {
				place := rapid.SampledFrom([]string{"a", "b"}).Draw(t, "place")
				m.do(t, func() error { _, err := f.Update(t.Context(), someone, id, "", Patch{Place: &place}); return err })
			},
			"hold": func(t *rapid.T) {
				stored, err := f.Get(t.Context(), id)
				require.NoError(t, err)
				f.clock.set(stored.State.Start.Add(2 * time.Hour))
				m.do(t, func() error {
					_, err := f.Hold(t.Context(), someone, id, "", stored.State.Start, m.attendance(t, stored.State.Start))
					return err
				})
			},
			"attend": func(t *rapid.T) {
				stored, err := f.Get(t.Context(), id)
				require.NoError(t, err)
				m.do(t, func() error {
					_, err := f.RecordAttendance(t.Context(), someone, id, "", m.attendance(t, stored.State.Start))
					return err
				})
			},
			"take up": func(t *rapid.T) {
				stored, err := f.Get(t.Context(), id)
				require.NoError(t, err)
				at := stored.State.Start.Add(time.Duration(rapid.IntRange(0, 60).Draw(t, "minute")) * time.Minute)
				m.do(t, func() error { _, err := f.TakeUp(t.Context(), someone, id, "", m.item(t), at); return err })
			},
			"recuse": func(t *rapid.T) {
				m.do(t, func() error {
					_, err := f.Recuse(t.Context(), someone, id, "", m.item(t), Recusal{Account: m.account(t), Reason: "r"})
					return err
				})
			},
			"withdraw": func(t *rapid.T) {
				m.do(t, func() error {
					_, err := f.WithdrawRecusal(t.Context(), someone, id, "", m.item(t), m.account(t), "r")
					return err
				})
			},
			"decide": func(t *rapid.T) {
				d := Decision{Item: m.item(t), Text: "d", Outcome: rapid.SampledFrom([]Outcome{Adopted, Rejected, Noted}).Draw(t, "outcome")}
				if d.Outcome == Adopted {
					d.Owner, d.Due = "sam", day("2027-01-01")
				}
				for _, account := range m.some(t, "voters", accounts) {
					d.Votes = append(d.Votes, Vote{account, For})
				}
				m.do(t, func() error { _, err := f.Decide(t.Context(), someone, id, d); return err })
			},
			"minutes": func(t *rapid.T) {
				words := rapid.SampledFrom([]string{"x", "y"}).Draw(t, "words")
				m.do(t, func() error { _, err := f.RecordMinutes(t.Context(), someone, id, words, ""); return err })
			},
			"close": func(t *rapid.T) {
				m.do(t, func() error { _, err := f.Close(t.Context(), someone, id, "", time.Time{}); return err })
			},
			"cancel": func(t *rapid.T) {
				if rapid.IntRange(0, 9).Draw(t, "seldom") == 0 {
					m.do(t, func() error {
						_, err := f.Cancel(t.Context(), someone, id, "", Cancellation{Reason: "r"}, false)
						return err
					})
				}
			},
			"": m.agrees,
		})
	})
	require.Zero(t, f.outbox.repeated, "nothing was handed over twice")
}

var accounts = []string{"ash", "birch", "cedar", "dogwood", "elm", "zoe"}

// walk is a random walk of a meeting.
type walk struct {
	f    *fixture
	id   string
	last Meeting
}

// do does something that is refused, if at all, with a reason.
func (w *walk) do(t *rapid.T, what func() error) {
	var told *fault.Error
	if err := what(); err != nil {
		require.True(t, errors.As(err, &told), "%v", err)
	}
}

// begin holds the meeting, with a decision that members voted on.
func (w *walk) begin(t *rapid.T) {
	w.f.boards.set(func(b *fakeBoards) { b.members = members(accounts[:5]...) })
	_, err := w.f.InviteMembers(t.Context(), someone, w.id, "", false)
	require.NoError(t, err)
	w.f.clock.set(local("2026-03-12 18:00"))
	var there []Attendance
	for _, account := range accounts[:3] {
		there = append(there, Attendance{Account: account, Stays: []Stay{{}}})
	}
	_, err = w.f.Hold(t.Context(), someone, w.id, "", local("2026-03-12 16:00"), there)
	require.NoError(t, err)
	_, err = w.f.Decide(t.Context(), someone, w.id, Decision{Item: "prices", Text: "d", Outcome: Adopted, Owner: "sam", Due: day("2027-01-01"),
		Votes: []Vote{{"ash", For}, {"birch", For}}})
	require.NoError(t, err)
}

func (w *walk) some(t *rapid.T, label string, of []string) []string {
	return rapid.SliceOfNDistinct(rapid.SampledFrom(of), 0, len(of), rapid.ID[string]).Draw(t, label)
}

func (w *walk) item(t *rapid.T) string {
	return rapid.SampledFrom([]string{"1", "prices", "2"}).Draw(t, "item")
}

func (w *walk) account(t *rapid.T) string { return rapid.SampledFrom(accounts).Draw(t, "account") }

func (w *walk) attendance(t *rapid.T, opened time.Time) []Attendance {
	var list []Attendance
	for _, account := range w.some(t, "there", accounts) {
		a := Attendance{Account: account}
		switch rapid.IntRange(0, 3).Draw(t, "how") {
		case 0:
			a.Stays = []Stay{{}}
		case 1:
			a.Stays = []Stay{{To: opened.Add(30 * time.Minute)}}
		case 2:
			a.Stays = []Stay{{From: opened.Add(20 * time.Minute)}}
		}
		list = append(list, a)
	}
	return list
}

// agrees wants the record to agree with itself, and with what it was.
func (w *walk) agrees(t *rapid.T) {
	stored, err := w.f.Get(t.Context(), w.id)
	require.NoError(t, err)
	m := stored.State
	for _, d := range m.Decisions {
		require.Empty(t, m.objection(d), "a decision does not stand")
		item := m.item(d.Item)
		require.True(t, !needsQuorum(d.Outcome) || m.ItemQuorum(*item).Met())
		for _, v := range d.Votes {
			require.True(t, m.onRoll(v.Account) && !recused(item.Recusals, v.Account))
		}
		require.Equal(t, d.Outcome == Adopted, d.Owner != "" && d.Due != nil && d.Status == Open)
	}
	for _, a := range m.Attendance {
		require.True(t, m.onRoll(a.Account))
	}
	for _, i := range m.Invitations {
		told := map[Notice]bool{}
		for _, n := range i.Notices {
			require.False(t, n.Sent.IsZero(), "it was handed over at once")
			n.Sent = time.Time{}
			require.False(t, told[n] && n.Kind == Change, "the same change was told twice")
			told[n] = true
		}
	}
	require.False(t, m.Unsent)
	require.Equal(t, m.State == Held || m.State == Minuted, m.Roll != nil)
	require.True(t, m.State != Minuted || len(m.Minutes) > 0)
	if w.last.State != "" {
		require.GreaterOrEqual(t, m.Sequence, w.last.Sequence)
		shown := !m.Start.Equal(w.last.Start) || m.Place != w.last.Place || m.State == Cancelled && w.last.State != Cancelled
		require.True(t, !shown || m.Sequence > w.last.Sequence, "calendars would not see the change")
		require.True(t, w.last.Roll == nil || m.Start.Equal(w.last.Start), "what is held cannot be moved")
		require.GreaterOrEqual(t, len(m.Minutes), len(w.last.Minutes))
	}
	w.last = m
}
