package rpc

import (
	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/server"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board"
	"github.com/evenhand/evenhand/services/board/feeds"
)

// Faults says what the domain's errors mean to callers.
var Faults = board.Faults

// Parts are what the service is made of besides the boards themselves.
type Parts struct {
	// Feeds are the calendars of boards.
	Feeds *feeds.Service
}

// Service returns the board service for a server.
func Service(domain *board.Service, parts Parts) server.Service {
	return server.Service{
		Name: "board",
		Register: func(r grpc.ServiceRegistrar) {
			boardv1.RegisterBoardsServiceServer(r, &boardsServer{domain: domain})
			boardv1.RegisterFeedServiceServer(r, &feedServer{feed: domain.Feed})
			boardv1.RegisterCalendarServiceServer(r, &calendarServer{feeds: parts.Feeds, now: domain.Requests().Now})
			boardv1.RegisterCalendarFeedServiceServer(r, &calendarFeedServer{feeds: parts.Feeds})
		},
		Needs: []server.Need{{Name: "accounts-feed", Ready: domain.Accounts.Following}},
	}
}
