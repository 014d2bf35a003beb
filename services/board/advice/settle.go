package advice

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// own is the call of what the board service does by itself.
var own = resource.Call{Principal: "principals/board-service"}

// finish settles an idea, and the one it was merged into, after a change that stands by
// itself. What cannot be finished now is finished later (Service.Run).
func (s *Ideas) finish(ctx context.Context, id string) {
	root, err := s.root(ctx, id)
	if err == nil {
		err = s.settle(ctx, root.ID)
	}
	if err == nil && root.ID != id {
		err = s.settle(ctx, id)
	}
	if err != nil {
		slog.WarnContext(ctx, "a change of an idea is finished later", "idea", IdeaName(id), "error", err)
	}
}

// reading is for how long an idea on its way has to have been left alone for whoever reads
// to finish it: a call that is still at work is quicker.
const reading = 2 * time.Second

// whole returns an idea that was read once what moves in its group has come to its end.
// Where it cannot, the idea is returned as it is.
func (s *Ideas) whole(ctx context.Context, i resource.Stored[Idea]) resource.Stored[Idea] {
	if i.State.Into != "" || !i.State.moving() || s.now().Sub(i.State.Updated) < reading {
		return i
	}
	s.finish(ctx, i.ID)
	if now, err := s.Get(ctx, i.ID); err == nil {
		return now
	}
	return i
}

// settleAll finishes what nobody has touched for some time.
func (s *Ideas) settleAll(ctx context.Context, patience time.Duration) error {
	var failed []error
	for i, err := range s.table.All(ctx, docstore.Query{Index: "pending", Equal: []any{true}}) {
		if err != nil {
			return err
		}
		if s.now().Sub(i.State.Updated) < patience {
			continue
		}
		if err := s.settle(ctx, i.ID); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// settle finishes whatever of an idea needs several documents: its entry into its
// solicitation, ideas on their way into its group or out of it, and that all of its
// group get its answers. All of it can be done by several at a time, and again.
func (s *Ideas) settle(ctx context.Context, id string) error {
	var system resource.Call
	for attempt := 1; ; attempt++ {
		i, err := s.Get(ctx, id)
		if err != nil || !i.State.Pending {
			return err
		}
		switch movers := i.State.movers(id); {
		case i.State.Entering:
			if _, err = s.enter(ctx, system, i); refused(err) {
				return nil
			}
		case len(movers) > 0:
			err = s.arrive(ctx, id, movers[0])
		default:
			err = s.tell(ctx, i)
		}
		if err != nil {
			return err
		}
		if attempt == 100*rereads { // each round gets one thing done, if others do not undo it
			return resource.ErrConflict.Saying("%s kept being changed by others: try again.", IdeaName(id)).WithResource(ideaType, IdeaName(id))
		}
	}
}

// arrive ends the way of an idea into a group or out of it: as it was meant, where the
// idea was marked, or else back, once it is certain that it will not be.
func (s *Ideas) arrive(ctx context.Context, root string, m mover) error {
	marked, version, err := s.marked(ctx, m)
	if err != nil {
		return err
	}
	if !marked && version == m.Version {
		if err := s.table.Touch(own.Context(ctx), m.Idea, "idea.settled"); err != nil {
			return err
		}
		if marked, _, err = s.marked(ctx, m); err != nil {
			return err
		}
	}
	_, err = s.change(ctx, own, root, nil, "idea.settled", func(t *Idea) error {
		t.Group = t.with(m.Idea, func(now Member) (Member, bool) {
			if now.Stage != m.Stage || now.Version != m.Version {
				return now, true // somebody else ended it
			}
			now.Stage, now.Version = within, 0
			return now, marked == (m.Stage == joining)
		})
		t.say("what was merged into it was settled")
		return nil
	})
	return err
}

// marked says whether an idea on its way was marked as having gone it, and its version.
func (s *Ideas) marked(ctx context.Context, m mover) (marked bool, version int64, err error) {
	idea, err := s.Get(ctx, m.Idea)
	if err != nil {
		return false, 0, err
	}
	there := idea.State.Into == m.parent
	return there == (m.Stage == joining), idea.Version, nil
}

// tell gives the ideas of a group its answers, and has those who gave them told.
func (s *Ideas) tell(ctx context.Context, root resource.Stored[Idea]) error {
	revision := root.State.Revision
	told := map[string]bool{}
	var answered []resource.Stored[Idea]
	if root.State.Told < revision {
		answered = append(answered, root)
	}
	for _, m := range root.State.Merged() {
		if m.Told >= revision {
			continue
		}
		idea, err := s.change(ctx, own, m.Idea, nil, "idea.answered", func(i *Idea) error {
			if i.Into != "" && i.Revision < revision {
				i.Answers, i.Revision, i.Told = root.State.Answers, revision, revision
				i.say("%s, into which it was merged, was answered", IdeaName(root.ID))
			}
			return nil
		})
		if err != nil {
			return err
		}
		told[m.Idea] = true
		answered = append(answered, idea)
	}
	var tellings []Telling
	for _, idea := range answered {
		written, err := s.deliver(ctx, idea, revision)
		if err != nil {
			return err
		}
		if written {
			tellings = append(tellings, Telling{idea.ID, idea.State.Giver, revision, s.now()})
		}
	}
	_, err := s.change(ctx, own, root.ID, nil, "idea.told", func(i *Idea) error {
		i.Told = max(i.Told, revision)
		i.Group = i.telling(revision, told)
		for _, t := range tellings {
			i.tellings(t)
		}
		i.say("%s", toldWords(len(tellings), len(answered)))
		return nil
	})
	return err
}

// toldWords says how many of those who gave ideas were written to.
func toldWords(written, givers int) string {
	switch written {
	case givers:
		return "those who gave it were told"
	case 0:
		return "nobody was written to: no contact gave it"
	}
	return fmt.Sprintf("%d of the %d who gave it were told: no contact gave the rest", written, givers)
}

// deliver hands over what whoever gave an idea is told of its answers, once for each
// revision of them, and says whether there was somebody to write to.
func (s *Ideas) deliver(ctx context.Context, idea resource.Stored[Idea], revision int64) (bool, error) {
	report, err := s.reportOne(ctx, idea)
	if err != nil {
		return false, err
	}
	page, err := report.HTML()
	if err != nil {
		return false, err
	}
	return s.delivery.Put(ctx, Message{ID: fmt.Sprintf("%s/%d", IdeaName(idea.ID), revision), To: idea.State.Giver, Idea: idea.ID,
		Subject: report.Title, Text: report.Markdown(), HTML: page})
}
