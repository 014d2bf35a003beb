// Package reversals reports benefits that were won by entries which were later reversed or
// refunded: who books revenue, lets an account qualify, and takes it back, opens a back door
// to what only published rules should give.
//
// # What stood, and what remains
//
// What an account was given is compared with what it would have been given had the entries
// that were taken back never been there. A reversal takes back the entry that it names, as a
// mistake: that entry counts from when it was recorded until its reversal was, whatever day
// it is dated, and then as if it had never been; the account did not even join by it. A
// refund names nothing. It is set against the latest receipts on or before its day, and what
// it takes of them counts from their day until the refund's, or for as long as the rule keeps
// what was earned (`on_refund: keep`).
//
// # What is reported
//
// A stretch of time in which the account had a benefit, or more of it, only because of
// entries that were taken back. It cites the fewest of them, beginning with the latest, without
// which the account would not have had it when the stretch began. Places in programmes and
// terms on boards that were won by such entries are taken as they are.
package reversals
