// Package reviews is the reviews of what a company asks of its customers and writes into
// its contracts: each has an owner, a day by which it is decided, and ends with a decision
// that says what becomes of its subject. They are opened by hand, and by what happens too
// often (package tally).
package reviews
