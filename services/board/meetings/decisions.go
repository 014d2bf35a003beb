package meetings

import (
	"context"
	"errors"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// FollowedUp is a decision with the meeting it is of.
type FollowedUp struct {
	// Meeting is the meeting's id, and Etag its etag.
	Meeting, Etag string
	Decision
	// Late says that the decision is overdue, in the meeting's zone.
	Late bool
}

// Name is the decision's resource name.
func (d FollowedUp) Name() string { return decisionName(Name(d.Meeting), d.ID) }

func decisionName(meeting, id string) string { return meeting + "/decisions/" + id }

func (s *Meetings) followedUp(m resource.Stored[Meeting], d Decision) FollowedUp {
	return FollowedUp{Meeting: m.ID, Etag: m.Etag(), Decision: d, Late: d.Overdue(s.Today(&m.State))}
}

// Today is the day it is in a meeting's zone.
func (s *Meetings) Today(m *Meeting) civil.Day { return m.zone().DayOf(s.now()) }

// GetDecision returns a decision of a meeting, or NOT_FOUND.
func (s *Meetings) GetDecision(ctx context.Context, meeting, id string) (FollowedUp, error) {
	m, err := s.Get(ctx, meeting)
	if err != nil {
		return FollowedUp{}, err
	}
	at := m.State.decision(id)
	if at < 0 {
		return FollowedUp{}, noDecision(meeting, id)
	}
	return s.followedUp(m, m.State.Decisions[at]), nil
}

func noDecision(meeting, id string) error {
	return fault.Missing(decisionType, decisionName(Name(meeting), id))
}

// Decide records a decision of a meeting: NOT_FOUND, INVALID_ARGUMENT, MEETING_STATE
// unless the meeting is held, NO_QUORUM.
func (s *Meetings) Decide(ctx context.Context, call resource.Call, meeting string, d Decision) (FollowedUp, error) {
	if err := s.checkOwner(ctx, d.Owner); err != nil {
		return FollowedUp{}, err
	}
	stored, err := s.change(ctx, call, meeting, "", "meeting.decision_recorded", func(m *Meeting) error {
		if err := m.wants(Name(meeting), "decisions are recorded", Held); err != nil {
			return err
		}
		if len(m.Decisions) >= maxDecisions {
			return fault.Invalid("parent", "%s has %d decisions, which is the most", Name(meeting), maxDecisions)
		}
		next := d
		next.ID = m.nextDecision()
		next.settle()
		if err := m.checkDecision(Name(meeting), next); err != nil {
			return err
		}
		m.Decisions = append(m.Decisions[:len(m.Decisions):len(m.Decisions)], next)
		return nil
	})
	if err != nil {
		return FollowedUp{}, err
	}
	return s.followedUp(stored, stored.State.recordedLast(d)), nil
}

// recordedLast returns the last decision that was recorded with a text about an item: a
// retry comes when there may be others.
func (m *Meeting) recordedLast(d Decision) Decision {
	for _, known := range slices.Backward(m.Decisions) {
		if known.Item == d.Item && known.Text == d.Text {
			return known
		}
	}
	return m.Decisions[len(m.Decisions)-1]
}

// UpdateDecision changes a decision: all of it while the meeting is held, and owner and
// due date, while it is to be done, also when it is minuted. NOT_FOUND, STALE_ETAG,
// INVALID_ARGUMENT, MEETING_STATE, DECISION_STATE, NO_QUORUM.
func (s *Meetings) UpdateDecision(ctx context.Context, call resource.Call, meeting, id, etag string, p DecisionPatch) (FollowedUp, error) {
	if p.Owner != nil {
		if err := s.checkOwner(ctx, *p.Owner); err != nil {
			return FollowedUp{}, err
		}
	}
	return s.changeDecision(ctx, call, meeting, id, etag, "meeting.decision_updated", func(m *Meeting, d *Decision) error {
		if !p.onlyFollowUp() {
			if err := m.wants(Name(meeting), "what it decided is changed", Held); err != nil {
				return err
			}
		} else if m.State == Minuted && d.Status != Open {
			return decisionState(meeting, *d, "its owner and due date are changed", Open)
		}
		p.apply(d)
		d.settle()
		return m.checkDecision(Name(meeting), *d)
	})
}

// checkOwner wants the owner of a decision, where it has one, to be a principal.
func (s *Meetings) checkOwner(ctx context.Context, owner string) error {
	if owner == "" {
		return nil
	}
	err := s.boards.Principal(ctx, owner)
	if errors.Is(err, resource.ErrNotFound) {
		return fault.Invalid("decision.owner", "principals/%s does not exist: name a principal that does", owner)
	}
	return err
}

// Turn is a change of a decision's status, and why.
type Turn struct {
	To     Status
	Reason string
}

// TurnDecision completes or drops a decision that is open, or reopens one that is not:
// NOT_FOUND, STALE_ETAG, INVALID_ARGUMENT, DECISION_STATE.
func (s *Meetings) TurnDecision(ctx context.Context, call resource.Call, meeting, id, etag string, t Turn) (FollowedUp, error) {
	events := map[Status]string{Open: "meeting.decision_reopened", Done: "meeting.decision_completed", Dropped: "meeting.decision_dropped"}
	return s.changeDecision(ctx, call, meeting, id, etag, events[t.To], func(_ *Meeting, d *Decision) error {
		switch {
		case t.Reason == "":
			return fault.Invalid("reason", "is needed")
		case t.To == Open && d.Status != Done && d.Status != Dropped:
			return decisionState(meeting, *d, "it is reopened", Done, Dropped)
		case t.To != Open && d.Status != Open:
			return decisionState(meeting, *d, "it is done or dropped", Open)
		}
		d.Status, d.Note, d.At = t.To, t.Reason, s.now()
		return nil
	})
}

func decisionState(meeting string, d Decision, what string, states ...Status) error {
	name := decisionName(Name(meeting), d.ID)
	is := "is " + string(d.Status)
	if d.Status == "" {
		is = "was not adopted"
	}
	wanted := string(states[0])
	for _, s := range states[1:] {
		wanted += " or " + string(s)
	}
	return fault.Precondition(ReasonDecisionState, name, "%s %s, and %s only while it is %s.", name, is, what, wanted).WithResource(decisionType, name)
}

func (s *Meetings) changeDecision(
	ctx context.Context, call resource.Call, meeting, id, etag, event string, change func(*Meeting, *Decision) error,
) (FollowedUp, error) {
	stored, err := s.change(ctx, call, meeting, etag, event, func(m *Meeting) error {
		at := m.decision(id)
		if at < 0 {
			return noDecision(meeting, id)
		}
		m.Decisions = slices.Clone(m.Decisions)
		return change(m, &m.Decisions[at])
	})
	if err != nil {
		return FollowedUp{}, err
	}
	return s.followedUp(stored, stored.State.Decisions[stored.State.decision(id)]), nil
}
