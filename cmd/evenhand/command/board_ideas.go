package command

import (
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// BoardIdeas is `evenhand board ideas`.
type BoardIdeas struct {
	List     IdeasList     `cmd:"" help:"List ideas."`
	Get      IdeasGet      `cmd:"" help:"Show an idea, and what became of it."`
	Submit   IdeasSubmit   `cmd:"" help:"Enter an idea of a customer."`
	Update   IdeasUpdate   `cmd:"" help:"Change the words of an idea until it is decided."`
	Similar  IdeasSimilar  `cmd:"" help:"Suggest ideas that may say the same."`
	Vote     IdeasVote     `cmd:"" help:"Record that an account approves of an idea."`
	TakeBack IdeasTakeBack `cmd:"" help:"Take an account's approval back."`
	Votes    IdeasVotes    `cmd:"" help:"List who approves of an idea."`
	Comment  IdeasComment  `cmd:"" help:"Add to the talk about an idea."`
	Comments IdeasComments `cmd:"" help:"List the talk about an idea."`
	Merge    IdeasMerge    `cmd:"" help:"Merge an idea into another: votes and givers carry over."`
	Unmerge  IdeasUnmerge  `cmd:"" help:"Take an idea out again, with all it brought."`
	Decide   IdeasDecide   `cmd:"" help:"Answer an idea."`
	Revise   IdeasRevise   `cmd:"" help:"Answer an idea otherwise than before, and say why."`
	FollowUp IdeasFollowUp `cmd:"" help:"Record what was done about an idea."`
}

// IdeaArg is the argument that names an idea.
type IdeaArg struct {
	Idea string `arg:"" placeholder:"IDEA" help:"The idea's id, or its name, as ideas/ID."`
}

func (a IdeaArg) name() string { return ideaName(a.Idea) }

func ideaName(arg string) string { return "ideas/" + strings.TrimPrefix(arg, "ideas/") }

// contactName is the name of a contact of an account, given by its id or name.
func contactName(account, arg string) string {
	if arg == "" || strings.HasPrefix(arg, "accounts/") {
		return arg
	}
	return account + "/contacts/" + arg
}

// IdeasList is `evenhand board ideas list`.
type IdeasList struct {
	Filter  string `placeholder:"FILTER" help:"AIP-160 filter over solicitation, account, contact, board, state, outcome, owner, overdue, late, votes, title, text."`
	OrderBy string `placeholder:"FIELD" help:"name or votes, with \" desc\" behind it for the other way round."`
	Limit   uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*IdeasList) Help() string {
	return `Examples:

  evenhand board ideas list --filter 'solicitation = "solicitations/freight"' --order-by "votes desc"
  evenhand board ideas list --filter 'state = UNDECIDED AND late = true'
  evenhand board ideas list --filter 'overdue = true'`
}

// Run asks and prints.
func (c *IdeasList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewIdeasServiceClient(s)
		l := c.newList(env.Stdout, "ideas", "Idea", "Title", "Account", "Given", "Solicitation", "Votes", "State", "Outcome", "Owner", "Due")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*boardv1.Idea], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListIdeas(ctx, &boardv1.ListIdeasRequest{PageSize: size, PageToken: token, Filter: c.Filter, OrderBy: c.OrderBy})
			return page[*boardv1.Idea]{answer.GetIdeas(), answer.GetNextPageToken()}, err
		}, func(i *boardv1.Idea) error {
			d := i.GetDisposition()
			return l.add(i, i.GetName(), i.GetTitle(), i.GetAccount(), showDay(i.GetSubmitDate()), i.GetSolicitation(), strconv.Itoa(int(i.GetVotes())),
				showEnum(i.GetState(), "STATE_"), showEnum(d.GetOutcome(), "OUTCOME_"), d.GetOwner(), showDay(d.GetDueDate()))
		})
	})
}

func (o Output) printIdea(env *Env, i *boardv1.Idea, err error) error {
	if err != nil {
		return err
	}
	var links, merged, history []string
	for _, l := range i.GetLinks() {
		links = append(links, strings.TrimSpace(l.GetTitle()+" "+l.GetUrl()))
	}
	for _, m := range i.GetMergedIdeas() {
		merged = append(merged, m.GetIdea()+" of "+m.GetAccount()+": "+m.GetTitle())
	}
	for _, d := range i.GetHistory() {
		history = append(history, showDisposition(d))
	}
	return o.printOne(env.Stdout, i, []pair{
		{"Idea", i.GetName()},
		{"Title", i.GetTitle()},
		{"Text", i.GetText()},
		{"Links", strings.Join(links, "\n")},
		{"Solicitation", i.GetSolicitation()},
		{"Account", i.GetAccount()},
		{"Contact", i.GetContact()},
		{"Given", showDay(i.GetSubmitDate())},
		{"Entered by", i.GetSubmitter()},
		{"State", showEnum(i.GetState(), "STATE_")},
		{"Votes", strconv.Itoa(int(i.GetVotes()))},
		{"Merged into", i.GetMergedInto()},
		{"Merged ideas", strings.Join(merged, "\n")},
		{"Answers", strings.Join(history, "\n")},
		{"Etag", i.GetEtag()},
	})
}

// showDisposition writes an answer, and below it what was done since.
func showDisposition(d *boardv1.Disposition) string {
	text := showTime(d.GetDecideTime()) + " " + d.GetPrincipal() + ": " + showEnum(d.GetOutcome(), "OUTCOME_") + ", because: " + d.GetReason()
	if d.GetRevisionReason() != "" {
		text += " (changed because: " + d.GetRevisionReason() + ")"
	}
	if d.GetOwner() != "" {
		text += "\n  " + d.GetOwner() + ", due " + showDay(d.GetDueDate())
	}
	if d.GetOverdue() {
		text += ", overdue"
	}
	for _, step := range d.GetSteps() {
		text += "\n  " + showTime(step.GetStepTime()) + " " + step.GetNote()
		if step.GetEvidence() != "" {
			text += " (" + step.GetEvidence() + ")"
		}
	}
	if d.GetDoneTime() != nil {
		text += "\n  done " + showTime(d.GetDoneTime())
	}
	return text
}

// IdeasGet is `evenhand board ideas get`.
type IdeasGet struct {
	IdeaArg
	Output
	Connection
}

// Run asks and prints.
func (c *IdeasGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		i, err := boardv1.NewIdeasServiceClient(s).GetIdea(ctx, &boardv1.GetIdeaRequest{Name: c.name()})
		return c.printIdea(env, i, err)
	})
}

// IdeasSubmit is `evenhand board ideas submit`.
type IdeasSubmit struct {
	Title        string            `arg:"" help:"What it is, in a line."`
	Account      string            `required:"" placeholder:"ACCOUNT" help:"Whose it is."`
	Contact      string            `placeholder:"CONTACT" help:"Who gave it: a contact of the account."`
	Solicitation string            `placeholder:"SOLICITATION" help:"What it answers; nothing, where nobody asked."`
	Text         string            `placeholder:"TEXT" help:"The idea in full."`
	Link         map[string]string `mapsep:"none" placeholder:"TITLE=URL" help:"Something kept elsewhere that belongs to it; may be repeated."`
	Given        Day               `placeholder:"DATE" help:"The day on which it was given, where that is not today."`
	ValidateOnly bool              `help:"Only say what would be submitted, and what may say the same."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*IdeasSubmit) Help() string {
	return `Any account's idea counts, on a board or not, asked or not. Ideas that may say the same are suggested.

Example:

  evenhand board ideas submit "One delivery a week instead of three" --account brook-and-sons --contact jo-brook --solicitation freight`
}

// Run submits and prints it.
func (c *IdeasSubmit) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := boardv1.NewIdeasServiceClient(s).SubmitIdea(ctx, &boardv1.SubmitIdeaRequest{
			RequestId: newRequestID(), ValidateOnly: c.ValidateOnly, Idea: &boardv1.Idea{
				Title: c.Title, Text: c.Text, Account: account, Contact: contactName(account, c.Contact), Links: ideaLinks(c.Link),
				Solicitation: solicitationName(c.Solicitation), SubmitDate: c.Given.Date}})
		if err := c.printIdea(env, answer.GetIdea(), err); err != nil {
			return err
		}
		for _, other := range answer.GetSuggestedDuplicates() {
			env.note("%s may say the same: %s", other.GetIdea(), other.GetTitle())
		}
		return nil
	})
}

// IdeasUpdate is `evenhand board ideas update`.
type IdeasUpdate struct {
	IdeaArg
	Title *string           `placeholder:"TEXT" help:"What it is, in a line."`
	Text  *string           `placeholder:"TEXT" help:"The idea in full."`
	Link  map[string]string `mapsep:"none" placeholder:"TITLE=URL" help:"All that belongs to it and is kept elsewhere; may be repeated."`
	Etag  string            `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// Run changes and prints it.
func (c *IdeasUpdate) Run(env *Env) error {
	idea := &boardv1.Idea{Name: c.name(), Etag: c.Etag, Links: ideaLinks(c.Link)}
	mask := &fieldmaskpb.FieldMask{}
	if c.Title != nil {
		idea.Title = *c.Title
		mask.Paths = append(mask.Paths, "title")
	}
	if c.Text != nil {
		idea.Text = *c.Text
		mask.Paths = append(mask.Paths, "text")
	}
	if c.Link != nil {
		mask.Paths = append(mask.Paths, "links")
	}
	if len(mask.GetPaths()) == 0 {
		return &usageError{"nothing to change: name at least one field, as --title TEXT"}
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		i, err := boardv1.NewIdeasServiceClient(s).UpdateIdea(ctx, &boardv1.UpdateIdeaRequest{Idea: idea, UpdateMask: mask, RequestId: newRequestID()})
		return c.printIdea(env, i, err)
	})
}
