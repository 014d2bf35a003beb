package meetings

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Suggestion is a member that should stand aside from an item.
type Suggestion struct {
	// Item is the id of the item, Member that of the member's account, and Concerned that
	// of the account that the item concerns.
	Item, Member, Concerned string
	Reason                  string
	// Finding is the id of the finding that it follows from, or empty.
	Finding string
	// Recorded says that the recusal is recorded already.
	Recorded bool
}

// SuggestRecusals proposes who should stand aside from which item, in the order of the
// agenda, then by account: a member that the item concerns, and one in conflict with an
// account that it concerns. Of several reasons it gives each. NOT_FOUND.
func (s *Meetings) SuggestRecusals(ctx context.Context, id string) ([]Suggestion, error) {
	stored, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	m := &stored.State
	members, err := s.membersOf(ctx, m)
	if err != nil || len(members) == 0 {
		return nil, err
	}
	var concerned []string
	for _, item := range m.Agenda {
		concerned = append(concerned, item.Concerns...)
	}
	slices.Sort(concerned)
	concerned = slices.Compact(concerned)
	if len(concerned) == 0 {
		return nil, nil
	}
	conflicts, err := s.boards.Conflicts(ctx, m.Board, m.opened(), members, concerned)
	if err != nil {
		return nil, err
	}
	var list []Suggestion
	for _, item := range m.Agenda {
		list = append(list, suggest(item, members, conflicts)...)
	}
	return list, nil
}

func suggest(item Item, members []string, conflicts []Conflict) []Suggestion {
	var list []Suggestion
	for _, account := range item.Concerns {
		if slices.Contains(members, account) {
			list = append(list, Suggestion{Item: item.ID, Member: account, Concerned: account, Reason: "the item concerns it",
				Recorded: recused(item.Recusals, account)})
		}
	}
	for _, c := range conflicts {
		if c.Member != c.With && slices.Contains(members, c.Member) && slices.Contains(item.Concerns, c.With) {
			list = append(list, Suggestion{Item: item.ID, Member: c.Member, Concerned: c.With, Reason: c.Reason, Finding: c.Finding,
				Recorded: recused(item.Recusals, c.Member)})
		}
	}
	slices.SortFunc(list, func(a, b Suggestion) int {
		return cmp.Or(cmp.Compare(a.Member, b.Member), cmp.Compare(a.Concerned, b.Concerned), cmp.Compare(a.Reason, b.Reason))
	})
	return list
}

// membersOf returns the ids of the members of a meeting: of its roll, or else of the
// board when it is to begin.
func (s *Meetings) membersOf(ctx context.Context, m *Meeting) ([]string, error) {
	var ids []string
	if m.Roll != nil {
		for _, member := range m.Roll.Members {
			ids = append(ids, member.Account)
		}
		return ids, nil
	}
	members, err := s.boards.Members(ctx, m.Board, m.Start)
	for _, member := range members {
		ids = append(ids, member.Account)
	}
	return ids, err
}

// Recuse records that a member stands aside from an item; the recusal's time and recorder
// are set here. NOT_FOUND, STALE_ETAG, INVALID_ARGUMENT, MEETING_STATE where the meeting
// is minuted or cancelled.
func (s *Meetings) Recuse(ctx context.Context, call resource.Call, id, etag, item string, r Recusal) (resource.Stored[Meeting], error) {
	if earlier, known, err := s.table.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	before, err := s.Get(ctx, id)
	if err != nil {
		return before, err
	}
	members, err := s.membersOf(ctx, &before.State)
	if err != nil {
		return before, err
	}
	if err := s.hasFinding(ctx, before.State.Board, r.Finding); err != nil {
		return before, err
	}
	r.At, r.By = s.now(), call.Principal
	return s.change(ctx, call, id, etag, "meeting.recused", func(m *Meeting) error {
		if err := m.wants(Name(id), "recusals are recorded", Planned, Invited, Held); err != nil {
			return err
		}
		found := m.item(item)
		switch {
		case found == nil:
			return m.noItem("agenda_item", item)
		case m.Roll != nil && !m.onRoll(r.Account), m.Roll == nil && !slices.Contains(members, r.Account):
			return fault.Invalid("account", "accounts/%s holds no seat at %s", r.Account, Name(id))
		case r.Reason == "":
			return fault.Invalid("reason", "is needed")
		case len(found.Recusals) >= maxRecusals:
			return fault.Invalid("agenda_item", "item %s has %d recusals, which is the most", item, maxRecusals)
		case recused(found.Recusals, r.Account):
			return fault.Invalid("account", "accounts/%s stands aside from item %s already", r.Account, item)
		}
		m.setItem(item, func(i *Item) { i.Recusals = append(i.Recusals[:len(i.Recusals):len(i.Recusals)], r) })
		return m.keepsDecisions(Name(id), "account")
	})
}

// hasFinding wants the finding that a recusal follows from, where there is one, to be
// one of the board.
func (s *Meetings) hasFinding(ctx context.Context, board, finding string) error {
	if finding == "" {
		return nil
	}
	there, err := s.boards.HasFinding(ctx, board, finding)
	if err != nil {
		return fmt.Errorf("look up finding %s of boards/%s: %w", finding, board, err)
	}
	if !there {
		return fault.Invalid("finding", "boards/%s/findings/%s does not exist", board, finding)
	}
	return nil
}

// WithdrawRecusal takes the recording of a recusal back; that it was recorded stays.
// NOT_FOUND, also where none stands; STALE_ETAG; INVALID_ARGUMENT; MEETING_STATE where
// the meeting is minuted or cancelled.
func (s *Meetings) WithdrawRecusal(ctx context.Context, call resource.Call, id, etag, item, account, reason string) (resource.Stored[Meeting], error) {
	back := Withdrawal{Reason: reason, At: s.now(), By: call.Principal}
	return s.change(ctx, call, id, etag, "meeting.recusal_withdrawn", func(m *Meeting) error {
		if err := m.wants(Name(id), "recusals are withdrawn", Planned, Invited, Held); err != nil {
			return err
		}
		found := m.item(item)
		if found == nil {
			return m.noItem("agenda_item", item)
		}
		at := slices.IndexFunc(found.Recusals, func(r Recusal) bool { return r.Account == account && r.Withdrawn == nil })
		if at < 0 {
			return fault.New(fault.NotFound, fault.ReasonNotFound, "accounts/%s does not stand aside from item %s of %s.", account, item, Name(id)).
				WithResource(meetingType, Name(id))
		}
		m.setItem(item, func(i *Item) {
			i.Recusals = slices.Clone(i.Recusals)
			i.Recusals[at].Withdrawn = &back
		})
		return nil
	})
}
