package tally

import (
	"context"
	"fmt"
	"iter"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Threshold says how often something has to happen within a window to get a review: so
// many times, and to such a share of the accounts. Both have to be reached, so that one
// account alone does not make a rule look unreasonable, nor three times one that
// thousands keep.
type Threshold struct {
	// Count is how many times; at least 1.
	Count int `bson:"count"`
	// Share is of how many of all accounts, in hundredths of a percent, 0 to 10,000; 0
	// does not look at it.
	Share  int    `bson:"share,omitempty"`
	Window Window `bson:"window"`
}

// Check wants a threshold to be one; field is where it stands in the request.
func (t Threshold) Check(field string) error {
	switch {
	case t.Count < 1:
		return fault.Invalid(field+".count", "%d is not at least 1", t.Count)
	case t.Share < 0 || t.Share > 10_000:
		return fault.Invalid(field+".account_share", "is not from 0 %% to 100 %%")
	case !t.Window.Valid():
		return fault.Invalid(field+".window", "%q is not month, quarter or year", t.Window)
	}
	return nil
}

// Figures are what was counted.
type Figures struct {
	// Count is how many times it happened, and Accounts to how many different accounts.
	Count    int `bson:"count"`
	Accounts int `bson:"accounts"`
	// Of is how many accounts there were; 0 where that does not matter, or was not counted.
	Of int `bson:"of,omitempty"`
}

// Reached says whether the figures reach the threshold. Of no accounts nothing is a share.
func (t Threshold) Reached(f Figures) bool {
	return t.mayReach(f) && (t.Share == 0 || f.Of > 0)
}

// mayReach says whether the figures reach the threshold, or would by as few accounts as
// there may be where these were not counted.
func (t Threshold) mayReach(f Figures) bool {
	return f.Count >= t.Count && f.Accounts*10_000 >= t.Share*f.Of
}

// Cause is why a review is opened: what happened too often.
type Cause struct {
	// Subject is the resource name of what is to be reviewed, as houseRules/late-fee.
	Subject   string    `bson:"-"`
	Span      Span      `bson:"span"`
	Threshold Threshold `bson:"threshold"`
	Figures   Figures   `bson:"figures"`
}

// Reviews opens reviews.
type Reviews interface {
	// OpenOnce opens the review of a cause, whom the owner, the id of a principal, has to
	// decide. Where one of the subject was opened for the same window it does nothing. It
	// returns the review's id.
	OpenOnce(ctx context.Context, call resource.Call, cause Cause, owner string) (string, error)
	// Opened returns the id of the review of a subject that was opened for a window;
	// empty where there is none.
	Opened(ctx context.Context, subject string, span Span) (string, error)
}

// Subject is something that is counted.
type Subject struct {
	// Name is its resource name, and Owner the id of the principal who answers for it.
	Name, Owner string
	// Retired says that it was, so that nobody has anything to decide of it any more: it
	// gets no review.
	Retired   bool
	Threshold Threshold
	// Reviews are where it gets its reviews.
	Reviews Reviews
	// Entries are the ids of the accounts to which it happened within a window, once for
	// each time; empty where that was to none.
	Entries func(context.Context, Span) iter.Seq2[string, error]
	// Accounts counts all accounts; it is asked only where the threshold wants a share. It
	// fails while it cannot tell of all, so that they are counted later.
	Accounts func(context.Context) (int, error)
}

// count counts what happened within a window; all accounts only where it happened often
// enough for their number to matter. It returns also to which accounts it happened.
func (s Subject) count(ctx context.Context, span Span) (Figures, map[string]struct{}, error) {
	var f Figures
	seen := map[string]struct{}{}
	for account, err := range s.Entries(ctx, span) {
		if err != nil {
			return f, nil, fmt.Errorf("count %s in %s: %w", s.Name, span.ID, err)
		}
		f.add(account, seen)
	}
	if s.Threshold.Share == 0 || f.Count < s.Threshold.Count {
		return f, seen, nil
	}
	var err error
	if f.Of, err = s.Accounts(ctx); err != nil {
		return f, nil, fmt.Errorf("count all accounts: %w", err)
	}
	return f, seen, nil
}

// add counts what happened to an account; seen is to which it happened before.
func (f *Figures) add(account string, seen map[string]struct{}) {
	f.Count++
	if account != "" {
		seen[account] = struct{}{}
	}
	f.Accounts = len(seen)
}
