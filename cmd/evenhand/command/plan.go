package command

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// Plan is `evenhand plan`.
type Plan struct {
	Due      PlanDue      `cmd:"" help:"What is due for me this week? What is late comes first."`
	List     PlanList     `cmd:"" help:"List plans."`
	Get      PlanGet      `cmd:"" help:"Show a plan: where its goals stand, how we keep in touch, what is missing."`
	Create   PlanCreate   `cmd:"" help:"Begin the plan of an account, as a draft."`
	Update   PlanUpdate   `cmd:"" help:"Change a plan."`
	Activate PlanActivate `cmd:"" help:"Make a plan count: it must say the customer's own goals and what they mean for its customers."`
	Review   PlanReview   `cmd:"" help:"Begin the review of an active plan; activate it again to end it."`
	Close    PlanClose    `cmd:"" help:"End a plan: nothing more is planned by it."`
	Reopen   PlanReopen   `cmd:"" help:"Make a draft of a plan that was closed."`
	HandOver PlanHandOver `cmd:"" help:"Give a plan, or all plans of somebody, to another owner, and show what is due."`

	Goals       PlanGoals       `cmd:"" help:"Goals of a plan: where they stand, measure, end."`
	Templates   PlanTemplates   `cmd:"" help:"Play books that plans begin from."`
	Touchpoints PlanTouchpoints `cmd:"" help:"Contacts: planned, made, skipped, moved."`
	Absences    PlanAbsences    `cmd:"" help:"Who is away, and who stands in."`
	Calendar    PlanCalendar    `cmd:"" help:"What is due for somebody, in their calendar program: secret addresses."`
	Suggestions PlanSuggestions `cmd:"" help:"Whom to speak with, and why: what signals suggest."`
	Signals     PlanSignals     `cmd:"" help:"The rules by which signals become suggestions."`
	Experts     PlanExperts     `cmd:"" help:"What our own people know."`
	Engagements PlanEngagements `cmd:"" help:"Work of our own people on customers' problems."`
	Projects    PlanProjects    `cmd:"" help:"Innovation projects: joint work with a stated gain for both sides."`
	Sessions    PlanSessions    `cmd:"" help:"Strategy sessions: customers asked about our own decisions, and what became of it."`
	Rewards     PlanRewards     `cmd:"" help:"Points for completed relationship work, never for bookings."`
	Statements  PlanStatements  `cmd:"" help:"What each account paid and received in a quarter."`
	Following   PlanFollowing   `cmd:"" help:"How far the service is behind those that it follows."`
}

// PlanArg is the argument that names a plan.
type PlanArg struct {
	Plan string `arg:"" placeholder:"PLAN" help:"Whose plan: the account's id, as acme, or the plan's name, as plans/acme."`
}

// forPlan runs f with the resource name of the plan a person means: by its own name, or by
// its account's id here or in the system it came from.
func forPlan(env *Env, s *session, arg string, f func(plan string) error) error {
	if id, named := strings.CutPrefix(arg, "plans/"); named {
		return f("plans/" + id)
	}
	return forAccount(env, s, arg, func(account string) error {
		err := f(planName(account))
		if status.Code(err) != codes.NotFound || account != "accounts/"+arg {
			return err
		}
		other, lookupErr := accountName(env, s, arg) // there may be no such account here, but one of that id elsewhere
		if lookupErr != nil || other == account {
			return err // the first answer says it best
		}
		return f(planName(other))
	})
}

// planName is the name of an account's plan.
func planName(account string) string { return "plans/" + strings.TrimPrefix(account, "accounts/") }

// onPlan calls the service with the name of a plan, and prints the plan that comes of it.
func (c *Connection) onPlan(
	env *Env, o Output, arg string, call func(session *session, client plansv1.PlansServiceClient, name string) (*plansv1.Plan, error),
) error {
	return c.with(env, func(s *session) error {
		return forPlan(env, s, arg, func(name string) error {
			p, err := call(s, plansv1.NewPlansServiceClient(s), name)
			return o.printPlan(env, p, err)
		})
	})
}

// PlanList is `evenhand plan list`.
type PlanList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over owner, state, account, template, complete."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*PlanList) Help() string {
	return `Examples:

  evenhand plan list --filter 'owner = "principals/anna" AND state = ACTIVE'
  evenhand plan list --filter 'complete = false' -o csv`
}

// Run asks and prints.
func (c *PlanList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		l := c.newList(env.Stdout, "plans", "Plan", "Owner", "State", "Goals", "Behind", "Contacts", "Missing", "Template")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.Plan], error) {
			return plansPage(env, s, c.Filter, size, token)
		}, func(p *plansv1.Plan) error {
			open, behind := 0, 0
			for _, g := range p.GetGoals() {
				if g.GetState() == plansv1.Goal_STATE_OPEN {
					open++
				}
				if pace(g) == "behind" {
					behind++
				}
			}
			return l.add(p, p.GetName(), p.GetOwner(), showEnum(p.GetState(), "STATE_"), shortCount(int32(open)), shortCount(int32(behind)),
				shortCount(int32(len(p.GetStrategy().GetCadences()))), shortCount(int32(len(p.GetGaps()))), p.GetTemplateVersion())
		})
	})
}

// plansPage asks for a page of plans.
func plansPage(env *Env, s *session, filter string, size int32, token string) (page[*plansv1.Plan], error) {
	ctx, cancel := s.call(env)
	defer cancel()
	answer, err := plansv1.NewPlansServiceClient(s).ListPlans(ctx, &plansv1.ListPlansRequest{PageSize: size, PageToken: token, Filter: filter})
	return page[*plansv1.Plan]{answer.GetPlans(), answer.GetNextPageToken()}, err
}

// PlanGet is `evenhand plan get`.
type PlanGet struct {
	PlanArg
	Output
	Connection
}

// Run asks and prints.
func (c *PlanGet) Run(env *Env) error {
	return c.onPlan(env, c.Output, c.Plan, func(s *session, client plansv1.PlansServiceClient, name string) (*plansv1.Plan, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.GetPlan(ctx, &plansv1.GetPlanRequest{Name: name})
	})
}

// planFile shows what a plan's file looks like.
const planFile = `  goals:
    - statement: Deliver on the day we promised
      measure: orders delivered on the day promised
      unit: "%"
      baseline: 80
      target: 95
      target_date: 2027-06-30
  customer_effect: Their customers wait a day less.
  contribution: We share our forecast every week.
  strategy:
    gap_days: 3
    quiet_hours: 18:00-09:00
    cadences:
      - {purpose: Review the month, channel: call, rule: FREQ=MONTHLY;BYDAY=2TU, start: "2026-12-01T10:00", audience: [purchasing]}
      - {purpose: Plan the year, channel: visit, rule: FREQ=YEARLY;BYMONTH=11;BYDAY=1TH, start: "2026-12-01T14:00", on_holiday: skip}`

// PlanFields are the flags that say what is in a plan.
type PlanFields struct {
	CustomerEffect *string   `placeholder:"TEXT" help:"What reaching the goals means for the customer's own customers."`
	Contribution   *string   `placeholder:"TEXT" help:"What we do for it."`
	Team           *[]string `placeholder:"PRINCIPAL,..." help:"Who helps; may be repeated. An empty one clears it."`
}

// read fills a plan from a file, where one is named, and from the flags, which win; it
// returns the fields that were given.
func (f *PlanFields) read(env *Env, file string, into *plansv1.Plan) (fields []string, err error) {
	if file != "" {
		if fields, err = readFields(env, file, "evenhand plan create --help", into); err != nil {
			return nil, err
		}
	}
	given := func(field string) {
		if !slices.Contains(fields, field) {
			fields = append(fields, field)
		}
	}
	if f.CustomerEffect != nil {
		into.CustomerEffect = *f.CustomerEffect
		given("customer_effect")
	}
	if f.Contribution != nil {
		into.Contribution = *f.Contribution
		given("contribution")
	}
	if f.Team != nil {
		into.Team = principalNames(*f.Team)
		given("team")
	}
	return fields, nil
}

// readFields fills a message from a file in YAML, and returns the fields that stand in it;
// help names the command that shows such a file.
func readFields(env *Env, file, help string, into proto.Message) ([]string, error) {
	text, err := readAll(env, file)
	if err != nil {
		return nil, err
	}
	if err := readYAML(text, into); err != nil {
		return nil, &failure{message: fmt.Sprintf("%s: %v", file, err), fix: "mend the file; `" + help + "` shows one"}
	}
	var keys yaml.Node
	if err := yaml.Unmarshal(text, &keys); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	var fields []string
	for i := 0; i < len(keys.Content[0].Content); i += 2 {
		fields = append(fields, keys.Content[0].Content[i].Value)
	}
	return fields, nil
}

// PlanCreate is `evenhand plan create`.
type PlanCreate struct {
	AccountArg
	File  string `arg:"" optional:"" placeholder:"FILE" help:"The plan, in YAML; - reads standard input."`
	Owner string `placeholder:"PRINCIPAL" help:"Who answers for it; the account's owner, or else you, where it is not given."`
	PlanFields
	ValidateOnly bool `help:"Only say what would be begun, and what it lacks."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*PlanCreate) Help() string {
	return "A draft may lack something; what it lacks to become active is shown. A file:\n\n" + planFile + `

Examples:

  evenhand plan create acme plan.yaml
  evenhand plan create acme --owner anna --contribution "We share our forecast every week."`
}

// Run begins and prints it.
func (c *PlanCreate) Run(env *Env) error {
	p := &plansv1.Plan{}
	if _, err := c.read(env, c.File, p); err != nil {
		return err
	}
	if c.Owner != "" {
		p.Owner = principalName(c.Owner)
	}
	return c.with(env, func(s *session) error {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		if p.GetAccount() != "" && p.GetAccount() != account {
			return &usageError{fmt.Sprintf("%s says account: %s, and not %s: name the one you mean", c.File, p.GetAccount(), account)}
		}
		p.Account = account
		ctx, cancel := s.call(env)
		defer cancel()
		made, err := plansv1.NewPlansServiceClient(s).CreatePlan(ctx, &plansv1.CreatePlanRequest{
			Plan: p, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		return c.printPlan(env, made, err)
	})
}

// PlanUpdate is `evenhand plan update`.
type PlanUpdate struct {
	PlanArg
	File string `arg:"" optional:"" placeholder:"FILE" help:"What to change, in YAML; - reads standard input."`
	PlanFields
	Etag string `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*PlanUpdate) Help() string {
	return `Changes the fields that the file and the flags name, each as a whole, and nothing else: goals that are left out of
a list are dropped, unless something was recorded of them. An active plan stays complete.

A file with goals and strategy looks as with "evenhand plan create --help".

Examples:

  evenhand plan update acme strategy.yaml
  evenhand plan update acme --customer-effect "Their customers wait a day less." --team ben,carl`
}

// Run changes and prints it.
func (c *PlanUpdate) Run(env *Env) error {
	p := &plansv1.Plan{}
	fields, err := c.read(env, c.File, p)
	if err != nil {
		return err
	}
	if c.Etag != "" {
		p.Etag = c.Etag
	}
	account := p.GetAccount()
	fields = slices.DeleteFunc(fields, func(field string) bool { return field == "name" || field == "account" || field == "etag" })
	if len(fields) == 0 {
		return &usageError{"nothing to change: name a FILE or at least one field, as --contribution TEXT"}
	}
	return c.onPlan(env, c.Output, c.Plan, func(s *session, client plansv1.PlansServiceClient, name string) (*plansv1.Plan, error) {
		if account != "" && strings.TrimPrefix(account, "accounts/") != strings.TrimPrefix(name, "plans/") {
			return nil, &usageError{fmt.Sprintf("%s is of %s, and not of %s: name the plan you mean", c.File, account, name)}
		}
		p.Name = name
		ctx, cancel := s.call(env)
		defer cancel()
		return client.UpdatePlan(ctx, &plansv1.UpdatePlanRequest{Plan: p, UpdateMask: &fieldmaskpb.FieldMask{Paths: fields}, RequestId: newRequestID()})
	})
}
