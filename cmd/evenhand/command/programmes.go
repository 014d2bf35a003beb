package command

import (
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Programmes is `evenhand programmes`.
type Programmes struct {
	List       ProgrammesList       `cmd:"" help:"List programmes."`
	Get        ProgrammesGet        `cmd:"" help:"Show a programme: its criteria, its places, who waits."`
	Create     ProgrammesCreate     `cmd:"" help:"Write a programme down; nobody can apply yet."`
	Update     ProgrammesUpdate     `cmd:"" help:"Change a draft, or widen a published programme."`
	Publish    ProgrammesPublish    `cmd:"" help:"Publish a programme: accounts can apply in its days, and rules can read it."`
	Lottery    ProgrammesLottery    `cmd:"" help:"Take the lottery of a programme a step further: commit it, draw it, give the places."`
	End        ProgrammesEnd        `cmd:"" help:"End a programme from a day on, with a reason."`
	Delete     ProgrammesDelete     `cmd:"" help:"Delete a draft."`
	Enrolments ProgrammesEnrolments `cmd:"" help:"List who has a place in a programme, who waits, and who left."`
	Enrolment  ProgrammesEnrolment  `cmd:"" help:"Show what an account is to a programme."`
	Apply      ProgrammesApply      `cmd:"" help:"Apply for a place in the name of an account."`
	Withdraw   ProgrammesWithdraw   `cmd:"" help:"Give an account's place, or its application, back."`
}

// ProgrammeArg is the argument that names a programme.
type ProgrammeArg struct {
	Programme string `arg:"" placeholder:"PROGRAMME" help:"Its id, as beta, or its name, as programmes/beta."`
}

func (a ProgrammeArg) name() string {
	return "programmes/" + strings.TrimPrefix(a.Programme, "programmes/")
}

// ProgrammesList is `evenhand programmes list`.
type ProgrammesList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over state, title."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ProgrammesList) Help() string {
	return `Example:

  evenhand programmes list --filter 'state = OPEN'`
}

// Run asks and prints.
func (c *ProgrammesList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewProgrammesServiceClient(s)
		l := c.newList(env.Stdout, "programmes", "Programme", "Title", "State", "Places", "Taken", "Waiting", "Opens", "Closes", "Ends", "Criteria")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.Programme], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListProgrammes(ctx, &entitlementsv1.ListProgrammesRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*entitlementsv1.Programme]{answer.GetProgrammes(), answer.GetNextPageToken()}, err
		}, func(p *entitlementsv1.Programme) error {
			return l.add(p, p.GetName(), p.GetTitle(), showEnum(p.GetState(), "STATE_"), strconv.Itoa(int(p.GetCapacity())),
				strconv.Itoa(int(p.GetEnrolledCount())), strconv.Itoa(int(p.GetWaitingCount())),
				showDay(p.GetOpenDate()), showDay(p.GetCloseDate()), showDay(p.GetEndDate()), p.GetCriteriaText())
		})
	})
}

func (o Output) printProgramme(env *Env, p *entitlementsv1.Programme, err error) error {
	if err != nil {
		return err
	}
	return o.printOne(env.Stdout, p, []pair{
		{"Programme", p.GetName()},
		{"Title", p.GetTitle()},
		{"Summary", p.GetSummary()},
		{"State", showEnum(p.GetState(), "STATE_")},
		{"Criteria", p.GetCriteriaText()},
		{"Places", strconv.Itoa(int(p.GetCapacity()))},
		{"Taken", strconv.Itoa(int(p.GetEnrolledCount()))},
		{"Waiting", strconv.Itoa(int(p.GetWaitingCount()))},
		{"Published", showDay(p.GetPublishDate())},
		{"Applications from", showDay(p.GetOpenDate())},
		{"Applications until", showDay(p.GetCloseDate())},
		{"Admission", showEnum(p.GetAdmission(), "ADMISSION_")},
		{"Round", strings.TrimSpace(p.GetLotteryRound().GetSource() + " " + p.GetLotteryRound().GetNumber())},
		{"Known from", showTime(p.GetLotteryRound().GetKnownTime())},
		{"Lottery", p.GetLottery().GetLottery()},
		{"Drawing", showEnum(p.GetLottery().GetState(), "STATE_")},
		{"Record", p.GetLottery().GetRecordHash()},
		{"Ends", showDay(p.GetEndDate())},
		{"Ends because", p.GetEndReason()},
		{"Etag", p.GetEtag()},
	})
}

// ProgrammesGet is `evenhand programmes get`.
type ProgrammesGet struct {
	ProgrammeArg
	Output
	Connection
}

// Run asks and prints.
func (c *ProgrammesGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		p, err := entitlementsv1.NewProgrammesServiceClient(s).GetProgramme(ctx, &entitlementsv1.GetProgrammeRequest{Name: c.name()})
		return c.printProgramme(env, p, err)
	})
}

// ProgrammesCreate is `evenhand programmes create`.
type ProgrammesCreate struct {
	Title    string `arg:"" help:"What people call it."`
	Summary  string `required:"" placeholder:"TEXT" help:"What it is, in a line."`
	Criteria string `required:"" placeholder:"WHEN" help:"What an account has to meet, as a rule's when in a schedule file."`
	Capacity int32  `required:"" placeholder:"N" help:"How many places there are."`
	ID       string `placeholder:"ID" help:"Its id, by which rules read it; otherwise the slug of the title."`
	Opens    Day    `placeholder:"DATE" help:"The first day for applications; the day of publishing, where it is not given."`
	Closes   Day    `placeholder:"DATE" help:"The last day for applications; none, where it is not given."`
	LotteryRound
	ValidateOnly bool `help:"Only say what would be created."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ProgrammesCreate) Help() string {
	return `Examples:

  evenhand programmes create Beta --summary "Try the new portal first." --criteria '{tenure: months, at_least: 12}' --capacity 40
  evenhand programmes create Preview --summary "Try the new portal first." --criteria '{tenure: months, at_least: 12}' --capacity 40 \
    --closes 2027-01-31 --round-source "drand quicknet" --round-number 4712345 --round-time 2027-02-02T10:00:00Z
  evenhand programmes create Evangelists --summary "Speak about us." --capacity 20 \
    --criteria '{any: [{spend: trailing-12-months, at_least: 500.00}, {board: terms-served, at_least: 1}]}'`
}

// Run creates and prints it.
func (c *ProgrammesCreate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		p, err := entitlementsv1.NewProgrammesServiceClient(s).CreateProgramme(ctx, &entitlementsv1.CreateProgrammeRequest{
			Programme: &entitlementsv1.Programme{Title: c.Title, Summary: c.Summary, Capacity: c.Capacity,
				OpenDate: c.Opens.Date, CloseDate: c.Closes.Date, Admission: c.admission(), LotteryRound: c.round()},
			ProgrammeId: c.ID, CriteriaText: c.Criteria, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		return c.printProgramme(env, p, err)
	})
}

// ProgrammesUpdate is `evenhand programmes update`.
type ProgrammesUpdate struct {
	ProgrammeArg
	Title     *string `placeholder:"TEXT" help:"What people call it."`
	Summary   *string `placeholder:"TEXT" help:"What it is, in a line."`
	Criteria  string  `placeholder:"WHEN" help:"What an account has to meet, as a rule's when in a schedule file."`
	Capacity  *int32  `placeholder:"N" help:"How many places there are."`
	Opens     *Day    `placeholder:"DATE" help:"The first day for applications."`
	Closes    *Day    `placeholder:"DATE" help:"The last day for applications."`
	NoLastDay bool    `help:"Applications are taken until the programme ends."`
	LotteryRound
	Etag         string `help:"Change it only if it is still at this etag."`
	ValidateOnly bool   `help:"Only say what it would be."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ProgrammesUpdate) Help() string {
	return `Changes what is given, and nothing else. A published programme is only widened: more places, criteria that
whoever met them still meets, more days for applications.

Example:

  evenhand programmes update beta --capacity 60`
}

// Run changes and prints it.
func (c *ProgrammesUpdate) Run(env *Env) error {
	p := &entitlementsv1.Programme{Name: c.name(), Etag: c.Etag}
	mask := &fieldmaskpb.FieldMask{Paths: []string{}}
	set := func(path string) { mask.Paths = append(mask.Paths, path) }
	if c.Title != nil {
		p.Title = *c.Title
		set("title")
	}
	if c.Summary != nil {
		p.Summary = *c.Summary
		set("summary")
	}
	if c.Capacity != nil {
		p.Capacity = *c.Capacity
		set("capacity")
	}
	if c.Opens != nil {
		p.OpenDate = c.Opens.Date
		set("open_date")
	}
	if round := c.round(); round != nil {
		p.LotteryRound = round
		set("lottery_round")
	}
	switch {
	case c.Closes != nil && c.NoLastDay:
		return &usageError{"--closes and --no-last-day exclude each other: give one"}
	case c.Closes != nil:
		p.CloseDate = c.Closes.Date
		set("close_date")
	case c.NoLastDay:
		set("close_date")
	}
	if len(mask.GetPaths()) == 0 {
		if c.Criteria == "" {
			return &usageError{"nothing to change: name at least one field, as --capacity N"}
		}
		mask = nil
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		changed, err := entitlementsv1.NewProgrammesServiceClient(s).UpdateProgramme(ctx, &entitlementsv1.UpdateProgrammeRequest{
			Programme: p, UpdateMask: mask, CriteriaText: c.Criteria, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		return c.printProgramme(env, changed, err)
	})
}

// ProgrammesPublish is `evenhand programmes publish`.
type ProgrammesPublish struct {
	ProgrammeArg
	Etag         string `help:"Publish it only if it is still at this etag."`
	ValidateOnly bool   `help:"Only say whether it can be published."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ProgrammesPublish) Help() string {
	return `From then on its criteria and capacity are only widened, and a schedule can be published that reads it.

Example:

  evenhand programmes publish beta`
}

// Run publishes and prints it.
func (c *ProgrammesPublish) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		p, err := entitlementsv1.NewProgrammesServiceClient(s).PublishProgramme(ctx, &entitlementsv1.PublishProgrammeRequest{
			Name: c.name(), Etag: c.Etag, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		return c.printProgramme(env, p, err)
	})
}

// ProgrammesEnd is `evenhand programmes end`.
type ProgrammesEnd struct {
	ProgrammeArg
	On           Day    `required:"" placeholder:"DATE" help:"The first day without it."`
	Reason       string `required:"" placeholder:"TEXT" help:"Why; those who have a place read it."`
	Etag         string `help:"End it only if it is still at this etag."`
	ValidateOnly bool   `help:"Only say whether it can end then."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ProgrammesEnd) Help() string {
	return `While anybody has a place, the minimum notice of the schedule has to pass first.

Example:

  evenhand programmes end beta --on 2026-12-01 --reason "The portal is released."`
}

// Run ends and prints it.
func (c *ProgrammesEnd) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		p, err := entitlementsv1.NewProgrammesServiceClient(s).EndProgramme(ctx, &entitlementsv1.EndProgrammeRequest{
			Name: c.name(), EndDate: c.On.Date, Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		return c.printProgramme(env, p, err)
	})
}

// ProgrammesDelete is `evenhand programmes delete`.
type ProgrammesDelete struct {
	ProgrammeArg
	Etag string `help:"Delete it only if it is still at this etag."`
	Connection
}

// Run deletes it.
func (c *ProgrammesDelete) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		_, err := entitlementsv1.NewProgrammesServiceClient(s).DeleteProgramme(ctx, &entitlementsv1.DeleteProgrammeRequest{
			Name: c.name(), Etag: c.Etag, RequestId: newRequestID()})
		return err
	})
}
