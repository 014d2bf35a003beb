package board

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/board/charter"
)

// CharterVersion is a published version of a board's charter. It never changes.
type CharterVersion struct {
	// Number counts the versions of the board, from 1.
	Number int             `bson:"number"`
	Rules  charter.Charter `bson:"rules"`
	// Effective is the day from which it is in force, at rotations on it and later.
	Effective civil.Day `bson:"effective"`
	Reason    string    `bson:"reason"`
	// Publisher is the id of a principal.
	Publisher string `bson:"publisher"`
	// Request is the one that published it, by which a retry finds it.
	Request docstore.Request `bson:"request,omitempty"`
	// Notes are what the publisher may not have meant, each a sentence.
	Notes          []string `bson:"notes,omitempty"`
	resource.Times `bson:",inline"`
}

// Charters is the use cases of charters.
type Charters struct {
	table  *resource.Table[CharterVersion, *CharterVersion]
	boards *Boards
}

func openCharters(ctx context.Context, w wiring, boards *Boards) (*Charters, error) {
	table, err := resource.OpenTable[CharterVersion](ctx, w.requests, resource.Kind[CharterVersion]{
		Type: charterType, Name: Name, Spec: docstore.Spec{Name: "charters"},
		Tell: func(v CharterVersion) any {
			v.Request = docstore.Request{}
			return v
		}})
	return &Charters{table: table, boards: boards}, err
}

// charterID is the id under which a version is stored, and the tail of its name.
func charterID(board string, number int) string {
	return board + "/charters/" + strconv.Itoa(number)
}

// Get returns a version, or resource.ErrNotFound.
func (c *Charters) Get(ctx context.Context, board string, number int) (resource.Stored[CharterVersion], error) {
	return c.table.Get(ctx, charterID(board, number))
}

// List returns all versions of a board, by number; resource.ErrNotFound for the board.
func (c *Charters) List(ctx context.Context, board string) ([]resource.Stored[CharterVersion], error) {
	if _, err := c.boards.Get(ctx, board); err != nil {
		return nil, err
	}
	return c.versions(ctx, board)
}

func (c *Charters) versions(ctx context.Context, board string) ([]resource.Stored[CharterVersion], error) {
	var list []resource.Stored[CharterVersion]
	for number := 1; ; number++ { // a board has a handful
		v, err := c.table.Get(ctx, charterID(board, number))
		if isNotFound(err) {
			return list, nil
		}
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
}

// At returns the version in force at a rotation on a day: the last published of those
// that are effective by then. ErrNoCharter where there is none.
func (c *Charters) At(ctx context.Context, board string, day civil.Day) (CharterVersion, error) {
	list, err := c.versions(ctx, board)
	if err != nil {
		return CharterVersion{}, err
	}
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].State.Effective <= day {
			return list[i].State, nil
		}
	}
	return CharterVersion{}, unmet(ErrNoCharter, boardType, Name(board), "has no charter in force on %s: publish one that is effective by then", day)
}

// NewCharter is a version about to be published.
type NewCharter struct {
	Rules charter.Charter
	// Effective is nil for today.
	Effective *civil.Day
	Reason    string
	// Publisher is the id of a principal.
	Publisher string
}

// Publish adds the next version to a board's charter; with check it is only looked
// whether that could be done. ErrCharterInvalid with every problem; resource.ErrNotFound
// for the board; ErrBoardState for a closed one.
func (c *Charters) Publish(
	ctx context.Context, call resource.Call, board string, n NewCharter, check bool,
) (resource.Stored[CharterVersion], error) {
	var none resource.Stored[CharterVersion]
	b, err := c.boards.Open(ctx, board)
	if err != nil {
		return none, err
	}
	if n.Effective == nil {
		today := c.boards.Today(b.State)
		n.Effective = &today
	}
	fill(&n.Rules, b.State.Zone)
	for {
		before, err := c.versions(ctx, board)
		if err != nil {
			return none, err
		}
		for _, v := range before {
			if known, err := call.Repeats(v.State.Request); known || err != nil {
				return v, err
			}
		}
		next := CharterVersion{Number: len(before) + 1, Rules: n.Rules, Effective: *n.Effective, Reason: n.Reason, Publisher: n.Publisher}
		if call.RequestID != "" {
			next.Request = call.Request()
		}
		if next.Notes, err = next.check(before); err != nil {
			return none, err
		}
		id := charterID(board, next.Number)
		if check {
			return c.table.Unwritten(id, next), nil
		}
		published, err := c.table.Create(ctx, call, id, next, "charter.published")
		if !isExists(err) {
			return published, err
		}
	}
}

// fill gives recurrences without a zone that of the board.
func fill(c *charter.Charter, zone string) {
	if c.Rotation.Zone == "" {
		c.Rotation.Zone = zone
	}
	if c.Meetings.When != nil && c.Meetings.When.Zone == "" {
		when := *c.Meetings.When
		when.Zone = zone
		c.Meetings.When = &when
	}
}

// check returns ErrCharterInvalid with everything that is wrong, or else what the
// publisher may not have meant.
func (v *CharterVersion) check(before []resource.Stored[CharterVersion]) (notes []string, err error) {
	problems := v.Rules.Problems()
	if len(problems) == 0 {
		var warnings []fault.Field
		if problems, warnings, err = v.checkRotations(); err != nil {
			return nil, err
		}
		for _, w := range warnings {
			notes = append(notes, w.Path+" "+w.Description)
		}
	}
	for i := range problems {
		problems[i].Path = "charter.rules." + problems[i].Path
	}
	if len(before) > 0 {
		if last := before[len(before)-1].State; v.Effective < last.Effective {
			problems = append(problems, fault.Field{Path: "charter.effective_date", Description: fmt.Sprintf(
				"%s is before %s, from which version %d is in force: a later version cannot come first", v.Effective, last.Effective, last.Number)})
		}
	}
	if len(problems) == 0 {
		return notes, nil
	}
	return nil, ErrCharterInvalid.Saying("The charter cannot be published as it is: %s %s.", problems[0].Path, problems[0].Description).WithFields(problems...)
}

// checkRotations finds out how terms fit the rotations that the charter plans, for as
// long as one account may serve and cool off.
func (v *CharterVersion) checkRotations() (problems, warnings []fault.Field, err error) {
	series, err := v.Rules.Rotation.Series(v.Rules.Workdays)
	if err != nil {
		return nil, nil, err
	}
	from := v.Effective
	if first, err := civil.ParseDay(strings.SplitN(v.Rules.Rotation.Start, "T", 2)[0]); err == nil {
		from = max(from, first)
	}
	until := from.AddMonths((v.Rules.MaxTerms+1)*v.Rules.TermMonths + v.Rules.CoolingOffMonths + v.Rules.GraceDays/28 + 1)
	zone := series.Zone()
	occurrences, err := series.Between(zone.Start(from), zone.Start(until))
	if err != nil {
		return nil, nil, err
	}
	if len(occurrences) == 0 {
		return []fault.Field{{Path: "rotation", Description: fmt.Sprintf(
			"falls on no day from %s to %s, in which a term begins and ends: rotate at least once a term", from, until)}}, nil, nil
	}
	rotations := charter.Rotations{Until: until}
	for _, o := range occurrences {
		rotations.Days = append(rotations.Days, zone.DayOf(o.Start))
	}
	problems, warnings = v.Rules.CheckRotations(rotations)
	return problems, warnings, nil
}
