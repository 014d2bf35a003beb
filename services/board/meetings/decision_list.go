package meetings

import (
	"context"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// DecisionQuery says which decisions to list.
type DecisionQuery struct {
	// Board and Meeting are ids, the meeting's within the board; empty for all.
	Board, Meeting string
	// Owner is the id of the principal that they have to have; nil where any will do.
	Owner *string
	// Keep says whether a decision is wanted; nil wants all.
	Keep func(FollowedUp) bool
	Size int
	// After is the next of an earlier page, or nil.
	After resource.Place
}

// DecisionPage is a part of a list of decisions.
type DecisionPage struct {
	Items []FollowedUp
	// Next is where the next page begins; nil on the last.
	Next resource.Place
}

// decisionScan is how many meetings one page looks through, at most: it can be short, or
// empty, and still have a next one.
const decisionScan = 2000

// decisionPlace is behind a decision in a list: the last meeting of which all decisions
// were looked at, and, of the one after it, how many were.
type decisionPlace struct {
	meeting string
	looked  int64
}

// ListDecisions lists decisions by their meetings' ids, then in the order in which they
// were recorded: NOT_FOUND for the board and for the meeting.
func (s *Meetings) ListDecisions(ctx context.Context, q DecisionQuery) (DecisionPage, error) {
	if err := s.checkParent(ctx, q); err != nil {
		return DecisionPage{}, err
	}
	place := readPlace(q.After)
	var page DecisionPage
	scanned := 0
	for m, err := range s.table.All(ctx, q.query(place.meeting)) {
		if err != nil {
			return DecisionPage{}, err
		}
		if !q.covers(m) {
			place = decisionPlace{m.ID, 0}
			continue
		}
		for _, d := range m.State.Decisions[min(int(place.looked), len(m.State.Decisions)):] {
			if len(page.Items) == q.Size {
				page.Next = resource.Place{place.meeting, place.looked}
				return page, nil
			}
			place.looked++
			if item := s.followedUp(m, d); q.wants(item) {
				page.Items = append(page.Items, item)
			}
		}
		place = decisionPlace{m.ID, 0}
		if scanned++; scanned == decisionScan {
			page.Next = resource.Place{place.meeting, place.looked}
			return page, nil
		}
	}
	return page, nil
}

func (s *Meetings) checkParent(ctx context.Context, q DecisionQuery) error {
	if q.Board != "" {
		if _, err := s.boards.Board(ctx, q.Board); err != nil {
			return err
		}
	}
	if q.Board != "" && q.Meeting != "" {
		_, err := s.Get(ctx, ID(q.Board, q.Meeting))
		return err
	}
	return nil
}

// query is of the meetings to look through, behind one of them, by id.
func (q DecisionQuery) query(after string) docstore.Query {
	var out docstore.Query
	switch {
	case q.Owner != nil && *q.Owner != "":
		out.Index, out.Equal = byOwner, []any{*q.Owner}
	case q.Board != "" && q.Meeting != "": // " " comes before all that an id has
		out.From, out.To = ID(q.Board, q.Meeting), ID(q.Board, q.Meeting)+" "
	case q.Board != "":
		// "." follows "/" in no id, and "0" comes right behind "/".
		out.From, out.To = q.Board+"/", q.Board+"0"
	}
	if after != "" {
		out.After = []any{after}
	}
	return out
}

// covers says whether a meeting is one of those asked for.
func (q DecisionQuery) covers(m resource.Stored[Meeting]) bool {
	return (q.Board == "" || m.State.Board == q.Board) && (q.Meeting == "" || names.Last(m.ID) == q.Meeting)
}

func (q DecisionQuery) wants(d FollowedUp) bool {
	return (q.Owner == nil || d.Owner == *q.Owner) && (q.Keep == nil || q.Keep(d))
}

func readPlace(p resource.Place) (place decisionPlace) {
	if len(p) == 2 {
		place.meeting, _ = p[0].(string)
		place.looked, _ = p[1].(int64)
	}
	return place
}
