package command

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// LotteryRound is the flags that name the public value by which a programme is drawn.
type LotteryRound struct {
	RoundSource string     `placeholder:"SOURCE" help:"Draw the places: by a value of this public source of randomness, as \"drand quicknet\"."`
	RoundNumber string     `placeholder:"ROUND" help:"Which of its values, one that does not exist yet."`
	RoundTime   *time.Time `format:"2006-01-02T15:04:05Z07:00" placeholder:"INSTANT" help:"From when its value is known, as the source says: on the second day after --closes, or later."`
}

// round is the round that was named; nil for none.
func (r *LotteryRound) round() *entitlementsv1.LotteryRound {
	if r.RoundSource == "" && r.RoundNumber == "" && r.RoundTime == nil {
		return nil
	}
	m := &entitlementsv1.LotteryRound{Source: r.RoundSource, Number: r.RoundNumber}
	if r.RoundTime != nil {
		m.KnownTime = timestamppb.New(*r.RoundTime)
	}
	return m
}

// admission is by lottery where a round is named.
func (r *LotteryRound) admission() entitlementsv1.Programme_Admission {
	if r.round() == nil {
		return entitlementsv1.Programme_ADMISSION_FIRST_COME
	}
	return entitlementsv1.Programme_ADMISSION_LOTTERY
}

// ProgrammesLottery is `evenhand programmes lottery`.
type ProgrammesLottery struct {
	ProgrammeArg
	RoundValue string `placeholder:"VALUE" help:"The value of the named round, in lower-case hexadecimal or decimal digits; without it, nothing is drawn."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ProgrammesLottery) Help() string {
	return `The day after the last one for applications, the lottery is committed by itself: its record, with everybody who applied under a pseudonym, is public before the value of the round is known. With that value it is drawn, the waiting list takes its order, and the first get the places. Where there are places for all, nothing is drawn.

Examples:

  evenhand programmes lottery preview
  evenhand programmes lottery preview --round-value 8a3f27c0…
  evenhand lotteries record programme-preview > record.json
  evenhand panel verify record.json`
}

// Run takes it further and prints the programme.
func (c *ProgrammesLottery) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		p, err := entitlementsv1.NewProgrammesServiceClient(s).RunProgrammeLottery(ctx, &entitlementsv1.RunProgrammeLotteryRequest{
			Name: c.name(), RoundValue: c.RoundValue, RequestId: newRequestID()})
		return c.printProgramme(env, p, err)
	})
}
