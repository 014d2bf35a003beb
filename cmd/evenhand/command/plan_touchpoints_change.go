package command

import (
	"strings"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// ContactChannel is the --channel flag: by what way a person is reached.
type ContactChannel string

func (c ContactChannel) in() plansv1.Channel {
	return plansv1.Channel(plansv1.Channel_value["CHANNEL_"+strings.ToUpper(string(c))])
}

// TouchpointsAdd is `evenhand plan touchpoints add`.
type TouchpointsAdd struct {
	Plan         string         `arg:"" placeholder:"ACCOUNT" help:"Whose plan."`
	Purpose      string         `arg:"" help:"What the contact is for."`
	Channel      ContactChannel `required:"" enum:"call,visit,video,email,letter,event,message" help:"By what way: ${enum}."`
	Due          Day            `required:"" placeholder:"DATE" help:"By when."`
	Owner        string         `placeholder:"PRINCIPAL" help:"Who is to do it; the plan's owner, where it is not given."`
	Role         []string       `placeholder:"ROLE" help:"Roles of the contacts who are addressed; all contacts, where none is given."`
	Contact      []string       `placeholder:"CONTACT" help:"Who is addressed, by their ids."`
	ValidateOnly bool           `help:"Only say what would be planned."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*TouchpointsAdd) Help() string {
	return `Example:

  evenhand plan touchpoints add brook-and-sons "Send the figures" --channel email --due 2026-04-20`
}

// Run plans and prints it.
func (c *TouchpointsAdd) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		plan, err := touchpointsPlan(env, s, c.Plan)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		t, err := plansv1.NewTouchpointsServiceClient(s).CreateTouchpoint(ctx, &plansv1.CreateTouchpointRequest{Parent: plan,
			RequestId: newRequestID(), ValidateOnly: c.ValidateOnly, Touchpoint: &plansv1.Touchpoint{Purpose: c.Purpose, Channel: c.Channel.in(),
				DueDate: c.Due.Date, Owner: principalName(c.Owner), Audience: c.Role, Contacts: contactNames(plan, c.Contact)}})
		return c.printTouchpoint(env, t, err)
	})
}

// contactNames makes names of ids of contacts of a plan's account.
func contactNames(plan string, ids []string) []string {
	var list []string
	for _, id := range ids {
		if !strings.HasPrefix(id, "accounts/") {
			id = "accounts/" + strings.TrimPrefix(plan, "plans/") + "/contacts/" + id
		}
		list = append(list, id)
	}
	return list
}

// ContactOutcome is the flags that say what came of a contact.
type ContactOutcome struct {
	Day      Day      `placeholder:"DATE" help:"When it took place; today, where it is not given."`
	Contact  []string `placeholder:"CONTACT" help:"Who was reached, by their ids."`
	Evidence string   `placeholder:"TEXT" help:"What shows it, as the number of a ticket or an address."`
	Minutes  int32    `placeholder:"N" help:"The time that our people gave."`
}

func (o *ContactOutcome) in(plan, text string) *plansv1.ContactOutcome {
	return &plansv1.ContactOutcome{Text: text, ContactDate: o.Day.Date, Contacts: contactNames(plan, o.Contact), Evidence: o.Evidence, Minutes: o.Minutes}
}

// TouchpointsComplete is `evenhand plan touchpoints complete`.
type TouchpointsComplete struct {
	TouchpointArg
	Outcome string `arg:"" help:"What came of it."`
	ContactOutcome
	Holder string `placeholder:"PRINCIPAL" help:"Who held the contact, and gets the points; you, where nobody is given."`
	Etag   string `help:"Complete it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*TouchpointsComplete) Help() string {
	return `What the customer began does not count: record that, and make the contact that is due.

Example:

  evenhand plan touchpoints complete brook-and-sons/review-2026-04-14 "Nine days in ten are kept." --minutes 90`
}

// Run completes and prints it.
func (c *TouchpointsComplete) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		plan, _, _ := strings.Cut(c.name(), "/touchpoints/")
		outcome := c.in(plan, c.Outcome)
		outcome.Holder = principalName(c.Holder)
		t, err := plansv1.NewTouchpointsServiceClient(s).CompleteTouchpoint(ctx, &plansv1.CompleteTouchpointRequest{
			Name: c.name(), Outcome: outcome, Etag: c.Etag, RequestId: newRequestID()})
		return c.printTouchpoint(env, t, err)
	})
}

// TouchpointsSkip is `evenhand plan touchpoints skip`.
type TouchpointsSkip struct {
	TouchpointArg
	Reason string `required:"" placeholder:"TEXT" help:"Why."`
	Etag   string `help:"Skip it only if it is still at this etag."`
	Output
	Connection
}

// Run skips and prints it.
func (c *TouchpointsSkip) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		t, err := plansv1.NewTouchpointsServiceClient(s).SkipTouchpoint(ctx, &plansv1.SkipTouchpointRequest{
			Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
		return c.printTouchpoint(env, t, err)
	})
}

// TouchpointsReschedule is `evenhand plan touchpoints reschedule`.
type TouchpointsReschedule struct {
	TouchpointArg
	Due          Day    `arg:"" placeholder:"DATE" help:"When it is due now."`
	Reason       string `required:"" placeholder:"TEXT" help:"Why."`
	Etag         string `help:"Change it only if it is still at this etag."`
	ValidateOnly bool   `help:"Only say what would be changed."`
	Output
	Connection
}

// Run reschedules and prints it.
func (c *TouchpointsReschedule) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		t, err := plansv1.NewTouchpointsServiceClient(s).RescheduleTouchpoint(ctx, &plansv1.RescheduleTouchpointRequest{
			Name: c.name(), DueDate: c.Due.Date, Reason: c.Reason, Etag: c.Etag, ValidateOnly: c.ValidateOnly, RequestId: newRequestID()})
		return c.printTouchpoint(env, t, err)
	})
}

// TouchpointsReassign is `evenhand plan touchpoints reassign`.
type TouchpointsReassign struct {
	TouchpointArg
	Owner  string `arg:"" placeholder:"PRINCIPAL" help:"Who is to do it."`
	Reason string `placeholder:"TEXT" help:"Why."`
	Etag   string `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// Run reassigns and prints it.
func (c *TouchpointsReassign) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		t, err := plansv1.NewTouchpointsServiceClient(s).ReassignTouchpoint(ctx, &plansv1.ReassignTouchpointRequest{
			Name: c.name(), Owner: principalName(c.Owner), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
		return c.printTouchpoint(env, t, err)
	})
}

// TouchpointsRecord is `evenhand plan touchpoints record`.
type TouchpointsRecord struct {
	Plan    string         `arg:"" placeholder:"ACCOUNT" help:"Whose plan."`
	Purpose string         `arg:"" help:"What it was about."`
	Outcome string         `arg:"" help:"What came of it."`
	Channel ContactChannel `required:"" enum:"call,visit,video,email,letter,event,message" help:"By what way: ${enum}."`
	BegunBy string         `required:"" enum:"company,customer" help:"Who began it: ${enum}."`
	Owner   string         `placeholder:"PRINCIPAL" help:"Who had the contact; you, where it is not given."`
	ContactOutcome
	ValidateOnly bool `help:"Only say what would be written down."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*TouchpointsRecord) Help() string {
	return `It satisfies no touchpoint.

Example:

  evenhand plan touchpoints record brook-and-sons "A wheel without spokes" "Sent again." --channel call --begun-by customer`
}

// Run records and prints it.
func (c *TouchpointsRecord) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		plan, err := touchpointsPlan(env, s, c.Plan)
		if err != nil {
			return err
		}
		outcome := c.in(plan, c.Outcome)
		outcome.Initiator = plansv1.ContactOutcome_Initiator(plansv1.ContactOutcome_Initiator_value["INITIATOR_"+strings.ToUpper(c.BegunBy)])
		ctx, cancel := s.call(env)
		defer cancel()
		t, err := plansv1.NewTouchpointsServiceClient(s).RecordContact(ctx, &plansv1.RecordContactRequest{Parent: plan, Purpose: c.Purpose,
			Channel: c.Channel.in(), Outcome: outcome, Owner: principalName(c.Owner), ValidateOnly: c.ValidateOnly, RequestId: newRequestID()})
		return c.printTouchpoint(env, t, err)
	})
}
