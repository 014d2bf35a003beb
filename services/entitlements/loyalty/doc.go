// Package loyalty reports whether new customers have anything that no existing customer can
// have.
//
// No condition can say "new customers only": whoever joined earlier, and is alike in
// everything else, meets every condition that a newcomer meets. What comes of the published
// rules and programmes can still be such an offer: a programme that was full before any
// existing customer heard of it, criteria that as it happens only newcomers meet, or a benefit
// that an earlier version gave, and none gives any more. So every benefit and every
// programme is looked at: how many newcomers have it, and how many others.
//
// # What is compared
//
// Newcomers are the accounts, active now, that joined within a period up to today; all other
// active accounts are the existing ones. Of a metered benefit, each limit that somebody has is
// an offer of its own, which those have who have as much or more.
//
// # What is found
//
// A finding is an offer that some newcomer has, no existing account has, and none could
// have now: no rule of the version in force gives it, or none that an existing account
// meets; the programme takes no applications, or has no place, or no existing account meets
// its criteria. What customers could bring about by spending more or waiting longer is not
// counted as theirs: it is told who would be next, and how near.
//
// Where there is no existing account, nothing is compared.
package loyalty
