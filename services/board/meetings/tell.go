package meetings

import (
	"maps"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// told is what followers see of a meeting with each change, for good: where it stands,
// what is on the agenda, who answered and came, and what was decided. What people wrote
// about each other, as comments and reasons, and the papers are none of it.
type told struct {
	Board    string        `bson:"board"`
	Title    string        `bson:"title,omitempty"`
	State    State         `bson:"state"`
	Start    time.Time     `bson:"start"`
	Zone     string        `bson:"zone"`
	Duration time.Duration `bson:"duration"`
	Sequence int           `bson:"sequence"`
	// Occurrence and Moved are those of the meeting.
	Occurrence string     `bson:"occurrence,omitempty"`
	Moved      bool       `bson:"moved,omitempty"`
	Agenda     []toldItem `bson:"agenda,omitempty"`
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

	resource.Times `bson:",inline"`
}

// toldItem is what followers see of an item: not what is to be spoken about.
type toldItem struct {
	ID      string    `bson:"id"`
	Kind    ItemKind  `bson:"kind"`
	TakenUp time.Time `bson:"taken_up,omitempty"`
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
		Occurrence: m.Occurrence, Moved: m.Moved,
		Minutes: len(m.Minutes), Approval: m.Approval, Ended: m.Ended, Times: m.Times}
	for _, i := range m.Invitations {
		if !i.Withdrawn {
			t.Answers[i.Account] = i.Answer
		}
	}
	for _, a := range m.Attendance {
		t.Attendance[a.Account] = a.Stays
	}
	for _, item := range m.Agenda {
		t.Agenda = append(t.Agenda, toldItem{item.ID, item.Kind, item.TakenUp})
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

// ReadTold reads what an event tells of a meeting: one with only what followers see.
func ReadTold(data bson.Raw) (Meeting, error) {
	var t told
	if err := bson.Unmarshal(data, &t); err != nil {
		return Meeting{}, err
	}
	m := Meeting{Board: t.Board, Title: t.Title, State: t.State, Start: t.Start, Zone: t.Zone, Duration: t.Duration, Sequence: t.Sequence,
		Occurrence: t.Occurrence, Moved: t.Moved, Approval: t.Approval, Ended: t.Ended, Times: t.Times}
	for _, item := range t.Agenda {
		told := Item{ID: item.ID, Kind: item.Kind, TakenUp: item.TakenUp}
		for _, account := range t.Recused[item.ID] {
			told.Recusals = append(told.Recusals, Recusal{Account: account})
		}
		m.Agenda = append(m.Agenda, told)
	}
	for _, account := range slices.Sorted(maps.Keys(t.Answers)) {
		m.Invitations = append(m.Invitations, Invitation{Account: account, Answer: t.Answers[account]})
	}
	for _, account := range slices.Sorted(maps.Keys(t.Attendance)) {
		m.Attendance = append(m.Attendance, Attendance{Account: account, Stays: t.Attendance[account]})
	}
	for _, d := range t.Decisions {
		m.Decisions = append(m.Decisions,
			Decision{ID: d.ID, Item: d.Item, Outcome: d.Outcome, Tally: d.Tally, Owner: d.Owner, Due: d.Due, Status: d.Status})
	}
	if t.Minutes > 0 {
		m.Minutes = make([]Version, t.Minutes)
		m.Minutes[t.Minutes-1].Digest = t.Digest
	}
	return m, nil
}
