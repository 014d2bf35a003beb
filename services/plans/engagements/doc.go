// Package engagements is the work that the company's own people do on customers' problems:
// with their systems, their channels, their hiring. Who is an expert in what is written
// down; an engagement is asked for, matched with experts, carried out, and closed with what
// came of it and what the customer said. Nothing in it asks what it earns.
//
// The hours of an engagement are a ledger: an entry stays as it was recorded, and is taken
// back by a counter-entry. Where the engagement names a metered benefit, whole units of it
// are used as the hours fill them. The hours stand first, and are settled with the benefit
// after that, by calls that do nothing when they are repeated: no hour is lost because the
// benefit could not be used, and none is used twice.
package engagements
