package advice

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Ideas is the use cases of ideas, of the votes for them, the talk about them, and
// their answers.
type Ideas struct {
	table         *resource.Table[Idea, *Idea]
	comments      *resource.Table[Comment, *Comment]
	solicitations *Solicitations
	wiring
}

func openIdeas(ctx context.Context, requests *resource.Requests, w wiring) (*Ideas, error) {
	table, err := resource.OpenTable[Idea](ctx, requests, resource.Kind[Idea]{
		Type: ideaType, Name: IdeaName, Tell: tellIdea,
		Spec: docstore.Spec{Name: "ideas", Indexes: []docstore.Index{
			{Name: "undecided", Fields: []string{"solicitation", "undecided"}, Partial: true},
			{Name: "solicitation", Fields: []string{"solicitation"}},
			{Name: "newest", Fields: []string{"solicitation", "created"}},
			{Name: "board", Fields: []string{"board"}, Partial: true},
			{Name: "account", Fields: []string{"account"}},
			{Name: "votes", Fields: []string{"count"}},
			{Name: "solicitation_votes", Fields: []string{"solicitation", "count"}},
			{Name: "due", Fields: []string{"due"}, Partial: true},
			{Name: "pending", Fields: []string{"pending"}, Partial: true},
		}}})
	if err != nil {
		return nil, err
	}
	comments, err := resource.OpenTable[Comment](ctx, requests, resource.Kind[Comment]{
		Type: commentType, Name: IdeaName, Tell: func(Comment) any { return nil },
		Spec: docstore.Spec{Name: "idea_comments", Indexes: []docstore.Index{{Name: "talk", Fields: []string{"idea", "created"}}}}})
	if err != nil {
		return nil, err
	}
	return &Ideas{table: table, comments: comments, wiring: w}, nil
}

// toldIdea is what followers see of an idea: not who voted, which would be told anew with
// every vote, and its words only where they are new.
type toldIdea struct {
	Title          string `bson:"title"`
	Text           string `bson:"text,omitempty"`
	Links          []Link `bson:"links,omitempty"`
	Solicitation   string `bson:"solicitation,omitempty"`
	Board          string `bson:"board,omitempty"`
	Giver          `bson:",inline"`
	Submitted      civil.Day     `bson:"submitted,omitempty"`
	By             string        `bson:"by,omitempty"`
	State          IdeaState     `bson:"state"`
	Into           string        `bson:"into,omitempty"`
	Count          int64         `bson:"count"`
	Answers        []Disposition `bson:"answers,omitempty"`
	Last           string        `bson:"last"`
	resource.Times `bson:",inline"`
}

func tellIdea(i Idea) any {
	told := toldIdea{Title: i.Title, Solicitation: i.Solicitation, Board: i.Board, Giver: i.Giver, Submitted: i.Submitted, By: i.By,
		State: i.State(), Into: i.Into, Count: i.Count, Answers: i.Answers, Last: i.Last, Times: i.Times}
	if i.Last == wasSubmitted || i.Last == wasReworded {
		told.Text, told.Links = i.Text, i.Links
	}
	return told
}

// ReadTold reads what an event tells of an idea: one with only what followers see.
func ReadTold(data bson.Raw) (Idea, error) {
	var t toldIdea
	err := bson.Unmarshal(data, &t)
	return Idea{Title: t.Title, Text: t.Text, Links: t.Links, Solicitation: t.Solicitation, Board: t.Board, Giver: t.Giver, Submitted: t.Submitted,
		By: t.By, Into: t.Into, Count: t.Count, Undecided: t.State == Undecided, Answers: t.Answers, Last: t.Last, Times: t.Times}, err
}

// Get returns an idea, or resource.ErrNotFound.
func (s *Ideas) Get(ctx context.Context, id string) (resource.Stored[Idea], error) {
	return s.table.Get(ctx, id)
}

// Read returns an idea as Get does, after a merge or its undoing has been finished that a
// process left half done.
func (s *Ideas) Read(ctx context.Context, id string) (resource.Stored[Idea], error) {
	i, err := s.Get(ctx, id)
	if err != nil {
		return i, err
	}
	return s.whole(ctx, i), nil
}

// Submit takes an idea, to a solicitation or without having been asked for one. Its
// day is today where it has none; another is for ideas that were given before they were
// entered. INVALID_ARGUMENT for one it names that does not exist; SOLICITATION_STATE
// where the solicitation takes none. With check, nothing is written.
func (s *Ideas) Submit(ctx context.Context, call resource.Call, n Idea, check bool) (resource.Stored[Idea], error) {
	id, err := s.newID(call)
	if err != nil {
		return resource.Stored[Idea]{}, err
	}
	n.By = call.Principal
	n.Last = wasSubmitted
	_, err = s.Get(ctx, id)
	if errors.Is(err, resource.ErrNotFound) { // otherwise this very call has come before
		n, err = s.prepare(ctx, n)
	}
	if err != nil {
		return resource.Stored[Idea]{}, err
	}
	if check {
		return s.table.Unwritten(id, n), nil
	}
	created, err := s.table.Create(ctx, call, id, n, "idea.submitted")
	if err != nil || !created.State.Entering {
		return created, err
	}
	return s.enter(ctx, call, created)
}

// prepare completes an idea that is about to be submitted, all of which has to be right.
func (s *Ideas) prepare(ctx context.Context, n Idea) (Idea, error) {
	if err := n.check(); err != nil {
		return n, err
	}
	if err := s.giver(ctx, "idea.", n.Giver); err != nil {
		return n, err
	}
	today, err := s.today(ctx)
	if err != nil {
		return n, err
	}
	if n.Submitted == 0 {
		n.Submitted = today
	}
	if n.Submitted > today {
		return n, fault.Invalid("idea.submit_date", "%s has not come yet", n.Submitted)
	}
	if n.Solicitation != "" {
		if n, err = s.towards(ctx, n, today); err != nil {
			return n, err
		}
	}
	n.settle()
	return n, nil
}

// towards makes an idea one to its solicitation, which has to take it.
func (s *Ideas) towards(ctx context.Context, n Idea, today civil.Day) (Idea, error) {
	asked, err := s.solicitations.Get(ctx, n.Solicitation)
	if errors.Is(err, resource.ErrNotFound) {
		return n, fault.Invalid("idea.solicitation", "%s does not exist", SolicitationName(n.Solicitation))
	}
	if err != nil {
		return n, err
	}
	n.Board, n.Entering = asked.State.Audience.Board, true
	return n, asked.State.admits(SolicitationName(n.Solicitation), n.Submitted, today)
}

// enter has the solicitation let an idea in, which is deleted where it does not, having
// been closed meanwhile, unless somebody else's call let it in before. Until then the
// idea counts as undecided, so that nobody answers the solicitation over it.
func (s *Ideas) enter(ctx context.Context, call resource.Call, n resource.Stored[Idea]) (resource.Stored[Idea], error) {
	plain := resource.Call{Principal: call.Principal}
	err := s.solicitations.admit(ctx, plain, n.State.Solicitation, n.State.Submitted)
	if refused(err) {
		return s.refuse(ctx, plain, n, err)
	}
	if err != nil {
		return n, err
	}
	return s.change(ctx, plain, n.ID, nil, "idea.admitted", func(i *Idea) error {
		i.Entering = false
		i.say("%s took it", SolicitationName(i.Solicitation))
		return nil
	})
}

// refuse deletes an idea that its solicitation does not take, for which why is the reason,
// as long as it has not entered.
func (s *Ideas) refuse(ctx context.Context, call resource.Call, n resource.Stored[Idea], why error) (resource.Stored[Idea], error) {
	for {
		err := s.table.Delete(ctx, call, n.ID, resource.IfVersion[Idea](n.Version), "idea.refused")
		if err == nil || errors.Is(err, resource.ErrNotFound) {
			return n, why
		}
		if !errors.Is(err, resource.ErrStale) {
			return n, err
		}
		if n, err = s.Get(ctx, n.ID); errors.Is(err, resource.ErrNotFound) {
			return n, why
		}
		if err != nil || !n.State.Entering {
			return n, err
		}
	}
}

// refused says that a solicitation does not take an idea, and never will.
func refused(err error) bool {
	var told *fault.Error
	return errors.As(err, &told) && (told.Kind == fault.FailedPrecondition || told.Kind == fault.InvalidArgument)
}

// change changes an idea and what follows from that.
func (s *Ideas) change(
	ctx context.Context, call resource.Call, id string, only resource.Condition[Idea], event string, change func(*Idea) error,
) (resource.Stored[Idea], error) {
	return s.table.Update(ctx, call, id, only, event, func(i *Idea) error {
		err := change(i)
		i.settle()
		return err
	})
}

// Update changes an idea's words until it is decided: NOT_FOUND, STALE_ETAG,
// IDEA_STATE.
func (s *Ideas) Update(ctx context.Context, call resource.Call, id, etag string, patch IdeaPatch) (resource.Stored[Idea], error) {
	return s.change(ctx, call, id, resource.IfEtag[Idea](etag), "idea.updated", func(i *Idea) error {
		return patch.apply(IdeaName(id), i)
	})
}

// root returns the idea into which an idea was merged in the end, or the idea itself.
func (s *Ideas) root(ctx context.Context, id string) (resource.Stored[Idea], error) {
	for {
		i, err := s.Get(ctx, id)
		if err != nil || i.State.Into == "" {
			return i, err
		}
		id = i.State.Into
	}
}

// undecided counts the ideas of a solicitation that have no answer. One that was merged
// into another, of whatever solicitation, has one when that has.
func (s *Ideas) undecided(ctx context.Context, solicitation string) (int, error) {
	count := 0
	for i, err := range s.table.All(ctx, docstore.Query{Index: "undecided", Equal: []any{solicitation, true}}) {
		if err != nil {
			return 0, fmt.Errorf("count the undecided ideas of %s: %w", SolicitationName(solicitation), err)
		}
		if i.State.Into != "" {
			root, err := s.root(ctx, i.ID)
			if err != nil {
				return 0, err
			}
			if !root.State.Undecided {
				continue
			}
		}
		count++
	}
	return count, nil
}

// holds says whether any idea was given to a solicitation.
func (s *Ideas) holds(ctx context.Context, solicitation string) (bool, error) {
	page, err := s.table.List(ctx, docstore.Query{Index: "solicitation", Equal: []any{solicitation}, Limit: 1}, nil, nil)
	return len(page.Items) > 0, err
}
