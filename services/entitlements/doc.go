// Package entitlements decides who is entitled to what. It keeps its own copy of
// the accounts and their spend, built from the feed of the accounts service (the
// projection), and the published versions of the schedule (the book). From both
// it computes, for each account it is asked about, the timeline of its
// entitlements, and answers from that.
//
// The projection is kept in pages: an account's page follows from its id. A page
// in memory is guarded by its own lock; changes are visible to checks at once and
// written to the store in the background. Losing the store costs a replay of the
// feed and no data.
package entitlements
