// Package tally counts, within stretches of the calendar, what may happen now and then
// and must not happen often: house rules that are broken, contract clauses that have to
// be cited. What reaches its threshold gets a review, once for each stretch, whatever
// comes at the same time and whichever process dies.
package tally
