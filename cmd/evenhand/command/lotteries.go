package command

import (
	"io"
	"strconv"
	"strings"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// Lotteries is `evenhand lotteries`.
type Lotteries struct {
	List     LotteriesList     `cmd:"" help:"List lotteries."`
	Get      LotteriesGet      `cmd:"" help:"Show a lottery: for what, how far it is, where its seed comes from."`
	Create   LotteriesCreate   `cmd:"" help:"Commit a lottery: its record is public from then on."`
	Reveal   LotteriesReveal   `cmd:"" help:"Reveal the part of the seed that was entrusted to you."`
	Draw     LotteriesDraw     `cmd:"" help:"Draw a lottery. What was drawn stays."`
	Cancel   LotteriesCancel   `cmd:"" help:"Call a lottery off, while nobody can know what would come of it."`
	Record   LotteriesRecord   `cmd:"" help:"Print the public record of a lottery."`
	Entrants LotteriesEntrants `cmd:"" help:"List who takes part, in the order drawn, with pseudonyms and salts."`
}

// LotteryArg is the argument that names a lottery.
type LotteryArg struct {
	Lottery string `arg:"" placeholder:"LOTTERY" help:"Its id, as programme-beta, or its name, as lotteries/programme-beta."`
}

func (a LotteryArg) name() string {
	return "lotteries/" + strings.TrimPrefix(a.Lottery, "lotteries/")
}

// LotteriesList is `evenhand lotteries list`.
type LotteriesList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over state, owner."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*LotteriesList) Help() string {
	return `Example:

  evenhand lotteries list --filter 'state = COMMITTED'`
}

// Run asks and prints.
func (c *LotteriesList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewLotteriesServiceClient(s)
		l := c.newList(env.Stdout, "lotteries", "Lottery", "For", "Purpose", "State", "Places", "Entrants", "Committed", "Drawn")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*boardv1.Lottery], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListLotteries(ctx, &boardv1.ListLotteriesRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*boardv1.Lottery]{answer.GetLotteries(), answer.GetNextPageToken()}, err
		}, func(m *boardv1.Lottery) error {
			return l.add(m, m.GetName(), m.GetOwner(), m.GetPurpose(), showEnum(m.GetState(), "STATE_"), showCount(int64(m.GetPlaces())),
				showCount(int64(m.GetEntrantCount())), showTime(m.GetDraw().GetCommitTime()), showTime(m.GetDraw().GetDrawTime()))
		})
	})
}

func (o Output) printLottery(env *Env, l *boardv1.Lottery, err error) error {
	if err != nil {
		return err
	}
	draw := l.GetDraw()
	round := draw.GetSeedPlan().GetRound()
	return o.printOne(env.Stdout, l, []pair{
		{"Lottery", l.GetName()},
		{"For", l.GetOwner()},
		{"Purpose", l.GetPurpose()},
		{"State", showEnum(l.GetState(), "STATE_")},
		{"Places", showCount(int64(l.GetPlaces()))},
		{"Entrants", showCount(int64(l.GetEntrantCount()))},
		{"Committed", showTime(draw.GetCommitTime())},
		{"Record", draw.GetRecordHash()},
		{"Round", round.GetSource() + " " + round.GetNumber()},
		{"Known from", showTime(round.GetKnownTime())},
		{"Drawn", showTime(draw.GetDrawTime())},
		{"Round's value", draw.GetRoundValue()},
		{"Seed", draw.GetSeed()},
		{"Called off because", l.GetCancelReason()},
		{"Etag", l.GetEtag()},
	})
}

// LotteriesGet is `evenhand lotteries get`.
type LotteriesGet struct {
	LotteryArg
	Output
	Connection
}

// Run asks and prints.
func (c *LotteriesGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		l, err := boardv1.NewLotteriesServiceClient(s).GetLottery(ctx, &boardv1.GetLotteryRequest{Name: c.name()})
		return c.printLottery(env, l, err)
	})
}

// LotteriesCreate is `evenhand lotteries create`.
type LotteriesCreate struct {
	ID           string `arg:"" placeholder:"ID" help:"The lottery's id, as fair-2027."`
	Purpose      string `required:"" placeholder:"TEXT" help:"What is drawn for, in a line; it is public."`
	For          string `required:"" placeholder:"NAME" help:"The name of what it is for, as programmes/beta; it is public."`
	Places       int32  `required:"" placeholder:"N" help:"How many places there are."`
	Entrants     string `required:"" placeholder:"FILE" help:"Who takes part: a file with an id on each line; - reads standard input."`
	ValidateOnly bool   `help:"Only tell whether it can be committed."`
	SeedPlan
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*LotteriesCreate) Help() string {
	return `The record with its hash is public from then on. Entrants stand in it under pseudonyms. Everybody has exactly the same chance at every place of one order; the first of it get the places, and the others follow in it. The seed has to be a value that nobody controls, as for board rotations commit.

Example:

  evenhand lotteries create fair-2027 --purpose "Stands at the fair" --for events/fair-2027 --places 12 --entrants ids.txt \
    --round-source "drand quicknet" --round-number ROUND --round-time INSTANT`
}

// Run commits it and prints it.
func (c *LotteriesCreate) Run(env *Env) error {
	text, err := readAll(env, c.Entrants)
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		l, err := boardv1.NewLotteriesServiceClient(s).CreateLottery(ctx, &boardv1.CreateLotteryRequest{
			LotteryId: c.ID, Lottery: &boardv1.Lottery{Purpose: c.Purpose, Owner: c.For, Places: c.Places},
			Entrants: strings.Fields(string(text)), SeedPlan: c.plan(), ValidateOnly: c.ValidateOnly,
			RequestId: newRequestID()})
		return c.printLottery(env, l, err)
	})
}

// LotteriesReveal is `evenhand lotteries reveal`.
type LotteriesReveal struct {
	LotteryArg
	Secret string `arg:"" help:"Your secret; - reads it from standard input. Its hash, to be named in the plan: evenhand board rotations reveal --hash."`
	Output
	Connection
}

// Run reveals.
func (c *LotteriesReveal) Run(env *Env) error {
	secret, err := readSecret(env, c.Secret)
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		l, err := boardv1.NewLotteriesServiceClient(s).RevealLotterySeed(ctx, &boardv1.RevealLotterySeedRequest{
			Name: c.name(), Secret: secret, RequestId: newRequestID()})
		return c.printLottery(env, l, err)
	})
}

// LotteriesDraw is `evenhand lotteries draw`.
type LotteriesDraw struct {
	LotteryArg
	RoundValue string `placeholder:"VALUE" help:"The value of the named round, in lower-case hexadecimal or decimal digits; only where the seed needs it."`
	Etag       string `help:"Draw it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*LotteriesDraw) Help() string {
	return `The value is what the source published for the round that the record names; it stands in the record then, for anybody to compare.

Example:

  evenhand lotteries draw programme-beta --round-value 8a3f27c0…`
}

// Run draws and prints it.
func (c *LotteriesDraw) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		l, err := boardv1.NewLotteriesServiceClient(s).DrawLottery(ctx, &boardv1.DrawLotteryRequest{
			Name: c.name(), RoundValue: c.RoundValue, Etag: c.Etag, RequestId: newRequestID()})
		return c.printLottery(env, l, err)
	})
}

// LotteriesCancel is `evenhand lotteries cancel`.
type LotteriesCancel struct {
	LotteryArg
	Reason string `required:"" placeholder:"TEXT" help:"Why."`
	Etag   string `help:"Call it off only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*LotteriesCancel) Help() string {
	return `Possible before the value of the round is known and before anybody has revealed a secret: later, whoever calls it off could be choosing.

Example:

  evenhand lotteries cancel fair-2027 --reason "The fair is called off."`
}

// Run cancels and prints it.
func (c *LotteriesCancel) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		l, err := boardv1.NewLotteriesServiceClient(s).CancelLottery(ctx, &boardv1.CancelLotteryRequest{
			Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
		return c.printLottery(env, l, err)
	})
}

// LotteriesRecord is `evenhand lotteries record`.
type LotteriesRecord struct {
	LotteryArg
	Connection
}

// Help implements kong.HelpProvider.
func (*LotteriesRecord) Help() string {
	return `Prints the record byte for byte. Anyone replays it, without a server:

  evenhand lotteries record programme-beta > record.json
  evenhand panel verify record.json`
}

// Run asks and prints.
func (c *LotteriesRecord) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		draw, err := boardv1.NewLotteriesServiceClient(s).GetLotteryDraw(ctx, &boardv1.GetLotteryDrawRequest{Name: c.name() + "/draw"})
		if err != nil {
			return err
		}
		_, err = io.WriteString(env.Stdout, draw.GetRecord())
		return err
	})
}

// LotteriesEntrants is `evenhand lotteries entrants`.
type LotteriesEntrants struct {
	LotteryArg
	Limit uint `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*LotteriesEntrants) Help() string {
	return `Each entrant may be told its own salt, by which it finds itself in the public record; nobody else's.

Examples:

  evenhand lotteries entrants programme-beta
  evenhand lotteries entrants programme-beta --output csv > pseudonyms.csv
  evenhand panel verify record.json --pseudonyms pseudonyms.csv`
}

// Run asks and prints.
func (c *LotteriesEntrants) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewLotteriesServiceClient(s)
		l := c.newList(env.Stdout, "entrants", "ID", "Pseudonym", "Salt", "Position", "Drawn")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*boardv1.LotteryEntrant], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListLotteryEntrants(ctx, &boardv1.ListLotteryEntrantsRequest{Parent: c.name(), PageSize: size, PageToken: token})
			return page[*boardv1.LotteryEntrant]{answer.GetEntrants(), answer.GetNextPageToken()}, err
		}, func(e *boardv1.LotteryEntrant) error {
			position, drawn := "", ""
			if e.GetPosition() > 0 {
				position, drawn = strconv.Itoa(int(e.GetPosition())), yesNo(e.GetDrawn())
			}
			return l.add(e, e.GetEntrant(), e.GetPseudonym(), e.GetSalt(), position, drawn)
		})
	})
}
