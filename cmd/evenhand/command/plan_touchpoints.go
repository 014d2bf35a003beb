package command

import (
	"cmp"
	"strings"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PlanDue is `evenhand plan due`.
type PlanDue struct {
	Owner string `placeholder:"PRINCIPAL" help:"Whose; yours, where it is not given."`
	Week  Day    `placeholder:"DATE" help:"A day of the week up to whose Sunday things are due; this week, where it is not given."`
	Limit uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*PlanDue) Help() string {
	return `Contacts of somebody who is away are in the list of who stands in.

Examples:

  evenhand plan due
  evenhand plan due --owner ines --week 2026-04-13`
}

// Run asks and prints.
func (c *PlanDue) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := plansv1.NewTouchpointsServiceClient(s)
		l, through := c.newTouchpoints(env), ""
		err := eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.Touchpoint], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListDueTouchpoints(ctx, &plansv1.ListDueTouchpointsRequest{
				Owner: principalName(c.Owner), Date: c.Week.Date, PageSize: size, PageToken: token})
			through = showDay(answer.GetThroughDate())
			return page[*plansv1.Touchpoint]{answer.GetTouchpoints(), answer.GetNextPageToken()}, err
		}, func(t *plansv1.Touchpoint) error { return addTouchpoint(l, t) })
		if err == nil && l.count == 0 {
			env.note("Nothing is due for %s up to %s.", cmp.Or(principalName(c.Owner), "you"), through)
		}
		return err
	})
}

func (o Output) newTouchpoints(env *Env) *list {
	return o.newList(env.Stdout, "touchpoints", "Touchpoint", "Due", "State", "Late", "Purpose", "Channel", "Owner", "Adjusted because")
}

func addTouchpoint(l *list, t *plansv1.Touchpoint) error {
	day := showDay(t.GetDueDate())
	if day == "" {
		day = showDay(t.GetOutcome().GetContactDate())
	}
	return l.add(t, t.GetName(), day, showEnum(t.GetState(), "STATE_"), yesNo(t.GetOverdue()), t.GetPurpose(), showEnum(t.GetChannel(), "CHANNEL_"),
		t.GetOwner(), strings.Join(adjustments(t), "; "))
}

// adjustments are why a touchpoint is due then, in words.
func adjustments(t *plansv1.Touchpoint) []string {
	var list []string
	for _, a := range t.GetAdjustments() {
		text := a.GetDescription()
		if a.GetPrincipal() != "" {
			text += " (" + a.GetPrincipal() + ")"
		}
		list = append(list, text)
	}
	return list
}

// PlanTouchpoints is `evenhand plan touchpoints`.
type PlanTouchpoints struct {
	List       TouchpointsList       `cmd:"" help:"List touchpoints of a plan, or of all."`
	Get        TouchpointsGet        `cmd:"" help:"Show a touchpoint."`
	Add        TouchpointsAdd        `cmd:"" help:"Plan a touchpoint that no cadence asks for."`
	Complete   TouchpointsComplete   `cmd:"" help:"Write down that a touchpoint was done."`
	Skip       TouchpointsSkip       `cmd:"" help:"Decide against a touchpoint."`
	Reschedule TouchpointsReschedule `cmd:"" help:"Make a touchpoint due on another day."`
	Reassign   TouchpointsReassign   `cmd:"" help:"Have somebody else do a touchpoint."`
	Record     TouchpointsRecord     `cmd:"" help:"Write down a contact that was not planned, as one that the customer began."`
}

// TouchpointArg is the argument that names a touchpoint.
type TouchpointArg struct {
	Touchpoint string `arg:"" placeholder:"TOUCHPOINT" help:"Its name, as plans/acme/touchpoints/review-2026-04-14, or without the collections, as acme/review-2026-04-14."`
}

func (a TouchpointArg) name() string {
	plan, own, short := strings.Cut(a.Touchpoint, "/")
	if !short || plan == "plans" {
		return a.Touchpoint
	}
	return "plans/" + plan + "/touchpoints/" + own
}

// touchpointsPlan returns the name of the plan of an account that an argument names.
func touchpointsPlan(env *Env, s *session, arg string) (string, error) {
	if strings.HasPrefix(arg, "plans/") {
		return arg, nil
	}
	account, err := accountName(env, s, arg)
	return "plans/" + strings.TrimPrefix(account, "accounts/"), err
}

func (o Output) printTouchpoint(env *Env, t *plansv1.Touchpoint, err error) error {
	if err != nil {
		return err
	}
	outcome := t.GetOutcome()
	minutes := ""
	if outcome.GetMinutes() > 0 {
		minutes = shortCount(outcome.GetMinutes())
	}
	return o.printOne(env.Stdout, t, []pair{
		{"Touchpoint", t.GetName()},
		{"Purpose", t.GetPurpose()},
		{"Channel", showEnum(t.GetChannel(), "CHANNEL_")},
		{"State", showEnum(t.GetState(), "STATE_")},
		{"Late", yesNo(t.GetOverdue())},
		{"Due", showDay(t.GetDueDate())},
		{"At", showTime(t.GetDueTime())},
		{"Owner", t.GetOwner()},
		{"Contacts", strings.Join(t.GetContacts(), ", ")},
		{"Origin", showEnum(t.GetOrigin(), "ORIGIN_")},
		{"Source", t.GetSource()},
		{"Cadence", t.GetCadence()},
		{"Meant for", showTime(t.GetOccurrenceTime())},
		{"Counts from", showDay(t.GetOpenDate())},
		{"Adjusted because", strings.Join(adjustments(t), "; ")},
		{"Outcome", outcome.GetText()},
		{"Took place", showDay(outcome.GetContactDate())},
		{"Begun by", showEnum(outcome.GetInitiator(), "INITIATOR_")},
		{"Reached", strings.Join(outcome.GetContacts(), ", ")},
		{"Evidence", outcome.GetEvidence()},
		{"Minutes", minutes},
		{"Held by", outcome.GetHolder()},
		{"Recorded by", outcome.GetRecorder()},
		{"Ended because", t.GetEndReason()},
		{"Ended by", t.GetEnder()},
		{"Etag", t.GetEtag()},
	})
}

// TouchpointsList is `evenhand plan touchpoints list`.
type TouchpointsList struct {
	Plan   string `arg:"" optional:"" placeholder:"ACCOUNT" help:"Whose plan; all plans, where it is not given."`
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over state, owner, origin, channel, cadence, overdue, due_date."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*TouchpointsList) Help() string {
	return `Examples:

  evenhand plan touchpoints list brook-and-sons
  evenhand plan touchpoints list --filter 'overdue = true'`
}

// Run asks and prints.
func (c *TouchpointsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		parent := "plans/-"
		if c.Plan != "" {
			var err error
			if parent, err = touchpointsPlan(env, s, c.Plan); err != nil {
				return err
			}
		}
		client := plansv1.NewTouchpointsServiceClient(s)
		l := c.newTouchpoints(env)
		return eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.Touchpoint], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListTouchpoints(ctx, &plansv1.ListTouchpointsRequest{Parent: parent, PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*plansv1.Touchpoint]{answer.GetTouchpoints(), answer.GetNextPageToken()}, err
		}, func(t *plansv1.Touchpoint) error { return addTouchpoint(l, t) })
	})
}

// TouchpointsGet is `evenhand plan touchpoints get`.
type TouchpointsGet struct {
	TouchpointArg
	Output
	Connection
}

// Run asks and prints.
func (c *TouchpointsGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		t, err := plansv1.NewTouchpointsServiceClient(s).GetTouchpoint(ctx, &plansv1.GetTouchpointRequest{Name: c.name()})
		return c.printTouchpoint(env, t, err)
	})
}
