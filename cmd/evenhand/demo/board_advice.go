package demo

import (
	"context"
	"fmt"
	"slices"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// askFirst asks the question that was answered in full.
func (c *clerk) askFirst(ctx context.Context) error {
	opened := c.plan.first.AddDate(0, 0, 20)
	s, err := c.ask(ctx, firstQuestion, opened)
	if err != nil || s.GetState() == boardv1.Solicitation_STATE_ANSWERED {
		return err
	}
	if err := c.decide(ctx, firstQuestion, opened.AddDate(0, 0, firstQuestion.closeDays+6)); err != nil {
		return err
	}
	c.at(opened.AddDate(0, 0, firstQuestion.decisionDays-2))
	_, err = c.questions.AnswerSolicitation(ctx, &boardv1.AnswerSolicitationRequest{Name: s.GetName(), Answer: firstQuestion.answer})
	return err
}

// askSecond asks the question that is overdue: not all of its ideas are decided.
func (c *clerk) askSecond(ctx context.Context) error {
	opened := c.today.AddDate(0, 0, -overdueDays-secondQuestion.decisionDays)
	if _, err := c.ask(ctx, secondQuestion, opened); err != nil {
		return err
	}
	return c.decide(ctx, secondQuestion, opened.AddDate(0, 0, secondQuestion.closeDays+4))
}

// draftThird writes a question that cannot be opened while the second is overdue.
func (c *clerk) draftThird(ctx context.Context) error {
	c.at(c.today.AddDate(0, 0, -1))
	return c.draft(ctx, thirdQuestion, c.today.AddDate(0, 0, 1))
}

func (c *clerk) draft(ctx context.Context, q questionScript, opened time.Time) error {
	_, err := c.questions.CreateSolicitation(ctx, &boardv1.CreateSolicitationRequest{SolicitationId: q.id, Solicitation: &boardv1.Solicitation{
		Question: q.question, Background: q.background, Owner: "principals/" + q.owner,
		Audience:  &boardv1.Audience{Who: &boardv1.Audience_Board{Board: boardName}},
		CloseDate: toDate(opened.AddDate(0, 0, q.closeDays)), DecisionDate: toDate(opened.AddDate(0, 0, q.decisionDays)),
	}})
	if status.Code(err) == codes.AlreadyExists {
		return nil
	}
	return err
}

// ask opens a question on a day, and takes the ideas that come in.
func (c *clerk) ask(ctx context.Context, q questionScript, opened time.Time) (*boardv1.Solicitation, error) {
	c.at(opened)
	if err := c.draft(ctx, q, opened); err != nil {
		return nil, err
	}
	s, err := c.questions.GetSolicitation(ctx, &boardv1.GetSolicitationRequest{Name: q.name()})
	if err != nil {
		return nil, err
	}
	if s.GetState() == boardv1.Solicitation_STATE_DRAFT {
		if s, err = c.questions.OpenSolicitation(ctx, &boardv1.OpenSolicitationRequest{Name: q.name()}); err != nil {
			return nil, err
		}
	}
	if s.GetState() != boardv1.Solicitation_STATE_OPEN {
		return s, nil
	}
	return s, c.collect(ctx, q, opened)
}

// collect takes the ideas of a question that are not there yet, one a day, and the votes
// for them.
func (c *clerk) collect(ctx context.Context, q questionScript, opened time.Time) error {
	members, err := c.members(ctx)
	if err != nil {
		return err
	}
	there, err := c.given(ctx, q)
	if err != nil {
		return err
	}
	for i, idea := range q.ideas {
		c.at(opened.AddDate(0, 0, 2+i))
		name := there[idea.title].GetName()
		if name == "" {
			account, contact := c.author(members, i, idea)
			answer, err := c.ideas.SubmitIdea(ctx, &boardv1.SubmitIdeaRequest{Idea: &boardv1.Idea{
				Title: idea.title, Text: idea.text, Solicitation: q.name(), Account: account, Contact: contact,
			}})
			if err != nil {
				return fmt.Errorf("%q: %w", idea.title, err)
			}
			name = answer.GetIdea().GetName()
		}
		for v := range idea.votes {
			_, err := c.ideas.VoteForIdea(ctx, &boardv1.VoteForIdeaRequest{Name: name, Account: members[(i+1+v)%len(members)]})
			if err != nil && status.Code(err) != codes.FailedPrecondition { // decided by an earlier attempt
				return fmt.Errorf("vote for %q: %w", idea.title, err)
			}
		}
	}
	return nil
}

// author is whose idea it is: a member's, or that of a customer who was not asked.
func (c *clerk) author(members []string, i int, idea ideaScript) (account, contact string) {
	if idea.customer != "" {
		return "accounts/" + Slug(idea.customer), ""
	}
	account = members[i%len(members)]
	for _, d := range delegates {
		if "accounts/"+Slug(d.customer) == account {
			return account, account + "/contacts/" + Slug(d.name)
		}
	}
	return account, ""
}

// given returns the ideas of a question, by title.
func (c *clerk) given(ctx context.Context, q questionScript) (map[string]*boardv1.Idea, error) {
	list, err := c.ideas.ListIdeas(ctx, &boardv1.ListIdeasRequest{Filter: fmt.Sprintf("solicitation = %q", q.name()), PageSize: 1000})
	if err != nil {
		return nil, err
	}
	found := map[string]*boardv1.Idea{}
	for _, idea := range list.GetIdeas() {
		found[idea.GetTitle()] = idea
	}
	return found, nil
}

// decide gives the ideas of a question the answers that the script has for them, and
// says what was done.
func (c *clerk) decide(ctx context.Context, q questionScript, day time.Time) error {
	there, err := c.given(ctx, q)
	if err != nil {
		return err
	}
	for _, idea := range q.ideas {
		now := there[idea.title]
		if idea.sameAs != "" && now.GetState() == boardv1.Idea_STATE_UNDECIDED {
			c.at(day)
			if _, err := c.ideas.MergeIdea(ctx, &boardv1.MergeIdeaRequest{Name: now.GetName(), Into: there[idea.sameAs].GetName()}); err != nil {
				return fmt.Errorf("merge %q: %w", idea.title, err)
			}
		}
	}
	for _, idea := range slices.DeleteFunc(slices.Clone(q.ideas), func(i ideaScript) bool { return i.outcome == 0 }) {
		now := there[idea.title]
		if now.GetState() == boardv1.Idea_STATE_UNDECIDED {
			c.at(day.AddDate(0, 0, 2))
			answer := &boardv1.Disposition{Outcome: idea.outcome, Reason: idea.reason}
			if idea.dueDays > 0 {
				answer.Owner, answer.DueDate = "principals/"+q.owner, toDate(day.AddDate(0, 0, idea.dueDays))
			}
			if now, err = c.ideas.DecideIdea(ctx, &boardv1.DecideIdeaRequest{Name: now.GetName(), Disposition: answer}); err != nil {
				return fmt.Errorf("decide %q: %w", idea.title, err)
			}
		}
		if idea.done != "" && len(now.GetDisposition().GetSteps()) == 0 {
			c.at(day.AddDate(0, 0, idea.dueDays-5))
			_, err := c.ideas.RecordFollowUp(ctx, &boardv1.RecordFollowUpRequest{Name: now.GetName(), Note: idea.done, Evidence: idea.evidence, Done: true})
			if err != nil {
				return fmt.Errorf("follow up %q: %w", idea.title, err)
			}
		}
	}
	return nil
}
