package command

import (
	"fmt"
	"strconv"
	"strings"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PointRules is `evenhand plan rewards rules`.
type PointRules struct {
	List     PointRulesList     `cmd:"" help:"List versions of the point rules, the newest first."`
	Get      PointRulesGet      `cmd:"" aliases:"show" help:"Show a version."`
	Create   PointRulesCreate   `cmd:"" help:"Write a file down as a draft of the next version."`
	Update   PointRulesUpdate   `cmd:"" help:"Change a draft to what a file says; it has to be proposed anew."`
	Simulate PointRulesSimulate `cmd:"" help:"What would everybody have got by a version alone?"`
	Propose  PointRulesPropose  `cmd:"" help:"Put a draft before who approves it."`
	Approve  PointRulesApprove  `cmd:"" help:"Approve a version as it is shown, and publish it."`
	Reject   PointRulesReject   `cmd:"" help:"Reject a proposed version, for good."`
	Withdraw PointRulesWithdraw `cmd:"" help:"Take a version back, for good."`
}

// PointRulesArg is the argument that names a version.
type PointRulesArg struct {
	Version string `arg:"" placeholder:"VERSION" help:"Its number, as 3, or its name, as pointRules/3."`
}

func (a PointRulesArg) name() string {
	return "pointRules/" + strings.TrimPrefix(a.Version, "pointRules/")
}

func (o Output) printPointRules(env *Env, p *plansv1.PointRules, err error) error {
	if err != nil {
		return err
	}
	written := ""
	if p.GetBaseVersion() > 0 {
		written = fmt.Sprintf("pointRules/%d", p.GetBaseVersion())
	}
	return o.printOne(env.Stdout, p, []pair{
		{"Version", p.GetName()},
		{"State", showEnum(p.GetState(), "STATE_")},
		{"Effective", showDay(p.GetEffectiveDate())},
		{"Rules", showPointRules(p.GetRules())},
		{"Caps", showPointCaps(p.GetCaps())},
		{"Reason", p.GetReason()},
		{"Written on", written},
		{"Writers", strings.Join(p.GetWriters(), ", ")},
		{"Proposer", p.GetProposer()},
		{"Approver", p.GetApprover()},
		{"Single operator", yesOnly(p.GetSingleOperator())},
		{"Ended by", p.GetEnder()},
		{"Because", p.GetEndReason()},
		{"Etag", p.GetEtag()},
	})
}

// showPointRules says in words what work is worth, a line for each rule.
func showPointRules(rules []*plansv1.PointRule) string {
	lines := make([]string, len(rules))
	for i, r := range rules {
		line := fmt.Sprintf("%s: %d for %s", r.GetId(), r.GetPoints(), r.GetWork())
		if r.GetTeamSharePercent() > 0 {
			line += fmt.Sprintf(", %d %% for the team", r.GetTeamSharePercent())
		}
		if r.GetConfirmed() {
			line += ", confirmed by the customer"
		}
		if r.GetMinRating() > 0 {
			line += fmt.Sprintf(", rated %d or more", r.GetMinRating())
		}
		if r.GetMinEvidence() > 0 {
			line += fmt.Sprintf(", with %s: %s", counted(int64(r.GetMinEvidence()), "reference", "references"), r.GetEvidence())
		}
		if r.GetWitnessed() {
			line += ", witnessed"
		}
		lines[i] = line
	}
	return strings.Join(lines, "\n")
}

// showPointCaps says in words what bounds points, a line for each cap.
func showPointCaps(c *plansv1.PointCaps) string {
	var lines []string
	if c.GetPersonMonthPoints() > 0 {
		lines = append(lines, fmt.Sprintf("%d a person and month", c.GetPersonMonthPoints()))
	}
	if c.GetAccountMonthPoints() > 0 {
		lines = append(lines, fmt.Sprintf("%d an account and month", c.GetAccountMonthPoints()))
	}
	for _, k := range c.GetKindWeek() {
		lines = append(lines, fmt.Sprintf("%d a person and week for %s", k.GetPoints(), k.GetWork()))
	}
	return strings.Join(lines, "\n")
}

// PointRulesList is `evenhand plan rewards rules list`.
type PointRulesList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over state, effective_date."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *PointRulesList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := plansv1.NewRewardsServiceClient(s)
		l := c.newList(env.Stdout, "pointRules", "Version", "State", "Effective", "Rules", "Proposer", "Approver", "Reason")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.PointRules], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListPointRules(ctx, &plansv1.ListPointRulesRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*plansv1.PointRules]{answer.GetPointRules(), answer.GetNextPageToken()}, err
		}, func(p *plansv1.PointRules) error {
			return l.add(p, p.GetName(), showEnum(p.GetState(), "STATE_"), showDay(p.GetEffectiveDate()), strconv.Itoa(len(p.GetRules())),
				p.GetProposer(), p.GetApprover(), p.GetReason())
		})
	})
}

// PointRulesGet is `evenhand plan rewards rules get`.
type PointRulesGet struct {
	PointRulesArg
	Output
	Connection
}

// Run asks and prints.
func (c *PointRulesGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		p, err := plansv1.NewRewardsServiceClient(s).GetPointRules(ctx, &plansv1.GetPointRulesRequest{Name: c.name()})
		return c.printPointRules(env, p, err)
	})
}

// readPointRules reads a version from a file.
func readPointRules(env *Env, path string) (*plansv1.PointRules, error) {
	text, err := readAll(env, path)
	if err != nil {
		return nil, err
	}
	p := &plansv1.PointRules{}
	if err := readYAML(text, p); err != nil {
		return nil, &failure{message: fmt.Sprintf("%s: %v", path, err), fix: "mend the file; `evenhand plan rewards rules create --help` shows one"}
	}
	return p, nil
}

// PointRulesCreate is `evenhand plan rewards rules create`.
type PointRulesCreate struct {
	File         string `arg:"" placeholder:"FILE" help:"The rules, in YAML; - reads standard input."`
	ValidateOnly bool   `help:"Only check it."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*PointRulesCreate) Help() string {
	return `Work is touchpoint-done, engagement-completed, project-confirmed, session-answered, suggestion-acted-on or goal-reached. There is none that is about what a customer pays. A file:

  effective_date: 2027-01-01
  reason: Solved problems are worth more than calls.
  rules:
    - {id: call, work: touchpoint-done, points: 5}
    - {id: solved, work: engagement-completed, points: 50, team_share_percent: 20, confirmed: true, min_rating: 3}
    - id: partner
      work: project-confirmed
      points: 200
      team_share_percent: 50
      confirmed: true
      evidence: What each side gained.
      min_evidence: 1
  caps:
    person_month_points: 400
    account_month_points: 250
    kind_week: [{work: touchpoint-done, points: 30}]
  checks: {account_touches: 12, day_touches: 15}

Examples:

  evenhand plan rewards rules create points.yaml
  evenhand plan rewards rules simulate 3 --period 2026-q4`
}

// Run creates and prints it.
func (c *PointRulesCreate) Run(env *Env) error {
	rules, err := readPointRules(env, c.File)
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		p, err := plansv1.NewRewardsServiceClient(s).CreatePointRules(ctx, &plansv1.CreatePointRulesRequest{
			PointRules: rules, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		return c.printPointRules(env, p, err)
	})
}

// PointRulesUpdate is `evenhand plan rewards rules update`.
type PointRulesUpdate struct {
	PointRulesArg
	File string `arg:"" placeholder:"FILE" help:"The rules, in YAML; - reads standard input. What the file leaves out stays as it is."`
	Etag string `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// Run changes and prints it.
func (c *PointRulesUpdate) Run(env *Env) error {
	rules, err := readPointRules(env, c.File)
	if err != nil {
		return err
	}
	rules.Name, rules.Etag = c.name(), c.Etag
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		p, err := plansv1.NewRewardsServiceClient(s).UpdatePointRules(ctx, &plansv1.UpdatePointRulesRequest{PointRules: rules, RequestId: newRequestID()})
		return c.printPointRules(env, p, err)
	})
}

// PointRulesSimulate is `evenhand plan rewards rules simulate`.
type PointRulesSimulate struct {
	PointRulesArg
	RewardsPeriod
	Output
	Connection
}

// Run asks and prints.
func (c *PointRulesSimulate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := plansv1.NewRewardsServiceClient(s).SimulatePointRules(ctx, &plansv1.SimulatePointRulesRequest{Name: c.name(), Period: c.Period})
		if err != nil {
			return err
		}
		if c.Output.Output == formatJSON {
			return printJSON(env.Stdout, answer)
		}
		l := c.newList(env.Stdout, "rows", "Person", "Has", "Would have")
		for _, r := range answer.GetRows() {
			if err := l.add(r, r.GetPerson(), shortCount(r.GetPoints()), shortCount(r.GetSimulatedPoints())); err != nil {
				return err
			}
		}
		return l.end()
	})
}

// PointRulesPropose is `evenhand plan rewards rules propose`.
type PointRulesPropose struct {
	PointRulesArg
	Etag string `help:"Propose it only if it is still at this etag."`
	Output
	Connection
}

// Run proposes and prints it.
func (c *PointRulesPropose) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		p, err := plansv1.NewRewardsServiceClient(s).ProposePointRules(ctx, &plansv1.ProposePointRulesRequest{
			Name: c.name(), Etag: c.Etag, RequestId: newRequestID()})
		return c.printPointRules(env, p, err)
	})
}

// PointRulesApprove is `evenhand plan rewards rules approve`.
type PointRulesApprove struct {
	PointRulesArg
	Etag         string `required:"" help:"The etag of the version as you have read it; plan rewards rules get prints it."`
	ValidateOnly bool   `help:"Only say whether it could be published now."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*PointRulesApprove) Help() string {
	return `Whoever wrote some of it or proposed it cannot approve it, unless nobody else may.

Examples:

  evenhand plan rewards rules get 3
  evenhand plan rewards rules approve 3 --etag BLKK3ozBaA`
}

// Run approves and prints it.
func (c *PointRulesApprove) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		p, err := plansv1.NewRewardsServiceClient(s).ApprovePointRules(ctx, &plansv1.ApprovePointRulesRequest{
			Name: c.name(), Etag: c.Etag, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		return c.printPointRules(env, p, err)
	})
}

// PointRulesEnding is why a version ends.
type PointRulesEnding struct {
	PointRulesArg
	Reason string `required:"" placeholder:"TEXT" help:"Why."`
	Etag   string `help:"Only if it still has this etag."`
	Output
	Connection
}

// PointRulesReject is `evenhand plan rewards rules reject`.
type PointRulesReject struct{ PointRulesEnding }

// Run rejects and prints it.
func (c *PointRulesReject) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		p, err := plansv1.NewRewardsServiceClient(s).RejectPointRules(ctx, &plansv1.RejectPointRulesRequest{
			Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
		return c.printPointRules(env, p, err)
	})
}

// PointRulesWithdraw is `evenhand plan rewards rules withdraw`.
type PointRulesWithdraw struct{ PointRulesEnding }

// Run withdraws and prints it.
func (c *PointRulesWithdraw) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		p, err := plansv1.NewRewardsServiceClient(s).WithdrawPointRules(ctx, &plansv1.WithdrawPointRulesRequest{
			Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
		return c.printPointRules(env, p, err)
	})
}
