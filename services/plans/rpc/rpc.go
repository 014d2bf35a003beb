package rpc

import (
	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/server"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/calendars"
	"github.com/evenhand/evenhand/services/plans/changes"
	"github.com/evenhand/evenhand/services/plans/engagements"
	"github.com/evenhand/evenhand/services/plans/feeds"
	"github.com/evenhand/evenhand/services/plans/innovation"
	"github.com/evenhand/evenhand/services/plans/rewards"
	"github.com/evenhand/evenhand/services/plans/sessions"
	"github.com/evenhand/evenhand/services/plans/signals"
	"github.com/evenhand/evenhand/services/plans/statements"
	"github.com/evenhand/evenhand/services/plans/touchpoints"
)

// Faults says what the domain's errors mean to callers.
var Faults fault.Table = plans.Faults

// Domain is what the service serves.
type Domain struct {
	Plans       *plans.Service
	Assignments Assignments
	Changes     *changes.Feed
	// Followers follow the other services.
	Followers []*feeds.Follower
	// Statements are the value statements.
	Statements *statements.Service
	// Duties know what is due of a plan.
	Duties []Duties

	Touchpoints *touchpoints.Service
	Calendars   *calendars.Service
	Signals     *signals.Service
	Engagements *engagements.Service
	Innovation  *innovation.Service
	Rewards     *rewards.Service
	Sessions    *sessions.Service
}

// Service returns the plans service for a server. It is ready while it is behind the feeds
// that it follows: plans are kept and changed all the same, and GetFollowing says how far
// behind it is.
func Service(d Domain) server.Service {
	return server.Service{
		Name: "plans",
		Register: func(r grpc.ServiceRegistrar) {
			plansv1.RegisterPlansServiceServer(r, &plansHandler{domain: d.Plans, assignments: d.Assignments, duties: d.Duties})
			RegisterTouchpoints(r, d.Touchpoints, d.Assignments)
			RegisterCalendars(r, d.Calendars)
			RegisterSignals(r, d.Signals, d.Assignments)
			RegisterEngagements(r, d.Engagements, d.Assignments)
			RegisterInnovation(r, d.Innovation, d.Assignments)
			RegisterRewards(r, d.Rewards)
			RegisterSessions(r, d.Sessions)
			RegisterStatements(r, d.Statements)
			plansv1.RegisterFeedServiceServer(r, &feedHandler{feed: d.Changes, followers: d.Followers})
		},
	}
}
