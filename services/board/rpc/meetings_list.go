package rpc

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/meetings"
)

var meetingFields = []filter.Field{
	{Name: "title"}, {Name: "place"}, {Name: "occurrence"}, {Name: "moved", Kind: filter.Bool}, {Name: "start_time", Kind: filter.Time},
	{Name: "state", Kind: filter.Enum, Values: []string{"PLANNED", "INVITED", "HELD", "MINUTED", "CANCELLED"}},
}

func (s *meetingsServer) ListMeetings(ctx context.Context, r *boardv1.ListMeetingsRequest) (*boardv1.ListMeetingsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	q, err := meetingQuery(r)
	if err != nil {
		return nil, err
	}
	q.Size, q.After = p.Size, p.After
	list, err := s.meetings.List(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &boardv1.ListMeetingsResponse{}
	for _, m := range list.Items {
		out.Meetings = append(out.Meetings, s.meetingOf(m))
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}

func meetingQuery(r *boardv1.ListMeetingsRequest) (meetings.Query, error) {
	q := meetings.Query{Board: wild(id(r.GetParent(), "boards"))}
	var err error
	if q.From, err = wire.Time("from_time", r.GetFromTime()); err != nil {
		return q, err
	}
	if q.To, err = wire.Time("to_time", r.GetToTime()); err != nil {
		return q, err
	}
	order, err := filter.ParseOrder(r.GetOrderBy(), "start_time")
	if err != nil {
		return q, err
	}
	q.Descending = len(order) > 0 && order[0].Descending
	f, err := filter.Parse(longState.ReplaceAllString(r.GetFilter(), "$1"), meetingFields...)
	if err != nil || r.GetFilter() == "" {
		return q, err
	}
	q.Keep = func(m resource.Stored[meetings.Meeting]) bool {
		return f.Match(func(field string) any { return meetingField(&m.State, field) })
	}
	return q, nil
}

// meetingField is a field's value as filters see it.
func meetingField(m *meetings.Meeting, field string) any {
	switch field {
	case "title":
		return m.Title
	case "place":
		return m.Place
	case "occurrence":
		return m.Occurrence
	case "moved":
		return m.Moved
	case "start_time":
		return m.Start
	case "state":
		return strings.TrimPrefix(meetingStates.message(m.State).String(), "STATE_")
	}
	return nil
}
