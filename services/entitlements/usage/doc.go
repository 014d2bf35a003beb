// Package usage counts what is used of benefits: how many units of a metered one are
// left, which are reserved, and every use with its origin. Nothing is ever used beyond
// what is left, and nothing is counted twice.
//
// # What is left
//
// At any instant an account holds a benefit by one rule of one version: where several
// grant it, by the one that decisions cite, of the highest limit. What it may use in the
// period is that limit and what was carried over from the period before; limits of
// several rules are never added. What was used stays used whatever happens to the
// entitlement: where the limit shrinks below it, nothing is left and the balance is
// overdrawn; where the benefit lapses, nothing more can be used, and when it is held again
// within the period, what was used still counts.
//
// # Periods
//
// A unit counts on the day it was used, in the company's zone. Anniversary periods follow
// one another from the first day on which the benefit was held, which is fixed by the
// first use. Calendar periods of n months are counted from January of year 0, those of n
// days from Monday, 5 January 1970. Where a benefit rolls, a unit used on day d counts
// until the day one period after d.
//
// # What is carried over
//
// Units unused at the end of a period, at most the rollover, move into the next and end
// with it, if the benefit is held on both sides of the boundary with periods of the same
// length and kind. They are used before the period's own, since they end first, and are not
// carried over again.
//
// # How it is kept
//
// A balance is one document for each account and benefit: how many units were used on
// which day, the reservations that are open, and its latest entries. A use writes this
// document once. Its entries move to the ledger, several as one page, before they leave the
// document, so each is in one of the two at any time; what is left can be computed from the
// entries alone. Which requests made those that left, the document remembers well enough
// that few uses have to look for theirs in the ledger.
package usage
