// Deploy checks a compose file and the Dockerfiles it builds by the libraries that
// Docker itself reads them with, where there is no Docker to try them.
//
//	deploy compose.yaml
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/moby/buildkit/frontend/dockerfile/instructions"
	"github.com/moby/buildkit/frontend/dockerfile/linter"
	"github.com/moby/buildkit/frontend/dockerfile/parser"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: deploy compose.yaml")
		os.Exit(2)
	}
	if err := check(context.Background(), os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// check loads the compose file with all its profiles, and parses what it builds from.
func check(ctx context.Context, file string) error {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithOsEnv, cli.WithDefaultProfiles("*"))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	var problems []error
	for name, service := range project.Services {
		if service.Build == nil {
			continue
		}
		if err := checkBuild(service.Build); err != nil {
			problems = append(problems, fmt.Errorf("%s: service %s: %w", file, name, err))
		}
	}
	fmt.Printf("%s: %d services\n", file, len(project.Services))
	return errors.Join(problems...)
}

// checkBuild parses a Dockerfile: its instructions, the stages they copy from, the stage
// that is wanted, and what Docker's own rules warn of.
func checkBuild(build *types.BuildConfig) error {
	path := build.Dockerfile
	if !filepath.IsAbs(path) {
		path = filepath.Join(build.Context, path)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	tree, err := parser.Parse(bytes.NewReader(text))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	var problems []error
	rules := linter.New(&linter.Config{Warn: func(rule, _, _, message string, at []parser.Range) {
		problems = append(problems, fmt.Errorf("%s: %s: %s %v", path, rule, message, at))
	}})
	stages, _, err := instructions.Parse(tree.AST, rules)
	if err != nil {
		return errors.Join(append(problems, fmt.Errorf("%s: %w", path, err))...)
	}
	if build.Target != "" && !slices.ContainsFunc(stages, func(s instructions.Stage) bool { return s.Name == build.Target }) {
		problems = append(problems, fmt.Errorf("%s: there is no stage %q", path, build.Target))
	}
	return errors.Join(append(problems, sources(path, build.Context, stages)...)...)
}

// sources says which COPY instructions name a stage or a file that there is not.
func sources(path, context string, stages []instructions.Stage) (problems []error) {
	for i, stage := range stages {
		for _, command := range stage.Commands {
			c, ok := command.(*instructions.CopyCommand)
			if !ok {
				continue
			}
			earlier := func(s instructions.Stage) bool { return s.Name == c.From }
			if c.From != "" && !slices.ContainsFunc(stages[:i], earlier) {
				problems = append(problems, fmt.Errorf("%s: %s: there is no earlier stage %q", path, c, c.From))
			}
			for _, source := range c.SourcePaths {
				if found, err := filepath.Glob(filepath.Join(context, source)); c.From == "" && (err != nil || len(found) == 0) {
					problems = append(problems, fmt.Errorf("%s: %s: there is no %s", path, c, source))
				}
			}
		}
	}
	return problems
}
