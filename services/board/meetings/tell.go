package meetings

import (
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// told is what followers see of a meeting with each change, for good: where it stands,
// who answered and came, and what was decided. What people wrote about each other, as
// comments and reasons, and the papers are none of it.
type told struct {
	Board    string        `bson:"board"`
	Title    string        `bson:"title,omitempty"`
	State    State         `bson:"state"`
	Start    time.Time     `bson:"start"`
	Zone     string        `bson:"zone"`
	Duration time.Duration `bson:"duration"`
	Sequence int           `bson:"sequence"`
	// Answers and Stays are by the ids of accounts; who was absent has no stays.
	Answers    map[string]Answer `bson:"answers,omitempty"`
	Attendance map[string][]Stay `bson:"attendance,omitempty"`
	// Recused are the ids of the accounts that stand aside, by item.
	Recused map[string][]string `bson:"recused,omitempty"`
	// Needed is how many members the quorum wants, once the meeting is held.
	Needed    int            `bson:"needed,omitempty"`
	Decisions []toldDecision `bson:"decisions,omitempty"`
	// Minutes is how many versions of the minutes there are, Digest the last one's.
	Minutes  int       `bson:"minutes,omitempty"`
	Digest   string    `bson:"digest,omitempty"`
	Approval *Approval `bson:"approval,omitempty"`
	Ended    time.Time `bson:"ended,omitempty"`
}

// toldDecision is what followers see of a decision: not who voted how.
type toldDecision struct {
	ID      string     `bson:"id"`
	Item    string     `bson:"item"`
	Outcome Outcome    `bson:"outcome"`
	Tally   *Tally     `bson:"tally,omitempty"`
	Owner   string     `bson:"owner,omitempty"`
	Due     *civil.Day `bson:"due,omitempty"`
	Status  Status     `bson:"status,omitempty"`
}

func tell(m Meeting) any {
	t := told{Board: m.Board, Title: m.Title, State: m.State, Start: m.Start, Zone: m.Zone, Duration: m.Duration, Sequence: m.Sequence,
		Answers: map[string]Answer{}, Attendance: map[string][]Stay{}, Recused: map[string][]string{},
		Minutes: len(m.Minutes), Approval: m.Approval, Ended: m.Ended}
	for _, i := range m.Invitations {
		if !i.Withdrawn {
			t.Answers[i.Account] = i.Answer
		}
	}
	for _, a := range m.Attendance {
		t.Attendance[a.Account] = a.Stays
	}
	for _, item := range m.Agenda {
		for _, r := range item.Recusals {
			if r.Withdrawn == nil {
				t.Recused[item.ID] = append(t.Recused[item.ID], r.Account)
			}
		}
	}
	if m.Roll != nil {
		t.Needed = m.Roll.Needed
	}
	for _, d := range m.Decisions {
		t.Decisions = append(t.Decisions, toldDecision{d.ID, d.Item, d.Outcome, d.Tally, d.Owner, d.Due, d.Status})
	}
	if t.Minutes > 0 {
		t.Digest = m.Minutes[t.Minutes-1].Digest
	}
	return t
}
