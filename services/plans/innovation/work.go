package innovation

import (
	"fmt"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// The events after which a completion counts, or does not count any more.
const (
	confirmed = "innovation_project.confirmed"
	withdrawn = "innovation_project.confirmation_withdrawn"
)

// Work says what relationship work an event of the store's feed tells of: for each account
// that ever confirmed the project's completion, that it did, or that this was taken back.
func Work(e docstore.FeedEvent) ([]feeds.Work, error) {
	id, mine := strings.CutPrefix(e.Source, Kind.Spec.Name+"/")
	if !mine || e.Type != confirmed && e.Type != withdrawn {
		return nil, nil
	}
	var p Project
	if err := bson.Unmarshal(e.Data, &p); err != nil {
		return nil, fmt.Errorf("read %s of the feed: %w", e.Source, err)
	}
	last := map[string]feeds.Work{}
	var order []string
	for _, c := range p.Confirmations {
		if _, known := last[c.Account]; !known {
			order = append(order, c.Account)
		}
		last[c.Account] = feeds.Work{
			Name: names.Join("innovationProjects", id, "accounts", c.Account), About: Name(id), Kind: "project", Account: c.Account, Title: p.Title,
			Persons: []string{p.Lead}, Team: p.Leads, Completed: c.At, Confirmed: true, Recorder: c.By,
			Evidence: []string{c.Evidence}, Contacts: []string{names.Last(c.Contact)}, Withdrawn: c.Withdrawal != nil,
		}
	}
	var works []feeds.Work
	for _, account := range order {
		works = append(works, last[account])
	}
	return works, nil
}
