package command

import (
	"strings"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// BoardCandidates is `evenhand board candidates`.
type BoardCandidates struct {
	List     CandidatesList     `cmd:"" help:"List who was nominated, and who consented."`
	Import   CandidatesImport   `cmd:"" help:"Nominate the accounts of a CSV file, with the people who consented."`
	Nominate CandidatesNominate `cmd:"" help:"Nominate an account."`
	Consent  CandidatesConsent  `cmd:"" help:"Record that a person at the account consents, and will come."`
	Withdraw CandidatesWithdraw `cmd:"" help:"Take a candidate out of the pool, at its own wish."`
}

// CandidatesList is `evenhand board candidates list`.
type CandidatesList struct {
	BoardArg
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over state, nominator, eligible."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CandidatesList) Help() string {
	return `Example:

  evenhand board candidates list advisory --filter 'state = "CONSENTED"'`
}

// Run asks and prints.
func (c *CandidatesList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewBoardsServiceClient(s)
		l := c.newList(env.Stdout, "candidates", "Account", "Name", "State", "Contact", "Consent until", "Nominated by")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*boardv1.Candidate], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListCandidates(ctx, &boardv1.ListCandidatesRequest{
				Parent: c.name(), PageSize: size, PageToken: token, Filter: c.Filter,
			})
			return page[*boardv1.Candidate]{answer.GetCandidates(), answer.GetNextPageToken()}, err
		}, func(candidate *boardv1.Candidate) error {
			return l.add(candidate, candidate.GetAccount(), candidate.GetAccountDisplayName(), showEnum(candidate.GetState(), "STATE_"),
				candidate.GetConsent().GetContact(), showDay(candidate.GetConsent().GetUntilDate()), candidate.GetNominator())
		})
	})
}

func (o Output) printCandidate(env *Env, c *boardv1.Candidate, err error) error {
	if err != nil {
		return err
	}
	return o.printOne(env.Stdout, c, []pair{
		{"Candidate", c.GetName()},
		{"Name", c.GetAccountDisplayName()},
		{"State", showEnum(c.GetState(), "STATE_")},
		{"Nominated by", c.GetNominator()},
		{"Nominated", showTime(c.GetNominateTime())},
		{"Contact", c.GetConsent().GetContact()},
		{"Consented", showTime(c.GetConsent().GetGiveTime())},
		{"Consent until", showDay(c.GetConsent().GetUntilDate())},
		{"Withdrawn because", c.GetWithdrawReason()},
		{"Etag", c.GetEtag()},
	})
}

// Consenting are the flags that say who consents, and until when.
type Consenting struct {
	Contact string `placeholder:"CONTACT" help:"Who consents and will come: the contact's id, or its name, as accounts/acme/contacts/jo."`
	Until   Day    `placeholder:"DATE" help:"The last day of the consent; until it is withdrawn, where it is not given."`
}

// consent is what the flags say; nil where nobody consents.
func (c Consenting) consent(account string) *boardv1.Consent {
	if c.Contact == "" {
		return nil
	}
	contact := c.Contact
	if !strings.Contains(contact, "/") {
		contact = account + "/contacts/" + contact
	}
	return &boardv1.Consent{Contact: contact, UntilDate: c.Until.Date}
}

// CandidatesNominate is `evenhand board candidates nominate`.
type CandidatesNominate struct {
	BoardArg
	AccountArg
	Consenting
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*CandidatesNominate) Help() string {
	return `Nomination is open to every customer. Who has consented too may be drawn.

Examples:

  evenhand board candidates nominate advisory harbour-sons
  evenhand board candidates nominate advisory harbour-sons --contact ines-roth --until 2030-12-31`
}

// Run nominates and prints.
func (c *CandidatesNominate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		candidate, err := boardv1.NewBoardsServiceClient(s).NominateCandidate(ctx, &boardv1.NominateCandidateRequest{
			Parent: c.name(), Account: account, Consent: c.consent(account), RequestId: newRequestID(),
		})
		return c.printCandidate(env, candidate, err)
	})
}

// candidateName is the resource name of an account's candidacy.
func (b BoardArg) candidateName(account string) string {
	return b.name() + "/candidates/" + strings.TrimPrefix(account, "accounts/")
}

// CandidatesConsent is `evenhand board candidates consent`.
type CandidatesConsent struct {
	BoardArg
	AccountArg
	Contact string `arg:"" help:"Who consents and will come: the contact's id, or its name, as accounts/acme/contacts/jo."`
	Until   Day    `placeholder:"DATE" help:"The last day of the consent; until it is withdrawn, where it is not given."`
	Etag    string `help:"Record it only if the candidate is still at this etag."`
	Output
	Connection
}

// Run records and prints.
func (c *CandidatesConsent) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		candidate, err := boardv1.NewBoardsServiceClient(s).RecordConsent(ctx, &boardv1.RecordConsentRequest{
			Name: c.candidateName(account), Consent: Consenting{c.Contact, c.Until}.consent(account), Etag: c.Etag, RequestId: newRequestID(),
		})
		return c.printCandidate(env, candidate, err)
	})
}

// CandidatesWithdraw is `evenhand board candidates withdraw`.
type CandidatesWithdraw struct {
	BoardArg
	AccountArg
	Reason string `placeholder:"TEXT" help:"Why, for the record."`
	Etag   string `help:"Withdraw it only if it is still at this etag."`
	Output
	Connection
}

// Run withdraws and prints.
func (c *CandidatesWithdraw) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		candidate, err := boardv1.NewBoardsServiceClient(s).WithdrawCandidate(ctx, &boardv1.WithdrawCandidateRequest{
			Name: c.candidateName(account), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID(),
		})
		return c.printCandidate(env, candidate, err)
	})
}
