package command

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/alecthomas/kong"
)

// Description is what `evenhand --help` begins with.
const Description = `One written baseline for every customer, extras only by published rule, and a straight answer to "is this account entitled to that benefit?".

Start a server with "evenhand serve" (or "evenhand serve --demo" for an invented company), then ask it with the other commands.`

// groups are the headings under which --help lists flags.
var groups = []kong.Group{
	{Key: "connection", Title: "Connection"},
	{Key: "store", Title: "Store"},
	{Key: "access", Title: "Access"},
	{Key: "peers", Title: "Parts in other processes"},
	{Key: "files", Title: "Files of the panel"},
	{Key: "commitment", Title: "Committing"},
	{Key: "drawing", Title: "Drawing"},
}

// Run parses a command line into cli, a pointer to kong commands, and runs what it says.
// It returns the exit code. Usage errors and failures are told on env.Stderr.
func Run(env *Env, cli any, args []string) int {
	exited := -1
	app, err := kong.New(cli,
		kong.Name("evenhand"),
		kong.Description(Description),
		kong.Writers(env.Stdout, env.Stderr),
		kong.Exit(func(code int) {
			if exited < 0 {
				exited = code
			}
		}),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 110}),
		kong.ExplicitGroups(groups),
		kong.Bind(env),
		kong.Vars{"version": env.Version},
	)
	if err != nil {
		fmt.Fprintf(env.Stderr, "evenhand: the command line is defined wrongly: %v\n", err)
		return ExitFailed
	}
	if len(args) == 1 && args[0] == "--version" { // as other commands have it
		args = []string{"version"}
	}
	ctx, err := app.Parse(negatives(args))
	if exited >= 0 { // --help
		return exited
	}
	if err != nil {
		return usage(env, err)
	}
	path, run := commandPath(ctx), chosen(env, app, ctx)
	err = run()
	PrintError(env.Stderr, err)
	var wrong *usageError
	if errors.As(err, &wrong) {
		fmt.Fprintf(env.Stderr, "  Help: evenhand %s --help\n", path)
	}
	return ExitCode(err)
}

// chosen is the command that was given. It holds nothing of how command lines are parsed,
// which takes some 9 MB: a server runs for long.
func chosen(env *Env, app *kong.Kong, ctx *kong.Context) func() error {
	if command, ok := ctx.Selected().Target.Addr().Interface().(interface{ Run(env *Env) error }); ok {
		return func() error { return command.Run(env) }
	}
	return func() error { return ctx.Run(app) }
}

// negative is a negative number.
var negative = regexp.MustCompile(`^-\d+(\.\d+)?$`)

// negatives binds negative numbers to the flags before them, as --seats=-1: they would be
// taken for flags themselves, and the command cannot say what is wrong with them.
func negatives(args []string) []string {
	var bound []string
	for i, arg := range args {
		if arg == "--" {
			return append(bound, args[i:]...)
		}
		if last := len(bound) - 1; negative.MatchString(arg) && last >= 0 && strings.HasPrefix(bound[last], "--") && !strings.Contains(bound[last], "=") {
			bound[last] += "=" + arg
			continue
		}
		bound = append(bound, arg)
	}
	return bound
}

// usage tells what is wrong with a command line.
func usage(env *Env, err error) int {
	fmt.Fprintf(env.Stderr, "evenhand: %v\n", err)
	var parse *kong.ParseError
	if errors.As(err, &parse) {
		fmt.Fprintf(env.Stderr, "  Help: %s --help\n", strings.TrimSpace("evenhand "+commandPath(parse.Context)))
	}
	return ExitUsage
}

// commandPath is the command that was given, as `revenue import`.
func commandPath(ctx *kong.Context) string {
	var names []string
	for _, step := range ctx.Path {
		if step.Command != nil {
			names = append(names, step.Command.Name)
		}
	}
	return strings.Join(names, " ")
}
