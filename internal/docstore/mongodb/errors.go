package mongodb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"slices"

	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/evenhand/evenhand/internal/docstore"
)

var (
	errURI = errors.New(`it cannot be read: want mongodb://[user:password@]host[:port][,host…]/[?option=value], with characters like "@" in a password percent-encoded`)
	// errAuth says what to look at when the server does not let us in.
	errAuth = errors.New("the server refused the user name or password, or the user lacks the readWrite role on the database")
	// errRetry is what servers say that know no retryable writes.
	errRetry = errors.New("the server knows no retryable writes: add retryWrites=false to the connection string")
)

// Codes of server errors, from the server's error_codes.yml.
const (
	codeUnauthorized  = 13
	codeAuthFailed    = 18
	codeNoTxnNumbers  = 20
	codeWriteConflict = 112
	codeNoRetry       = 301 // Amazon DocumentDB
	codeDuplicate     = 11000
)

var (
	// codesTooLarge say that a document or message is over the server's limit.
	codesTooLarge = []int{10334, 17280, 17419, 17420}
	// codesAgain say that a write stood in another's way and was undone.
	codesAgain = []int{codeWriteConflict, sqlState("40001"), sqlState("40P01")}
	// codesAway say that this server is not, or is no longer, the one to write to,
	// that it did not get the write to a majority in time, or (1, 24) that something
	// within it failed; FerretDB says 1 when its PostgreSQL is away.
	codesAway = []int{
		1, 6, 7, 24, 43, 50, 64, 89, 91, 100, 133, 134, 189, 202, 262, 317, 358,
		9001, 10058, 10107, 11600, 11602, 13388, 13435, 13436,
		sqlState("53300"), sqlState("55P03"), sqlState("57P01"), sqlState("57P02"), sqlState("57P03"),
	}
)

// sqlState is the code under which the DocumentDB extension hands on an error of
// PostgreSQL's that it has no MongoDB code for: six bits for each character.
func sqlState(state string) int {
	code := 0
	for i, c := range state {
		code |= int(c-'0') << (6 * i)
	}
	return code
}

func hasAny(err error, codes []int) bool {
	return slices.ContainsFunc(mongo.ErrorCodes(err), func(c int) bool { return slices.Contains(codes, c) })
}

// failure is an error of the driver's as the rest of the program may see it: what it
// means, without the driver's words, which may quote data. Those go to the log only
// (slog.LogValuer; the program's logger looks for it within errors that wrap this one).
type failure struct {
	kind  error
	cause error
}

func (f *failure) Error() string { return f.kind.Error() }

func (f *failure) Unwrap() error { return f.kind }

// LogValue gives a log the driver's own words, too.
func (f *failure) LogValue() slog.Value {
	return slog.StringValue(f.kind.Error() + ": " + f.cause.Error())
}

// aloud puts the driver's words into an error's text, for an operation that carries no
// data which they could quote.
func aloud(err error) error {
	var f *failure
	if !errors.As(err, &f) {
		return err
	}
	return fmt.Errorf("%w: %s", f.kind, f.cause.Error())
}

// translate says in docstore's terms what an error of the driver's means to a caller
// whose context is ctx. Duplicates are for the operations that can cause them.
func translate(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	return &failure{kind: kind(ctx, err), cause: err}
}

func kind(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if errors.Is(err, mongo.ErrClientDisconnected) {
		return docstore.ErrClosed
	}
	codes := slices.DeleteFunc(mongo.ErrorCodes(err), func(c int) bool { return c == 0 })
	has := func(c int) bool { return slices.Contains(codes, c) }
	switch {
	case has(codeAuthFailed), has(codeUnauthorized):
		return errAuth
	case has(codeNoTxnNumbers), has(codeNoRetry):
		return errRetry
	case hasAny(err, codesTooLarge):
		return docstore.ErrTooLarge
	case mongo.IsTimeout(err), mongo.IsNetworkError(err), unconfirmed(err), hasAny(err, codesAway), hasAny(err, codesAgain):
		return docstore.ErrUnavailable
	case len(codes) > 0:
		return fmt.Errorf("the database refused the operation with code %v", codes)
	case errors.As(err, new(mongo.MarshalError)), errors.As(err, new(mongo.InvalidArgumentError)):
		return errors.New("the database driver could not encode the operation")
	}
	// What remains is about reaching a server: none selected, no connection in the pool.
	return docstore.ErrUnavailable
}

// unconfirmed says that a write was made but is not known to be on a majority.
func unconfirmed(err error) bool {
	var one mongo.WriteException
	var bulk mongo.BulkWriteException
	return errors.As(err, &one) && one.WriteConcernError != nil ||
		errors.As(err, &bulk) && bulk.WriteConcernError != nil
}

// uriError says what is wrong with a connection string without quoting it, since it
// may hold a password. What the driver has to say of one that it could read, which is
// to say that it knows the hosts, quotes none.
func uriError(o *options.ClientOptions, err error) error {
	var file *fs.PathError
	if errors.As(err, &file) {
		return fmt.Errorf("it names a file that cannot be read: %w", file)
	}
	if len(o.Hosts) > 0 {
		return err
	}
	return errURI
}
