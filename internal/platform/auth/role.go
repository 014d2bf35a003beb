package auth

import "slices"

// Role is what a principal was given; its permissions follow from it alone.
type Role string

// The roles, named as in evenhand.accounts.v1.Role without its prefix, in lower case
// and with dashes.
const (
	Viewer         Role = "viewer"
	ServiceAgent   Role = "service-agent"
	AccountManager Role = "account-manager"
	PolicyAuthor   Role = "policy-author"
	PolicyApprover Role = "policy-approver"
	BoardSecretary Role = "board-secretary"
	Auditor        Role = "auditor"
	Admin          Role = "admin"
	Service        Role = "service"
)

// Scope is for which accounts, boards or solicitations a permission holds.
type Scope uint8

// The scopes, from the narrowest.
const (
	// None: the permission is not held.
	None Scope = iota
	// Assigned: it is held for the accounts whose owner or service team the
	// principal is, the boards it manages, or the solicitations it owns. The handler
	// checks that.
	Assigned
	// All: it is held for all of them.
	All
)

// reads is what everybody sees who may see what customers spend.
var reads = []string{
	"accounts.read", "boards.read", "calendars.read", "company.read", "contacts.read", "entitlements.check",
	"entitlements.holders", "ideas.read", "imports.read", "meetings.read", "revenue.read", "schedule.read", "self.read",
	"solicitations.read", "spend.read",
}

// advises is what all staff may do who serve customers or make policy: pass on what
// customers say, and answer what they themselves have asked for.
var advises = []string{"ideas.decide:assigned", "ideas.submit", "solicitations.update:assigned"}

// works is what all staff may do who also see what customers spend. Whoever holds a part
// of the seed of a draw reveals it; the handler checks that the record names them.
var works = with(with(reads, "rotations.reveal"), advises...)

// grants is the whole of what roles may do. A permission is that of an RPC's access
// option; with `:assigned` it holds for assigned accounts or boards, or own solicitations, only.
//
// A service agent is blind to spend and to all that tells it: no revenue, no spend, no
// holders, no imports (their totals), and no schedule, whose rules would tell it from
// the benefits. It may check entitlements, in the redacted form (Principal.SpendBlind).
//
// A service (machine) may adopt the company's currency and zone because publishing a
// first schedule sets these, and read principals because a version says whether anybody
// else was there to approve it. It changes nothing else of company, rates or people.
var grants = map[Role][]string{
	Viewer: reads,
	ServiceAgent: with(advises, "accounts.read", "boards.read", "calendars.read", "company.read", "contacts.read",
		"entitlements.check", "ideas.read", "meetings.read", "self.read", "solicitations.read"),
	AccountManager: with(works, "accounts.update:assigned", "boards.schedule:assigned", "calendars.update:assigned",
		"candidates.update", "contacts.update:assigned", "meetings.update:assigned", "solicitations.update"),
	PolicyAuthor:   with(works, "solicitations.update"),
	PolicyApprover: with(works, "schedule.publish"),
	BoardSecretary: with(works, "boards.schedule", "boards.update", "calendars.update", "candidates.update", "draws.read",
		"ideas.decide", "meetings.update", "rotations.draw", "rotations.run", "solicitations.update"),
	Auditor: with(reads, "changes.watch", "draws.read", "principals.read", "reach.read", "rotations.reveal"),
	Admin: with(reads, "accounts.create", "accounts.declare", "accounts.import", "accounts.update", "boards.schedule",
		"boards.update", "calendars.update", "candidates.update", "changes.watch", "company.adopt", "company.update",
		"contacts.update", "draws.read", "ideas.decide", "ideas.submit", "meetings.update", "principals.read",
		"principals.update", "projections.rebuild", "reach.read", "reach.update", "revenue.create", "revenue.import",
		"rotations.draw", "rotations.reveal", "rotations.run", "schedule.publish", "solicitations.update",
		"tokens.authenticate"),
	Service: with(reads, "accounts.create", "accounts.declare", "accounts.import", "changes.watch",
		"company.adopt", "ideas.submit", "principals.read", "revenue.create", "revenue.import", "tokens.authenticate"),
}

func with(base []string, more ...string) []string {
	return slices.Concat(base, more)
}

// Roles returns all roles, sorted.
func Roles() []Role {
	all := make([]Role, 0, len(grants))
	for r := range grants {
		all = append(all, r)
	}
	slices.Sort(all)
	return all
}
