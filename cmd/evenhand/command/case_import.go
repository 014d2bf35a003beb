package command

import (
	"context"
	"strconv"
	"strings"

	"github.com/evenhand/evenhand/cmd/evenhand/csvfile"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// CaseImport is `evenhand case import`.
type CaseImport struct {
	ImportFlags
	Account        string `placeholder:"ID" help:"The account of the rows that name none: its id in the source system, or here."`
	CreateAccounts bool   `help:"Make the accounts that are not known."`
}

// caseFields are the fields of a case, facts aside.
var caseFields = []field{
	{"id", true}, {"account", false}, {"issue", true}, {"channel", true}, {"staff-role", false}, {"subject", false}, {"description", false},
	{"opened", true}, {"first-reply", false}, {"resolved", false}, {"remedy", false}, {"remedy-value", false}, {"escalated", false}, {"reopened", false},
}

// factPrefix begins the fields that name a fact's key.
const factPrefix = "fact."

// Help implements kong.HelpProvider.
func (*CaseImport) Help() string {
	return `Takes over cases that happened elsewhere. Fields: id (in the source system), issue, channel, opened, and, when named, account, staff-role, subject, description, first-reply, resolved, remedy, remedy-value, escalated and reopened (yes or no), and fact.KEY for any number of facts. Without a column of accounts, --account says whose cases these are.

New issues, channels, roles and remedies are taken as they come: "Derelict Vehicles" becomes derelict-vehicles. Instants are RFC 3339, or what clocks in the company's zone show (UTC while it has none); empty is not yet. Without a column of first replies, resolutions, remedies, escalations or reopenings nobody knows of them; with one of first replies, a case that was resolved without any counts as replied to by its resolution. An empty remedy, or none, is nothing done. Neither a schedule nor a currency is needed.

The same file again changes nothing and says so. A case that has gone on in a file grown since is taken over anew, as long as nobody worked on it here. Each refused row is named on stderr with its line and reason; the command then fails, all others being written.

Examples:

  evenhand case import cases.csv --column id=case_id --column account=account --column opened=opened --column first-reply=first_reply --column resolved=resolved --create-accounts
  evenhand case import desk.csv --column id=ticket --column issue=topic --column resolved=closed --column fact.days-late=late --account brook-and-sons`
}

// Run imports and prints the counts.
func (c *CaseImport) Run(env *Env) error {
	if _, named := c.Column["account"]; !named && c.Account == "" {
		return &usageError{"whose cases are these? Name the column of accounts with --column account=COLUMN, or the one account of all rows with --account ID"}
	}
	unnamed := func(field string) bool {
		_, named := c.Column[field]
		return !named
	}
	return c.runImport(env, caseFields, factPrefix, func(ctx context.Context, s *session, start *accountsv1.ImportStart) (stream, error) {
		call, err := entitlementsv1.NewCaseImportsServiceClient(s).ImportCases(ctx)
		if err != nil {
			return nil, err
		}
		// When the call has failed already, the first answer says why.
		_ = call.Send(&entitlementsv1.ImportCasesRequest{Step: &entitlementsv1.ImportCasesRequest_Start{Start: &entitlementsv1.CaseImportStart{
			Import: start, Account: c.Account, CreateAccounts: c.CreateAccounts,
			NoFirstReplies: unnamed("first-reply"), NoResolutions: unnamed("resolved"), NoRemedies: unnamed("remedy"),
			NoEscalations: unnamed("escalated"), NoReopenings: unnamed("reopened")}}})
		return &caseStream{CaseImportsService_ImportCasesClient: call}, nil
	})
}

type caseStream struct {
	entitlementsv1.CaseImportsService_ImportCasesClient
	rows []*entitlementsv1.CaseRow
}

func (s *caseStream) Recv() (importEvent, error) {
	return s.CaseImportsService_ImportCasesClient.Recv()
}

func (s *caseStream) add(columns *columns, row csvfile.Row) {
	r := &entitlementsv1.CaseRow{Line: row.Line, Fault: row.Fault}
	fields := map[string]*string{
		"id": &r.ExternalId, "account": &r.Account, "issue": &r.Issue, "channel": &r.Channel, "staff-role": &r.StaffRole,
		"subject": &r.Subject, "description": &r.Description, "opened": &r.Opened, "first-reply": &r.FirstReply, "resolved": &r.Resolved,
		"remedy": &r.Remedy, "remedy-value": &r.RemedyValue, "escalated": &r.Escalated, "reopened": &r.Reopened,
	}
	columns.each(row, func(field, value string) {
		value = strings.Clone(value)
		if to := fields[field]; to != nil {
			*to = value
			return
		}
		if r.Facts == nil {
			r.Facts = map[string]string{}
		}
		r.Facts[strings.TrimPrefix(field, factPrefix)] = value
	})
	s.rows = append(s.rows, r)
}

func (s *caseStream) sendBatch() error {
	rows := s.rows
	s.rows = nil
	return s.Send(&entitlementsv1.ImportCasesRequest{Step: &entitlementsv1.ImportCasesRequest_Rows{Rows: &entitlementsv1.CaseRows{Rows: rows}}})
}

// CaseImports is `evenhand case imports`.
type CaseImports struct {
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CaseImports) Help() string {
	return `Examples:

  evenhand case imports
  evenhand case imports --output json`
}

// Run asks and prints.
func (c *CaseImports) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewCaseImportsServiceClient(s)
		l := c.newList(env.Stdout, "caseImports", "Import", "State", "Source", "Batch", "Read", "Written", "Already there", "Refused", "Begun")
		return eachPage(l, 0, func(size int32, token string) (page[*accountsv1.Import], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListCaseImports(ctx, &entitlementsv1.ListCaseImportsRequest{PageSize: size, PageToken: token})
			return page[*accountsv1.Import]{answer.GetCaseImports(), answer.GetNextPageToken()}, err
		}, func(i *accountsv1.Import) error {
			counts := i.GetCounts()
			return l.add(i, i.GetName(), showEnum(i.GetState(), "STATE_"), i.GetSource(), i.GetBatch(),
				strconv.FormatInt(counts.GetRead(), 10), strconv.FormatInt(counts.GetWritten(), 10),
				strconv.FormatInt(counts.GetAlreadyThere(), 10), strconv.FormatInt(counts.GetRefused(), 10), showTime(i.GetCreateTime()))
		})
	})
}
