package command

import (
	"strings"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// BoardSeats is `evenhand board seats`.
type BoardSeats struct {
	BoardArg
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*BoardSeats) Help() string {
	return `Lists the seats of a board and who holds them today. Seats are drawn, and as many as the charter reserves are nominated; none is assigned by hand.`
}

// Run asks and prints.
func (c *BoardSeats) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewBoardsServiceClient(s)
		l := c.newList(env.Stdout, "seats", "Seat", "Account", "Name", "Contact", "Until", "Nominated", "Term")
		return eachPage(l, 0, func(size int32, token string) (page[*boardv1.Seat], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListSeats(ctx, &boardv1.ListSeatsRequest{Parent: c.name(), PageSize: size, PageToken: token})
			return page[*boardv1.Seat]{answer.GetSeats(), answer.GetNextPageToken()}, err
		}, func(seat *boardv1.Seat) error {
			holder := seat.GetAccount()
			if seat.GetVacant() {
				holder = "(vacant)"
			}
			return l.add(seat, lastOf(seat.GetName()), holder, seat.GetAccountDisplayName(), seat.GetContact(),
				showDay(seat.GetPlannedEndDate()), yesNo(seat.GetNominated()), lastOf(seat.GetTerm()))
		})
	})
}

// lastOf is the last id of a resource name.
func lastOf(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// BoardTerms is `evenhand board terms`.
type BoardTerms struct {
	List TermsList `cmd:"" help:"List a board's terms: who served when, and how it ended."`
	End  TermsEnd  `cmd:"" help:"End a term early, because the member resigned or left."`
	Swap TermsSwap `cmd:"" help:"Exchange the ends of two members' terms, or see what that would break."`
}

// termName is the resource name of a term of the board.
func (b BoardArg) termName(arg string) string { return b.name() + "/terms/" + lastOf(arg) }

// TermsList is `evenhand board terms list`.
type TermsList struct {
	BoardArg
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over account, seat, rotation, origin, state (COMING, RUNNING, OVER)."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*TermsList) Help() string {
	return `Example:

  evenhand board terms list advisory --filter 'state = RUNNING'`
}

// Run asks and prints.
func (c *TermsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewBoardsServiceClient(s)
		l := c.newTerms(env)
		return eachPage(l, c.Limit, func(size int32, token string) (page[*boardv1.Term], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListTerms(ctx, &boardv1.ListTermsRequest{Parent: c.name(), PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*boardv1.Term]{answer.GetTerms(), answer.GetNextPageToken()}, err
		}, func(term *boardv1.Term) error { return addTerm(l, term) })
	})
}

func (o Output) newTerms(env *Env) *list {
	return o.newList(env.Stdout, "terms", "Term", "Seat", "Account", "Origin", "Begins", "Planned end", "Ended", "How", "Unexpired", "Moved because")
}

func addTerm(l *list, t *boardv1.Term) error {
	return l.add(t, lastOf(t.GetName()), lastOf(t.GetSeat()), t.GetAccount(), showEnum(t.GetOrigin(), "ORIGIN_"), showDay(t.GetStartDate()),
		showDay(t.GetPlannedEndDate()), showDay(t.GetEndDate()), showEnum(t.GetEnd(), "END_"), yesNo(t.GetUnexpired()), t.GetMoveReason())
}

// TermsEnd is `evenhand board terms end`.
type TermsEnd struct {
	BoardArg
	Term   string `arg:"" help:"The term's id."`
	How    string `arg:"" enum:"resigned,left" help:"resigned, or left: it is no customer any more."`
	Reason string `required:"" placeholder:"TEXT" help:"Why, for the record."`
	Date   Day    `placeholder:"DATE" help:"The first day on which it is over; today, where it is not given."`
	Etag   string `help:"End it only if it is still at this etag."`
	Output
	Connection
}

// Run ends it, and prints it.
func (c *TermsEnd) Run(env *Env) error {
	how := map[string]boardv1.Term_End{"resigned": boardv1.Term_END_RESIGNED, "left": boardv1.Term_END_LEFT}[c.How]
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		term, err := boardv1.NewBoardsServiceClient(s).EndTerm(ctx, &boardv1.EndTermRequest{
			Name: c.termName(c.Term), End: how, Reason: c.Reason, Date: c.Date.Date, Etag: c.Etag, RequestId: newRequestID(),
		})
		if err != nil {
			return err
		}
		l := c.newTerms(env)
		if err := addTerm(l, term); err != nil {
			return err
		}
		return l.end()
	})
}

// BoardFindings is `evenhand board findings`.
type BoardFindings struct {
	BoardArg
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over state, kind."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*BoardFindings) Help() string {
	return `Lists what came about after members were seated and the charter would not have allowed: members who became competitors, quotas that are not met any more, seats that are vacant. A finding removes nobody; it says who recuses themselves.

Example:

  evenhand board findings advisory --filter 'state = OPEN'`
}

// Run asks and prints.
func (c *BoardFindings) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewBoardsServiceClient(s)
		l := c.newList(env.Stdout, "findings", "Finding", "Kind", "State", "Since", "Accounts", "Summary")
		return eachPage(l, 0, func(size int32, token string) (page[*boardv1.Finding], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListFindings(ctx, &boardv1.ListFindingsRequest{Parent: c.name(), PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*boardv1.Finding]{answer.GetFindings(), answer.GetNextPageToken()}, err
		}, func(f *boardv1.Finding) error {
			return l.add(f, lastOf(f.GetName()), showEnum(f.GetKind(), "KIND_"), showEnum(f.GetState(), "STATE_"), showTime(f.GetOpenTime()),
				strings.Join(f.GetAccounts(), ", "), f.GetSummary())
		})
	})
}
