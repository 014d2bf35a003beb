package command

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// MeetingsDecide is `evenhand board meetings decide`.
type MeetingsDecide struct {
	MeetingArg
	Item      string            `arg:"" help:"The id of the agenda item."`
	Text      string            `arg:"" help:"What was decided."`
	Outcome   string            `enum:"adopted,rejected,postponed,noted" default:"adopted" help:"adopted, rejected, postponed or noted (${default})."`
	Owner     string            `placeholder:"PRINCIPAL" help:"Who sees to it; what is adopted needs one."`
	Due       Day               `placeholder:"DATE" help:"By when; what is adopted needs it."`
	For       *int32            `placeholder:"N" help:"How many voted for it, where a vote was asked."`
	Against   *int32            `placeholder:"N" help:"How many voted against it."`
	Abstained *int32            `placeholder:"N" help:"How many did neither."`
	Vote      map[string]string `mapsep:"none" placeholder:"ACCOUNT=CHOICE" help:"How a member voted: for, against or abstain; may be repeated, and then counts."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*MeetingsDecide) Help() string {
	return `What is adopted or rejected needs a quorum when its item was taken up, without those who stand aside.

Example:

  evenhand board meetings decide advisory/2026-03-12 prices "New prices are told a quarter ahead." --owner sam --due 2026-06-30 --for 3`
}

// Run records and prints it.
func (c *MeetingsDecide) Run(env *Env) error {
	votes, err := memberVotes(c.Vote)
	if err != nil {
		return err
	}
	d := &boardv1.Decision{AgendaItem: c.Item, Text: c.Text, Owner: principalName(c.Owner), DueDate: c.Due.Date, Votes: votes,
		Outcome: boardv1.Decision_Outcome(boardv1.Decision_Outcome_value["OUTCOME_"+strings.ToUpper(c.Outcome)])}
	if c.For != nil || c.Against != nil || c.Abstained != nil {
		d.Tally = &boardv1.Tally{}
		for from, to := range map[*int32]*int32{c.For: &d.Tally.VotesFor, c.Against: &d.Tally.VotesAgainst, c.Abstained: &d.Tally.Abstained} {
			if from != nil {
				*to = *from
			}
		}
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		decision, err := boardv1.NewMeetingsServiceClient(s).CreateDecision(ctx, &boardv1.CreateDecisionRequest{
			Parent: meetingName(c.Meeting), Decision: d, RequestId: newRequestID()})
		return c.printDecision(env, decision, err)
	})
}

func memberVotes(given map[string]string) ([]*boardv1.MemberVote, error) {
	var votes []*boardv1.MemberVote
	for account, choice := range given {
		value := boardv1.MemberVote_Choice_value["CHOICE_"+strings.ToUpper(choice)]
		if value == 0 {
			return nil, &usageError{fmt.Sprintf("--vote %s=%s: a vote is for, against or abstain", account, choice)}
		}
		votes = append(votes, &boardv1.MemberVote{Account: plainAccount(account), Choice: boardv1.MemberVote_Choice(value)})
	}
	slices.SortFunc(votes, func(a, b *boardv1.MemberVote) int { return strings.Compare(a.GetAccount(), b.GetAccount()) })
	return votes, nil
}

func (o Output) printDecision(env *Env, d *boardv1.Decision, err error) error {
	if err != nil {
		return err
	}
	tally := ""
	if t := d.GetTally(); t != nil {
		tally = fmt.Sprintf("%d for, %d against, %d abstained", t.GetVotesFor(), t.GetVotesAgainst(), t.GetAbstained())
	}
	return o.printOne(env.Stdout, d, []pair{
		{"Decision", d.GetName()}, {"Item", d.GetAgendaItem()}, {"Text", d.GetText()}, {"Outcome", showEnum(d.GetOutcome(), "OUTCOME_")},
		{"Vote", tally}, {"Owner", d.GetOwner()}, {"Due", showDay(d.GetDueDate())}, {"Status", decisionStatus(d)}, {"Because", d.GetStatusReason()},
	})
}

func decisionStatus(d *boardv1.Decision) string {
	if d.GetOverdue() {
		return "overdue"
	}
	return showEnum(d.GetStatus(), "STATUS_")
}

// MeetingsDecisions is `evenhand board meetings decisions`.
type MeetingsDecisions struct {
	List     DecisionsList     `cmd:"" help:"List decisions."`
	Update   DecisionsUpdate   `cmd:"" help:"Change who sees to it, or by when."`
	Complete DecisionsComplete `cmd:"" help:"Say that it was carried out, and how that shows."`
	Drop     DecisionsDrop     `cmd:"" help:"Say that it is not carried out after all, and why."`
	Reopen   DecisionsReopen   `cmd:"" help:"Take it up again, and say why."`
}

// DecisionsList is `evenhand board meetings decisions list`.
type DecisionsList struct {
	Board   string `arg:"" optional:"" placeholder:"BOARD" help:"A board, as advisory, or a meeting, as advisory/2026-03-12; all, where it is not given."`
	Owner   string `placeholder:"PRINCIPAL" help:"Only those that this principal sees to."`
	Overdue bool   `help:"Only those whose due date is past."`
	Filter  string `placeholder:"FILTER" help:"AIP-160 filter over owner, status, outcome, overdue, due_date, agenda_item."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*DecisionsList) Help() string {
	return `Examples:

  evenhand board meetings decisions list --owner sam --overdue
  evenhand board meetings decisions list advisory --filter 'status = "OPEN" AND due_date < "2026-07-01"'`
}

// Run asks and prints.
func (c *DecisionsList) Run(env *Env) error {
	parent := "boards/-/meetings/-"
	switch {
	case strings.Contains(strings.TrimPrefix(c.Board, "boards/"), "/"):
		parent = meetingName(c.Board)
	case c.Board != "":
		parent = boardName(c.Board) + "/meetings/-"
	}
	var terms []string
	if c.Owner != "" {
		terms = append(terms, "owner = "+quoteFilter(principalName(c.Owner)))
	}
	if c.Overdue {
		terms = append(terms, "overdue = true")
	}
	if c.Filter != "" {
		terms = append(terms, "("+c.Filter+")")
	}
	return c.with(env, func(s *session) error {
		client := boardv1.NewMeetingsServiceClient(s)
		l := c.newList(env.Stdout, "decisions", "Decision", "Text", "Outcome", "Owner", "Due", "Status")
		return eachPage(l, 0, func(size int32, token string) (page[*boardv1.Decision], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListDecisions(ctx, &boardv1.ListDecisionsRequest{Parent: parent, PageSize: size, PageToken: token, Filter: strings.Join(terms, " AND ")})
			return page[*boardv1.Decision]{answer.GetDecisions(), answer.GetNextPageToken()}, err
		}, func(d *boardv1.Decision) error {
			return l.add(d, d.GetName(), d.GetText(), showEnum(d.GetOutcome(), "OUTCOME_"), d.GetOwner(), showDay(d.GetDueDate()), decisionStatus(d))
		})
	})
}

// DecisionChange is what all commands that change a decision have.
type DecisionChange struct {
	Decision string `arg:"" placeholder:"BOARD/MEETING/DECISION" help:"The decision, as advisory/2026-03-12/1 or by its resource name."`
	Etag     string `help:"Change it only if its meeting is still at this etag."`
	Output
	Connection
}

func (c *DecisionChange) run(env *Env, change func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Decision, error)) error {
	name := c.Decision
	if !strings.HasPrefix(name, "boards/") {
		i := strings.LastIndexByte(name, '/')
		if i < 0 {
			return &usageError{fmt.Sprintf("%q names no decision: write BOARD/MEETING/DECISION, as advisory/2026-03-12/1", name)}
		}
		name = meetingName(name[:i]) + "/decisions/" + name[i+1:]
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		d, err := change(ctx, boardv1.NewMeetingsServiceClient(s), name)
		return c.printDecision(env, d, err)
	})
}

// DecisionsUpdate is `evenhand board meetings decisions update`.
type DecisionsUpdate struct {
	DecisionChange
	Owner string `placeholder:"PRINCIPAL" help:"Who sees to it."`
	Due   Day    `placeholder:"DATE" help:"By when."`
}

// Run changes and prints it.
func (c *DecisionsUpdate) Run(env *Env) error {
	mask := &fieldmaskpb.FieldMask{}
	if c.Owner != "" {
		mask.Paths = append(mask.Paths, "owner")
	}
	if c.Due.Date != nil {
		mask.Paths = append(mask.Paths, "due_date")
	}
	if len(mask.GetPaths()) == 0 {
		return &usageError{"nothing to change: name --owner PRINCIPAL or --due DATE"}
	}
	return c.run(env, func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Decision, error) {
		return client.UpdateDecision(ctx, &boardv1.UpdateDecisionRequest{UpdateMask: mask, RequestId: newRequestID(),
			Decision: &boardv1.Decision{Name: name, Owner: principalName(c.Owner), DueDate: c.Due.Date, Etag: c.Etag}})
	})
}

// DecisionsComplete is `evenhand board meetings decisions complete`.
type DecisionsComplete struct {
	DecisionChange
	Evidence string `arg:"" help:"How it shows."`
}

// Run says so and prints it.
func (c *DecisionsComplete) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Decision, error) {
		return client.CompleteDecision(ctx, &boardv1.CompleteDecisionRequest{Name: name, Evidence: c.Evidence, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// DecisionsDrop is `evenhand board meetings decisions drop`.
type DecisionsDrop struct {
	DecisionChange
	Reason string `arg:"" help:"Why."`
}

// Run says so and prints it.
func (c *DecisionsDrop) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Decision, error) {
		return client.DropDecision(ctx, &boardv1.DropDecisionRequest{Name: name, Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// DecisionsReopen is `evenhand board meetings decisions reopen`.
type DecisionsReopen struct {
	DecisionChange
	Reason string `arg:"" help:"Why."`
}

// Run says so and prints it.
func (c *DecisionsReopen) Run(env *Env) error {
	return c.run(env, func(ctx context.Context, client boardv1.MeetingsServiceClient, name string) (*boardv1.Decision, error) {
		return client.ReopenDecision(ctx, &boardv1.ReopenDecisionRequest{Name: name, Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
	})
}
