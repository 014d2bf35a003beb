package server

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/rpcstatus"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// everything is all services, in which no method does anything.
var everything = Service{Name: "all", Register: func(r grpc.ServiceRegistrar) {
	accountsv1.RegisterAccountsServiceServer(r, accountsv1.UnimplementedAccountsServiceServer{})
	accountsv1.RegisterAccessServiceServer(r, accountsv1.UnimplementedAccessServiceServer{})
	accountsv1.RegisterFeedServiceServer(r, accountsv1.UnimplementedFeedServiceServer{})
	accountsv1.RegisterRevenueServiceServer(r, accountsv1.UnimplementedRevenueServiceServer{})
	boardv1.RegisterBoardsServiceServer(r, boardv1.UnimplementedBoardsServiceServer{})
	boardv1.RegisterRotationsServiceServer(r, boardv1.UnimplementedRotationsServiceServer{})
	boardv1.RegisterFeedServiceServer(r, boardv1.UnimplementedFeedServiceServer{})
	boardv1.RegisterIdeasServiceServer(r, boardv1.UnimplementedIdeasServiceServer{})
	boardv1.RegisterLotteriesServiceServer(r, boardv1.UnimplementedLotteriesServiceServer{})
	boardv1.RegisterMeetingsServiceServer(r, boardv1.UnimplementedMeetingsServiceServer{})
	boardv1.RegisterSolicitationsServiceServer(r, boardv1.UnimplementedSolicitationsServiceServer{})
	boardv1.RegisterCalendarServiceServer(r, boardv1.UnimplementedCalendarServiceServer{})
	boardv1.RegisterCalendarFeedServiceServer(r, boardv1.UnimplementedCalendarFeedServiceServer{})
	entitlementsv1.RegisterAcknowledgementsServiceServer(r, entitlementsv1.UnimplementedAcknowledgementsServiceServer{})
	entitlementsv1.RegisterCasesServiceServer(r, entitlementsv1.UnimplementedCasesServiceServer{})
	entitlementsv1.RegisterCaseImportsServiceServer(r, entitlementsv1.UnimplementedCaseImportsServiceServer{})
	entitlementsv1.RegisterProgrammesServiceServer(r, entitlementsv1.UnimplementedProgrammesServiceServer{})
	entitlementsv1.RegisterBandsServiceServer(r, entitlementsv1.UnimplementedBandsServiceServer{})
	entitlementsv1.RegisterClausesServiceServer(r, entitlementsv1.UnimplementedClausesServiceServer{})
	entitlementsv1.RegisterCostsServiceServer(r, entitlementsv1.UnimplementedCostsServiceServer{})
	entitlementsv1.RegisterDraftsServiceServer(r, entitlementsv1.UnimplementedDraftsServiceServer{})
	entitlementsv1.RegisterEntitlementsServiceServer(r, entitlementsv1.UnimplementedEntitlementsServiceServer{})
	entitlementsv1.RegisterFeedServiceServer(r, entitlementsv1.UnimplementedFeedServiceServer{})
	entitlementsv1.RegisterHouseRulesServiceServer(r, entitlementsv1.UnimplementedHouseRulesServiceServer{})
	entitlementsv1.RegisterParityServiceServer(r, entitlementsv1.UnimplementedParityServiceServer{})
	entitlementsv1.RegisterRemediesServiceServer(r, entitlementsv1.UnimplementedRemediesServiceServer{})
	entitlementsv1.RegisterReversalsServiceServer(r, entitlementsv1.UnimplementedReversalsServiceServer{})
	entitlementsv1.RegisterLoyaltyServiceServer(r, entitlementsv1.UnimplementedLoyaltyServiceServer{})
	entitlementsv1.RegisterReviewsServiceServer(r, entitlementsv1.UnimplementedReviewsServiceServer{})
	entitlementsv1.RegisterScheduleServiceServer(r, entitlementsv1.UnimplementedScheduleServiceServer{})
	entitlementsv1.RegisterSpecialRequestsServiceServer(r, entitlementsv1.UnimplementedSpecialRequestsServiceServer{})
	entitlementsv1.RegisterUsageServiceServer(r, entitlementsv1.UnimplementedUsageServiceServer{})
}}

// Every RPC is called without a token, with a wrong one, and as every role: only those
// get further who hold its permission. Which roles do is written down in the tests of
// package auth.
func TestEveryRPCAsEveryRole(t *testing.T) {
	r := start(t, Options{}, everything)
	r.tokens["stranger"] = auth.TokenPrefix + "strangers-token-that-is-long-enough"
	callers := append(auth.Roles(), "", "stranger")
	conns := map[auth.Role]*grpc.ClientConn{}
	for _, role := range callers {
		conns[role] = r.as(t, role)
	}
	called := 0
	for service, info := range r.grpc.GetServiceInfo() {
		for _, m := range info.Methods {
			access, err := auth.AccessOf(service, m.Name)
			require.NoError(t, err)
			if access.Anonymous {
				if service == "evenhand.board.v1.CalendarFeedService" {
					called++
					err := callEmpty(t, conns[""], "/"+service+"/"+m.Name, false)
					require.Equal(t, codes.InvalidArgument, status.Code(err), "it answers without a token, and checks what it is sent")
					continue
				}
				require.Equal(t, "grpc.health.v1.Health", service)
				continue
			}
			called++
			for _, role := range callers {
				err := callEmpty(t, conns[role], "/"+service+"/"+m.Name, m.IsClientStream || m.IsServerStream)
				name, got := service+"."+m.Name+" as "+string(role), status.Code(err)
				switch {
				case role == "" || role == "stranger":
					require.Equal(t, codes.Unauthenticated, got, name)
				case access.Allow(auth.NewPrincipal("p", "", true, role)) != nil:
					require.Equal(t, codes.PermissionDenied, got, name)
					require.Equal(t, access.Permission, rpcstatus.Info(status.Convert(err)).GetMetadata()["permission"], name)
				default:
					require.Contains(t, []codes.Code{codes.Unimplemented, codes.InvalidArgument}, got, name)
				}
			}
		}
	}
	require.Equal(t, declaredRPCs(), called, "a service is missing in everything")
}

// declaredRPCs is how many RPCs the .proto files of this project have.
func declaredRPCs() int {
	count := 0
	protoregistry.GlobalFiles.RangeFiles(func(f protoreflect.FileDescriptor) bool {
		for i := range f.Services().Len() {
			if s := f.Services().Get(i); strings.HasPrefix(string(s.FullName()), "evenhand.") {
				count += s.Methods().Len()
			}
		}
		return true
	})
	return count
}

// callEmpty calls a method with an empty request.
func callEmpty(t *testing.T, conn *grpc.ClientConn, method string, streams bool) error {
	if !streams {
		return conn.Invoke(t.Context(), method, &emptypb.Empty{}, &emptypb.Empty{})
	}
	stream, err := conn.NewStream(t.Context(), &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, method)
	require.NoError(t, err)
	_ = stream.SendMsg(&emptypb.Empty{}) // the answer says why it failed
	_ = stream.CloseSend()
	return stream.RecvMsg(&emptypb.Empty{})
}
