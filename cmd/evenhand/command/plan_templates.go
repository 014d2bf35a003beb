package command

import (
	"fmt"
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PlanTemplates is `evenhand plan templates`.
type PlanTemplates struct {
	List     TemplatesList     `cmd:"" help:"List templates."`
	Get      TemplatesGet      `cmd:"" help:"Show a template, or a version of it."`
	Versions TemplatesVersions `cmd:"" help:"List the versions of a template, the last first."`
	Create   TemplatesCreate   `cmd:"" help:"Write a template down, with its first version."`
	Update   TemplatesUpdate   `cmd:"" help:"Change what people are told of a template."`
	Publish  TemplatesPublish  `cmd:"" help:"Add a version to a template; plans stay as they are until it is applied to them."`
	Apply    TemplatesApply    `cmd:"" help:"Begin the plans of many accounts from a template, and renew those that began from it."`
	Retire   TemplatesRetire   `cmd:"" help:"End a template, for good; the plans that began from it stay."`
}

// TemplateArg is the argument that names a template.
type TemplateArg struct {
	Template string `arg:"" placeholder:"TEMPLATE" help:"Its id, as key-accounts, or its name, as planTemplates/key-accounts."`
}

func (a TemplateArg) name() string {
	return "planTemplates/" + strings.TrimPrefix(a.Template, "planTemplates/")
}

// templateVersionPairs is what a version of a template says.
func templateVersionPairs(v *plansv1.PlanTemplateVersion) []pair {
	pairs := append([]pair{
		{"Version", v.GetName()},
		{"Note", v.GetNote()},
		{"Goals", lines(v.GetGoals(), suggestedGoal)},
		{"Customer effect", v.GetCustomerEffect()},
		{"Contribution", v.GetContribution()},
	}, strategyPairs(v.GetStrategy())...)
	return append(pairs, pair{"Publisher", v.GetPublisher()}, pair{"Published", showTime(v.GetPublishTime())})
}

// suggestedGoal says a goal that is a suggestion, of which nothing is measured.
func suggestedGoal(g *plansv1.Goal) string {
	text := g.GetId() + ": " + g.GetStatement()
	if g.GetTarget() != g.GetBaseline() {
		text += fmt.Sprintf("; %s from %s to %s", g.GetMeasure(), showNumber(g.GetBaseline()), withUnit(g.GetTarget(), g.GetUnit()))
	}
	if by := showDay(g.GetTargetDate()); by != "" {
		text += " by " + by
	}
	return text
}

func (o Output) printTemplate(env *Env, t *plansv1.PlanTemplate, err error) error {
	if err != nil {
		return err
	}
	pairs := append([]pair{
		{"Template", t.GetName()},
		{"Name", t.GetDisplayName()},
		{"Description", t.GetDescription()},
		{"Retired because", t.GetRetirementReason()},
	}, templateVersionPairs(t.GetVersion())...)
	return o.printOne(env.Stdout, t, append(pairs, pair{"Etag", t.GetEtag()}))
}

// TemplatesList is `evenhand plan templates list`.
type TemplatesList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over display_name, retired."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*TemplatesList) Help() string {
	return `Example:

  evenhand plan templates list --filter 'retired = false'`
}

// Run asks and prints.
func (c *TemplatesList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := plansv1.NewPlansServiceClient(s)
		l := c.newList(env.Stdout, "planTemplates", "Template", "Name", "Version", "Contacts", "Goals", "Published", "Retired because")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.PlanTemplate], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListPlanTemplates(ctx, &plansv1.ListPlanTemplatesRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*plansv1.PlanTemplate]{answer.GetPlanTemplates(), answer.GetNextPageToken()}, err
		}, func(t *plansv1.PlanTemplate) error {
			v := t.GetVersion()
			return l.add(t, t.GetName(), t.GetDisplayName(), versionNumber(v), shortCount(int32(len(v.GetStrategy().GetCadences()))),
				shortCount(int32(len(v.GetGoals()))), showTime(v.GetPublishTime()), t.GetRetirementReason())
		})
	})
}

// versionNumber is the number of a version of a template.
func versionNumber(v *plansv1.PlanTemplateVersion) string {
	_, number, _ := strings.Cut(v.GetName(), "/versions/")
	return number
}

// TemplatesGet is `evenhand plan templates get`.
type TemplatesGet struct {
	TemplateArg
	Number uint `placeholder:"N" help:"Which version; the template with its last one, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *TemplatesGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := plansv1.NewPlansServiceClient(s)
		ctx, cancel := s.call(env)
		defer cancel()
		if c.Number == 0 {
			t, err := client.GetPlanTemplate(ctx, &plansv1.GetPlanTemplateRequest{Name: c.name()})
			return c.printTemplate(env, t, err)
		}
		v, err := client.GetPlanTemplateVersion(ctx, &plansv1.GetPlanTemplateVersionRequest{Name: fmt.Sprintf("%s/versions/%d", c.name(), c.Number)})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, v, templateVersionPairs(v))
	})
}

// TemplatesVersions is `evenhand plan templates versions`.
type TemplatesVersions struct {
	TemplateArg
	Limit uint `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *TemplatesVersions) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := plansv1.NewPlansServiceClient(s)
		l := c.newList(env.Stdout, "versions", "Version", "Published", "Publisher", "Contacts", "Goals", "Note")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.PlanTemplateVersion], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListPlanTemplateVersions(ctx, &plansv1.ListPlanTemplateVersionsRequest{Parent: c.name(), PageSize: size, PageToken: token})
			return page[*plansv1.PlanTemplateVersion]{answer.GetVersions(), answer.GetNextPageToken()}, err
		}, func(v *plansv1.PlanTemplateVersion) error {
			return l.add(v, v.GetName(), showTime(v.GetPublishTime()), v.GetPublisher(), shortCount(int32(len(v.GetStrategy().GetCadences()))),
				shortCount(int32(len(v.GetGoals()))), v.GetNote())
		})
	})
}

// TemplatesCreate is `evenhand plan templates create`.
type TemplatesCreate struct {
	DisplayName  string `arg:"" placeholder:"NAME" help:"What it is called."`
	File         string `arg:"" placeholder:"FILE" help:"Its first version, in YAML; - reads standard input."`
	ID           string `placeholder:"ID" help:"Its id; otherwise the slug of its name."`
	Description  string `placeholder:"TEXT" help:"What it is for."`
	ValidateOnly bool   `help:"Only say what would be created."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*TemplatesCreate) Help() string {
	return "Goals and effect are suggestions: what the customer wants is written down with the customer. A file:\n\n" + planFile + `

Example:

  evenhand plan templates create "Key accounts" key-accounts.yaml --description "For accounts with several sites."`
}

// Run creates and prints it.
func (c *TemplatesCreate) Run(env *Env) error {
	version, err := readVersion(env, c.File)
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		t, err := plansv1.NewPlansServiceClient(s).CreatePlanTemplate(ctx, &plansv1.CreatePlanTemplateRequest{
			PlanTemplateId: c.ID, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly,
			PlanTemplate: &plansv1.PlanTemplate{DisplayName: c.DisplayName, Description: c.Description, Version: version}})
		return c.printTemplate(env, t, err)
	})
}

// readVersion reads a version of a template from a file.
func readVersion(env *Env, file string) (*plansv1.PlanTemplateVersion, error) {
	version := &plansv1.PlanTemplateVersion{}
	_, err := readFields(env, file, "evenhand plan templates create --help", version)
	return version, err
}

// TemplatesUpdate is `evenhand plan templates update`.
type TemplatesUpdate struct {
	TemplateArg
	DisplayName *string `placeholder:"NAME" help:"What it is called."`
	Description *string `placeholder:"TEXT" help:"What it is for."`
	Etag        string  `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*TemplatesUpdate) Help() string {
	return `Versions never change; "evenhand plan templates publish" adds one.

Example:

  evenhand plan templates update key-accounts --description "For accounts with several sites."`
}

// Run changes and prints it.
func (c *TemplatesUpdate) Run(env *Env) error {
	t, mask := &plansv1.PlanTemplate{Name: c.name(), Etag: c.Etag}, &fieldmaskpb.FieldMask{}
	if c.DisplayName != nil {
		t.DisplayName = *c.DisplayName
		mask.Paths = append(mask.Paths, "display_name")
	}
	if c.Description != nil {
		t.Description = *c.Description
		mask.Paths = append(mask.Paths, "description")
	}
	if len(mask.GetPaths()) == 0 {
		return &usageError{"nothing to change: name at least one field, as --description TEXT"}
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		changed, err := plansv1.NewPlansServiceClient(s).UpdatePlanTemplate(ctx, &plansv1.UpdatePlanTemplateRequest{
			PlanTemplate: t, UpdateMask: mask, RequestId: newRequestID()})
		return c.printTemplate(env, changed, err)
	})
}

// TemplatesPublish is `evenhand plan templates publish`.
type TemplatesPublish struct {
	TemplateArg
	File         string `arg:"" placeholder:"FILE" help:"The next version, in YAML; - reads standard input."`
	Note         string `placeholder:"TEXT" help:"What is new in it; what the file says, where it is not given."`
	Etag         string `help:"Publish it only if the template is still at this etag."`
	ValidateOnly bool   `help:"Only say what would be published."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*TemplatesPublish) Help() string {
	return `A file looks as with "evenhand plan templates create --help".

Example:

  evenhand plan templates publish key-accounts key-accounts.yaml --note "A visit every quarter."`
}

// Run publishes and prints it.
func (c *TemplatesPublish) Run(env *Env) error {
	version, err := readVersion(env, c.File)
	if err != nil {
		return err
	}
	if c.Note != "" {
		version.Note = c.Note
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		t, err := plansv1.NewPlansServiceClient(s).PublishPlanTemplate(ctx, &plansv1.PublishPlanTemplateRequest{
			Name: c.name(), Version: version, Etag: c.Etag, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly})
		return c.printTemplate(env, t, err)
	})
}

// TemplatesRetire is `evenhand plan templates retire`.
type TemplatesRetire struct {
	TemplateArg
	Reason string `required:"" placeholder:"TEXT" help:"Why."`
	Etag   string `help:"Retire it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*TemplatesRetire) Help() string {
	return `Example:

  evenhand plan templates retire key-accounts --reason "Two templates for sites and shops took its place."`
}

// Run retires and prints it.
func (c *TemplatesRetire) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		t, err := plansv1.NewPlansServiceClient(s).RetirePlanTemplate(ctx, &plansv1.RetirePlanTemplateRequest{
			Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
		return c.printTemplate(env, t, err)
	})
}
