package rpc

import (
	"context"

	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	"github.com/evenhand/evenhand/services/accounts"
)

func attributeKeyOf(s resource.Stored[accounts.AttributeKey]) *accountsv1.AttributeKey {
	return &accountsv1.AttributeKey{
		Name: "attributeKeys/" + s.ID, DisplayName: s.State.DisplayName, Description: s.State.Description,
		Etag: s.Etag(), CreateTime: wire.Timestamp(s.State.Created),
	}
}

func (s *accountsServer) CreateAttributeKey(ctx context.Context, r *accountsv1.CreateAttributeKeyRequest) (*accountsv1.AttributeKey, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	key, err := s.domain.Accounts.DeclareKey(ctx, c, r.GetAttributeKeyId(), accounts.AttributeKey{
		DisplayName: r.GetAttributeKey().GetDisplayName(), Description: r.GetAttributeKey().GetDescription()})
	if err != nil {
		return nil, err
	}
	return attributeKeyOf(key), nil
}

func (s *accountsServer) ListAttributeKeys(ctx context.Context, r *accountsv1.ListAttributeKeysRequest) (*accountsv1.ListAttributeKeysResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	list, err := s.domain.Accounts.ListKeys(ctx, p.Size, p.After)
	if err != nil {
		return nil, err
	}
	out := &accountsv1.ListAttributeKeysResponse{}
	for _, key := range list.Items {
		out.AttributeKeys = append(out.AttributeKeys, attributeKeyOf(key))
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}
