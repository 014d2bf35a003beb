package rpc

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/rewards"
)

// readsRewards is the permission to see points; for who holds it as assigned only, those
// of their own.
const readsRewards = "rewards.read"

// checkOwnRewards returns PERMISSION_DENIED with NOT_ASSIGNED where the caller may see only
// points of their own, and these, said in words, are others'.
func checkOwnRewards(ctx context.Context, person, whose string) error {
	p := auth.FromContext(ctx)
	if p.Can(readsRewards) == auth.All || person != "" && person == callerID(ctx) {
		return nil
	}
	return fault.New(fault.PermissionDenied, "NOT_ASSIGNED", "%s holds %s for their own points only, and these are %s.", p.Name(), readsRewards, whose).
		With("permission", readsRewards).With("principal", p.Name())
}

// GetRewardEntry implements RewardsService.
func (h *rewardsHandler) GetRewardEntry(ctx context.Context, r *plansv1.GetRewardEntryRequest) (*plansv1.RewardEntry, error) {
	e, err := h.domain.Entry(ctx, names.Last(r.GetName()))
	if err != nil {
		return nil, err
	}
	if err := checkOwnRewards(ctx, e.State.Person, "another person's"); err != nil {
		return nil, err
	}
	return rewardEntryOut(e), nil
}

var rewardEntryFields = []filter.Field{
	{Name: "person"}, {Name: "account"}, {Name: "month"}, {Name: "work"}, {Name: "work_kind"}, {Name: "rule"}, {Name: "credit"},
	{Name: "points", Kind: filter.Int}, {Name: "kind", Kind: filter.Enum, Values: []string{"CREDIT", "COUNTER", "CORRECTION"}},
}

func rewardEntryField(e *rewards.Entry, field string) any {
	switch field {
	case "person":
		return nameIn("principals", e.Person)
	case "account":
		return nameIn("accounts", e.Account)
	case "month":
		return e.Month
	case "work":
		return e.Work
	case "work_kind":
		return string(e.WorkKind)
	case "rule":
		return e.Rule
	case "credit":
		return e.Credit
	case "points":
		return int64(e.Points)
	}
	return strings.ToUpper(string(e.Kind))
}

// ListRewardEntries implements RewardsService.
func (h *rewardsHandler) ListRewardEntries(ctx context.Context, r *plansv1.ListRewardEntriesRequest) (*plansv1.ListRewardEntriesResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filterIn(r.GetFilter(), rewardEntryFields)
	if err != nil {
		return nil, err
	}
	query := rewards.EntryQuery{Person: wantedIn(f, "person", "principals"), Account: wantedIn(f, "account", "accounts"),
		Size: p.Size, After: p.After, Keep: func(s resource.Stored[rewards.Entry]) bool {
			return f.Match(func(field string) any { return rewardEntryField(&s.State, field) })
		}}
	if month := wanted(f, "month"); month != nil {
		query.Month = *month
	}
	if auth.FromContext(ctx).Can(readsRewards) != auth.All {
		self := callerID(ctx)
		if query.Person != nil {
			if err := checkOwnRewards(ctx, *query.Person, "another person's"); err != nil {
				return nil, err
			}
		}
		query.Person = &self
	}
	page, err := h.domain.Entries(ctx, query)
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListRewardEntriesResponse{}
	for _, s := range page.Items {
		out.RewardEntries = append(out.RewardEntries, rewardEntryOut(s))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// CorrectRewardEntry implements RewardsService.
func (h *rewardsHandler) CorrectRewardEntry(ctx context.Context, r *plansv1.CorrectRewardEntryRequest) (*plansv1.RewardEntry, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	e, err := h.domain.Correct(ctx, call, rewardsCaller(ctx),
		rewards.Correction{Entry: names.Last(r.GetName()), Points: int(r.GetPoints()), Reason: r.GetReason()}, r.GetValidateOnly())
	if err != nil {
		return nil, err
	}
	return rewardEntryOut(e), nil
}

// whose is a request for what a person or an account's people got in a period.
type whose interface {
	GetPerson() string
	GetAccount() string
	GetPeriod() string
}

func (h *rewardsHandler) statement(ctx context.Context, r whose) (rewards.Statement, error) {
	period, err := h.period(ctx, r.GetPeriod())
	if err != nil {
		return rewards.Statement{}, err
	}
	switch {
	case r.GetPerson() != "" && r.GetAccount() != "":
		return rewards.Statement{}, fault.Invalid("account", "cannot be given besides a person: give one of them")
	case r.GetAccount() != "":
		if err := checkOwnRewards(ctx, "", "those of all who worked for "+r.GetAccount()); err != nil {
			return rewards.Statement{}, err
		}
		return h.domain.TeamStatement(ctx, names.First(r.GetAccount(), "accounts"), period)
	}
	person := callerID(ctx)
	if r.GetPerson() != "" {
		person = names.First(r.GetPerson(), "principals")
	}
	if err := checkOwnRewards(ctx, person, "another person's"); err != nil {
		return rewards.Statement{}, err
	}
	return h.domain.PersonStatement(ctx, person, period)
}

// GetRewardStatement implements RewardsService.
func (h *rewardsHandler) GetRewardStatement(ctx context.Context, r *plansv1.GetRewardStatementRequest) (*plansv1.RewardStatement, error) {
	s, err := h.statement(ctx, r)
	if err != nil {
		return nil, err
	}
	return rewardStatementOut(&s), nil
}

// ExportRewardStatement implements RewardsService.
func (h *rewardsHandler) ExportRewardStatement(ctx context.Context, r *plansv1.ExportRewardStatementRequest) (*plansv1.ExportRewardStatementResponse, error) {
	s, err := h.statement(ctx, r)
	if err != nil {
		return nil, err
	}
	text, err := h.domain.CSV(ctx, &s)
	return &plansv1.ExportRewardStatementResponse{ContentType: "text/csv; charset=utf-8", Content: text}, err
}

// ListRewardTotals implements RewardsService.
func (h *rewardsHandler) ListRewardTotals(ctx context.Context, r *plansv1.ListRewardTotalsRequest) (*plansv1.ListRewardTotalsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	period, err := h.period(ctx, r.GetPeriod())
	if err != nil {
		return nil, err
	}
	list, next, err := h.domain.ListTotals(ctx, period, p.Size, p.After)
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListRewardTotalsResponse{}
	for i := range list {
		out.RewardTotals = append(out.RewardTotals, rewardTotalOut(&list[i]))
	}
	out.NextPageToken, err = p.Next(next)
	return out, err
}

// ReportRewardFindings implements RewardsService.
func (h *rewardsHandler) ReportRewardFindings(ctx context.Context, r *plansv1.ReportRewardFindingsRequest) (*plansv1.ReportRewardFindingsResponse, error) {
	period, err := h.period(ctx, r.GetPeriod())
	if err != nil {
		return nil, err
	}
	found, err := h.domain.Findings(ctx, period)
	if err != nil {
		return nil, err
	}
	out := &plansv1.ReportRewardFindingsResponse{Period: period.ID}
	for i := range found {
		if !r.GetOpenOnly() || found[i].Open() {
			out.RewardFindings = append(out.RewardFindings, rewardFindingOut(&found[i]))
		}
	}
	return out, nil
}

// AcknowledgeRewardFinding implements RewardsService.
func (h *rewardsHandler) AcknowledgeRewardFinding(ctx context.Context, r *plansv1.AcknowledgeRewardFindingRequest) (*plansv1.RewardFinding, error) {
	call, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	f, err := h.domain.Acknowledge(ctx, call, rewardsCaller(ctx), names.Last(r.GetName()), r.GetNote())
	if err != nil {
		return nil, err
	}
	return rewardFindingOut(&f), nil
}
