package telemetry

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
)

// discreet is an error that says more in a log.
type discreet struct{}

func (discreet) Error() string { return "no database" }

func (discreet) LogValue() slog.Value {
	return slog.StringValue("no database: mongodb://root:hunter2@db refused")
}

// curt is one that does not show the text of the error it wraps.
type curt struct{ error }

func (curt) Error() string { return "cannot start" }

func (c curt) Unwrap() error { return c.error }

func TestLogsHaveWhatErrorsSayOnlyThere(t *testing.T) {
	for want, err := range map[string]error{
		"no database: mongodb://root:[redacted]@db refused":                           discreet{},
		"open accounts: no database: mongodb://root:[redacted]@db refused, after 5 s": fmt.Errorf("open accounts: %w, after 5 s", discreet{}),
		"closed; no database: mongodb://root:[redacted]@db refused":                   fmt.Errorf("%w; %w", errors.New("closed"), discreet{}),
		"serve: cannot start: no database: mongodb://root:[redacted]@db refused":      fmt.Errorf("serve: %w", curt{discreet{}}),
		"no secret here": errors.New("no secret here"),
	} {
		for _, json := range []bool{false, true} {
			var out bytes.Buffer
			NewLogger(&out, slog.LevelInfo, json).Error("failed", "error", err)
			require.Contains(t, out.String(), want+`"`)
		}
	}
}
