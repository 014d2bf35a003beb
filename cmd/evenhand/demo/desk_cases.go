package demo

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/durationpb"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// casesBatch is by what the import of cases is known.
const casesBatch = "demo-cases"

// OpenCase is the id of a case of NearlyPartner that was opened on the day of the demo.
const OpenCase = "drift-again"

// surveyed says that a customer was asked about every so manyth of the resolved cases.
const surveyed = 12

// catalogue writes down what is done about an issue.
func (d *desk) catalogue(ctx context.Context) error {
	client := entitlementsv1.NewRemediesServiceClient(d.of[author.id])
	written := map[string]bool{}
	for _, issue := range issues {
		for _, value := range issue.values {
			r := issue.remedies[value]
			if written[r.id] {
				continue
			}
			written[r.id] = true
			remedy := &entitlementsv1.Remedy{Title: r.title, Action: r.action, Issue: issue.id}
			if r.worth > 0 {
				remedy.Value = dollars(r.worth)
			}
			if issue.remedies[issue.values[0]] != issue.remedies[issue.values[1]] {
				remedy.Facts = map[string]string{issue.fact: value}
			}
			_, err := client.CreateRemedy(ctx, &entitlementsv1.CreateRemedyRequest{Remedy: remedy, RemedyId: r.id, RequestId: once("remedy", r.id)})
			if err != nil {
				return fmt.Errorf("%s: %w", r.id, err)
			}
		}
	}
	return nil
}

func dollars(cents int64) *money.Money {
	return &money.Money{CurrencyCode: "USD", Units: cents / 100, Nanos: int32(cents%100) * 10_000_000} //nolint:gosec // below 100
}

// nameAccountable says whom cases are escalated to.
func (d *desk) nameAccountable(ctx context.Context) error {
	_, err := entitlementsv1.NewCasesServiceClient(d.of[author.id]).UpdateEscalationPath(ctx, &entitlementsv1.UpdateEscalationPathRequest{
		EscalationPath: &entitlementsv1.EscalationPath{Name: "escalationPath", Accountable: "principals/" + manager.id,
			Contact: "Mara Lind, +1 312 555 0142", Within: durationpb.New(2 * time.Hour), Calendar: "office"},
		RequestId: once("escalation path"),
	})
	return err
}

// importCases sends the cases as rows of an imaginary file.
func (d *desk) importCases(ctx context.Context) error {
	rows := make([]*entitlementsv1.CaseRow, len(d.cases))
	for i, c := range d.cases {
		rows[i] = &entitlementsv1.CaseRow{
			Line: int64(i + 2), ExternalId: c.ID, Account: c.Customer, Issue: c.Issue, Channel: c.Channel, StaffRole: c.Role, Subject: c.Subject,
			Opened: showInstant(c.Opened), FirstReply: showInstant(c.Replied), Resolved: showInstant(c.Resolved),
			Remedy: c.Remedy, Escalated: strconv.FormatBool(c.Escalated), Reopened: strconv.FormatBool(c.Reopened),
			Facts: map[string]string{c.Fact: c.Value},
		}
		if c.Cents > 0 {
			rows[i].RemedyValue = showCents(c.Cents)
		}
	}
	first, err := start(casesBatch, rows)
	if err != nil {
		return err
	}
	call, err := entitlementsv1.NewCaseImportsServiceClient(d.admin).ImportCases(ctx)
	if err != nil {
		return err
	}
	// Where Send fails, Recv says why.
	_ = call.Send(&entitlementsv1.ImportCasesRequest{Step: &entitlementsv1.ImportCasesRequest_Start{Start: &entitlementsv1.CaseImportStart{Import: first}}})
	for batch := range slices.Chunk(rows, rowsAtOnce) {
		_ = call.Send(&entitlementsv1.ImportCasesRequest{Step: &entitlementsv1.ImportCasesRequest_Rows{Rows: &entitlementsv1.CaseRows{Rows: batch}}})
	}
	_ = call.CloseSend()
	_, err = outcome(func() (event, error) { return call.Recv() })
	return err
}

func showInstant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}

func (c *Case) name() string { return "accounts/" + c.Customer + "/cases/" + c.ID }

// survey records what some customers said of how their cases were handled.
func (d *desk) survey(ctx context.Context) error {
	client := entitlementsv1.NewCasesServiceClient(d.of[agent.id])
	for i, c := range d.cases {
		if i%surveyed != 0 || c.Resolved.IsZero() {
			continue
		}
		score := 5 - (i/surveyed)%7/2 // 5 and 4 mostly, seldom 2
		_, err := client.RecordCaseSurvey(ctx, &entitlementsv1.RecordCaseSurveyRequest{
			Name: c.name(), Score: int32(score), Comment: comments[score-1], RequestId: once("survey", c.ID)}) //nolint:gosec // 1 to 5
		if err != nil {
			return fmt.Errorf("%s: %w", c.name(), err)
		}
	}
	return nil
}

// work does what is done about open cases on the day of the demo: one is replied to, one
// waits for the customer, one is escalated, one is resolved in another way than usual, and
// a new one is opened.
func (d *desk) work(ctx context.Context) error {
	client := entitlementsv1.NewCasesServiceClient(d.of[agent.id])
	fresh, answered := d.open()
	if len(fresh) < 3 || len(answered) < 1 {
		return fmt.Errorf("of the cases that are open %d have no reply and %d have one; 3 and 1 are needed", len(fresh), len(answered))
	}
	replied, escalated, departed, waiting := fresh[0], fresh[1], fresh[2], answered[0]
	for _, c := range []Case{replied, escalated, departed, waiting} {
		_, err := client.AssignCase(ctx, &entitlementsv1.AssignCaseRequest{Name: c.name(), Assignee: "principals/" + agent.id, RequestId: once("assign", c.ID)})
		if err != nil {
			return fmt.Errorf("%s: %w", c.name(), err)
		}
	}
	departing := &entitlementsv1.ResolveCaseRequest{Name: departed.name(), Remedy: "loan-for-a-week", RequestId: once("resolve", departed.ID),
		Note: "They measure with ours until theirs is back.", DepartureReason: "A production line stood still, and nothing in the catalogue gets it going today."}
	for _, act := range []struct {
		what string
		do   func() error
	}{
		{"reply", func() error {
			_, err := client.ReplyToCase(ctx, &entitlementsv1.ReplyToCaseRequest{Name: replied.name(), Note: "We look into it today.", RequestId: once("reply", replied.ID)})
			return err
		}},
		{"wait", func() error {
			_, err := client.WaitOnCustomer(ctx, &entitlementsv1.WaitOnCustomerRequest{Name: waiting.name(), Note: "Which serial number has it?", RequestId: once("wait", waiting.ID)})
			return err
		}},
		{"escalate", func() error {
			_, err := client.EscalateCase(ctx, &entitlementsv1.EscalateCaseRequest{Name: escalated.name(), Reason: "The second time this year.", RequestId: once("escalate", escalated.ID)})
			return err
		}},
		{"resolve", func() error { _, err := client.ResolveCase(ctx, departing); return err }},
		{"open", func() error {
			_, err := client.OpenCase(ctx, &entitlementsv1.OpenCaseRequest{Parent: "accounts/" + NearlyPartner, CaseId: OpenCase, RequestId: once("open"),
				Case: &entitlementsv1.Case{Issue: "calibration-drift", Channel: "phone", Subject: "Drifts again, a week after calibration",
					Facts: map[string]string{"under-warranty": "yes"}, Assignee: "principals/" + agent.id}})
			return err
		}},
	} {
		if err := act.do(); err != nil {
			return fmt.Errorf("%s: %w", act.what, err)
		}
	}
	return nil
}

// open are the cases that nobody has resolved, the latest first: those without a reply,
// and those with one.
func (d *desk) open() (fresh, answered []Case) {
	for _, c := range slices.Backward(d.cases) {
		switch {
		case !c.Resolved.IsZero():
		case c.Replied.IsZero():
			fresh = append(fresh, c)
		default:
			answered = append(answered, c)
		}
	}
	return fresh, answered
}
