package command

import (
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// Board is `evenhand board`.
type Board struct {
	List       BoardList       `cmd:"" help:"List boards."`
	Get        BoardGet        `cmd:"" help:"Show a board."`
	Create     BoardCreate     `cmd:"" help:"Create a board."`
	Update     BoardUpdate     `cmd:"" help:"Change a board."`
	Close      BoardClose      `cmd:"" help:"Dissolve a board for good."`
	Charter    BoardCharter    `cmd:"" help:"The rules by which a board is drawn and changes."`
	Candidates BoardCandidates `cmd:"" help:"Who was nominated, and who consented."`
	Rotations  BoardRotations  `cmd:"" help:"Rotations: plan, draw, invite, close."`
	Simulate   BoardSimulate   `cmd:"" help:"Play the next years through: who serves when, with which chance."`
	Seats      BoardSeats      `cmd:"" help:"Who holds which seat today."`
	Terms      BoardTerms      `cmd:"" help:"Who served when, and how it ended."`
	Findings   BoardFindings   `cmd:"" help:"Conflicts that came about after members were seated."`
	Meetings   BoardMeetings   `cmd:"" help:"Meetings: schedule, invite, hold, decide, minute."`
	Solicit    BoardSolicit    `cmd:"" help:"Questions to the board or to customers, and by when they are answered."`
	Ideas      BoardIdeas      `cmd:"" help:"What customers say we should do, and what became of it."`
	Calendar   BoardCalendar   `cmd:"" help:"What happens on a board: as a table, or for calendar programs."`
	Feeds      BoardFeeds      `cmd:"" help:"Secret addresses at which calendar programs read what happens."`
	SaidAndDid BoardSaidAndDid `cmd:"" help:"Report: you said, we did."`
}

// BoardArg is the argument that names a board.
type BoardArg struct {
	Board string `arg:"" placeholder:"BOARD" help:"The board's id, as advisory, or its name, as boards/advisory."`
}

// name is the board's resource name.
func (b BoardArg) name() string { return boardName(b.Board) }

func boardName(arg string) string { return "boards/" + strings.TrimPrefix(arg, "boards/") }

// BoardList is `evenhand board list`.
type BoardList struct {
	Filter  string `placeholder:"FILTER" help:"AIP-160 filter over display_name, state, time_zone."`
	Manager string `placeholder:"PRINCIPAL" help:"Only the boards assigned to this account manager."`
	Limit   uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*BoardList) Help() string {
	return `Examples:

  evenhand board list
  evenhand board list --manager mara --filter 'state = "ACTIVE"'`
}

// Run asks and prints.
func (c *BoardList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewBoardsServiceClient(s)
		l := c.newList(env.Stdout, "boards", "Board", "Name", "State", "Time zone", "Secretaries", "Managers")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*boardv1.Board], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListBoards(ctx, &boardv1.ListBoardsRequest{
				PageSize: size, PageToken: token, Filter: c.Filter, Manager: principalName(c.Manager),
			})
			return page[*boardv1.Board]{answer.GetBoards(), answer.GetNextPageToken()}, err
		}, func(b *boardv1.Board) error {
			return l.add(b, b.GetName(), b.GetDisplayName(), showEnum(b.GetState(), "STATE_"), b.GetTimeZone(),
				strings.Join(b.GetSecretaries(), ", "), strings.Join(b.GetManagers(), ", "))
		})
	})
}

// BoardGet is `evenhand board get`.
type BoardGet struct {
	BoardArg
	Output
	Connection
}

// Run asks and prints.
func (c *BoardGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		board, err := boardv1.NewBoardsServiceClient(s).GetBoard(ctx, &boardv1.GetBoardRequest{Name: c.name()})
		return c.printBoard(env, board, err)
	})
}

func (o Output) printBoard(env *Env, b *boardv1.Board, err error) error {
	if err != nil {
		return err
	}
	return o.printOne(env.Stdout, b, []pair{
		{"Board", b.GetName()},
		{"Name", b.GetDisplayName()},
		{"Purpose", b.GetPurpose()},
		{"State", showEnum(b.GetState(), "STATE_")},
		{"Time zone", b.GetTimeZone()},
		{"Secretaries", strings.Join(b.GetSecretaries(), ", ")},
		{"Managers", strings.Join(b.GetManagers(), ", ")},
		{"Etag", b.GetEtag()},
		{"Created", showTime(b.GetCreateTime())},
		{"Updated", showTime(b.GetUpdateTime())},
	})
}

// BoardCreate is `evenhand board create`.
type BoardCreate struct {
	DisplayName string   `required:"" placeholder:"NAME" help:"What people call it."`
	TimeZone    string   `required:"" placeholder:"ZONE" help:"The IANA time zone of its days and meetings, as Europe/Paris."`
	ID          string   `placeholder:"ID" help:"Its id; otherwise the slug of its name."`
	Purpose     string   `placeholder:"TEXT" help:"What it is there for."`
	Secretary   []string `placeholder:"PRINCIPAL,..." help:"Who keeps its records; may be repeated."`
	Manager     []string `placeholder:"PRINCIPAL,..." help:"The account managers it is assigned to; may be repeated."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*BoardCreate) Help() string {
	return `Example:

  evenhand board create --id advisory --display-name "Customer Advisory Board" --time-zone America/New_York --secretary sam --manager mara`
}

// Run creates and prints it.
func (c *BoardCreate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		board, err := boardv1.NewBoardsServiceClient(s).CreateBoard(ctx, &boardv1.CreateBoardRequest{
			BoardId: c.ID, RequestId: newRequestID(),
			Board: &boardv1.Board{
				DisplayName: c.DisplayName, Purpose: c.Purpose, TimeZone: c.TimeZone,
				Secretaries: principalNames(c.Secretary), Managers: principalNames(c.Manager),
			},
		})
		return c.printBoard(env, board, err)
	})
}

func principalNames(args []string) []string {
	names := notEmpty(args)
	for i, arg := range names {
		names[i] = principalName(arg)
	}
	return names
}

// BoardUpdate is `evenhand board update`.
type BoardUpdate struct {
	BoardArg
	DisplayName *string  `placeholder:"NAME" help:"What people call it."`
	Purpose     *string  `placeholder:"TEXT" help:"What it is there for."`
	TimeZone    *string  `placeholder:"ZONE" help:"The IANA time zone of its days and meetings."`
	Secretary   []string `placeholder:"PRINCIPAL,..." help:"All who keep its records; a single empty one for nobody."`
	Manager     []string `placeholder:"PRINCIPAL,..." help:"All account managers it is assigned to; a single empty one for nobody."`
	Etag        string   `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*BoardUpdate) Help() string {
	return `Changes what is given, and nothing else.

Example:

  evenhand board update advisory --manager mara,ines`
}

// Run changes and prints it.
func (c *BoardUpdate) Run(env *Env) error {
	board := &boardv1.Board{
		Name: c.name(), Etag: c.Etag, Secretaries: principalNames(c.Secretary), Managers: principalNames(c.Manager),
	}
	mask := &fieldmaskpb.FieldMask{}
	text := func(path string, to, given *string) {
		if given != nil {
			*to = *given
			mask.Paths = append(mask.Paths, path)
		}
	}
	text("display_name", &board.DisplayName, c.DisplayName)
	text("purpose", &board.Purpose, c.Purpose)
	text("time_zone", &board.TimeZone, c.TimeZone)
	if c.Secretary != nil {
		mask.Paths = append(mask.Paths, "secretaries")
	}
	if c.Manager != nil {
		mask.Paths = append(mask.Paths, "managers")
	}
	if len(mask.GetPaths()) == 0 {
		return &usageError{"nothing to change: name at least one field, as --display-name NAME"}
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		changed, err := boardv1.NewBoardsServiceClient(s).UpdateBoard(ctx, &boardv1.UpdateBoardRequest{
			Board: board, UpdateMask: mask, RequestId: newRequestID(),
		})
		return c.printBoard(env, changed, err)
	})
}

// BoardClose is `evenhand board close`.
type BoardClose struct {
	BoardArg
	Reason string `required:"" placeholder:"TEXT" help:"Why, for the record."`
	Etag   string `help:"Close it only if it is still at this etag."`
	Output
	Connection
}

// Run closes and prints it.
func (c *BoardClose) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		board, err := boardv1.NewBoardsServiceClient(s).CloseBoard(ctx, &boardv1.CloseBoardRequest{
			Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID(),
		})
		return c.printBoard(env, board, err)
	})
}
