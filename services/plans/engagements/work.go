package engagements

import (
	"fmt"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Work says what relationship work an event of the store's feed tells of: hours that were
// recorded or taken back, whatever becomes of their engagement; and an engagement
// that was completed, also where what the customer said of it, or its hours, came later. It
// is the work of those who were on it to the end, and of others of whom hours stand: not of
// who was on it once and did nothing.
func Work(e docstore.FeedEvent) ([]feeds.Work, error) {
	id, mine := strings.CutPrefix(e.Source, Kind.Spec.Name+"/")
	if !mine || len(e.Data) == 0 {
		return nil, nil
	}
	var state Engagement
	if err := bson.Unmarshal(e.Data, &state); err != nil {
		return nil, fmt.Errorf("read %s of the feed: %w", e.Source, err)
	}
	var works []feeds.Work
	if e.Type == hoursRecorded {
		works = state.worked(id)
	}
	if state.State != Completed {
		return works, nil
	}
	w := feeds.Work{Name: Name(id), Kind: "engagement", Account: state.Account, Title: state.Title, Completed: state.Finished,
		Persons: sorted(slices.Concat(state.Experts, state.Workers)), Team: state.Team,
		Confirmed: state.Confirmed(), Recorder: state.Completer, Origin: string(state.Origin), Minutes: int64(state.Worked), OutcomeLength: len([]rune(state.Outcome))}
	if last := state.lastHeard(); last != nil {
		w.Rating, w.HeardBy, w.Contacts = last.Rating, last.By, []string{names.Last(last.Contact)}
	}
	return append(works, w), nil
}

// worked is the entry of hours that the event of its recording tells.
func (e *Engagement) worked(id string) []feeds.Work {
	for _, h := range e.Hours {
		if h.Number == e.Touched {
			return []feeds.Work{{Name: HoursName(id, h.Number), About: Name(id), Kind: "hours", Account: e.Account, Title: e.Title,
				Persons: []string{h.Person}, Recorder: h.By, Minutes: int64(h.Minutes), Day: h.Day}}
		}
	}
	return nil
}
