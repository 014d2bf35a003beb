package command

import (
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PlanProjects is `evenhand plan projects`.
type PlanProjects struct {
	List     ProjectsList     `cmd:"" help:"List innovation projects, the latest first."`
	Get      ProjectsGet      `cmd:"" aliases:"show" help:"Show an innovation project."`
	Propose  ProjectsPropose  `cmd:"" help:"Propose a project, written down in a file."`
	Update   ProjectsUpdate   `cmd:"" help:"Change a project: its title, its lead, or what a file says."`
	Sign     ProjectsSign     `cmd:"" help:"Record that a side agrees."`
	Start    ProjectsStart    `cmd:"" help:"Begin the first stage, once the gain of both sides is stated and agreed."`
	Decide   ProjectsDecide   `cmd:"" help:"Decide at the gate of the stage: go, rework, hold or stop."`
	Pilot    ProjectsPilot    `cmd:"" help:"Record a pilot, or how one went on."`
	Launch   ProjectsLaunch   `cmd:"" help:"Put what came of it into use."`
	Result   ProjectsResult   `cmd:"" help:"Record what a side really gained."`
	Complete ProjectsComplete `cmd:"" help:"End a launched project whose results are recorded."`
	Stop     ProjectsStop     `cmd:"" help:"Give a project up, with what was learnt."`
	Confirm  ProjectsConfirm  `cmd:"" help:"Record that a customer confirmed the completion."`
	Withdraw ProjectsWithdraw `cmd:"" help:"Take back a confirmation that was wrong."`
}

// ProjectArg is the argument that names an innovation project.
type ProjectArg struct {
	Project string `arg:"" placeholder:"PROJECT" help:"Its id, or its name, as innovationProjects/ID."`
}

func (a ProjectArg) name() string {
	return "innovationProjects/" + strings.TrimPrefix(a.Project, "innovationProjects/")
}

// projectCall is what all commands have that answer with a project.
type projectCall struct {
	Output
	Connection
}

// ask calls the API about a project, and prints the answer.
func (c *projectCall) ask(
	env *Env, call func(s *session, client plansv1.InnovationProjectsServiceClient) (*plansv1.InnovationProject, error),
) error {
	return c.with(env, func(s *session) error {
		p, err := call(s, plansv1.NewInnovationProjectsServiceClient(s))
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, p, projectPairs(p))
	})
}

// sideName names a side: an account, or us.
func sideName(account string) string {
	if account == "" {
		return "us"
	}
	return account
}

func projectPairs(p *plansv1.InnovationProject) []pair {
	pairs := []pair{
		{"Project", p.GetName()},
		{"Title", p.GetTitle()},
		{"Accounts", strings.Join(p.GetAccounts(), ", ")},
		{"Lead", p.GetLead()},
		{"State", showEnum(p.GetState(), "STATE_")},
		{"Stage", showStage(p)},
		{"What", p.GetProposal().GetWhat()},
		{"Why", p.GetProposal().GetWhy()},
		{"For their customers", p.GetProposal().GetDownstream()},
	}
	for _, g := range p.GetAgreement().GetGains() {
		pairs = append(pairs, pair{fmt.Sprintf("Gain %d", g.GetNumber()), showGain(g)})
	}
	for _, c := range p.GetAgreement().GetContributions() {
		pairs = append(pairs, pair{"Contribution", sideName(c.GetAccount()) + ": " + c.GetText()})
	}
	pairs = append(pairs, pair{"Ownership", p.GetAgreement().GetOwnership()}, pair{"End conditions", p.GetAgreement().GetEndConditions()})
	for _, x := range p.GetSignatures() {
		pairs = append(pairs, pair{"Agreed", fmt.Sprintf("%s: %s on %s", sideName(x.GetAccount()), x.GetSigner(), showDay(x.GetSignDate()))})
	}
	for _, d := range p.GetDecisions() {
		pairs = append(pairs, pair{fmt.Sprintf("Gate %d", d.GetStage()),
			fmt.Sprintf("%s on %s: %s", showEnum(d.GetVerdict(), "VERDICT_"), showDay(d.GetDecideDate()), d.GetReason())})
	}
	for _, x := range p.GetPilots() {
		pairs = append(pairs, pair{fmt.Sprintf("Pilot %d", x.GetNumber()), showPilot(x)})
	}
	pairs = append(pairs, pair{"Launched", showDay(p.GetLaunchDate())}, pair{"Ended", showDay(p.GetEndDate())})
	for _, c := range p.GetConfirmations() {
		pairs = append(pairs, pair{"Confirmed", showConfirmation(c)})
	}
	return append(pairs, pair{"Stopped because", p.GetStopReason()}, pair{"Lessons", p.GetLessons()}, pair{"Etag", p.GetEtag()})
}

func showStage(p *plansv1.InnovationProject) string {
	n := int(p.GetCurrentStage())
	if n < 1 || n > len(p.GetStages()) {
		return ""
	}
	text := fmt.Sprintf("%d of %d, %s", n, len(p.GetStages()), p.GetStages()[n-1].GetTitle())
	if p.GetHeld() {
		text += ", on hold"
	}
	return text
}

func showGain(g *plansv1.InnovationProject_Gain) string {
	text := fmt.Sprintf("%s: %s, %s %s by %s", sideName(g.GetAccount()), g.GetMeasure(), g.GetTarget(), g.GetUnit(), showDay(g.GetByDate()))
	if g.GetBaseline() != "" {
		text += ", from " + g.GetBaseline()
	}
	if g.GetActual() != "" {
		text += "; really " + g.GetActual()
	}
	return text
}

func showPilot(p *plansv1.InnovationProject_Pilot) string {
	text := fmt.Sprintf("%s from %s", p.GetLocation(), showDay(p.GetStartDate()))
	if p.GetEndDate() != nil {
		text += " to " + showDay(p.GetEndDate())
	}
	if p.GetResult() != "" {
		text += ": " + p.GetResult()
	}
	return text
}

func showConfirmation(c *plansv1.InnovationProject_Confirmation) string {
	text := fmt.Sprintf("%s on %s, recorded by %s: %s", c.GetContact(), showDay(c.GetConfirmDate()), c.GetRecorder(), c.GetEvidence())
	if c.GetSingleOperator() {
		text += " (single operator)"
	}
	if w := c.GetWithdrawal(); w != nil {
		text += fmt.Sprintf("; withdrawn on %s: %s", showDay(w.GetWithdrawDate()), w.GetReason())
	}
	return text
}

// ProjectsList is `evenhand plan projects list`.
type ProjectsList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over account, lead, state, title."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *ProjectsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := plansv1.NewInnovationProjectsServiceClient(s)
		l := c.newList(env.Stdout, "innovationProjects", "Project", "Title", "Accounts", "Lead", "State", "Stage")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.InnovationProject], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListInnovationProjects(ctx, &plansv1.ListInnovationProjectsRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*plansv1.InnovationProject]{answer.GetInnovationProjects(), answer.GetNextPageToken()}, err
		}, func(p *plansv1.InnovationProject) error {
			return l.add(p, p.GetName(), p.GetTitle(), strings.Join(p.GetAccounts(), ", "), p.GetLead(), showEnum(p.GetState(), "STATE_"), showStage(p))
		})
	})
}

// ProjectsGet is `evenhand plan projects get`.
type ProjectsGet struct {
	ProjectArg
	projectCall
}

// Run asks and prints.
func (c *ProjectsGet) Run(env *Env) error {
	return c.ask(env, func(s *session, client plansv1.InnovationProjectsServiceClient) (*plansv1.InnovationProject, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.GetInnovationProject(ctx, &plansv1.GetInnovationProjectRequest{Name: c.name()})
	})
}

// projectFile shows a file of a project.
const projectFile = `A file, in which a gain or a contribution without an account is our own:

  title: Recycled caps
  accounts: [accounts/brook-and-sons]
  proposal:
    what: Caps made of recycled resin.
    why: Their customers ask for bottles that can be recycled whole.
    downstream: They can sell them as recyclable.
  agreement:
    gains:
      - {measure: Caps sold, unit: million a year, target: 12.5, by_date: 2027-12-31}
      - {account: accounts/brook-and-sons, measure: Complaints, unit: a month, target: 5, baseline: 40, by_date: 2027-06-30}
    contributions:
      - {text: The tools.}
      - {account: accounts/brook-and-sons, text: A line for trials.}
    ownership: The tools are ours, the design is theirs.
    end_conditions: Either side can leave with a month's notice.
  stages:
    - {title: Design, criteria: [Drop test passed]}
    - {title: Trial, criteria: [1% scrap or less]}`

// readProject reads a project from a file.
func readProject(env *Env, path string) (*plansv1.InnovationProject, error) {
	text, err := readAll(env, path)
	if err != nil {
		return nil, err
	}
	p := &plansv1.InnovationProject{}
	if err := readYAML(text, p); err != nil {
		return nil, &failure{message: fmt.Sprintf("%s: %v", path, err), fix: "mend the file; `evenhand plan projects propose --help` shows one"}
	}
	return p, nil
}

// ProjectsPropose is `evenhand plan projects propose`.
type ProjectsPropose struct {
	File         string `arg:"" placeholder:"FILE" help:"The project, in YAML; - reads standard input. Its agreement may still lack something."`
	ID           string `placeholder:"ID" help:"Its id; otherwise the slug of the title."`
	Lead         string `placeholder:"PRINCIPAL" help:"Who leads it; whom the file names or you, where it is not given."`
	ValidateOnly bool   `help:"Only say what would be created."`
	projectCall
}

// Help implements kong.HelpProvider.
func (*ProjectsPropose) Help() string {
	return projectFile + `

Example:

  evenhand plan projects propose caps.yaml --lead anna`
}

// Run creates and prints it.
func (c *ProjectsPropose) Run(env *Env) error {
	p, err := readProject(env, c.File)
	if err != nil {
		return err
	}
	if c.Lead != "" {
		p.Lead = principalName(c.Lead)
	}
	return c.ask(env, func(s *session, client plansv1.InnovationProjectsServiceClient) (*plansv1.InnovationProject, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.CreateInnovationProject(ctx, &plansv1.CreateInnovationProjectRequest{
			InnovationProject: p, InnovationProjectId: c.ID, ValidateOnly: c.ValidateOnly, RequestId: newRequestID()})
	})
}

// ProjectsUpdate is `evenhand plan projects update`.
type ProjectsUpdate struct {
	ProjectArg
	File  string  `arg:"" optional:"" placeholder:"FILE" help:"What to change, in YAML: the fields that it has are replaced."`
	Title *string `placeholder:"TEXT" help:"What is new, in a few words."`
	Lead  *string `placeholder:"PRINCIPAL" help:"Who leads it."`
	Etag  string  `help:"Change it only if it is still at this etag."`
	projectCall
}

// Help implements kong.HelpProvider.
func (*ProjectsUpdate) Help() string {
	return `Accounts, proposal, agreement and stages can change until the project starts. Where the agreement or the accounts change, all sides agree anew.

` + projectFile
}

// Run changes and prints it.
func (c *ProjectsUpdate) Run(env *Env) error {
	p, mask := &plansv1.InnovationProject{}, &fieldmaskpb.FieldMask{}
	if c.File != "" {
		var err error
		if p, err = readProject(env, c.File); err != nil {
			return err
		}
		mask.Paths = projectFields(p)
	}
	p.Name, p.Etag = c.name(), c.Etag
	give(mask, "title", &p.Title, c.Title)
	if c.Lead != nil {
		lead := principalName(*c.Lead)
		give(mask, "lead", &p.Lead, &lead)
	}
	if len(mask.GetPaths()) == 0 {
		return &usageError{"nothing to change: name a file, or at least one field, as --lead PRINCIPAL"}
	}
	return c.ask(env, func(s *session, client plansv1.InnovationProjectsServiceClient) (*plansv1.InnovationProject, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.UpdateInnovationProject(ctx, &plansv1.UpdateInnovationProjectRequest{InnovationProject: p, UpdateMask: mask, RequestId: newRequestID()})
	})
}

// projectFields are the fields that a file has set.
func projectFields(p *plansv1.InnovationProject) []string {
	var paths []string
	for path, given := range map[string]bool{
		"title": p.GetTitle() != "", "accounts": len(p.GetAccounts()) > 0, "lead": p.GetLead() != "", "proposal": p.GetProposal() != nil,
		"agreement": p.GetAgreement() != nil, "stages": len(p.GetStages()) > 0,
	} {
		if given {
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	return paths
}
