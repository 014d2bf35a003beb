package reviews

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/services/entitlements/tally"
)

const reviewType = "evenhand/Review"

// The reasons of failures that are this package's own.
const (
	reasonReviewState = "REVIEW_STATE"
	reasonNoWaiver    = "NO_SUCH_WAIVER"
)

// Name returns the resource name of a review.
func Name(id string) string { return "reviews/" + id }

// houseRule returns the id of the house rule that a subject names; false where it names
// something else.
func houseRule(subject string) (string, bool) { return names.ID(subject, "houseRules") }

// verbs are what a subject of a collection has too often had done to it, and what the ids
// of its reviews begin with.
var verbs = map[string]struct{ done, prefix string }{
	"houseRules": {"broken", "house-rule"},
	"clauses":    {"cited", "clause"},
}

// idOf is the id of the review that a subject gets for a window: the same whoever opens
// it, so that it is opened once.
func idOf(subject string, span tally.Span) string {
	collection, id, _ := strings.Cut(subject, "/")
	whole := verbs[collection].prefix + "-" + id + "-" + span.ID
	if len(whole) <= names.MaxID {
		return whole
	}
	sum := sha256.Sum256([]byte(subject))
	return verbs[collection].prefix + "-" + hex.EncodeToString(sum[:16]) + "-" + span.ID
}

// why puts a cause into words.
func why(c tally.Cause) string {
	collection, _, _ := strings.Cut(c.Subject, "/")
	text := fmt.Sprintf("%s %s in %s", verbs[collection].done, times(c.Figures.Count), c.Span.ID)
	wanted := times(c.Threshold.Count)
	if c.Threshold.Share > 0 {
		text += fmt.Sprintf(", by %d of %d accounts", c.Figures.Accounts, c.Figures.Of)
		wanted += fmt.Sprintf(" by %g %% of the accounts", float64(c.Threshold.Share)/100)
	}
	return fmt.Sprintf("It was %s; a review is due at %s a %s.", text, wanted, c.Threshold.Window)
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// stateFault is FAILED_PRECONDITION with REVIEW_STATE about a review.
func stateFault(name, format string, args ...any) error {
	return fault.Precondition(reasonReviewState, name, format, args...).WithResource(reviewType, name)
}
