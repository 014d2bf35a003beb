// Package rewards credits completed relationship work with points, by published rules and
// never by what customers pay (R10).
//
// # What comes in
//
// Work is what was completed, as the documents that it is the evidence of say. It comes
// through Observe, repeated, late and out of order as it may be; what is stored is its
// latest state.
//
// # What a month is worth
//
// The credits of a month are a pure function of the work completed in it and in the weeks
// that reach into it, and of the versions of the point rules: which version counts follows
// from the day of completion. The caps are applied one after the other, each in the order
// of days, on a day of completion, then of the names of work, rule and person: first that of a person and
// kind within a week, to what the rule gives; then that of an account within a month, to
// what is left; then that of a person within a month. So the order in which work arrives
// is of no consequence.
//
// # The ledger
//
// The ledger is append-only. A credit, which is a piece of work for an account, a person, a
// rule and a month, is one or more entries, numbered from 1: the first says what it was worth when it was first
// counted, and each further one by how much that changed and why. An entry is written also
// where a credit is worth nothing, with the reason, so that nothing is lost silently. One
// process settles the months that changed, under a lease; the number in an entry's id
// keeps two that both believe to hold the lease from writing the same twice.
//
// A person corrects an entry by another that takes some of it back, with a reason. That
// frees no room under a cap.
package rewards
