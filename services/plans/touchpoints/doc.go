// Package touchpoints carries out the communication strategies of relationship plans. It
// lays out the contacts of each cadence ahead, keeps them off days on which nobody works or
// their owner is away, off quiet hours and apart from each other, says what is due, and
// writes down what became of them. What the customer began satisfies none of them.
package touchpoints
