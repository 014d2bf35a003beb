// Package rpcstatus is the one translator of errors to google.rpc.Status, as
// described in the API conventions: every error carries an ErrorInfo with a reason of
// evenhand.type.v1.ErrorReason in the domain "evenhand", and what else helps to put it
// right. The text of an error nobody declared never leaves the process.
package rpcstatus

import (
	"context"
	"errors"
	"strings"
	"time"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"

	"github.com/evenhand/evenhand/internal/platform/fault"
)

// Domain is the domain of every ErrorInfo.
const Domain = "evenhand"

// Internal is the message of every failure that callers cannot do anything about.
const Internal = "The server failed. Its logs say why, under the trace id of this call."

// retryDefault is what an UNAVAILABLE or RESOURCE_EXHAUSTED without a wait of its own
// asks for.
const retryDefault = time.Second

// From returns the status for an error: nil for nil; for a status, that of the
// service it came from, completed where it lacks its ErrorInfo; for a fault.Error or
// an error the table knows, what it says; for a context's end, CANCELLED or
// DEADLINE_EXCEEDED; for everything else INTERNAL, without its text.
func From(err error, table fault.Table) *status.Status {
	if err == nil {
		return nil
	}
	if f := table.Find(err); f != nil {
		return Of(f)
	}
	var withStatus interface{ GRPCStatus() *status.Status }
	if errors.As(err, &withStatus) {
		return complete(withStatus.GRPCStatus())
	}
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return Of(deadline)
	case errors.Is(err, context.Canceled):
		return Of(cancelled)
	}
	return Of(internal)
}

var (
	deadline  = fault.New(fault.DeadlineExceeded, fault.ReasonDeadline, "The call's deadline passed before there was an answer.")
	cancelled = fault.New(fault.Cancelled, fault.ReasonDeadline, "The caller went away before there was an answer.")
	internal  = fault.New(fault.Internal, fault.ReasonInternal, Internal)
)

// Of returns the status of a fault.
func Of(f *fault.Error) *status.Status {
	details := []protoadapt.MessageV1{&errdetails.ErrorInfo{Reason: f.Reason, Domain: Domain, Metadata: f.Metadata}}
	if len(f.Fields) > 0 {
		bad := &errdetails.BadRequest{}
		for _, v := range f.Fields {
			bad.FieldViolations = append(bad.FieldViolations,
				&errdetails.BadRequest_FieldViolation{Field: text(v.Path), Description: text(v.Description)})
		}
		details = append(details, bad)
	}
	if len(f.Conditions) > 0 {
		failure := &errdetails.PreconditionFailure{}
		for _, c := range f.Conditions {
			failure.Violations = append(failure.Violations,
				&errdetails.PreconditionFailure_Violation{Type: c.Type, Subject: text(c.Subject), Description: text(c.Description)})
		}
		details = append(details, failure)
	}
	if f.Resource != nil {
		details = append(details, &errdetails.ResourceInfo{
			ResourceType: f.Resource.Type, ResourceName: text(f.Resource.Name), Description: text(f.Message)})
	}
	if wait := retryAfter(f); wait > 0 {
		details = append(details, &errdetails.RetryInfo{RetryDelay: durationpb.New(wait)})
	}
	return attach(status.New(codes.Code(f.Kind), text(f.Message)), details...)
}

// text makes a string fit for protobuf, which refuses what is not UTF-8; a message
// that quotes bad input may not be.
func text(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

func retryAfter(f *fault.Error) time.Duration {
	if f.RetryAfter == 0 && (f.Kind == fault.Unavailable || f.Kind == fault.ResourceExhausted) {
		return retryDefault
	}
	return f.RetryAfter
}

// complete gives a status that came from elsewhere (the gRPC library, another
// service) the ErrorInfo it may lack, and hides what only the logs may say.
func complete(s *status.Status) *status.Status {
	if s.Code() == codes.OK {
		return Of(internal)
	}
	if Info(s) != nil {
		return s
	}
	switch s.Code() {
	case codes.Internal, codes.Unknown, codes.DataLoss:
		return Of(internal)
	case codes.Canceled:
		return Of(cancelled)
	case codes.DeadlineExceeded:
		return Of(deadline)
	case codes.Unavailable:
		return Of(fault.New(fault.Unavailable, fault.ReasonUnavailable, "A service this one needs cannot be reached now; try again."))
	}
	return attach(s, &errdetails.ErrorInfo{Reason: ReasonFor(s.Code()), Domain: Domain})
}

// Info returns the ErrorInfo of this project in a status, or nil.
func Info(s *status.Status) *errdetails.ErrorInfo {
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok && info.GetDomain() == Domain {
			return info
		}
	}
	return nil
}

// ReasonFor returns the reason that says no more than a code does.
func ReasonFor(code codes.Code) string {
	switch code {
	case codes.InvalidArgument, codes.OutOfRange, codes.FailedPrecondition:
		return fault.ReasonInvalidArgument
	case codes.NotFound:
		return fault.ReasonNotFound
	case codes.AlreadyExists:
		return fault.ReasonAlreadyExists
	case codes.Aborted:
		return fault.ReasonConflict
	case codes.Unauthenticated:
		return fault.ReasonUnauthenticated
	case codes.PermissionDenied:
		return fault.ReasonPermissionDenied
	case codes.ResourceExhausted:
		return fault.ReasonResourceExhausted
	case codes.Unavailable:
		return fault.ReasonUnavailable
	case codes.DeadlineExceeded, codes.Canceled:
		return fault.ReasonDeadline
	case codes.Unimplemented:
		return fault.ReasonUnimplemented
	default:
		return fault.ReasonInternal
	}
}

// attach adds details; one that cannot be encoded (a string that is not UTF-8) is
// worth less than the error itself.
func attach(s *status.Status, details ...protoadapt.MessageV1) *status.Status {
	full, err := s.WithDetails(details...)
	if err != nil {
		return s
	}
	return full
}
