package rpc

import (
	"cmp"
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/reviews"
	"github.com/evenhand/evenhand/services/entitlements/tally"
)

// updateReviews is the permission to change reviews.
const updateReviews = "reviews.update"

// reviewsHandler serves ReviewsService.
type reviewsHandler struct {
	entitlementsv1.UnimplementedReviewsServiceServer
	domain *reviews.Service
}

var reviewStates = map[reviews.State]entitlementsv1.Review_State{
	reviews.Open:    entitlementsv1.Review_STATE_OPEN,
	reviews.Decided: entitlementsv1.Review_STATE_DECIDED,
}

var outcomes = map[reviews.Outcome]entitlementsv1.Review_Outcome{
	reviews.Keep:   entitlementsv1.Review_OUTCOME_KEEP,
	reviews.Change: entitlementsv1.Review_OUTCOME_CHANGE,
	reviews.Waive:  entitlementsv1.Review_OUTCOME_WAIVE,
	reviews.Drop:   entitlementsv1.Review_OUTCOME_DROP,
	reviews.Other:  entitlementsv1.Review_OUTCOME_OTHER,
}

func outcomeIn(o entitlementsv1.Review_Outcome) reviews.Outcome {
	for outcome, out := range outcomes {
		if out == o {
			return outcome
		}
	}
	return ""
}

// reviewOut writes a review as it is on a day. Who is blind to spend does not read what
// people wrote.
func reviewOut(s *resource.Stored[reviews.Review], today civil.Day, blind bool) *entitlementsv1.Review {
	r := s.State
	if blind {
		r = r.WithoutWords()
	}
	out := &entitlementsv1.Review{
		Name: reviews.Name(s.ID), Subject: r.Subject, Topic: r.Topic, Why: r.Why, Owner: nameIn("principals", r.Owner),
		DueDate: dayOut(r.Due), State: reviewStates[r.State], Overdue: r.Overdue(today),
		Etag: s.Etag(), CreateTime: wire.Timestamp(r.Created), UpdateTime: wire.Timestamp(r.Updated),
	}
	if c := r.Cause; c != nil {
		out.Cause = &entitlementsv1.Review_Cause{
			Window: c.Span.ID, FromDate: dayOut(c.Span.From), ToDate: dayOut(c.Span.To), Count: int32(c.Figures.Count),
			Accounts: int32(c.Figures.Accounts), AllAccounts: int32(c.Figures.Of), Threshold: thresholdOut(c.Threshold)}
	}
	if d := r.Decision; d != nil {
		out.Decision = &entitlementsv1.Review_Decision{Outcome: outcomes[d.Outcome], Text: d.Text, Benefit: d.Benefit, Principal: d.By,
			DecideTime: wire.Timestamp(d.At)}
	}
	for _, a := range r.Assignments {
		out.Assignments = append(out.Assignments, &entitlementsv1.Review_Assignment{AssignTime: wire.Timestamp(a.At), Principal: a.By,
			OldOwner: nameIn("principals", a.From), NewOwner: nameIn("principals", a.To), Reason: a.Reason})
	}
	return out
}

var windows = map[tally.Window]entitlementsv1.ReviewThreshold_Window{
	tally.Month:   entitlementsv1.ReviewThreshold_WINDOW_MONTH,
	tally.Quarter: entitlementsv1.ReviewThreshold_WINDOW_QUARTER,
	tally.Year:    entitlementsv1.ReviewThreshold_WINDOW_YEAR,
}

func thresholdOut(t tally.Threshold) *entitlementsv1.ReviewThreshold {
	return &entitlementsv1.ReviewThreshold{Count: int32(t.Count), AccountShare: int32(t.Share), Window: windows[t.Window]}
}

func thresholdIn(t *entitlementsv1.ReviewThreshold) tally.Threshold {
	in := tally.Threshold{Count: int(t.GetCount()), Share: int(t.GetAccountShare())}
	for window, out := range windows {
		if out == t.GetWindow() {
			in.Window = window
		}
	}
	return in
}

// answer makes the answer of a call that returns a review.
func (h *reviewsHandler) answer(ctx context.Context, r resource.Stored[reviews.Review], err error) (*entitlementsv1.Review, error) {
	if err != nil {
		return nil, err
	}
	today, err := h.domain.Today(ctx)
	if err != nil {
		return nil, err
	}
	return reviewOut(&r, today, auth.FromContext(ctx).SpendBlind()), nil
}

// GetReview implements ReviewsService.
func (h *reviewsHandler) GetReview(ctx context.Context, r *entitlementsv1.GetReviewRequest) (*entitlementsv1.Review, error) {
	s, err := h.domain.Get(ctx, names.Last(r.GetName()))
	return h.answer(ctx, s, err)
}

var reviewFields = []filter.Field{
	{Name: "owner"}, {Name: "subject"}, {Name: "overdue", Kind: filter.Bool},
	{Name: "state", Kind: filter.Enum, Values: []string{"OPEN", "DECIDED"}},
	{Name: "outcome", Kind: filter.Enum, Values: []string{"KEEP", "CHANGE", "WAIVE", "DROP", "OTHER"}},
}

// ListReviews implements ReviewsService.
func (h *reviewsHandler) ListReviews(ctx context.Context, r *entitlementsv1.ListReviewsRequest) (*entitlementsv1.ListReviewsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := filterIn(r.GetFilter(), reviewFields)
	if err != nil {
		return nil, err
	}
	today, err := h.domain.Today(ctx)
	if err != nil {
		return nil, err
	}
	query := reviews.Query{Owner: wantedIn(f, "owner", "principals"), Subject: wanted(f, "subject"), Size: p.Size, After: p.After,
		Keep: func(s resource.Stored[reviews.Review]) bool {
			return f.Match(func(field string) any { return reviewField(&s.State, field, today) })
		}}
	overdue, _ := f.Equal("overdue")
	if state := wanted(f, "state"); state != nil || overdue == true {
		stored := reviews.Open // only an open one is overdue
		if state != nil {
			stored = reviews.State(strings.ToLower(*state))
		}
		query.State = &stored
	}
	page, err := h.domain.List(ctx, query)
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.ListReviewsResponse{}
	for i := range page.Items {
		out.Reviews = append(out.Reviews, reviewOut(&page.Items[i], today, auth.FromContext(ctx).SpendBlind()))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// reviewField is a field's value as filters see it.
func reviewField(r *reviews.Review, field string, today civil.Day) any {
	switch field {
	case "owner":
		return nameIn("principals", r.Owner)
	case "subject":
		return r.Subject
	case "overdue":
		return r.Overdue(today)
	case "outcome":
		if r.Decision == nil {
			return nil
		}
		return strings.ToUpper(string(r.Decision.Outcome))
	}
	return strings.ToUpper(string(r.State))
}

// CreateReview implements ReviewsService.
func (h *reviewsHandler) CreateReview(ctx context.Context, r *entitlementsv1.CreateReviewRequest) (*entitlementsv1.Review, error) {
	in := r.GetReview()
	review := reviews.Review{Subject: in.GetSubject(), Topic: in.GetTopic(), Why: in.GetWhy(),
		Owner: cmp.Or(names.First(in.GetOwner(), "principals"), callerID(ctx))}
	if err := mustOwn(ctx, updateReviews, "evenhand/Review", "", review.Owner); err != nil {
		return nil, err
	}
	var err error
	if review.Due, err = dayGiven("review.due_date", in.GetDueDate()); err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	s, err := h.domain.Open(ctx, c, review, r.GetValidateOnly())
	return h.answer(ctx, s, err)
}

// may says whether the caller may change the review of a name while somebody owns it.
func (h *reviewsHandler) may(ctx context.Context, name string) reviews.May {
	return func(owner string) error { return mustOwn(ctx, updateReviews, "evenhand/Review", name, owner) }
}

// AssignReview implements ReviewsService.
func (h *reviewsHandler) AssignReview(ctx context.Context, r *entitlementsv1.AssignReviewRequest) (*entitlementsv1.Review, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	s, err := h.domain.Assign(ctx, c, names.Last(r.GetName()), r.GetEtag(), names.Last(r.GetOwner()), r.GetReason(), h.may(ctx, r.GetName()))
	return h.answer(ctx, s, err)
}

// DecideReview implements ReviewsService.
func (h *reviewsHandler) DecideReview(ctx context.Context, r *entitlementsv1.DecideReviewRequest) (*entitlementsv1.Review, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	s, err := h.domain.Decide(ctx, c, names.Last(r.GetName()), r.GetEtag(),
		reviews.Decision{Outcome: outcomeIn(r.GetOutcome()), Text: r.GetText(), Benefit: r.GetBenefit()}, r.GetValidateOnly(), h.may(ctx, r.GetName()))
	return h.answer(ctx, s, err)
}
