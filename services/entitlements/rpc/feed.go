package rpc

import (
	"context"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/evenhand/evenhand/internal/platform/consistency"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource/feed"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/changes"
)

// feedHandler serves FeedService.
type feedHandler struct {
	entitlementsv1.UnimplementedFeedServiceServer
	feed *changes.Feed
}

// WatchChanges implements FeedService.
func (h *feedHandler) WatchChanges(r *entitlementsv1.WatchChangesRequest, stream grpc.ServerStreamingServer[entitlementsv1.WatchChangesResponse]) error {
	return h.feed.Watch(stream.Context(), r.GetResumeToken(), r.GetStatesOf(), func(b feed.Batch[changes.Told]) error {
		out := &entitlementsv1.WatchChangesResponse{
			ResumeToken: b.Resume, CaughtUp: b.CaughtUp, Age: durationpb.New(b.Age), Changes: make([]*entitlementsv1.Change, len(b.Changes))}
		for i := range b.Changes {
			out.Changes[i] = changeOut(&b.Changes[i])
		}
		return stream.Send(out)
	})
}

func changeOut(c *feed.Change[changes.Told]) *entitlementsv1.Change {
	out := &entitlementsv1.Change{
		Position: c.Position, Source: c.Source, Version: c.Version, Type: c.Type, Name: c.State.Name,
		Time: wire.Timestamp(c.At), RecordedTime: wire.Timestamp(c.Recorded), Principal: c.Principal,
	}
	tellState(out, &c.State)
	return out
}

// tellState gives a change the state that it led to, where it has one.
func tellState(out *entitlementsv1.Change, told *changes.Told) {
	if e := told.Usage; e != nil {
		out.State = &entitlementsv1.Change_UsageEntry{UsageEntry: usageWriter{}.entry(e)}
	}
	if v := told.Version; v != nil {
		out.State = &entitlementsv1.Change_ScheduleVersion{ScheduleVersion: &entitlementsv1.ScheduleVersion{
			Name: v.Name(), ContentHash: v.Hash, InForceTime: wire.Timestamp(v.InForce), PublishTime: wire.Timestamp(v.Published),
			Publisher: v.Publisher, Etag: v.Etag()}}
	}
	if p := told.Programme; p != nil {
		tellProgramme(out, p)
	}
	if r := told.SpecialRequest; r != nil {
		out.State = &entitlementsv1.Change_SpecialRequest{SpecialRequest: specialRequestOut(r, false)}
	}
	if d := told.Draft; d != nil {
		out.State = &entitlementsv1.Change_Draft{Draft: draftOut(d, d.State.Base)}
	}
	if c := told.Case; c != nil {
		out.State = &entitlementsv1.Change_Case{Case: caseStateOut(c, out.GetTime().AsTime())}
	}
	if i := told.CaseImport; i != nil {
		out.State = &entitlementsv1.Change_CaseImport{CaseImport: caseImportOut(*i)}
	}
	if p := told.EscalationPath; p != nil {
		out.State = &entitlementsv1.Change_EscalationPath{EscalationPath: pathOut(*p)}
	}
	if a := told.Acknowledgement; a != nil {
		out.State = &entitlementsv1.Change_Acknowledgement{Acknowledgement: acknowledgementOut(*a)}
	}
	tellJudgement(out, told)
	tellCost(out, told)
	if s := told.BandScale; s != nil {
		out.State = &entitlementsv1.Change_BandScale{BandScale: bandScaleTold(s)}
	}
	if told.Audit != nil {
		out.State = &entitlementsv1.Change_ParityAudit{ParityAudit: auditOut(*told.Audit)}
	}
}

// GetFeed implements FeedService.
func (h *feedHandler) GetFeed(ctx context.Context, _ *entitlementsv1.GetFeedRequest) (*entitlementsv1.Feed, error) {
	position, resume, err := h.feed.Head(ctx)
	if err != nil {
		return nil, err
	}
	return &entitlementsv1.Feed{ResumeToken: resume, Position: position}, nil
}

// LocateChange implements FeedService.
func (h *feedHandler) LocateChange(ctx context.Context, r *entitlementsv1.LocateChangeRequest) (*entitlementsv1.LocateChangeResponse, error) {
	token, err := consistency.Parse("consistency_token", r.GetConsistencyToken())
	if err != nil {
		return nil, err
	}
	position, err := h.feed.Locate(ctx, token.Aggregate, token.Version)
	if err != nil {
		return nil, err
	}
	return &entitlementsv1.LocateChangeResponse{Position: position}, nil
}
