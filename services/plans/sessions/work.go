package sessions

import (
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Work says what relationship work an event of the store's feed tells of: a session that was
// answered, one piece of work however many accounts came; its contacts are those of the
// first. It is nil for all others, and for a session to which nobody came.
func Work(e docstore.FeedEvent) (*feeds.Work, error) {
	id, mine := strings.CutPrefix(e.Source, Collection+"/")
	if !mine || e.Type != "strategy_session."+string(Answering) {
		return nil, nil
	}
	var s Session
	if err := bson.Unmarshal(e.Data, &s); err != nil {
		return nil, fmt.Errorf("read %s of the feed: %w", e.Source, err)
	}
	if s.Decision == nil || len(s.History) == 0 {
		return nil, fmt.Errorf("%s was answered without a decision", e.Source)
	}
	w := &feeds.Work{Name: Name(id), Kind: "session", Title: s.Title, Persons: []string{s.Owner},
		Completed: s.History[len(s.History)-1].At, Recorder: s.Decision.Recorder,
		Evidence: append([]string{SolicitationName(s.Solicitation)}, s.Decision.Changed...)}
	for _, a := range s.Attendance {
		switch {
		case w.Account == "":
			w.Account = a.Account
		case a.Account != w.Account && !slices.Contains(w.Others, a.Account):
			w.Others = append(w.Others, a.Account)
		}
		if a.Account == w.Account && a.Contact != "" {
			w.Contacts = append(w.Contacts, a.Contact)
		}
	}
	if w.Account == "" {
		return nil, nil
	}
	return w, nil
}
