package meetings

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/services/board/charter"
)

func TestQuorumAtTheBeginningAndOfAnItem(t *testing.T) {
	opened := local("2026-03-12 16:00")
	minute := func(n int) time.Time { return opened.Add(time.Duration(n) * time.Minute) }
	for _, c := range []struct {
		name       string
		attendance []Attendance
		takenUp    time.Time
		recused    []string
		begin      Count
		item       Count
	}{
		{"nobody", nil, time.Time{}, nil, Count{opened, 2, 0, 0}, Count{opened, 2, 0, 0}},
		{"all the time", []Attendance{{Account: "a", Stays: []Stay{{}}}, {Account: "b", Stays: []Stay{{Remote: true}}}}, minute(30), nil,
			Count{opened, 2, 2, 0}, Count{minute(30), 2, 2, 0}},
		{"who is excused is not there", []Attendance{{Account: "a", Stays: []Stay{{}}}, {Account: "b", Excused: true}}, time.Time{}, nil,
			Count{opened, 2, 1, 0}, Count{opened, 2, 1, 0}},
		{"late", []Attendance{{Account: "a", Stays: []Stay{{From: minute(30)}}}}, minute(30), nil, Count{opened, 2, 0, 0}, Count{minute(30), 2, 1, 0}},
		{"gone", []Attendance{{Account: "a", Stays: []Stay{{To: minute(30)}}}}, minute(30), nil, Count{opened, 2, 1, 0}, Count{minute(30), 2, 0, 0}},
		{"back again", []Attendance{{Account: "a", Stays: []Stay{{To: minute(10)}, {From: minute(20)}}}}, minute(25), nil,
			Count{opened, 2, 1, 0}, Count{minute(25), 2, 1, 0}},
		{"recused", []Attendance{{Account: "a", Stays: []Stay{{}}}, {Account: "b", Stays: []Stay{{}}}}, minute(5), []string{"a", "c"},
			Count{opened, 2, 2, 0}, Count{minute(5), 2, 2, 1}},
		{"who is no member does not count", []Attendance{{Account: "z", Stays: []Stay{{}}}}, time.Time{}, []string{"z"},
			Count{opened, 2, 0, 0}, Count{opened, 2, 0, 0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := Meeting{Attendance: c.attendance, Roll: &Roll{Opened: opened, Needed: 2, Members: []RollMember{{Account: "a"}, {Account: "b"}, {Account: "c"}}}}
			item := Item{TakenUp: c.takenUp}
			for _, account := range c.recused {
				item.Recusals = append(item.Recusals, Recusal{Account: account})
			}
			require.Equal(t, c.begin, m.Quorum())
			require.Equal(t, c.item, m.ItemQuorum(item))
			require.Equal(t, c.item.Present-c.item.Recused >= 2, c.item.Met())
		})
	}
}

// A quorum agrees with one counted minute by minute from a table of who was there, and a
// recusal never makes one.
func TestR37QuorumAgreesWithATableOfMinutes(t *testing.T) {
	opened := local("2026-03-12 16:00")
	rapid.Check(t, func(t *rapid.T) {
		seats := rapid.IntRange(1, 8).Draw(t, "seats")
		rule := charter.Quorum{Percent: rapid.IntRange(1, 100).Draw(t, "percent")}
		m := Meeting{Roll: &Roll{Opened: opened, Filled: seats, Needed: rule.Of(seats)}}
		require.GreaterOrEqual(t, m.Roll.Needed*100, rule.Percent*seats)
		require.Less(t, (m.Roll.Needed-1)*100, rule.Percent*seats, "rounded up, and no more")
		at := rapid.IntRange(0, 59).Draw(t, "taken up")
		item := Item{ID: "i", TakenUp: opened.Add(time.Duration(at) * time.Minute)}
		present, counted := 0, 0
		for seat := range seats {
			account := fmt.Sprint("m", seat)
			there := rapid.SliceOfN(rapid.Bool(), 60, 60).Draw(t, account)
			m.Roll.Members = append(m.Roll.Members, RollMember{Account: account})
			m.Attendance = append(m.Attendance, Attendance{Account: account, Stays: staysOf(opened, there)})
			aside := rapid.Bool().Draw(t, account+" stands aside")
			if aside {
				item.Recusals = append(item.Recusals, Recusal{Account: account})
			}
			if there[at] {
				present++
			}
			if there[at] && !aside {
				counted++
			}
			require.Equal(t, there[at] && !aside, m.mayVote(account, item))
		}
		p := problems{}
		for _, a := range m.Attendance {
			m.checkStays(&p, "stays", a.Stays)
		}
		require.NoError(t, p.err())
		c := m.ItemQuorum(item)
		require.Equal(t, present, c.Present)
		require.Equal(t, counted, c.Counted())
		require.Equal(t, counted >= m.Roll.Needed, c.Met())
		without := item
		without.Recusals = nil
		require.True(t, !c.Met() || m.ItemQuorum(without).Met())
	})
}

// staysOf makes stays of the minutes of an hour in which somebody was there.
func staysOf(opened time.Time, there []bool) []Stay {
	var stays []Stay
	for minute := 0; minute < len(there); {
		if !there[minute] {
			minute++
			continue
		}
		end := minute + max(slices.Index(there[minute:], false), 0)
		s := Stay{}
		if minute > 0 {
			s.From = opened.Add(time.Duration(minute) * time.Minute)
		}
		if end == minute { // to the end
			return append(stays, s)
		}
		s.To = opened.Add(time.Duration(end) * time.Minute)
		stays = append(stays, s)
		minute = end
	}
	return stays
}
