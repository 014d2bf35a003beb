package serve

import (
	"context"
	"log/slog"
	"slices"
	"time"

	"github.com/evenhand/evenhand/cmd/evenhand/command"
	"github.com/evenhand/evenhand/cmd/evenhand/demo"
	"github.com/evenhand/evenhand/internal/platform/lifecycle"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
)

const (
	// telemetryGrace is how long an end waits for what is left to be exported.
	telemetryGrace = 5 * time.Second
	// readyFirst and readyLast bound how long a start waits before it looks again whether
	// it is ready; it doubles each time.
	readyFirst = 50 * time.Millisecond
	readyLast  = 400 * time.Millisecond
	// waitTold is how long a start that waits says nothing about it, and waitAgain how
	// long at most then until it says more.
	waitTold  = 2 * time.Second
	waitAgain = time.Minute
)

// Run serves until the process is told to stop.
func (c *Command) Run(env *command.Env) error {
	if err := c.check(); err != nil {
		return command.UsageError(err)
	}
	if env.Getenv("GOGC") == "" {
		tuneHeap() // GOMEMLIMIT counts as ever
	}
	log := telemetry.NewLogger(env.Stderr, c.logLevel(), c.LogFormat == "json")
	slog.SetDefault(log)
	name := "evenhand"
	if c.Part != "" {
		name += "-" + c.Part
	}
	tel, err := telemetry.Start(env.Context, name, env.Version, env.Getenv)
	if err != nil {
		return err
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(env.Context), telemetryGrace)
		defer cancel()
		if err := tel.Shutdown(ctx); err != nil {
			log.Warn("not all telemetry was exported", "error", err)
		}
	}()
	p := &process{options: c, env: env, telemetry: tel, log: log, faults: slices.Clone(storeFaults)}
	defer p.close()
	if err := p.assemble(env.Context); err != nil {
		return err
	}
	a := p.announcement()
	a.listening(env.Version)
	return lifecycle.Run(env.Context, append(p.parts, lifecycle.Part{Name: "start", Run: func(ctx context.Context) error {
		return p.welcome(ctx, a)
	}})...)
}

// welcome loads the demo where there is to be one, tells when the server is ready, and
// stays until it ends.
func (p *process) welcome(ctx context.Context, a announcement) error {
	if !p.awaitReady(ctx) {
		return nil // the server ends before it was ready
	}
	if p.options.Demo {
		today, err := demo.Load(ctx, p.admin, p.dialAs, p.env.Now(), p.historyClock)
		switch {
		case err == nil:
			a.demo(today)
		case ctx.Err() == nil:
			return err
		} // otherwise the server ends, and the next start completes it
	}
	a.ready()
	<-ctx.Done()
	return nil
}

// awaitReady waits until this process is ready, and says whether it was before ctx ended.
// Where that takes long the log says why: at first, and then each time that it has taken
// twice as long, or a minute more.
func (p *process) awaitReady(ctx context.Context) bool {
	began, tell := p.env.Now(), waitTold
	for wait := readyFirst; ; wait = min(2*wait, readyLast) {
		err := p.ready(ctx)
		if err == nil {
			return true
		}
		if waited := p.env.Now().Sub(began); waited >= tell && ctx.Err() == nil {
			p.log.WarnContext(ctx, "not ready yet", "waited", waited.Round(time.Second), "error", err)
			tell = waited + min(waited, waitAgain)
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return false
		}
	}
}
