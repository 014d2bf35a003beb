package command

import (
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// ClausesCite is `evenhand clauses cite`.
type ClausesCite struct {
	ClauseArg
	Account string `placeholder:"ACCOUNT" help:"To whom."`
	Case    string `placeholder:"CASE" help:"In which case, as accounts/ACCOUNT/cases/CASE."`
	Day     Day    `placeholder:"DATE" help:"When; today, where it is not given."`
	Note    string `placeholder:"TEXT" help:"What else there is to say."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ClausesCite) Help() string {
	return `Where the clause has been cited as often in the quarter as it says, the answer names the review that is open about it.

Example:

  evenhand clauses cite liability --account brook-and-sons --note "They asked for the cost of a lost day."`
}

// Run records and prints it.
func (c *ClausesCite) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		in := &entitlementsv1.Citation{Case: c.Case, CitationDate: c.Day.Date, Note: c.Note}
		if c.Account != "" {
			var err error
			if in.Account, err = accountName(env, s, c.Account); err != nil {
				return err
			}
		}
		ctx, cancel := s.call(env)
		defer cancel()
		cited, err := entitlementsv1.NewClausesServiceClient(s).RecordCitation(ctx, &entitlementsv1.RecordCitationRequest{
			Parent: c.name(), RequestId: newRequestID(), Citation: in})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, cited, []pair{
			{"Citation", cited.GetName()},
			{"Account", cited.GetAccount()},
			{"Case", cited.GetCase()},
			{"Day", showDay(cited.GetCitationDate())},
			{"Note", cited.GetNote()},
			{"Recorded by", cited.GetRecorder()},
			{"Review", cited.GetReview()},
		})
	})
}

// ClausesCitations is `evenhand clauses citations`.
type ClausesCitations struct {
	Clause string `arg:"" optional:"" default:"-" placeholder:"CLAUSE" help:"Of which; of all clauses, where it is not given."`
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over account, case, recorder, citation_date."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *ClausesCitations) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewClausesServiceClient(s)
		l := c.newList(env.Stdout, "citations", "Citation", "Account", "Case", "Day", "Recorded by", "Note")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.Citation], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListCitations(ctx, &entitlementsv1.ListCitationsRequest{
				Parent: clauseName(c.Clause), PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*entitlementsv1.Citation]{answer.GetCitations(), answer.GetNextPageToken()}, err
		}, func(cited *entitlementsv1.Citation) error {
			return l.add(cited, cited.GetName(), cited.GetAccount(), cited.GetCase(), showDay(cited.GetCitationDate()), cited.GetRecorder(), cited.GetNote())
		})
	})
}

// ClausesReport is `evenhand clauses report`.
type ClausesReport struct {
	Day Day `placeholder:"DATE" help:"A day in the quarter; today, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ClausesReport) Help() string {
	return `The clause that was cited most comes first. "Before" is how often it was cited in the quarter before.

Example:

  evenhand clauses report --day 2026-12-31`
}

// Run asks and prints.
func (c *ClausesReport) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		report, err := entitlementsv1.NewClausesServiceClient(s).ReportCitations(ctx, &entitlementsv1.ReportCitationsRequest{Date: c.Day.Date})
		if err != nil {
			return err
		}
		if c.Output.Output == formatJSON {
			return printJSON(env.Stdout, report)
		}
		l := c.newList(env.Stdout, "rows", "Clause", "Title", "Cited", "Accounts", "Before", "Reviewed at", "Review")
		for _, r := range report.GetRows() {
			if err := l.add(r, r.GetClause(), r.GetTitle(), shortCount(r.GetCount()), shortCount(r.GetAccounts()), shortCount(r.GetCountBefore()),
				shortCount(r.GetReviewCitations()), r.GetReview()); err != nil {
				return err
			}
		}
		return l.end()
	})
}
