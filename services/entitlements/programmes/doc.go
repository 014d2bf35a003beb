// Package programmes keeps the programmes of a company: places that are limited, as those
// of a beta or of evangelists, under criteria and with a capacity that everybody can read.
//
// A programme is a draft until it is published. From then on its criteria and capacity are
// only widened: who could have a place can have it still. The criteria are a condition as
// rules have them, judged in the same way, so that "new customers only" cannot be said.
// They do not read programmes, so nobody can be let in because of being in.
//
// Nobody is put into a programme: an account applies, it qualifies or not, and it gets its
// place in the order of applications, or else waits in that order. A place that becomes
// free goes to the first on the list who qualifies then; whoever does not keeps its turn.
// What was given is kept when the criteria are met no more: a place ends when it is given
// back, when the account is closed, or when the programme ends.
//
// # Lotteries
//
// Where a programme says so, applications are collected until the last day for them, and
// then drawn, by a lottery of the board service: Run commits it the day after, with
// everybody who waits; whoever gives the value of the round that the programme names draws
// it; and the waiting list takes its order. Where there are places for all, nothing is
// drawn. Who applies later stands at the end of the list. A lottery that has the name
// already is only taken for the programme's where it is what would be committed.
//
// # One document
//
// A programme and all who ever applied to it are one document, so that each step is one
// write: no day has more places than the capacity, and an application that was answered
// is on the list whatever dies. Hence the bounds: MaxCapacity places, and MaxApplicants
// accounts ever. What a process leaves undone that dies between two steps, as giving a
// free place to the next, Run does.
package programmes
