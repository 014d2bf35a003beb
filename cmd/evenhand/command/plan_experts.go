package command

import (
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PlanExperts is `evenhand plan experts`.
type PlanExperts struct {
	List   ExpertsList   `cmd:"" help:"List who of our own people knows what."`
	Get    ExpertsGet    `cmd:"" aliases:"show" help:"Show what an expert knows."`
	Create ExpertsCreate `cmd:"" help:"Write down what one of our people knows."`
	Update ExpertsUpdate `cmd:"" help:"Change what is written down of an expert."`
}

// ExpertArg is the argument that names an expert.
type ExpertArg struct {
	Expert string `arg:"" placeholder:"EXPERT" help:"The id of the principal, as ben, or the expert's name, as experts/ben."`
}

func (a ExpertArg) name() string { return expertName(a.Expert) }

// expertName takes a principal's name too, since an expert has its id.
func expertName(arg string) string {
	return "experts/" + strings.TrimPrefix(strings.TrimPrefix(arg, "principals/"), "experts/")
}

func (o Output) printExpert(env *Env, e *plansv1.Expert, err error) error {
	if err != nil {
		return err
	}
	return o.printOne(env.Stdout, e, []pair{
		{"Expert", e.GetName()},
		{"Areas", strings.Join(e.GetAreas(), ", ")},
		{"Description", e.GetDescription()},
		{"Languages", strings.Join(e.GetLanguages(), ", ")},
		{"Hours a month", shortCount(e.GetHoursAMonth())},
		{"State", showEnum(e.GetState(), "STATE_")},
		{"Etag", e.GetEtag()},
	})
}

// ExpertsList is `evenhand plan experts list`.
type ExpertsList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over area, language, state."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *ExpertsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := plansv1.NewEngagementsServiceClient(s)
		l := c.newList(env.Stdout, "experts", "Expert", "Areas", "Languages", "Hours a month", "State")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.Expert], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListExperts(ctx, &plansv1.ListExpertsRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*plansv1.Expert]{answer.GetExperts(), answer.GetNextPageToken()}, err
		}, func(e *plansv1.Expert) error {
			return l.add(e, e.GetName(), strings.Join(e.GetAreas(), ", "), strings.Join(e.GetLanguages(), ", "),
				shortCount(e.GetHoursAMonth()), showEnum(e.GetState(), "STATE_"))
		})
	})
}

// ExpertsGet is `evenhand plan experts get`.
type ExpertsGet struct {
	ExpertArg
	Output
	Connection
}

// Run asks and prints.
func (c *ExpertsGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		e, err := plansv1.NewEngagementsServiceClient(s).GetExpert(ctx, &plansv1.GetExpertRequest{Name: c.name()})
		return c.printExpert(env, e, err)
	})
}

// ExpertsCreate is `evenhand plan experts create`.
type ExpertsCreate struct {
	ExpertArg
	Area        []string `required:"" placeholder:"AREA,..." help:"What they know, as ids: channel-development."`
	Description string   `placeholder:"TEXT" help:"What else there is to say of it."`
	Language    []string `placeholder:"LANGUAGE,..." help:"The languages they speak, as de or pt-BR."`
	HoursAMonth int32    `name:"hours-a-month" placeholder:"N" help:"How many hours of a calendar month they can give."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ExpertsCreate) Help() string {
	return `Example:

  evenhand plan experts create ben --area recruiting,channel-development --language en,de --hours-a-month 10`
}

// Run creates and prints it.
func (c *ExpertsCreate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		e, err := plansv1.NewEngagementsServiceClient(s).CreateExpert(ctx, &plansv1.CreateExpertRequest{
			ExpertId: strings.TrimPrefix(c.name(), "experts/"), RequestId: newRequestID(), Expert: &plansv1.Expert{
				Areas: c.Area, Description: c.Description, Languages: c.Language, HoursAMonth: c.HoursAMonth}})
		return c.printExpert(env, e, err)
	})
}

// ExpertsUpdate is `evenhand plan experts update`.
type ExpertsUpdate struct {
	ExpertArg
	Area        []string `placeholder:"AREA,..." help:"All that they know, as ids: channel-development."`
	Description *string  `placeholder:"TEXT" help:"What else there is to say of it."`
	Language    []string `placeholder:"LANGUAGE,..." help:"All languages they speak; a single empty one for none."`
	HoursAMonth *int32   `name:"hours-a-month" placeholder:"N" help:"How many hours of a calendar month they can give."`
	State       string   `enum:"active,inactive," default:"" placeholder:"STATE" help:"Whether they are matched with engagements: active or inactive."`
	Etag        string   `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// Run changes and prints it.
func (c *ExpertsUpdate) Run(env *Env) error {
	e, mask := &plansv1.Expert{Name: c.name(), Etag: c.Etag}, &fieldmaskpb.FieldMask{}
	give(mask, "description", &e.Description, c.Description)
	give(mask, "hours_a_month", &e.HoursAMonth, c.HoursAMonth)
	if c.Area != nil {
		areas := notEmpty(c.Area)
		give(mask, "areas", &e.Areas, &areas)
	}
	if c.Language != nil {
		languages := notEmpty(c.Language)
		give(mask, "languages", &e.Languages, &languages)
	}
	if c.State != "" {
		state := plansv1.Expert_State(plansv1.Expert_State_value["STATE_"+strings.ToUpper(c.State)])
		give(mask, "state", &e.State, &state)
	}
	if len(mask.GetPaths()) == 0 {
		return &usageError{"nothing to change: name at least one field, as --hours-a-month 10"}
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		changed, err := plansv1.NewEngagementsServiceClient(s).UpdateExpert(ctx, &plansv1.UpdateExpertRequest{
			Expert: e, UpdateMask: mask, RequestId: newRequestID()})
		return c.printExpert(env, changed, err)
	})
}
