package rpc

import (
	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/server"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board"
)

// Faults says what the domain's errors mean to callers.
var Faults = board.Faults

// Service returns the board service for a server.
func Service(domain *board.Service) server.Service {
	return server.Service{
		Name: "board",
		Register: func(r grpc.ServiceRegistrar) {
			boardv1.RegisterBoardsServiceServer(r, &boardsServer{domain: domain})
			RegisterMeetings(r, domain.Meetings)
			boardv1.RegisterRotationsServiceServer(r, &rotationsServer{domain: domain})
			boardv1.RegisterLotteriesServiceServer(r, &lotteriesServer{lotteries: domain.Lotteries})
			boardv1.RegisterFeedServiceServer(r, &feedServer{feed: domain.Feed})
		},
		Needs: []server.Need{{Name: "accounts-feed", Ready: domain.Accounts.Following}},
	}
}
