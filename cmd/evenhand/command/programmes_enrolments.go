package command

import (
	"strconv"
	"strings"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// ProgrammesEnrolments is `evenhand programmes enrolments`.
type ProgrammesEnrolments struct {
	ProgrammeArg
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over standing, account."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ProgrammesEnrolments) Help() string {
	return `In the order of applications. Who waits has a position on the waiting list.

Example:

  evenhand programmes enrolments beta --filter 'standing = WAITING'`
}

// Run asks and prints.
func (c *ProgrammesEnrolments) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewProgrammesServiceClient(s)
		l := c.newList(env.Stdout, "enrolments", "Account", "Standing", "Position", "Applied", "From", "Until", "Left because")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.Enrolment], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListEnrolments(ctx, &entitlementsv1.ListEnrolmentsRequest{Parent: c.name(), PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*entitlementsv1.Enrolment]{answer.GetEnrolments(), answer.GetNextPageToken()}, err
		}, func(e *entitlementsv1.Enrolment) error {
			return l.add(e, e.GetAccount(), showEnum(e.GetStanding(), "STANDING_"), showPosition(e), showTime(e.GetApplyTime()),
				showDay(e.GetStartDate()), showDay(e.GetEndDate()), e.GetLeftReason())
		})
	})
}

func showPosition(e *entitlementsv1.Enrolment) string {
	if e.GetPosition() == 0 {
		return ""
	}
	return strconv.Itoa(int(e.GetPosition()))
}

func (o Output) printEnrolment(env *Env, e *entitlementsv1.Enrolment, err error) error {
	if err != nil {
		return err
	}
	var stays []string
	for _, stay := range e.GetPastStays() {
		stays = append(stays, showDay(stay.GetStartDate())+" up to "+showDay(stay.GetEndDate()))
	}
	return o.printOne(env.Stdout, e, []pair{
		{"Enrolment", e.GetName()},
		{"Account", e.GetAccount()},
		{"Standing", showEnum(e.GetStanding(), "STANDING_")},
		{"Position", showPosition(e)},
		{"Applied", showTime(e.GetApplyTime())},
		{"From", showDay(e.GetStartDate())},
		{"Until", showDay(e.GetEndDate())},
		{"Earlier places", strings.Join(stays, "\n")},
		{"Left because", e.GetLeftReason()},
	})
}

// ProgrammesEnrolment is `evenhand programmes enrolment`.
type ProgrammesEnrolment struct {
	ProgrammeArg
	AccountArg
	Output
	Connection
}

// Run asks and prints.
func (c *ProgrammesEnrolment) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		e, err := entitlementsv1.NewProgrammesServiceClient(s).GetEnrolment(ctx, &entitlementsv1.GetEnrolmentRequest{Name: c.enrolment(account)})
		return c.printEnrolment(env, e, err)
	})
}

// enrolment is the name of an account's enrolment, given the account's.
func (a ProgrammeArg) enrolment(account string) string {
	return a.name() + "/enrolments/" + strings.TrimPrefix(account, "accounts/")
}

// ProgrammesApply is `evenhand programmes apply`.
type ProgrammesApply struct {
	ProgrammeArg
	AccountArg
	ValidateOnly bool `help:"Only say what would come of it now."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ProgrammesApply) Help() string {
	return `The account gets a place, or else waits for one in the order of applications. Where it does not meet the
criteria, what is missing is told.

Examples:

  evenhand programmes apply beta brook-and-sons --validate-only
  evenhand programmes apply beta brook-and-sons`
}

// Run applies and prints what came of it.
func (c *ProgrammesApply) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		e, err := entitlementsv1.NewProgrammesServiceClient(s).ApplyToProgramme(ctx, &entitlementsv1.ApplyToProgrammeRequest{
			Parent: c.name(), Account: account, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		return c.printEnrolment(env, e, err)
	})
}

// ProgrammesWithdraw is `evenhand programmes withdraw`.
type ProgrammesWithdraw struct {
	ProgrammeArg
	AccountArg
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ProgrammesWithdraw) Help() string {
	return `The account keeps its place for today. The first on the waiting list who meets the criteria has it from tomorrow on.

Example:

  evenhand programmes withdraw beta brook-and-sons`
}

// Run withdraws and prints what the account is to the programme then.
func (c *ProgrammesWithdraw) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		e, err := entitlementsv1.NewProgrammesServiceClient(s).WithdrawEnrolment(ctx, &entitlementsv1.WithdrawEnrolmentRequest{
			Name: c.enrolment(account), RequestId: newRequestID()})
		return c.printEnrolment(env, e, err)
	})
}
