package demo

import (
	"context"
	"fmt"
	"strconv"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// experts are the company's own people whom customers may ask.
var experts = []struct {
	person
	areas, languages []string
	description      string
	hours            int32
}{
	{person{"noor-halloran", "Noor Halloran"}, []string{"uncertainty-budgets", "torque"}, []string{"en", "de"}, "Wrote the procedure of our torque bench.", 30},
	{person{"emil-brandvold", "Emil Brandvold"}, []string{"strain-gauges", "vibration"}, []string{"en", "nb"}, "Twenty years on bridges and turbines.", 24},
	{person{"sabela-quint", "Sabela Quint"}, []string{"clean-rooms", "medical-devices"}, []string{"en", "es"}, "Audits for hospitals.", 20},
	{person{"odd-fairweather", "Odd Fairweather"}, []string{"weighing", "calibration-at-sea"}, []string{"en"}, "Knows every scale on the coast.", 16},
}

// introduce employs the experts, and writes down what they know.
func (p *planner) introduce(ctx context.Context) error {
	client := plansv1.NewEngagementsServiceClient(p.as(managers[0].id))
	for _, e := range experts {
		_, err := p.office.access.CreatePrincipal(ctx, &accountsv1.CreatePrincipalRequest{PrincipalId: e.id,
			Principal: &accountsv1.Principal{DisplayName: e.name, Person: true, Roles: []accountsv1.Role{accountsv1.Role_ROLE_VIEWER}}})
		if err != nil && status.Code(err) != codes.AlreadyExists {
			return fmt.Errorf("%s: %w", e.id, err)
		}
		_, err = client.CreateExpert(ctx, &plansv1.CreateExpertRequest{ExpertId: e.id, RequestId: once("expert", e.id),
			Expert: &plansv1.Expert{Areas: e.areas, Languages: e.languages, Description: e.description, HoursAMonth: e.hours}})
		if err != nil {
			return fmt.Errorf("%s: %w", e.id, err)
		}
	}
	return nil
}

// engagementScript is work of an expert for a customer. Days count back from today; 0 is
// for what did not happen.
type engagementScript struct {
	id, customer, title, problem, area string
	contact, benefit, expert           string
	asked, matched, started            int
	// hours are minutes of work, the first on the day after it began.
	hours []int32
	// ended is the day on which it was completed, declined or called off, and how says why
	// or what came of it.
	ended    int
	how      string
	end      plansv1.Engagement_State
	feedback string
	rating   int32
}

var engagementScripts = []engagementScript{
	{id: "torque-at-drumlin", customer: "Drumlin Castings", title: "An uncertainty budget for the new torque bench", area: "uncertainty-budgets",
		problem: "The auditor asks how sure we are, and nobody here can say.", contact: "Jory Pascoe", benefit: "expert-hours", expert: "noor-halloran",
		asked: 32, matched: 30, started: 28, hours: []int32{120, 90, 60}, ended: 11, end: plansv1.Engagement_STATE_COMPLETED,
		how:      "Budget written with them, not for them; the largest part is the lever arm, and they have ordered another.",
		feedback: "We understood it ourselves in the end. The auditor did too.", rating: 5},
	{id: "scales-at-harbour", customer: "Harbour & Sons", title: "Why two quay scales disagree", area: "weighing",
		problem: "Each container weighs less on the way out.", contact: "Osric Dane", expert: "odd-fairweather",
		asked: 25, matched: 24, started: 21, hours: []int32{180, 120}, ended: 14, end: plansv1.Engagement_STATE_COMPLETED,
		how:      "The second scale stands on a slab that sinks with the tide. It was moved by four metres.",
		feedback: "Found on the first day, said plainly. The report could have been shorter.", rating: 4},
	{id: "gauges-at-stonecrop", customer: "Stonecrop Builders", title: "Strain gauges on a listed stairway", area: "strain-gauges",
		problem: "We may not drill, and have to know whether it holds.", contact: "Darragh Quill", expert: "emil-brandvold",
		asked: 19, matched: 17, started: 10, hours: []int32{240, 60}},
	{id: "clean-room-at-larch", customer: "Larch House Clinics", title: "Particle counters that count the cleaner", area: "clean-rooms",
		problem: "Every alarm comes at six in the morning.", contact: "Sister Honor Daly", expert: "sabela-quint", asked: 8, matched: 5},
	{id: "probes-at-barleymow", customer: "Barleymow Growers", title: "Where to put forty moisture probes", area: "moisture",
		problem: "We have forty probes, nine fields and one good guess.", contact: "Winifred Stubbs", asked: 3},
	{id: "noise-at-marlowe", customer: "Marlowe & Finch", title: "How loud may a shop be", area: "acoustics",
		problem: "Customers say that our music is too loud, staff that it is not.", contact: "Leopold Finch", asked: 16,
		ended: 13, end: plansv1.Engagement_STATE_DECLINED, how: "None of us knows enough of this to take their money's worth. We named two who do."},
}

// engage notes the work of the experts.
func (p *planner) engage() {
	for _, e := range engagementScripts {
		client := func() plansv1.EngagementsServiceClient {
			return plansv1.NewEngagementsServiceClient(p.owner(e.customer))
		}
		name := "engagements/" + e.id
		p.note(e.asked, name, func(ctx context.Context) error {
			_, err := client().CreateEngagement(ctx, &plansv1.CreateEngagementRequest{EngagementId: e.id, RequestId: once("engagement", e.id),
				Engagement: &plansv1.Engagement{Account: "accounts/" + Slug(e.customer), Title: e.title, Problem: e.problem, Area: e.area,
					Contact: contactOf(e.customer, e.contact), Benefit: e.benefit, Origin: plansv1.Engagement_ORIGIN_ASKED_FOR, PlannedMinutes: 300}})
			return err
		})
		if e.matched > 0 {
			p.note(e.matched, name, func(ctx context.Context) error {
				_, err := client().AssignExperts(ctx, &plansv1.AssignExpertsRequest{
					Name: name, Experts: []string{"experts/" + e.expert}, RequestId: once("assign", e.id)})
				return err
			})
		}
		if e.started > 0 {
			p.note(e.started, name, func(ctx context.Context) error {
				_, err := client().StartEngagement(ctx, &plansv1.StartEngagementRequest{Name: name, RequestId: once("start", e.id)})
				return err
			})
		}
		for i, minutes := range e.hours {
			before := e.started - 1 - i
			p.note(before, name, func(ctx context.Context) error {
				_, err := client().RecordHours(ctx, &plansv1.RecordHoursRequest{Parent: name, RequestId: once("hours", e.id, strconv.Itoa(i)),
					Hours: &plansv1.HoursEntry{WorkDate: toDate(p.day(before)), Person: "principals/" + e.expert, Minutes: minutes}})
				return err
			})
		}
		if e.ended > 0 {
			p.note(e.ended, name, func(ctx context.Context) error { return p.endEngagement(ctx, client(), e) })
		}
		if e.feedback != "" {
			p.note(e.ended-2, name, func(ctx context.Context) error {
				_, err := client().RecordFeedback(ctx, &plansv1.RecordFeedbackRequest{Name: name, RequestId: once("feedback", e.id),
					Feedback: &plansv1.EngagementFeedback{Text: e.feedback, Rating: e.rating, Contact: contactOf(e.customer, e.contact), Solved: true}})
				return err
			})
		}
	}
}

func (p *planner) endEngagement(ctx context.Context, client plansv1.EngagementsServiceClient, e engagementScript) error {
	name, request := "engagements/"+e.id, once("end", e.id)
	var err error
	if e.end == plansv1.Engagement_STATE_DECLINED {
		_, err = client.DeclineEngagement(ctx, &plansv1.DeclineEngagementRequest{Name: name, Reason: e.how, RequestId: request})
	} else {
		_, err = client.CompleteEngagement(ctx, &plansv1.CompleteEngagementRequest{Name: name, Outcome: e.how, RequestId: request})
	}
	return err
}
