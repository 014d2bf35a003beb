package rpc

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/accounts"
)

func reachOf(s resource.Stored[accounts.Reach]) *accountsv1.Reach {
	return &accountsv1.Reach{
		Name: accounts.AccountName(s.ID) + "/reach", Followers: s.State.Followers, Source: s.State.Source,
		Etag: s.Etag(), UpdateTime: wire.Timestamp(s.State.Updated),
	}
}

func reachAnswer(s resource.Stored[accounts.Reach], err error) (*accountsv1.Reach, error) {
	if err != nil {
		return nil, err
	}
	return reachOf(s), nil
}

func (s *accountsServer) ListReaches(ctx context.Context, r *accountsv1.ListReachesRequest) (*accountsv1.ListReachesResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	list, err := s.domain.Accounts.ListReaches(ctx, p.Size, p.After)
	if err != nil {
		return nil, err
	}
	out := &accountsv1.ListReachesResponse{}
	for _, reach := range list.Items {
		out.Reaches = append(out.Reaches, reachOf(reach))
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}

func (s *accountsServer) GetReach(ctx context.Context, r *accountsv1.GetReachRequest) (*accountsv1.Reach, error) {
	return reachAnswer(s.domain.Accounts.GetReach(ctx, names.First(r.GetName(), "accounts")))
}

func (s *accountsServer) UpdateReach(ctx context.Context, r *accountsv1.UpdateReachRequest) (*accountsv1.Reach, error) {
	in := r.GetReach()
	mask, err := fieldmask.Read("reach", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	found, err := request.Name("reach.name", strings.TrimSuffix(in.GetName(), "/reach"), "accounts")
	if err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return reachAnswer(s.domain.Accounts.UpdateReach(ctx, c, found[0], in.GetEtag(), accounts.ReachPatch{
		Followers: fieldmask.Given(mask, "followers", in.GetFollowers()),
		Source:    fieldmask.Given(mask, "source", in.GetSource()),
	}))
}
