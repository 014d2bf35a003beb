// Package parity is the audit that compares how like cases were treated: reply and
// resolution times, breaches, remedies, escalations and reopenings, between the groups of
// a column such as the channel, within strata of cases that are alike, such as those of
// one issue and one spend band.
//
// Cases are held as columns (Builder, Cases), and Audit compares every pair of groups by
// every metric. What differs is a finding only where it matters in practice, is beyond
// chance over all comparisons together, and rests on enough cases; where there are too
// few, the audit says so. It computes only: it reads no store and knows no protocol.
package parity
