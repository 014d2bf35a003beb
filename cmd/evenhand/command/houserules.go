package command

import (
	"cmp"
	"fmt"
	"math"
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Houserules is `evenhand houserules`.
type Houserules struct {
	List     HouserulesList     `cmd:"" help:"List house rules."`
	Get      HouserulesGet      `cmd:"" help:"Show a house rule."`
	Create   HouserulesCreate   `cmd:"" help:"Write a house rule down."`
	Update   HouserulesUpdate   `cmd:"" help:"Change a house rule."`
	Retire   HouserulesRetire   `cmd:"" help:"End a house rule, for good."`
	Breach   HouserulesBreach   `cmd:"" help:"Record that an account broke a house rule."`
	Breaches HouserulesBreaches `cmd:"" help:"List breaches, the latest first."`
	Report   HouserulesReport   `cmd:"" help:"Which house rules are broken most, and how often before?"`
}

// HouseRuleArg is the argument that names a house rule.
type HouseRuleArg struct {
	Rule string `arg:"" placeholder:"RULE" help:"Its id, as late-payment-fee, or its name, as houseRules/late-payment-fee."`
}

func (a HouseRuleArg) name() string { return houseRuleName(a.Rule) }

func houseRuleName(arg string) string { return "houseRules/" + strings.TrimPrefix(arg, "houseRules/") }

// showThreshold writes when a house rule gets a review.
func showThreshold(t *entitlementsv1.ReviewThreshold) string {
	text := fmt.Sprintf("%d times a %s", t.GetCount(), showEnum(t.GetWindow(), "WINDOW_"))
	if t.GetAccountShare() > 0 {
		text += fmt.Sprintf(", by %g %% of the accounts", float64(t.GetAccountShare())/100)
	}
	return text
}

func (o Output) printHouseRule(env *Env, r *entitlementsv1.HouseRule, err error) error {
	if err != nil {
		return err
	}
	return o.printOne(env.Stdout, r, []pair{
		{"House rule", r.GetName()},
		{"Text", r.GetText()},
		{"Why", r.GetWhy()},
		{"Owner", r.GetOwner()},
		{"Reviewed at", showThreshold(r.GetReviewThreshold())},
		{"State", showEnum(r.GetState(), "STATE_")},
		{"Retired because", r.GetRetirementReason()},
		{"Etag", r.GetEtag()},
	})
}

// HouserulesList is `evenhand houserules list`.
type HouserulesList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over state, owner, text."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*HouserulesList) Help() string {
	return `Example:

  evenhand houserules list --filter 'owner = "principals/sam" AND state = ACTIVE'`
}

// Run asks and prints.
func (c *HouserulesList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewHouseRulesServiceClient(s)
		l := c.newList(env.Stdout, "houseRules", "House rule", "Text", "Owner", "Reviewed at", "State")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.HouseRule], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListHouseRules(ctx, &entitlementsv1.ListHouseRulesRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*entitlementsv1.HouseRule]{answer.GetHouseRules(), answer.GetNextPageToken()}, err
		}, func(r *entitlementsv1.HouseRule) error {
			return l.add(r, r.GetName(), r.GetText(), r.GetOwner(), showThreshold(r.GetReviewThreshold()), showEnum(r.GetState(), "STATE_"))
		})
	})
}

// HouserulesGet is `evenhand houserules get`.
type HouserulesGet struct {
	HouseRuleArg
	Output
	Connection
}

// Run asks and prints.
func (c *HouserulesGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		r, err := entitlementsv1.NewHouseRulesServiceClient(s).GetHouseRule(ctx, &entitlementsv1.GetHouseRuleRequest{Name: c.name()})
		return c.printHouseRule(env, r, err)
	})
}

// shareOf is a percentage in hundredths of a percent.
func shareOf(percent float64) int32 { return int32(math.Round(percent * 100)) }

func reviewWindow(word string) entitlementsv1.ReviewThreshold_Window {
	return entitlementsv1.ReviewThreshold_Window(entitlementsv1.ReviewThreshold_Window_value["WINDOW_"+strings.ToUpper(word)])
}

// HouserulesCreate is `evenhand houserules create`.
type HouserulesCreate struct {
	Text          string  `arg:"" help:"The rule as customers read it."`
	Why           string  `required:"" placeholder:"TEXT" help:"What it is there for."`
	ID            string  `placeholder:"ID" help:"Its id, which benefits of kind waiver name; otherwise the slug of the text."`
	Owner         string  `placeholder:"PRINCIPAL" help:"Who answers for it and decides its reviews; you, where it is not given."`
	ReviewAt      int32   `default:"10" placeholder:"N" help:"How many breaches bring it to review (${default})."`
	ReviewPercent float64 `default:"1" placeholder:"PERCENT" help:"By how many percent of the accounts; 0 does not look at it (${default})."`
	ReviewWindow  string  `default:"quarter" enum:"month,quarter,year" help:"Within which stretch of the calendar: month, quarter or year (${default})."`
	ValidateOnly  bool    `help:"Only say what would be created."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*HouserulesCreate) Help() string {
	return `Example:

  evenhand houserules create "Who pays after the 30th day pays a fee of $25." --id late-payment-fee --why "Reminders cost us a day a month." --review-at 10 --review-percent 1`
}

// Run creates and prints it.
func (c *HouserulesCreate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		r, err := entitlementsv1.NewHouseRulesServiceClient(s).CreateHouseRule(ctx, &entitlementsv1.CreateHouseRuleRequest{
			HouseRuleId: c.ID, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly, HouseRule: &entitlementsv1.HouseRule{
				Text: c.Text, Why: c.Why, Owner: principalName(c.Owner), ReviewThreshold: &entitlementsv1.ReviewThreshold{
					Count: c.ReviewAt, AccountShare: shareOf(c.ReviewPercent), Window: reviewWindow(c.ReviewWindow)}}})
		return c.printHouseRule(env, r, err)
	})
}

// HouserulesUpdate is `evenhand houserules update`.
type HouserulesUpdate struct {
	HouseRuleArg
	Text          *string  `placeholder:"TEXT" help:"The rule as customers read it."`
	Why           *string  `placeholder:"TEXT" help:"What it is there for."`
	Owner         *string  `placeholder:"PRINCIPAL" help:"Who answers for it."`
	ReviewAt      *int32   `placeholder:"N" help:"How many breaches bring it to review."`
	ReviewPercent *float64 `placeholder:"PERCENT" help:"By how many percent of the accounts; 0 does not look at it."`
	ReviewWindow  string   `enum:",month,quarter,year" default:"" placeholder:"WINDOW" help:"Within which stretch of the calendar: month, quarter or year."`
	Etag          string   `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*HouserulesUpdate) Help() string {
	return `Changes what is given, and nothing else.

Examples:

  evenhand houserules update late-payment-fee --owner ines
  evenhand houserules update late-payment-fee --review-at 20 --review-percent 0 --review-window month`
}

// patch is what to change of a rule as it is, and which fields that is.
func (c *HouserulesUpdate) patch(now *entitlementsv1.HouseRule) (*entitlementsv1.HouseRule, *fieldmaskpb.FieldMask) {
	r, mask := &entitlementsv1.HouseRule{Name: c.name(), Etag: cmp.Or(c.Etag, now.GetEtag())}, &fieldmaskpb.FieldMask{}
	give(mask, "text", &r.Text, c.Text)
	give(mask, "why", &r.Why, c.Why)
	if c.Owner != nil {
		owner := principalName(*c.Owner)
		give(mask, "owner", &r.Owner, &owner)
	}
	if c.ReviewAt == nil && c.ReviewPercent == nil && c.ReviewWindow == "" {
		return r, mask
	}
	t := now.GetReviewThreshold()
	if c.ReviewAt != nil {
		t.Count = *c.ReviewAt
	}
	if c.ReviewPercent != nil {
		t.AccountShare = shareOf(*c.ReviewPercent)
	}
	if c.ReviewWindow != "" {
		t.Window = reviewWindow(c.ReviewWindow)
	}
	give(mask, "review_threshold", &r.ReviewThreshold, &t)
	return r, mask
}

// Run changes and prints it.
func (c *HouserulesUpdate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		client := entitlementsv1.NewHouseRulesServiceClient(s)
		now, err := client.GetHouseRule(ctx, &entitlementsv1.GetHouseRuleRequest{Name: c.name()})
		if err != nil {
			return err
		}
		r, mask := c.patch(now)
		if len(mask.GetPaths()) == 0 {
			return &usageError{"nothing to change: name at least one field, as --owner PRINCIPAL"}
		}
		changed, err := client.UpdateHouseRule(ctx, &entitlementsv1.UpdateHouseRuleRequest{
			HouseRule: r, UpdateMask: mask, RequestId: newRequestID()})
		return c.printHouseRule(env, changed, err)
	})
}

// HouserulesRetire is `evenhand houserules retire`.
type HouserulesRetire struct {
	HouseRuleArg
	Reason string `required:"" placeholder:"TEXT" help:"Why."`
	Etag   string `help:"Retire it only if it is still at this etag."`
	Output
	Connection
}

// Run retires and prints it.
func (c *HouserulesRetire) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		r, err := entitlementsv1.NewHouseRulesServiceClient(s).RetireHouseRule(ctx, &entitlementsv1.RetireHouseRuleRequest{
			Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
		return c.printHouseRule(env, r, err)
	})
}
