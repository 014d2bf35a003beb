// Package charter holds the charter of an advisory board and everything that follows
// from it alone: who may be drawn and why others may not, the seats and quotas that
// continuing members leave over, when each term ends, what a change of the schedule
// would break, what years of rotations come to, and which conflicts have arisen since.
//
// It is pure: it reads no clock, keeps nothing and changes nothing. Whoever uses it
// hands in the accounts, the terms and the days on which the board rotates.
package charter
