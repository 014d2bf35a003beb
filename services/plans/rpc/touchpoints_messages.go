package rpc

import (
	"fmt"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/touchpoints"
)

var touchpointStates = map[touchpoints.State]plansv1.Touchpoint_State{
	touchpoints.Planned: plansv1.Touchpoint_STATE_PLANNED, touchpoints.Done: plansv1.Touchpoint_STATE_DONE,
	touchpoints.Skipped: plansv1.Touchpoint_STATE_SKIPPED, touchpoints.Withdrawn: plansv1.Touchpoint_STATE_WITHDRAWN,
}

var touchpointOrigins = map[touchpoints.Origin]plansv1.Touchpoint_Origin{
	touchpoints.OfCadence: plansv1.Touchpoint_ORIGIN_CADENCE, touchpoints.OfSuggestion: plansv1.Touchpoint_ORIGIN_SUGGESTION,
	touchpoints.OfSession: plansv1.Touchpoint_ORIGIN_SESSION, touchpoints.ByHand: plansv1.Touchpoint_ORIGIN_PERSON,
	touchpoints.Unplanned: plansv1.Touchpoint_ORIGIN_UNPLANNED,
}

var adjustmentReasons = map[touchpoints.Reason]plansv1.Touchpoint_Adjustment_Reason{
	touchpoints.Holiday: plansv1.Touchpoint_Adjustment_REASON_HOLIDAY, touchpoints.Absence: plansv1.Touchpoint_Adjustment_REASON_ABSENCE,
	touchpoints.Gap: plansv1.Touchpoint_Adjustment_REASON_GAP, touchpoints.Quiet: plansv1.Touchpoint_Adjustment_REASON_QUIET,
	touchpoints.Person: plansv1.Touchpoint_Adjustment_REASON_PERSON,
}

var initiators = map[touchpoints.Initiator]plansv1.ContactOutcome_Initiator{
	touchpoints.Company: plansv1.ContactOutcome_INITIATOR_COMPANY, touchpoints.Customer: plansv1.ContactOutcome_INITIATOR_CUSTOMER,
}

// touchpointOut writes a touchpoint as it is seen on a day.
func touchpointOut(s resource.Stored[touchpoints.Touchpoint], today civil.Day) *plansv1.Touchpoint {
	t := &s.State
	out := &plansv1.Touchpoint{
		Name: touchpoints.Name(s.ID), Purpose: t.Purpose, Channel: channels[t.Channel], State: touchpointStates[t.State],
		Origin: touchpointOrigins[t.Origin], Source: t.Source, Cadence: t.Cadence, OccurrenceDate: dayOut(t.Occurrence),
		OccurrenceTime: wire.Timestamp(t.Nominal), OpenDate: dayOut(t.Opens), Audience: t.Roles, Contacts: contactsOut(t.Plan, t.Contacts),
		Owner: nameIn("principals", t.Owner), DueDate: dayOut(t.DueDay), DueTime: wire.Timestamp(t.Due), TimeZone: t.Zone,
		Overdue: t.Overdue(today), EndReason: t.EndReason, Ender: t.EndedBy, EndTime: wire.Timestamp(t.Ended),
		Etag: s.Etag(), CreateTime: wire.Timestamp(t.Created), UpdateTime: wire.Timestamp(t.Updated),
	}
	for _, a := range t.Adjustments {
		out.Adjustments = append(out.Adjustments, &plansv1.Touchpoint_Adjustment{Reason: adjustmentReasons[a.Reason], Description: a.Words,
			Principal: a.By, AdjustTime: wire.Timestamp(a.At)})
	}
	if o := t.Outcome; o != nil {
		out.Outcome = &plansv1.ContactOutcome{Text: o.Text, Initiator: initiators[o.Initiator], ContactDate: dayOut(o.On),
			Contacts: contactsOut(t.Plan, o.Contacts), Evidence: o.Evidence, Minutes: int32(o.Minutes), Holder: nameIn("principals", o.Holder), Recorder: o.By, RecordTime: wire.Timestamp(o.At)}
	}
	return out
}

// outcomeIn reads what came of a contact with an account.
func outcomeIn(account string, in *plansv1.ContactOutcome) (touchpoints.Outcome, error) {
	o := touchpoints.Outcome{Text: in.GetText(), Initiator: keyOf(initiators, in.GetInitiator()), Evidence: in.GetEvidence(), Minutes: int(in.GetMinutes()),
		Holder: names.First(in.GetHolder(), "principals")}
	var err error
	if o.On, err = dayGiven("outcome.contact_date", in.GetContactDate()); err != nil {
		return o, err
	}
	o.Contacts, err = contactsIn("outcome.contacts", account, in.GetContacts())
	return o, err
}

func contactsOut(account string, ids []string) []string {
	var list []string
	for _, id := range ids {
		list = append(list, names.Join("accounts", account, "contacts", id))
	}
	return list
}

// contactsIn reads the ids of contacts, which must be of the account.
func contactsIn(field, account string, list []string) ([]string, error) {
	var ids []string
	for i, name := range list {
		if names.First(name, "accounts") != account {
			return nil, fault.Invalid(fmt.Sprintf("%s[%d]", field, i), "%s is of another account than %s", name, nameIn("accounts", account))
		}
		ids = append(ids, names.Last(name))
	}
	return ids, nil
}

// absenceOut writes an absence.
func absenceOut(s resource.Stored[touchpoints.Away]) *plansv1.Absence {
	a := &s.State
	return &plansv1.Absence{Name: touchpoints.AbsenceName(s.ID), Principal: nameIn("principals", a.Principal), StandIn: nameIn("principals", a.StandIn),
		FirstDate: dayOut(a.First), LastDate: dayOut(a.Last), Reason: a.Reason, Etag: s.Etag(), CreateTime: wire.Timestamp(a.Created)}
}
