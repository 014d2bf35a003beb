package board

import (
	"context"
	"time"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// patience is how long a preview or a simulation may take, whatever the deadline of the
// caller: anybody who may read can ask for them, by rules of their own.
const patience = 5 * time.Minute

// within answers a question, or says that it took too long, and what to do.
func within[T any](ctx context.Context, limit time.Duration, instead string, answer func(context.Context) (T, error)) (T, error) {
	limited, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	out, err := answer(limited)
	if err != nil && limited.Err() != nil && ctx.Err() == nil {
		err = fault.New(fault.DeadlineExceeded, fault.ReasonDeadline, "This took longer than %s, the most that is spent on such a question. %s", limit, instead).Because(err)
	}
	return out, err
}
