package advice

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// The lock: while a solicitation is past its decision date with ideas undecided, none of
// its keys lets another solicitation open. Its keys are its audience's, and one of each
// principal who has owned it since it was opened. Its date is the earliest that was
// published. So neither handing it over nor putting it off lifts the lock; deciding the
// ideas does.
//
// What locks a key is found by reading the solicitations and their ideas. That nothing
// comes to lock it between the reading and the opening is kept by a fence for each key:
// opening passes the fence, which is a write of its document in the same step as the
// reading; whatever may newly lock a key raises its fence after it was written, which
// makes an opening under way read again. There is nothing to clean up: a fence only
// counts.

// fence is the body of a key's document.
type fence struct {
	Count int64 `bson:"count"`
}

// blocker is a solicitation that has to be answered first.
type blocker struct {
	id        string
	due       civil.Day
	undecided int
	// of says whose or to whom it is, as "of principals/anna".
	of []string
}

// blockers returns the solicitations that lock any of the keys, except one, by id.
func (s *Solicitations) blockers(ctx context.Context, except string, keys []string, today civil.Day) ([]blocker, error) {
	values := make([]any, len(keys))
	for i, key := range keys {
		values[i] = key
	}
	found, err := s.table.Lookup(ctx, "locks", values...)
	if err != nil {
		return nil, fmt.Errorf("find unanswered solicitations: %w", err)
	}
	slices.SortFunc(found, func(a, b resource.Stored[Solicitation]) int { return strings.Compare(a.ID, b.ID) })
	var list []blocker
	for _, n := range found {
		if n.ID == except || !n.State.Late(today) {
			continue
		}
		undecided, err := s.ideas.undecided(ctx, n.ID)
		if err != nil {
			return nil, err
		}
		if undecided == 0 {
			continue
		}
		b := blocker{id: n.ID, due: n.State.Due, undecided: undecided}
		for _, key := range n.State.Locks {
			if slices.Contains(keys, key) {
				b.of = append(b.of, lockWords(key, n.State))
			}
		}
		list = append(list, b)
	}
	return list, nil
}

// lockWords says what a key stands for.
func lockWords(key string, n Solicitation) string {
	if owner, ok := strings.CutPrefix(key, "owner/"); ok {
		if owner != n.Owner {
			return "once of principals/" + owner
		}
		return "of principals/" + owner
	}
	if account, ok := strings.CutPrefix(key, "account/"); ok {
		return "to accounts/" + account
	}
	return "to " + n.Audience.Words()
}

// unlocked refuses while any of the keys is locked, naming all that has to be answered.
func (s *Solicitations) unlocked(ctx context.Context, id string, keys []string, today civil.Day) error {
	found, err := s.blockers(ctx, id, keys, today)
	if err != nil || len(found) == 0 {
		return err
	}
	name := SolicitationName(id)
	told := fault.New(fault.FailedPrecondition, reasonUnanswered, "").WithResource(solicitationType, name)
	var parts []string
	for _, b := range found {
		part := fmt.Sprintf("%s (%s; decision due %s) has %s", SolicitationName(b.id), strings.Join(b.of, ", "), b.due, ideasUndecided(b.undecided))
		parts = append(parts, part)
		told = told.WithCondition(reasonUnanswered, SolicitationName(b.id), "%s: decide them before %s opens", part, name)
	}
	return told.Saying("%s cannot open before earlier advice is answered: %s. Decide these ideas first.", name, strings.Join(parts, "; "))
}

func ideasUndecided(n int) string {
	if n == 1 {
		return "1 idea undecided"
	}
	return fmt.Sprintf("%d ideas undecided", n)
}

// pass passes the fences of the keys while each is unlocked.
func (s *Solicitations) pass(ctx context.Context, id string, keys []string, today civil.Day) error {
	for _, key := range slices.Sorted(slices.Values(keys)) {
		if _, err := s.fences.Upsert(ctx, key, func(d *docstore.Doc[fence]) error {
			d.Body.Count++
			return s.unlocked(ctx, id, []string{key}, today)
		}); err != nil {
			return fmt.Errorf("pass the fence of %s: %w", key, err)
		}
	}
	return nil
}

// raise makes those who are about to pass the fences of the keys look again.
func (s *Solicitations) raise(ctx context.Context, keys ...string) error {
	for _, key := range keys {
		if _, err := s.fences.Upsert(ctx, key, func(d *docstore.Doc[fence]) error {
			d.Body.Count++
			return nil
		}); err != nil {
			return fmt.Errorf("raise the fence of %s: %w", key, err)
		}
	}
	return nil
}
