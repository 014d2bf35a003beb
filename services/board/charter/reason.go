package charter

import (
	"fmt"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Cause is why an account is not in the pool.
type Cause string

// The causes.
const (
	// NoCustomer says that it is not a customer, or not yet.
	NoCustomer Cause = "no-customer"
	// NotNominated says that nobody put it forward.
	NotNominated Cause = "not-nominated"
	// NoConsent says that no contact agreed, or not for the whole term.
	NoConsent Cause = "no-consent"
	// Serving says that it holds a seat.
	Serving Cause = "serving"
	// CoolingOff says that it left too short a time ago.
	CoolingOff Cause = "cooling-off"
	// TermLimit says that it would serve longer, or oftener, than it may without a pause.
	TermLimit Cause = "term-limit"
	// NoQuota says that the charter has no seats for what it is.
	NoQuota Cause = "no-quota"
	// InConflict says that it is in conflict with a continuing member.
	InConflict Cause = "conflict"
	// QuotaFull says that continuing members fill all seats for what it is.
	QuotaFull Cause = "quota-full"
	// LaterTurn says that all seats go to those who have waited longer.
	LaterTurn Cause = "later-turn"
)

// Passes reports whether an account keeps its place in the line in spite of this
// cause: it lies with others, and passes.
func (c Cause) Passes() bool { return c == InConflict || c == QuotaFull || c == LaterTurn }

// Reason says why an account is not in the pool.
type Reason struct {
	Cause Cause
	// Text is a clause of which the account is the subject: "holds seat 3 until
	// 2029-03-13".
	Text string
	// Member is the continuing member that stands in its way, if it is one.
	Member string
	// Until is the day from which this cause is gone if nothing else changes;
	// civil.Never where only somebody's doing removes it.
	Until civil.Day
}

func reason(cause Cause, until civil.Day, text string, args ...any) *Reason {
	return &Reason{Cause: cause, Text: fmt.Sprintf(text, args...), Until: until}
}

// count writes a number with its noun: "1 term", "2 terms".
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
