package lifecycle

import (
	"context"
	"log/slog"
	"time"
)

// Retry calls attempt until ctx ends: again after a growing wait, at most 5 s, when it
// fails. Of several failures in a row only the first is logged aloud: while a process
// starts, what it needs may be starting too.
func Retry(ctx context.Context, log *slog.Logger, what string, attempt func(context.Context) error) error {
	const shortest, longest = 50 * time.Millisecond, 5 * time.Second
	for wait := shortest; ; wait = min(2*wait, longest) {
		began := time.Now()
		err := attempt(ctx)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		if time.Since(began) > 2*longest {
			wait = shortest
		}
		level := slog.LevelDebug
		if wait == shortest {
			level = slog.LevelWarn
		}
		log.Log(ctx, level, what+" failed, trying again", "error", err, "wait", wait)
		if err := Pause(ctx, wait); err != nil {
			return err
		}
	}
}
