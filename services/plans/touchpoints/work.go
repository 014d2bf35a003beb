package touchpoints

import (
	"cmp"
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Work says what relationship work an event of the store's feed tells of: a touchpoint that
// was completed, or was missed. It is nil for all others, a contact that was not planned
// among them.
func Work(e docstore.FeedEvent) (*feeds.Work, error) {
	id, mine := strings.CutPrefix(e.Source, Collection+"/")
	if !mine || e.Type != completed && e.Type != skipped && e.Type != withdrawn {
		return nil, nil
	}
	var t Touchpoint
	if err := bson.Unmarshal(e.Data, &t); err != nil {
		return nil, fmt.Errorf("read %s of the feed: %w", e.Source, err)
	}
	if e.Type != completed {
		missed, err := t.missed()
		if err != nil || !missed {
			return nil, err
		}
		return &feeds.Work{Name: Name(id), Kind: workKind, Account: t.Plan, Persons: []string{t.Owner}, Completed: t.Due,
			Recorder: t.EndedBy, Origin: string(t.Origin), Withdrawn: true, Missed: true}, nil
	}
	if t.Outcome == nil {
		return nil, fmt.Errorf("%s was completed without an outcome", e.Source)
	}
	w := &feeds.Work{Name: Name(id), Kind: workKind, Account: t.Plan, Persons: []string{cmp.Or(t.Outcome.Holder, t.Owner)}, Team: t.Outcome.Team,
		Completed: t.Outcome.At, Recorder: t.Outcome.By, Origin: string(t.Origin), Contacts: t.Outcome.Contacts,
		OutcomeDigest: t.Outcome.Digest, OutcomeLength: t.Outcome.Length, Minutes: int64(t.Outcome.Minutes)}
	if t.Outcome.Evidence != "" {
		w.Evidence = []string{t.Outcome.Evidence}
	}
	return w, nil
}

// workKind is the kind of work that touchpoints are.
const workKind = "touchpoint"

// missed says whether a contact that was planned did not take place when it was due: somebody
// skipped it, or what it came from ended after that day. Invitations to sessions are skipped
// where the session is called off, and are not owed then.
func (t *Touchpoint) missed() (bool, error) {
	switch {
	case t.State == Skipped:
		return t.Origin != OfSession, nil
	case t.State != Withdrawn, t.Closing != 0: // nothing is owed to who is no customer then
		return false, nil
	}
	zone, err := civil.LoadZone(t.Zone)
	if err != nil {
		return false, fmt.Errorf("the zone of a touchpoint of %s: %w", plans.Name(t.Plan), err)
	}
	return t.DueDay < zone.DayOf(t.Ended), nil
}
