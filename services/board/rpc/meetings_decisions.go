package rpc

import (
	"context"
	"regexp"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource/request"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/meetings"
)

func decisionAnswer(d meetings.FollowedUp, err error) (*boardv1.Decision, error) {
	if err != nil {
		return nil, err
	}
	out := decisionOf(meetings.Name(d.Meeting), d.Decision)
	out.Etag, out.Overdue = d.Etag, d.Late
	return out, nil
}

func (s *meetingsServer) CreateDecision(ctx context.Context, r *boardv1.CreateDecisionRequest) (*boardv1.Decision, error) {
	c, err := s.change(ctx, r, r.GetParent())
	if err != nil {
		return nil, err
	}
	d, err := decisionFrom(r.GetDecision())
	if err != nil {
		return nil, err
	}
	return decisionAnswer(s.meetings.Decide(ctx, c, meetingID(r.GetParent()), d))
}

func (s *meetingsServer) GetDecision(ctx context.Context, r *boardv1.GetDecisionRequest) (*boardv1.Decision, error) {
	return decisionAnswer(s.meetings.GetDecision(ctx, meetingID(r.GetName()), below(r.GetName(), "decisions")))
}

func (s *meetingsServer) UpdateDecision(ctx context.Context, r *boardv1.UpdateDecisionRequest) (*boardv1.Decision, error) {
	in := r.GetDecision()
	mask, err := fieldmask.Read("decision", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	found, err := request.Name("decision.name", in.GetName(), "boards", "meetings", "decisions")
	if err != nil {
		return nil, err
	}
	c, err := s.change(ctx, r, in.GetName())
	if err != nil {
		return nil, err
	}
	meeting := meetings.ID(found[0], found[1])
	before, err := s.meetings.GetDecision(ctx, meeting, found[2])
	if err != nil {
		return nil, err
	}
	if err := mask.Apply(decisionOf(meetings.Name(meeting), before.Decision), in); err != nil {
		return nil, err
	}
	d, err := decisionFrom(in)
	if err != nil {
		return nil, err
	}
	patch := meetings.DecisionPatch{
		Text:    masked(mask, "text", d.Text),
		Outcome: masked(mask, "outcome", d.Outcome),
		Tally:   masked(mask, "tally", d.Tally),
		Votes:   masked(mask, "votes", d.Votes),
		Owner:   masked(mask, "owner", d.Owner),
		Due:     masked(mask, "due_date", d.Due),
	}
	return decisionAnswer(s.meetings.UpdateDecision(ctx, c, meeting, found[2], in.GetEtag(), patch))
}

// turning is a request to change the status of a decision.
type turning interface {
	request.Mutation
	GetName() string
	GetEtag() string
}

func (s *meetingsServer) turn(ctx context.Context, r turning, t meetings.Turn) (*boardv1.Decision, error) {
	c, err := s.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return decisionAnswer(s.meetings.TurnDecision(ctx, c, meetingID(r.GetName()), below(r.GetName(), "decisions"), r.GetEtag(), t))
}

func (s *meetingsServer) CompleteDecision(ctx context.Context, r *boardv1.CompleteDecisionRequest) (*boardv1.Decision, error) {
	return s.turn(ctx, r, meetings.Turn{To: meetings.Done, Reason: r.GetEvidence()})
}

func (s *meetingsServer) DropDecision(ctx context.Context, r *boardv1.DropDecisionRequest) (*boardv1.Decision, error) {
	return s.turn(ctx, r, meetings.Turn{To: meetings.Dropped, Reason: r.GetReason()})
}

func (s *meetingsServer) ReopenDecision(ctx context.Context, r *boardv1.ReopenDecisionRequest) (*boardv1.Decision, error) {
	return s.turn(ctx, r, meetings.Turn{To: meetings.Open, Reason: r.GetReason()})
}

var decisionFields = []filter.Field{
	{Name: "owner"}, {Name: "due_date", Kind: filter.Day}, {Name: "agenda_item"}, {Name: "overdue", Kind: filter.Bool},
	{Name: "status", Kind: filter.Enum, Values: []string{"UNSPECIFIED", "OPEN", "DONE", "DROPPED"}},
	{Name: "outcome", Kind: filter.Enum, Values: []string{"ADOPTED", "REJECTED", "POSTPONED", "NOTED"}},
}

// longDecision finds enum values written as JSON has them, STATUS_OPEN.
var longDecision = regexp.MustCompile(`(\b(?:status|outcome)\s*(?:!=|=)\s*"?)(?:STATUS|OUTCOME)_`)

func (s *meetingsServer) ListDecisions(ctx context.Context, r *boardv1.ListDecisionsRequest) (*boardv1.ListDecisionsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filter.Parse(longDecision.ReplaceAllString(r.GetFilter(), "$1"), decisionFields...)
	if err != nil {
		return nil, err
	}
	q := meetings.DecisionQuery{Board: wild(id(r.GetParent(), "boards")), Meeting: wild(below(r.GetParent(), "meetings")), Size: p.Size, After: p.After}
	if owner, ok := f.Equal("owner"); ok {
		text, _ := owner.(string)
		text = id(text, "principals")
		q.Owner = &text
	}
	q.Keep = func(d meetings.FollowedUp) bool {
		return f.Match(func(field string) any { return decisionField(d, field) })
	}
	list, err := s.meetings.ListDecisions(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &boardv1.ListDecisionsResponse{}
	for _, d := range list.Items {
		item, _ := decisionAnswer(d, nil)
		out.Decisions = append(out.Decisions, item)
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}

// wild is an id of a parent, empty for "-", which stands for all.
func wild(id string) string {
	if id == "-" {
		return ""
	}
	return id
}

// decisionField is a field's value as filters see it.
func decisionField(d meetings.FollowedUp, field string) any {
	switch field {
	case "owner":
		return optional(d.Owner, "principals")
	case "due_date":
		if d.Due == nil {
			return nil
		}
		return d.Due.String()
	case "agenda_item":
		return d.Item
	case "overdue":
		return d.Late
	case "status":
		return strings.TrimPrefix(decisionStatuses.message(d.Status).String(), "STATUS_")
	case "outcome":
		return strings.TrimPrefix(decisionOutcomes.message(d.Outcome).String(), "OUTCOME_")
	}
	return nil
}

// optional is the name of an id in a collection, and nothing of none.
func optional(id, collection string) string {
	if id == "" {
		return ""
	}
	return names.Join(collection, id)
}
