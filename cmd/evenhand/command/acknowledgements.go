package command

import (
	"strings"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Acknowledgements is `evenhand acknowledgements`.
type Acknowledgements struct {
	List AcknowledgementsList `cmd:"" help:"Who of the staff has acknowledged a baseline, and who has not."`
	Give AcknowledgementsGive `cmd:"" help:"Say that you know what everybody is promised."`
}

// ScheduleVersionArg is the argument that names a version of the schedule.
type ScheduleVersionArg struct {
	Version string `arg:"" help:"The version of the schedule, as 2 or schedule/versions/2. Versions with the same commitments are one baseline."`
}

func (a ScheduleVersionArg) name() string {
	return "schedule/versions/" + strings.TrimPrefix(a.Version, "schedule/versions/")
}

// AcknowledgementsList is `evenhand acknowledgements list`.
type AcknowledgementsList struct {
	ScheduleVersionArg
	Missing bool `help:"Only who has not."`
	Limit   uint `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*AcknowledgementsList) Help() string {
	return `Example:

  evenhand acknowledgements list 2 --missing`
}

// Run asks and prints.
func (c *AcknowledgementsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewAcknowledgementsServiceClient(s)
		l := c.newList(env.Stdout, "acknowledgements", "Principal", "Name", "Acknowledged")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.Acknowledgement], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListAcknowledgements(ctx, &entitlementsv1.ListAcknowledgementsRequest{
				Parent: c.name(), MissingOnly: c.Missing, PageSize: size, PageToken: token})
			return page[*entitlementsv1.Acknowledgement]{answer.GetAcknowledgements(), answer.GetNextPageToken()}, err
		}, func(a *entitlementsv1.Acknowledgement) error {
			return l.add(a, a.GetPrincipal(), a.GetDisplayName(), showTime(a.GetAcknowledgeTime()))
		})
	})
}

// AcknowledgementsGive is `evenhand acknowledgements give`.
type AcknowledgementsGive struct {
	ScheduleVersionArg
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*AcknowledgementsGive) Help() string {
	return `No case is assigned to staff who have not acknowledged the baseline in force.

Example:

  evenhand acknowledgements give 2`
}

// Run acknowledges and prints it.
func (c *AcknowledgementsGive) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		a, err := entitlementsv1.NewAcknowledgementsServiceClient(s).AcknowledgeBaseline(ctx, &entitlementsv1.AcknowledgeBaselineRequest{
			Parent: c.name(), RequestId: newRequestID()})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, a, []pair{{"Acknowledgement", a.GetName()}, {"Acknowledged", showTime(a.GetAcknowledgeTime())}})
	})
}
