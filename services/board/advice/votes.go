package advice

import (
	"context"
	"errors"

	"github.com/evenhand/evenhand/internal/resource"
)

// Vote records an account's approval of an idea, or of the one it was merged into. A
// second vote of an account changes nothing: NOT_FOUND, IDEA_STATE once it is decided,
// INVALID_ARGUMENT for an account or contact that does not exist.
func (s *Ideas) Vote(ctx context.Context, call resource.Call, id string, g Giver) (resource.Stored[Idea], error) {
	if err := s.giver(ctx, "", g); err != nil {
		return resource.Stored[Idea]{}, err
	}
	return s.onRoot(ctx, call, id, "idea.voted", func(name string, i *Idea) error {
		if err := i.mustBe(name, Undecided, "voted for"); err != nil {
			return err
		}
		i.Group = i.vote(Vote{Giver: g, By: call.Principal, At: s.now()})
		i.say("%s approved of it", g)
		return nil
	})
}

// TakeBack takes an account's approval back from an idea and all merged into it, or
// from the one it was merged into; it is none where there was none. NOT_FOUND,
// IDEA_STATE once it is decided.
func (s *Ideas) TakeBack(ctx context.Context, call resource.Call, id, account string) (resource.Stored[Idea], error) {
	return s.onRoot(ctx, call, id, "idea.vote_taken_back", func(name string, i *Idea) error {
		if err := i.mustBe(name, Undecided, "taken a vote back from"); err != nil {
			return err
		}
		i.Group = i.takeBack(account)
		i.say("accounts/%s took its approval back", account)
		return nil
	})
}

// errMergedMeanwhile says that an idea is not the one any more that holds the group.
var errMergedMeanwhile = errors.New("the idea was merged meanwhile")

// onRoot changes the idea that holds the votes of an idea. A call that comes again is
// recognised where it was carried out, also when that idea was merged since.
func (s *Ideas) onRoot(
	ctx context.Context, call resource.Call, id, event string, change func(name string, i *Idea) error,
) (resource.Stored[Idea], error) {
	for at := id; ; {
		if earlier, known, err := s.table.Replay(ctx, call, at); known || err != nil {
			return earlier, err
		}
		i, err := s.Get(ctx, at)
		if err != nil {
			return i, err
		}
		if i.State.Into != "" {
			at = i.State.Into
			continue
		}
		changed, err := s.change(ctx, call, at, nil, event, func(i *Idea) error {
			if i.Into != "" {
				return errMergedMeanwhile
			}
			return change(IdeaName(at), i)
		})
		if !errors.Is(err, errMergedMeanwhile) {
			return changed, err
		}
	}
}
