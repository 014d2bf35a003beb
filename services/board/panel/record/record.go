package record

import (
	"strconv"
	"time"
)

// Record is the public record of a draw. It is made by Commit, completed by Record.Draw, and
// read by Parse or Verify; it is never changed.
type Record struct {
	Title       Title
	Rules       Rules
	Quotas      []Quota
	Seated      []Seated
	Pool        []Member
	Conflicts   []Pair
	Unreachable []Unreachable
	Certificate Certificate
	Levels      []Level
	Marginals   []Marginal
	// Panels are the panels to draw from; numbers are places in Pool.
	Panels [][]int
	Seed   SeedPlan
	// Hash is the hash over all of the above, in hexadecimal: what is published before
	// the seed exists.
	Hash string
	// Outcome is nil until the panel is drawn.
	Outcome *Outcome

	sections []sectionHash
}

// Title says which draw it is, in the words of whoever commits it.
type Title struct {
	Board    string `json:"board"`
	Rotation string `json:"rotation"`
	// Charter is the version of the charter under which is drawn.
	Charter string `json:"charter"`
	// Committed is the time of the commitment, in UTC to the second.
	Committed time.Time `json:"committed"`
}

// Rules says what a panel is.
type Rules struct {
	// BoardSeats are the seats of the board, Seats those that are drawn: the others are
	// taken by members who stay, and by nominated ones.
	BoardSeats int `json:"board_seats"`
	Seats      int `json:"seats"`
	// Categories are the names of the attributes on which quotas are set, in the order
	// of the values of members.
	Categories []string `json:"categories"`
}

// Quota bounds the seats of a value of a category.
type Quota struct {
	Category string `json:"category"`
	Value    string `json:"value"`
	// BoardMin and BoardMax hold for the board.
	BoardMin int `json:"board_min"`
	BoardMax int `json:"board_max"`
	// Min and Max are left to the draw: the board's less those already seated, not
	// less than 0.
	Min int `json:"min"`
	Max int `json:"max"`
}

// Member is someone who can be drawn.
type Member struct {
	// ID is the pseudonym.
	ID string `json:"id"`
	// Values has one value for each category.
	Values []string `json:"values"`
}

// Seated is someone who is on the board without being drawn this time.
type Seated struct {
	Member
	// As is AsContinuing or AsNominated.
	As string `json:"as"`
}

// How someone is on the board without being drawn.
const (
	AsContinuing = "continuing"
	AsNominated  = "nominated"
)

// Pair is a pair of pseudonyms, the lesser first.
type Pair [2]string

// Unreachable is someone of the pool who is on no possible panel.
type Unreachable struct {
	ID string `json:"id"`
	// Reason is a clause that can follow "because"; Conflicts are those it speaks of.
	Reason    string `json:"reason"`
	Conflicts []Pair `json:"conflicts"`
}

// Certificate says how the probabilities were found and what rounding did to them.
type Certificate struct {
	// Mode is how the probabilities were chosen: ModeLeximin.
	Mode string `json:"mode"`
	// Proven says that no lottery is fairer, to within Gap.
	Proven bool        `json:"proven"`
	Gap    Probability `json:"gap"`
	// Panels is how many panels are drawn from.
	Panels int `json:"panels"`
	// LargestLoss is by how much, at most, someone's part of the panels differs from
	// its probability.
	LargestLoss Probability `json:"largest_loss"`
}

// ModeLeximin makes the lowest probability as high as possible, then the second lowest,
// and so on.
const ModeLeximin = "leximin"

// Level is a level of the certificate: what the members who cannot be raised further
// have, and the bound that no lottery exceeds.
type Level struct {
	Probability Probability `json:"probability"`
	Bound       Probability `json:"bound"`
	Gap         Probability `json:"gap"`
	// Members are places in the pool, ascending.
	Members []int `json:"members"`
}

// Marginal is what one of the pool can expect.
type Marginal struct {
	ID string `json:"id"`
	// Probability is that of the solution.
	Probability Probability `json:"probability"`
	// Count is on how many of the panels it is: Count / M is its chance in this draw.
	Count int `json:"count"`
}

// Probability is written with 9 decimals.
type Probability float64

// MarshalJSON implements json.Marshaler.
func (p Probability) MarshalJSON() ([]byte, error) {
	text := strconv.FormatFloat(float64(p), 'f', 9, 64)
	if text == "-0.000000000" {
		text = text[1:]
	}
	return []byte(text), nil
}

// Outcome is who was drawn, and what it follows from.
type Outcome struct {
	// Time is when it was drawn, in UTC to the second.
	Time time.Time
	// Round is the value of the named round; empty where it was not needed.
	Round string
	// Reveals has a secret for each person of the plan, in its order; empty where it
	// was not revealed.
	Reveals []string
	// Seed is in hexadecimal.
	Seed string
	// Panel is the place of the drawn panel in Panels.
	Panel int
	// Members are the pseudonyms of the drawn panel, ascending.
	Members []string
	// Alternates are the pseudonyms of the others who are on any panel, in the order in
	// which they are called.
	Alternates []string
	// Hash is the hash over the record and the draw, in hexadecimal.
	Hash string

	sections []sectionHash
}

// drawLine is the part of a draw that is on one line.
type drawLine struct {
	Time    time.Time `json:"time"`
	Round   string    `json:"round"`
	Reveals []string  `json:"reveals"`
	Seed    string    `json:"seed"`
	Panel   int       `json:"panel"`
}
