package command

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PlanEngagements is `evenhand plan engagements`.
type PlanEngagements struct {
	List     EngagementsList     `cmd:"" help:"List engagements, the latest first."`
	Get      EngagementsGet      `cmd:"" aliases:"show" help:"Show an engagement."`
	Request  EngagementsRequest  `cmd:"" help:"Ask for our own people's help with a customer's problem."`
	Update   EngagementsUpdate   `cmd:"" help:"Change what an engagement is about."`
	Match    EngagementsMatch    `cmd:"" help:"Who could take an engagement, and why?"`
	Assign   EngagementsAssign   `cmd:"" help:"Put experts on an engagement."`
	Start    EngagementsStart    `cmd:"" help:"Begin the work."`
	Complete EngagementsComplete `cmd:"" help:"End the work with what came of it."`
	Decline  EngagementsDecline  `cmd:"" help:"Say that we will not do it."`
	Cancel   EngagementsCancel   `cmd:"" help:"Call an engagement off."`
	Feedback EngagementsFeedback `cmd:"" help:"Record what the customer said."`
	Hours    EngagementsHours    `cmd:"" help:"Hours of work: list, record, take back."`
}

// EngagementArg is the argument that names an engagement.
type EngagementArg struct {
	Engagement string `arg:"" placeholder:"ENGAGEMENT" help:"Its id, or its name, as engagements/ID."`
}

func (a EngagementArg) name() string {
	return "engagements/" + strings.TrimPrefix(a.Engagement, "engagements/")
}

// contact is the name of a contact of the engagement's account, given by its id or name;
// empty where none is given.
func (a EngagementArg) contact(env *Env, s *session, client plansv1.EngagementsServiceClient, given string) (string, error) {
	if given == "" || strings.HasPrefix(given, "accounts/") {
		return given, nil
	}
	ctx, cancel := s.call(env)
	defer cancel()
	e, err := client.GetEngagement(ctx, &plansv1.GetEngagementRequest{Name: a.name()})
	return contactOf(e.GetAccount(), given), err
}

func (o Output) printEngagement(env *Env, e *plansv1.Engagement, err error) error {
	if err != nil {
		return err
	}
	pairs := []pair{
		{"Engagement", e.GetName()},
		{"Account", e.GetAccount()},
		{"Title", e.GetTitle()},
		{"Problem", e.GetProblem()},
		{"Area", e.GetArea()},
		{"State", showEnum(e.GetState(), "STATE_")},
		{"Requested by", e.GetRequester()},
		{"For", e.GetContact()},
		{"Languages", strings.Join(e.GetLanguages(), ", ")},
		{"Origin", showEnum(e.GetOrigin(), "ORIGIN_")},
		{"Planned", showPlanned(e)},
		{"Experts", strings.Join(e.GetExperts(), ", ")},
		{"Started", showDay(e.GetStartDate())},
		{"Worked", showMinutes(e.GetWorkedMinutes())},
		{"Benefit", showBenefit(e)},
		{"Ended", showDay(e.GetEndDate())},
		{"Outcome", e.GetOutcome()},
		{"Reason", e.GetEndReason()},
	}
	for _, f := range e.GetFeedback() {
		pairs = append(pairs, pair{"Customer", showFeedback(f)})
	}
	return o.printOne(env.Stdout, e, append(pairs, pair{"Solved, says the customer", yesOnly(e.GetSolved())}, pair{"Etag", e.GetEtag()}))
}

// showMinutes writes a length of work, as 1h30m; empty for none.
func showMinutes(minutes int32) string {
	sign := ""
	if minutes < 0 {
		sign, minutes = "-", -minutes
	}
	switch hours, rest := minutes/60, minutes%60; {
	case minutes == 0:
		return ""
	case hours == 0:
		return fmt.Sprintf("%s%dm", sign, rest)
	case rest == 0:
		return fmt.Sprintf("%s%dh", sign, hours)
	default:
		return fmt.Sprintf("%s%dh%dm", sign, hours, rest)
	}
}

func showPlanned(e *plansv1.Engagement) string {
	var parts []string
	if work := showMinutes(e.GetPlannedMinutes()); work != "" {
		parts = append(parts, work)
	}
	if d := e.GetPlannedStartDate(); d != nil {
		parts = append(parts, "from "+showDay(d))
	}
	if d := e.GetPlannedEndDate(); d != nil {
		parts = append(parts, "to "+showDay(d))
	}
	return strings.Join(parts, " ")
}

func showBenefit(e *plansv1.Engagement) string {
	if e.GetBenefit() == "" {
		return ""
	}
	text := fmt.Sprintf("%s, a unit every %s: %s used", e.GetBenefit(), showMinutes(e.GetUnitMinutes()), showCount(e.GetUsedUnits()))
	if e.GetRefusedUnits() != 0 {
		text += fmt.Sprintf(", %s refused", showCount(e.GetRefusedUnits()))
	}
	return text
}

func showFeedback(f *plansv1.EngagementFeedback) string {
	said := fmt.Sprintf("%d of 5, %s on %s", f.GetRating(), f.GetContact(), showDay(f.GetFeedbackDate()))
	if f.GetText() != "" {
		said += ": " + f.GetText()
	}
	return said
}

// engage calls the API about an engagement, and prints the answer.
func (c *engagementCall) engage(
	env *Env, call func(s *session, client plansv1.EngagementsServiceClient) (*plansv1.Engagement, error),
) error {
	return c.with(env, func(s *session) error {
		e, err := call(s, plansv1.NewEngagementsServiceClient(s))
		return c.printEngagement(env, e, err)
	})
}

// engagementCall is what all commands have that answer with an engagement.
type engagementCall struct {
	Output
	Connection
}

// EngagementsList is `evenhand plan engagements list`.
type EngagementsList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over account, requester, expert, area, state, benefit."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *EngagementsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := plansv1.NewEngagementsServiceClient(s)
		l := c.newList(env.Stdout, "engagements", "Engagement", "Account", "Title", "Area", "State", "Experts", "Worked")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.Engagement], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListEngagements(ctx, &plansv1.ListEngagementsRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*plansv1.Engagement]{answer.GetEngagements(), answer.GetNextPageToken()}, err
		}, func(e *plansv1.Engagement) error {
			return l.add(e, e.GetName(), e.GetAccount(), e.GetTitle(), e.GetArea(), showEnum(e.GetState(), "STATE_"),
				strings.Join(e.GetExperts(), ", "), showMinutes(e.GetWorkedMinutes()))
		})
	})
}

// EngagementsGet is `evenhand plan engagements get`.
type EngagementsGet struct {
	EngagementArg
	engagementCall
}

// Run asks and prints.
func (c *EngagementsGet) Run(env *Env) error {
	return c.engage(env, func(s *session, client plansv1.EngagementsServiceClient) (*plansv1.Engagement, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.GetEngagement(ctx, &plansv1.GetEngagementRequest{Name: c.name()})
	})
}

// EngagementsRequest is `evenhand plan engagements request`.
type EngagementsRequest struct {
	AccountArg
	Title        string   `arg:"" help:"What is to be solved, in a few words."`
	Problem      string   `required:"" placeholder:"TEXT" help:"The problem in the customer's words."`
	Area         string   `required:"" placeholder:"AREA" help:"What an expert has to know, as an id: recruiting."`
	ID           string   `placeholder:"ID" help:"Its id; otherwise one is made up."`
	Contact      string   `placeholder:"CONTACT" help:"Whom it is for: the id of a contact of the account."`
	Language     []string `placeholder:"LANGUAGE,..." help:"The languages that experts should speak, as de."`
	Origin       string   `enum:"asked-for,offered,automatic" default:"asked-for" help:"How it came about: asked-for, offered or automatic (${default})."`
	Planned      int32    `placeholder:"MINUTES" help:"How much work is expected, in minutes."`
	From         Day      `placeholder:"DATE" help:"The day on which it is planned to begin."`
	To           Day      `placeholder:"DATE" help:"The last day on which it is planned."`
	Benefit      string   `placeholder:"BENEFIT" help:"The metered benefit that the hours use."`
	UnitMinutes  int32    `placeholder:"MINUTES" help:"How many minutes of work fill a unit of the benefit; 60, where it is not given."`
	ValidateOnly bool     `help:"Only say what would be created."`
	engagementCall
}

// Help implements kong.HelpProvider.
func (*EngagementsRequest) Help() string {
	return `Whoever serves customers or makes policy may ask, for any account: nothing here depends on what it spends.

Example:

  evenhand plan engagements request brook-and-sons "Find a plant manager" --problem "We have looked for a year." --area recruiting --benefit expert-hours`
}

// Run creates and prints it.
func (c *EngagementsRequest) Run(env *Env) error {
	return c.engage(env, func(s *session, client plansv1.EngagementsServiceClient) (*plansv1.Engagement, error) {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return nil, err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		return client.CreateEngagement(ctx, &plansv1.CreateEngagementRequest{
			EngagementId: c.ID, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly, Engagement: &plansv1.Engagement{
				Account: account, Title: c.Title, Problem: c.Problem, Area: c.Area, Contact: contactOf(account, c.Contact), Languages: c.Language,
				Origin: engagementOrigin(c.Origin), PlannedMinutes: c.Planned, PlannedStartDate: c.From.Date, PlannedEndDate: c.To.Date,
				Benefit: c.Benefit, UnitMinutes: c.UnitMinutes}})
	})
}

// contactOf makes the name of a contact of an account; empty where none is given.
func contactOf(account, contact string) string {
	if contact == "" || strings.HasPrefix(contact, "accounts/") {
		return contact
	}
	return account + "/contacts/" + contact
}

func engagementOrigin(text string) plansv1.Engagement_Origin {
	return plansv1.Engagement_Origin(plansv1.Engagement_Origin_value["ORIGIN_"+strings.ReplaceAll(strings.ToUpper(text), "-", "_")])
}

// EngagementsUpdate is `evenhand plan engagements update`.
type EngagementsUpdate struct {
	EngagementArg
	Title    *string  `placeholder:"TEXT" help:"What is to be solved, in a few words."`
	Problem  *string  `placeholder:"TEXT" help:"The problem in the customer's words."`
	Area     *string  `placeholder:"AREA" help:"What an expert has to know, as an id."`
	Contact  *string  `placeholder:"CONTACT" help:"Whom it is for: the id of a contact of the account; empty for nobody."`
	Language []string `placeholder:"LANGUAGE,..." help:"All languages that experts should speak; a single empty one for none."`
	Planned  *int32   `placeholder:"MINUTES" help:"How much work is expected, in minutes."`
	From     *Day     `placeholder:"DATE" help:"The day on which it is planned to begin."`
	To       *Day     `placeholder:"DATE" help:"The last day on which it is planned."`
	Benefit  *string  `placeholder:"BENEFIT" help:"The metered benefit that the hours use; empty for none."`
	Etag     string   `help:"Change it only if it is still at this etag."`
	engagementCall
}

// Run changes and prints it.
func (c *EngagementsUpdate) Run(env *Env) error {
	e, mask := &plansv1.Engagement{Name: c.name(), Etag: c.Etag}, &fieldmaskpb.FieldMask{}
	give(mask, "title", &e.Title, c.Title)
	give(mask, "problem", &e.Problem, c.Problem)
	give(mask, "area", &e.Area, c.Area)
	give(mask, "contact", &e.Contact, c.Contact)
	give(mask, "planned_minutes", &e.PlannedMinutes, c.Planned)
	give(mask, "benefit", &e.Benefit, c.Benefit)
	if c.Language != nil {
		languages := notEmpty(c.Language)
		give(mask, "languages", &e.Languages, &languages)
	}
	if c.From != nil {
		give(mask, "planned_start_date", &e.PlannedStartDate, &c.From.Date)
	}
	if c.To != nil {
		give(mask, "planned_end_date", &e.PlannedEndDate, &c.To.Date)
	}
	if len(mask.GetPaths()) == 0 {
		return &usageError{"nothing to change: name at least one field, as --area systems"}
	}
	return c.engage(env, func(s *session, client plansv1.EngagementsServiceClient) (*plansv1.Engagement, error) {
		var err error
		if e.Contact, err = c.contact(env, s, client, e.GetContact()); err != nil {
			return nil, err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		return client.UpdateEngagement(ctx, &plansv1.UpdateEngagementRequest{Engagement: e, UpdateMask: mask, RequestId: newRequestID()})
	})
}

// EngagementsMatch is `evenhand plan engagements match`.
type EngagementsMatch struct {
	EngagementArg
	Output
	Connection
}

// Run asks and prints.
func (c *EngagementsMatch) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := plansv1.NewEngagementsServiceClient(s).MatchEngagement(ctx, &plansv1.MatchEngagementRequest{Name: c.name()})
		if err != nil {
			return err
		}
		if len(answer.GetCandidates()) == 0 {
			env.note("Nobody who is active knows its area: `evenhand plan experts list` says who knows what.")
		}
		l := c.newList(env.Stdout, "candidates", "Expert", "Free", "Earlier", "Under way", "Why")
		for _, x := range answer.GetCandidates() {
			if err := l.add(x, x.GetExpert(), showMinutes(x.GetFreeMinutes()), shortCount(x.GetEarlierEngagements()),
				shortCount(x.GetCurrentEngagements()), strings.Join(x.GetReasons(), " ")); err != nil {
				return err
			}
		}
		return l.end()
	})
}

// EngagementsAssign is `evenhand plan engagements assign`.
type EngagementsAssign struct {
	EngagementArg
	Experts []string `arg:"" placeholder:"EXPERT" help:"Who is on it from now on."`
	Etag    string   `help:"Assign them only if it is still at this etag."`
	engagementCall
}

// Run assigns and prints it.
func (c *EngagementsAssign) Run(env *Env) error {
	experts := make([]string, len(c.Experts))
	for i, arg := range c.Experts {
		experts[i] = expertName(arg)
	}
	return c.engage(env, func(s *session, client plansv1.EngagementsServiceClient) (*plansv1.Engagement, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.AssignExperts(ctx, &plansv1.AssignExpertsRequest{Name: c.name(), Experts: experts, Etag: c.Etag, RequestId: newRequestID()})
	})
}
