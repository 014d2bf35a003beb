package requests

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Schedule is what this package needs of the published schedule.
type Schedule interface {
	// Read parses the text of an edition, with all that is wrong with it in its error.
	Read(ctx context.Context, file []byte) (*schedule.Schedule, error)
	// Last returns the version published last, 0 and nil where there is none.
	Last(ctx context.Context) (number int, content *schedule.Schedule, err error)
	// Check says what would keep an edition from being published now.
	Check(ctx context.Context, e Edition) error
	// Publish publishes an edition, once, however often it is called with it, and returns
	// the number of its version. Where it cannot be published so, its error is a fault of
	// the kinds FailedPrecondition and InvalidArgument.
	Publish(ctx context.Context, e Edition) (version int, err error)
	// Foresee says who would get something by some rules of an edition, and what that
	// would cost.
	Foresee(ctx context.Context, file []byte, rules []string, account string) (Effect, error)
	// Account says whether there is an account: a fault of the kind NotFound.
	Account(ctx context.Context, id string) error
}

// Edition is a draft as it is to be published.
type Edition struct {
	// Draft is the resource name.
	Draft string
	File  []byte
	// Base is the number of the version that has to be the last.
	Base int
	// Proposer and Approver are principals' names; SingleOperator says that they may be the
	// same, since nobody else is there.
	Proposer, Approver string
	SingleOperator     bool
}

// People is what this package needs of the principals.
type People interface {
	// Others says whether an enabled person other than this principal holds a permission.
	Others(ctx context.Context, principal, permission string) (bool, error)
}

// The permissions that a second person needs.
const (
	approves = "drafts.approve"
	decides  = "requests.decide"
)

// Service is the use cases of drafts and special requests.
type Service struct {
	store    *docstore.Store
	drafts   *resource.Table[Draft, *Draft]
	requests *resource.Table[Request, *Request]
	schedule Schedule
	people   People
	random   io.Reader
	now      func() time.Time
}

// The indexes.
const (
	byState     = "state"
	byRequester = "requester"
	byAccount   = "account"
	byCreated   = "created"
)

// DraftKind describes drafts to whoever reads their changes.
func DraftKind() resource.Kind[Draft] {
	return resource.Kind[Draft]{
		Type: draftType, Name: DraftName, Tell: tellDraft,
		Spec: docstore.Spec{Name: "drafts", Indexes: []docstore.Index{
			{Name: byState, Fields: []string{"state"}},
			{Name: byCreated, Fields: []string{"created"}},
		}},
	}
}

// RequestKind describes special requests to whoever reads their changes.
func RequestKind() resource.Kind[Request] {
	return resource.Kind[Request]{
		Type: requestType, Name: RequestName, Tell: tellRequest,
		Spec: docstore.Spec{Name: "special_requests", Indexes: []docstore.Index{
			{Name: byState, Fields: []string{"state"}},
			{Name: byRequester, Fields: []string{"requester", "created"}},
			{Name: byAccount, Fields: []string{"account", "created"}},
			{Name: byCreated, Fields: []string{"created"}},
		}},
	}
}

// Open opens the collections in the entitlements service's store. Ids are made of random
// bytes; nil is crypto/rand.
func Open(ctx context.Context, store *docstore.Store, requests *resource.Requests, published Schedule, people People, random io.Reader) (*Service, error) {
	s := &Service{store: store, schedule: published, people: people, random: random, now: requests.Now}
	var err error
	if s.drafts, err = resource.OpenTable[Draft](ctx, requests, DraftKind()); err != nil {
		return nil, fmt.Errorf("open drafts: %w", err)
	}
	if s.requests, err = resource.OpenTable[Request](ctx, requests, RequestKind()); err != nil {
		return nil, fmt.Errorf("open special requests: %w", err)
	}
	return s, nil
}
