package sessions

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// Board is the board service, whose solicitations ask what sessions ask. What it refuses, so
// that asking again would not change it, is ErrRefused besides; it may be wrapped around
// what callers are told. A call with a request id that came before has no effect but the
// first one's.
type Board interface {
	// Ask puts a question, open from the start: refused while earlier advice is unanswered
	// (R11). With check it only says whether it would.
	Ask(ctx context.Context, q Question, check bool) error
	// State returns where a solicitation stands, by its id.
	State(ctx context.Context, solicitation string) (SolicitationState, error)
	// Change changes who answers a solicitation, and by when.
	Change(ctx context.Context, solicitation, requestID string, c Change) error
	// Close takes no more ideas.
	Close(ctx context.Context, solicitation, requestID string) error
	// Answer closes a solicitation for good, with what was decided in sum: refused while ideas
	// are undecided.
	Answer(ctx context.Context, solicitation, requestID, answer string) error
	// Withdraw takes a solicitation back: refused where it holds ideas.
	Withdraw(ctx context.Context, solicitation, requestID, reason string) error
	// Ideas returns the ideas given to a solicitation, in the order in which they came.
	Ideas(ctx context.Context, solicitation string) ([]Idea, error)
}

// Question is a solicitation that is to be put.
type Question struct {
	// ID is that of the solicitation.
	ID, RequestID        string
	Question, Background string
	// Owner is the id of the principal who answers, Accounts the ids of those who are asked.
	Owner    string
	Accounts []string
	// Closes is the last day for ideas, Decides the day by which each has its answer.
	Closes, Decides civil.Day
}

// Change is a change of an open solicitation; what is zero stays as it is.
type Change struct {
	// Owner is the id of the principal who answers.
	Owner string
	// Closes is the last day for ideas, Decides the day by which each has its answer.
	Closes, Decides civil.Day
	// Reason is for those who were asked.
	Reason string
}

// SolicitationState says where a solicitation stands.
type SolicitationState string

// The states that a solicitation of a session has.
const (
	Asking    SolicitationState = "open"
	Deciding  SolicitationState = "deciding"
	Settled   SolicitationState = "answered"
	Withdrawn SolicitationState = "withdrawn"
)

// Idea is what somebody said, as the board service has it.
type Idea struct {
	// Name is its resource name.
	Name  string
	Title string
	Text  string
	// Account is the id of whose it is.
	Account string
	Given   civil.Day
	// Decided says that it has an answer, its own or that of the one it was merged into; then
	// Outcome is what was decided, and Reason why.
	Decided bool
	Outcome feeds.Outcome
	Reason  string
	// MergedInto is the title of the idea whose answer it shares, or empty.
	MergedInto string
	// Due is the day by which what was promised is done; 0 where nothing was promised. Done
	// says that it is, and Evidence what shows it.
	Due      civil.Day
	Done     bool
	Evidence string
}

// requestID is a UUID (RFC 9562, version 8) that follows from texts.
func requestID(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\n")))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}
