// Command evenhand is Evenhand's server and client in one.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"time"
	_ "time/tzdata" // zones on machines that have none

	"golang.org/x/term"

	"github.com/evenhand/evenhand/cmd/evenhand/command"
	"github.com/evenhand/evenhand/cmd/evenhand/serve"
)

// version is set by the linker.
var version = "dev"

// commandLine is everything evenhand can do.
type commandLine struct {
	Serve          serve.Command `cmd:"" help:"Run the server: everything in one process, or one part alone."`
	command.Client `embed:""`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	go func() {
		<-ctx.Done()
		stop() // a second signal ends the process at once
	}()
	env := &command.Env{
		Context:  ctx,
		Stdin:    os.Stdin,
		Stdout:   os.Stdout,
		Stderr:   os.Stderr,
		Getenv:   os.Getenv,
		Terminal: term.IsTerminal(int(os.Stderr.Fd())),
		Now:      time.Now,
		Version:  version,
	}
	os.Exit(command.Run(env, &commandLine{}, os.Args[1:]))
}
