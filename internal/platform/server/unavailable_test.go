package server

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// However many callers try again, that something is missing is logged once, and once
// that it is back.
func TestWhatIsMissingIsLoggedOnce(t *testing.T) {
	var fails error
	r := start(t, Options{}, accountsService(&accounts{get: func(context.Context, *accountsv1.GetAccountRequest) (*accountsv1.Account, error) {
		return &accountsv1.Account{}, fails
	}}))
	conn := r.as(t, auth.Viewer)
	away := fault.New(fault.Unavailable, fault.ReasonUnavailable, "The database cannot be reached now.").Because(errors.New("connection refused"))
	for range 2 {
		fails = away
		for range 5 {
			requireStatus(t, get(conn, "accounts/acme"), codes.Unavailable, "UNAVAILABLE")
		}
		fails = nil
		for range 5 {
			require.NoError(t, get(conn, "accounts/acme"))
		}
	}
	require.Equal(t, 2, strings.Count(r.log.String(), "level=WARN"))
	require.Equal(t, 2, strings.Count(r.log.String(), "connection refused"))
	require.Equal(t, 2, strings.Count(r.log.String(), "level=INFO"))
}

func TestWhatIsOnItsWayIsNotLogged(t *testing.T) {
	r := start(t, Options{}, accountsService(&accounts{get: func(context.Context, *accountsv1.GetAccountRequest) (*accountsv1.Account, error) {
		return nil, fault.New(fault.Unavailable, fault.ReasonUnavailable, "The write is not in the feed yet.").WithRetry(20 * time.Millisecond)
	}}))
	requireStatus(t, get(r.as(t, auth.Viewer), "accounts/acme"), codes.Unavailable, "UNAVAILABLE")
	require.Empty(t, r.log.String())
}
