package advice

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// MaxReported is how many ideas one report can tell of.
const MaxReported = 2000

// Report is "you said, we did": ideas, each with what the company answered and did, and
// how that came about. Days and instants are written as days of the company's zone.
type Report struct {
	Title string `json:"title"`
	// About says whose ideas they are: "boards/steel", "all ideas".
	About string `json:"about"`
	// From and To are the first and the last day of the period; empty where it is open.
	From   string `json:"from,omitempty"`
	To     string `json:"to,omitempty"`
	Counts Counts `json:"counts"`
	// Questions are the solicitations, by the day they were opened, and last the ideas
	// that nobody asked for.
	Questions []Question `json:"questions"`
}

// Counts is how many ideas there are of each kind.
type Counts struct {
	Ideas        int `json:"ideas"`
	Done         int `json:"done"`
	Adopted      int `json:"adopted"`
	Trial        int `json:"trial"`
	AlreadyThere int `json:"alreadyThere"`
	Declined     int `json:"declined"`
	Undecided    int `json:"undecided"`
	// Late is how many of the undecided were to be decided before today, and
	// Overdue how many of those promised were to be done before today.
	Late    int `json:"late"`
	Overdue int `json:"overdue"`
}

// Question is a solicitation with ideas given to it.
type Question struct {
	// Solicitation is its name; empty for ideas that nobody asked for.
	Solicitation string `json:"solicitation,omitempty"`
	Question     string `json:"question"`
	Opened       string `json:"opened,omitempty"`
	DecisionDue  string `json:"decisionDue,omitempty"`
	Answer       string `json:"answer,omitempty"`
	Ideas        []Said `json:"ideas"`
	// late says that the decision day has passed.
	late bool
}

// Said is an idea, and what became of it.
type Said struct {
	Idea  string     `json:"idea"`
	Title string     `json:"title"`
	Text  string     `json:"text,omitempty"`
	Links []SaidLink `json:"links,omitempty"`
	Given string     `json:"given"`
	// By is who gave it, and With who gave the ideas merged into it. A report for one
	// account has Others instead, how many those are: customers are not told of each other.
	By     string   `json:"by"`
	With   []string `json:"with,omitempty"`
	Others int      `json:"others,omitempty"`
	Votes  int64    `json:"votes"`
	// Into is the title of the idea it was merged into.
	Into string `json:"mergedInto,omitempty"`
	// Status is what became of it in a few words.
	Status string `json:"status"`
	// Answers are what the company answered, oldest first; the last counts.
	Answers []Did `json:"answers,omitempty"`
}

// SaidLink is an attachment of an idea.
type SaidLink struct {
	Title string `json:"title,omitempty"`
	URL   string `json:"url"`
}

// Did is an answer to an idea, and what was done since.
type Did struct {
	Outcome string `json:"outcome"`
	On      string `json:"on"`
	Reason  string `json:"reason"`
	// Changed says why the answer before was changed to this.
	Changed string    `json:"changed,omitempty"`
	Owner   string    `json:"owner,omitempty"`
	Due     string    `json:"due,omitempty"`
	Steps   []DidStep `json:"steps,omitempty"`
	Done    string    `json:"done,omitempty"`
}

// DidStep is something done about an idea.
type DidStep struct {
	On       string `json:"on"`
	Note     string `json:"note"`
	Evidence string `json:"evidence,omitempty"`
}

// ReportQuery says of what a report tells; all that is given has to be true of an idea.
type ReportQuery struct {
	// Board and Solicitation are ids; Contact is one of the account.
	Board, Solicitation, Account, Contact string
	// From and To are days, both included; 0 leaves that end open. An idea is of a period
	// in which it was given, answered or followed up.
	From, To civil.Day
}

// Report makes the report. INVALID_ARGUMENT for what it names that does not exist, and
// for more than MaxReported ideas.
func (s *Ideas) Report(ctx context.Context, q ReportQuery) (Report, error) {
	w, err := s.reporting(ctx, q.Account != "")
	if err != nil {
		return Report{}, err
	}
	r := Report{Title: "You said, we did"}
	if r.About, err = w.about(ctx, q); err != nil {
		return r, err
	}
	if q.From != 0 {
		r.From = q.From.String()
	}
	if q.To != 0 {
		r.To = q.To.String()
	}
	ideas, err := s.reported(ctx, q, w.zone)
	if err != nil {
		return r, err
	}
	return w.fill(ctx, r, ideas)
}

// reportOne makes the report of one idea, for those who gave it.
func (s *Ideas) reportOne(ctx context.Context, idea resource.Stored[Idea]) (Report, error) {
	w, err := s.reporting(ctx, true)
	if err != nil {
		return Report{}, err
	}
	r := Report{Title: "You said, we did: " + idea.State.Title}
	if r.About, err = w.giver(ctx, idea.State.Giver); err != nil {
		return r, err
	}
	return w.fill(ctx, r, []resource.Stored[Idea]{idea})
}

// reported returns the ideas of a report: by solicitation, day and id.
func (s *Ideas) reported(ctx context.Context, q ReportQuery, zone civil.Zone) ([]resource.Stored[Idea], error) {
	var list []resource.Stored[Idea]
	find := docstore.Query{}
	switch {
	case q.Solicitation != "":
		find.Index, find.Equal = "solicitation", []any{q.Solicitation}
	case q.Account != "":
		find.Index, find.Equal = "account", []any{q.Account}
	case q.Board != "":
		find.Index, find.Equal = "board", []any{q.Board}
	}
	for i, err := range s.table.All(ctx, find) {
		if err != nil {
			return nil, fmt.Errorf("read the ideas of a report: %w", err)
		}
		if !q.wants(&i.State, zone) {
			continue
		}
		if list = append(list, s.whole(ctx, i)); len(list) > MaxReported {
			return nil, fault.Invalid("from_date", "there are more than %d ideas to tell of: narrow the period, or ask for one board, account or solicitation", MaxReported)
		}
	}
	slices.SortFunc(list, func(a, b resource.Stored[Idea]) int {
		return cmp.Or(cmp.Compare(a.State.Submitted, b.State.Submitted), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// wants says whether an idea is one to tell of.
func (q ReportQuery) wants(i *Idea, zone civil.Zone) bool {
	switch {
	case q.Board != "" && i.Board != q.Board, q.Solicitation != "" && i.Solicitation != q.Solicitation,
		q.Account != "" && i.Account != q.Account, q.Contact != "" && i.Contact != q.Contact:
		return false
	case q.From == 0 && q.To == 0:
		return true
	}
	in := func(d civil.Day) bool { return q.From <= d && (q.To == 0 || d <= q.To) }
	at := func(t time.Time) bool { return in(zone.DayOf(t)) }
	return in(i.Submitted) || slices.ContainsFunc(i.Answers, func(d Disposition) bool {
		return at(d.At) || slices.ContainsFunc(d.Steps, func(s Step) bool { return at(s.At) })
	})
}

// reporting makes a report; it looks each name up once.
type reporting struct {
	ideas *Ideas
	// outside says that it is for customers, who are not told who else gave an idea.
	outside bool

	zone  civil.Zone
	today civil.Day
	names map[string]string
}

func (s *Ideas) reporting(ctx context.Context, outside bool) (*reporting, error) {
	zone, err := s.zone(ctx)
	if err != nil {
		return nil, fmt.Errorf("find the company's time zone: %w", err)
	}
	return &reporting{ideas: s, outside: outside, zone: zone, today: zone.DayOf(s.now()), names: map[string]string{}}, nil
}

// called returns what people call something; its resource name where it is there no more.
func (w *reporting) called(ctx context.Context, name string, look func(context.Context) (string, error)) (string, error) {
	if called, ok := w.names[name]; ok {
		return called, nil
	}
	called, err := look(ctx)
	if errors.Is(err, resource.ErrNotFound) || err == nil && called == "" {
		called, err = name, nil
	}
	if err != nil {
		return "", fmt.Errorf("look up %s: %w", name, err)
	}
	w.names[name] = called
	return called, nil
}

// giver returns who gave something: "Jo Brook, Brook & Sons".
func (w *reporting) giver(ctx context.Context, g Giver) (string, error) {
	d := w.ideas.directory
	account, err := w.called(ctx, "accounts/"+g.Account, func(ctx context.Context) (string, error) { return d.Account(ctx, g.Account) })
	if err != nil || g.Contact == "" {
		return account, err
	}
	contact, err := w.called(ctx, g.String(), func(ctx context.Context) (string, error) { return d.Contact(ctx, g.Account, g.Contact) })
	return contact + ", " + account, err
}

// about says of what the report tells, all of which has to exist.
func (w *reporting) about(ctx context.Context, q ReportQuery) (string, error) {
	about := "all ideas"
	if q.Account != "" {
		g := Giver{q.Account, q.Contact}
		if err := w.ideas.giver(ctx, "", g); err != nil {
			return "", err
		}
		var err error
		if about, err = w.giver(ctx, g); err != nil {
			return "", err
		}
	} else if q.Contact != "" {
		return "", fault.Invalid("account", "is empty: a contact is one of an account")
	}
	if q.Board != "" {
		name, err := w.ideas.directory.Board(ctx, q.Board)
		if err := known("board", "boards/"+q.Board, name, err); err != nil {
			return "", err
		}
		about = join(about, name)
	}
	if q.Solicitation != "" {
		asked, err := w.ideas.solicitations.Get(ctx, q.Solicitation)
		if err := known("solicitation", SolicitationName(q.Solicitation), "", err); err != nil {
			return "", err
		}
		about = join(about, asked.State.Question)
	}
	return about, nil
}

func join(about, more string) string {
	if about == "all ideas" {
		return more
	}
	return about + "; " + more
}
