package rpc

import (
	"context"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans/signals"
)

// updateSuggestions is the permission to decide about suggestions.
const updateSuggestions = "suggestions.update"

// suggestionID takes the ids out of `accounts/{account}/suggestions/{suggestion}`, which
// validation has checked.
func suggestionID(name string) (account, id string) {
	account = names.First(name, "accounts")
	return account, account + "/" + names.Last(name)
}

// suggestionAnswer makes the answer of a call that returns a suggestion.
func suggestionAnswer(s resource.Stored[signals.Suggestion], err error) (*plansv1.Suggestion, error) {
	if err != nil {
		return nil, err
	}
	return suggestionOut(s), nil
}

// decide reads which suggestion a call is about, of an account that must be assigned to
// the caller.
func (h *signalsHandler) decide(ctx context.Context, r request.Mutation, name string) (id string, call resource.Call, err error) {
	account, id := suggestionID(name)
	if err := checkAssigned(ctx, h.assignments, updateSuggestions, account); err != nil {
		return "", call, err
	}
	call, err = request.Call(ctx, r)
	return id, call, err
}

// GetSuggestion implements SignalsService.
func (h *signalsHandler) GetSuggestion(ctx context.Context, r *plansv1.GetSuggestionRequest) (*plansv1.Suggestion, error) {
	_, id := suggestionID(r.GetName())
	return suggestionAnswer(h.domain.Suggestion(ctx, id))
}

var suggestionFields = []filter.Field{
	{Name: "owner"}, {Name: "rule"},
	{Name: "fact", Kind: filter.Enum, Values: factNames},
	{Name: "state", Kind: filter.Enum, Values: []string{"OPEN", "SNOOZED", "ACCEPTED", "DISMISSED", "EXPIRED"}},
}

// ListSuggestions implements SignalsService.
func (h *signalsHandler) ListSuggestions(ctx context.Context, r *plansv1.ListSuggestionsRequest) (*plansv1.ListSuggestionsResponse, error) {
	p, err := request.ReadPage(r)
	if err != nil {
		return nil, err
	}
	f, err := factFilterIn(r.GetFilter(), suggestionFields)
	if err != nil {
		return nil, err
	}
	query := signals.SuggestionQuery{Owner: wantedIn(f, "owner", "principals"), All: r.GetShowAll(), Size: p.Size, After: p.After,
		Keep: func(s resource.Stored[signals.Suggestion]) bool {
			return f.Match(func(field string) any {
				switch field {
				case "owner":
					return nameIn("principals", s.State.Owner)
				case "rule":
					return signals.RuleName(s.State.Rule)
				case "fact":
					return strings.ToUpper(string(s.State.Fact))
				}
				return strings.ToUpper(string(s.State.State))
			})
		}}
	if account := names.First(r.GetParent(), "accounts"); account != "-" {
		query.Account = account
	}
	page, err := h.domain.Suggestions(ctx, query)
	if err != nil {
		return nil, err
	}
	out := &plansv1.ListSuggestionsResponse{}
	for _, s := range page.Items {
		out.Suggestions = append(out.Suggestions, suggestionOut(s))
	}
	out.NextPageToken, err = p.Next(page.Next)
	return out, err
}

// SnoozeSuggestion implements SignalsService.
func (h *signalsHandler) SnoozeSuggestion(ctx context.Context, r *plansv1.SnoozeSuggestionRequest) (*plansv1.Suggestion, error) {
	id, call, err := h.decide(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	until, err := dayGiven("until_date", r.GetUntilDate())
	if err != nil {
		return nil, err
	}
	return suggestionAnswer(h.domain.Snooze(ctx, call, id, r.GetEtag(), until))
}

// AcceptSuggestion implements SignalsService.
func (h *signalsHandler) AcceptSuggestion(ctx context.Context, r *plansv1.AcceptSuggestionRequest) (*plansv1.Suggestion, error) {
	id, call, err := h.decide(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	day, err := dayGiven("due_date", r.GetDueDate())
	if err != nil {
		return nil, err
	}
	return suggestionAnswer(h.domain.Accept(ctx, call, id, r.GetEtag(), day, r.GetValidateOnly()))
}

// DismissSuggestion implements SignalsService.
func (h *signalsHandler) DismissSuggestion(ctx context.Context, r *plansv1.DismissSuggestionRequest) (*plansv1.Suggestion, error) {
	id, call, err := h.decide(ctx, r, r.GetName())
	if err != nil {
		return nil, err
	}
	return suggestionAnswer(h.domain.Dismiss(ctx, call, id, r.GetEtag(), keyOf(dismissalReasons, r.GetReason()), r.GetText()))
}
