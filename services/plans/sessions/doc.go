// Package sessions is strategy sessions, in which customers are invited to decisions of
// the company's own that are still open: what is to be decided, what the company leans to
// and why, and what it knows.
//
// What is asked is a solicitation of the board service, so that unanswered advice locks a
// session as it locks any other question (R11), and what those who come say are ideas given
// to it. A session is answered once each of them has its answer and the decision is written
// down; the report to those who came says what was asked, what they said, what was done and
// why (R40).
//
// The owner and the days of an opened session are changed here, and told to the board
// service. Of what is changed there, ideas are taken over, and a withdrawal, which cancels the
// session, or leaves it a draft while it is being opened; the rest is not.
//
// What touches the board service as well is a step: it is written down first, with all that
// it takes, and finished by whoever comes to it, however often (step.go).
package sessions
