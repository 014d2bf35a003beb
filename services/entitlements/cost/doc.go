// Package cost says what it costs the company to keep what it promises beyond the
// baseline: per account, benefit, rule and origin, as a share of revenue, and how it
// changes from quarter to quarter (R19).
//
// # What a use costs
//
// A use costs its units times the unit cost that the benefit states in the version of the
// schedule under which it was used: later versions change nothing of it. Units that came
// back take off what they cost, on the day of the use, also where they came back much
// later; so what a quarter cost can still fall after its end. Reservations cost nothing
// before they are committed. Where the version states no unit cost, the units are counted
// apart, as unknown, and never taken for free.
//
// # How it is kept
//
// It is not: every answer is added up from the ledger of what was used, so that it is
// never behind the ledger and cannot disagree with it.
package cost
