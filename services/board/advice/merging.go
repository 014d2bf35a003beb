package advice

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Merging an idea into another changes both, one after the other:
//
//  1. the target takes a copy of the idea's group, joining, with the idea's version;
//  2. the idea is marked as merged, only over that version;
//  3. the target makes it one within its group, and its votes count.
//
// Taking it out again does the same with leaving. After 1, whoever finds the copy can
// tell from the idea whether 2 was done, and where not, can make sure that it never
// will be, by raising the idea's version: settle does either. An idea in whose group
// something moves is not merged away itself, and one that was merged takes nothing in.
// So a pointer is only ever set from one idea that is not merged to another that stays
// unmerged until then: there are no circles.

// Merge merges an idea into another, or into the one that this was merged into: its
// votes and those who gave it count there from now on. NOT_FOUND; INVALID_ARGUMENT
// where that would be a circle; IDEA_STATE where it is decided or merged; STALE_ETAG;
// CONFLICT.
func (s *Ideas) Merge(ctx context.Context, call resource.Call, id, into, etag string) (resource.Stored[Idea], error) {
	return s.move(ctx, call, id, func() (resource.Stored[Idea], error) { return s.join(ctx, call, id, into, etag) })
}

// Unmerge takes an idea out of the one it was merged into, with all it brought: its
// votes less those taken back since, and the ideas merged into it. Votes that were cast
// since stay where they are. Where it was decided while it was merged it keeps that
// answer, which can be revised. NOT_FOUND; IDEA_STATE where it is not merged;
// STALE_ETAG; CONFLICT.
func (s *Ideas) Unmerge(ctx context.Context, call resource.Call, id, etag string) (resource.Stored[Idea], error) {
	return s.move(ctx, call, id, func() (resource.Stored[Idea], error) { return s.leave(ctx, call, id, etag) })
}

// move tries a merge or its undoing until nobody was faster, and finishes what it, or
// the call when it came before, has begun.
func (s *Ideas) move(
	ctx context.Context, call resource.Call, id string, try func() (resource.Stored[Idea], error),
) (resource.Stored[Idea], error) {
	earlier, known, err := s.table.Replay(ctx, call, id)
	if err != nil {
		return earlier, err
	}
	if known {
		s.finish(ctx, id)
		return s.Get(ctx, id)
	}
	for attempt := 1; ; attempt++ {
		moved, err := try()
		switch {
		case err == nil:
			return s.Get(ctx, id)
		case attempt == rereads:
			return moved, resource.ErrConflict.Saying("%s, or the idea it is about, kept being changed by others: try again.", IdeaName(id)).
				WithResource(ideaType, IdeaName(id))
		case !errors.Is(err, errFaster):
			return moved, err
		}
	}
}

// errFaster says that something was changed by others between two steps.
var errFaster = errors.New("somebody was faster")

func (s *Ideas) join(ctx context.Context, call resource.Call, id, into, etag string) (resource.Stored[Idea], error) {
	idea, target, err := s.pair(ctx, id, into, etag)
	if err != nil {
		return idea, err
	}
	plain := resource.Call{Principal: call.Principal}
	_, err = s.change(ctx, plain, target.ID, resource.IfVersion[Idea](target.Version), "idea.merging", func(t *Idea) error {
		t.Members = append(slices.Clip(t.Members), Member{Idea: id, Title: idea.State.Title, Giver: idea.State.Giver,
			By: call.Principal, At: s.now(), Group: idea.State.Group, Stage: joining, Version: idea.Version})
		t.say("%s is being merged into it", IdeaName(id))
		return nil
	})
	if err != nil {
		return idea, faster(err)
	}
	return s.write(ctx, call, idea, target.ID, "idea.merged", func(i *Idea) {
		i.Into = target.ID
		i.say("it was merged into %s", IdeaName(target.ID))
	})
}

// pair returns an idea and the one it is to be merged into, in which nothing moves.
func (s *Ideas) pair(ctx context.Context, id, into, etag string) (idea, target resource.Stored[Idea], err error) {
	holder, err := s.root(ctx, id)
	if err == nil {
		err = s.settle(ctx, holder.ID) // id itself, or what an earlier call merged it into
	}
	if err != nil {
		return idea, target, err
	}
	if idea, err = s.Get(ctx, id); err != nil {
		return idea, target, err
	}
	if err := s.table.Check(idea, resource.IfEtag[Idea](etag)); err != nil {
		return idea, target, err
	}
	if err := idea.State.mustBe(IdeaName(id), Undecided, "merged"); err != nil {
		return idea, target, err
	}
	target, err = s.root(ctx, into)
	if errors.Is(err, resource.ErrNotFound) {
		return idea, target, fault.Invalid("into", "%s does not exist", IdeaName(into))
	}
	if err != nil {
		return idea, target, err
	}
	if target.ID == id {
		if into == id {
			return idea, target, fault.Invalid("into", "an idea cannot be merged into itself")
		}
		return idea, target, fault.Invalid("into", "%s was merged into %s: take it out first, or merge the other way round", IdeaName(into), IdeaName(id))
	}
	if idea.State.Pending {
		return idea, target, errFaster
	}
	if target.State.Pending {
		if err := s.settle(ctx, target.ID); err != nil {
			return idea, target, err
		}
		return idea, target, errFaster
	}
	return idea, target, nil
}

func (s *Ideas) leave(ctx context.Context, call resource.Call, id, etag string) (resource.Stored[Idea], error) {
	idea, err := s.Get(ctx, id)
	if err != nil {
		return idea, err
	}
	if err := s.table.Check(idea, resource.IfEtag[Idea](etag)); err != nil {
		return idea, err
	}
	if idea.State.Into == "" {
		return idea, ideaFault(IdeaName(id), "%s is not merged into another.", IdeaName(id))
	}
	root, err := s.root(ctx, id)
	if err != nil {
		return idea, err
	}
	if root.State.Pending {
		if err := s.settle(ctx, root.ID); err != nil {
			return idea, err
		}
		return idea, errFaster
	}
	brought, there := root.State.member(id)
	if !there {
		return idea, fmt.Errorf("%s was merged into %s, which has not got it", IdeaName(id), IdeaName(root.ID))
	}
	plain := resource.Call{Principal: call.Principal}
	_, err = s.change(ctx, plain, root.ID, resource.IfVersion[Idea](root.Version), "idea.unmerging", func(t *Idea) error {
		t.Group = t.with(id, func(m Member) (Member, bool) {
			m.Stage, m.Version = leaving, idea.Version
			return m, true
		})
		t.say("%s is being taken out of it", IdeaName(id))
		return nil
	})
	if err != nil {
		return idea, faster(err)
	}
	return s.write(ctx, call, idea, root.ID, "idea.unmerged", func(i *Idea) {
		i.Into, i.Group, i.Told = "", brought.Group, i.Revision
		i.say("it was taken out of %s", IdeaName(root.ID))
	})
}

// write makes the second step, over the very version of the idea that the first named,
// and then the third.
func (s *Ideas) write(
	ctx context.Context, call resource.Call, idea resource.Stored[Idea], root, event string, change func(*Idea),
) (resource.Stored[Idea], error) {
	written, err := s.change(ctx, call, idea.ID, resource.IfVersion[Idea](idea.Version), event, func(i *Idea) error {
		change(i)
		return nil
	})
	if err = faster(err); errors.Is(err, errFaster) {
		if err := s.settle(ctx, root); err != nil {
			return written, err
		}
	}
	if err == nil {
		s.finish(ctx, root)
	}
	return written, err
}

// faster makes errFaster of what a step meets when somebody was.
func faster(err error) error {
	if errors.Is(err, resource.ErrStale) || errors.Is(err, resource.ErrConflict) {
		return errFaster
	}
	return err
}
