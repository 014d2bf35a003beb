package command

import (
	"fmt"
	"strings"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// EngagementsStart is `evenhand plan engagements start`.
type EngagementsStart struct {
	EngagementArg
	Day  Day    `placeholder:"DATE" help:"When the work began; today, where it is not given."`
	Etag string `help:"Start it only if it is still at this etag."`
	engagementCall
}

// Run starts and prints it.
func (c *EngagementsStart) Run(env *Env) error {
	return c.engage(env, func(s *session, client plansv1.EngagementsServiceClient) (*plansv1.Engagement, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.StartEngagement(ctx, &plansv1.StartEngagementRequest{Name: c.name(), StartDate: c.Day.Date, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// EngagementsComplete is `evenhand plan engagements complete`.
type EngagementsComplete struct {
	EngagementArg
	Outcome string `required:"" placeholder:"TEXT" help:"What came of it."`
	Etag    string `help:"Complete it only if it is still at this etag."`
	engagementCall
}

// Run completes and prints it.
func (c *EngagementsComplete) Run(env *Env) error {
	return c.engage(env, func(s *session, client plansv1.EngagementsServiceClient) (*plansv1.Engagement, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.CompleteEngagement(ctx, &plansv1.CompleteEngagementRequest{Name: c.name(), Outcome: c.Outcome, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// EngagementsDecline is `evenhand plan engagements decline`.
type EngagementsDecline struct {
	EngagementArg
	Reason string `required:"" placeholder:"TEXT" help:"Why."`
	Etag   string `help:"Decline it only if it is still at this etag."`
	engagementCall
}

// Run declines and prints it.
func (c *EngagementsDecline) Run(env *Env) error {
	return c.engage(env, func(s *session, client plansv1.EngagementsServiceClient) (*plansv1.Engagement, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.DeclineEngagement(ctx, &plansv1.DeclineEngagementRequest{Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// EngagementsCancel is `evenhand plan engagements cancel`.
type EngagementsCancel struct {
	EngagementArg
	Reason string `required:"" placeholder:"TEXT" help:"Why."`
	Etag   string `help:"Cancel it only if it is still at this etag."`
	engagementCall
}

// Run cancels and prints it.
func (c *EngagementsCancel) Run(env *Env) error {
	return c.engage(env, func(s *session, client plansv1.EngagementsServiceClient) (*plansv1.Engagement, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.CancelEngagement(ctx, &plansv1.CancelEngagementRequest{Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// EngagementsFeedback is `evenhand plan engagements feedback`.
type EngagementsFeedback struct {
	EngagementArg
	Contact string `required:"" placeholder:"CONTACT" help:"Who said it: the id of a contact of the account."`
	Rating  int32  `required:"" placeholder:"1-5" help:"From 1, the worst, to 5."`
	Text    string `placeholder:"TEXT" help:"In their words."`
	Solved  bool   `help:"They confirmed that the problem is solved."`
	Day     Day    `placeholder:"DATE" help:"When they said it; today, where it is not given."`
	engagementCall
}

// Help implements kong.HelpProvider.
func (*EngagementsFeedback) Help() string {
	return `Example:

  evenhand plan engagements feedback find-plant-manager --contact jo-brook --rating 5 --solved --text "At last somebody who stays."`
}

// Run records and prints it.
func (c *EngagementsFeedback) Run(env *Env) error {
	return c.engage(env, func(s *session, client plansv1.EngagementsServiceClient) (*plansv1.Engagement, error) {
		contact, err := c.contact(env, s, client, c.Contact)
		if err != nil {
			return nil, err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		return client.RecordFeedback(ctx, &plansv1.RecordFeedbackRequest{Name: c.name(), RequestId: newRequestID(),
			Feedback: &plansv1.EngagementFeedback{Text: c.Text, Rating: c.Rating, Contact: contact, Solved: c.Solved, FeedbackDate: c.Day.Date}})
	})
}

// EngagementsHours is `evenhand plan engagements hours`.
type EngagementsHours struct {
	List    HoursList    `cmd:"" help:"List the hours of an engagement, as they were recorded."`
	Record  HoursRecord  `cmd:"" help:"Record hours of work."`
	Reverse HoursReverse `cmd:"" help:"Take hours back by a line against them."`
	Charge  HoursCharge  `cmd:"" help:"Ask the benefit again for hours that it refused."`
}

// showUnits says what hours use of the benefit, and how that went.
func showUnits(h *plansv1.HoursEntry) string {
	if h.GetCharge() == plansv1.HoursEntry_CHARGE_UNSPECIFIED {
		return ""
	}
	text := fmt.Sprintf("%s %s", showCount(h.GetUnits()), showEnum(h.GetCharge(), "CHARGE_"))
	if h.GetRefusal() != "" {
		text += ": " + h.GetRefusal()
	}
	return text
}

func (o Output) printHours(env *Env, h *plansv1.HoursEntry, err error) error {
	if err != nil {
		return err
	}
	return o.printOne(env.Stdout, h, []pair{
		{"Hours", h.GetName()},
		{"Day", showDay(h.GetWorkDate())},
		{"Person", h.GetPerson()},
		{"Worked", showMinutes(h.GetMinutes())},
		{"Note", h.GetNote()},
		{"Takes back", h.GetReverses()},
		{"Units of the benefit", showUnits(h)},
		{"Usage", h.GetUsageEntry()},
	})
}

// HoursList is `evenhand plan engagements hours list`.
type HoursList struct {
	EngagementArg
	Output
	Connection
}

// Run asks and prints.
func (c *HoursList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := plansv1.NewEngagementsServiceClient(s).ListHours(ctx, &plansv1.ListHoursRequest{Parent: c.name()})
		if err != nil {
			return err
		}
		l := c.newList(env.Stdout, "hours", "Hours", "Day", "Person", "Worked", "Units of the benefit", "Taken back by", "Note")
		for _, h := range answer.GetHours() {
			if err := l.add(h, h.GetName(), showDay(h.GetWorkDate()), h.GetPerson(), showMinutes(h.GetMinutes()), showUnits(h),
				h.GetReversedBy(), h.GetNote()); err != nil {
				return err
			}
		}
		return l.end()
	})
}

// HoursRecord is `evenhand plan engagements hours record`.
type HoursRecord struct {
	EngagementArg
	Minutes      int32  `required:"" placeholder:"MINUTES" help:"How long."`
	Person       string `placeholder:"PRINCIPAL" help:"Who worked; you, where it is not given."`
	Day          Day    `placeholder:"DATE" help:"When; today, where it is not given."`
	Note         string `placeholder:"TEXT" help:"What was done."`
	ValidateOnly bool   `help:"Only say what would be recorded."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*HoursRecord) Help() string {
	return `Where the engagement names a benefit, each unit of it is used as soon as hours fill it. Where the benefit refuses, the hours stand all the same.

Example:

  evenhand plan engagements hours record find-plant-manager --minutes 90 --note "Read their adverts with them."`
}

// Run records and prints it.
func (c *HoursRecord) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		h, err := plansv1.NewEngagementsServiceClient(s).RecordHours(ctx, &plansv1.RecordHoursRequest{
			Parent: c.name(), RequestId: newRequestID(), ValidateOnly: c.ValidateOnly,
			Hours: &plansv1.HoursEntry{WorkDate: c.Day.Date, Person: principalName(c.Person), Minutes: c.Minutes, Note: c.Note}})
		return c.printHours(env, h, err)
	})
}

// HoursReverse is `evenhand plan engagements hours reverse`.
type HoursReverse struct {
	Hours  string `arg:"" placeholder:"HOURS" help:"The line, as ENGAGEMENT/hours/1."`
	Reason string `required:"" placeholder:"TEXT" help:"Why."`
	Output
	Connection
}

// Run takes them back and prints the line.
func (c *HoursReverse) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		h, err := plansv1.NewEngagementsServiceClient(s).ReverseHours(ctx, &plansv1.ReverseHoursRequest{
			Name: "engagements/" + strings.TrimPrefix(c.Hours, "engagements/"), Reason: c.Reason, RequestId: newRequestID()})
		return c.printHours(env, h, err)
	})
}

// HoursCharge is `evenhand plan engagements hours charge`.
type HoursCharge struct {
	Hours string `arg:"" placeholder:"HOURS" help:"The line, as ENGAGEMENT/hours/1."`
	Output
	Connection
}

// Help says what it does.
func (*HoursCharge) Help() string {
	return `The benefit refused the units of these hours, as none were left; they are not asked for again by itself, since
they would count in the period in which that is. Where some came back since, this uses them:

  evenhand plan engagements hours charge find-plant-manager/hours/2`
}

// Run asks for them and prints how that went.
func (c *HoursCharge) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		h, err := plansv1.NewEngagementsServiceClient(s).ChargeHours(ctx, &plansv1.ChargeHoursRequest{
			Name: "engagements/" + strings.TrimPrefix(c.Hours, "engagements/"), RequestId: newRequestID()})
		return c.printHours(env, h, err)
	})
}
