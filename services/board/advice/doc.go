// Package advice is what a company asks its customers and what becomes of what they
// say: solicitations, the ideas that come in, with or without having been asked for,
// the votes and the talk about them, and the company's answer to each, followed until
// what was promised is done.
//
// Two rules are kept here. Advice has to be answered before more is asked for: package
// advice refuses to open a solicitation while an earlier one of the same owner, or to
// the same audience, is past its decision date with ideas undecided (lock.go). And
// nothing that a customer gave is lost: ideas that are merged keep their votes and
// those who gave them, and come apart again as they were (group.go, merging.go).
package advice
