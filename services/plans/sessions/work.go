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
// answered, with those accounts that came. It is nil for all others, and for a session to
// which nobody came.
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
	var accounts []string
	for _, a := range s.Attendance {
		if !slices.Contains(accounts, a.Account) {
			accounts = append(accounts, a.Account)
		}
		if a.Contact != "" {
			w.Contacts = append(w.Contacts, ContactName(a.Account, a.Contact))
		}
	}
	if len(accounts) == 0 {
		return nil, nil
	}
	w.Account, w.Others = accounts[0], accounts[1:]
	return w, nil
}
