package server

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"

	"github.com/evenhand/evenhand/internal/platform/auth"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

func TestABatchOfTenThousandFits(t *testing.T) {
	checked := 0
	r := start(t, Options{}, Service{Name: "entitlements", Register: func(r grpc.ServiceRegistrar) {
		entitlementsv1.RegisterEntitlementsServiceServer(r, batch{count: &checked})
	}})
	long := strings.Repeat("x", 63)
	request := &entitlementsv1.BatchCheckEntitlementsRequest{}
	for range 10_000 {
		request.Queries = append(request.Queries, &entitlementsv1.EntitlementQuery{Account: "accounts/" + long, Benefit: long})
	}
	_, err := entitlementsv1.NewEntitlementsServiceClient(r.as(t, auth.Service)).BatchCheckEntitlements(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, 10_000, checked)
}

type batch struct {
	entitlementsv1.UnimplementedEntitlementsServiceServer
	count *int
}

func (b batch) BatchCheckEntitlements(_ context.Context, r *entitlementsv1.BatchCheckEntitlementsRequest) (*entitlementsv1.BatchCheckEntitlementsResponse, error) {
	*b.count = len(r.GetQueries())
	return &entitlementsv1.BatchCheckEntitlementsResponse{}, nil
}

func TestRequestsThatAreTooLargeSayHowLargeTheyMayBe(t *testing.T) {
	r := start(t, Options{}, accountsService(&accounts{get: func(context.Context, *accountsv1.GetAccountRequest) (*accountsv1.Account, error) {
		return &accountsv1.Account{}, nil
	}}))
	for _, opts := range [][]grpc.CallOption{nil, {grpc.UseCompressor("gzip")}} {
		_, err := accountsv1.NewAccountsServiceClient(r.as(t, auth.Viewer)).GetAccount(t.Context(),
			&accountsv1.GetAccountRequest{Name: strings.Repeat("x", MaxRequestBytes)}, opts...)
		requireStatus(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
		require.ErrorContains(t, err, "4194304")
	}
}
