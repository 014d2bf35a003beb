package loyalty

// Reason is why no existing account can have what newcomers have.
type Reason string

// The reasons.
const (
	// EarlierVersion: a rule of an earlier version gave it, and none of the version in
	// force gives as much of it.
	EarlierVersion Reason = "earlier-version"
	// NoWayIn: the rules that give it ask for a place in a programme that no existing
	// account can get now.
	NoWayIn Reason = "no-way-in"
	// ConditionsUnmet: no existing account meets what the rules ask for, or the criteria of
	// the programme.
	ConditionsUnmet Reason = "conditions-unmet"
	// NotApplying: the programme takes no applications.
	NotApplying Reason = "not-applying"
	// NoPlace: all places of the programme are given.
	NoPlace Reason = "no-place"
)

// Rule is a rule of a version.
type Rule struct {
	ID      string
	Version int
}

// Offer is a benefit, at a limit where it is metered, or a programme.
type Offer struct {
	// Benefit is the benefit's id, or empty; Limit is how many units, 0 where it is not
	// metered.
	Benefit string
	Limit   int64
	// Programme is the programme's id, or empty.
	Programme string
	// Title is what is promised, or the programme's title.
	Title string
	// Newcomers and Existing are how many accounts of either have it: as much of a metered
	// benefit, or more.
	Newcomers, Existing int64
	// Able is, of programmes, how many existing accounts meet the criteria now.
	Able int64
	// Rules are those by which newcomers have the benefit, older versions first.
	Rules []Rule
	// Reason says why this is a finding; empty where it is none.
	Reason Reason
	// Words say what is to be known where newcomers have it and no existing account has.
	Words string
	// Next is the existing account that would be next; nil where there is none, and where
	// this is no finding.
	Next *Next
}

// Next is the existing account that would be next to have something.
type Next struct {
	Account string
	// Position is its place on the waiting list, from 1; 0 where it is not on one.
	Position int
	// Takes is what it does not meet yet, in words that tell its spend; empty where it only
	// waits.
	Takes string
}

// only says whether newcomers have it and no existing account has.
func (o *Offer) only() bool { return o.Newcomers > 0 && o.Existing == 0 }
