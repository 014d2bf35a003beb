package rpcstatus_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/rpcstatus"
	typev1 "github.com/evenhand/evenhand/proto/gen/evenhand/type/v1"
)

func TestAFaultBecomesAStatusWithAllItSays(t *testing.T) {
	f := fault.New(fault.FailedPrecondition, "ACCOUNT_STATE", "accounts/acme is closed").
		WithField("name", "is closed").WithField("date", "is too early").
		WithCondition("ACCOUNT_STATE", "accounts/acme", "must be a prospect").
		WithResource("evenhand/Account", "accounts/acme").WithRetry(3*time.Second).With("state", "CLOSED")
	s := rpcstatus.From(fmt.Errorf("activating: %w", f), nil)
	require.Equal(t, codes.FailedPrecondition, s.Code())
	require.Equal(t, "accounts/acme is closed", s.Message())
	require.Equal(t, "ACCOUNT_STATE", rpcstatus.Info(s).GetReason())
	require.Equal(t, rpcstatus.Domain, rpcstatus.Info(s).GetDomain())
	require.Equal(t, map[string]string{"state": "CLOSED"}, rpcstatus.Info(s).GetMetadata())
	seen := map[string]bool{}
	for _, d := range s.Details() {
		switch d := d.(type) {
		case *errdetails.BadRequest:
			require.Len(t, d.GetFieldViolations(), 2)
			seen["bad"] = true
		case *errdetails.PreconditionFailure:
			require.Equal(t, "accounts/acme", d.GetViolations()[0].GetSubject())
			seen["precondition"] = true
		case *errdetails.ResourceInfo:
			require.Equal(t, "evenhand/Account", d.GetResourceType())
			seen["resource"] = true
		case *errdetails.RetryInfo:
			require.Equal(t, 3*time.Second, d.GetRetryDelay().AsDuration())
			seen["retry"] = true
		}
	}
	require.Len(t, seen, 4)
}

// mine is an error of a domain.
type mine struct{ name string }

func (m mine) Error() string { return "no " + m.name }

func TestATableTellsWhatErrorsOfADomainMean(t *testing.T) {
	gone := errors.New("gone")
	table := fault.Table{
		fault.Is(gone, fault.New(fault.NotFound, fault.ReasonNotFound, "It is gone.")),
		fault.As(func(m mine) *fault.Error {
			if m.name == "" {
				return nil // not this rule's business
			}
			return fault.Missing("evenhand/Account", "accounts/"+m.name)
		}),
	}
	require.Equal(t, "It is gone.", rpcstatus.From(fmt.Errorf("driver text: %w", gone), table).Message())
	require.Equal(t, "There is no accounts/acme.", rpcstatus.From(fmt.Errorf("x: %w", mine{"acme"}), table).Message())
	require.Equal(t, codes.Internal, rpcstatus.From(mine{}, table).Code())
	require.ErrorIs(t, table.Find(gone), gone, "the cause stays, for the log")
	// A fault in the chain is more precise than the table.
	require.Equal(t, codes.Aborted, rpcstatus.From(errors.Join(gone, fault.New(fault.Aborted, fault.ReasonConflict, "busy")), table).Code())
}

func TestErrorsNobodyDeclared(t *testing.T) {
	require.Nil(t, rpcstatus.From(nil, nil))
	for name, test := range map[string]struct {
		err    error
		code   codes.Code
		reason string
		text   string
	}{
		"driver":         {errors.New("secret text"), codes.Internal, "INTERNAL", rpcstatus.Internal},
		"deadline":       {fmt.Errorf("secret text: %w", context.DeadlineExceeded), codes.DeadlineExceeded, "DEADLINE", ""},
		"cancelled":      {fmt.Errorf("secret text: %w", context.Canceled), codes.Canceled, "DEADLINE", ""},
		"internal":       {status.Error(codes.Internal, "secret text"), codes.Internal, "INTERNAL", rpcstatus.Internal},
		"unknown":        {status.Error(codes.Unknown, "secret text"), codes.Internal, "INTERNAL", rpcstatus.Internal},
		"unavailable":    {status.Error(codes.Unavailable, "dial 10.0.0.7: secret text"), codes.Unavailable, "UNAVAILABLE", ""},
		"wrapped status": {fmt.Errorf("secret text: %w", status.Error(codes.NotFound, "no such thing")), codes.NotFound, "NOT_FOUND", "no such thing"},
		"OK as error":    {okError{}, codes.Internal, "INTERNAL", rpcstatus.Internal},
	} {
		s := rpcstatus.From(test.err, nil)
		require.Equal(t, test.code, s.Code(), name)
		require.Equal(t, test.reason, rpcstatus.Info(s).GetReason(), name)
		require.NotContains(t, s.Message(), "secret text", name)
		if test.text != "" {
			require.Equal(t, test.text, s.Message(), name)
		}
	}
}

// okError claims that an error is no error.
type okError struct{}

func (okError) Error() string              { return "secret text" }
func (okError) GRPCStatus() *status.Status { return status.New(codes.OK, "") }

func TestReasonsAreThoseOfTheAPI(t *testing.T) {
	for code := codes.Canceled; code <= codes.Unauthenticated; code++ {
		require.Contains(t, typev1.ErrorReason_value, "ERROR_REASON_"+rpcstatus.ReasonFor(code), code)
	}
	for _, reason := range []string{fault.ReasonInvalidArgument, fault.ReasonStaleEtag, fault.ReasonHandSetLevel, fault.ReasonCurrency,
		fault.ReasonInvalidPageToken, fault.ReasonConflict, fault.ReasonUnimplemented} {
		require.Contains(t, typev1.ErrorReason_value, "ERROR_REASON_"+reason)
	}
}

func TestSharedFaultsDoNotChange(t *testing.T) {
	shared := fault.New(fault.NotFound, fault.ReasonNotFound, "gone").WithField("a", "b").With("k", "v")
	one, two := shared.WithField("one", "1").With("one", "1"), shared.WithField("two", "2").WithCondition("t", "s", "d").WithResource("t", "n")
	require.Len(t, shared.Fields, 1)
	require.Len(t, shared.Metadata, 1)
	require.Equal(t, "one", one.Fields[1].Path)
	require.Equal(t, "two", two.Fields[1].Path)
	require.Nil(t, shared.Resource)
	require.ErrorIs(t, one, shared)
	require.NotErrorIs(t, one, fault.New(fault.NotFound, "OTHER", ""))
	require.True(t, strings.HasPrefix(fault.Invalid("a%d", "100%%").Error(), "INVALID_ARGUMENT: a%d: 100%"))
}
