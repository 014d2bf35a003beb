package charter

// Recurrence says when something happens again and again, in words that package
// calendar expands.
type Recurrence struct {
	// Rule is the value of an RRULE (RFC 5545), as FREQ=YEARLY;BYMONTH=3;BYDAY=2TU.
	Rule string `bson:"rule"`
	// Start is the first day possible and the local time, as 2027-03-01T10:00.
	Start string `bson:"start"`
	// Zone is the IANA name of the time zone.
	Zone string `bson:"zone"`
}
