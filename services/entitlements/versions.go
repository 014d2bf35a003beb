package entitlements

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Version is a published schedule. It never changes.
type Version struct {
	// Number counts from 1.
	Number   int
	Schedule *schedule.Schedule
	// Hash identifies the content, whatever its spelling.
	Hash string
	// InForce is the instant from which it is in force, until the next version is.
	InForce   time.Time
	Published time.Time
	// Publisher is the principal who published it, and so approved it.
	Publisher string
	// Draft is the resource name of the draft it was; empty where it was published directly.
	Draft string
	// Proposer is the principal who proposed it: the publisher, where there was no draft.
	Proposer string
	// SingleOperator says that nobody else was there to approve it.
	SingleOperator bool
	// SourceYAML is the file it was published from, letter for letter; empty where it
	// came another way.
	SourceYAML string

	request docstore.Request
}

// Name returns the resource name.
func (v *Version) Name() string { return VersionName(v.Number) }

// VersionName returns the resource name of a version.
func VersionName(number int) string { return "schedule/versions/" + strconv.Itoa(number) }

// Etag stays the same as long as the version does: for ever.
func (v *Version) Etag() string { return fmt.Sprintf("%d-%.16s", v.Number, v.Hash) }

// versionDoc is a version at rest: the schedule is its canonical file.
type versionDoc struct {
	docstore.CreatedBy `bson:",inline"`
	Schedule           string    `bson:"schedule"`
	Hash               string    `bson:"hash"`
	InForce            time.Time `bson:"in_force"`
	Published          time.Time `bson:"published"`
	Publisher          string    `bson:"publisher"`
	Draft              string    `bson:"draft,omitempty"`
	Proposer           string    `bson:"proposer,omitempty"`
	SingleOperator     bool      `bson:"single_operator"`
	SourceYAML         string    `bson:"source_yaml"`
}

// publishedEvent is what the feed says of a new version.
type publishedEvent struct {
	Number  int       `bson:"number"`
	Hash    string    `bson:"hash"`
	InForce time.Time `bson:"in_force"`
}

// VersionTold reads what the event that published a version tells of it: all but its
// content and whether nobody else could have approved it.
func VersionTold(published time.Time, publisher string, data []byte) (*Version, error) {
	var e publishedEvent
	if err := bson.Unmarshal(data, &e); err != nil {
		return nil, err
	}
	return &Version{Number: e.Number, Hash: e.Hash, InForce: e.InForce.UTC(), Published: published.UTC(), Publisher: publisher}, nil
}

// VersionsCollection is the collection of the versions.
const VersionsCollection = "versions"

// versionStore keeps versions under their zero-padded numbers: inserting the next one
// is what decides between two who publish at once.
type versionStore struct {
	docs *docstore.Collection[versionDoc]
}

// errNumberTaken says that somebody else has published in the meantime.
var errNumberTaken = errors.New("the version number is taken")

func openVersionStore(ctx context.Context, store *docstore.Store) (*versionStore, error) {
	docs, err := docstore.OpenCollection[versionDoc](ctx, store, docstore.Spec{Name: VersionsCollection})
	if err != nil {
		return nil, err
	}
	return &versionStore{docs: docs}, nil
}

func versionID(number int) string { return fmt.Sprintf("%09d", number) }

// after returns the versions with numbers above this one, ascending.
func (s *versionStore) after(ctx context.Context, number int) ([]*Version, error) {
	var versions []*Version
	for d, err := range s.docs.All(ctx, docstore.Query{From: versionID(number + 1)}) {
		if err != nil {
			return nil, err
		}
		v, err := d.Body.version(d.ID)
		if err != nil {
			return nil, fmt.Errorf("read version %s of the schedule: %w", d.ID, err)
		}
		versions = append(versions, v)
	}
	return versions, nil
}

func (d versionDoc) version(id string) (*Version, error) {
	number, err := strconv.Atoi(id)
	if err != nil {
		return nil, err
	}
	s, err := schedule.Parse([]byte(d.Schedule))
	if err != nil {
		return nil, err
	}
	return &Version{
		Number: number, Schedule: s, Hash: d.Hash, InForce: d.InForce.UTC(), Published: d.Published.UTC(),
		Publisher: d.Publisher, Draft: d.Draft, Proposer: cmp.Or(d.Proposer, d.Publisher), // before there were drafts: the publisher
		SingleOperator: d.SingleOperator, SourceYAML: d.SourceYAML, request: d.Request,
	}, nil
}

// insert writes a new version, or errNumberTaken.
func (s *versionStore) insert(ctx context.Context, v *Version) error {
	doc := versionDoc{
		CreatedBy: docstore.CreatedBy{Request: v.request}, Schedule: string(schedule.Format(v.Schedule)), Hash: v.Hash,
		InForce: v.InForce, Published: v.Published, Publisher: v.Publisher, Draft: v.Draft, Proposer: v.Proposer,
		SingleOperator: v.SingleOperator, SourceYAML: v.SourceYAML,
	}
	_, err := s.docs.Insert(docstore.WithPrincipal(ctx, v.Publisher), versionID(v.Number), doc, docstore.NewEvent{
		Type: "schedule.published",
		Data: publishedEvent{Number: v.Number, Hash: v.Hash, InForce: v.InForce},
	})
	if errors.Is(err, docstore.ErrExists) {
		return errNumberTaken
	}
	return err
}
