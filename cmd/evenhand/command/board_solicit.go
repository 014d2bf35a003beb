package command

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// BoardSolicit is `evenhand board solicit`.
type BoardSolicit struct {
	List     SolicitList     `cmd:"" help:"List what was asked."`
	Get      SolicitGet      `cmd:"" help:"Show a solicitation."`
	Create   SolicitCreate   `cmd:"" help:"Write a question down; nobody is asked yet."`
	Update   SolicitUpdate   `cmd:"" help:"Change a draft, or the owner and the dates of what was asked."`
	Open     SolicitOpen     `cmd:"" help:"Ask: ideas are taken from now on."`
	Close    SolicitClose    `cmd:"" help:"Take no more ideas, before the last day for them has passed."`
	Answer   SolicitAnswer   `cmd:"" help:"Close it for good, once every idea has its answer."`
	Withdraw SolicitWithdraw `cmd:"" help:"Take it back, while it holds no ideas."`
}

// SolicitationArg is the argument that names a solicitation.
type SolicitationArg struct {
	Solicitation string `arg:"" placeholder:"SOLICITATION" help:"Its id, as freight, or its name, as solicitations/freight."`
}

func (a SolicitationArg) name() string { return solicitationName(a.Solicitation) }

func solicitationName(arg string) string {
	if arg == "" {
		return ""
	}
	return "solicitations/" + strings.TrimPrefix(arg, "solicitations/")
}

// AudienceFlags say who is asked; one of them is given.
type AudienceFlags struct {
	Board       string            `xor:"audience" placeholder:"BOARD" help:"Ask the members of a board."`
	AllAccounts bool              `xor:"audience" help:"Ask all accounts."`
	Attribute   map[string]string `xor:"audience" mapsep:"none" placeholder:"KEY=VALUE" help:"Ask the accounts with this attribute; may be repeated, all have to be met."`
	Account     []string          `xor:"audience" placeholder:"ACCOUNT,..." help:"Ask these accounts; may be repeated."`
}

// audience is nil where nobody is named.
func (f *AudienceFlags) audience(env *Env, s *session) (*boardv1.Audience, error) {
	switch {
	case f.Board != "":
		return &boardv1.Audience{Who: &boardv1.Audience_Board{Board: boardName(f.Board)}}, nil
	case f.AllAccounts:
		return &boardv1.Audience{Who: &boardv1.Audience_AllAccounts{AllAccounts: true}}, nil
	case len(f.Attribute) > 0:
		return &boardv1.Audience{Who: &boardv1.Audience_Attributes_{Attributes: &boardv1.Audience_Attributes{Values: f.Attribute}}}, nil
	case len(f.Account) > 0:
		list := &boardv1.Audience_Accounts{}
		for _, arg := range f.Account {
			name, err := accountName(env, s, arg)
			if err != nil {
				return nil, err
			}
			list.Accounts = append(list.Accounts, name)
		}
		return &boardv1.Audience{Who: &boardv1.Audience_Accounts_{Accounts: list}}, nil
	}
	return nil, nil
}

func showAudience(a *boardv1.Audience) string {
	switch who := a.GetWho().(type) {
	case *boardv1.Audience_Board:
		return who.Board
	case *boardv1.Audience_AllAccounts:
		return "all accounts"
	case *boardv1.Audience_Attributes_:
		values := who.Attributes.GetValues()
		var parts []string
		for _, key := range slices.Sorted(maps.Keys(values)) {
			parts = append(parts, key+"="+values[key])
		}
		return strings.Join(parts, ", ")
	}
	return strings.Join(a.GetAccounts().GetAccounts(), ", ")
}

// SolicitList is `evenhand board solicit list`.
type SolicitList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over state, owner, board, overdue, question."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*SolicitList) Help() string {
	return `Examples:

  evenhand board solicit list --filter 'overdue = true'
  evenhand board solicit list --filter 'board = "boards/advisory" AND state = OPEN'`
}

// Run asks and prints.
func (c *SolicitList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewSolicitationsServiceClient(s)
		l := c.newList(env.Stdout, "solicitations", "Solicitation", "Question", "State", "Owner", "Audience", "Closes", "Decision", "Undecided", "Overdue")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*boardv1.Solicitation], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListSolicitations(ctx, &boardv1.ListSolicitationsRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*boardv1.Solicitation]{answer.GetSolicitations(), answer.GetNextPageToken()}, err
		}, func(n *boardv1.Solicitation) error {
			return l.add(n, n.GetName(), n.GetQuestion(), showEnum(n.GetState(), "STATE_"), n.GetOwner(), showAudience(n.GetAudience()),
				showDay(n.GetCloseDate()), showDay(n.GetDecisionDate()), strconv.Itoa(int(n.GetUndecidedIdeas())), yesNo(n.GetOverdue()))
		})
	})
}

func (o Output) printSolicitation(env *Env, n *boardv1.Solicitation, err error) error {
	if err != nil {
		return err
	}
	var changes []string
	for _, c := range n.GetChanges() {
		changes = append(changes, showTime(c.GetChangeTime())+" "+c.GetPrincipal()+": "+c.GetField()+" from "+c.GetOldValue()+" to "+c.GetNewValue()+
			", because: "+c.GetReason())
	}
	return o.printOne(env.Stdout, n, []pair{
		{"Solicitation", n.GetName()},
		{"Question", n.GetQuestion()},
		{"Background", n.GetBackground()},
		{"State", showEnum(n.GetState(), "STATE_")},
		{"Owner", n.GetOwner()},
		{"Audience", showAudience(n.GetAudience())},
		{"Opened", showDay(n.GetOpenDate())},
		{"Closes", showDay(n.GetCloseDate())},
		{"Decision", showDay(n.GetDecisionDate())},
		{"Locks from", showDay(n.GetLockDate())},
		{"Undecided ideas", strconv.Itoa(int(n.GetUndecidedIdeas()))},
		{"Overdue", yesNo(n.GetOverdue())},
		{"Changes", strings.Join(changes, "\n")},
		{"Answer", n.GetAnswer()},
		{"Withdrawn because", n.GetWithdrawalReason()},
		{"Ended", showTime(n.GetEndTime())},
		{"Etag", n.GetEtag()},
	})
}

// SolicitGet is `evenhand board solicit get`.
type SolicitGet struct {
	SolicitationArg
	Output
	Connection
}

// Run asks and prints.
func (c *SolicitGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		n, err := boardv1.NewSolicitationsServiceClient(s).GetSolicitation(ctx, &boardv1.GetSolicitationRequest{Name: c.name()})
		return c.printSolicitation(env, n, err)
	})
}

// SolicitCreate is `evenhand board solicit create`.
type SolicitCreate struct {
	Question   string `arg:"" help:"What is asked."`
	ID         string `placeholder:"ID" help:"Its id; otherwise the slug of the question."`
	Background string `placeholder:"TEXT" help:"What those who are asked should know."`
	Owner      string `placeholder:"PRINCIPAL" help:"Who has to answer; you, where it is not given."`
	Closes     Day    `placeholder:"DATE" help:"The last day on which ideas are taken."`
	Decision   Day    `placeholder:"DATE" help:"The day by the end of which every idea has its answer."`
	AudienceFlags
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*SolicitCreate) Help() string {
	return `Example:

  evenhand board solicit create "What should we change in how we deliver?" --id freight --board advisory --closes 2026-03-20 --decision 2026-03-31
  evenhand board solicit open freight`
}

// Run creates and prints it.
func (c *SolicitCreate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		audience, err := c.audience(env, s)
		if err != nil {
			return err
		}
		if audience == nil {
			return &usageError{"nobody is asked: name a --board, --all-accounts, an --attribute or an --account"}
		}
		ctx, cancel := s.call(env)
		defer cancel()
		n, err := boardv1.NewSolicitationsServiceClient(s).CreateSolicitation(ctx, &boardv1.CreateSolicitationRequest{
			SolicitationId: c.ID, RequestId: newRequestID(), Solicitation: &boardv1.Solicitation{
				Question: c.Question, Background: c.Background, Owner: principalName(c.Owner), Audience: audience,
				CloseDate: c.Closes.Date, DecisionDate: c.Decision.Date}})
		return c.printSolicitation(env, n, err)
	})
}

// SolicitUpdate is `evenhand board solicit update`.
type SolicitUpdate struct {
	SolicitationArg
	Question   *string `placeholder:"TEXT" help:"What is asked; of a draft."`
	Background *string `placeholder:"TEXT" help:"What those who are asked should know; of a draft."`
	Owner      *string `placeholder:"PRINCIPAL" help:"Who has to answer."`
	Closes     *Day    `placeholder:"DATE" help:"The last day on which ideas are taken."`
	Decision   *Day    `placeholder:"DATE" help:"The day by the end of which every idea has its answer."`
	Reason     string  `placeholder:"TEXT" help:"Why, where it was opened."`
	Etag       string  `help:"Change it only if it is still at this etag."`
	AudienceFlags
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*SolicitUpdate) Help() string {
	return `Changes what is given, and nothing else. What was opened can be handed over and put off, with a reason;
neither lifts the lock that it is under when its first decision date has passed.

Example:

  evenhand board solicit update freight --decision 2026-04-15 --reason "The carrier answers by then."`
}

// Run changes and prints it.
func (c *SolicitUpdate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		audience, err := c.audience(env, s)
		if err != nil {
			return err
		}
		n := &boardv1.Solicitation{Name: c.name(), Audience: audience, Etag: c.Etag}
		mask := &fieldmaskpb.FieldMask{}
		set := func(given bool, path string) {
			if given {
				mask.Paths = append(mask.Paths, path)
			}
		}
		set(audience != nil, "audience")
		if c.Question != nil {
			n.Question = *c.Question
			set(true, "question")
		}
		if c.Background != nil {
			n.Background = *c.Background
			set(true, "background")
		}
		if c.Owner != nil {
			n.Owner = principalName(*c.Owner)
			set(true, "owner")
		}
		if c.Closes != nil {
			n.CloseDate = c.Closes.Date
			set(true, "close_date")
		}
		if c.Decision != nil {
			n.DecisionDate = c.Decision.Date
			set(true, "decision_date")
		}
		if len(mask.GetPaths()) == 0 {
			return &usageError{"nothing to change: name at least one field, as --decision DATE"}
		}
		ctx, cancel := s.call(env)
		defer cancel()
		changed, err := boardv1.NewSolicitationsServiceClient(s).UpdateSolicitation(ctx, &boardv1.UpdateSolicitationRequest{
			Solicitation: n, UpdateMask: mask, Reason: c.Reason, RequestId: newRequestID()})
		return c.printSolicitation(env, changed, err)
	})
}
