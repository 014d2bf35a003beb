// Package statements is the value statement that every account has for every quarter of the
// calendar (R31): what it paid, what it received, which of its problems were solved and
// which promises kept or missed, and what became of its ideas.
//
// # How it is kept
//
// For each account and quarter there is a dossier: what the feeds of the other services,
// and of this one, told that belongs there. Each line of a dossier has the states that its
// subject went through, with the service, the position and the instant at which its feed
// told each. A statement is a fold over these lines as they were known at an instant, or at
// positions of the feeds; so it can be made again as it was (R35), every figure leads to the
// entries that it is made of, and nothing is counted twice however often it is told.
//
// Instants are put into the quarter of the company's zone when a statement is made. A line
// whose instant is near the end of a quarter is kept in both dossiers, since a company may
// settle its zone later.
//
// # What is frozen
//
// Issuing a statement keeps the positions of the feeds that it was made at, and a digest of
// it. The statement is not stored: it is made again, and the digest shows that it is the
// same. What came later is told beside it.
package statements
