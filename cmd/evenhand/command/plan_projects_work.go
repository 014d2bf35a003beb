package command

import (
	"strings"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// ProjectsSign is `evenhand plan projects sign`.
type ProjectsSign struct {
	ProjectArg
	Account string `placeholder:"ACCOUNT" help:"Whose word it is; our own, where it is not given."`
	By      string `placeholder:"WHO" help:"Who agreed: a contact of the account, or for us a principal, you where it is not given."`
	Day     Day    `placeholder:"DATE" help:"When; today, where it is not given."`
	Etag    string `help:"Record it only if the project is still at this etag."`
	projectCall
}

// Help implements kong.HelpProvider.
func (*ProjectsSign) Help() string {
	return `Examples:

  evenhand plan projects sign recycled-caps
  evenhand plan projects sign recycled-caps --account brook-and-sons --by jo-brook --day 2026-03-06`
}

// Run records and prints it.
func (c *ProjectsSign) Run(env *Env) error {
	return c.ask(env, func(s *session, client plansv1.InnovationProjectsServiceClient) (*plansv1.InnovationProject, error) {
		account, err := optionalAccount(env, s, c.Account)
		if err != nil {
			return nil, err
		}
		by := contactOf(account, c.By)
		if account == "" {
			by = principalName(c.By)
		}
		ctx, cancel := s.call(env)
		defer cancel()
		return client.SignInnovationProject(ctx, &plansv1.SignInnovationProjectRequest{Name: c.name(), Etag: c.Etag, RequestId: newRequestID(),
			Signature: &plansv1.InnovationProject_Signature{Account: account, Signer: by, SignDate: c.Day.Date}})
	})
}

// ProjectsStart is `evenhand plan projects start`.
type ProjectsStart struct {
	ProjectArg
	Etag string `help:"Start it only if it is still at this etag."`
	projectCall
}

// Run starts and prints it.
func (c *ProjectsStart) Run(env *Env) error {
	return c.ask(env, func(s *session, client plansv1.InnovationProjectsServiceClient) (*plansv1.InnovationProject, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.StartInnovationProject(ctx, &plansv1.StartInnovationProjectRequest{Name: c.name(), Etag: c.Etag, RequestId: newRequestID()})
	})
}

// ProjectsDecide is `evenhand plan projects decide`.
type ProjectsDecide struct {
	ProjectArg
	Verdict  string `arg:"" enum:"go,rework,hold,stop" help:"go, rework, hold or stop."`
	Reason   string `required:"" placeholder:"TEXT" help:"Why."`
	Evidence string `placeholder:"TEXT" help:"Where it can be seen that the criteria are met; needed to go."`
	Lessons  string `placeholder:"TEXT" help:"What was learnt; needed to stop."`
	Stage    int32  `placeholder:"N" help:"At the gate of which stage, from 1; of the one that it is in, where it is not given."`
	Day      Day    `placeholder:"DATE" help:"When; today, where it is not given."`
	Etag     string `help:"Decide only if the project is still at this etag."`
	projectCall
}

// Run decides and prints it.
func (c *ProjectsDecide) Run(env *Env) error {
	verdict := plansv1.InnovationProject_Verdict(plansv1.InnovationProject_Verdict_value["VERDICT_"+strings.ToUpper(c.Verdict)])
	return c.ask(env, func(s *session, client plansv1.InnovationProjectsServiceClient) (*plansv1.InnovationProject, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		stage := c.Stage
		if stage == 0 { // what somebody else decides meanwhile is not decided over
			project, err := client.GetInnovationProject(ctx, &plansv1.GetInnovationProjectRequest{Name: c.name()})
			if err != nil {
				return nil, err
			}
			stage = project.GetCurrentStage()
		}
		return client.DecideGate(ctx, &plansv1.DecideGateRequest{Name: c.name(), Lessons: c.Lessons, Etag: c.Etag, RequestId: newRequestID(),
			Decision: &plansv1.InnovationProject_Decision{Stage: stage, Verdict: verdict, Reason: c.Reason, Evidence: c.Evidence, DecideDate: c.Day.Date}})
	})
}

// ProjectsPilot is `evenhand plan projects pilot`.
type ProjectsPilot struct {
	ProjectArg
	Number int32  `placeholder:"N" help:"Which pilot; a new one, where it is not given."`
	Where  string `required:"" placeholder:"TEXT" help:"Where it is tried."`
	From   Day    `required:"" placeholder:"DATE" help:"Its first day."`
	To     Day    `placeholder:"DATE" help:"Its last day; none while it goes on."`
	Result string `placeholder:"TEXT" help:"What came of it."`
	Etag   string `help:"Record it only if the project is still at this etag."`
	projectCall
}

// Run records and prints it.
func (c *ProjectsPilot) Run(env *Env) error {
	return c.ask(env, func(s *session, client plansv1.InnovationProjectsServiceClient) (*plansv1.InnovationProject, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.RecordPilot(ctx, &plansv1.RecordPilotRequest{Name: c.name(), Etag: c.Etag, RequestId: newRequestID(),
			Pilot: &plansv1.InnovationProject_Pilot{Number: c.Number, Location: c.Where, StartDate: c.From.Date, EndDate: c.To.Date, Result: c.Result}})
	})
}

// ProjectsLaunch is `evenhand plan projects launch`.
type ProjectsLaunch struct {
	ProjectArg
	Day  Day    `placeholder:"DATE" help:"When; today, where it is not given."`
	Etag string `help:"Launch it only if it is still at this etag."`
	projectCall
}

// Run launches and prints it.
func (c *ProjectsLaunch) Run(env *Env) error {
	return c.ask(env, func(s *session, client plansv1.InnovationProjectsServiceClient) (*plansv1.InnovationProject, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.LaunchInnovationProject(ctx, &plansv1.LaunchInnovationProjectRequest{Name: c.name(), LaunchDate: c.Day.Date, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// ProjectsResult is `evenhand plan projects result`.
type ProjectsResult struct {
	ProjectArg
	Gain     int32  `required:"" placeholder:"N" help:"The number of the gain in the agreement."`
	Actual   string `required:"" placeholder:"NUMBER" help:"What it really is, in the unit of the gain."`
	Evidence string `required:"" placeholder:"TEXT" help:"Where it can be seen."`
	Day      Day    `placeholder:"DATE" help:"When it was measured; today, where it is not given."`
	Etag     string `help:"Record it only if the project is still at this etag."`
	projectCall
}

// Run records and prints it.
func (c *ProjectsResult) Run(env *Env) error {
	return c.ask(env, func(s *session, client plansv1.InnovationProjectsServiceClient) (*plansv1.InnovationProject, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.RecordResult(ctx, &plansv1.RecordResultRequest{Name: c.name(), Etag: c.Etag, RequestId: newRequestID(),
			Result: &plansv1.InnovationProject_Result{Gain: c.Gain, Actual: c.Actual, Evidence: c.Evidence, MeasureDate: c.Day.Date}})
	})
}

// ProjectsComplete is `evenhand plan projects complete`.
type ProjectsComplete struct {
	ProjectArg
	Etag string `help:"Complete it only if it is still at this etag."`
	projectCall
}

// Run completes and prints it.
func (c *ProjectsComplete) Run(env *Env) error {
	return c.ask(env, func(s *session, client plansv1.InnovationProjectsServiceClient) (*plansv1.InnovationProject, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.CompleteInnovationProject(ctx, &plansv1.CompleteInnovationProjectRequest{Name: c.name(), Etag: c.Etag, RequestId: newRequestID()})
	})
}

// ProjectsStop is `evenhand plan projects stop`.
type ProjectsStop struct {
	ProjectArg
	Reason  string `required:"" placeholder:"TEXT" help:"Why."`
	Lessons string `required:"" placeholder:"TEXT" help:"What was learnt."`
	Etag    string `help:"Stop it only if it is still at this etag."`
	projectCall
}

// Run stops and prints it.
func (c *ProjectsStop) Run(env *Env) error {
	return c.ask(env, func(s *session, client plansv1.InnovationProjectsServiceClient) (*plansv1.InnovationProject, error) {
		ctx, cancel := s.call(env)
		defer cancel()
		return client.StopInnovationProject(ctx, &plansv1.StopInnovationProjectRequest{
			Name: c.name(), Reason: c.Reason, Lessons: c.Lessons, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// ProjectsConfirm is `evenhand plan projects confirm`.
type ProjectsConfirm struct {
	ProjectArg
	Account  string `required:"" placeholder:"ACCOUNT" help:"Whose word it is."`
	Contact  string `required:"" placeholder:"CONTACT" help:"Who confirmed it there: the id of a contact of the account."`
	Evidence string `required:"" placeholder:"TEXT" help:"Where it can be seen that they did, as in a letter."`
	Day      Day    `placeholder:"DATE" help:"When they did; today, where it is not given."`
	Etag     string `help:"Record it only if the project is still at this etag."`
	projectCall
}

// Help implements kong.HelpProvider.
func (*ProjectsConfirm) Help() string {
	return `From then on the project counts for that account. Nobody records it of a project that they lead or have led, unless nobody else could.

Example:

  evenhand plan projects confirm recycled-caps --account brook-and-sons --contact jo-brook --evidence "Her letter of 6 March 2026"`
}

// Run records and prints it.
func (c *ProjectsConfirm) Run(env *Env) error {
	return c.ask(env, func(s *session, client plansv1.InnovationProjectsServiceClient) (*plansv1.InnovationProject, error) {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return nil, err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		return client.ConfirmInnovationProject(ctx, &plansv1.ConfirmInnovationProjectRequest{Name: c.name(), Etag: c.Etag, RequestId: newRequestID(),
			Confirmation: &plansv1.InnovationProject_Confirmation{
				Account: account, Contact: contactOf(account, c.Contact), Evidence: c.Evidence, ConfirmDate: c.Day.Date}})
	})
}

// ProjectsWithdraw is `evenhand plan projects withdraw`.
type ProjectsWithdraw struct {
	ProjectArg
	Account string `required:"" placeholder:"ACCOUNT" help:"Whose confirmation it is."`
	Reason  string `required:"" placeholder:"TEXT" help:"What was wrong with it."`
	Etag    string `help:"Withdraw it only if the project is still at this etag."`
	projectCall
}

// Run withdraws and prints it.
func (c *ProjectsWithdraw) Run(env *Env) error {
	return c.ask(env, func(s *session, client plansv1.InnovationProjectsServiceClient) (*plansv1.InnovationProject, error) {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return nil, err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		return client.WithdrawConfirmation(ctx, &plansv1.WithdrawConfirmationRequest{
			Name: c.name(), Account: account, Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
	})
}
