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

// Scope is for which accounts, boards, solicitations, reviews or requests a permission holds.
type Scope uint8

// The scopes, from the narrowest.
const (
	// None: the permission is not held.
	None Scope = iota
	// Assigned: it is held for the accounts whose owner or service team the
	// principal is, the boards it manages, or the solicitations, reviews and requests
	// that are its own. The handler checks that.
	Assigned
	// All: it is held for all of them.
	All
)

// reads is what everybody sees who may see what customers spend.
var reads = []string{
	"accounts.read", "acknowledgements.read", "bands.read", "boards.read", "calendars.read", "cases.read", "clauses.read",
	"company.read", "contacts.read", "costs.read", "drafts.read", "engagements.read", "entitlements.check", "entitlements.holders",
	"houserules.read", "ideas.read", "imports.read", "lotteries.read", "meetings.read", "parity.read", "plans.read", "programmes.read",
	"projects.read", "remedies.read", "requests.read", "revenue.read", "reviews.read", "schedule.read", "self.read",
	"sessions.read", "signals.read", "solicitations.read", "spend.read", "statements.read", "usage.read",
}

// readers is that, for people: whoever may read plans may have what is due for them in a
// calendar program, at an address of their own.
var readers = with(reads, "plancalendars.update:assigned")

// advises is what all staff may do who serve customers or make policy: pass on what
// customers say, answer what they themselves have asked for, and say that they know what
// everybody is promised.
var advises = []string{
	"baseline.acknowledge", "breaches.record", "citations.record", "engagements.request", "ideas.decide:assigned", "ideas.submit",
	"requests.create", "reviews.update:assigned", "solicitations.update:assigned",
}

// works is what all staff may do who also see what customers spend. Whoever holds a part
// of the seed of a draw reveals it; the handler checks that the record names them. Points
// for relationship work everybody reads of themselves.
var works = with(with(readers, "rewards.read:assigned", "rotations.reveal"), advises...)

// grants is the whole of what roles may do. A permission is that of an RPC's access
// option; with `:assigned` it holds for assigned accounts or boards, or what is one's own, only.
//
// A service agent is blind to spend and to all that tells it: no revenue, no spend, no
// holders, no imports (their totals), no bands, no costs, no audits, and no schedule or
// draft of one, whose rules would tell it from the benefits. It may check entitlements, in the redacted form (Principal.SpendBlind).
//
// A service (machine) may adopt the company's currency and zone because publishing a
// first schedule sets these, and read principals because a version says whether anybody
// else was there to approve it; it reads reach because audits of treatment compare by
// it; it runs lotteries because programmes are drawn by them, and asks questions because
// strategy sessions do. It changes nothing else of company, rates or people.
var grants = map[Role][]string{
	Viewer: readers,
	ServiceAgent: with(advises, "accounts.read", "acknowledgements.read", "boards.read", "calendars.read", "cases.read",
		"cases.update", "clauses.read", "company.read", "contacts.read", "engagements.read:assigned", "entitlements.check", "houserules.read",
		"ideas.read", "meetings.read", "programmes.read", "remedies.read", "requests.read:assigned", "reviews.read",
		"self.read", "solicitations.read", "usage.consume", "usage.read"),
	AccountManager: with(works, "absences.update:assigned", "accounts.update:assigned", "boards.schedule:assigned", "calendars.update:assigned",
		"candidates.update", "cases.update:assigned", "contacts.update:assigned", "engagements.update:assigned", "enrolments.update:assigned",
		"experts.update", "meetings.update:assigned", "plans.update:assigned", "plantemplates.update", "projects.confirm", "projects.update:assigned", "projects.withdraw:assigned",
		"sessions.update", "solicitations.update", "suggestions.update:assigned", "usage.consume:assigned"),
	PolicyAuthor: with(works, "bands.update", "clauses.update", "costs.update", "drafts.update", "enrolments.update", "escalation.update",
		"houserules.update", "parity.run", "plantemplates.update", "programmes.update", "remedies.update", "requests.decide",
		"reviews.update", "rewards.read", "rewards.update", "sessions.update", "signals.update", "solicitations.update"),
	PolicyApprover: with(works, "drafts.approve", "parity.run", "projects.confirm", "projects.withdraw", "requests.decide", "reviews.update", "rewards.approve", "rewards.read",
		"schedule.publish", "signals.approve", "statements.issue"),
	BoardSecretary: with(works, "boards.schedule", "boards.update", "calendars.update", "candidates.update", "draws.read",
		"entrants.read", "ideas.decide", "lotteries.run", "meetings.update", "rotations.draw", "rotations.run", "sessions.update",
		"solicitations.update"),
	Auditor: with(readers, "changes.watch", "draws.read", "entrants.read", "parity.run", "principals.read", "reach.read", "rewards.read", "rotations.reveal"),
	Admin: with(reads, "absences.update", "accounts.create", "accounts.declare", "accounts.import", "accounts.update", "bands.update",
		"baseline.acknowledge", "boards.schedule", "boards.update", "breaches.record", "calendars.update",
		"candidates.update", "cases.import", "cases.update", "changes.watch", "citations.record", "clauses.update",
		"company.adopt", "company.update", "contacts.update", "costs.update", "drafts.approve", "drafts.update", "draws.read",
		"engagements.request", "engagements.update", "enrolments.update", "entrants.read", "escalation.update", "experts.update",
		"houserules.update", "ideas.decide", "ideas.submit", "lotteries.run", "meetings.update", "parity.run", "plancalendars.update", "plans.update", "plantemplates.update",
		"principals.read", "principals.update", "programmes.update", "projections.rebuild", "projects.confirm", "projects.update", "projects.withdraw", "reach.read", "reach.update",
		"remedies.update", "requests.create", "requests.decide", "revenue.create", "revenue.import", "reviews.update",
		"rewards.approve", "rewards.correct", "rewards.read", "rewards.update", "rotations.draw", "rotations.reveal", "rotations.run",
		"schedule.publish", "sessions.update", "signals.approve", "signals.update", "solicitations.update", "statements.issue",
		"suggestions.update", "tokens.authenticate", "usage.consume"),
	Service: with(reads, "accounts.create", "accounts.declare", "accounts.import", "breaches.record", "cases.import",
		"cases.update", "changes.watch", "citations.record", "company.adopt", "enrolments.update", "entrants.read", "ideas.submit",
		"lotteries.run", "principals.read", "reach.read", "requests.create", "revenue.create", "revenue.import", "solicitations.update",
		"tokens.authenticate", "usage.consume"),
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
