// Package bands sorts accounts by what they spend, how long they have been customers
// and how loud they are in public, into bands that the company has named: what audits
// compare like with like by, and reports count by. Nothing is granted by a band.
//
// A scale is the bands of one subject, each from a lower bound up to the next one's, so
// that every value is in exactly one. Where the company has not declared a scale, it is
// the quartiles of the accounts that are active on the day asked about.
package bands
