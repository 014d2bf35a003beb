package advice

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

// fill puts ideas into a report, each below its question.
func (w *reporting) fill(ctx context.Context, r Report, ideas []resource.Stored[Idea]) (Report, error) {
	below := map[string]*Question{}
	r.Questions = []Question{}
	for _, i := range ideas {
		q, ok := below[i.State.Solicitation]
		if !ok {
			asked, err := w.question(ctx, i.State.Solicitation)
			if err != nil {
				return r, err
			}
			q = &asked
			below[i.State.Solicitation] = q
		}
		said, err := w.said(ctx, i, q)
		if err != nil {
			return r, err
		}
		q.Ideas = append(q.Ideas, said)
		r.Counts.add(&i.State, q, w.today)
	}
	for _, q := range below {
		r.Questions = append(r.Questions, *q)
	}
	slices.SortFunc(r.Questions, func(a, b Question) int {
		if (a.Solicitation == "") != (b.Solicitation == "") {
			return cmp.Compare(len(b.Solicitation), len(a.Solicitation)) // without a question: last
		}
		return cmp.Or(cmp.Compare(a.Opened, b.Opened), cmp.Compare(a.Solicitation, b.Solicitation))
	})
	return r, nil
}

func (w *reporting) question(ctx context.Context, id string) (Question, error) {
	if id == "" {
		return Question{Question: "Ideas nobody asked for"}, nil
	}
	asked, err := w.ideas.solicitations.Get(ctx, id)
	if err != nil {
		return Question{}, err
	}
	s := asked.State
	return Question{Solicitation: SolicitationName(id), Question: s.Question, Opened: s.Opened.String(), DecisionDue: s.Due.String(), Answer: s.Answer,
		late: s.Late(w.today)}, nil
}

// add counts an idea.
func (c *Counts) add(i *Idea, q *Question, today civil.Day) {
	c.Ideas++
	d := i.Disposition()
	if d == nil {
		c.Undecided++
		if q.late {
			c.Late++
		}
		return
	}
	switch {
	case !d.Done.IsZero():
		c.Done++
	case d.Outcome == Adopt:
		c.Adopted++
	case d.Outcome == Trial:
		c.Trial++
	case d.Outcome == AlreadyThere:
		c.AlreadyThere++
	default:
		c.Declined++
	}
	if d.Overdue(today) {
		c.Overdue++
	}
}

// said tells of one idea, given to a question.
func (w *reporting) said(ctx context.Context, i resource.Stored[Idea], q *Question) (Said, error) {
	s := Said{Idea: IdeaName(i.ID), Title: i.State.Title, Text: i.State.Text, Given: i.State.Submitted.String(),
		Votes: i.State.Count, Status: w.status(&i.State, q)}
	for _, l := range i.State.Links {
		s.Links = append(s.Links, SaidLink(l))
	}
	var err error
	if s.By, err = w.giver(ctx, i.State.Giver); err != nil {
		return s, err
	}
	if i.State.Into != "" {
		if s.Into, err = w.called(ctx, IdeaName(i.State.Into), func(ctx context.Context) (string, error) {
			into, err := w.ideas.Get(ctx, i.State.Into)
			return into.State.Title, err
		}); err != nil {
			return s, err
		}
	} else {
		others, err := w.others(ctx, s.By, i.State.Merged())
		if err != nil {
			return s, err
		}
		if s.Others = len(others); !w.outside {
			s.With, s.Others = others, 0
		}
	}
	for _, d := range i.State.Answers {
		did, err := w.did(ctx, d)
		if err != nil {
			return s, err
		}
		s.Answers = append(s.Answers, did)
	}
	return s, nil
}

// others returns who gave the ideas merged into one, besides whoever gave that.
func (w *reporting) others(ctx context.Context, by string, merged []Member) ([]string, error) {
	var others []string
	for _, m := range merged {
		giver, err := w.giver(ctx, m.Giver)
		if err != nil {
			return nil, err
		}
		if giver != by && !slices.Contains(others, giver) {
			others = append(others, giver)
		}
	}
	return others, nil
}

// status says what became of an idea in a few words.
func (w *reporting) status(i *Idea, q *Question) string {
	d := i.Disposition()
	switch {
	case d == nil && q.late:
		return fmt.Sprintf("to be decided by %s and not decided yet", q.DecisionDue)
	case d == nil:
		return "not decided yet"
	case !d.Done.IsZero():
		return "done on " + w.day(d.Done)
	case d.Overdue(w.today):
		return fmt.Sprintf("%s; due on %s and not done yet", words[d.Outcome], d.Due)
	case d.promises():
		return fmt.Sprintf("%s; due on %s", words[d.Outcome], d.Due)
	}
	return words[d.Outcome]
}

// words are what the outcomes are called.
var words = map[Outcome]string{Adopt: "adopted", Trial: "on trial", Decline: "declined", AlreadyThere: "there already"}

func (w *reporting) did(ctx context.Context, d Disposition) (Did, error) {
	out := Did{Outcome: words[d.Outcome], On: w.day(d.At), Reason: d.Reason, Changed: d.Revises}
	if d.promises() {
		owner, err := w.called(ctx, "principals/"+d.Owner, func(ctx context.Context) (string, error) {
			return w.ideas.directory.Principal(ctx, d.Owner)
		})
		if err != nil {
			return out, err
		}
		out.Owner, out.Due = owner, d.Due.String()
	}
	for _, s := range d.Steps {
		out.Steps = append(out.Steps, DidStep{On: w.day(s.At), Note: s.Note, Evidence: s.Evidence})
	}
	if !d.Done.IsZero() {
		out.Done = w.day(d.Done)
	}
	return out, nil
}

func (w *reporting) day(at time.Time) string { return w.zone.DayOf(at).String() }
