package advice

import (
	"context"
	"errors"
	"strings"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Comment is something said in the talk about an idea, by a member of the staff or, with
// a giver, by a customer.
type Comment struct {
	// Idea is the id of the idea whose talk it belongs to; for the index.
	Idea string `bson:"idea"`
	Text string `bson:"text"`
	// Giver is the customer who said it; the zero Giver where it is the principal.
	Giver `bson:",inline"`
	// By is the principal who said it or entered it.
	By             string `bson:"by"`
	resource.Times `bson:",inline"`
}

// Comment adds to the talk about an idea, in whatever state it is; to that about the
// one it was merged into, where it was. The id of what is returned is that of the idea,
// "/comments/" and its own. NOT_FOUND; INVALID_ARGUMENT.
func (s *Ideas) Comment(ctx context.Context, call resource.Call, idea string, c Comment) (resource.Stored[Comment], error) {
	none := resource.Stored[Comment]{}
	if strings.TrimSpace(c.Text) == "" {
		return none, fault.Invalid("comment.text", "is empty")
	}
	if c.Account != "" {
		if err := s.giver(ctx, "comment.", c.Giver); err != nil {
			return none, err
		}
	}
	id, err := s.newID(call)
	if err != nil {
		return none, err
	}
	if idea, err = s.talkedOf(ctx, call, idea, id); err != nil {
		return none, err
	}
	c.Idea, c.By = idea, call.Principal
	return s.comments.Create(ctx, call, idea+"/comments/"+id, c, "idea.commented")
}

// talkedOf returns the idea whose talk a comment belongs to: the one where the call put
// it when it came before, else the one that holds the votes.
func (s *Ideas) talkedOf(ctx context.Context, call resource.Call, idea, id string) (string, error) {
	for {
		i, err := s.Get(ctx, idea)
		if err != nil || i.State.Into == "" {
			return idea, err
		}
		if call.RequestID != "" {
			_, err := s.comments.Get(ctx, idea+"/comments/"+id)
			if !errors.Is(err, resource.ErrNotFound) {
				return idea, err
			}
		}
		idea = i.State.Into
	}
}

// Comments lists the talk about an idea, oldest first; NOT_FOUND for the idea. What was
// said of an idea before it was merged stays with it.
func (s *Ideas) Comments(ctx context.Context, idea string, size int, after resource.Place) (resource.Page[Comment], error) {
	if _, err := s.Get(ctx, idea); err != nil {
		return resource.Page[Comment]{}, err
	}
	q := docstore.Query{Index: "talk", Equal: []any{idea}, After: after, Limit: size}
	place := func(c resource.Stored[Comment]) resource.Place { return resource.Place{c.State.Created, c.ID} }
	return s.comments.List(ctx, q, place, nil)
}
