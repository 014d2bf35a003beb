package rpc

import (
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/advice"
)

var ideaStates = map[advice.IdeaState]boardv1.Idea_State{
	advice.Undecided: boardv1.Idea_STATE_UNDECIDED,
	advice.Decided:   boardv1.Idea_STATE_DECIDED,
	advice.Merged:    boardv1.Idea_STATE_MERGED,
}

var outcomes = map[advice.Outcome]boardv1.Disposition_Outcome{
	advice.Adopt:        boardv1.Disposition_OUTCOME_ADOPT,
	advice.Trial:        boardv1.Disposition_OUTCOME_TRIAL,
	advice.Decline:      boardv1.Disposition_OUTCOME_DECLINE,
	advice.AlreadyThere: boardv1.Disposition_OUTCOME_ALREADY_THERE,
}

// ideaOf is an idea as it is told on a day.
func ideaOf(s resource.Stored[advice.Idea], today civil.Day) *boardv1.Idea {
	i := s.State
	out := &boardv1.Idea{
		Name: advice.IdeaName(s.ID), Title: i.Title, Text: i.Text, Solicitation: nameIn("solicitations", i.Solicitation),
		Account: nameIn("accounts", i.Account), Contact: contactOf(i.Giver), SubmitDate: dateFrom(i.Submitted), Submitter: i.By,
		Board: nameIn("boards", i.Board), State: ideaStates[i.State()], Votes: int32(i.Count), MergedInto: nameIn("ideas", i.Into),
		Etag: s.Etag(), CreateTime: wire.Timestamp(i.Created), UpdateTime: wire.Timestamp(i.Updated),
	}
	for _, l := range i.Links {
		out.Links = append(out.Links, &boardv1.Idea_Link{Title: l.Title, Url: l.URL})
	}
	if i.Into == "" {
		for _, m := range i.Merged() {
			out.MergedIdeas = append(out.MergedIdeas, &boardv1.Idea_MergedIdea{Idea: advice.IdeaName(m.Idea), Title: m.Title,
				Account: nameIn("accounts", m.Account), Contact: contactOf(m.Giver), Principal: m.By, MergeTime: wire.Timestamp(m.At)})
		}
	}
	for _, d := range i.Answers {
		out.History = append(out.History, dispositionOf(d, today))
	}
	if len(out.History) > 0 {
		out.Disposition = out.History[len(out.History)-1]
	}
	for _, t := range i.Tellings {
		out.Tellings = append(out.Tellings, &boardv1.Idea_Telling{Idea: advice.IdeaName(t.Idea), Account: nameIn("accounts", t.Account),
			Contact: contactOf(t.Giver), TellTime: wire.Timestamp(t.At)})
	}
	return out
}

func dispositionOf(d advice.Disposition, today civil.Day) *boardv1.Disposition {
	out := &boardv1.Disposition{
		Outcome: outcomes[d.Outcome], Reason: d.Reason, Owner: nameIn("principals", d.Owner), DueDate: dateFrom(d.Due), Principal: d.By,
		DecideTime: wire.Timestamp(d.At), RevisionReason: d.Revises, DoneTime: wire.Timestamp(d.Done), Overdue: d.Overdue(today),
	}
	for _, s := range d.Steps {
		out.Steps = append(out.Steps, &boardv1.Disposition_Step{Note: s.Note, Evidence: s.Evidence, Completes: s.Completes,
			Principal: s.By, StepTime: wire.Timestamp(s.At)})
	}
	return out
}

// dispositionFrom reads what callers may set of an answer.
func dispositionFrom(in *boardv1.Disposition) (advice.Disposition, error) {
	d := advice.Disposition{Reason: in.GetReason(), Owner: id(in.GetOwner(), "principals")}
	for outcome, number := range outcomes {
		if number == in.GetOutcome() {
			d.Outcome = outcome
		}
	}
	var err error
	d.Due, err = dayFrom("disposition.due_date", in.GetDueDate())
	return d, err
}

// ideaFrom reads what callers may set of an idea.
func ideaFrom(in *boardv1.Idea) (advice.Idea, error) {
	i := advice.Idea{Title: in.GetTitle(), Text: in.GetText(), Links: linksFrom(in.GetLinks()), Solicitation: id(in.GetSolicitation(), "solicitations")}
	var err error
	if i.Giver, err = giverFrom("idea.contact", in.GetAccount(), in.GetContact()); err != nil {
		return i, err
	}
	i.Submitted, err = dayFrom("idea.submit_date", in.GetSubmitDate())
	return i, err
}

func linksFrom(in []*boardv1.Idea_Link) []advice.Link {
	var links []advice.Link
	for _, l := range in {
		links = append(links, advice.Link{Title: l.GetTitle(), URL: l.GetUrl()})
	}
	return links
}

func similarOf(list []advice.Similar) []*boardv1.SimilarIdea {
	var out []*boardv1.SimilarIdea
	for _, s := range list {
		out = append(out, &boardv1.SimilarIdea{Idea: advice.IdeaName(s.ID), Title: s.State.Title, State: ideaStates[s.State.State()], Likeness: s.Likeness})
	}
	return out
}

func commentOf(s resource.Stored[advice.Comment]) *boardv1.IdeaComment {
	c := s.State
	return &boardv1.IdeaComment{Name: advice.IdeaName(s.ID), Text: c.Text, Account: nameIn("accounts", c.Account), Contact: contactOf(c.Giver),
		Principal: c.By, CreateTime: wire.Timestamp(c.Created)}
}
