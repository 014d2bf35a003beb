package entitlements

import (
	"context"
	"errors"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// Source is what this service needs of the accounts service. Errors of that service
// that are not named here are passed on to callers as they are.
type Source interface {
	// Watch calls apply with everything that follows a resume token, in the feed's
	// order, and then with what comes, until ctx ends or apply fails. The empty token
	// means the beginning. ErrFeedTrimmed where the feed does not reach back so far.
	Watch(ctx context.Context, resume string, apply func(Batch) error) error
	// Head returns the feed's last position, after waiting until all that was
	// acknowledged before the call is in the feed.
	Head(ctx context.Context) (int64, error)
	// Locate returns the position of the write that a consistency token names, or
	// ErrNotYet where it is not in the feed yet.
	Locate(ctx context.Context, token string) (int64, error)
	// Settings returns the company's settings.
	Settings(ctx context.Context) (Settings, error)
	// AdoptSettings sets the company's currency and zone where it has none.
	AdoptSettings(ctx context.Context, currency, zone string) error
	// OtherApprovers says whether an enabled person other than this principal may
	// publish schedules.
	OtherApprovers(ctx context.Context, principal string) (bool, error)
}

// BoardSource is what this service needs of the board service.
type BoardSource interface {
	// WatchTerms calls apply with everything that follows a resume token, in the feed's
	// order, and then with what comes, until ctx ends or apply fails. The empty token
	// means the beginning. ErrFeedTrimmed where the feed does not reach back so far.
	WatchTerms(ctx context.Context, resume string, apply func(TermBatch) error) error
}

// PlansSource is what this service needs of the plans service.
type PlansSource interface {
	// WatchProjects calls apply with everything that follows a resume token, in the feed's
	// order, and then with what comes, until ctx ends or apply fails. The empty token
	// means the beginning. ErrFeedTrimmed where the feed does not reach back so far.
	WatchProjects(ctx context.Context, resume string, apply func(ProjectBatch) error) error
}

// ProgrammeSource is what this service needs of the programmes in its store.
type ProgrammeSource interface {
	// Published returns the ids of all programmes that were published, ascending, as this
	// process knows them: at once those it published itself, those of others within a second.
	Published() []string
	// Enrolments returns the places of accounts as this process knows them: at once those
	// it gave itself, those of others within a second.
	Enrolments() *decision.Enrolments
}

// TermBatch is a run of changes of the board's feed: those of terms.
type TermBatch = FeedBatch[TermChange]

// ProjectBatch is a run of changes of the plans' feed: those of innovation projects.
type ProjectBatch = FeedBatch[ProjectChange]

// TermChange is a term on an advisory board as it is from then on.
type TermChange struct {
	Position int64
	// ID is unique over all boards.
	ID      string
	Account string
	// Starts is the first day; Ends is the first day after the term: the day on which it
	// ended, else the day on which it is planned to.
	Starts, Ends civil.Day
	// CutShort says that the member left before, so that the term does not count.
	CutShort bool
	// Told is when the feed recorded the change.
	Told time.Time
}

// ProjectChange is what customers have confirmed of an innovation project, as it is from
// then on.
type ProjectChange struct {
	Position int64
	// ID is unique.
	ID            string
	Confirmations []Confirmation
	// Told is when the feed recorded the change.
	Told time.Time
}

// Confirmation is an account's word that a project is completed.
type Confirmation struct {
	Account string
	// From is the day on which it was confirmed; To is the day on which that was withdrawn,
	// civil.Never while it stands.
	From, To civil.Day
}

var (
	// ErrFeedTrimmed says that a feed no longer goes back to where this copy stands.
	ErrFeedTrimmed = errors.New("the feed no longer reaches back to where this copy stands")
	// ErrNotYet says that a write is acknowledged but not in the feed yet.
	ErrNotYet = errors.New("the write is not in the feed yet")
)

// Batch is a run of changes in the feed's order.
type Batch struct {
	Changes []Change
	// Resume goes on behind these changes.
	Resume string
}

// Change is what happened at a position of the feed; at most one of its parts is
// set, and none where it does not concern entitlements.
type Change struct {
	// Position counts from 1 without gaps.
	Position int64
	Account  *AccountChange
	Revenue  *RevenueChange
	Company  *Settings
}

// AccountChange is an account as it is from then on.
type AccountChange struct {
	ID     string
	State  State
	Joined civil.Day // civil.Never where no day is given
	Closed civil.Day // civil.Never where it is open
	Parent string    // id of the account above it, or ""
}

// RevenueChange is revenue that was recorded together, column by column: entry i
// concerns Accounts[Index[i]], counts on Days[i] and is Minor[i].
type RevenueChange struct {
	Accounts []string
	Index    []uint32
	Days     []int32 // days since 1970-01-01
	Minor    []int64 // minor units of the reporting currency
}

// State says where an account stands.
type State uint8

// The states of an account. An account is Unannounced while only its revenue has
// come along the feed: it is then not known to callers.
const (
	Unannounced State = iota
	Prospect
	Active
	Closed
)

// Settings are those of the company that bear on entitlements.
type Settings struct {
	Currency string // ISO 4217, or "" while there is none
	// LedgerCurrency is that of all entries while there is no currency; "" while there are
	// no entries either.
	LedgerCurrency string
	Zone           string // IANA, or "" while there is none
	FiscalMonth    int    // in which the fiscal year begins, 1 to 12; 0 means 1
	FiscalDay      int    // day of that month, 1 to 31; 0 means 1
}
