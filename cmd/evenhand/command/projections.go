package command

import (
	"errors"
	"fmt"
	"io"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Projections is `evenhand projections`.
type Projections struct {
	Rebuild ProjectionsRebuild `cmd:"" help:"Throw entitlements' copy of accounts and ledger away, and read it again."`
}

// ProjectionsRebuild is `evenhand projections rebuild`.
type ProjectionsRebuild struct {
	Connection
}

// Help implements kong.HelpProvider.
func (*ProjectionsRebuild) Help() string {
	return `Checks are answered from the old copy until the new one is whole.`
}

// Run rebuilds and tells how far it is.
func (c *ProjectionsRebuild) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		stream, err := entitlementsv1.NewEntitlementsServiceClient(s).RebuildProjections(env.Context, &entitlementsv1.RebuildProjectionsRequest{})
		if err != nil {
			return err
		}
		last := env.Now()
		for {
			step, err := stream.Recv()
			switch {
			case errors.Is(err, io.EOF):
				return errors.New("the server ended the rebuild without saying how")
			case err != nil:
				return err
			case step.GetDone():
				_, err := fmt.Fprintf(env.Stdout, "rebuilt from %d changes\n", step.GetApplied())
				return err
			case env.Terminal:
				fmt.Fprintf(env.Stderr, "\r%s of %s changes", showCount(step.GetApplied()), showCount(step.GetTotal()))
			case env.Now().Sub(last) >= plainEvery:
				last = env.Now()
				env.note("%s of %s changes", showCount(step.GetApplied()), showCount(step.GetTotal()))
			}
		}
	})
}
