package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	typev1 "github.com/evenhand/evenhand/proto/gen/evenhand/type/v1"
)

// Exit codes of the command line.
const (
	ExitDone   = 0
	ExitFailed = 1
	ExitUsage  = 2
	// ExitNotEntitled is the answer of `evenhand check --exit-code`.
	ExitNotEntitled = 3
)

// usageError is a command line that cannot be meant so.
type usageError struct{ message string }

func (e *usageError) Error() string { return e.message }

// failure is an error with what led to it, and what to do.
type failure struct {
	message string
	details []string
	fix     string
	cause   error
}

func (e *failure) Error() string { return e.message }
func (e *failure) Unwrap() error { return e.cause }

// exitError ends the process with a code, without a word.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

// ExitCode returns the exit code for what a command returned.
func ExitCode(err error) int {
	var exit exitError
	var usage *usageError
	switch {
	case err == nil:
		return ExitDone
	case errors.As(err, &exit):
		return int(exit)
	case errors.As(err, &usage):
		return ExitUsage
	default:
		return ExitFailed
	}
}

// PrintError writes what a command returned as one block: what is wrong, the fields or
// conditions concerned, a line each, and how to fix it. An error that only carries an
// exit code has been told already.
func PrintError(w io.Writer, err error) {
	var exit exitError
	if err == nil || errors.As(err, &exit) {
		return
	}
	f := explain(err)
	fmt.Fprintf(w, "evenhand: %s\n", f.message)
	for _, detail := range f.details {
		fmt.Fprintf(w, "  %s\n", strings.ReplaceAll(detail, "\n", "\n  "))
	}
	if f.fix != "" {
		fmt.Fprintf(w, "  Fix: %s\n", f.fix)
	}
}

// explain turns any error into one that can be printed as a block.
func explain(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	if errors.Is(err, context.Canceled) {
		return &failure{message: "interrupted"}
	}
	s, ok := statusOf(err)
	if !ok {
		return &failure{message: err.Error()}
	}
	f = &failure{message: s.Message()}
	for _, detail := range s.Details() {
		f.add(detail)
	}
	return f
}

// statusOf returns the status that an error carries, in its own words: status.FromError
// would give those of whatever wraps it.
func statusOf(err error) (*status.Status, bool) {
	var carrier interface{ GRPCStatus() *status.Status }
	if !errors.As(err, &carrier) || carrier.GRPCStatus() == nil {
		return nil, false
	}
	return carrier.GRPCStatus(), true
}

// add tells what a detail of a status says.
func (e *failure) add(detail any) {
	switch d := detail.(type) {
	case *errdetails.BadRequest:
		for _, v := range d.GetFieldViolations() {
			e.addLine(v.GetField(), v.GetDescription())
		}
	case *errdetails.PreconditionFailure:
		for _, v := range d.GetViolations() {
			if !strings.Contains(e.message, v.GetDescription()) {
				e.addLine(v.GetSubject(), v.GetDescription())
			}
		}
	case *errdetails.ErrorInfo:
		if permission := d.GetMetadata()["permission"]; permission != "" {
			e.details = append(e.details, "missing permission: "+permission)
		}
		if trace := d.GetMetadata()["trace_id"]; trace != "" {
			e.details = append(e.details, "trace: "+trace)
		}
		if e.fix == "" {
			e.fix = fixes[reason(d)]
		}
	case *errdetails.Help:
		for _, link := range d.GetLinks() {
			e.addLine(link.GetDescription(), link.GetUrl())
		}
	}
}

// addLine adds what concerns a field, unless the message says it already.
func (e *failure) addLine(subject, text string) {
	switch {
	case subject == "" && text == "", strings.Contains(e.message, text) && strings.Contains(e.message, subject):
	case subject == "":
		e.details = append(e.details, text)
	default:
		e.details = append(e.details, subject+": "+text)
	}
}

func reason(info *errdetails.ErrorInfo) typev1.ErrorReason {
	name := info.GetReason()
	if value, ok := typev1.ErrorReason_value[name]; ok {
		return typev1.ErrorReason(value)
	}
	return typev1.ErrorReason(typev1.ErrorReason_value["ERROR_REASON_"+name])
}

// reasonOf returns the reason a status carries; unspecified where it carries none.
func reasonOf(err error) typev1.ErrorReason {
	for _, detail := range status.Convert(err).Details() {
		if info, ok := detail.(*errdetails.ErrorInfo); ok {
			return reason(info)
		}
	}
	return typev1.ErrorReason_ERROR_REASON_UNSPECIFIED
}

// fixes says what to do about a reason, where the command line can know.
var fixes = map[typev1.ErrorReason]string{
	typev1.ErrorReason_ERROR_REASON_STALE_ETAG:           "read it again, and change what you then see",
	typev1.ErrorReason_ERROR_REASON_CONFLICT:             "try again",
	typev1.ErrorReason_ERROR_REASON_NO_SCHEDULE_IN_FORCE: "publish one with `evenhand schedule publish FILE.yaml`, or ask for another day with --as-of",
	typev1.ErrorReason_ERROR_REASON_SHORT_NOTICE:         "choose a later day, or say why with --short-notice-reason",
	typev1.ErrorReason_ERROR_REASON_BATCH_CHANGED:        "when this is the same file grown, add --resume; when it is another one, name it with --batch; --source and the columns stay as they were",
	typev1.ErrorReason_ERROR_REASON_UNIMPLEMENTED:        "where the parts run alone, accounts and entitlements have addresses of their own: name the other with --server",
	typev1.ErrorReason_ERROR_REASON_INTERNAL:             "the server's log says more, under the trace",
}

// explainUnary names the server and the token where a call failed for want of one.
func (c *Connection) explainUnary(tokenFrom string) grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
		return c.explain(invoke(ctx, method, req, reply, conn, opts...), tokenFrom)
	}
}

func (c *Connection) explainStream(tokenFrom string) grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string, open grpc.Streamer, opts ...grpc.CallOption) (grpc.ClientStream, error) {
		stream, err := open(ctx, desc, conn, method, opts...)
		if err != nil {
			return nil, c.explain(err, tokenFrom)
		}
		return &explainedStream{stream, c, tokenFrom}, nil
	}
}

type explainedStream struct {
	grpc.ClientStream
	connection *Connection
	tokenFrom  string
}

func (s *explainedStream) RecvMsg(m any) error {
	return s.connection.explain(s.ClientStream.RecvMsg(m), s.tokenFrom)
}

// connectionError is a failure of the connection itself; it keeps the status.
type connectionError struct {
	failure
	status *status.Status
}

// GRPCStatus returns the status of the call.
func (e *connectionError) GRPCStatus() *status.Status { return e.status }

// As lets a connectionError be printed as the failure it is.
func (e *connectionError) As(target any) bool {
	f, ok := target.(**failure)
	if ok {
		*f = &e.failure
	}
	return ok
}

func (c *Connection) explain(err error, tokenFrom string) error {
	s, ok := statusOf(err)
	if !ok {
		return err
	}
	f := explain(err)
	f.cause = nil
	switch s.Code() {
	case codes.Unauthenticated:
		f.details = append(f.details, "the token came from "+tokenFrom)
		f.fix = "name the data folder of the server you talk to with --data-dir, or a token's file with --token-file"
	case codes.Unavailable:
		if len(s.Details()) > 0 { // the server itself says so
			return err
		}
		f.message = fmt.Sprintf("cannot reach the server at %s: %s", c.Server, unreachable(s.Message()))
		f.fix = "is it running? Start it with `evenhand serve`, or name another with --server"
		if strings.Contains(s.Message(), "HTTP/1.1 header") || strings.Contains(s.Message(), "does not look like a TLS handshake") {
			f.fix = "name the server's gRPC address with --server, and use --tls only where it does"
		}
	case codes.DeadlineExceeded:
		f.message = fmt.Sprintf("no answer from %s within %s", c.Server, c.Timeout)
		f.fix = "allow more time with --timeout"
	default:
		return err
	}
	return &connectionError{*f, s}
}

// wrapping is what gRPC writes around the reason why there is no connection.
var wrapping = regexp.MustCompile(`^connection error: desc = "(?:transport: )?(?:Error while dialing: )?(.*)"$`)

// unreachable is the reason alone.
func unreachable(message string) string {
	if parts := wrapping.FindStringSubmatch(message); parts != nil {
		return parts[1]
	}
	return message
}

// UsageError returns an error of a command line that cannot be meant so; the process
// ends with ExitUsage.
func UsageError(err error) error { return &usageError{err.Error()} }
