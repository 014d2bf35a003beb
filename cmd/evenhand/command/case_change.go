package command

import (
	"context"
	"maps"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// CaseOpen is `evenhand case open`.
type CaseOpen struct {
	AccountArg
	Issue        string            `arg:"" help:"What it is about in a word, as late-delivery; like cases have the same."`
	Channel      string            `required:"" help:"The way by which it came, as email."`
	Fact         map[string]string `placeholder:"KEY=VALUE" help:"What bears on the remedy, as days-late=3; each fact with a flag of its own."`
	Subject      string            `help:"A line that says what it is."`
	Description  string            `help:"What the customer said."`
	Assignee     string            `placeholder:"PRINCIPAL" help:"Who is to see to it."`
	ID           string            `name:"id" placeholder:"ID" help:"The case's id; one is chosen, where none is given."`
	ValidateOnly bool              `help:"Only check, and show when it would be due."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CaseOpen) Help() string {
	return `Its clocks begin at once, by the commitments of the schedule in force. Resolved cases of the same issue with the same facts are shown, with the remedy that they point to.

Example:

  evenhand case open brook-and-sons late-delivery --channel email --fact days-late=3 --subject "Where is our order?"`
}

// Run opens the case and prints it.
func (c *CaseOpen) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		id := newRequestID()
		return forAccount(env, s, c.Account, func(name string) error {
			ctx, cancel := s.call(env)
			defer cancel()
			in := &entitlementsv1.Case{Issue: c.Issue, Channel: c.Channel, Facts: c.Fact, Subject: c.Subject, Description: c.Description}
			if c.Assignee != "" {
				in.Assignee = principalName(c.Assignee)
			}
			m, err := entitlementsv1.NewCasesServiceClient(s).OpenCase(ctx, &entitlementsv1.OpenCaseRequest{
				Parent: name, CaseId: c.ID, Case: in, ValidateOnly: c.ValidateOnly, RequestId: id})
			return c.printCase(env, m, err)
		})
	})
}

// CaseUpdate is `evenhand case update`.
type CaseUpdate struct {
	CaseChange
	Issue       *string           `help:"What it is about in a word."`
	Channel     *string           `help:"The way by which it came."`
	Subject     *string           `help:"A line that says what it is."`
	Description *string           `help:"What the customer said."`
	Fact        map[string]string `placeholder:"KEY=VALUE" help:"A fact to set; with nothing behind the =, to take away."`
}

// Help implements kong.HelpProvider.
func (*CaseUpdate) Help() string {
	return `A resolved case has to be reopened first, since its remedy was chosen by issue and facts.

Examples:

  evenhand case update brook-and-sons/7k2m9q4x --fact days-late=4 --fact insured=
  evenhand case update brook-and-sons/7k2m9q4x --issue damaged-goods --subject "It came broken."`
}

// Run changes the case and prints it.
func (c *CaseUpdate) Run(env *Env) error {
	in, mask := &entitlementsv1.Case{Etag: c.Etag, Facts: map[string]string{}}, &fieldmaskpb.FieldMask{}
	for _, f := range []struct {
		path string
		to   *string
		from *string
	}{{"issue", &in.Issue, c.Issue}, {"channel", &in.Channel, c.Channel}, {"subject", &in.Subject, c.Subject}, {"description", &in.Description, c.Description}} {
		if f.from != nil {
			*f.to = *f.from
			mask.Paths = append(mask.Paths, f.path)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(c.Fact)) {
		mask.Paths = append(mask.Paths, "facts."+key)
		if c.Fact[key] != "" {
			in.Facts[key] = c.Fact[key]
		}
	}
	if len(mask.Paths) == 0 {
		return &usageError{"nothing to change: give at least one of --issue, --channel, --subject, --description and --fact"}
	}
	return c.run(env, func(ctx context.Context, client entitlementsv1.CasesServiceClient, name string) (*entitlementsv1.Case, error) {
		in.Name = name
		return client.UpdateCase(ctx, &entitlementsv1.UpdateCaseRequest{Case: in, UpdateMask: mask, RequestId: newRequestID()})
	})
}

// CaseAssign is `evenhand case assign`.
type CaseAssign struct {
	CaseChange
	Assignee     string `arg:"" optional:"" placeholder:"PRINCIPAL" help:"The member of staff; nobody, where it is not given."`
	ValidateOnly bool   `help:"Only check."`
}

// Help implements kong.HelpProvider.
func (*CaseAssign) Help() string {
	return `Examples:

  evenhand case assign brook-and-sons/7k2m9q4x ines
  evenhand case assign brook-and-sons/7k2m9q4x`
}

// Run assigns the case and prints it.
func (c *CaseAssign) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client entitlementsv1.CasesServiceClient, name string) (*entitlementsv1.Case, error) {
		r := &entitlementsv1.AssignCaseRequest{Name: name, Etag: c.Etag, ValidateOnly: c.ValidateOnly, RequestId: newRequestID()}
		if c.Assignee != "" {
			r.Assignee = principalName(c.Assignee)
		}
		return client.AssignCase(ctx, r)
	})
}

// CaseReply is `evenhand case reply`.
type CaseReply struct {
	CaseChange
	Note string `help:"What was said, for staff to read."`
}

// Help implements kong.HelpProvider.
func (*CaseReply) Help() string {
	return `The first reply stops its clocks; a reply of the accountable person answers an escalation.

Example:

  evenhand case reply brook-and-sons/7k2m9q4x --note "It left today."`
}

// Run records the reply and prints the case.
func (c *CaseReply) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client entitlementsv1.CasesServiceClient, name string) (*entitlementsv1.Case, error) {
		return client.ReplyToCase(ctx, &entitlementsv1.ReplyToCaseRequest{Name: name, Note: c.Note, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// CaseWait is `evenhand case wait`.
type CaseWait struct {
	CaseChange
	Note string `help:"What is waited for."`
}

// Help implements kong.HelpProvider.
func (*CaseWait) Help() string {
	return `Nobody waits for a customer who was not written to: reply first.

Example:

  evenhand case wait brook-and-sons/7k2m9q4x --note "Is anybody there on Saturday?"`
}

// Run says so and prints the case.
func (c *CaseWait) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client entitlementsv1.CasesServiceClient, name string) (*entitlementsv1.Case, error) {
		return client.WaitOnCustomer(ctx, &entitlementsv1.WaitOnCustomerRequest{Name: name, Note: c.Note, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// CaseAnswered is `evenhand case answered`.
type CaseAnswered struct {
	CaseChange
	Note string `help:"What was said."`
}

// Help implements kong.HelpProvider.
func (*CaseAnswered) Help() string {
	return `Example:

  evenhand case answered brook-and-sons/7k2m9q4x --note "From nine o'clock on."`
}

// Run says so and prints the case.
func (c *CaseAnswered) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client entitlementsv1.CasesServiceClient, name string) (*entitlementsv1.Case, error) {
		return client.CustomerAnswered(ctx, &entitlementsv1.CustomerAnsweredRequest{Name: name, Note: c.Note, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// CaseResolve is `evenhand case resolve`.
type CaseResolve struct {
	CaseChange
	Remedy          string   `help:"The remedy's id; none, where it is not given."`
	Value           string   `placeholder:"AMOUNT" help:"What it is worth, as 25.00; what the catalogue says, where it is not given."`
	Currency        string   `help:"The currency of the value; the company's, where it is not given."`
	Note            string   `help:"What was said of it."`
	DepartureReason string   `placeholder:"REASON" help:"Why it is another remedy, or of another value, than like cases or the catalogue point to."`
	Kept            []string `placeholder:"WORD" help:"Attest that this was so, as courtesy; what a case wants attested is shown by get."`
	NotKept         []string `placeholder:"WORD=WHY" help:"Say that this was not so, and why, as \"fairness=We were in a hurry.\"" sep:"none"`
	ValidateOnly    bool     `help:"Only check."`
}

// Help implements kong.HelpProvider.
func (*CaseResolve) Help() string {
	return `Examples:

  evenhand case resolve brook-and-sons/7k2m9q4x --remedy refund-of-freight --value 25.00 --kept courtesy,fairness
  evenhand case resolve brook-and-sons/7k2m9q4x --kept courtesy --not-kept "fairness=We served somebody else first."`
}

// Run resolves the case and prints it.
func (c *CaseResolve) Run(env *Env) error {
	r := &entitlementsv1.ResolveCaseRequest{Remedy: c.Remedy, Note: c.Note, DepartureReason: c.DepartureReason, Etag: c.Etag,
		ValidateOnly: c.ValidateOnly, RequestId: newRequestID()}
	for _, what := range c.Kept {
		r.Attestations = append(r.Attestations, &entitlementsv1.Attestation{What: what, Kept: true})
	}
	for _, text := range c.NotKept {
		what, why, _ := strings.Cut(text, "=")
		r.Attestations = append(r.Attestations, &entitlementsv1.Attestation{What: what, Note: why})
	}
	return c.runIn(env, func(ctx context.Context, s *session) (*entitlementsv1.Case, error) {
		if c.Value != "" {
			var err error
			if r.RemedyValue, err = remedyValue(ctx, s, c.Value, c.Currency); err != nil {
				return nil, err
			}
		}
		r.Name = c.name()
		return entitlementsv1.NewCasesServiceClient(s).ResolveCase(ctx, r)
	})
}

// CaseReopen is `evenhand case reopen`.
type CaseReopen struct {
	CaseChange
	Reason string `required:"" help:"Why."`
}

// Help implements kong.HelpProvider.
func (*CaseReopen) Help() string {
	return `The clocks to the resolution run again, whole; what they measured before stays.

Example:

  evenhand case reopen brook-and-sons/7k2m9q4x --reason "It did not arrive."`
}

// Run reopens the case and prints it.
func (c *CaseReopen) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client entitlementsv1.CasesServiceClient, name string) (*entitlementsv1.Case, error) {
		return client.ReopenCase(ctx, &entitlementsv1.ReopenCaseRequest{Name: name, Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// CaseEscalate is `evenhand case escalate`.
type CaseEscalate struct {
	CaseChange
	Reason string `required:"" help:"Why."`
}

// Help implements kong.HelpProvider.
func (*CaseEscalate) Help() string {
	return `Whom it is escalated to, and by when that person answers, is the same for every account: see case path get.

Example:

  evenhand case escalate brook-and-sons/7k2m9q4x --reason "The third late order this autumn."`
}

// Run escalates the case and prints it.
func (c *CaseEscalate) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client entitlementsv1.CasesServiceClient, name string) (*entitlementsv1.Case, error) {
		return client.EscalateCase(ctx, &entitlementsv1.EscalateCaseRequest{Name: name, Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// CaseSurvey is `evenhand case survey`.
type CaseSurvey struct {
	CaseChange
	Score   int32  `required:"" help:"1 to 5, 5 being the best."`
	Comment string `help:"In the customer's words."`
}

// Help implements kong.HelpProvider.
func (*CaseSurvey) Help() string {
	return `Recorded once for each case, while it is resolved.

Example:

  evenhand case survey brook-and-sons/7k2m9q4x --score 4 --comment "Honest, at least."`
}

// Run records it and prints the case.
func (c *CaseSurvey) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client entitlementsv1.CasesServiceClient, name string) (*entitlementsv1.Case, error) {
		return client.RecordCaseSurvey(ctx, &entitlementsv1.RecordCaseSurveyRequest{Name: name, Score: c.Score, Comment: c.Comment, Etag: c.Etag, RequestId: newRequestID()})
	})
}
