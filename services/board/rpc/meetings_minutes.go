package rpc

import (
	"context"
	"strconv"

	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource/request"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/meetings"
)

func (s *meetingsServer) CreateMinutes(ctx context.Context, r *boardv1.CreateMinutesRequest) (*boardv1.Minutes, error) {
	c, err := s.change(ctx, r, r.GetParent())
	if err != nil {
		return nil, err
	}
	return minutesAnswer(s.meetings.RecordMinutes(ctx, c, meetingID(r.GetParent()), r.GetMinutes().GetText(), r.GetMinutes().GetComment()))
}

func minutesAnswer(m meetings.Minutes, err error) (*boardv1.Minutes, error) {
	if err != nil {
		return nil, err
	}
	return minutesOf(m), nil
}

func minutesOf(m meetings.Minutes) *boardv1.Minutes {
	return &boardv1.Minutes{Name: meetings.MinutesName(m.Meeting, m.Number), Text: m.Text, Comment: m.Comment,
		Recorder: m.By, CreateTime: wire.Timestamp(m.At), Digest: m.Digest, Approved: m.Approved}
}

// minutesNumber is the number of the version that a name has; the schema has checked
// that there is one.
func minutesNumber(name string) int {
	n, _ := strconv.Atoi(below(name, "minutes"))
	return n
}

func (s *meetingsServer) GetMinutes(ctx context.Context, r *boardv1.GetMinutesRequest) (*boardv1.Minutes, error) {
	return minutesAnswer(s.meetings.GetMinutes(ctx, meetingID(r.GetName()), minutesNumber(r.GetName())))
}

func (s *meetingsServer) ListMinutes(ctx context.Context, r *boardv1.ListMinutesRequest) (*boardv1.ListMinutesResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	all, err := s.meetings.ListMinutes(ctx, meetingID(r.GetParent()))
	if err != nil {
		return nil, err
	}
	page, next := slice(p, all, func(m meetings.Minutes) int64 { return int64(m.Number) })
	out := &boardv1.ListMinutesResponse{}
	for _, m := range page {
		out.Minutes = append(out.Minutes, minutesOf(m))
	}
	out.NextPageToken, err = p.Next(next)
	return out, err
}

func (s *meetingsServer) ApproveMinutes(ctx context.Context, r *boardv1.ApproveMinutesRequest) (*boardv1.Meeting, error) {
	c, err := s.change(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return s.answer(s.meetings.ApproveMinutes(ctx, c, meetingID(r.GetName()), minutesNumber(r.GetName()), r.GetEtag(), meetingID(r.GetMeeting())))
}
