package touchpoints

import (
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Work says what relationship work an event of the store's feed tells of: a touchpoint that
// was completed. It is nil for all others, a contact that was not planned among them.
func Work(e docstore.FeedEvent) (*feeds.Work, error) {
	id, mine := strings.CutPrefix(e.Source, Collection+"/")
	if !mine || e.Type != completed {
		return nil, nil
	}
	var t Touchpoint
	if err := bson.Unmarshal(e.Data, &t); err != nil {
		return nil, fmt.Errorf("read %s of the feed: %w", e.Source, err)
	}
	if t.Outcome == nil {
		return nil, fmt.Errorf("%s was completed without an outcome", e.Source)
	}
	w := &feeds.Work{Name: Name(id), Kind: "touchpoint", Account: t.Plan, Persons: []string{t.Owner}, Completed: t.Outcome.At,
		Recorder: t.Outcome.By, Origin: string(t.Origin), Contacts: t.Outcome.Contacts,
		OutcomeDigest: t.Outcome.Digest, OutcomeLength: t.Outcome.Length, Minutes: int64(t.Outcome.Minutes)}
	if t.Outcome.Evidence != "" {
		w.Evidence = []string{t.Outcome.Evidence}
	}
	return w, nil
}
