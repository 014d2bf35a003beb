package advice

import (
	"context"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// Telling records that somebody who gave an idea was told what became of it: that the
// message was handed over to be sent, once.
type Telling struct {
	// Idea is the id of the idea they gave: this one, or one merged into it.
	Idea     string `bson:"idea"`
	Giver    `bson:",inline"`
	Revision int64     `bson:"revision"`
	At       time.Time `bson:"at"`
}

// tellings notes that whoever gave an idea of the group was told of a revision.
func (i *Idea) tellings(t Telling) {
	if !slices.ContainsFunc(i.Tellings, func(o Telling) bool { return o.Idea == t.Idea && o.Revision == t.Revision }) {
		i.Tellings = append(slices.Clip(i.Tellings), t)
	}
}

// Decide gives an idea its answer, which those get who gave it, and those who gave what
// was merged into it. NOT_FOUND; INVALID_ARGUMENT; IDEA_STATE where it is decided or
// merged; STALE_ETAG.
func (s *Ideas) Decide(ctx context.Context, call resource.Call, id, etag string, d Disposition) (resource.Stored[Idea], error) {
	return s.answer(ctx, call, id, etag, "idea.decided", d, (*Idea).decide)
}

// Revise gives a decided idea another answer, with the reason why; the ones before are
// kept. NOT_FOUND; INVALID_ARGUMENT; IDEA_STATE where it is undecided or merged;
// STALE_ETAG.
func (s *Ideas) Revise(ctx context.Context, call resource.Call, id, etag string, d Disposition) (resource.Stored[Idea], error) {
	return s.answer(ctx, call, id, etag, "idea.revised", d, (*Idea).revise)
}

func (s *Ideas) answer(
	ctx context.Context, call resource.Call, id, etag, event string, d Disposition, give func(*Idea, string, Disposition, civil.Day) error,
) (resource.Stored[Idea], error) {
	if d.Owner != "" {
		name, err := s.directory.Principal(ctx, d.Owner)
		if err := known("owner", "principals/"+d.Owner, name, err); err != nil {
			return resource.Stored[Idea]{}, err
		}
	}
	today, err := s.today(ctx)
	if err != nil {
		return resource.Stored[Idea]{}, err
	}
	d.By, d.At = call.Principal, s.now()
	return s.answered(ctx, call, id, etag, event, func(i *Idea) error { return give(i, IdeaName(id), d, today) })
}

// Follow records what was done about an idea that was adopted or is tried, and that it
// is done, where the step completes it. NOT_FOUND; INVALID_ARGUMENT; IDEA_STATE;
// STALE_ETAG.
func (s *Ideas) Follow(ctx context.Context, call resource.Call, id, etag string, step Step) (resource.Stored[Idea], error) {
	step.By, step.At = call.Principal, s.now()
	event := "idea.followed_up"
	if step.Completes {
		event = "idea.done"
	}
	return s.answered(ctx, call, id, etag, event, func(i *Idea) error { return i.follow(IdeaName(id), step) })
}

func (s *Ideas) answered(
	ctx context.Context, call resource.Call, id, etag, event string, change func(*Idea) error,
) (resource.Stored[Idea], error) {
	if _, err := s.change(ctx, call, id, resource.IfEtag[Idea](etag), event, change); err != nil {
		return resource.Stored[Idea]{}, err
	}
	s.finish(ctx, id)
	return s.Get(ctx, id)
}
