package rpc

import (
	"context"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/cases"
)

var caseFields = []filter.Field{
	{Name: "issue"}, {Name: "channel"}, {Name: "assignee"}, {Name: "remedy"}, {Name: "subject"}, {Name: "external_id"},
	{Name: "facts", Kind: filter.Map}, {Name: "breached", Kind: filter.Bool}, {Name: "open_time", Kind: filter.Time},
	{Name: "due_time", Kind: filter.Time}, {Name: "reopen_count", Kind: filter.Int}, {Name: "escalation_count", Kind: filter.Int},
	{Name: "state", Kind: filter.Enum, Values: []string{"OPEN", "WAITING_ON_CUSTOMER", "RESOLVED"}},
}

// ListCases implements CasesService.
func (h *casesHandler) ListCases(ctx context.Context, r *entitlementsv1.ListCasesRequest) (*entitlementsv1.ListCasesResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	q, err := caseQuery(r, h.cases.Now())
	if err != nil {
		return nil, err
	}
	q.Size, q.After = p.Size, p.After
	list, err := h.cases.List(ctx, q)
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.ListCasesResponse{}
	for _, c := range list.Items {
		m, err := h.answer(c, nil)
		if err != nil {
			return nil, err
		}
		out.Cases = append(out.Cases, m)
	}
	out.NextPageToken, err = p.Next(list.Next)
	return out, err
}

func caseQuery(r *entitlementsv1.ListCasesRequest, now time.Time) (cases.Query, error) {
	q := cases.Query{Account: names.First(r.GetParent(), "accounts")}
	if q.Account == "-" {
		q.Account = ""
	}
	order, err := filter.ParseOrder(r.GetOrderBy(), "open_time", "due_time")
	if err != nil {
		return q, err
	}
	if len(order) > 1 {
		return q, fault.Invalid("order_by", "names two times, and cases are listed by one: open_time or due_time")
	}
	if len(order) > 0 {
		q.Descending, q.ByDue = order[0].Descending, order[0].Field == "due_time"
	}
	f, err := filterIn(r.GetFilter(), caseFields)
	if err != nil || r.GetFilter() == "" {
		return q, err
	}
	// What has to be equal picks the index, and bounds bound it; the filter is asked all the same.
	equal := func(field string) string {
		v, _ := f.Equal(field)
		text, _ := v.(string)
		return text
	}
	q.Issue, q.Assignee = equal("issue"), names.First(equal("assignee"), "principals")
	for state, value := range caseStates {
		if word := equal("state"); word != "" && word == stateWord(value) {
			q.State = state
		}
	}
	q.OpenedFrom, q.OpenedTo = span(f, "open_time")
	q.DueFrom, q.DueTo = span(f, "due_time")
	// Without another order, what is bounded by its due time is listed by that: an index has it.
	q.ByDue = q.ByDue || len(order) == 0 && q.Account == "" && (!q.DueFrom.IsZero() || !q.DueTo.IsZero())
	q.Keep = func(c resource.Stored[cases.Case]) bool {
		return f.Match(func(field string) any { return caseField(&c.State, field, now) })
	}
	return q, nil
}

// span is within what a filter wants an instant to be, to not included; zero where it leaves
// an end open.
func span(f filter.Filter, field string) (from, to time.Time) {
	if at, inclusive, ok := f.Above(field); ok {
		from = whole(at.(time.Time), !inclusive)
	}
	if at, inclusive, ok := f.Below(field); ok {
		to = whole(at.(time.Time), inclusive)
	}
	if at, ok := f.Equal(field); ok {
		from, to = whole(at.(time.Time), false), whole(at.(time.Time), true)
	}
	return from, to
}

// whole is the first whole millisecond, as instants are kept, at or after an instant; past
// wants one after it.
func whole(at time.Time, past bool) time.Time {
	cut := at.Truncate(time.Millisecond)
	if past || cut.Before(at) {
		cut = cut.Add(time.Millisecond)
	}
	return cut
}

func stateWord(s entitlementsv1.Case_State) string { return strings.TrimPrefix(s.String(), "STATE_") }

// caseField is a field's value as filters see it.
func caseField(c *cases.Case, field string, now time.Time) any {
	if key, ok := strings.CutPrefix(field, "facts."); ok {
		if value, known := c.Facts[key]; known {
			return value
		}
		return nil
	}
	switch field {
	case "issue":
		return c.Issue
	case "channel":
		return c.Channel
	case "assignee":
		return principalOut(c.Assignee)
	case "subject":
		return c.Subject
	case "external_id":
		return c.External
	case "breached":
		return c.Breached(now)
	case "open_time":
		return c.Opened
	case "due_time":
		if c.Due.IsZero() {
			return nil
		}
		return c.Due
	case "reopen_count":
		return int64(c.Reopenings)
	case "escalation_count":
		return int64(c.Escalations)
	case "state":
		return stateWord(caseStates[c.State])
	case "remedy":
		if c.Remedy != nil && c.State == cases.Resolved {
			return c.Remedy.ID
		}
	}
	return nil
}
