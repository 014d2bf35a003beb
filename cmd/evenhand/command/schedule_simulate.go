package command

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"google.golang.org/grpc"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// ScheduleSimulate is `evenhand schedule simulate`.
type ScheduleSimulate struct {
	File string `arg:"" help:"The schedule file, in YAML; - for standard input."`
	AsOf
	Sample int32 `default:"10" help:"Name this many accounts, at most, of those that gain or lose each benefit (${default})."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ScheduleSimulate) Help() string {
	return `Nothing is published. The schedule is taken to be in force since its effective day where that is past, and else from the day asked about. Costs follow from the unit_cost and expected_use_per_year of the benefits; those that do not state both are named. Uses are compared with the capacity_per_year of a benefit where it states one. With --output csv, a line a benefit.

Examples:

  evenhand schedule simulate promise.yaml
  evenhand schedule simulate promise.yaml --as-of 1998-06-30 --sample 0`
}

// Run simulates and prints what came out.
func (c *ScheduleSimulate) Run(env *Env) error {
	text, err := readAll(env, c.File)
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		stream, err := entitlementsv1.NewScheduleServiceClient(s).SimulateSchedule(env.Context, &entitlementsv1.SimulateScheduleRequest{
			Content: &entitlementsv1.SimulateScheduleRequest_Yaml{Yaml: string(text)},
			AsOf:    c.AsOf.AsOf.instant, AsOfDate: c.AsOf.AsOf.day, SampleSize: sampleSize(c.Sample),
		})
		if err != nil {
			return err
		}
		simulation, err := awaitSimulation(env, stream)
		if err != nil {
			return schedulePlaces(err, fileName(c.File), "cannot be simulated", edit{text: string(text)})
		}
		return c.printSimulation(env, simulation)
	})
}

// sampleSize is how the API is asked for a number of accounts: none is -1 there.
func sampleSize(n int32) int32 {
	if n == 0 {
		return -1
	}
	return n
}

// awaitSimulation tells how far a simulation is until it is done.
func awaitSimulation(env *Env, stream grpc.ServerStreamingClient[entitlementsv1.SimulateScheduleResponse]) (*entitlementsv1.Simulation, error) {
	last := env.Now()
	for {
		step, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return nil, errors.New("the server ended the simulation without saying how")
		case err != nil:
			return nil, err
		case step.GetSimulation() != nil:
			if env.Terminal {
				fmt.Fprint(env.Stderr, "\r\x1b[K")
			}
			return step.GetSimulation(), nil
		case env.Terminal:
			fmt.Fprintf(env.Stderr, "\r%d %% of all accounts", 100*step.GetDone()/max(1, step.GetTotal()))
		case env.Now().Sub(last) >= plainEvery:
			last = env.Now()
			env.note("%d %% of all accounts", 100*step.GetDone()/max(1, step.GetTotal()))
		}
	}
}

// printSimulation prints a simulation: in a table, the sums, then the benefits and rules.
func (o Output) printSimulation(env *Env, s *entitlementsv1.Simulation) error {
	if o.Output == formatJSON {
		return printJSON(env.Stdout, s)
	}
	if o.Output == formatTable {
		if err := printPairs(env.Stdout, simulationPairs(s)); err != nil {
			return err
		}
		fmt.Fprintln(env.Stdout)
	}
	if err := o.printSimulatedBenefits(env, s.GetBenefits()); err != nil || o.Output == formatCSV {
		return err
	}
	fmt.Fprintln(env.Stdout)
	rules := o.newList(env.Stdout, "", "Rule", "Is", "Holders", "Newly", "Newly a year", "Accounts")
	for _, r := range s.GetRules() {
		_ = rules.add(nil, r.GetRule(), ruleNovelty(r), showCount(r.GetHolders()), showCount(r.GetNewly()), showMoney(r.GetCost()), showSome(r.GetNewlyAccounts(), r.GetNewly())) // end tells
	}
	return rules.end()
}

func (o Output) printSimulatedBenefits(env *Env, all []*entitlementsv1.SimulatedBenefit) error {
	benefits := o.newList(env.Stdout, "", "Benefit", "Now", "Then", "Gain", "Lose", "Kept for term", "Uses a year", "Capacity", "Cost now", "Cost then", "Gaining", "Losing")
	for _, b := range all {
		uses := ""
		if b.ExpectedUsePerYear != nil {
			uses = showCount(b.GetExpectedUsePerYear())
		}
		capacity := ""
		if b.CapacityPerYear != nil {
			capacity = showCount(b.GetCapacityPerYear())
		}
		if b.GetOverCapacity() {
			capacity += " (exceeded)"
		}
		_ = benefits.add(nil, b.GetBenefit(), showCount(b.GetHoldersNow()), showCount(b.GetHoldersThen()), showCount(b.GetGaining()), showCount(b.GetLosing()),
			showCount(b.GetKeptForTerm()), uses, capacity, showMoney(b.GetCostNow()), showMoney(b.GetCostThen()),
			showSome(b.GetGainingAccounts(), b.GetGaining()), showSome(b.GetLosingAccounts(), b.GetLosing())) // end tells
	}
	return benefits.end()
}

func simulationPairs(s *entitlementsv1.Simulation) []pair {
	pairs := []pair{
		{"As of", showTime(s.GetAsOf())},
		{"In force from", showTime(s.GetInForceTime())},
		{"Accounts", showCount(s.GetAccounts())},
		{"Revenue of 12 months", showMoney(s.GetRevenue())},
		{"Cost a year now", showMoney(s.GetCostNow())},
		{"Cost a year then", showMoney(s.GetCostThen())},
		{"Cost not stated", strings.Join(s.GetUnstatedBenefits(), ", ")},
	}
	if s.ShareThen != nil {
		pairs = append(pairs, pair{"Share of revenue now", showShare(s.GetShareNow())}, pair{"Share of revenue then", showShare(s.GetShareThen())})
	}
	return pairs
}

func ruleNovelty(r *entitlementsv1.SimulatedRule) string {
	switch {
	case r.GetAdded():
		return "new"
	case r.GetChanged():
		return "changed"
	}
	return "as before"
}

// showSome names the accounts, and how many there are besides.
func showSome(names []string, of int64) string {
	ids := make([]string, len(names))
	for i, name := range names {
		ids[i] = strings.TrimPrefix(name, "accounts/")
	}
	text := strings.Join(ids, ", ")
	if more := of - int64(len(names)); more > 0 && len(names) > 0 {
		text += fmt.Sprintf(" and %s more", showCount(more))
	}
	return text
}
