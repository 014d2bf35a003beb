package sessions

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// ideaCopy is what this service keeps of an idea, and the position in the board's feed that
// it is as of. What customers wrote stays at the board service, but for the title.
type ideaCopy struct {
	// Solicitation is the id of the one it answers; empty where nobody asked.
	Solicitation string        `bson:"solicitation,omitempty"`
	Account      string        `bson:"account"`
	Title        string        `bson:"title"`
	Given        civil.Day     `bson:"given"`
	Outcome      feeds.Outcome `bson:"outcome,omitempty"`
	Decided      time.Time     `bson:"decided,omitempty"`
	// Into is the id of the idea whose answer it shares, or empty.
	Into     string `bson:"into,omitempty"`
	Position int64  `bson:"position"`
}

func openIdeas(ctx context.Context, store *docstore.Store) (*docstore.Collection[ideaCopy], error) {
	return docstore.OpenCollection[ideaCopy](ctx, store, docstore.Spec{Name: "session_ideas", Silent: true,
		Indexes: []docstore.Index{{Name: bySolicitation, Fields: []string{"solicitation"}, Partial: true}}})
}

// Take implements feeds.Taker: it takes over the ideas of the board's feed, and that a
// question was withdrawn there.
func (s *Service) Take(ctx context.Context, changes []feeds.Change) error {
	for i := range changes {
		var err error
		switch c := &changes[i]; {
		case c.Idea != nil:
			err = s.takeIdea(ctx, c.Position, c.Idea)
		case c.Solicitation != nil && SolicitationState(c.Solicitation.State) == Withdrawn:
			err = s.takeWithdrawal(ctx, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *Service) takeIdea(ctx context.Context, position int64, i *feeds.Idea) error {
	next := ideaCopy{
		Solicitation: names.First(i.Solicitation, "solicitations"), Account: i.Account, Title: i.Title, Given: i.Given,
		Outcome: i.Outcome, Decided: i.Decided, Into: names.First(i.MergedInto, "ideas"), Position: position,
	}
	_, err := s.ideas.Upsert(ctx, names.Last(i.Name), func(d *docstore.Doc[ideaCopy]) error {
		if position >= d.Body.Position {
			d.Body = next
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("keep %s: %w", i.Name, err)
	}
	return nil
}

// errSettled says that a session is not to be cancelled any more.
var errSettled = errors.New("the session is cancelled, or is being")

// takeWithdrawal cancels the session whose question was withdrawn at the board service; one
// that is being cancelled here is left to that, and one that is being opened stays a draft.
func (s *Service) takeWithdrawal(ctx context.Context, c *feeds.Change) error {
	id := names.Last(c.Solicitation.Name)
	// First those that are being opened: one that is open a moment later is found after that.
	if err := s.giveUpOpening(ctx, c.Principal, id); err != nil {
		return err
	}
	found, err := s.sessions.Lookup(ctx, bySolicitation, id)
	if err != nil {
		return fmt.Errorf("find the session of %s: %w", c.Solicitation.Name, err)
	}
	for i := range found {
		_, err := s.sessions.Update(ctx, resource.Call{Principal: c.Principal}, found[i].ID, nil, "strategy_session.cancelled", func(n *Session) error {
			if n.State != Open && n.State != Held || n.Step != nil && n.Step.Kind == Cancelling {
				return errSettled
			}
			n.Step = nil // the board service refuses what else was under way
			n.Cancellation = cmp.Or(c.Solicitation.Withdrawal, "What was asked was withdrawn.")
			n.turn(Cancelled, c.Principal, s.now())
			n.settle()
			return nil
		})
		if err != nil && !errors.Is(err, errSettled) {
			return fmt.Errorf("cancel %s: %w", Name(found[i].ID), err)
		}
	}
	return nil
}

// giveUpOpening drops the step of the session whose opening has put a question, which the
// principal withdrew: until the session is open, only the step knows the question's id.
func (s *Service) giveUpOpening(ctx context.Context, principal, solicitation string) error {
	for n, err := range s.sessions.All(ctx, docstore.Query{Index: byPending, Equal: []any{true}}) {
		if err != nil {
			return fmt.Errorf("find the session whose opening put %s: %w", SolicitationName(solicitation), err)
		}
		step := n.State.Step
		if step == nil || step.Kind != Opening || step.Solicitation != solicitation {
			continue
		}
		if err := s.drop(ctx, principal, n.ID, step, openingWithdrawn); err != nil {
			return fmt.Errorf("give up the opening of %s: %w", Name(n.ID), err)
		}
	}
	return nil
}

// Given is an idea that was given to a session, as this service last heard of it.
type Given struct {
	// Name is its resource name, Account the id of whose it is, and Day when it was given.
	Name, Title, Account string
	Day                  civil.Day
	// Outcome is what was decided, empty while it is undecided; Decided is when.
	Outcome feeds.Outcome
	Decided time.Time
	// MergedInto is the name of the idea whose answer it shares, or empty.
	MergedInto string
}

// mergedDepth is through how many ideas the answer of a merged one is looked for.
const mergedDepth = 16

// Given returns the ideas given to a session, in the order of their ids, a merged one with
// the answer of the one that it was merged into.
func (s *Service) Given(ctx context.Context, n *Session) ([]Given, error) {
	if n.Solicitation == "" {
		return nil, nil
	}
	var list []Given
	for d, err := range s.ideas.All(ctx, docstore.Query{Index: bySolicitation, Equal: []any{n.Solicitation}}) {
		if err != nil {
			return nil, fmt.Errorf("read the ideas given to %s: %w", SolicitationName(n.Solicitation), err)
		}
		i := Given{Name: names.Join("ideas", d.ID), Title: d.Body.Title, Account: d.Body.Account, Day: d.Body.Given}
		if d.Body.Into != "" {
			i.MergedInto = names.Join("ideas", d.Body.Into)
		}
		answer, err := s.answered(ctx, d.Body)
		if err != nil {
			return nil, fmt.Errorf("read the answer of %s: %w", i.Name, err)
		}
		i.Outcome, i.Decided = answer.Outcome, answer.Decided
		list = append(list, i)
	}
	return list, nil
}

// answered returns the idea whose answer an idea has.
func (s *Service) answered(ctx context.Context, i ideaCopy) (ideaCopy, error) {
	for depth := 0; i.Into != "" && depth < mergedDepth; depth++ {
		d, err := s.ideas.Get(ctx, i.Into)
		if errors.Is(err, docstore.ErrNotFound) {
			return ideaCopy{}, nil // the feed has not told of it yet
		}
		if err != nil {
			return i, err
		}
		i = d.Body
	}
	return i, nil
}

// Undecided is how many of the ideas have no answer.
func Undecided(given []Given) int {
	n := 0
	for i := range given {
		if given[i].Outcome == "" {
			n++
		}
	}
	return n
}
