package command

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	typev1 "github.com/evenhand/evenhand/proto/gen/evenhand/type/v1"
)

// Schedule is `evenhand schedule`.
type Schedule struct {
	Lint     ScheduleLint     `cmd:"" help:"Check a schedule file, without a server."`
	Simulate ScheduleSimulate `cmd:"" help:"Try a schedule file on all accounts: who would gain and lose what, and what it would cost."`
	Publish  SchedulePublish  `cmd:"" help:"Publish a schedule file as the next version."`
	Get      ScheduleGet      `cmd:"" aliases:"show" help:"Show the schedule in force, or one version."`
	Versions ScheduleVersions `cmd:"" help:"List the published versions, the newest first."`
	Drafts   Drafts           `cmd:"" help:"Drafts of the next version: one person proposes, another approves."`
}

// SchedulePublish is `evenhand schedule publish`.
type SchedulePublish struct {
	File         string `arg:"" help:"The schedule file, in YAML; - for standard input."`
	Effective    Day    `placeholder:"DATE" help:"The day it takes effect, instead of what the file says under notice. Only a first version may be dated back."`
	ValidateOnly bool   `help:"Check all of it, and publish nothing."`
	Etag         string `help:"Publish only if the version with this etag is still the last."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*SchedulePublish) Help() string {
	return `A published version never changes. Problems are printed as FILE:LINE:COLUMN: what is wrong and how to mend it. Publishing the same file again changes nothing, and says so.

Examples:

  evenhand schedule publish promise.yaml --validate-only
  evenhand schedule publish promise.yaml --effective 1997-01-01`
}

// Run publishes and prints the version.
func (c *SchedulePublish) Run(env *Env) error {
	text, err := readAll(env, c.File)
	if err != nil {
		return err
	}
	edited := edit{text: string(text)}
	if c.Effective.Date != nil {
		if edited, err = setEffective(string(text), showDay(c.Effective.Date)); err != nil {
			return err
		}
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := entitlementsv1.NewScheduleServiceClient(s).PublishSchedule(ctx, &entitlementsv1.PublishScheduleRequest{
			Content:      &entitlementsv1.PublishScheduleRequest_Yaml{Yaml: edited.text},
			ValidateOnly: c.ValidateOnly,
			Etag:         c.Etag,
			RequestId:    newRequestID(),
		})
		if err != nil {
			return schedulePlaces(err, fileName(c.File), "cannot be published", edited)
		}
		return c.print(env, answer)
	})
}

func (c *SchedulePublish) print(env *Env, answer *entitlementsv1.PublishScheduleResponse) error {
	outcome := "published"
	switch {
	case answer.GetUnchanged():
		outcome = "unchanged: the last version has the same content"
	case c.ValidateOnly:
		outcome = "valid; nothing was published"
		answer.Version.PublishTime = nil // there is none
	}
	return c.printOne(env.Stdout, answer, append([]pair{{"Outcome", outcome}}, versionPairs(answer.GetVersion())...))
}

func versionPairs(v *entitlementsv1.ScheduleVersion) []pair {
	s := v.GetSchedule()
	return []pair{
		{"Version", v.GetName()},
		{"Schedule", s.GetId()},
		{"In force from", showTime(v.GetInForceTime())},
		{"Currency", s.GetCurrencyCode()},
		{"Time zone", s.GetTimeZone()},
		{"Commitments", strconv.Itoa(len(s.GetCommitments()))},
		{"Benefits", strconv.Itoa(len(s.GetBenefits()))},
		{"Rules", strconv.Itoa(len(s.GetRules()))},
		{"Published", showTime(v.GetPublishTime())},
		{"Publisher", v.GetPublisher()},
		{"Draft", v.GetDraft()},
		{"Proposer", v.GetProposer()},
		{"Single operator", yesNo(v.GetSingleOperator())},
		{"Content hash", v.GetContentHash()},
	}
}

// schedulePlaces turns the problems of a schedule file into lines an editor can jump to.
func schedulePlaces(err error, name, cannot string, e edit) error {
	if reasonOf(err) != typev1.ErrorReason_ERROR_REASON_SCHEDULE_INVALID {
		return err
	}
	s, _ := statusOf(err) // it has a reason, and so a status
	f := &failure{message: name + " " + cannot, cause: err}
	for _, detail := range s.Details() {
		if bad, ok := detail.(*errdetails.BadRequest); ok {
			for _, v := range bad.GetFieldViolations() {
				f.details = append(f.details, name+":"+e.original(violation(v)))
			}
		}
	}
	if len(f.details) == 0 {
		f.details = []string{s.Message()}
	}
	return f
}

// violation writes `line:column: path: what`, the place as the server gave it.
func violation(v *errdetails.BadRequest_FieldViolation) string {
	text := v.GetDescription()
	if v.GetField() == "" || v.GetField() == "yaml" || strings.Contains(text, v.GetField()+": ") {
		return text
	}
	place, rest := cutPlace(text)
	return place + v.GetField() + ": " + rest
}

// fileName is what a file is called in messages.
func fileName(path string) string {
	if path == "-" {
		return "standard input"
	}
	return path
}

// ScheduleGet is `evenhand schedule get`.
type ScheduleGet struct {
	AsOf
	Number int    `name:"number" placeholder:"N" help:"This version, instead of the one in force."`
	Output string `short:"o" default:"table" enum:"table,yaml,json" help:"How to print: table, yaml (the file it was published from, letter for letter) or json (${default})."`
	Connection
}

// Help implements kong.HelpProvider.
func (*ScheduleGet) Help() string {
	return `Examples:

  evenhand schedule get
  evenhand schedule get --as-of 1998-06-30
  evenhand schedule get --number 1 --output yaml > promise.yaml`
}

// Run asks and prints.
func (c *ScheduleGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		version, err := c.version(env, s)
		if err != nil {
			return err
		}
		switch c.Output {
		case "json":
			return printJSON(env.Stdout, version)
		case "yaml":
			if version.GetSourceYaml() == "" {
				return &failure{
					message: version.GetName() + " was published as a message, not from a file",
					fix:     "print it with --output json",
				}
			}
			_, err := fmt.Fprintln(env.Stdout, strings.TrimSuffix(version.GetSourceYaml(), "\n"))
			return err
		default:
			return printSchedule(env, version)
		}
	})
}

func (c *ScheduleGet) version(env *Env, s *session) (*entitlementsv1.ScheduleVersion, error) {
	client := entitlementsv1.NewScheduleServiceClient(s)
	ctx, cancel := s.call(env)
	defer cancel()
	if c.Number != 0 {
		return client.GetScheduleVersion(ctx, &entitlementsv1.GetScheduleVersionRequest{Name: fmt.Sprintf("schedule/versions/%d", c.Number)})
	}
	return client.GetSchedule(ctx, &entitlementsv1.GetScheduleRequest{AsOf: c.AsOf.AsOf.instant, AsOfDate: c.AsOf.AsOf.day})
}

func printSchedule(env *Env, v *entitlementsv1.ScheduleVersion) error {
	if err := printPairs(env.Stdout, versionPairs(v)); err != nil {
		return err
	}
	out := Output{Output: formatTable}
	s := v.GetSchedule()
	fmt.Fprintln(env.Stdout)
	commitments := out.newList(env.Stdout, "", "Commitment", "Within", "Calendar", "Attested", "Promise")
	for _, c := range s.GetCommitments() {
		_ = commitments.add(nil, c.GetId(), c.GetClock().GetWithin(), c.GetClock().GetCalendar(), strings.Join(c.GetAttest(), ", "), c.GetPromise()) // end tells
	}
	if err := commitments.end(); err != nil {
		return err
	}
	fmt.Fprintln(env.Stdout)
	benefits := out.newList(env.Stdout, "", "Benefit", "Kind", "Unit cost", "Promise")
	for _, b := range s.GetBenefits() {
		_ = benefits.add(nil, b.GetId(), showEnum(b.GetKind(), "KIND_"), showMoney(b.GetUnitCost()), b.GetPromise())
	}
	if err := benefits.end(); err != nil {
		return err
	}
	fmt.Fprintln(env.Stdout)
	rules := out.newList(env.Stdout, "", "Rule", "Grants", "Lasts", "Promise")
	for _, r := range s.GetRules() {
		_ = rules.add(nil, r.GetId(), strings.Join(r.GetGrants(), ", "), r.GetLasts(), r.GetPromise())
	}
	return rules.end()
}

// ScheduleVersions is `evenhand schedule versions`.
type ScheduleVersions struct {
	Output
	Connection
}

// Run asks and prints.
func (c *ScheduleVersions) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewScheduleServiceClient(s)
		l := c.newList(env.Stdout, "scheduleVersions", "Version", "In force from", "Published", "Publisher", "Single operator", "Content hash", "Reason")
		return eachPage(l, 0, func(size int32, token string) (page[*entitlementsv1.ScheduleVersion], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListScheduleVersions(ctx, &entitlementsv1.ListScheduleVersionsRequest{PageSize: size, PageToken: token})
			return page[*entitlementsv1.ScheduleVersion]{answer.GetScheduleVersions(), answer.GetNextPageToken()}, err
		}, func(v *entitlementsv1.ScheduleVersion) error {
			return l.add(v, v.GetName(), showTime(v.GetInForceTime()), showTime(v.GetPublishTime()), v.GetPublisher(),
				yesNo(v.GetSingleOperator()), v.GetContentHash(), v.GetSchedule().GetNotice().GetReason())
		})
	})
}

// readAll reads a file of which the whole is needed; - is standard input.
func readAll(env *Env, path string) ([]byte, error) {
	if path == "-" {
		return readLimited(env.Stdin, path)
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	return readLimited(file, path)
}
