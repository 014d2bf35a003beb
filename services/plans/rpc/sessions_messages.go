package rpc

import (
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/type/date"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/feeds"
	"github.com/evenhand/evenhand/services/plans/sessions"
)

var sessionStates = map[sessions.State]plansv1.StrategySession_State{
	sessions.Draft: plansv1.StrategySession_STATE_DRAFT, sessions.Open: plansv1.StrategySession_STATE_OPEN,
	sessions.Held: plansv1.StrategySession_STATE_HELD, sessions.Answered: plansv1.StrategySession_STATE_ANSWERED,
	sessions.Cancelled: plansv1.StrategySession_STATE_CANCELLED,
}

var sessionOutcomes = map[feeds.Outcome]plansv1.StrategySession_Idea_Outcome{
	feeds.Adopted: plansv1.StrategySession_Idea_OUTCOME_ADOPT, feeds.Tried: plansv1.StrategySession_Idea_OUTCOME_TRIAL,
	feeds.Declined: plansv1.StrategySession_Idea_OUTCOME_DECLINE, feeds.AlreadyThere: plansv1.StrategySession_Idea_OUTCOME_ALREADY_THERE,
}

// sessionOut writes a session as it is on a day; on none, where that is 0, it is not overdue.
func sessionOut(s resource.Stored[sessions.Session], today civil.Day) *plansv1.StrategySession {
	n := &s.State
	out := &plansv1.StrategySession{
		Name: sessions.Name(s.ID), Title: n.Title, Owner: nameIn("principals", n.Owner), Question: n.Question, Leaning: n.Leaning,
		LeaningReason: n.Why, Facts: n.Facts, StartTime: wire.Timestamp(n.Starts), DurationMinutes: int32(n.Minutes),
		Channel: channels[n.Channel], Place: n.Place, InvitationChannel: channels[n.InviteBy], CloseDate: dayOut(n.Closes),
		DecisionDate: dayOut(n.Decides), PromiseDate: dayOut(n.Promised), Notes: n.Notes, State: sessionStates[n.State], Reconciling: n.Step != nil, Overdue: n.Overdue(today),
		Solicitation: nameIn("solicitations", n.Solicitation), HoldDate: dayOut(n.HeldOn), Attendance: attendanceOut(n.Attendance),
		Decision: sessionDecisionOut(n.Decision), CancellationReason: n.Cancellation,
		Etag: s.Etag(), CreateTime: wire.Timestamp(n.Created), UpdateTime: wire.Timestamp(n.Updated),
	}
	invitations := map[string]sessions.Invitation{}
	for _, i := range n.Invitations {
		invitations[i.Account] = i
	}
	for _, i := range n.Invited {
		invited := &plansv1.StrategySession_Invited{Account: nameIn("accounts", i.Account),
			Touchpoint: invitations[i.Account].Touchpoint, Problem: invitations[i.Account].Problem}
		for _, contact := range i.Contacts {
			invited.Contacts = append(invited.Contacts, sessions.ContactName(i.Account, contact))
		}
		out.Invited = append(out.Invited, invited)
	}
	for _, item := range n.Agenda {
		out.Agenda = append(out.Agenda, &plansv1.StrategySession_AgendaItem{Topic: item.Topic, DurationMinutes: int32(item.Minutes)})
	}
	for _, t := range n.History {
		out.History = append(out.History, &plansv1.StrategySession_Turn{TurnTime: wire.Timestamp(t.At), Principal: t.By,
			OldState: sessionStates[t.From], NewState: sessionStates[t.To]})
	}
	return out
}

func attendanceOut(came []sessions.Attendee) []*plansv1.StrategySession_Attendee {
	var list []*plansv1.StrategySession_Attendee
	for _, a := range came {
		out := &plansv1.StrategySession_Attendee{Account: nameIn("accounts", a.Account)}
		if a.Contact != "" {
			out.Contact = sessions.ContactName(a.Account, a.Contact)
		}
		list = append(list, out)
	}
	return list
}

func sessionDecisionOut(d *sessions.Decision) *plansv1.StrategySession_Decision {
	if d == nil {
		return nil
	}
	return &plansv1.StrategySession_Decision{Text: d.Text, Reason: d.Reason, DecideDate: dayOut(d.Day), Decider: nameIn("principals", d.By),
		ChangedBy: d.Changed, Recorder: d.Recorder}
}

func givenOut(given []sessions.Given) []*plansv1.StrategySession_Idea {
	var list []*plansv1.StrategySession_Idea
	for _, i := range given {
		list = append(list, &plansv1.StrategySession_Idea{Name: i.Name, Title: i.Title, Account: nameIn("accounts", i.Account), SubmitDate: dayOut(i.Day),
			Outcome: sessionOutcomes[i.Outcome], DecideTime: wire.Timestamp(i.Decided), MergedInto: i.MergedInto})
	}
	return list
}

// sessionIn reads what people write of a session.
func sessionIn(in *plansv1.StrategySession) (sessions.Definition, error) {
	d := sessions.Definition{
		Title: in.GetTitle(), Question: in.GetQuestion(), Leaning: in.GetLeaning(), Why: in.GetLeaningReason(), Facts: in.GetFacts(),
		Owner: names.First(in.GetOwner(), "principals"), Minutes: int(in.GetDurationMinutes()), Channel: keyOf(channels, in.GetChannel()),
		Place: in.GetPlace(), InviteBy: keyOf(channels, in.GetInvitationChannel()), Notes: in.GetNotes(),
	}
	starts, err := wire.Time("strategy_session.start_time", in.GetStartTime())
	if err != nil {
		return d, err
	}
	if !starts.IsZero() {
		d.Starts = starts.UTC().Truncate(time.Millisecond)
	}
	for field, day := range map[string]struct {
		in *date.Date
		to *civil.Day
	}{"close_date": {in.GetCloseDate(), &d.Closes}, "decision_date": {in.GetDecisionDate(), &d.Decides}} {
		if *day.to, err = dayGiven("strategy_session."+field, day.in); err != nil {
			return d, err
		}
	}
	for i, invited := range in.GetInvited() {
		x := sessions.Invited{Account: names.First(invited.GetAccount(), "accounts")}
		for _, contact := range invited.GetContacts() {
			id, err := contactIn(fmt.Sprintf("strategy_session.invited[%d].contacts", i), invited.GetAccount(), contact)
			if err != nil {
				return d, err
			}
			x.Contacts = append(x.Contacts, id)
		}
		d.Invited = append(d.Invited, x)
	}
	for _, item := range in.GetAgenda() {
		d.Agenda = append(d.Agenda, sessions.Item{Topic: item.GetTopic(), Minutes: int(item.GetDurationMinutes())})
	}
	return d, nil
}

// contactIn returns the id of a contact, which has to be one of the account; both are names.
func contactIn(field, account, contact string) (string, error) {
	ids, ok := names.Parse(contact, "accounts", "contacts")
	if !ok || nameIn("accounts", ids[0]) != account {
		return "", fault.Invalid(field, "%s is no contact of %s", contact, account)
	}
	return ids[1], nil
}

func attendanceIn(in []*plansv1.StrategySession_Attendee) ([]sessions.Attendee, error) {
	var list []sessions.Attendee
	for i, a := range in {
		came := sessions.Attendee{Account: names.First(a.GetAccount(), "accounts")}
		if a.GetContact() != "" {
			var err error
			if came.Contact, err = contactIn(fmt.Sprintf("attendance[%d].contact", i), a.GetAccount(), a.GetContact()); err != nil {
				return nil, err
			}
		}
		list = append(list, came)
	}
	return list, nil
}
