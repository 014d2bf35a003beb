package command

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }

// RotationsPool is `evenhand board rotations pool`.
type RotationsPool struct {
	RotationArg
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over eligible and unreachable."`
	Output
	Connection
}

// Run asks and prints.
func (c *RotationsPool) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewRotationsServiceClient(s)
		l := c.newPool(env)
		return eachPage(l, 0, func(size int32, token string) (page[*boardv1.PoolMember], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListPoolMembers(ctx, &boardv1.ListPoolMembersRequest{Parent: c.name(), PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*boardv1.PoolMember]{answer.GetPoolMembers(), answer.GetNextPageToken()}, err
		}, func(m *boardv1.PoolMember) error { return addPoolMember(l, m) })
	})
}

func (o Output) newPool(env *Env) *list {
	return o.newList(env.Stdout, "poolMembers", "Account", "Name", "Eligible", "Chance", "Values", "Reasons")
}

func addPoolMember(l *list, m *boardv1.PoolMember) error {
	chance := ""
	switch {
	case m.GetUnreachable():
		chance = "none"
	case m.Probability != nil:
		chance = showShare(m.GetProbability())
	}
	return l.add(m, m.GetAccount(), m.GetAccountDisplayName(), yesNo(m.GetEligible()), chance, showMap(m.GetValues()), strings.Join(m.GetReasons(), " "))
}

// OtherRules is the flag that looks at other rules than the charter's.
type OtherRules struct {
	Rules string `placeholder:"FILE" help:"Rules to look at instead of the charter's, in YAML; see board charter publish --help."`
}

// read returns the rules of the file; nil where there is none.
func (o OtherRules) read(env *Env) (*boardv1.Rules, error) {
	if o.Rules == "" {
		return nil, nil
	}
	return readRules(env, o.Rules)
}

// RotationsPreview is `evenhand board rotations preview`.
type RotationsPreview struct {
	RotationArg
	OtherRules
	Nominee           []string `placeholder:"ACCOUNT,..." help:"Accounts named for the seats that the charter reserves for nomination."`
	SkipProbabilities bool     `help:"Do not look for the probabilities, which takes longest."`
	Output
	Connection
}

// Run asks, and prints the pool below what is open and what cannot be.
func (c *RotationsPreview) Run(env *Env) error {
	rules, err := c.read(env)
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := boardv1.NewRotationsServiceClient(s).PreviewRotation(ctx, &boardv1.PreviewRotationRequest{
			Name: c.name(), Rules: rules, Nominees: accountNames(c.Nominee), SkipProbabilities: c.SkipProbabilities,
		})
		if err != nil {
			return err
		}
		if c.Output.Output == formatJSON {
			return printJSON(env.Stdout, answer)
		}
		if c.Output.Output == formatTable {
			if err := printPreview(env, answer); err != nil {
				return err
			}
		}
		l := c.newPool(env)
		for _, m := range answer.GetPool() {
			if err := addPoolMember(l, m); err != nil {
				return err
			}
		}
		return l.end()
	})
}

func printPreview(env *Env, p *boardv1.PreviewRotationResponse) error {
	open := make([]string, len(p.GetOpenSeats()))
	for i, seat := range p.GetOpenSeats() {
		open[i] = fmt.Sprintf("seat %s until %s", lastOf(seat.GetSeat()), showDay(seat.GetEndDate()))
		if seat.GetUnexpired() {
			open[i] += ", the rest of a term"
		}
	}
	err := printPairs(env.Stdout, []pair{
		{"Charter", p.GetCharter()},
		{"Members who stay", strconv.Itoa(int(p.GetContinuing()))},
		{"Open", strings.Join(open, "\n")},
		{"By nomination", strconv.Itoa(int(p.GetNominatedSeats()))},
		{"Cannot be", strings.Join(p.GetShortfalls(), "\n")},
		{"On no panel", onNoPanel(p.GetPool())},
	})
	if err == nil {
		_, err = fmt.Fprintln(env.Stdout)
	}
	return err
}

// onNoPanel says how many cannot be drawn with anybody; nothing for none.
func onNoPanel(pool []*boardv1.PoolMember) string {
	n := 0
	for _, m := range pool {
		if m.GetUnreachable() {
			n++
		}
	}
	return showUnreachable(n)
}

// showUnreachable is how many of a pool are on no possible panel; nothing for none.
func showUnreachable(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%d of the pool, for the reasons told of each", n)
}

// BoardSimulate is `evenhand board simulate`.
type BoardSimulate struct {
	BoardArg
	Years int32  `default:"10" placeholder:"N" help:"How many years from today on (${default})."`
	Seed  string `placeholder:"TEXT" help:"Other seeds give other futures, the same seed the same."`
	OtherRules
	Accounts bool `help:"Print how each account fares, instead of the rotations."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*BoardSimulate) Help() string {
	return `Plays the rotations of the next years through: who serves when, with which probability, and by when everybody who is willing has had a turn. Nothing is written.

Examples:

  evenhand board simulate advisory --years 20
  evenhand board simulate advisory --years 20 --accounts --output csv
  evenhand board simulate advisory --rules more-seats.yaml`
}

// Run asks and prints.
func (c *BoardSimulate) Run(env *Env) error {
	rules, err := c.read(env)
	if err != nil {
		return err
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := boardv1.NewRotationsServiceClient(s).SimulateRotations(ctx, &boardv1.SimulateRotationsRequest{
			Parent: c.name(), Years: c.Years, Rules: rules, Seed: c.Seed,
		})
		if err != nil {
			return err
		}
		return c.print(env, answer)
	})
}

func (c *BoardSimulate) print(env *Env, answer *boardv1.SimulateRotationsResponse) error {
	if c.Output.Output == formatJSON {
		return printJSON(env.Stdout, answer)
	}
	list := c.rotations
	if c.Accounts {
		list = c.accounts
	}
	if err := list(env, answer); err != nil || c.Output.Output == formatCSV {
		return err
	}
	told := "Nobody waits, or the years are too few to promise anybody a turn."
	if answer.GetBound() > 0 {
		told = fmt.Sprintf("Promise: everybody who is willing at the first rotation is drawn by the %s rotation at which it can be, whatever the seed. "+
			"That is the worst that can be: only one of those who have waited as long or longer is drawn each time.", ordinal(int(answer.GetBound())))
	}
	_, err := fmt.Fprintf(env.Stdout, "\n%s\n%s", told, seen(answer))
	return err
}

// seen says what came of waiting in the years that were played through.
func seen(answer *boardv1.SimulateRotationsResponse) string {
	served, latest, longest := 0, "", int32(0)
	for _, a := range answer.GetAccounts() {
		if day := showDay(a.GetFirstDate()); day != "" {
			served, latest, longest = served+1, max(latest, day), max(longest, a.GetWaited()+1)
		}
	}
	if served == 0 {
		return ""
	}
	who := fmt.Sprintf("%d of %d who waited have had a turn, the latest first one on %s", served, len(answer.GetAccounts()), latest)
	if day := showDay(answer.GetAllServedDate()); day != "" {
		who = "everybody who is willing at the first rotation has had a turn by " + day
	}
	return fmt.Sprintf("In this future %s, none later than at the %s rotation at which it could be drawn.\n", who, ordinal(int(longest)))
}

func (c *BoardSimulate) rotations(env *Env, answer *boardv1.SimulateRotationsResponse) error {
	l := c.newList(env.Stdout, "rotations", "Date", "Stay", "New members", "Empty", "Unnamed", "Pool", "Lowest chance", "Not met")
	for _, r := range answer.GetRotations() {
		var members []string
		for _, term := range r.GetTerms() {
			members = append(members, lastOf(term.GetAccount()))
		}
		err := l.add(r, showDay(r.GetDate()), strconv.Itoa(int(r.GetContinuing())), strings.Join(members, " "), strconv.Itoa(int(r.GetEmptySeats())),
			strconv.Itoa(int(r.GetUnnamedSeats())), strconv.Itoa(int(r.GetPool())), showShare(r.GetLowestProbability()), strings.Join(r.GetShortfalls(), " "))
		if err != nil {
			return err
		}
	}
	return l.end()
}

func (c *BoardSimulate) accounts(env *Env, answer *boardv1.SimulateRotationsResponse) error {
	l := c.newList(env.Stdout, "accounts", "Account", "Name", "Terms", "First", "Chance", "Expected terms", "Waited", "Blocked", "Bound")
	for _, a := range answer.GetAccounts() {
		err := l.add(a, a.GetAccount(), a.GetAccountDisplayName(), strconv.Itoa(int(a.GetTerms())), showDay(a.GetFirstDate()), showShare(a.GetProbability()),
			strconv.FormatFloat(a.GetExpectedTerms(), 'f', 2, 64), strconv.Itoa(int(a.GetWaited())), strconv.Itoa(int(a.GetBlocked())), strconv.Itoa(int(a.GetBound())))
		if err != nil {
			return err
		}
	}
	return l.end()
}

// ordinal writes 1st, 2nd, 3rd, 4th.
func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}
