// Package signals says when a customer should be spoken to, and why: it keeps what it needs
// of what the other services tell, derives facts from it (spend that falls, a benefit
// within reach or unused, a goal at risk, a broken commitment, a clause in review, a term
// on a board, an anniversary), and turns those that meet a published rule into
// suggestions, each once for its cause.
//
// What was told of an account is one document, guarded by the positions of the feeds it
// came from, so that what comes twice or late changes nothing twice. Facts are derived
// from it by a pure function of a day, by which rules are also tried on the past. A
// suggestion's id is made of its rule, account and cause: however often an account is
// looked at, by however many processes, a cause brings one.
//
// Rules are data: a condition, the words and the weight are expressions of CEL over
// `fact` and `account`, whose cost is bounded. A rule is tried on the past before it is
// published, and published by another person than wrote it.
package signals
