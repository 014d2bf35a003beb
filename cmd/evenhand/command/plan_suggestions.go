package command

import (
	"fmt"
	"strconv"
	"strings"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PlanSuggestions is `evenhand plan suggestions`.
type PlanSuggestions struct {
	List    SuggestionsList    `cmd:"" help:"Whom should we speak with, and why? The best first."`
	Get     SuggestionsGet     `cmd:"" help:"Show a suggestion with its figures."`
	Accept  SuggestionsAccept  `cmd:"" help:"Make a touchpoint of a suggestion."`
	Snooze  SuggestionsSnooze  `cmd:"" help:"Put a suggestion off until a day."`
	Dismiss SuggestionsDismiss `cmd:"" help:"Decide against a suggestion."`
}

// SuggestionArg is the argument that names a suggestion.
type SuggestionArg struct {
	Suggestion string `arg:"" placeholder:"SUGGESTION" help:"Its name, as accounts/ACCOUNT/suggestions/ID, or ACCOUNT/ID."`
}

func (a SuggestionArg) name() string {
	if strings.HasPrefix(a.Suggestion, "accounts/") {
		return a.Suggestion
	}
	account, id, _ := strings.Cut(a.Suggestion, "/")
	return "accounts/" + account + "/suggestions/" + id
}

func (o Output) printSuggestion(env *Env, s *plansv1.Suggestion, err error) error {
	if err != nil {
		return err
	}
	pairs := []pair{
		{"Suggestion", s.GetName()},
		{"Reason", s.GetReason()},
		{"State", showEnum(s.GetState(), "STATE_")},
		{"Until", showDay(s.GetUntilDate())},
		{"Owner", s.GetOwner()},
		{"Rule", s.GetRuleVersion()},
		{"About", showEnum(s.GetFact(), "FACT_") + " " + s.GetCause()},
		{"Made on", showDay(s.GetDate())},
		{"Score", showScore(s.GetScore())},
		{"Channel", showEnum(s.GetChannel(), "CHANNEL_")},
		{"Purpose", s.GetPurpose()},
		{"Stands for", strings.Join(s.GetOthers(), ", ")},
		{"Stood for by", s.GetStoodForBy()},
		{"Decided by", s.GetDecider()},
		{"Decided at", showTime(s.GetDecideTime())},
		{"Touchpoint", s.GetTouchpoint()},
		{"Dismissed as", showEnum(s.GetDismissalReason(), "DISMISSAL_REASON_")},
		{"Because", s.GetDismissalText()},
		{"Damped until", showDay(s.GetDampedUntilDate())},
		{"Expired", s.GetExpiry()},
	}
	if o.Output == formatTable {
		for _, f := range s.GetFigures() {
			pairs = append(pairs, pair{"Figure " + f.GetField(), f.GetValue()})
		}
	}
	return o.printOne(env.Stdout, s, append(pairs, pair{"Etag", s.GetEtag()}))
}

func showScore(score float64) string { return strconv.FormatFloat(score, 'f', 1, 64) }

// SuggestionsList is `evenhand plan suggestions list`.
type SuggestionsList struct {
	Account string `arg:"" optional:"" placeholder:"ACCOUNT" help:"To which account; to all, where it is not given."`
	Owner   string `placeholder:"PRINCIPAL" help:"Of the accounts that this principal owns."`
	Filter  string `placeholder:"FILTER" help:"AIP-160 filter over owner, rule, fact, state."`
	All     bool   `help:"Also those that were put off, decided or expired, and those that another stands for: the newest first."`
	Limit   uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*SuggestionsList) Help() string {
	return `Suggestions are ranked by the weight that their rule gives them, by how often suggestions of that rule were accepted or dismissed, and by their age.

Examples:

  evenhand plan suggestions list --owner sam
  evenhand plan suggestions list brook-and-sons --all
  evenhand plan suggestions list --filter 'fact = SPEND'`
}

// Run asks and prints.
func (c *SuggestionsList) Run(env *Env) error {
	filter := c.Filter
	if c.Owner != "" {
		filter = fmt.Sprintf("owner = %q", principalName(c.Owner))
		if c.Filter != "" {
			filter += " AND (" + c.Filter + ")"
		}
	}
	return c.with(env, func(s *session) error {
		parent := "accounts/-"
		if c.Account != "" {
			var err error
			if parent, err = accountName(env, s, c.Account); err != nil {
				return err
			}
		}
		client := plansv1.NewSignalsServiceClient(s)
		l := c.newList(env.Stdout, "suggestions", "Suggestion", "Score", "Reason", "Purpose", "Owner", "Made on", "State")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.Suggestion], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListSuggestions(ctx, &plansv1.ListSuggestionsRequest{
				Parent: parent, PageSize: size, PageToken: token, Filter: filter, ShowAll: c.All})
			return page[*plansv1.Suggestion]{answer.GetSuggestions(), answer.GetNextPageToken()}, err
		}, func(x *plansv1.Suggestion) error {
			return l.add(x, x.GetName(), showScore(x.GetScore()), x.GetReason(), x.GetPurpose(), x.GetOwner(), showDay(x.GetDate()), showEnum(x.GetState(), "STATE_"))
		})
	})
}

// SuggestionsGet is `evenhand plan suggestions get`.
type SuggestionsGet struct {
	SuggestionArg
	Output
	Connection
}

// Run asks and prints.
func (c *SuggestionsGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		x, err := plansv1.NewSignalsServiceClient(s).GetSuggestion(ctx, &plansv1.GetSuggestionRequest{Name: c.name()})
		return c.printSuggestion(env, x, err)
	})
}

// SuggestionsAccept is `evenhand plan suggestions accept`.
type SuggestionsAccept struct {
	SuggestionArg
	Due          Day    `placeholder:"DATE" help:"By when the customer is to be contacted; today, where it is not given."`
	Etag         string `help:"Accept it only if it is still at this etag."`
	ValidateOnly bool   `help:"Only say whether it can be accepted."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*SuggestionsAccept) Help() string {
	return `Example:

  evenhand plan suggestions accept brook-and-sons/0d1c6nqk3v7r2m9q4x8s5t1a --due 2026-03-20`
}

// Run accepts the suggestion and prints it.
func (c *SuggestionsAccept) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		x, err := plansv1.NewSignalsServiceClient(s).AcceptSuggestion(ctx, &plansv1.AcceptSuggestionRequest{
			Name: c.name(), DueDate: c.Due.Date, Etag: c.Etag, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		return c.printSuggestion(env, x, err)
	})
}

// SuggestionsSnooze is `evenhand plan suggestions snooze`.
type SuggestionsSnooze struct {
	SuggestionArg
	Until Day    `required:"" placeholder:"DATE" help:"The day on which it is open again."`
	Etag  string `help:"Put it off only if it is still at this etag."`
	Output
	Connection
}

// Run puts the suggestion off and prints it.
func (c *SuggestionsSnooze) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		x, err := plansv1.NewSignalsServiceClient(s).SnoozeSuggestion(ctx, &plansv1.SnoozeSuggestionRequest{
			Name: c.name(), UntilDate: c.Until.Date, Etag: c.Etag, RequestId: newRequestID()})
		return c.printSuggestion(env, x, err)
	})
}

// SuggestionsDismiss is `evenhand plan suggestions dismiss`.
type SuggestionsDismiss struct {
	SuggestionArg
	Reason string `required:"" enum:"not-relevant,already-known,wrong-figures,bad-time,other" placeholder:"REASON" help:"Why: ${enum}."`
	Text   string `placeholder:"TEXT" help:"What there is to say of that; needed for other."`
	Etag   string `help:"Dismiss it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*SuggestionsDismiss) Help() string {
	return `The rule suggests nothing for the account while it cools down. What is dismissed often ranks lower, except for a bad time.

Example:

  evenhand plan suggestions dismiss brook-and-sons/0d1c6nqk3v7r2m9q4x8s5t1a --reason already-known`
}

// Run dismisses the suggestion and prints it.
func (c *SuggestionsDismiss) Run(env *Env) error {
	reason := plansv1.Suggestion_DismissalReason_value["DISMISSAL_REASON_"+strings.ToUpper(strings.ReplaceAll(c.Reason, "-", "_"))]
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		x, err := plansv1.NewSignalsServiceClient(s).DismissSuggestion(ctx, &plansv1.DismissSuggestionRequest{
			Name: c.name(), Reason: plansv1.Suggestion_DismissalReason(reason), Text: c.Text, Etag: c.Etag, RequestId: newRequestID()})
		return c.printSuggestion(env, x, err)
	})
}
