// Package cases keeps the problems of customers: who has which, what was done about it by
// whom, and how that measures against the commitments of the baseline.
//
// A case is one document. What happens to it are acts, each of which leaves an entry in its
// history; clocks run between the events of a case in the working time of a calendar, and
// stand still while the customer's answer is waited for. Nothing in a case tells what the
// customer spends, and the same clocks run for every account and every role of staff.
package cases
