package command

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PlanSignals is `evenhand plan signals`.
type PlanSignals struct {
	Init     SignalsInit     `cmd:"" help:"Write the rules that come with the product down as drafts."`
	List     SignalsList     `cmd:"" help:"List the rules by which signals become suggestions."`
	Get      SignalsGet      `cmd:"" help:"Show a rule, or as a file with --output yaml."`
	Create   SignalsCreate   `cmd:"" help:"Write a rule down as a draft."`
	Update   SignalsUpdate   `cmd:"" help:"Change what a rule is to say next."`
	Lint     SignalsLint     `cmd:"" help:"Say what is wrong with a rule."`
	Simulate SignalsSimulate `cmd:"" help:"Try a rule on the past."`
	Publish  SignalsPublish  `cmd:"" help:"Put a rule in force as it is shown, written by somebody else."`
	Retire   SignalsRetire   `cmd:"" help:"End a rule, for good."`
	Versions SignalsVersions `cmd:"" help:"List the versions of a rule, the newest first."`
}

// SignalRuleArg is the argument that names a rule.
type SignalRuleArg struct {
	Rule string `arg:"" placeholder:"RULE" help:"Its id, as spend-falls, or its name, as signalRules/spend-falls."`
}

func (a SignalRuleArg) name() string { return signalRuleName(a.Rule) }

func signalRuleName(arg string) string {
	return "signalRules/" + strings.TrimPrefix(arg, "signalRules/")
}

func (o Output) printSignalRule(env *Env, r *plansv1.SignalRule, err error) error {
	if err != nil {
		return err
	}
	pairs := []pair{
		{"Rule", r.GetName()},
		{"Called", r.GetDisplayName()},
		{"Looks at", showEnum(r.GetFact(), "FACT_")},
		{"Condition", r.GetCondition()},
		{"Reason", r.GetReason()},
		{"Weight", r.GetWeight()},
		{"Channel", showEnum(r.GetChannel(), "CHANNEL_")},
		{"Purpose", r.GetPurpose()},
		{"Cools down", fmt.Sprintf("%d days", r.GetCoolDownDays())},
		{"State", showEnum(r.GetState(), "STATE_")},
		{"Writers", strings.Join(r.GetWriters(), ", ")},
		{"In force", r.GetInForce().GetName()},
		{"Publisher", r.GetInForce().GetPublisher()},
		{"Single operator", yesOnly(r.GetInForce().GetSingleOperator())},
		{"Retired by", r.GetRetirer()},
		{"Retired because", r.GetRetirementReason()},
	}
	pairs = append(pairs, simulatedPairs(r.GetSimulation())...)
	return o.printOne(env.Stdout, r, append(pairs, pair{"Etag", r.GetEtag()}))
}

// SignalsInit is `evenhand plan signals init`.
type SignalsInit struct {
	ValidateOnly bool `help:"Only say what would be created."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*SignalsInit) Help() string {
	return `One at least for each kind of facts. Rules that are there already stay as they are. Each is tried on the past and published by itself, by another person than wrote it:

  evenhand plan signals init
  evenhand plan signals simulate spend-falls
  evenhand plan signals publish spend-falls --etag ETAG`
}

// Run creates and lists them.
func (c *SignalsInit) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		made, err := plansv1.NewSignalsServiceClient(s).InitializeSignalRules(ctx, &plansv1.InitializeSignalRulesRequest{
			RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		if err != nil {
			return err
		}
		l := c.newList(env.Stdout, "signalRules", "Rule", "Called", "Looks at", "Purpose")
		for _, r := range made.GetSignalRules() {
			if err := l.add(r, r.GetName(), r.GetDisplayName(), showEnum(r.GetFact(), "FACT_"), r.GetPurpose()); err != nil {
				return err
			}
		}
		return l.end()
	})
}

// SignalsList is `evenhand plan signals list`.
type SignalsList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over state, fact, display_name."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *SignalsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := plansv1.NewSignalsServiceClient(s)
		l := c.newList(env.Stdout, "signalRules", "Rule", "Called", "Looks at", "Channel", "State", "In force")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.SignalRule], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListSignalRules(ctx, &plansv1.ListSignalRulesRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*plansv1.SignalRule]{answer.GetSignalRules(), answer.GetNextPageToken()}, err
		}, func(r *plansv1.SignalRule) error {
			return l.add(r, r.GetName(), r.GetDisplayName(), showEnum(r.GetFact(), "FACT_"), showEnum(r.GetChannel(), "CHANNEL_"),
				showEnum(r.GetState(), "STATE_"), r.GetInForce().GetName())
		})
	})
}

// SignalsGet is `evenhand plan signals get`.
type SignalsGet struct {
	SignalRuleArg
	Output string `short:"o" default:"table" enum:"table,yaml,json" help:"How to print: table, yaml (a file to change it by) or json (${default})."`
	Connection
}

// Help implements kong.HelpProvider.
func (*SignalsGet) Help() string {
	return `Example:

  evenhand plan signals get spend-falls --output yaml > spend-falls.yaml`
}

// Run asks and prints.
func (c *SignalsGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		r, err := plansv1.NewSignalsServiceClient(s).GetSignalRule(ctx, &plansv1.GetSignalRuleRequest{Name: c.name()})
		if err == nil && c.Output == "yaml" {
			return printSignalFile(env.Stdout, r)
		}
		return Output{Output: Format(c.Output)}.printSignalRule(env, r, err)
	})
}

// SignalsCreate is `evenhand plan signals create`.
type SignalsCreate struct {
	File         string `arg:"" help:"The rule, in YAML; - for standard input."`
	ID           string `name:"id" placeholder:"ID" help:"Its id; otherwise the slug of what it is called."`
	ValidateOnly bool   `help:"Check all of it, and create nothing."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*SignalsCreate) Help() string {
	return `condition, reason and weight are expressions of CEL over fact and account. A rule in a file:

  display_name: Spend falls
  fact: spend
  condition: fact.comparable && fact.year_before > 0 && fact.change_on_year <= -25
  reason: >-
    'Spent ' + money(fact.recent, fact.currency) + ' in three months (' + string(fact.change_on_year) + ' %).'
  weight: "60"
  channel: call
  purpose: Ask what has changed, and what we could do better
  cool_down_days: 90

Example:

  evenhand plan signals create spend-falls.yaml`
}

// Run creates the rule and prints it.
func (c *SignalsCreate) Run(env *Env) error {
	rule, err := readSignalRule(env, c.File)
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		r, err := plansv1.NewSignalsServiceClient(s).CreateSignalRule(ctx, &plansv1.CreateSignalRuleRequest{
			SignalRule: rule, SignalRuleId: c.ID, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		return c.printSignalRule(env, r, err)
	})
}

// SignalsUpdate is `evenhand plan signals update`.
type SignalsUpdate struct {
	SignalRuleArg
	File string `arg:"" help:"What it is to say next, in YAML; - for standard input. Fields that are not there stay as they are."`
	Etag string `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*SignalsUpdate) Help() string {
	return `What is in force stays so until the rule is tried on the past again and published.

Example:

  evenhand plan signals update spend-falls spend-falls.yaml`
}

// Run changes the rule and prints it.
func (c *SignalsUpdate) Run(env *Env) error {
	rule, err := readSignalRule(env, c.File)
	if err != nil {
		return err
	}
	mask := &fieldmaskpb.FieldMask{Paths: givenFields(rule)}
	rule.Name, rule.Etag = c.name(), c.Etag
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		r, err := plansv1.NewSignalsServiceClient(s).UpdateSignalRule(ctx, &plansv1.UpdateSignalRuleRequest{
			SignalRule: rule, UpdateMask: mask, RequestId: newRequestID()})
		return c.printSignalRule(env, r, err)
	})
}

// SignalsPublish is `evenhand plan signals publish`.
type SignalsPublish struct {
	SignalRuleArg
	Etag         string `required:"" help:"That of the rule as you have read it."`
	ValidateOnly bool   `help:"Only say whether it can be published."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*SignalsPublish) Help() string {
	return `Nobody publishes what they have written, unless nobody else may publish.

Example:

  evenhand plan signals publish spend-falls --etag "$(evenhand plan signals get spend-falls -o json | jq -r .etag)"`
}

// Run publishes the rule and prints it.
func (c *SignalsPublish) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		r, err := plansv1.NewSignalsServiceClient(s).PublishSignalRule(ctx, &plansv1.PublishSignalRuleRequest{
			Name: c.name(), Etag: c.Etag, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		return c.printSignalRule(env, r, err)
	})
}

// SignalsRetire is `evenhand plan signals retire`.
type SignalsRetire struct {
	SignalRuleArg
	Reason string `required:"" placeholder:"TEXT" help:"Why."`
	Etag   string `help:"Retire it only if it is still at this etag."`
	Output
	Connection
}

// Run retires the rule and prints it.
func (c *SignalsRetire) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		r, err := plansv1.NewSignalsServiceClient(s).RetireSignalRule(ctx, &plansv1.RetireSignalRuleRequest{
			Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
		return c.printSignalRule(env, r, err)
	})
}

// SignalsVersions is `evenhand plan signals versions`.
type SignalsVersions struct {
	SignalRuleArg
	Limit uint `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *SignalsVersions) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := plansv1.NewSignalsServiceClient(s)
		l := c.newList(env.Stdout, "signalRuleVersions", "Version", "Published", "Publisher", "Writers", "Single operator", "Condition", "Weight")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.SignalRuleVersion], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListSignalRuleVersions(ctx, &plansv1.ListSignalRuleVersionsRequest{Parent: c.name(), PageSize: size, PageToken: token})
			return page[*plansv1.SignalRuleVersion]{answer.GetSignalRuleVersions(), answer.GetNextPageToken()}, err
		}, func(v *plansv1.SignalRuleVersion) error {
			return l.add(v, v.GetName(), showTime(v.GetPublishTime()), v.GetPublisher(), strings.Join(v.GetWriters(), ", "),
				yesOnly(v.GetSingleOperator()), v.GetCondition(), v.GetWeight())
		})
	})
}
