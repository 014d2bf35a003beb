package command

import (
	"errors"
	"fmt"
	"io"
	"os"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/cmd/evenhand/csvfile"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// nominationsPerCall is how many nominations go in one call.
const nominationsPerCall = 500

// candidateFields are what a column of a file of candidates can be taken for.
var candidateFields = []field{{name: "account", required: true}, {name: "contact-name"}, {name: "contact-email"}, {name: "until"}}

// CandidatesImport is `evenhand board candidates import`.
type CandidatesImport struct {
	BoardArg
	File   string            `arg:"" placeholder:"FILE" help:"The CSV file."`
	Column map[string]string `mapsep:"none" placeholder:"FIELD=COLUMN" help:"Which column is which: account, contact-name, contact-email, until. May be repeated."`
	Connection
}

// Help implements kong.HelpProvider.
func (*CandidatesImport) Help() string {
	return `Nominates the account of each row. Where the row names a person, that person has consented and will come; whoever is not a contact of the account yet becomes one. Importing the same file again changes nothing.

Example:

  evenhand board candidates import advisory volunteers.csv --column account=Symbol --column contact-name=Person --column contact-email=Email --column until="Consents until"`
}

// Run imports, tells what was refused, and counts.
func (c *CandidatesImport) Run(env *Env) error {
	chosen, err := chooseColumns(c.Column, candidateFields, "")
	if err != nil {
		return err
	}
	file, err := os.Open(c.File)
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, bare(err))
	}
	defer file.Close()
	table, err := csvfile.Open(file, ',')
	if err != nil {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	var columns columns
	if err := columns.find(table, chosen, c.Column); err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		i := &candidatesImport{env: env, session: s, board: c.name()}
		if err := i.read(table, &columns); err != nil {
			return fmt.Errorf("%s: %w", c.File, err)
		}
		return i.end()
	})
}

// candidatesImport is one import.
type candidatesImport struct {
	env     *Env
	session *session
	board   string

	lines       []int64 // of the nominations
	nominations []*boardv1.Nomination
	count       int
	done        int
	refused     int
}

// candidateRow is a row of the file.
type candidateRow struct{ account, name, email, until string }

func (i *candidatesImport) read(table *csvfile.Table, columns *columns) error {
	for {
		row, err := table.Next()
		if errors.Is(err, io.EOF) {
			return i.send()
		}
		if err != nil {
			return err
		}
		i.count++
		if row.Fault != "" {
			i.refuse(row.Line, row.Fault)
			continue
		}
		var r candidateRow
		columns.each(row, func(field, value string) {
			switch field {
			case "account":
				r.account = value
			case "contact-name":
				r.name = value
			case "contact-email":
				r.email = value
			case "until":
				r.until = value
			}
		})
		if err := i.nominate(row.Line, r); err != nil {
			return err
		}
	}
}

func (i *candidatesImport) refuse(line int64, why string) {
	i.refused++
	i.env.note("line %d: %s", line, why)
}

// nominate adds a row to the next call. What is wrong with the row is told; an error ends
// the import.
func (i *candidatesImport) nominate(line int64, r candidateRow) error {
	if r.account == "" {
		i.refuse(line, "account: is empty")
		return nil
	}
	account, err := accountName(i.env, i.session, r.account)
	var consent *boardv1.Consent
	if err == nil {
		consent, err = i.consent(account, r)
	}
	switch {
	case refusesRow(err):
		i.refuse(line, messageOf(err))
		return nil
	case err != nil:
		return err
	}
	i.lines = append(i.lines, line)
	i.nominations = append(i.nominations, &boardv1.Nomination{Account: account, Consent: consent})
	if len(i.nominations) == nominationsPerCall {
		return i.send()
	}
	return nil
}

// refusesRow says whether an error is about what a row says, and not about the server.
func refusesRow(err error) bool {
	if s, answered := statusOf(err); answered {
		return s.Code() == codes.NotFound || s.Code() == codes.InvalidArgument || s.Code() == codes.FailedPrecondition
	}
	var usage *usageError
	var ambiguous *failure
	return errors.As(err, &usage) || errors.As(err, &ambiguous)
}

// messageOf is what an error says to people.
func messageOf(err error) string {
	if s, ok := status.FromError(err); ok {
		return s.Message()
	}
	return err.Error()
}

// consent makes sure that the person of a row is a contact of the account.
func (i *candidatesImport) consent(account string, r candidateRow) (*boardv1.Consent, error) {
	if r.name == "" {
		return nil, nil
	}
	var until *date.Date
	if r.until != "" {
		var day Day
		if err := day.UnmarshalText([]byte(r.until)); err != nil {
			return nil, &usageError{"until: " + err.Error()}
		}
		until = day.Date
	}
	contact, err := i.contact(account, r)
	return &boardv1.Consent{Contact: contact, UntilDate: until}, err
}

// contact finds the person by name among those at the account, or adds it.
func (i *candidatesImport) contact(account string, r candidateRow) (string, error) {
	client := accountsv1.NewAccountsServiceClient(i.session)
	for token := ""; ; {
		ctx, cancel := i.session.call(i.env)
		known, err := client.ListContacts(ctx, &accountsv1.ListContactsRequest{Parent: account, PageSize: maxPageSize, PageToken: token})
		cancel()
		if err != nil {
			return "", err
		}
		for _, contact := range known.GetContacts() {
			if contact.GetDisplayName() == r.name && (r.email == "" || contact.GetEmail() == r.email) {
				return contact.GetName(), nil
			}
		}
		if token = known.GetNextPageToken(); token == "" {
			break
		}
	}
	ctx, cancel := i.session.call(i.env)
	defer cancel()
	contact, err := client.CreateContact(ctx, &accountsv1.CreateContactRequest{
		Parent: account, RequestId: newRequestID(), Contact: &accountsv1.Contact{DisplayName: r.name, Email: r.email},
	})
	return contact.GetName(), err
}

// send nominates those that were read.
func (i *candidatesImport) send() error {
	if len(i.nominations) == 0 {
		return nil
	}
	ctx, cancel := i.session.call(i.env)
	defer cancel()
	answer, err := boardv1.NewBoardsServiceClient(i.session).BatchNominateCandidates(ctx, &boardv1.BatchNominateCandidatesRequest{
		Parent: i.board, Nominations: i.nominations,
	})
	if err != nil {
		return err
	}
	for at, result := range answer.GetResults() {
		if wrong := result.GetError(); wrong != nil {
			i.refuse(i.lines[at], wrong.GetMessage())
			continue
		}
		i.done++
	}
	i.lines, i.nominations = nil, nil
	return nil
}

// end tells the counts, and fails where rows were refused.
func (i *candidatesImport) end() error {
	err := printPairs(i.env.Stdout, []pair{
		{"Read", showCount(int64(i.count))},
		{"Candidates", showCount(int64(i.done))},
		{"Refused", showCount(int64(i.refused))},
	})
	if err == nil && i.refused > 0 {
		err = &failure{
			message: fmt.Sprintf("%d of %d rows were refused, each named above with its line", i.refused, i.count),
			fix:     "mend these lines and import the file again: whoever is a candidate stays one",
		}
	}
	return err
}
