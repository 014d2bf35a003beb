package command

import (
	"fmt"
	"strings"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PlanCalendar is `evenhand plan calendar`.
type PlanCalendar struct {
	Create PlanCalendarCreate `cmd:"" help:"Create an address at which a calendar program reads what is due: it is shown this once."`
	List   PlanCalendarList   `cmd:"" help:"List such addresses, without what is secret of them."`
	Revoke PlanCalendarRevoke `cmd:"" help:"Revoke an address: it never answers again."`
}

// PlanCalendarCreate is `evenhand plan calendar create`.
type PlanCalendarCreate struct {
	Owner       string `placeholder:"PRINCIPAL" help:"Whose touchpoints; yours, where it is not given."`
	DisplayName string `placeholder:"TEXT" help:"What it is for, as \"Ines's phone\"."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*PlanCalendarCreate) Help() string {
	return `Calendar programs subscribe to the address of the gateway, followed by the path that is shown. Whoever has it can read what is due for its owner, as long as the owner may read plans; only a hash of it is stored.

Examples:

  evenhand plan calendar create --display-name "My phone"
  evenhand plan calendar create --owner ines`
}

// Run creates and shows it.
func (c *PlanCalendarCreate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		f, err := plansv1.NewPlanCalendarsServiceClient(s).CreatePlanCalendarFeed(ctx, &plansv1.CreatePlanCalendarFeedRequest{
			PlanCalendarFeed: &plansv1.PlanCalendarFeed{Owner: principalName(c.Owner), DisplayName: c.DisplayName}, RequestId: newRequestID(),
		})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, f, []pair{
			{"Calendar", f.GetName()}, {"Of", f.GetOwner()}, {"For", f.GetDisplayName()}, {"Path", f.GetPath()},
		})
	})
}

// PlanCalendarList is `evenhand plan calendar list`.
type PlanCalendarList struct {
	Owner string `placeholder:"PRINCIPAL" help:"Of whose touchpoints; all, where it is not given."`
	Limit uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *PlanCalendarList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := plansv1.NewPlanCalendarsServiceClient(s)
		l := c.newList(env.Stdout, "planCalendarFeeds", "Calendar", "Of", "For", "Created", "Last read", "Revoked")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.PlanCalendarFeed], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListPlanCalendarFeeds(ctx, &plansv1.ListPlanCalendarFeedsRequest{
				Owner: principalName(c.Owner), PageSize: size, PageToken: token})
			return page[*plansv1.PlanCalendarFeed]{answer.GetPlanCalendarFeeds(), answer.GetNextPageToken()}, err
		}, func(f *plansv1.PlanCalendarFeed) error {
			return l.add(f, f.GetName(), f.GetOwner(), f.GetDisplayName(), showTime(f.GetCreateTime()), showTime(f.GetLastReadTime()),
				showTime(f.GetRevokeTime()))
		})
	})
}

// PlanCalendarRevoke is `evenhand plan calendar revoke`.
type PlanCalendarRevoke struct {
	Calendar string `arg:"" help:"Its id, or its name, as planCalendarFeeds/ID."`
	Etag     string `help:"Revoke it only if it is still at this etag."`
	Connection
}

// Run revokes it.
func (c *PlanCalendarRevoke) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		f, err := plansv1.NewPlanCalendarsServiceClient(s).RevokePlanCalendarFeed(ctx, &plansv1.RevokePlanCalendarFeedRequest{
			Name: "planCalendarFeeds/" + strings.TrimPrefix(c.Calendar, "planCalendarFeeds/"), Etag: c.Etag, RequestId: newRequestID()})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.Stdout, "%s is revoked\n", f.GetName())
		return err
	})
}
