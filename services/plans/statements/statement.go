package statements

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Header is what a statement says before its figures.
type Header struct {
	// Account is an id.
	Account     string  `bson:"account"`
	DisplayName string  `bson:"display_name"`
	Quarter     Quarter `bson:"quarter"`
	// Company is what people call the company, which the digest leaves out; empty where nobody
	// said.
	Company string `bson:"company,omitempty"`
	// Currency is ISO 4217, and Zone the IANA time zone; empty while the company has none.
	Currency string `bson:"currency,omitempty"`
	Zone     string `bson:"zone,omitempty"`
	// Known is the instant as of whose knowledge the figures are.
	Known time.Time `bson:"known"`
}

// Figure is a figure of a statement, or a part of one.
type Figure struct {
	// ID tells figures apart, as benefits; that of a part is its subject, as expert-hours.
	ID string
	// Label says what it is.
	Label string
	// Count is how many: revenue entries, units of benefits, cases.
	Count int64
	// Minor is the amount in minor units of the company's currency: what was paid, or what
	// the units cost the company, as far as that is stated.
	Minor int64
	// Unknown is how many units there are of which no cost is stated: they are in Count, and
	// worth nothing in Minor.
	Unknown int64
	// Minutes is the time that our people gave. Of engagements it is all that went into those
	// that were completed, as a detail: what was given in the quarter are the hours given.
	Minutes int64
	// Origins are how many units came about how: asked-for, offered or automatic. Returned is
	// how many came back.
	Origins  map[string]int64
	Returned int64
	// Parts are by subject, in the order of their ids.
	Parts []Figure
	// Entries is how many entries it is made of.
	Entries int64
	// Sources are these, in the order of days; a part and a sum have none.
	Sources []Source
}

// Source is an entry that a figure is made of.
type Source struct {
	// Name is its resource name, as it was told; that of a chunk of the ledger of revenue for what was paid.
	Name string
	// Service told it, at a position of its feed, which recorded it at an instant.
	Service  feeds.Service
	Position int64
	Recorded time.Time
	// Day is when it counts. Last is the last day of several that count together, as of what
	// was paid in a chunk; 0 of one.
	Day, Last civil.Day
	// Subject is the id of the benefit, house rule or commitment, the outcome of an idea, or
	// empty.
	Subject string
	// Text is what people wrote, or the id of what was done.
	Text string
	// Count, Minor and Minutes are what it adds to the figure.
	Count, Minor, Minutes int64
	// Stated says, of a benefit used, that the cost of a unit is stated.
	Stated bool
	// Origin, Version and Rule are of a benefit that was used.
	Origin, Version, Rule string
}

// Cited is the resource name to show: an earlier release told of a project by a name for each
// account, under which nothing is found, and which issued statements are sealed with.
func (s *Source) Cited() string {
	if strings.HasPrefix(s.Name, "innovationProjects/") {
		name, _, _ := strings.Cut(s.Name, "/accounts/")
		return name
	}
	return s.Name
}

// Words say what else there is to say of the entry.
func (s *Source) Words() string {
	if s.Last != 0 {
		return fmt.Sprintf("%s to %s", s.Day, s.Last)
	}
	return s.Text
}

// Statement is what an account paid and received in a quarter.
type Statement struct {
	Header
	// Figures are all that there are, in their order, also those that are 0.
	Figures []Figure
	// Notes say what has to be known to read the figures.
	Notes []string
}

// Figure returns the figure of an id; nil where there is none.
func (s *Statement) Figure(id string) *Figure {
	for i := range s.Figures {
		if s.Figures[i].ID == id {
			return &s.Figures[i]
		}
	}
	return nil
}

// sealed is what the digest of a statement is of: what it says, and not in which words, so
// that a later release, which may word a label otherwise or have more figures, makes the same
// of an old statement. Its fields, their order and their names never change: what is to be
// sealed otherwise is another version, and an issued statement keeps which it was.
type sealed struct {
	Account  string         `json:"account"`
	Name     string         `json:"name"`
	Quarter  string         `json:"quarter"`
	Currency string         `json:"currency"`
	Zone     string         `json:"zone"`
	Known    time.Time      `json:"known"`
	Figures  []sealedFigure `json:"figures"`
}

type sealedFigure struct {
	ID      string        `json:"id"`
	Count   int64         `json:"count"`
	Minor   int64         `json:"minor"`
	Unknown int64         `json:"unknown"`
	Minutes int64         `json:"minutes"`
	Entries []sealedEntry `json:"entries"`
}

type sealedEntry struct {
	Name     string        `json:"name"`
	Service  feeds.Service `json:"service"`
	Position int64         `json:"position"`
	Recorded time.Time     `json:"recorded"`
	Day      string        `json:"day"`
	Last     string        `json:"last,omitempty"`
	Subject  string        `json:"subject"`
	Text     string        `json:"text"`
	Count    int64         `json:"count"`
	Minor    int64         `json:"minor"`
	Minutes  int64         `json:"minutes"`
	Stated   bool          `json:"stated"`
	Origin   string        `json:"origin"`
	Version  string        `json:"version"`
	Rule     string        `json:"rule"`
}

// seal returns what the digest is of: the figures that have entries.
func (s *Statement) seal() sealed {
	out := sealed{s.Account, s.DisplayName, s.Quarter.String(), s.Currency, s.Zone, s.Known.UTC(), []sealedFigure{}}
	for i := range s.Figures {
		f := &s.Figures[i]
		if len(f.Sources) == 0 {
			continue
		}
		figure := sealedFigure{ID: f.ID, Count: f.Count, Minor: f.Minor, Unknown: f.Unknown, Minutes: f.Minutes}
		for j := range f.Sources {
			e := &f.Sources[j]
			last := ""
			if e.Last != 0 {
				last = e.Last.String()
			}
			figure.Entries = append(figure.Entries, sealedEntry{e.Name, e.Service, e.Position, e.Recorded.UTC(), e.Day.String(), last,
				e.Subject, e.Text, e.Count, e.Minor, e.Minutes, e.Stated, e.Origin, e.Version, e.Rule})
		}
		out.Figures = append(out.Figures, figure)
	}
	return out
}

// digestVersion is how digests are made now.
const digestVersion = 1

// Digest is the SHA-256 of the statement, in hexadecimal: of every figure with all that it
// is made of, as a version of digests has it. It fails for a version of a later release.
func (s *Statement) Digest(version int) (string, error) {
	if version != digestVersion {
		return "", fmt.Errorf("the digest of %s is of version %d, which this release does not know", Name(s.Account, s.Quarter), version)
	}
	text, err := json.Marshal(s.seal())
	if err != nil {
		return "", fmt.Errorf("write the statement down: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:]), nil
}

// definition is a figure that every statement has.
type definition struct {
	kind kind
	id   string
	// section is under which heading it stands.
	section string
	label   string
	// none is what is said where there is nothing.
	none string
	// money says that it has an amount, and parted that it has parts by subject.
	money, parted bool
	// subject is what is wanted of a line, of kinds that several figures share.
	subject string
}

// The headings of a statement.
const (
	sectionPaid     = "What you paid"
	sectionReceived = "What you received"
	sectionSolved   = "Problems and promises"
	sectionTogether = "What we did together"
	sectionIdeas    = "You said, we did"
)

// definitions are the figures of a statement, in their order.
var definitions = []definition{
	{kindPaid, "paid", sectionPaid, "Paid", "Nothing was paid in this quarter.", true, false, ""},
	{kindUsed, "benefits", sectionReceived, "Benefits used", "No benefit was used.", true, true, ""},
	{kindWaived, "rules-waived", sectionReceived, "House rules waived", "No house rule was waived.", false, true, ""},
	{kindHours, "hours-given", sectionReceived, "Hours that our people gave", "Our people recorded no hours.", false, false, ""},
	{kindSolved, "cases-solved", sectionSolved, "Problems solved", "No problem was solved.", false, false, ""},
	{kindKept, "commitments-kept", sectionSolved, "Promises kept in time", "No promise fell due and was kept.", false, true, ""},
	{kindMissed, "commitments-missed", sectionSolved, "Promises missed", "No promise was missed.", false, true, ""},
	{kindEngagement, "engagements", sectionTogether, "Problems worked on by our people", "Our people completed no engagement.", false, false, ""},
	{kindProject, "projects-confirmed", sectionTogether, "Innovation projects confirmed", "No innovation project was confirmed.", false, false, ""},
	{kindGoal, "goals-reached", sectionTogether, "Goals reached", "No goal was reached.", false, false, ""},
	{kindSession, "sessions", sectionTogether, "Strategy sessions", "No strategy session took place.", false, false, ""},
	{kindTouched, "touchpoints-done", sectionTogether, "Planned contacts that took place", "No planned contact took place.", false, false, ""},
	{kindUntouched, "touchpoints-missed", sectionTogether, "Planned contacts skipped, or called off after they were due", "No planned contact was skipped, or called off after it was due.", false, false, ""},
	{kindGiven, "ideas-given", sectionIdeas, "Ideas you gave", "No idea was given.", false, false, ""},
	{kindAnswered, "ideas-adopted", sectionIdeas, "Ideas adopted", "No idea was adopted.", false, false, string(feeds.Adopted)},
	{kindAnswered, "ideas-tried", sectionIdeas, "Ideas on trial", "No idea was put on trial.", false, false, string(feeds.Tried)},
	{kindAnswered, "ideas-declined", sectionIdeas, "Ideas declined", "No idea was declined.", false, false, string(feeds.Declined)},
	{kindAnswered, "ideas-there-already", sectionIdeas, "Ideas that were there already", "No idea was there already.", false, false, string(feeds.AlreadyThere)},
}
