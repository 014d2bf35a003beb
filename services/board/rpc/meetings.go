package rpc

import (
	"context"
	"strings"

	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/meetings"
)

// The permission to change meetings, which a role may hold for assigned boards only.
const updateMeetings = "meetings.update"

// meetingsServer implements MeetingsService.
type meetingsServer struct {
	boardv1.UnimplementedMeetingsServiceServer
	meetings *meetings.Meetings
}

// RegisterMeetings registers the service of meetings.
func RegisterMeetings(r grpc.ServiceRegistrar, m *meetings.Meetings) {
	boardv1.RegisterMeetingsServiceServer(r, &meetingsServer{meetings: m})
}

// meetingID is the id under which the meeting of a name, or of a resource below it, is
// kept. The schema has checked the name.
func meetingID(name string) string { return meetings.ID(id(name, "boards"), below(name, "meetings")) }

// below returns the id that follows a collection within a name, or "".
func below(name, collection string) string {
	_, rest, _ := strings.Cut(name, "/"+collection+"/")
	id, _, _ := strings.Cut(rest, "/")
	return id
}

// change returns the call of a request that changes something of the board that a name
// begins with, if the caller may: NOT_FOUND for the board, PERMISSION_DENIED with
// NOT_ASSIGNED where the caller holds the permission for assigned boards only.
func (s *meetingsServer) change(ctx context.Context, r request.Mutation, name string) (resource.Call, error) {
	board := id(name, "boards")
	b, err := s.meetings.Board(ctx, board)
	if err != nil {
		return resource.Call{}, err
	}
	if err := mayChange(ctx, updateMeetings, board, b); err != nil {
		return resource.Call{}, err
	}
	return request.Call(ctx, r)
}

func (s *meetingsServer) answer(m resource.Stored[meetings.Meeting], err error) (*boardv1.Meeting, error) {
	if err != nil {
		return nil, err
	}
	return s.meetingOf(m), nil
}

func (s *meetingsServer) meetingOf(m resource.Stored[meetings.Meeting]) *boardv1.Meeting {
	if len(m.State.Decisions) == 0 { // only these look at the day
		return meetingOf(m, 0)
	}
	return meetingOf(m, s.meetings.Today(&m.State))
}

func (s *meetingsServer) GetMeeting(ctx context.Context, r *boardv1.GetMeetingRequest) (*boardv1.Meeting, error) {
	return s.answer(s.meetings.Get(ctx, meetingID(r.GetName())))
}

func (s *meetingsServer) ScheduleMeetings(ctx context.Context, r *boardv1.ScheduleMeetingsRequest) (*boardv1.ScheduleMeetingsResponse, error) {
	c, err := s.change(ctx, r, r.GetParent())
	if err != nil {
		return nil, err
	}
	duration, err := lengthOf("duration", r.GetDuration())
	if err != nil {
		return nil, err
	}
	done, err := s.meetings.Schedule(ctx, c, id(r.GetParent(), "boards"), meetings.Plan{Years: int(r.GetYears()),
		Place: r.GetPlace(), Link: r.GetLink(), Duration: duration, CancelObsolete: r.GetCancelObsolete()}, r.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	out := &boardv1.ScheduleMeetingsResponse{ExistingCount: int32(done.Existing)}
	for _, m := range done.Created {
		out.Created = append(out.Created, s.meetingOf(m))
	}
	for _, m := range done.Retimed {
		out.Retimed = append(out.Retimed, s.meetingOf(m))
	}
	for _, m := range done.Restored {
		out.Restored = append(out.Restored, s.meetingOf(m))
	}
	for _, id := range done.Outdated {
		out.Outdated = append(out.Outdated, meetings.Name(id))
	}
	for _, id := range done.Obsolete {
		out.Obsolete = append(out.Obsolete, meetings.Name(id))
	}
	return out, nil
}

func (s *meetingsServer) CreateMeeting(ctx context.Context, r *boardv1.CreateMeetingRequest) (*boardv1.Meeting, error) {
	c, err := s.change(ctx, r, r.GetParent())
	if err != nil {
		return nil, err
	}
	in := r.GetMeeting()
	start, err := wire.Time("meeting.start_time", in.GetStartTime())
	if err != nil {
		return nil, err
	}
	duration, err := lengthOf("meeting.duration", in.GetDuration())
	if err != nil {
		return nil, err
	}
	agenda, err := agendaFrom(in.GetAgenda())
	if err != nil {
		return nil, err
	}
	return s.answer(s.meetings.Create(ctx, c, id(r.GetParent(), "boards"), r.GetMeetingId(), meetings.Meeting{
		Title: in.GetTitle(), Start: start, Duration: duration, Zone: in.GetTimeZone(), Place: in.GetPlace(), Link: in.GetLink(),
		Agenda: agenda, ShortNotice: in.GetShortNoticeReason()}, r.GetValidateOnly()))
}

func (s *meetingsServer) UpdateMeeting(ctx context.Context, r *boardv1.UpdateMeetingRequest) (*boardv1.Meeting, error) {
	in := r.GetMeeting()
	mask, err := fieldmask.Read("meeting", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	found, err := request.Name("meeting.name", in.GetName(), "boards", "meetings")
	if err != nil {
		return nil, err
	}
	c, err := s.change(ctx, r, in.GetName())
	if err != nil {
		return nil, err
	}
	before, err := s.meetings.Get(ctx, meetings.ID(found[0], found[1]))
	if err != nil {
		return nil, err
	}
	// Immutable fields that differ are refused here; what is masked is changed by the
	// domain, on the meeting as it is then.
	if err := mask.Apply(s.meetingOf(before), in); err != nil {
		return nil, err
	}
	agenda, err := agendaFrom(in.GetAgenda())
	if err != nil {
		return nil, err
	}
	return s.answer(s.meetings.Update(ctx, c, before.ID, in.GetEtag(), meetings.Patch{
		Title:  masked(mask, "title", in.GetTitle()),
		Place:  masked(mask, "place", in.GetPlace()),
		Link:   masked(mask, "link", in.GetLink()),
		Agenda: masked(mask, "agenda", agenda),
	}))
}

func (s *meetingsServer) MoveMeeting(ctx context.Context, r *boardv1.MoveMeetingRequest) (*boardv1.Meeting, error) {
	c, err := s.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	start, err := wire.Time("start_time", r.GetStartTime())
	if err != nil {
		return nil, err
	}
	duration, err := lengthOf("duration", r.GetDuration())
	if err != nil {
		return nil, err
	}
	return s.answer(s.meetings.Move(ctx, c, meetingID(r.GetName()), r.GetEtag(), meetings.Move{
		Start: start, Duration: duration, Zone: r.GetTimeZone(), Reason: r.GetReason(), DespiteCharter: r.GetDespiteCharter()}, r.GetValidateOnly()))
}

func (s *meetingsServer) CancelMeeting(ctx context.Context, r *boardv1.CancelMeetingRequest) (*boardv1.Meeting, error) {
	c, err := s.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return s.answer(s.meetings.Cancel(ctx, c, meetingID(r.GetName()), r.GetEtag(), meetings.Cancellation{
		Reason: r.GetReason(), DespiteCharter: r.GetDespiteCharter()}, r.GetValidateOnly()))
}
