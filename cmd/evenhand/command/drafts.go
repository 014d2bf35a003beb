package command

import (
	"fmt"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Drafts is `evenhand schedule drafts`.
type Drafts struct {
	List     DraftsList     `cmd:"" help:"List drafts, the newest first."`
	Get      DraftsGet      `cmd:"" aliases:"show" help:"Show a draft, or its text with --output yaml."`
	Create   DraftsCreate   `cmd:"" help:"Write a schedule file down as a draft."`
	Compose  DraftsCompose  `cmd:"" help:"Make a draft of the version published last and rules to be added."`
	Update   DraftsUpdate   `cmd:"" help:"Change a draft; it has to be proposed anew."`
	Simulate DraftsSimulate `cmd:"" help:"Try a draft on all accounts."`
	Propose  DraftsPropose  `cmd:"" help:"Put a draft before who approves it."`
	Approve  DraftsApprove  `cmd:"" help:"Approve a draft as it is shown, and publish it."`
	Reject   DraftsReject   `cmd:"" help:"Reject a proposed draft, for good."`
	Withdraw DraftsWithdraw `cmd:"" help:"Take a draft back, for good."`
}

// DraftArg is the argument that names a draft.
type DraftArg struct {
	Draft string `arg:"" placeholder:"DRAFT" help:"The draft's id, or its name, as schedule/drafts/ID."`
}

func (a DraftArg) name() string {
	return "schedule/drafts/" + strings.TrimPrefix(a.Draft, "schedule/drafts/")
}

// printDraft prints a draft without its text.
func (o Output) printDraft(env *Env, d *entitlementsv1.Draft, err error) error {
	if err != nil {
		return err
	}
	written := "nothing"
	if d.GetBaseVersion() > 0 {
		written = fmt.Sprintf("schedule/versions/%d", d.GetBaseVersion())
	}
	if d.GetOutdated() {
		written += ", which is not the last version any more"
	}
	return o.printOne(env.Stdout, d, []pair{
		{"Draft", d.GetName()},
		{"State", showEnum(d.GetState(), "STATE_")},
		{"Reason", d.GetReason()},
		{"Written on", written},
		{"Special request", d.GetSpecialRequest()},
		{"New rules", strings.Join(d.GetNewRules(), ", ")},
		{"Writers", strings.Join(d.GetWriters(), ", ")},
		{"Proposer", d.GetProposer()},
		{"Approver", d.GetApprover()},
		{"Single operator", yesOnly(d.GetSingleOperator())},
		{"Version", d.GetScheduleVersion()},
		{"Returned to", d.GetReturned().GetApprover()},
		{"Returned because", d.GetReturned().GetMessage()},
		{"Ended by", d.GetEnder()},
		{"Because", d.GetEndReason()},
		{"Content hash", d.GetContentHash()},
		{"Etag", d.GetEtag()},
	})
}

// yesOnly is yes, or nothing.
func yesOnly(b bool) string {
	if b {
		return "yes"
	}
	return ""
}

// DraftsList is `evenhand schedule drafts list`.
type DraftsList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over state, proposer, special_request."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*DraftsList) Help() string {
	return `Examples:

  evenhand schedule drafts list --filter 'state = PROPOSED'`
}

// Run asks and prints.
func (c *DraftsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewDraftsServiceClient(s)
		l := c.newList(env.Stdout, "drafts", "Draft", "State", "Written on", "Proposer", "Approver", "Version", "Special request", "Reason")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.Draft], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListDrafts(ctx, &entitlementsv1.ListDraftsRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*entitlementsv1.Draft]{answer.GetDrafts(), answer.GetNextPageToken()}, err
		}, func(d *entitlementsv1.Draft) error {
			return l.add(d, d.GetName(), showEnum(d.GetState(), "STATE_"), strconv.Itoa(int(d.GetBaseVersion())), d.GetProposer(), d.GetApprover(),
				d.GetScheduleVersion(), d.GetSpecialRequest(), d.GetReason())
		})
	})
}

// DraftsGet is `evenhand schedule drafts get`.
type DraftsGet struct {
	DraftArg
	Output string `short:"o" default:"table" enum:"table,yaml,json" help:"How to print: table, yaml (its text, letter for letter) or json (${default})."`
	Connection
}

// Help implements kong.HelpProvider.
func (*DraftsGet) Help() string {
	return `Examples:

  evenhand schedule drafts get ten-years
  evenhand schedule drafts get ten-years --output yaml`
}

// Run asks and prints.
func (c *DraftsGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		d, err := entitlementsv1.NewDraftsServiceClient(s).GetDraft(ctx, &entitlementsv1.GetDraftRequest{Name: c.name()})
		if err == nil && c.Output == "yaml" {
			_, err := fmt.Fprintln(env.Stdout, strings.TrimSuffix(d.GetYaml(), "\n"))
			return err
		}
		return Output{Output: Format(c.Output)}.printDraft(env, d, err)
	})
}

// DraftsCreate is `evenhand schedule drafts create`.
type DraftsCreate struct {
	File         string `arg:"" help:"The schedule file, in YAML; - for standard input."`
	ID           string `name:"id" placeholder:"ID" help:"The draft's id; made by the server where it is not given."`
	Reason       string `required:"" placeholder:"TEXT" help:"Why the schedule should change so."`
	ValidateOnly bool   `help:"Check all of it, and create nothing."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*DraftsCreate) Help() string {
	return `Examples:

  evenhand schedule drafts create promise.yaml --id spring --reason "Shipping costs less than it did."`
}

// Run creates the draft and prints it.
func (c *DraftsCreate) Run(env *Env) error {
	text, err := readAll(env, c.File)
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		d, err := entitlementsv1.NewDraftsServiceClient(s).CreateDraft(ctx, &entitlementsv1.CreateDraftRequest{
			Draft: &entitlementsv1.Draft{Yaml: string(text), Reason: c.Reason}, DraftId: c.ID, ValidateOnly: c.ValidateOnly, RequestId: newRequestID()})
		if err != nil {
			return schedulePlaces(err, fileName(c.File), "is no schedule", edit{text: string(text)})
		}
		return c.printDraft(env, d, nil)
	})
}

// DraftsCompose is `evenhand schedule drafts compose`.
type DraftsCompose struct {
	Fragment     string `arg:"" help:"What to add, in YAML: rules, and benefits and bundles, as in a schedule file; - for standard input."`
	ID           string `name:"id" placeholder:"ID" help:"The draft's id; made by the server where it is not given."`
	Reason       string `required:"" placeholder:"TEXT" help:"Why the schedule should change so."`
	ValidateOnly bool   `help:"Check all of it, and create nothing."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*DraftsCompose) Help() string {
	return `Examples:

  evenhand schedule drafts compose ten-years.yaml --id ten-years --reason "Who stays should not pay for shipping."`
}

// Run creates the draft and prints it.
func (c *DraftsCompose) Run(env *Env) error {
	text, err := readAll(env, c.Fragment)
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		d, err := entitlementsv1.NewDraftsServiceClient(s).ComposeDraft(ctx, &entitlementsv1.ComposeDraftRequest{
			Fragment: string(text), Reason: c.Reason, DraftId: c.ID, ValidateOnly: c.ValidateOnly, RequestId: newRequestID()})
		if err != nil {
			return schedulePlaces(err, fileName(c.Fragment), "cannot be added to the schedule", edit{text: string(text)})
		}
		return c.printDraft(env, d, nil)
	})
}

// DraftsUpdate is `evenhand schedule drafts update`.
type DraftsUpdate struct {
	DraftArg
	File   string `placeholder:"FILE" help:"Its text from now on, in YAML; - for standard input."`
	Reason string `placeholder:"TEXT" help:"Why the schedule should change so."`
	Base   int32  `placeholder:"N" help:"The version it is written on from now on: the last one."`
	Etag   string `help:"Change it only if it still has this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*DraftsUpdate) Help() string {
	return `Examples:

  evenhand schedule drafts update spring --file promise.yaml
  evenhand schedule drafts update spring --file promise.yaml --base 3`
}

// Run changes the draft and prints it.
func (c *DraftsUpdate) Run(env *Env) error {
	in, mask := &entitlementsv1.Draft{Name: c.name(), Reason: c.Reason, BaseVersion: c.Base, Etag: c.Etag}, &fieldmaskpb.FieldMask{}
	if c.File != "" {
		text, err := readAll(env, c.File)
		if err != nil {
			return err
		}
		in.Yaml, mask.Paths = string(text), append(mask.Paths, "yaml")
	}
	if c.Reason != "" {
		mask.Paths = append(mask.Paths, "reason")
	}
	if c.Base != 0 {
		mask.Paths = append(mask.Paths, "base_version")
	}
	if len(mask.Paths) == 0 {
		return &usageError{"nothing to change: give --file, --reason or --base"}
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		d, err := entitlementsv1.NewDraftsServiceClient(s).UpdateDraft(ctx, &entitlementsv1.UpdateDraftRequest{Draft: in, UpdateMask: mask, RequestId: newRequestID()})
		if err != nil {
			return schedulePlaces(err, fileName(c.File), "is no schedule", edit{text: in.GetYaml()})
		}
		return c.printDraft(env, d, nil)
	})
}

// DraftsSimulate is `evenhand schedule drafts simulate`.
type DraftsSimulate struct {
	DraftArg
	AsOf
	Sample int32 `default:"10" help:"Name this many accounts, at most, of those that gain or lose each benefit (${default})."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*DraftsSimulate) Help() string {
	return `As schedule simulate, with the text of a draft.

Examples:

  evenhand schedule drafts simulate ten-years`
}

// Run simulates and prints what came out.
func (c *DraftsSimulate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		simulation, err := entitlementsv1.NewDraftsServiceClient(s).SimulateDraft(env.Context, &entitlementsv1.SimulateDraftRequest{
			Name: c.name(), AsOf: c.AsOf.AsOf.instant, AsOfDate: c.AsOf.AsOf.day, SampleSize: sampleSize(c.Sample)})
		if err != nil {
			return err
		}
		return c.printSimulation(env, simulation)
	})
}
