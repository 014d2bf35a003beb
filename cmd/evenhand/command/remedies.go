package command

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Remedies is `evenhand remedies`.
type Remedies struct {
	List    RemediesList    `cmd:"" help:"List the catalogue."`
	Get     RemediesGet     `cmd:"" help:"Show a remedy."`
	Suggest RemediesSuggest `cmd:"" help:"Which remedies are for a case? The first is the one to use."`
	Create  RemediesCreate  `cmd:"" help:"Write a remedy into the catalogue."`
	Update  RemediesUpdate  `cmd:"" help:"Change a remedy."`
	Retire  RemediesRetire  `cmd:"" help:"Take a remedy out of use, for good."`
}

// RemedyArg is the argument that names a remedy.
type RemedyArg struct {
	Remedy string `arg:"" placeholder:"REMEDY" help:"Its id, as new-parcel, or its name, as remedies/new-parcel."`
}

func (a RemedyArg) name() string { return "remedies/" + strings.TrimPrefix(a.Remedy, "remedies/") }

// pairsOf writes a map as KEY=VALUE, sorted.
func pairsOf(values map[string]string) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(values)) {
		parts = append(parts, key+"="+values[key])
	}
	return strings.Join(parts, ", ")
}

// remedyColumns are those of every list of remedies.
var remedyColumns = []string{"Remedy", "Title", "Issue", "Facts", "Priority", "Value", "Benefit", "State"}

func addRemedy(l *list, r *entitlementsv1.Remedy) error {
	return l.add(r, r.GetName(), r.GetTitle(), r.GetIssue(), pairsOf(r.GetFacts()), strconv.Itoa(int(r.GetPriority())),
		showMoney(r.GetValue()), r.GetBenefit(), showEnum(r.GetState(), "STATE_"))
}

func (o Output) printRemedy(env *Env, r *entitlementsv1.Remedy, err error) error {
	if err != nil {
		return err
	}
	return o.printOne(env.Stdout, r, []pair{
		{"Remedy", r.GetName()},
		{"Title", r.GetTitle()},
		{"Action", r.GetAction()},
		{"Value", showMoney(r.GetValue())},
		{"Benefit", r.GetBenefit()},
		{"Issue", r.GetIssue()},
		{"Facts", pairsOf(r.GetFacts())},
		{"Priority", strconv.Itoa(int(r.GetPriority()))},
		{"From", showDay(r.GetFromDate())},
		{"Until", showDay(r.GetUntilDate())},
		{"State", showEnum(r.GetState(), "STATE_")},
		{"Retired because", r.GetRetirementReason()},
		{"Etag", r.GetEtag()},
	})
}

// RemediesList is `evenhand remedies list`.
type RemediesList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over state, issue, benefit, title."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RemediesList) Help() string {
	return `Example:

  evenhand remedies list --filter 'issue = "late-delivery" AND state = ACTIVE'`
}

// Run asks and prints.
func (c *RemediesList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewRemediesServiceClient(s)
		l := c.newList(env.Stdout, "remedies", remedyColumns...)
		return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.Remedy], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListRemedies(ctx, &entitlementsv1.ListRemediesRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*entitlementsv1.Remedy]{answer.GetRemedies(), answer.GetNextPageToken()}, err
		}, func(r *entitlementsv1.Remedy) error { return addRemedy(l, r) })
	})
}

// RemediesGet is `evenhand remedies get`.
type RemediesGet struct {
	RemedyArg
	Output
	Connection
}

// Run asks and prints.
func (c *RemediesGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		r, err := entitlementsv1.NewRemediesServiceClient(s).GetRemedy(ctx, &entitlementsv1.GetRemedyRequest{Name: c.name()})
		return c.printRemedy(env, r, err)
	})
}

// RemediesSuggest is `evenhand remedies suggest`.
type RemediesSuggest struct {
	Issue string            `arg:"" help:"The code of the issue, as late-delivery."`
	Fact  map[string]string `mapsep:"none" placeholder:"KEY=VALUE" help:"What is so of the case; may be repeated."`
	On    Day               `placeholder:"DATE" help:"The day; today, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RemediesSuggest) Help() string {
	return `Lists the remedies for such a case, the one to use first: that which wants most facts, then that of higher priority.

Example:

  evenhand remedies suggest late-delivery --fact lost=yes --fact weight-kg=2`
}

// Run asks and prints.
func (c *RemediesSuggest) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := entitlementsv1.NewRemediesServiceClient(s).SuggestRemedies(ctx,
			&entitlementsv1.SuggestRemediesRequest{Issue: c.Issue, Facts: c.Fact, Date: c.On.Date})
		if err != nil {
			return err
		}
		l := c.newList(env.Stdout, "remedies", remedyColumns...)
		for _, r := range answer.GetRemedies() {
			if err := addRemedy(l, r); err != nil {
				return err
			}
		}
		return l.end()
	})
}

// RemediesCreate is `evenhand remedies create`.
type RemediesCreate struct {
	Title        string            `arg:"" help:"What it is called."`
	ID           string            `placeholder:"ID" help:"Its id; otherwise the slug of the title."`
	Action       string            `required:"" placeholder:"TEXT" help:"What is done."`
	Issue        string            `required:"" placeholder:"ISSUE" help:"The code of the issues that it is for, as late-delivery."`
	Fact         map[string]string `mapsep:"none" placeholder:"KEY=VALUE" help:"What has to be so of a case; may be repeated, all have to be met."`
	Value        string            `xor:"worth" placeholder:"AMOUNT" help:"What the customer gets by it, as 12.50."`
	Currency     string            `placeholder:"CODE" help:"Currency of the value, as ISO 4217 has it; the company's, where it is not given."`
	Benefit      string            `xor:"worth" placeholder:"BENEFIT" help:"A benefit of which the customer is reminded; it grants nothing."`
	Priority     int32             `placeholder:"N" help:"Decides between remedies that want as many facts: the higher goes first."`
	From         Day               `placeholder:"DATE" help:"The first day on which it is in use."`
	Until        Day               `placeholder:"DATE" help:"The last day on which it is in use."`
	ValidateOnly bool              `help:"Only say what would be created."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RemediesCreate) Help() string {
	return `A remedy follows from what happened, never from who the customer is or how they ask: facts about channel, reach, spend, tenure and the like are refused, and so is a remedy that ties with another.

Example:

  evenhand remedies create "New parcel" --action "Send it again by express." --issue late-delivery --fact lost=yes --value 12.50`
}

// Run creates and prints it.
func (c *RemediesCreate) Run(env *Env) error {
	r := &entitlementsv1.Remedy{Title: c.Title, Action: c.Action, Issue: c.Issue, Facts: c.Fact, Benefit: c.Benefit, Priority: c.Priority,
		FromDate: c.From.Date, UntilDate: c.Until.Date}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		if c.Value != "" {
			var err error
			if r.Value, err = remedyValue(ctx, s, c.Value, c.Currency); err != nil {
				return err
			}
		}
		made, err := entitlementsv1.NewRemediesServiceClient(s).CreateRemedy(ctx, &entitlementsv1.CreateRemedyRequest{
			Remedy: r, RemedyId: c.ID, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		return c.printRemedy(env, made, err)
	})
}

// RemediesUpdate is `evenhand remedies update`.
type RemediesUpdate struct {
	RemedyArg
	Title    *string           `placeholder:"TEXT" help:"What it is called."`
	Action   *string           `placeholder:"TEXT" help:"What is done."`
	Issue    *string           `placeholder:"ISSUE" help:"The code of the issues that it is for."`
	Fact     map[string]string `xor:"facts" mapsep:"none" placeholder:"KEY=VALUE" help:"What has to be so of a case, in place of what had to; may be repeated."`
	NoFacts  bool              `xor:"facts" help:"It is for every case of the issue."`
	Value    *string           `placeholder:"AMOUNT" help:"What the customer gets by it; empty for nothing."`
	Currency string            `placeholder:"CODE" help:"Currency of the value; the company's, where it is not given."`
	Benefit  *string           `placeholder:"BENEFIT" help:"A benefit of which the customer is reminded; empty for none."`
	Priority *int32            `placeholder:"N" help:"Decides between remedies that want as many facts."`
	From     *Day              `placeholder:"DATE" help:"The first day on which it is in use."`
	Until    *Day              `placeholder:"DATE" help:"The last day on which it is in use."`
	Etag     string            `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RemediesUpdate) Help() string {
	return `Changes what is given, and nothing else. Cases that cite the remedy keep what it was when they did.

Example:

  evenhand remedies update new-parcel --until 2026-12-31`
}

// remedyValue reads an amount, in the company's currency where none is given.
func remedyValue(ctx context.Context, s *session, text, currencyCode string) (*money.Money, error) {
	if currencyCode == "" {
		company, err := accountsv1.NewAccountsServiceClient(s).GetCompany(ctx, &accountsv1.GetCompanyRequest{})
		if err != nil {
			return nil, err
		}
		if currencyCode = company.GetCurrencyCode(); currencyCode == "" {
			return nil, &usageError{"the company has no currency yet: say of which --currency the value is"}
		}
	}
	value, err := parseMoney(text, currencyCode)
	if err != nil {
		return nil, &usageError{"--value: " + err.Error()}
	}
	return value, nil
}

// patch is what to change, and which fields that is.
func (c *RemediesUpdate) patch() (*entitlementsv1.Remedy, *fieldmaskpb.FieldMask, error) {
	r, mask := &entitlementsv1.Remedy{Name: c.name(), Etag: c.Etag}, &fieldmaskpb.FieldMask{}
	give(mask, "title", &r.Title, c.Title)
	give(mask, "action", &r.Action, c.Action)
	give(mask, "issue", &r.Issue, c.Issue)
	if c.NoFacts || len(c.Fact) > 0 {
		give(mask, "facts", &r.Facts, &c.Fact)
	}
	give(mask, "benefit", &r.Benefit, c.Benefit)
	give(mask, "priority", &r.Priority, c.Priority)
	if c.Value != nil {
		mask.Paths = append(mask.Paths, "value")
	}
	if c.From != nil {
		give(mask, "from_date", &r.FromDate, &c.From.Date)
	}
	if c.Until != nil {
		give(mask, "until_date", &r.UntilDate, &c.Until.Date)
	}
	if len(mask.GetPaths()) == 0 {
		return nil, nil, &usageError{"nothing to change: name at least one field, as --until DATE"}
	}
	return r, mask, nil
}

// give sets a field to what is given, and names it in the mask.
func give[T any](mask *fieldmaskpb.FieldMask, path string, field *T, given *T) {
	if given != nil {
		*field = *given
		mask.Paths = append(mask.Paths, path)
	}
}

// Run changes and prints it.
func (c *RemediesUpdate) Run(env *Env) error {
	r, mask, err := c.patch()
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		if c.Value != nil && *c.Value != "" {
			var err error
			if r.Value, err = remedyValue(ctx, s, *c.Value, c.Currency); err != nil {
				return err
			}
		}
		changed, err := entitlementsv1.NewRemediesServiceClient(s).UpdateRemedy(ctx, &entitlementsv1.UpdateRemedyRequest{
			Remedy: r, UpdateMask: mask, RequestId: newRequestID()})
		return c.printRemedy(env, changed, err)
	})
}

// RemediesRetire is `evenhand remedies retire`.
type RemediesRetire struct {
	RemedyArg
	Reason string `required:"" placeholder:"TEXT" help:"Why."`
	Etag   string `help:"Retire it only if it is still at this etag."`
	Output
	Connection
}

// Run retires and prints it.
func (c *RemediesRetire) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		r, err := entitlementsv1.NewRemediesServiceClient(s).RetireRemedy(ctx, &entitlementsv1.RetireRemedyRequest{
			Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
		return c.printRemedy(env, r, err)
	})
}
