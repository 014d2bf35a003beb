// Package command holds the client commands of evenhand: each is a struct that kong fills
// from the command line, and whose Run calls the API and prints the answer.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// Env is what a command gets from the process it runs in.
type Env struct {
	// Context ends when the process is told to stop.
	Context context.Context
	Stdin   io.Reader
	Stdout  io.Writer
	Stderr  io.Writer
	// Getenv reads an environment variable; empty where it is not set.
	Getenv func(string) string
	// Terminal says that Stderr is a terminal, so that progress may be drawn over.
	Terminal bool
	// Now is the clock.
	Now func() time.Time
	// Version of the binary.
	Version string
}

// note tells the user something that is not the answer.
func (e *Env) note(format string, args ...any) {
	fmt.Fprintf(e.Stderr, format+"\n", args...)
}

// bare is what is wrong with a file, without its name.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// pause waits, and fails early when the process is told to stop.
func (e *Env) pause(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-e.Context.Done():
		return e.Context.Err()
	}
}
