package command

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/cmd/evenhand/csvfile"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// AccountsImport is `evenhand accounts import`.
type AccountsImport struct {
	ImportFlags
	Update bool `help:"Change accounts that are there already with other values (needs the permission accounts.update); otherwise such a row is refused."`
}

// accountFields are the fields of an account, attributes aside.
var accountFields = []field{
	{"id", true}, {"display-name", false}, {"joined", false}, {"state", false}, {"parent", false}, {"owner", false},
}

// Help implements kong.HelpProvider.
func (*AccountsImport) Help() string {
	return `Fields: id (in the source system), and, when named, display-name, joined (2026-01-31), state (prospect, active or closed), parent (the id of another row), owner, and attribute.KEY for any number of attributes, whose keys are declared by the import. The same file again changes nothing and says so.

Each refused row is named on stderr with its line and reason; the command then fails, all others being written.

Examples:

  evenhand accounts import companies.csv --column id=Symbol --column display-name=Security --column attribute.sector="GICS Sector"
  evenhand accounts import crm.csv --column joined=since --column parent=group --update`
}

// Run imports and prints the counts.
func (c *AccountsImport) Run(env *Env) error {
	return c.runImport(env, accountFields, attributePrefix, func(ctx context.Context, s *session, start *accountsv1.ImportStart) (stream, error) {
		call, err := accountsv1.NewAccountsServiceClient(s).ImportAccounts(ctx)
		if err != nil {
			return nil, err
		}
		// When the call has failed already, the first answer says why.
		_ = call.Send(&accountsv1.ImportAccountsRequest{
			Step:           &accountsv1.ImportAccountsRequest_Start{Start: start},
			UpdateExisting: c.Update,
		})
		return &accountStream{AccountsService_ImportAccountsClient: call}, nil
	})
}

type accountStream struct {
	accountsv1.AccountsService_ImportAccountsClient
	rows []*accountsv1.AccountRow
}

func (s *accountStream) Recv() (importEvent, error) {
	return s.AccountsService_ImportAccountsClient.Recv()
}

func (s *accountStream) add(columns *columns, row csvfile.Row) {
	r := &accountsv1.AccountRow{Line: row.Line, Fault: row.Fault, Attributes: map[string]string{}}
	columns.each(row, func(field, value string) {
		value = strings.Clone(value)
		switch field {
		case "id":
			r.ExternalId = value
		case "display-name":
			r.DisplayName = value
		case "joined":
			r.Joined = value
		case "state":
			r.State = value
		case "parent":
			r.Parent = value
		case "owner":
			r.Owner = value
		default:
			r.Attributes[strings.TrimPrefix(field, attributePrefix)] = value
		}
	})
	s.rows = append(s.rows, r)
}

func (s *accountStream) sendBatch() error {
	rows := s.rows
	s.rows = nil
	return s.Send(&accountsv1.ImportAccountsRequest{Step: &accountsv1.ImportAccountsRequest_Rows{Rows: &accountsv1.AccountRows{Rows: rows}}})
}
