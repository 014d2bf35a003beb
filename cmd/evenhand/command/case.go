package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/type/money"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Case is `evenhand case`.
type Case struct {
	List       CaseList       `cmd:"" help:"List cases."`
	Get        CaseGet        `cmd:"" help:"Show a case, with like cases."`
	Open       CaseOpen       `cmd:"" help:"Open a case: its clocks begin, and like cases are shown."`
	Update     CaseUpdate     `cmd:"" help:"Change what a case is about."`
	Assign     CaseAssign     `cmd:"" help:"Give a case to a member of staff who acknowledged the baseline."`
	Reply      CaseReply      `cmd:"" help:"Record that staff replied to the customer."`
	Wait       CaseWait       `cmd:"" help:"Say that a case waits for the customer: its clocks stand still."`
	Answered   CaseAnswered   `cmd:"" help:"Say that the customer answered: the clocks go on."`
	Resolve    CaseResolve    `cmd:"" help:"End a case with a remedy, or with none."`
	Reopen     CaseReopen     `cmd:"" help:"Take a resolution back."`
	Escalate   CaseEscalate   `cmd:"" help:"Call in the accountable person."`
	Survey     CaseSurvey     `cmd:"" help:"Record what the customer said of a resolved case."`
	Precedents CasePrecedents `cmd:"" help:"Resolved cases of the same issue with the same facts, and the remedy that they point to."`
	Due        CaseDue        `cmd:"" help:"When would a case be due that is opened now?"`
	Import     CaseImport     `cmd:"" help:"Take over cases that happened elsewhere, from a CSV file."`
	Imports    CaseImports    `cmd:"" help:"What cases were imported."`
	Path       CasePath       `cmd:"" help:"Whom cases are escalated to: show, name."`
}

// CaseArg is the argument that names a case.
type CaseArg struct {
	Case string `arg:"" placeholder:"ACCOUNT/CASE" help:"The case, as brook-and-sons/7k2m9q4x or accounts/brook-and-sons/cases/7k2m9q4x."`
}

func (a CaseArg) name() string {
	if strings.HasPrefix(a.Case, "accounts/") {
		return a.Case
	}
	account, id, _ := strings.Cut(a.Case, "/")
	return "accounts/" + account + "/cases/" + strings.TrimPrefix(id, "cases/")
}

// CaseChange is what all commands that change a case have.
type CaseChange struct {
	CaseArg
	Etag string `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// run makes a change and prints the case.
func (c *CaseChange) run(env *Env, change func(ctx context.Context, client entitlementsv1.CasesServiceClient, name string) (*entitlementsv1.Case, error)) error {
	return c.runIn(env, func(ctx context.Context, s *session) (*entitlementsv1.Case, error) {
		return change(ctx, entitlementsv1.NewCasesServiceClient(s), c.name())
	})
}

// runIn makes a change that needs more than the cases, and prints the case.
func (c *CaseChange) runIn(env *Env, change func(ctx context.Context, s *session) (*entitlementsv1.Case, error)) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		m, err := change(ctx, s)
		return c.printCase(env, m, err)
	})
}

func (o Output) printCase(env *Env, m *entitlementsv1.Case, err error) error {
	if err != nil {
		return err
	}
	remedy := m.GetRemedy()
	return o.printOne(env.Stdout, m, []pair{
		{"Case", m.GetName()}, {"Issue", m.GetIssue()}, {"Facts", showMap(m.GetFacts())}, {"Channel", m.GetChannel()},
		{"Subject", m.GetSubject()}, {"Description", m.GetDescription()}, {"State", showEnum(m.GetState(), "STATE_")},
		{"Assignee", m.GetAssignee()}, {"Opened", showTime(m.GetOpenTime())}, {"First reply", showTime(m.GetFirstReplyTime())},
		{"Resolved", showTime(m.GetResolveTime())}, {"Due", showTime(m.GetDueTime())}, {"Breached", showYes(m.GetBreached())},
		{"Clocks", clockLines(m.GetClocks())}, {"Escalated to", m.GetEscalation().GetAccountable()},
		{"Escalation answered", showTime(m.GetEscalation().GetAnswerTime())}, {"Remedy", remedy.GetRemedy()},
		{"Remedy value", showMoney(remedy.GetValue())}, {"Departs from", showDeparture(remedy)}, {"Attested", attestedLines(m.GetAttestations())},
		{"To attest", strings.Join(m.GetWantedAttestations(), ", ")}, {"Survey", showSurvey(m.GetSurvey())},
		{"Like cases", precedentLines(m.GetPrecedents())}, {"History", historyLines(m.GetHistory())}, {"Etag", m.GetEtag()},
	})
}

func showYes(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}

func clockLines(clocks []*entitlementsv1.CaseClock) string {
	var lines []string
	for _, k := range clocks {
		name := k.GetCommitment()
		if name == "" {
			name = "escalation"
		}
		line := fmt.Sprintf("%s: %s to %s within %s, %s", name, k.GetFromEvent(), k.GetToEvent(), showDuration(k.GetWithin()), showEnum(k.GetState(), "STATE_"))
		if k.GetDueTime() != nil {
			line += ", due " + showTime(k.GetDueTime())
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func showDeparture(r *entitlementsv1.CaseRemedy) string {
	if r.GetDepartureReason() == "" {
		return ""
	}
	pointed := showPointed(r.GetPointedRemedy(), r.GetPointedValue())
	if r.GetBasis() == entitlementsv1.CaseRemedy_BASIS_UNSPECIFIED {
		pointed = "the catalogue"
	}
	return pointed + ", because: " + r.GetDepartureReason()
}

// showPointed is a remedy and what it is worth, as people read it.
func showPointed(remedy string, value *money.Money) string {
	switch {
	case remedy == "":
		return "no remedy"
	case value == nil:
		return remedy
	}
	return remedy + " worth " + showMoney(value)
}

func attestedLines(list []*entitlementsv1.Attestation) string {
	var lines []string
	for _, a := range list {
		line := a.GetWhat() + ": " + showYes(a.GetKept())
		if a.GetNote() != "" {
			line += ", " + a.GetNote()
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func showSurvey(s *entitlementsv1.CaseSurvey) string {
	if s == nil {
		return ""
	}
	return strings.TrimSpace(fmt.Sprintf("%d of 5 %s", s.GetScore(), s.GetComment()))
}

func precedentLines(p *entitlementsv1.CasePrecedents) string {
	if p == nil {
		return ""
	}
	lines := []string{"none yet"}
	if p.GetCount() > 0 {
		lines[0] = strconv.Itoa(int(p.GetCount()))
		if p.GetMore() {
			lines[0] += ", the latest"
		}
	}
	for _, r := range p.GetRemedies() {
		name := r.GetRemedy()
		if name == "" {
			name = "no remedy"
		}
		lines = append(lines, fmt.Sprintf("%s: %d times, last %s", name, r.GetCount(), showTime(r.GetLastTime())))
	}
	if p.GetBasis() != entitlementsv1.CaseRemedy_BASIS_UNSPECIFIED {
		lines = append(lines, "points to "+showPointed(p.GetPointedRemedy(), p.GetPointedValue())+" ("+showEnum(p.GetBasis(), "BASIS_")+")")
	}
	return strings.Join(lines, "\n")
}

func historyLines(list []*entitlementsv1.CaseEntry) string {
	var lines []string
	for _, e := range list {
		line := showTime(e.GetTime()) + " " + e.GetWhat()
		if who := e.GetActor().GetPrincipal(); who != "" {
			line += " by " + who
		}
		if e.GetNote() != "" {
			line += ": " + e.GetNote()
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// CaseList is `evenhand case list`.
type CaseList struct {
	Account string `arg:"" optional:"" help:"The account's id or external id; all accounts, where it is not given."`
	Filter  string `placeholder:"FILTER" help:"AIP-160 filter over state, issue, channel, assignee, breached, open_time, due_time, reopen_count, escalation_count, remedy, subject, external_id, facts."`
	OrderBy string `placeholder:"FIELD" help:"open_time or due_time, with \" desc\" behind it for the other way round; by due_time, only cases with a clock that runs."`
	Limit   uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CaseList) Help() string {
	return `Examples:

  evenhand case list --filter 'state = OPEN' --order-by due_time
  evenhand case list brook-and-sons --filter 'breached = true'
  evenhand case list --filter 'open_time >= "2026-11-01T00:00:00Z" AND channel = "phone"' --order-by "open_time desc"
  evenhand case list --filter 'assignee = "principals/ines" AND facts.damaged = "yes"'`
}

// Run asks and prints.
func (c *CaseList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		if c.Account == "" {
			return c.list(env, s, "accounts/-")
		}
		return forAccount(env, s, c.Account, func(name string) error { return c.list(env, s, name) })
	})
}

func (c *CaseList) list(env *Env, s *session, parent string) error {
	client := entitlementsv1.NewCasesServiceClient(s)
	l := c.newList(env.Stdout, "cases", "Case", "Issue", "Channel", "State", "Assignee", "Opened", "Due", "Breached", "Remedy", "Subject")
	return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.Case], error) {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := client.ListCases(ctx, &entitlementsv1.ListCasesRequest{Parent: parent, PageSize: size, PageToken: token, Filter: c.Filter, OrderBy: c.OrderBy})
		return page[*entitlementsv1.Case]{answer.GetCases(), answer.GetNextPageToken()}, err
	}, func(m *entitlementsv1.Case) error {
		return l.add(m, m.GetName(), m.GetIssue(), m.GetChannel(), showEnum(m.GetState(), "STATE_"), m.GetAssignee(), showTime(m.GetOpenTime()),
			showTime(m.GetDueTime()), showYes(m.GetBreached()), m.GetRemedy().GetRemedy(), m.GetSubject())
	})
}

// CaseGet is `evenhand case get`.
type CaseGet struct {
	CaseArg
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CaseGet) Help() string {
	return `Examples:

  evenhand case get brook-and-sons/7k2m9q4x
  evenhand case get brook-and-sons/7k2m9q4x --output json`
}

// Run asks and prints.
func (c *CaseGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		m, err := entitlementsv1.NewCasesServiceClient(s).GetCase(ctx, &entitlementsv1.GetCaseRequest{
			Name: c.name(), View: entitlementsv1.CaseView_CASE_VIEW_WITH_PRECEDENTS})
		return c.printCase(env, m, err)
	})
}

// CaseDue is `evenhand case due`.
type CaseDue struct {
	At moment `placeholder:"DATE" help:"When it would be opened: a day (its beginning in UTC) or an RFC 3339 instant; now, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CaseDue) Help() string {
	return `Shows the clocks that such a case would have, by the commitments and the calendars of the schedule in force then.

Examples:

  evenhand case due
  evenhand case due --at 2026-11-27T22:00:00Z`
}

// Run asks and prints.
func (c *CaseDue) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		m, err := entitlementsv1.NewCasesServiceClient(s).PreviewDue(ctx, &entitlementsv1.PreviewDueRequest{OpenTime: c.At.begin()})
		if err != nil {
			return err
		}
		version := m.GetScheduleVersion()
		if version == "" {
			version = "none was in force then: no clock would measure it"
		}
		return c.printOne(env.Stdout, m, []pair{{"Version", version}, {"Clocks", clockLines(m.GetClocks())}})
	})
}

// CasePrecedents is `evenhand case precedents`.
type CasePrecedents struct {
	Issue string            `arg:"" help:"The issue, as late-delivery."`
	Fact  map[string]string `placeholder:"KEY=VALUE" help:"A fact; all of them, each with a flag of its own."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CasePrecedents) Help() string {
	return `Example:

  evenhand case precedents late-delivery --fact days-late=3 --fact damaged=no`
}

// Run asks and prints.
func (c *CasePrecedents) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		m, err := entitlementsv1.NewCasesServiceClient(s).FindPrecedents(ctx, &entitlementsv1.FindPrecedentsRequest{Issue: c.Issue, Facts: c.Fact})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, m, []pair{{"Like cases", precedentLines(m)}, {"Latest", strings.Join(m.GetLatestCases(), "\n")}})
	})
}

// CasePath is `evenhand case path`.
type CasePath struct {
	Get CasePathGet `cmd:"" help:"Show whom cases are escalated to."`
	Set CasePathSet `cmd:"" help:"Name the person, and the time in which they answer."`
}

// CasePathGet is `evenhand case path get`.
type CasePathGet struct {
	Output
	Connection
}

func (o Output) printPath(env *Env, m *entitlementsv1.EscalationPath, err error) error {
	if err != nil {
		return err
	}
	return o.printOne(env.Stdout, m, []pair{{"Accountable", m.GetAccountable()}, {"Contact", m.GetContact()},
		{"Within", showDuration(m.GetWithin())}, {"Calendar", m.GetCalendar()}, {"Etag", m.GetEtag()}})
}

// Help implements kong.HelpProvider.
func (*CasePathGet) Help() string {
	return `Example:

  evenhand case path get`
}

// Run asks and prints.
func (c *CasePathGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		m, err := entitlementsv1.NewCasesServiceClient(s).GetEscalationPath(ctx, &entitlementsv1.GetEscalationPathRequest{Name: "escalationPath"})
		return c.printPath(env, m, err)
	})
}

// CasePathSet is `evenhand case path set`.
type CasePathSet struct {
	Accountable string        `placeholder:"PRINCIPAL" help:"The principal who answers for it: a person who may work on cases."`
	Contact     string        `help:"How a customer reaches them."`
	Within      time.Duration `placeholder:"DURATION" help:"The working time in which they answer, as 2h."`
	Calendar    string        `help:"The calendar of the schedule in whose hours; every hour of every day, where the path has none."`
	Etag        string        `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CasePathSet) Help() string {
	return `The path is the same for every account. It counts for escalations to come; what is not given stays as it is.

Example:

  evenhand case path set --accountable maria --within 2h --calendar office`
}

// Run changes the path and prints it.
func (c *CasePathSet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		path := &entitlementsv1.EscalationPath{Contact: c.Contact, Within: length(c.Within), Calendar: c.Calendar, Etag: c.Etag}
		if c.Accountable != "" {
			path.Accountable = principalName(c.Accountable)
		}
		m, err := entitlementsv1.NewCasesServiceClient(s).UpdateEscalationPath(ctx, &entitlementsv1.UpdateEscalationPathRequest{
			EscalationPath: path, RequestId: newRequestID()})
		return c.printPath(env, m, err)
	})
}
