package command

import (
	"context"
	"strings"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"

	"github.com/evenhand/evenhand/cmd/evenhand/csvfile"
)

// Revenue is `evenhand revenue`.
type Revenue struct {
	Import  RevenueImport  `cmd:"" help:"Import revenue entries from a CSV file."`
	List    RevenueList    `cmd:"" help:"List the entries of an account."`
	Add     RevenueAdd     `cmd:"" help:"Record one entry from a named source system."`
	Reverse RevenueReverse `cmd:"" help:"Record the counter-entry of an entry that was a mistake."`
}

// RevenueImport is `evenhand revenue import`.
type RevenueImport struct {
	ImportFlags
	Currency       string `placeholder:"CODE" help:"ISO 4217 code of rows that name no currency, as USD."`
	CreateAccounts bool   `help:"Create the accounts that are not known, active from their first entry on."`
}

// revenueFields are the fields of a revenue entry.
var revenueFields = []field{
	{"account", true}, {"date", true}, {"amount", true}, {"currency", false}, {"id", false},
}

// Help implements kong.HelpProvider.
func (*RevenueImport) Help() string {
	return `Sends a file of any size. Fields: account, date (2026-01-31), amount (12.50, negative for a refund), and, when named, currency and id. With id an entry is known by that id in its source; without, by batch, account, date, amount and occurrence. The same file again changes nothing and says so; an import that was cut off is finished by importing the file again.

Each refused row is named on stderr with its line and reason. The command returns when entitlements counts all that was written; it fails when a row was refused, all others being written.

Examples:

  evenhand revenue import orders.csv --column account=customer_id --column amount=amount_usd --currency USD --create-accounts
  evenhand revenue import orders.csv --currency USD --validate-only
  zcat orders.csv.gz | evenhand revenue import - --batch orders --currency USD`
}

// Run imports and prints the counts.
func (c *RevenueImport) Run(env *Env) error {
	return c.runImport(env, revenueFields, "", func(ctx context.Context, s *session, start *accountsv1.ImportStart) (stream, error) {
		call, err := accountsv1.NewRevenueServiceClient(s).ImportRevenue(ctx)
		if err != nil {
			return nil, err
		}
		_, hasIDs := c.Column["id"]
		// When the call has failed already, the first answer says why.
		_ = call.Send(&accountsv1.ImportRevenueRequest{Step: &accountsv1.ImportRevenueRequest_Start{Start: &accountsv1.RevenueImportStart{
			Import: start, CurrencyCode: c.Currency, CreateAccounts: c.CreateAccounts, HasExternalIds: hasIDs,
		}}})
		return &revenueStream{RevenueService_ImportRevenueClient: call}, nil
	})
}

type revenueStream struct {
	accountsv1.RevenueService_ImportRevenueClient
	rows []*accountsv1.RevenueRow
}

func (s *revenueStream) Recv() (importEvent, error) {
	return s.RevenueService_ImportRevenueClient.Recv()
}

func (s *revenueStream) add(columns *columns, row csvfile.Row) {
	r := &accountsv1.RevenueRow{Line: row.Line, Fault: row.Fault}
	columns.each(row, func(field, value string) {
		value = strings.Clone(value)
		switch field {
		case "account":
			r.Account = value
		case "date":
			r.Date = value
		case "amount":
			r.Amount = value
		case "currency":
			r.CurrencyCode = value
		case "id":
			r.ExternalId = value
		}
	})
	s.rows = append(s.rows, r)
}

func (s *revenueStream) sendBatch() error {
	rows := s.rows
	s.rows = nil
	return s.Send(&accountsv1.ImportRevenueRequest{Step: &accountsv1.ImportRevenueRequest_Rows{Rows: &accountsv1.RevenueRows{Rows: rows}}})
}

// RevenueList is `evenhand revenue list`.
type RevenueList struct {
	AccountArg
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over date, source, batch, external_id, currency_code, corrects, recorder, create_time and chunk."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RevenueList) Help() string {
	return `Examples:

  evenhand revenue list harbour-sons
  evenhand revenue list harbour-sons --filter 'date >= "2026-07-01" AND date <= "2026-09-30"'`
}

// Run asks and prints.
func (c *RevenueList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		client := accountsv1.NewRevenueServiceClient(s)
		l := c.newList(env.Stdout, "revenueEntries", "Entry", "Date", "Amount", "Reporting amount", "Source", "Batch", "External id", "Corrects", "Note")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*accountsv1.RevenueEntry], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListRevenueEntries(ctx, &accountsv1.ListRevenueEntriesRequest{Parent: account, PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*accountsv1.RevenueEntry]{answer.GetRevenueEntries(), answer.GetNextPageToken()}, err
		}, func(e *accountsv1.RevenueEntry) error {
			return l.add(e, e.GetName(), showDay(e.GetDate()), showMoney(e.GetAmount()), showMoney(e.GetReportingAmount()), e.GetSource(), e.GetBatch(),
				e.GetExternalId(), e.GetCorrects(), e.GetNote())
		})
	})
}

// RevenueAdd is `evenhand revenue add`.
type RevenueAdd struct {
	AccountArg
	Amount     string `arg:"" help:"The amount, as 12.50; negative for a refund (put -- before it)."`
	Currency   string `required:"" placeholder:"CODE" help:"ISO 4217 code, as USD."`
	Date       Day    `required:"" placeholder:"DATE" help:"The day it counts on."`
	Source     string `required:"" help:"The system it comes from."`
	ExternalID string `placeholder:"ID" help:"Its id there; recorded once."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RevenueAdd) Help() string {
	return `Example:

  evenhand revenue add harbour-sons 1250.00 --currency USD --date 2026-01-31 --source shop --external-id order-4711`
}

// Run records and prints it.
func (c *RevenueAdd) Run(env *Env) error {
	amount, err := parseMoney(c.Amount, c.Currency)
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := accountsv1.NewRevenueServiceClient(s).CreateRevenueEntry(ctx, &accountsv1.CreateRevenueEntryRequest{
			Parent: account, RequestId: newRequestID(),
			RevenueEntry: &accountsv1.RevenueEntry{Date: c.Date.Date, Amount: amount, Source: c.Source, ExternalId: c.ExternalID},
		})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, answer, entryPairs(answer.GetRevenueEntry(), answer.GetConsistencyToken()))
	})
}

func entryPairs(e *accountsv1.RevenueEntry, token string) []pair {
	return []pair{
		{"Entry", e.GetName()}, {"Date", showDay(e.GetDate())}, {"Amount", showMoney(e.GetAmount())},
		{"Reporting amount", showMoney(e.GetReportingAmount())}, {"Source", e.GetSource()}, {"External id", e.GetExternalId()},
		{"Corrects", e.GetCorrects()}, {"Note", e.GetNote()}, {"Consistency token", token},
	}
}

// RevenueReverse is `evenhand revenue reverse`.
type RevenueReverse struct {
	Entry string `arg:"" help:"The entry, as accounts/ID/revenueEntries/ID."`
	Note  string `required:"" placeholder:"TEXT" help:"Why."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RevenueReverse) Help() string {
	return `Entries are never changed or deleted: a mistake is corrected by the negative amount on the same day, which cites it.

Example:

  evenhand revenue reverse accounts/harbour-sons/revenueEntries/r4x7 --note "booked twice"`
}

// Run records and prints the counter-entry.
func (c *RevenueReverse) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := accountsv1.NewRevenueServiceClient(s).ReverseRevenueEntry(ctx, &accountsv1.ReverseRevenueEntryRequest{
			Name: c.Entry, Note: c.Note, RequestId: newRequestID(),
		})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, answer, entryPairs(answer.GetRevenueEntry(), answer.GetConsistencyToken()))
	})
}
