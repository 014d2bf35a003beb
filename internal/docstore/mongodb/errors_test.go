package mongodb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/telemetry"
)

func TestErrorsInDocstoresTerms(t *testing.T) {
	const words = "driver words with a customer's name"
	command := func(code int32) error { return mongo.CommandError{Code: code, Message: words} }
	write := func(code int) error {
		return mongo.WriteException{WriteErrors: mongo.WriteErrors{{Code: code, Message: words}}}
	}
	cancelled, cancel := context.WithCancel(t.Context())
	cancel()
	for _, c := range []struct {
		name string
		ctx  context.Context
		err  error
		want error
	}{
		{"caller gone", cancelled, command(1), context.Canceled},
		{"not the primary", t.Context(), command(10107), docstore.ErrUnavailable},
		{"within the server", t.Context(), command(1), docstore.ErrUnavailable},
		{"PostgreSQL shuts down", t.Context(), command(int32(sqlState("57P01"))), docstore.ErrUnavailable},
		{"deadlock", t.Context(), write(16908292), docstore.ErrUnavailable},
		{"write conflict", t.Context(), write(112), docstore.ErrUnavailable},
		{"network", t.Context(), mongo.CommandError{Labels: []string{"NetworkError"}, Message: words}, docstore.ErrUnavailable},
		{"no majority", t.Context(), mongo.WriteException{WriteConcernError: &mongo.WriteConcernError{Code: 64, Message: words}}, docstore.ErrUnavailable},
		{"no server", t.Context(), errors.New(words), docstore.ErrUnavailable},
		{"too large", t.Context(), write(17419), docstore.ErrTooLarge},
		{"password", t.Context(), command(18), errAuth},
		{"role", t.Context(), command(13), errAuth},
		{"standalone server", t.Context(), command(20), errRetry},
		{"closed", t.Context(), mongo.ErrClientDisconnected, docstore.ErrClosed},
	} {
		err := translate(c.ctx, c.err)
		require.ErrorIs(t, err, c.want, c.name)
		require.NotContains(t, err.Error(), words, c.name)
	}
	require.EqualError(t, translate(t.Context(), command(2)), "the database refused the operation with code [2]")
	require.NoError(t, translate(t.Context(), nil))
}

// An error is wrapped many times before it is logged.
func TestLogsHaveTheDriversWords(t *testing.T) {
	err := translate(t.Context(), errors.New("no reachable servers at mongodb://root:hunter2@db"))
	for name, err := range map[string]error{"bare": err, "wrapped": fmt.Errorf("get accounts/acme: %w", fmt.Errorf("read: %w", err))} {
		var log bytes.Buffer
		telemetry.NewLogger(&log, slog.LevelInfo, false).Error("call failed", "error", err)
		require.Contains(t, log.String(), "database is not available", name)
		require.Contains(t, log.String(), "no reachable servers at mongodb://root:[redacted]@db", name)
		require.NotContains(t, err.Error(), "no reachable servers", name)
	}
}
