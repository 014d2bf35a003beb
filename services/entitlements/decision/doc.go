// Package decision says what an account is entitled to, when, by which rule, and
// how far away the rest is.
//
// # Entitlement is a step function of time
//
// All that decides is counted in calendar days of the company's zone, and the
// published versions change at known instants. So what an account is entitled
// to, given the entries known now, is a step function of time: Compile prepares
// the published versions once, Book.Timeline computes the steps of an account
// once, and Timeline.At only looks them up. Nothing here reads a clock, a store
// or the network.
//
// # Windows
//
// Spend on day D is the sum of the entries dated in a window that ends with D:
//
//   - trailing-12-months: after the same calendar day one year earlier, up to
//     and including D. One year before 29 February is 28 February, and one year
//     before 28 February 2025 is 28 February 2024, so an entry of 29 February
//     2024 counts until 28 February 2025 and one of 28 February 2023 until 27
//     February 2024.
//   - calendar-year: from 1 January up to D.
//   - fiscal-year: from the company's fiscal year start up to D.
//   - since-joining: from the day the account joined up to D; for a group, all of
//     its entries up to D.
//
// Tenure of n months is complete on the n-th month's day after joining, or on
// the last day of that month when it has no such day.
//
// Terms served on advisory boards are n from the day on which the n-th one ends
// that is not cut short. A term that has not ended is taken to end as planned.
//
// A programme counts on every day on which the account has a place in it, the day it
// got the place and the day it gave it up included.
//
// Innovation projects are n on every day on which n of them count for the account: each does
// from the day on which the account confirmed that it is completed until the day on which
// that was withdrawn as wrong, if ever.
//
// # Terms
//
// A condition is true on a set of days. The days on which it is true and its
// version is in force are earned. A rule that lasts P0D gives its benefits on
// the earned days themselves, while the version is in force. A rule that lasts
// L gives them from each earned day e, and never before the version came into
// force, until the day e + L: what was earned is kept for its term whatever the
// next version says, and cites the version it was earned under.
//
// On refund "recheck", a question about day d treats every refund dated after e
// and up to d as if it had been made on e. On refund "keep" it does not.
//
// Every condition, term and tie-break is monotone: one more positive entry of
// any date, a longer tenure, one more completed term or confirmed project, or a place in a
// programme never takes a benefit away at any instant.
package decision
