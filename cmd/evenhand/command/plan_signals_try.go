package command

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/reflect/protoreflect"

	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
)

// signalFile is a rule as a file has it.
type signalFile struct {
	DisplayName string `yaml:"display_name"`
	Fact        string `yaml:"fact"`
	Condition   string `yaml:"condition"`
	Reason      string `yaml:"reason"`
	Weight      string `yaml:"weight"`
	Channel     string `yaml:"channel"`
	Purpose     string `yaml:"purpose"`
	CoolDown    int32  `yaml:"cool_down_days"`
}

// printSignalFile prints a rule as a file that readSignalRule reads.
func printSignalFile(w io.Writer, r *plansv1.SignalRule) error {
	text, err := yaml.Marshal(signalFile{r.GetDisplayName(), showEnum(r.GetFact(), "FACT_"), r.GetCondition(), r.GetReason(), r.GetWeight(),
		showEnum(r.GetChannel(), "CHANNEL_"), r.GetPurpose(), r.GetCoolDownDays()})
	if err != nil {
		return fmt.Errorf("write YAML: %w", err)
	}
	_, err = w.Write(text)
	return err
}

// readSignalRule reads what a rule says from a file.
func readSignalRule(env *Env, path string) (*plansv1.SignalRule, error) {
	text, err := readAll(env, path)
	if err != nil {
		return nil, err
	}
	rule := &plansv1.SignalRule{}
	if err := readYAML(text, rule); err != nil {
		return nil, &failure{message: fmt.Sprintf("%s: %v", fileName(path), err), fix: "mend the file; `evenhand plan signals create --help` shows one"}
	}
	if len(givenFields(rule)) == 0 {
		return nil, &failure{message: fileName(path) + " says nothing of a rule", fix: "write what it says; `evenhand plan signals create --help` shows one"}
	}
	return rule, nil
}

// givenFields are the fields of a message that have a value, in their order.
func givenFields(m interface{ ProtoReflect() protoreflect.Message }) []string {
	var paths []string
	m.ProtoReflect().Range(func(field protoreflect.FieldDescriptor, _ protoreflect.Value) bool {
		paths = append(paths, string(field.Name()))
		return true
	})
	slices.Sort(paths)
	return paths
}

// SignalsLint is `evenhand plan signals lint`.
type SignalsLint struct {
	Rule string `arg:"" optional:"" placeholder:"RULE" help:"A rule that is written down."`
	File string `placeholder:"FILE" help:"Or one in a file, in YAML; - for standard input."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*SignalsLint) Help() string {
	return `Names every problem with the line and column of its expression, and how to mend it. Where the expressions are right, the condition is tried on the last year of some accounts. It fails where the rule cannot be used.

Examples:

  evenhand plan signals lint spend-falls
  evenhand plan signals lint --file spend-falls.yaml`
}

// Run asks, and prints what was found.
func (c *SignalsLint) Run(env *Env) error {
	request := &plansv1.LintSignalRuleRequest{}
	switch {
	case (c.Rule == "") == (c.File == ""):
		return &usageError{"name a rule, or a file with --file, and not both"}
	case c.File != "":
		rule, err := readSignalRule(env, c.File)
		if err != nil {
			return err
		}
		request.Subject = &plansv1.LintSignalRuleRequest_SignalRule{SignalRule: rule}
	default:
		request.Subject = &plansv1.LintSignalRuleRequest_Name{Name: signalRuleName(c.Rule)}
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := plansv1.NewSignalsServiceClient(s).LintSignalRule(ctx, request)
		if err != nil {
			return err
		}
		l, broken := c.newList(env.Stdout, "findings", "In", "At", "Is", "Problem", "Mend it"), 0
		for _, f := range answer.GetFindings() {
			is := "warning"
			if !f.GetWarning() {
				is = "error"
				broken++
			}
			if err := l.add(f, f.GetField(), fmt.Sprintf("%d:%d", f.GetLine(), f.GetColumn()), is, f.GetMessage(), f.GetFix()); err != nil {
				return err
			}
		}
		if err := l.end(); err != nil || broken == 0 {
			return err
		}
		return &failure{message: fmt.Sprintf("the rule cannot be used: %d of its problems are errors", broken)}
	})
}

// SignalsSimulate is `evenhand plan signals simulate`.
type SignalsSimulate struct {
	SignalRuleArg
	From         Day    `placeholder:"DATE" help:"The first day; a year before the last, where it is not given."`
	To           Day    `placeholder:"DATE" help:"The last day; today, where it is not given."`
	MaxAccounts  int32  `placeholder:"N" help:"Try it on so many accounts at most; then it cannot be published yet."`
	Etag         string `help:"Try it only if it is still at this etag."`
	ValidateOnly bool   `help:"Do not note what came out."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*SignalsSimulate) Help() string {
	return `Nothing is suggested to anybody. What is to be published next is tried, with what is known now of the days then, as though nobody had dismissed anything.

Examples:

  evenhand plan signals simulate spend-falls
  evenhand plan signals simulate spend-falls --from 2025-01-01 --max-accounts 200`
}

// Run simulates and prints what came out.
func (c *SignalsSimulate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		stream, err := plansv1.NewSignalsServiceClient(s).RunSignalSimulation(env.Context, &plansv1.RunSignalSimulationRequest{
			Name: c.name(), FromDate: c.From.Date, ToDate: c.To.Date, MaxAccounts: c.MaxAccounts, Etag: c.Etag, ValidateOnly: c.ValidateOnly})
		if err != nil {
			return err
		}
		rule, err := awaitSignalSimulation(env, stream)
		if err != nil {
			return err
		}
		return c.printSignalSimulation(env, rule)
	})
}

// awaitSignalSimulation tells how far a simulation is until it is done.
func awaitSignalSimulation(env *Env, stream grpc.ServerStreamingClient[plansv1.RunSignalSimulationResponse]) (*plansv1.SignalRule, error) {
	last := env.Now()
	for {
		step, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return nil, errors.New("the server ended the simulation without saying how")
		case err != nil:
			return nil, err
		case step.GetSignalRule() != nil:
			if env.Terminal {
				fmt.Fprint(env.Stderr, "\r\x1b[K")
			}
			return step.GetSignalRule(), nil
		case env.Terminal:
			fmt.Fprintf(env.Stderr, "\r%d accounts", step.GetAccounts())
		case env.Now().Sub(last) >= plainEvery:
			last = env.Now()
			env.note("%d accounts", step.GetAccounts())
		}
	}
}

// printSignalSimulation prints what came of trying a rule: in a table the sums, then the
// examples.
func (o Output) printSignalSimulation(env *Env, r *plansv1.SignalRule) error {
	if o.Output == formatJSON {
		return printJSON(env.Stdout, r)
	}
	if o.Output == formatTable {
		pairs := append([]pair{{"Rule", r.GetName()}, {"State", showEnum(r.GetState(), "STATE_")}}, simulatedPairs(r.GetSimulation())...)
		if err := printPairs(env.Stdout, append(pairs, pair{"Etag", r.GetEtag()})); err != nil {
			return err
		}
		fmt.Fprintln(env.Stdout)
	}
	l := o.newList(env.Stdout, "", "Account", "Day", "Weight", "Reason")
	for _, e := range r.GetSimulation().GetExamples() {
		if err := l.add(nil, e.GetAccount(), showDay(e.GetDate()), strconv.FormatFloat(e.GetWeight(), 'f', -1, 64), e.GetReason()); err != nil {
			return err
		}
	}
	return l.end()
}

// simulatedPairs say what came of trying a rule on the past; nothing where it was not
// tried.
func simulatedPairs(s *plansv1.SignalSimulation) []pair {
	if s == nil {
		return nil
	}
	pairs := []pair{
		{"Tried on", fmt.Sprintf("%d accounts, from %s to %s, every %d days", s.GetAccounts(), showDay(s.GetFromDate()), showDay(s.GetToDate()), s.GetStepDays())},
		{"Suggestions", fmt.Sprintf("%d, to %d accounts", s.GetSuggestions(), s.GetSuggestedAccounts())},
		{"True", fmt.Sprintf("for %d of %d facts", s.GetTrueFacts(), s.GetFacts())},
	}
	if s.GetFailures() > 0 {
		pairs = append(pairs, pair{"Failed", fmt.Sprintf("for %d facts. %s", s.GetFailures(), s.GetFailure())})
	}
	return pairs
}
