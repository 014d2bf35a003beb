package demo

import (
	"context"
	"fmt"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// The strategy sessions of the demo: one that was answered, and one that is open.
const (
	answeredSession = "repair-or-replace"
	openSession     = "night-service"
)

func (p *planner) sessions() plansv1.SessionsServiceClient {
	return plansv1.NewSessionsServiceClient(p.as(managers[0].id))
}

// invite names customers who are invited, with a contact each.
func invite(customers ...string) []*plansv1.StrategySession_Invited {
	var list []*plansv1.StrategySession_Invited
	for _, c := range customers {
		list = append(list, &plansv1.StrategySession_Invited{Account: "accounts/" + Slug(c), Contacts: []string{contactOf(c, delegateOf(c))}})
	}
	return list
}

// ask notes the strategy sessions.
func (p *planner) ask() {
	name := "strategySessions/" + answeredSession
	p.note(29, name, func(ctx context.Context) error {
		return p.convene(ctx, answeredSession, &plansv1.StrategySession{
			Title: "Repair or replace", Owner: "principals/" + managers[0].id,
			Question:      "Shall we repair what is older than fifteen years?",
			Leaning:       "To stop at fifteen years, and give a fifth off a new one.",
			LeaningReason: "Parts are made no more, and a third of the repairs comes back.", Facts: "Of 900 instruments that were repaired last year, 140 were older.",
			Invited: invite("Tidewater Lighterage", "Barleymow Growers", "Meridian Pilots"), StartTime: stamp(p.hour(20)), DurationMinutes: 90,
			Channel: plansv1.Channel_CHANNEL_VIDEO, CloseDate: toDate(p.day(18)), DecisionDate: toDate(p.day(8)),
			Agenda: []*plansv1.StrategySession_AgendaItem{{Topic: "What is as old as that, and what it is for", DurationMinutes: 40}, {Topic: "What else we could do", DurationMinutes: 50}}})
	})
	p.note(21, name, p.propose)
	p.note(20, name, func(ctx context.Context) error {
		_, err := p.sessions().HoldStrategySession(ctx, &plansv1.HoldStrategySessionRequest{Name: name, RequestId: once("hold"),
			Notes: "Old does not mean bad: what stands on a shelf for reference is never worn.",
			Attendance: []*plansv1.StrategySession_Attendee{
				{Account: "accounts/tidewater-lighterage", Contact: contactOf("Tidewater Lighterage", "Bess Marlow")},
				{Account: "accounts/barleymow-growers", Contact: contactOf("Barleymow Growers", "Winifred Stubbs")}}})
		return err
	})
	p.note(10, name, p.answer)
	p.note(5, "strategySessions/"+openSession, func(ctx context.Context) error {
		return p.convene(ctx, openSession, &plansv1.StrategySession{
			Title: "Service at night", Owner: "principals/" + managers[0].id,
			Question: "What would you want of us between six in the evening and eight?", Leaning: "To answer the telephone until midnight.",
			LeaningReason: "Most of what goes wrong at night is noticed before twelve.", Facts: "We found 61 calls on the tape last winter.",
			Invited:   invite("Foxglove Games", "Cobbler's Row", "Tidewater Lighterage"),
			StartTime: stamp(p.hour(-16)), DurationMinutes: 60, Channel: plansv1.Channel_CHANNEL_VIDEO, DecisionDate: toDate(p.day(-40))})
	})
}

// convene writes a session down and opens it; who looks after those invited invites them.
func (p *planner) convene(ctx context.Context, id string, session *plansv1.StrategySession) error {
	name := "strategySessions/" + id
	_, err := p.sessions().CreateStrategySession(ctx, &plansv1.CreateStrategySessionRequest{
		StrategySessionId: id, StrategySession: session, RequestId: once("session", id)})
	if err != nil {
		return err
	}
	if _, err = p.sessions().OpenStrategySession(ctx, &plansv1.OpenStrategySessionRequest{Name: name, RequestId: once("open session", id)}); err != nil {
		return err
	}
	var opened *plansv1.StrategySession
	err = until(ctx, "invitations", func(ctx context.Context) (bool, error) {
		opened, err = p.sessions().GetStrategySession(ctx, &plansv1.GetStrategySessionRequest{Name: name})
		return !opened.GetReconciling(), err
	})
	if err != nil {
		return err
	}
	for _, invited := range opened.GetInvited() {
		touchpoint := invited.GetTouchpoint()
		if touchpoint == "" { // their plan is not active: somebody has to invite them otherwise
			continue
		}
		_, err := plansv1.NewTouchpointsServiceClient(p.as(p.of(touchpoint).Owner)).CompleteTouchpoint(ctx, &plansv1.CompleteTouchpointRequest{
			Name: touchpoint, RequestId: once("complete", touchpoint),
			Outcome: &plansv1.ContactOutcome{Text: p.of(touchpoint).in("{name} was invited, and will tell who comes."), Minutes: 5}})
		if err != nil {
			return fmt.Errorf("%s: %w", touchpoint, err)
		}
	}
	return nil
}

// propose gives the idea that changed what was decided.
func (p *planner) propose(ctx context.Context) error {
	session, err := p.sessions().GetStrategySession(ctx, &plansv1.GetStrategySessionRequest{Name: "strategySessions/" + answeredSession})
	if err != nil {
		return err
	}
	_, err = boardv1.NewIdeasServiceClient(p.owner("Barleymow Growers")).SubmitIdea(ctx, &boardv1.SubmitIdeaRequest{RequestId: once("idea"),
		Idea: &boardv1.Idea{Title: "Ask what it is for before you say what it is worth", Text: "Ours is thirty years old and is used twice a year.",
			Solicitation: session.GetSolicitation(), Account: "accounts/barleymow-growers", Contact: contactOf("Barleymow Growers", "Winifred Stubbs")}})
	return err
}

// answer decides on the ideas that were given, and says what was decided.
func (p *planner) answer(ctx context.Context) error {
	name := "strategySessions/" + answeredSession
	session, err := p.sessions().GetStrategySession(ctx, &plansv1.GetStrategySessionRequest{Name: name})
	if err != nil {
		return err
	}
	ideas := boardv1.NewIdeasServiceClient(p.as(managers[0].id))
	given, err := ideas.ListIdeas(ctx, &boardv1.ListIdeasRequest{Filter: fmt.Sprintf("solicitation = %q", session.GetSolicitation())})
	if err != nil {
		return err
	}
	var changed []string
	for _, idea := range given.GetIdeas() {
		changed = append(changed, idea.GetName())
		if idea.GetState() != boardv1.Idea_STATE_UNDECIDED {
			continue
		}
		_, err := ideas.DecideIdea(ctx, &boardv1.DecideIdeaRequest{Name: idea.GetName(), RequestId: once("decide", answeredSession), Disposition: &boardv1.Disposition{
			Outcome: boardv1.Disposition_OUTCOME_ADOPT, Reason: "It costs us a question, and saves you an instrument.",
			Owner: "principals/" + managers[0].id, DueDate: toDate(p.day(-30))}})
		if err != nil {
			return fmt.Errorf("%s: %w", idea.GetName(), err)
		}
	}
	_, err = p.sessions().AnswerStrategySession(ctx, &plansv1.AnswerStrategySessionRequest{Name: name, RequestId: once("answer session"),
		Decision: &plansv1.StrategySession_Decision{Text: "We go on repairing, whatever the age, where the instrument is used seldom; for others we say beforehand what will not last.",
			Reason: "You told us that age is not wear. We had counted years.", ChangedBy: changed}})
	return err
}
