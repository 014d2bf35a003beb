package command

import (
	"context"
	"strings"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/durationpb"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Usage is `evenhand usage`.
type Usage struct {
	Consume      UsageConsume      `cmd:"" help:"Use units of a metered benefit, or record the use of another."`
	Reserve      UsageReserve      `cmd:"" help:"Set units aside for a time."`
	Commit       UsageCommit       `cmd:"" help:"Use what was reserved, or a part of it."`
	Cancel       UsageCancel       `cmd:"" help:"Give back what was reserved."`
	Release      UsageRelease      `cmd:"" help:"Give back units of a use."`
	Balance      UsageBalance      `cmd:"" help:"What an account has left, and why."`
	Reservations UsageReservations `cmd:"" help:"List the open reservations of an account."`
	History      UsageHistory      `cmd:"" help:"List what was recorded for an account."`
	Notices      UsageNotices      `cmd:"" help:"List the thresholds that balances reached."`
}

// usageArgs are those of commands that use units of a benefit.
type usageArgs struct {
	AccountArg
	Benefit string `arg:"" help:"The benefit's id, as the schedule has it."`
	Units   int64  `arg:"" optional:"" default:"1" help:"How many units (${default})."`
	Origin  string `required:"" enum:"asked-for,offered,automatic" help:"How the use comes about: asked-for, offered or automatic."`
	Note    string `help:"What to write beside it."`
}

func (a *usageArgs) origin() entitlementsv1.UsageOrigin {
	return entitlementsv1.UsageOrigin(entitlementsv1.UsageOrigin_value["USAGE_ORIGIN_"+strings.ToUpper(strings.ReplaceAll(a.Origin, "-", "_"))])
}

func balanceName(account, benefit string) string { return account + "/balances/" + benefit }

// UsageConsume is `evenhand usage consume`.
type UsageConsume struct {
	usageArgs
	ValidateOnly bool `help:"Only say how the balance would stand."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*UsageConsume) Help() string {
	return `Uses units of a metered benefit that the account has now, and never more than are left. Of a benefit that is not metered it records the use, so that its cost is known.

Examples:

  evenhand usage consume 00001 expert-hours 2 --origin asked-for --note "Workshop in April"
  evenhand usage consume 00001 free-shipping --origin automatic
  evenhand usage consume 00001 expert-hours 5 --origin offered --validate-only`
}

// Run uses and prints.
func (c *UsageConsume) Run(env *Env) error {
	return usageCall(env, &c.Connection, c.Output, c.Account, func(ctx context.Context, client entitlementsv1.UsageServiceClient, account string) (usageAnswer, error) {
		return client.ConsumeBenefit(ctx, &entitlementsv1.ConsumeBenefitRequest{Name: balanceName(account, c.Benefit), Units: c.Units,
			Origin: c.origin(), Note: c.Note, ValidateOnly: c.ValidateOnly, RequestId: newRequestID()})
	})
}

// UsageReserve is `evenhand usage reserve`.
type UsageReserve struct {
	usageArgs
	For time.Duration `placeholder:"TIME" help:"How long it lasts, as 90m, at most 168h; 15 minutes, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*UsageReserve) Help() string {
	return `Sets units aside, until they are committed, cancelled or expire. They count on the day on which they are reserved, also when they are committed later.

Example:

  evenhand usage reserve 00001 expert-hours 2 --origin asked-for --for 2h`
}

// Run reserves and prints.
func (c *UsageReserve) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		return forAccount(env, s, c.Account, func(account string) error {
			ctx, cancel := s.call(env)
			defer cancel()
			r := &entitlementsv1.ReserveBenefitRequest{Name: balanceName(account, c.Benefit), Units: c.Units, Origin: c.origin(), Note: c.Note, RequestId: newRequestID()}
			if c.For != 0 {
				r.Duration = durationpb.New(c.For)
			}
			answer, err := entitlementsv1.NewUsageServiceClient(s).ReserveBenefit(ctx, r)
			if err != nil {
				return err
			}
			return c.printOne(env.Stdout, answer, append(reservationPairs(answer.GetReservation()), leftPairs(answer.GetBalance())...))
		})
	})
}

func reservationPairs(r *entitlementsv1.Reservation) []pair {
	return []pair{
		{"Reservation", r.GetName()},
		{"Benefit", r.GetBenefit()},
		{"Units", number(r.GetUnits())},
		{"Expires", showTime(r.GetExpireTime())},
		{"Note", r.GetNote()},
	}
}

// usageAnswer is the answer to a call that records something.
type usageAnswer interface {
	proto.Message
	GetEntry() *entitlementsv1.UsageEntry
	GetBalance() *entitlementsv1.Balance
}

// usageCall makes a call for an account and prints what was recorded.
func usageCall(
	env *Env, connection *Connection, output Output, account string,
	call func(context.Context, entitlementsv1.UsageServiceClient, string) (usageAnswer, error),
) error {
	return connection.with(env, func(s *session) error {
		return forAccount(env, s, account, func(name string) error {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := call(ctx, entitlementsv1.NewUsageServiceClient(s), name)
			if err != nil {
				return err
			}
			return output.printOne(env.Stdout, answer, append(usagePairs(answer.GetEntry()), leftPairs(answer.GetBalance())...))
		})
	})
}

func usagePairs(e *entitlementsv1.UsageEntry) []pair {
	return []pair{
		{"Entry", e.GetName()},
		{"Benefit", e.GetBenefit()},
		{"Type", showEnum(e.GetType(), "TYPE_")},
		{"Units", number(e.GetUnits())},
		{"Origin", showEnum(e.GetOrigin(), "USAGE_ORIGIN_")},
		{"About", e.GetAbout()},
		{"Rule", e.GetRule()},
		{"Schedule version", e.GetScheduleVersion()},
		{"Note", e.GetNote()},
	}
}

// leftPairs say what is left after a call; nothing for a benefit that is not metered.
func leftPairs(b *entitlementsv1.Balance) []pair {
	if b == nil {
		return []pair{{"Left", ""}, {"Unit", ""}}
	}
	return []pair{{"Left", number(b.GetLeft())}, {"Unit", b.GetUnit()}}
}
