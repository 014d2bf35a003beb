package command

import (
	"slices"

	"google.golang.org/protobuf/proto"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// RotationsLayOut is `evenhand board rotations lay-out`.
type RotationsLayOut struct {
	BoardArg
	Until        Day  `required:"" placeholder:"DATE" help:"The day up to which rotations are planned."`
	ValidateOnly bool `help:"Only list what would be new, or cancelled."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RotationsLayOut) Help() string {
	return `Rotations that are there stay, as they were moved or skipped. Prints those that are new, and those that are cancelled because no charter plans them any more.

Example:

  evenhand board rotations lay-out advisory --until 2032-12-31`
}

// Run plans and prints.
func (c *RotationsLayOut) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := boardv1.NewRotationsServiceClient(s).LayOutRotations(ctx, &boardv1.LayOutRotationsRequest{
			Parent: c.name(), UntilDate: c.Until.Date, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly,
		})
		if err != nil {
			return err
		}
		if c.Output.Output == formatJSON {
			return printJSON(env.Stdout, answer)
		}
		l := c.newRotations(env)
		for _, r := range slices.Concat(answer.GetRotations(), answer.GetCancelledRotations()) {
			if err := addRotation(l, r); err != nil {
				return err
			}
		}
		return l.end()
	})
}

// RotationsVacancy is `evenhand board rotations vacancy`.
type RotationsVacancy struct {
	BoardArg
	Date   Day    `required:"" placeholder:"DATE" help:"The day on which the seats are to be filled."`
	Reason string `required:"" placeholder:"TEXT" help:"What vacancies it fills, for the record."`
	Output
	Connection
}

// Run plans and prints it.
func (c *RotationsVacancy) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		rotation, err := boardv1.NewRotationsServiceClient(s).PlanVacancyRotation(ctx, &boardv1.PlanVacancyRotationRequest{
			Parent: c.name(), Date: c.Date.Date, Reason: c.Reason, RequestId: newRequestID(),
		})
		return c.printRotation(env, rotation, err)
	})
}

// ScheduleChange is what the commands have that change a schedule.
type ScheduleChange struct {
	Reason       string `required:"" placeholder:"TEXT" help:"Why, for the record."`
	ValidateOnly bool   `help:"Only tell what it would do, or break."`
}

// RotationsMove is `evenhand board rotations move`.
type RotationsMove struct {
	RotationArg
	Date Day `arg:"" help:"The day it is moved to."`
	ScheduleChange
	Etag string `help:"Move it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RotationsMove) Help() string {
	return `The terms that end with the rotation move along. What the move would break of the charter is named, and then nothing is moved.

Example:

  evenhand board rotations move advisory 2027-03-09 2027-03-16 --reason "The trade fair" --validate-only`
}

// Run moves it, and prints the terms that end on another day.
func (c *RotationsMove) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := boardv1.NewRotationsServiceClient(s).MoveRotation(ctx, &boardv1.MoveRotationRequest{
			Name: c.name(), Date: c.Date.Date, Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly,
		})
		if err != nil {
			return err
		}
		return c.printTermMoves(env, answer)
	})
}

// rescheduled is what the API answers where a rotation is moved or skipped.
type rescheduled interface {
	proto.Message
	GetTermMoves() []*boardv1.TermMove
	GetTolerated() []string
}

// printTermMoves prints the terms that end on another day than before.
func (o Output) printTermMoves(env *Env, answer rescheduled) error {
	if o.Output == formatJSON {
		return printJSON(env.Stdout, answer)
	}
	tellTolerated(env, answer.GetTolerated())
	l := o.newList(env.Stdout, "termMoves", "Account", "Seat", "Ended", "Ends")
	for _, m := range answer.GetTermMoves() {
		if err := l.add(m, m.GetAccount(), m.GetSeat(), showDay(m.GetFromDate()), showDay(m.GetToDate())); err != nil {
			return err
		}
	}
	return l.end()
}

// tellTolerated tells what of the charter a change breaks all the same.
func tellTolerated(env *Env, tolerated []string) {
	for _, text := range tolerated {
		env.note("broken all the same: %s", text)
	}
}

// RotationsSkip is `evenhand board rotations skip`.
type RotationsSkip struct {
	RotationArg
	ScheduleChange
	Etag string `help:"Skip it only if it is still at this etag."`
	Output
	Connection
}

// Run skips it, and prints the terms that end on another day.
func (c *RotationsSkip) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := boardv1.NewRotationsServiceClient(s).SkipRotation(ctx, &boardv1.SkipRotationRequest{
			Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID(), ValidateOnly: c.ValidateOnly,
		})
		if err != nil {
			return err
		}
		return c.printTermMoves(env, answer)
	})
}

// TermsSwap is `evenhand board terms swap`.
type TermsSwap struct {
	BoardArg
	First  string `arg:"" help:"The one term's id."`
	Second string `arg:"" help:"The other's."`
	ScheduleChange
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*TermsSwap) Help() string {
	return `Exchanges the days on which two members' terms end. What that would break of the charter is named, and then nothing is changed.`
}

// Run swaps, and prints the two terms.
func (c *TermsSwap) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := boardv1.NewBoardsServiceClient(s).SwapTerms(ctx, &boardv1.SwapTermsRequest{
			Parent: c.name(), FirstTerm: c.termName(c.First), SecondTerm: c.termName(c.Second), Reason: c.Reason,
			RequestId: newRequestID(), ValidateOnly: c.ValidateOnly,
		})
		if err != nil {
			return err
		}
		if c.Output.Output == formatJSON {
			return printJSON(env.Stdout, answer)
		}
		tellTolerated(env, answer.GetTolerated())
		l := c.newTerms(env)
		for _, term := range answer.GetTerms() {
			if err := addTerm(l, term); err != nil {
				return err
			}
		}
		return l.end()
	})
}
