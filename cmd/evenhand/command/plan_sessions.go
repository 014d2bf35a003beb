package command

import (
	"context"
	"fmt"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PlanSessions is `evenhand plan sessions`.
type PlanSessions struct {
	List   SessionsList   `cmd:"" help:"List strategy sessions, the latest first."`
	Get    SessionsGet    `cmd:"" aliases:"show" help:"Show a session, with the ideas that were given to it."`
	Create SessionsCreate `cmd:"" help:"Write a session down; nobody is invited yet."`
	Update SessionsUpdate `cmd:"" help:"Change a session."`
	Open   SessionsOpen   `cmd:"" help:"Invite the customers, and ask."`
	Hold   SessionsHold   `cmd:"" help:"Record that it took place, and who came."`
	Attend SessionsAttend `cmd:"" help:"Write down anew who came."`
	Answer SessionsAnswer `cmd:"" help:"Record what was decided, once every idea has its answer."`
	Cancel SessionsCancel `cmd:"" help:"Call it off, while nobody has given an idea."`
	Report SessionsReport `cmd:"" help:"Print what those who came are told: what was asked, what they said, what we did."`
}

// SessionArg is the argument that names a strategy session.
type SessionArg struct {
	Session string `arg:"" placeholder:"SESSION" help:"Its id, as own-delivery, or its name, as strategySessions/own-delivery."`
}

func (a SessionArg) name() string {
	return "strategySessions/" + strings.TrimPrefix(a.Session, "strategySessions/")
}

// sessionCall is what all commands have that answer with a session.
type sessionCall struct {
	Output
	Connection
}

// ask calls the API about a session, and prints the answer.
func (c *sessionCall) ask(
	env *Env, call func(ctx context.Context, client plansv1.SessionsServiceClient) (*plansv1.StrategySession, error),
) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		n, err := call(ctx, plansv1.NewSessionsServiceClient(s))
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, n, sessionPairs(n))
	})
}

func sessionPairs(n *plansv1.StrategySession) []pair {
	pairs := []pair{
		{"Session", n.GetName()}, {"Title", n.GetTitle()}, {"State", showEnum(n.GetState(), "STATE_")}, {"Owner", n.GetOwner()},
		{"Question", n.GetQuestion()}, {"We lean to", n.GetLeaning()}, {"Because", n.GetLeaningReason()}, {"We know", n.GetFacts()},
		{"Starts", showTime(n.GetStartTime())}, {"Channel", sessionChannel(n.GetChannel())}, {"Place", n.GetPlace()},
		{"Ideas until", showDay(n.GetCloseDate())}, {"Decision by", showDay(n.GetDecisionDate())}, {"Solicitation", n.GetSolicitation()},
	}
	if n.GetReconciling() {
		pairs = append(pairs, pair{"Under way", "the board service is asked; read it again in a minute"})
	}
	for _, i := range n.GetInvited() {
		text := strings.TrimSpace(i.GetAccount() + " " + strings.Join(i.GetContacts(), " "))
		if i.GetProblem() != "" {
			text += ", to be invited by hand: " + i.GetProblem()
		}
		pairs = append(pairs, pair{"Invited", text})
	}
	for _, item := range n.GetAgenda() {
		pairs = append(pairs, pair{"Agenda", item.GetTopic()})
	}
	for _, i := range n.GetIdeas() {
		outcome := "undecided"
		if i.GetOutcome() != plansv1.StrategySession_Idea_OUTCOME_UNSPECIFIED {
			outcome = showEnum(i.GetOutcome(), "OUTCOME_")
		}
		pairs = append(pairs, pair{"Idea", fmt.Sprintf("%s, %s: %s (%s)", i.GetName(), i.GetAccount(), i.GetTitle(), outcome)})
	}
	pairs = append(pairs, pair{"Held", showDay(n.GetHoldDate())})
	for _, a := range n.GetAttendance() {
		pairs = append(pairs, pair{"Came", strings.TrimSpace(a.GetAccount() + " " + a.GetContact())})
	}
	d := n.GetDecision()
	return append(pairs, pair{"Notes", n.GetNotes()}, pair{"Decided", strings.TrimSpace(showDay(d.GetDecideDate()) + " " + d.GetDecider())},
		pair{"Decision", d.GetText()}, pair{"Reason", d.GetReason()}, pair{"Changed by", strings.Join(d.GetChangedBy(), ", ")},
		pair{"Cancelled because", n.GetCancellationReason()}, pair{"Etag", n.GetEtag()})
}

func sessionChannel(c plansv1.Channel) string {
	if c == plansv1.Channel_CHANNEL_UNSPECIFIED {
		return ""
	}
	return showEnum(c, "CHANNEL_")
}

// SessionsList is `evenhand plan sessions list`.
type SessionsList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over account, owner, state, title, overdue."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *SessionsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := plansv1.NewSessionsServiceClient(s)
		l := c.newList(env.Stdout, "strategySessions", "Session", "Title", "State", "Owner", "Starts", "Decision by", "Overdue")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.StrategySession], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListStrategySessions(ctx, &plansv1.ListStrategySessionsRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*plansv1.StrategySession]{answer.GetStrategySessions(), answer.GetNextPageToken()}, err
		}, func(n *plansv1.StrategySession) error {
			return l.add(n, n.GetName(), n.GetTitle(), showEnum(n.GetState(), "STATE_"), n.GetOwner(), showTime(n.GetStartTime()),
				showDay(n.GetDecisionDate()), yesNo(n.GetOverdue()))
		})
	})
}

// SessionsGet is `evenhand plan sessions get`.
type SessionsGet struct {
	SessionArg
	sessionCall
}

// Run asks and prints.
func (c *SessionsGet) Run(env *Env) error {
	return c.ask(env, func(ctx context.Context, client plansv1.SessionsServiceClient) (*plansv1.StrategySession, error) {
		return client.GetStrategySession(ctx, &plansv1.GetStrategySessionRequest{Name: c.name()})
	})
}

// SessionFlags are what people write of a session; nil leaves a field as it is.
type SessionFlags struct {
	Question    *string        `placeholder:"TEXT" help:"What is to be decided, in a sentence that asks."`
	Leaning     *string        `placeholder:"TEXT" help:"What we lean to."`
	Because     *string        `placeholder:"TEXT" help:"Why we do."`
	Facts       *string        `placeholder:"TEXT" help:"What we know."`
	Owner       *string        `placeholder:"PRINCIPAL" help:"Who answers those who come; you, where it is not given."`
	Invite      []string       `placeholder:"ACCOUNT[/contacts/CONTACT]" help:"Who is invited: an account, or a contact of it, as acme/contacts/jo; may be repeated."`
	Start       *time.Time     `placeholder:"TIME" help:"When it takes place, as 2026-03-12T16:00:00-05:00."`
	Duration    *time.Duration `placeholder:"DURATION" help:"How long, as 2h."`
	Channel     ContactChannel `default:"" enum:",call,visit,video,email,letter,event,message" placeholder:"CHANNEL" help:"How people meet: call, visit, video, email, letter, event or message."`
	Place       *string        `placeholder:"TEXT" help:"Where: a house, or the address of a call."`
	Agenda      []string       `sep:"none" placeholder:"TOPIC" help:"What is talked about; may be repeated."`
	IdeasUntil  Day            `placeholder:"DATE" help:"The last day for ideas; that of the session, where it is not given."`
	DecisionDay Day            `name:"decision-date" placeholder:"DATE" help:"By when it is decided and every idea has its answer."`
	Notes       *string        `placeholder:"TEXT" help:"What was said."`
}

// write writes the flags that were given into a session, and names their fields.
func (f *SessionFlags) write(n *plansv1.StrategySession, mask *fieldmaskpb.FieldMask) {
	give(mask, "question", &n.Question, f.Question)
	give(mask, "leaning", &n.Leaning, f.Leaning)
	give(mask, "leaning_reason", &n.LeaningReason, f.Because)
	give(mask, "facts", &n.Facts, f.Facts)
	give(mask, "place", &n.Place, f.Place)
	give(mask, "notes", &n.Notes, f.Notes)
	named := func(path string, given bool) bool {
		if given {
			mask.Paths = append(mask.Paths, path)
		}
		return given
	}
	if named("owner", f.Owner != nil) {
		n.Owner = principalName(*f.Owner)
	}
	if named("invited", len(f.Invite) > 0) {
		n.Invited = invitedOf(f.Invite)
	}
	if named("start_time", f.Start != nil) {
		n.StartTime = timestamppb.New(*f.Start)
	}
	if named("duration_minutes", f.Duration != nil) {
		n.DurationMinutes = int32(f.Duration.Minutes())
	}
	if named("channel", f.Channel != "") {
		n.Channel = f.Channel.in()
	}
	if named("agenda", len(f.Agenda) > 0) {
		for _, topic := range f.Agenda {
			n.Agenda = append(n.Agenda, &plansv1.StrategySession_AgendaItem{Topic: topic})
		}
	}
	if named("close_date", f.IdeasUntil.Date != nil) {
		n.CloseDate = f.IdeasUntil.Date
	}
	if named("decision_date", f.DecisionDay.Date != nil) {
		n.DecisionDate = f.DecisionDay.Date
	}
}

// personOf reads acme, or acme/contacts/jo, with or without accounts/ before it.
func personOf(arg string) (account, contact string) {
	account = "accounts/" + strings.TrimPrefix(arg, "accounts/")
	if of, _, one := strings.Cut(account, "/contacts/"); one {
		return of, account
	}
	return account, ""
}

// invitedOf gathers the contacts of each account.
func invitedOf(args []string) []*plansv1.StrategySession_Invited {
	var list []*plansv1.StrategySession_Invited
	known := map[string]*plansv1.StrategySession_Invited{}
	for _, arg := range args {
		account, contact := personOf(arg)
		if known[account] == nil {
			known[account] = &plansv1.StrategySession_Invited{Account: account}
			list = append(list, known[account])
		}
		if contact != "" {
			known[account].Contacts = append(known[account].Contacts, contact)
		}
	}
	return list
}

func attendeesOf(args []string) []*plansv1.StrategySession_Attendee {
	var list []*plansv1.StrategySession_Attendee
	for _, arg := range args {
		account, contact := personOf(arg)
		list = append(list, &plansv1.StrategySession_Attendee{Account: account, Contact: contact})
	}
	return list
}

// SessionsCreate is `evenhand plan sessions create`.
type SessionsCreate struct {
	Title string `arg:"" help:"What it is called."`
	ID    string `placeholder:"ID" help:"Its id; otherwise the slug of the title."`
	SessionFlags
	ValidateOnly bool `help:"Only say what would be created."`
	sessionCall
}

// Help implements kong.HelpProvider.
func (*SessionsCreate) Help() string {
	return `Example:

  evenhand plan sessions create "Our own delivery" --question "Should we deliver with our own vans?" --leaning "Yes, in cities." --because "Carriers are late." --facts "It costs 4% more." --invite acme/contacts/jo --invite brook --start 2026-03-20T13:00:00Z --duration 2h --channel visit --decision-date 2026-03-31`
}

// Run creates and prints it.
func (c *SessionsCreate) Run(env *Env) error {
	n := &plansv1.StrategySession{Title: c.Title}
	c.write(n, &fieldmaskpb.FieldMask{})
	return c.ask(env, func(ctx context.Context, client plansv1.SessionsServiceClient) (*plansv1.StrategySession, error) {
		return client.CreateStrategySession(ctx, &plansv1.CreateStrategySessionRequest{
			StrategySession: n, StrategySessionId: c.ID, ValidateOnly: c.ValidateOnly, RequestId: newRequestID()})
	})
}

// SessionsUpdate is `evenhand plan sessions update`.
type SessionsUpdate struct {
	SessionArg
	Title *string `placeholder:"TEXT" help:"What it is called."`
	SessionFlags
	Reason string `placeholder:"TEXT" help:"Why, where the owner or the days of one that was opened are changed: those who were asked can read it."`
	Etag   string `help:"Change it only if it is still at this etag."`
	sessionCall
}

// Help implements kong.HelpProvider.
func (*SessionsUpdate) Help() string {
	return `Once it is open, what was asked of whom stays; who answers and by when can be changed, with a reason. Putting the decision off does not put off from when on what is unanswered keeps new questions from being asked.

Examples:

  evenhand plan sessions update own-delivery --place "Depot, room 2"
  evenhand plan sessions update own-delivery --owner ben --decision-date 2026-04-10 --reason "The depot's figures come later."`
}

// Run changes and prints it.
func (c *SessionsUpdate) Run(env *Env) error {
	n, mask := &plansv1.StrategySession{Name: c.name(), Etag: c.Etag}, &fieldmaskpb.FieldMask{}
	give(mask, "title", &n.Title, c.Title)
	c.write(n, mask)
	if len(mask.GetPaths()) == 0 {
		return &usageError{"nothing to change: name at least one field, as --place TEXT"}
	}
	return c.ask(env, func(ctx context.Context, client plansv1.SessionsServiceClient) (*plansv1.StrategySession, error) {
		return client.UpdateStrategySession(ctx, &plansv1.UpdateStrategySessionRequest{StrategySession: n, UpdateMask: mask, Reason: c.Reason, RequestId: newRequestID()})
	})
}
