package command

import (
	"cmp"
	"strings"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// PlanAbsences is `evenhand plan absences`.
type PlanAbsences struct {
	List   AbsencesList   `cmd:"" help:"Who is away, and when?"`
	Create AbsencesCreate `cmd:"" help:"Write down that somebody is away."`
	Delete AbsencesDelete `cmd:"" help:"Call an absence off."`
}

// AbsencesList is `evenhand plan absences list`.
type AbsencesList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over principal, stand_in, first_date, last_date."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *AbsencesList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := plansv1.NewTouchpointsServiceClient(s)
		l := c.newList(env.Stdout, "absences", "Absence", "Of", "From", "To", "Stand-in", "Reason")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*plansv1.Absence], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListAbsences(ctx, &plansv1.ListAbsencesRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*plansv1.Absence]{answer.GetAbsences(), answer.GetNextPageToken()}, err
		}, func(a *plansv1.Absence) error {
			return l.add(a, a.GetName(), a.GetPrincipal(), showDay(a.GetFirstDate()), showDay(a.GetLastDate()), a.GetStandIn(), a.GetReason())
		})
	})
}

// AbsencesCreate is `evenhand plan absences create`.
type AbsencesCreate struct {
	From         Day    `arg:"" placeholder:"DATE" help:"The first day."`
	To           Day    `arg:"" optional:"" placeholder:"DATE" help:"The last day; the first, where it is not given."`
	Of           string `placeholder:"PRINCIPAL" help:"Who is away; you, where it is not given."`
	StandIn      string `placeholder:"PRINCIPAL" help:"Who does their touchpoints meanwhile; without one these wait."`
	Reason       string `placeholder:"TEXT" help:"Why, for colleagues to read."`
	ValidateOnly bool   `help:"Only say what would be written down."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*AbsencesCreate) Help() string {
	return `Example:

  evenhand plan absences create 2026-07-01 2026-07-14 --stand-in ines`
}

// Run writes it down and prints it.
func (c *AbsencesCreate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		a, err := plansv1.NewTouchpointsServiceClient(s).CreateAbsence(ctx, &plansv1.CreateAbsenceRequest{RequestId: newRequestID(), ValidateOnly: c.ValidateOnly,
			Absence: &plansv1.Absence{Principal: principalName(c.Of), FirstDate: c.From.Date, LastDate: cmp.Or(c.To.Date, c.From.Date), StandIn: principalName(c.StandIn), Reason: c.Reason}})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, a, []pair{{"Absence", a.GetName()}, {"Of", a.GetPrincipal()}, {"From", showDay(a.GetFirstDate())},
			{"To", showDay(a.GetLastDate())}, {"Stand-in", a.GetStandIn()}, {"Reason", a.GetReason()}, {"Etag", a.GetEtag()}})
	})
}

// AbsencesDelete is `evenhand plan absences delete`.
type AbsencesDelete struct {
	Absence string `arg:"" placeholder:"ABSENCE" help:"Its id or name."`
	Etag    string `help:"Delete it only if it is still at this etag."`
	Connection
}

// Run deletes it.
func (c *AbsencesDelete) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		_, err := plansv1.NewTouchpointsServiceClient(s).DeleteAbsence(ctx, &plansv1.DeleteAbsenceRequest{
			Name: "absences/" + strings.TrimPrefix(c.Absence, "absences/"), Etag: c.Etag, RequestId: newRequestID()})
		return err
	})
}
