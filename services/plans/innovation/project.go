package innovation

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// State says how far a project is.
type State string

// The states of a project.
const (
	Proposed  State = "proposed"  // it is being agreed on
	Agreed    State = "agreed"    // every side has agreed
	UnderWay  State = "under-way" // it is in one of its stages
	Launched  State = "launched"  // what came of it is in use
	Completed State = "completed" // what each side gained is recorded
	Confirmed State = "confirmed" // every customer has confirmed the completion
	Stopped   State = "stopped"   // it was given up
)

func (s State) words() string { return strings.ReplaceAll(string(s), "-", " ") }

// The most of each that a project can have.
const (
	// MaxAccounts is how many accounts can share a project.
	MaxAccounts = 20
	// maxGains is how many gains can be agreed, and maxStages how many stages there can be.
	maxGains  = 100
	maxStages = 20
	// maxRecords bounds what is recorded as the project goes on: decisions, pilots, results
	// and confirmations, of each.
	maxRecords = 200
)

// Definition is what a project is about.
type Definition struct {
	Title string `bson:"title"`
	// Accounts are the ids of the customers' accounts: one or more, sorted.
	Accounts []string `bson:"accounts"`
	// Lead is the id of the principal who leads it.
	Lead     string   `bson:"lead"`
	Proposal Proposal `bson:"proposal"`
	// Agreement is what the sides agree on. A change of it, or of the accounts, takes back
	// what was agreed.
	Agreement Agreement `bson:"agreement"`
	// Stages are gone through in their order.
	Stages []Stage `bson:"stages,omitempty"`
}

// Proposal says what the idea is.
type Proposal struct {
	What string `bson:"what"`
	Why  string `bson:"why"`
	// Downstream says what it changes for the customer's own customers.
	Downstream string `bson:"downstream"`
}

// Agreement is what the sides of a project agree on.
type Agreement struct {
	Gains         []Gain         `bson:"gains,omitempty"`
	Contributions []Contribution `bson:"contributions,omitempty"`
	// Ownership says who owns what comes of it, and End how either side can leave.
	Ownership string `bson:"ownership,omitempty"`
	End       string `bson:"end,omitempty"`
}

// Gain is something that a side expects of a project. Its number is its place in the
// agreement, from 1.
type Gain struct {
	// Account is the id of the customer's account; empty for the company itself.
	Account string `bson:"account,omitempty"`
	// Measure says what is measured, and Unit in what.
	Measure string `bson:"measure"`
	Unit    string `bson:"unit"`
	// Target is a decimal number, as 12.5; Baseline is what it is today, or empty.
	Target   string `bson:"target"`
	Baseline string `bson:"baseline,omitempty"`
	// By is the day by which it is expected.
	By civil.Day `bson:"by"`
}

// Contribution is what a side puts in.
type Contribution struct {
	// Account is the id of the customer's account; empty for the company itself.
	Account string `bson:"account,omitempty"`
	Text    string `bson:"text"`
}

// Stage is a part of the work, with a gate at its end.
type Stage struct {
	Title string `bson:"title"`
	// Criteria say what has to be so for the project to pass the gate.
	Criteria []string `bson:"criteria"`
}

// Signature is a side's word that it agrees.
type Signature struct {
	// Account is the id of the customer's account; empty for the company itself.
	Account string `bson:"account,omitempty"`
	// By is the resource name of who agreed: a contact of the account, or a principal.
	By  string    `bson:"by"`
	Day civil.Day `bson:"day"`
	// Recorder is the resource name of the principal who recorded it.
	Recorder string    `bson:"recorder"`
	At       time.Time `bson:"at"`
}

// Project is work of the company and customers on something new.
type Project struct {
	Definition `bson:",inline"`
	// Proposer is the resource name of the principal who wrote it down.
	Proposer string `bson:"proposer"`
	State    State  `bson:"state"`
	// Leads are the ids of all who lead it or ever did: none of them confirms it.
	Leads      []string    `bson:"leads"`
	Signatures []Signature `bson:"signatures,omitempty"`
	// Passed is how many stages are behind it, and Held says that it waits where it is.
	Passed    int        `bson:"passed,omitempty"`
	Held      bool       `bson:"held,omitempty"`
	Decisions []Decision `bson:"decisions,omitempty"`
	Pilots    []Pilot    `bson:"pilots,omitempty"`
	Results   []Result   `bson:"results,omitempty"`
	// Launched and Ended are days; 0 before. Ended is the one on which it was completed or
	// stopped.
	Launched civil.Day `bson:"launched,omitempty"`
	Ended    civil.Day `bson:"ended,omitempty"`
	// StopReason says why it was stopped, and Lessons what was learnt.
	StopReason     string         `bson:"stop_reason,omitempty"`
	Lessons        string         `bson:"lessons,omitempty"`
	Confirmations  []Confirmation `bson:"confirmations,omitempty"`
	resource.Times `bson:",inline"`
}

// told is a project as events tell it: without what people wrote of the customers'
// business. Who agreed to what, and what each side gained, is told.
func (p Project) told() any {
	p.Proposal = Proposal{}
	p.Agreement.Contributions, p.Agreement.Ownership, p.Agreement.End = nil, "", ""
	p.Pilots = slices.Clone(p.Pilots)
	for i := range p.Pilots {
		p.Pilots[i].Result = ""
	}
	return p
}

// decimal is the form of targets and results.
var decimal = regexp.MustCompile(`^-?[0-9]{1,15}(\.[0-9]{1,6})?$`)

// check wants what a project is about to be right by itself; an agreement may still lack
// something.
func (d *Definition) check() error {
	switch {
	case d.Title == "":
		return fault.Invalid("innovation_project.title", "is empty: say in a few words what is new")
	case len(d.Accounts) == 0 || len(d.Accounts) > MaxAccounts:
		return fault.Invalid("innovation_project.accounts", "has %d accounts: name at least one, and at most %d", len(d.Accounts), MaxAccounts)
	case d.Lead == "":
		return fault.Invalid("innovation_project.lead", "is empty: say who leads it, as principals/anna")
	case d.Proposal.What == "":
		return fault.Invalid("innovation_project.proposal.what", "is empty: say what is to be done")
	case d.Proposal.Why == "":
		return fault.Invalid("innovation_project.proposal.why", "is empty: say why")
	case d.Proposal.Downstream == "":
		return fault.Invalid("innovation_project.proposal.downstream", "is empty: say what it changes for the customer's own customers")
	case len(d.Agreement.Gains) > maxGains:
		return fault.Invalid("innovation_project.agreement.gains", "has %d gains, and %d is the most", len(d.Agreement.Gains), maxGains)
	case len(d.Stages) > maxStages:
		return fault.Invalid("innovation_project.stages", "has %d stages, and %d is the most", len(d.Stages), maxStages)
	}
	for _, g := range d.Agreement.Gains {
		if err := d.checkGain(g); err != nil {
			return err
		}
	}
	for _, c := range d.Agreement.Contributions {
		if err := d.checkSide("innovation_project.agreement.contributions.account", c.Account); err != nil {
			return err
		}
		if c.Text == "" {
			return fault.Invalid("innovation_project.agreement.contributions.text", "is empty: say what that side puts in")
		}
	}
	for _, s := range d.Stages {
		if s.Title == "" || len(s.Criteria) == 0 || slices.Contains(s.Criteria, "") {
			return fault.Invalid("innovation_project.stages", "each needs a title, and at least one criterion of its gate")
		}
	}
	return nil
}

func (d *Definition) checkGain(g Gain) error {
	const field = "innovation_project.agreement.gains"
	switch {
	case g.Measure == "":
		return fault.Invalid(field+".measure", "is empty: say what is measured")
	case g.Unit == "":
		return fault.Invalid(field+".unit", "is empty: say in what %q is measured", g.Measure)
	case !decimal.MatchString(g.Target):
		return fault.Invalid(field+".target", "%q is no decimal number, as 12.5", g.Target)
	case g.Baseline != "" && !decimal.MatchString(g.Baseline):
		return fault.Invalid(field+".baseline", "%q is no decimal number, as 12.5", g.Baseline)
	case g.By == 0:
		return fault.Invalid(field+".by_date", "is not given: say by when %q is expected", g.Measure)
	}
	return d.checkSide(field+".account", g.Account)
}

// checkSide wants an account to be one of the project's; the empty one is the company.
func (d *Definition) checkSide(field, account string) error {
	if account == "" || slices.Contains(d.Accounts, account) {
		return nil
	}
	return fault.Invalid(field, "%s is no account of the project: add it, or leave it empty for the company's own side", accountName(account))
}

// sides are the accounts and, the empty one, the company.
func (d *Definition) sides() []string { return append([]string{""}, d.Accounts...) }

// side names a side in sentences.
func side(account string) string {
	if account == "" {
		return "the company"
	}
	return accountName(account)
}

func accountName(id string) string { return names.Join("accounts", id) }

// lacks says what an agreement still needs before anybody can agree to it.
func (d *Definition) lacks() []string {
	var missing []string
	for _, s := range d.sides() {
		if !slices.ContainsFunc(d.Agreement.Gains, func(g Gain) bool { return g.Account == s }) {
			missing = append(missing, "State what "+side(s)+" is to gain: a measure, a target and by when.")
		}
		if !slices.ContainsFunc(d.Agreement.Contributions, func(c Contribution) bool { return c.Account == s }) {
			missing = append(missing, "State what "+side(s)+" puts in.")
		}
	}
	if d.Agreement.Ownership == "" {
		missing = append(missing, "State who owns what comes of it.")
	}
	if d.Agreement.End == "" {
		missing = append(missing, "State how either side can leave.")
	}
	return missing
}

// unsigned says who has not agreed yet.
func (p *Project) unsigned() []string {
	var missing []string
	for _, s := range p.sides() {
		if !slices.ContainsFunc(p.Signatures, func(x Signature) bool { return x.Account == s }) {
			missing = append(missing, "Record that "+side(s)+" agrees.")
		}
	}
	return missing
}

// edit changes what a project is about while it is open. Who leads it and what it is called
// can change until it is completed; the rest until it starts. What was agreed is to be
// agreed anew where the agreement or the accounts change.
func (p *Project) edit(id string, edit func(*Definition) error) error {
	if err := p.mustBe(id, Proposed, Agreed, UnderWay, Launched); err != nil {
		return err
	}
	was := p.Definition
	if err := edit(&p.Definition); err != nil {
		return err
	}
	p.Accounts = sorted(p.Accounts)
	p.Leads = sorted(append(slices.Clone(p.Leads), p.Lead))
	resign := !reflect.DeepEqual([]any{was.Accounts, was.Agreement}, []any{p.Accounts, p.Agreement})
	if resign || !reflect.DeepEqual([]any{was.Proposal, was.Stages}, []any{p.Proposal, p.Stages}) {
		if err := p.mustBe(id, Proposed, Agreed); err != nil {
			return err
		}
	}
	if resign {
		p.State, p.Signatures = Proposed, nil
	}
	return p.check()
}

// sorted returns the texts in order, each once.
func sorted(texts []string) []string { return slices.Compact(slices.Sorted(slices.Values(texts))) }

// sign records that a side agrees. Once all do, the project is agreed.
func (p *Project) sign(id string, s Signature) error {
	if err := p.mustBe(id, Proposed); err != nil {
		return err
	}
	if err := incomplete(id, "agreed on", p.lacks()); err != nil {
		return err
	}
	if slices.ContainsFunc(p.Signatures, func(x Signature) bool { return x.Account == s.Account }) {
		return refused(reasonState, id, "%s has agreed already.", side(s.Account))
	}
	p.Signatures = slices.Concat(p.Signatures, []Signature{s})
	if len(p.unsigned()) == 0 {
		p.State = Agreed
	}
	return nil
}

// start begins the first stage of a project that lacks nothing.
func (p *Project) start(id string) error {
	if err := p.mustBe(id, Proposed, Agreed); err != nil {
		return err
	}
	missing := append(p.lacks(), p.unsigned()...)
	if len(p.Stages) == 0 {
		missing = append(missing, "State at least one stage, with the criteria of its gate.")
	}
	if err := incomplete(id, "started", missing); err != nil {
		return err
	}
	p.State = UnderWay
	return nil
}
