package feeds

import (
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Service is a service whose feed is followed.
type Service string

// The services whose feeds are followed.
const (
	Accounts     Service = "accounts"
	Entitlements Service = "entitlements"
	Board        Service = "board"
	// Own is the feed of this very service.
	Own Service = "plans"
)

// Batch is a run of changes of one feed, in its order.
type Batch struct {
	Changes []Change
	// Position is that of the last change, also of one that does not concern this service;
	// 0 where nothing changed.
	Position int64
	// Resume goes on behind these changes.
	Resume string
	// Recorded is when the feed took the last change.
	Recorded time.Time
}

// Change is what happened at a position of a feed. At most one of the states is set, and
// none where the change does not concern this service.
type Change struct {
	Service Service
	// Position counts from 1 without gaps.
	Position int64
	// Type is what happened, as account.updated; Name is the resource's, where it is told.
	Type, Name string
	// At is when it happened, by its service's clock; Recorded when the feed took it, which
	// never goes backwards along a feed.
	At, Recorded time.Time
	// Principal is the name of the one on whose behalf it was made, or empty.
	Principal string

	Company  *Company
	Account  *Account
	Revenue  *Revenue
	Usage    *Usage
	Case     *Case
	Breach   *Breach
	Citation *Citation
	Review   *Review
	// ScheduleVersion is the number of a version of the schedule that was published; its
	// content is read at entitlements. InForce is when it comes into force, which may be ahead.
	ScheduleVersion string
	InForce         time.Time
	Terms           []Term
	Idea            *Idea
	Solicitation    *Solicitation
	Work            *Work
	// Plan is the id of the account whose relationship plan changed.
	Plan string
}

// Company is what the company settled for all services.
type Company struct {
	// Name is what people call it; empty where nobody said.
	Name string `bson:"name,omitempty"`
	// Currency is the reporting currency (ISO 4217), and Zone the IANA time zone; empty while
	// there is none.
	Currency string `bson:"currency,omitempty"`
	Zone     string `bson:"zone,omitempty"`
}

// AccountState says where an account stands.
type AccountState string

// The states of an account.
const (
	Prospect AccountState = "prospect"
	Active   AccountState = "active"
	Closed   AccountState = "closed"
)

// Account is what this service keeps of an account.
type Account struct {
	ID          string       `bson:"-"`
	DisplayName string       `bson:"display_name"`
	State       AccountState `bson:"state"`
	// Joined is the day it became a customer, civil.Never where none is given; Closed the
	// day from which it is none any more, civil.Never where it is open.
	Joined civil.Day `bson:"joined"`
	Closed civil.Day `bson:"closed"`
	// Owner is the id of the account manager, or empty; Team are those of the service team.
	Owner      string            `bson:"owner,omitempty"`
	Team       []string          `bson:"team,omitempty"`
	Attributes map[string]string `bson:"attributes,omitempty"`
}

// Ends returns the day from which the account is no customer any more, which may be ahead:
// civil.Never of one that is open, and 0 where it was closed and the day is not known.
func (a *Account) Ends() civil.Day {
	switch {
	case a.State != Closed:
		return civil.Never
	case a.Closed == civil.Never:
		return 0
	}
	return a.Closed
}

// Assigned says whether a principal, by its id, owns the account or serves it.
func (a *Account) Assigned(principal string) bool {
	if principal == "" {
		return false
	}
	if a.Owner == principal {
		return true
	}
	for _, member := range a.Team {
		if member == principal {
			return true
		}
	}
	return false
}

// Revenue is what was recorded together in the ledger of revenue, column by column: entry
// i concerns Accounts[Index[i]], counts on Days[i] and is Minor[i].
type Revenue struct {
	// Chunk is where it stands in the ledger.
	Chunk    string
	Accounts []string
	Index    []uint32
	Days     []int32 // days since 1970-01-01
	Minor    []int64 // minor units of the reporting currency
}

// UsageType says what an entry of the ledger of usage records.
type UsageType string

// The types of usage entry. Units of used and committed entries were used; those of
// released ones came back.
const (
	Used      UsageType = "used"
	Reserved  UsageType = "reserved"
	Committed UsageType = "committed"
	Cancelled UsageType = "cancelled"
	Expired   UsageType = "expired"
	Released  UsageType = "released"
)

// Usage is an entry of the ledger of benefits used.
type Usage struct {
	// Name is the entry's resource name.
	Name             string
	Account, Benefit string
	Type             UsageType
	Units            int64
	// Origin is asked-for, offered or automatic; empty where units came back.
	Origin string
	Day    civil.Day
	// About is the name of the reservation or entry that it ends or takes back.
	About string
	// Rule and Version say by what the benefit was held: the id of the rule, and the version
	// of the schedule that it stands in.
	Rule, Version string
}

// Clock is one commitment's clock of a case.
type Clock struct {
	// Commitment is the id of the commitment in the schedule.
	Commitment string
	// Started is when it began, Due when its time is over, zero while it stands still;
	// Stopped is when it was stopped, zero while it was not.
	Started, Due, Stopped time.Time
	// Breached says that it was not stopped in time, stopped since or not; Moot that it was
	// stopped without its event, which cannot come any more.
	Breached, Moot bool
}

// Case is a customer's problem as it is from a change on.
type Case struct {
	// Name is the case's resource name.
	Name    string
	Account string
	Issue   string
	// Resolved says that it is, at Ended.
	Resolved      bool
	Opened, Ended time.Time
	Clocks        []Clock
	// Remedy is the id of what was done about it; empty where nothing was, or it is not
	// resolved.
	Remedy string
}

// Breach is a break of a house rule by a customer.
type Breach struct {
	Name, Account, HouseRule string
	Day                      civil.Day
	// Waived says that the rule did not apply, by the benefit of that id.
	Waived  bool
	Benefit string
}

// Citation is one time that a clause of a contract had to be cited to a customer.
type Citation struct {
	// Clause and Account are ids; Account is empty where that was not said.
	Clause, Account string
	Day             civil.Day
}

// Review is the review of a house rule or a contract clause as it is from a change on.
type Review struct {
	Name, Subject string
	Open          bool
	Due           civil.Day
}

// Term is a term on an advisory board as it is from a change on.
type Term struct {
	Name, Board, Account, Contact string
	Start, PlannedEnd             civil.Day
	// End is the day on which it ended, civil.Never while it runs.
	End civil.Day
}

// Idea is an idea of a customer as it is from a change on.
type Idea struct {
	Name, Account, Contact, Solicitation, Board string
	Title                                       string
	// Given is the day on which it was given.
	Given civil.Day
	// Outcome is what the company decided; empty while it is undecided. Decided is when.
	Outcome Outcome
	Decided time.Time
	// MergedInto is the name of the idea whose answer it shares, or empty.
	MergedInto string
	// Merged are the ideas that share its answer, at whatever depth.
	Merged []MergedIdea
}

// Outcome is what the company decided about an idea.
type Outcome string

// The outcomes.
const (
	Adopted      Outcome = "adopted"
	Tried        Outcome = "tried"
	Declined     Outcome = "declined"
	AlreadyThere Outcome = "already-there"
)

// MergedIdea is an idea that was merged into another.
type MergedIdea struct {
	// Name is the idea's resource name, Account the id of the account whose it is.
	Name, Account, Title string
	// At is when it came to share the answer, where the other was answered by then; zero where
	// nobody said.
	At time.Time
}

// Solicitation is a question put to customers as it is from a change on.
type Solicitation struct {
	Name, State string
	// Withdrawal says why it was withdrawn; empty where it was not.
	Withdrawal string
}

// Work is a piece of relationship work that this service saw completed, or taken back.
type Work struct {
	// Name is the resource name of what was done, which is its evidence; or a name that tells
	// parts of that apart, as what was done for each of several accounts, or each entry of
	// hours. Then About is the resource name.
	Name, About string
	// Kind is touchpoint, engagement, project, session or goal; or hours, for a line of the hours
	// of an engagement, whatever becomes of that.
	Kind    string
	Account string
	// Others are the ids of the accounts that share it, as an innovation project's.
	Others []string
	// Title is what it is called, in a few words of our own people.
	Title string
	// Persons are the ids of those who did it; Team are those who share in it.
	Persons, Team []string
	Completed     time.Time
	// Recorder is the resource name of who wrote down that it was done.
	Recorder string
	// Confirmed says that the customer confirmed it; Rating is what the customer gave it, 1 to
	// 5, and 0 where none was given. HeardBy is the resource name of who wrote that down; it
	// is Recorder where it is empty.
	Confirmed bool
	Rating    int
	HeardBy   string
	// Evidence names what shows it.
	Evidence []string
	// Origin says how it came to be planned, as cadence or suggestion.
	Origin   string
	Contacts []string
	// OutcomeDigest is a salted digest of what was written of the outcome, and OutcomeLength
	// its length in characters: enough to find texts repeated word for word.
	OutcomeDigest string
	OutcomeLength int
	// Minutes is the time that our people gave; below 0 for hours that are taken back. Day is
	// the day of hours, which have no instant.
	Minutes int64
	Day     civil.Day
	// Withdrawn says that it does not count any more.
	Withdrawn bool
	// Missed says that it was due at Completed and did not take place, as a touchpoint that
	// was skipped. It is Withdrawn too.
	Missed bool
}
