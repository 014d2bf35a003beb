// Package record keeps the public record of a draw: everything that decides who is
// drawn, so that anybody who has the record can replay the draw without a server,
// without a solver and without trusting anyone.
//
// # The steps
//
// Conceal replaces accounts by salted pseudonyms; what follows sees nothing else.
// Commit rounds the solution to a uniform lottery over stated panels and seals it, with
// the rules, the pool and how the seed will be made, before any seed exists. Record.Draw
// adds the seed, and with it the drawn panel and the order of the alternates. Verify
// replays all of it from the bytes of the file. Record.Call says which alternates take
// seats that stay or become free.
//
// # The file
//
// A record is a JSON document with exactly one encoding: UTF-8; every line ends with a
// newline; the lines are
//
//	{
//	"format": "evenhand panel record 1",
//	"title": {…},                       the draw: board, rotation, charter, time of the commitment
//	"rules": {…},                       seats of the board, seats drawn, names of the categories
//	"quotas": […],                      the quotas of the board, and those left to the draw
//	"seated": […],                      members who stay or are nominated, and so are not drawn
//	"pool": […],                        those who can be drawn, ascending by pseudonym
//	"conflicts": […],                   pairs of pseudonyms who never sit together
//	"unreachable": […],                 those of the pool who are on no possible panel, and why
//	"certificate": {…},                 mode, whether the probabilities are proven, rounding
//	"levels": […],                      the levels of the certificate
//	"marginals": […],                   each one's probability, and on how many of the panels it is
//	"panels": […],                      the panels; numbers are places in the pool, from 0
//	"seed": {…},                        how the seed will be made
//	"hashes": […],                      the SHA-256 of each section above
//	"record": "…"                       the SHA-256 over these
//	}
//
// and, once drawn, before the last line,
//
//	"draw": {…},                        time, what was revealed, seed, number of the panel
//	"drawn": […],                       the pseudonyms of the drawn panel
//	"alternates": […],                  the others, in the order in which they are called
//	"draw_hashes": […],                 the SHA-256 of each section of the draw
//	"sealed": "…"                       the SHA-256 over these and the record's
//
// An object stands on one line, without spaces; a list has one element a line. Strings
// are escaped only where JSON requires it (and U+2028, U+2029). Probabilities have 9
// decimals.
//
// # The hashes
//
// The hash of a section is the SHA-256 of the line "evenhand panel record 1, section
// NAME" and then the lines of the section as they stand in the file. The hash "record" is
// the SHA-256 of the line "evenhand panel record 1, record" and the lines of "hashes",
// from `"hashes": [` to `],`; "sealed" is that of the line "evenhand panel record 1,
// sealed", the hash "record" as a line, and the lines of "draw_hashes". Every line counts
// with its newline. With a shell:
//
//	{ echo "evenhand panel record 1, section pool"; sed -n '/^"pool"/,/^\],$/p' record.json; } | sha256sum
//	{ echo "evenhand panel record 1, record"; sed -n '/^"hashes"/,/^\],$/p' record.json; } | sha256sum
//
// # The seed
//
// The seed is a value that nobody controls and nobody knows when the record is
// committed. Either it is that of a named round of public randomness, or two or more
// named people each commit the SHA-256 of a secret and reveal the secret afterwards; the
// value of a named round takes the place of what is not revealed by the deadline, so that
// nobody can veto a draw. The record says from when the value of the round is known, as its
// source has it: after the commitment, and after the deadline, because whoever reveals last
// would otherwise know both results and could choose one. No draw that needs the value is
// dated before that.
//
// A value has one spelling: its hexadecimal digits in lower case, or its decimal ones,
// leading zeros included and without prefix or space.
//
// When a secret was revealed does not stand in the record: that those after the deadline
// are left out is for whoever draws to see to, and for the people named to object to.
//
// The seed is the SHA-256 of the line "evenhand panel record 1, seed" and, for each
// person in the order of the record, the line "secret SECRET", or "round VALUE" for one
// who did not reveal; without people it is the one line "round VALUE".
//
// # The draw
//
// Numbers come from blocks: block i (0, 1, …) is the first 8 bytes, as a big-endian
// number, of the SHA-256 of the lines "evenhand panel record 1, draw", RECORD, SEED and
// i, the hashes in lower-case hexadecimal. A number below n is the next block that is
// less than the largest multiple of n up to 2^64, modulo n: each is equally likely.
//
// Panels are shuffled: with all places 0 to M-1 in a list, for i = 0, 1, … swap place i
// with place i + (a number below M-i). The first of the list is the drawn panel. For the
// alternates, go on through the list: of each further panel take the members who are
// neither drawn nor alternates yet, in the order of the pool, shuffle them in the same
// way, and append them, until everybody who is on any panel has been taken.
//
// When seats of the drawn panel are free, those alternates are called who come first in
// that order and, with the members who remain, fill all seats within quotas and
// conflicts: the first alternate with whom that is possible at all, then the first
// further one, and so on. When no alternates can fill all of them, it is the same with the
// largest number of seats that can be filled: no maximum and no conflict is broken, and as
// many seats stay free as the minimums of each category still need.
package record
