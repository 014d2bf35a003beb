// Package houserules is the rules that a company asks its customers to keep, such as a
// late-payment fee, and how often they are broken. A rule that many break gets a review;
// where it does not apply to some, that is a benefit of kind waiver, for everyone who
// qualifies, and never a favour to one.
package houserules
