package mongodb

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"
	"go.mongodb.org/mongo-driver/v2/mongo/readpref"
	"go.mongodb.org/mongo-driver/v2/mongo/writeconcern"

	"github.com/evenhand/evenhand/internal/docstore"
)

const (
	connectTimeout = 10 * time.Second
	// selectTimeout outlasts the election of a primary.
	selectTimeout = 15 * time.Second
	pingTimeout   = 5 * time.Second
	closeTimeout  = 5 * time.Second
)

// Options tune a connection, where the connection string does not say otherwise. The
// zero value serves.
type Options struct {
	// AppName (appName) is what the server's logs call this program; "evenhand" by
	// default.
	AppName string
	// PoolSize (maxPoolSize) is the most connections to one server; by default 64, or
	// minPoolSize if that is more.
	PoolSize uint64
	// Timeout (timeoutMS) bounds an operation whose context has no deadline, the retries
	// of the driver included; one that others stood in the way of may be made again after
	// it; 30 s by default.
	Timeout time.Duration
	// Trace, when set, is called before every command that reads or writes a
	// collection, with the command's name and the collection's; the function it
	// returns is called when the command has ended.
	Trace func(ctx context.Context, command, collection string) (end func(error))

	// monitor sees every command; tests use it.
	monitor *event.CommandMonitor
}

func (o Options) withDefaults() Options {
	if o.AppName == "" {
		o.AppName = "evenhand"
	}
	if o.PoolSize == 0 {
		o.PoolSize = 64
	}
	if o.Timeout <= 0 {
		o.Timeout = 30 * time.Second
	}
	if o.monitor == nil && o.Trace != nil {
		o.monitor = traceMonitor(o.Trace)
	}
	return o
}

// backend is a docstore.Backend in one database of a server.
type backend struct {
	client *mongo.Client
	db     *mongo.Database
	feed   *mongo.Collection
	ping   time.Duration // the longest a ping takes
	turn   chan struct{} // one place, for the write that is made again
	claims claims
	// patience is how long a write waits for those that it would deadlock with.
	patience time.Duration

	mu    sync.RWMutex
	specs map[string]docstore.Spec
}

var _ docstore.Backend = (*backend)(nil)

// Open connects to a server and returns the backend that keeps its collections in
// the named database. The URI is a connection string, mongodb:// or mongodb+srv://;
// one that asks for weaker guarantees than this package gives is refused. The error
// wraps docstore.ErrUnavailable when no server answers.
func Open(ctx context.Context, uri, database string, opts Options) (docstore.Backend, error) {
	opts = opts.withDefaults()
	o, err := clientOptions(uri, opts)
	if err != nil {
		return nil, err
	}
	client, err := mongo.Connect(o)
	if err != nil {
		return nil, fmt.Errorf("MongoDB connection string: %w", err)
	}
	db := client.Database(database)
	b := &backend{
		client: client,
		db:     db,
		feed:   db.Collection(feedName),
		ping:   min(pingTimeout, *o.Timeout),
		turn:   make(chan struct{}, 1),
		claims: claims{held: map[string]chan struct{}{}},

		patience: *o.Timeout,
		specs:    map[string]docstore.Spec{},
	}
	if err := b.start(ctx); err != nil {
		_ = b.Close()
		return nil, fmt.Errorf("MongoDB at %s, database %q: %w", strings.Join(o.Hosts, ","), database, err)
	}
	return b, nil
}

func (b *backend) start(ctx context.Context) error {
	if err := b.Ping(ctx); err != nil {
		return aloud(err)
	}
	return b.declareFeed(ctx)
}

// clientOptions are those of the URI, with the guarantees this package owes and, where
// it does not say, with opts.
func clientOptions(uri string, opts Options) (*options.ClientOptions, error) {
	durable := writeconcern.Majority()
	durable.Journal = new(true)
	o := options.Client().ApplyURI(uri)
	if err := o.Validate(); err != nil {
		return nil, fmt.Errorf("MongoDB connection string: %w", uriError(o, err))
	}
	if err := checkGuarantees(o); err != nil {
		return nil, fmt.Errorf("MongoDB connection string: %w", err)
	}
	o.SetWriteConcern(durable).
		SetReadConcern(readconcern.Majority()).
		SetReadPreference(readpref.Primary())
	unlessSet(&o.AppName, opts.AppName)
	unlessSet(&o.MinPoolSize, 0)
	unlessSet(&o.MaxPoolSize, max(opts.PoolSize, *o.MinPoolSize))
	unlessSet(&o.Timeout, opts.Timeout)
	unlessSet(&o.ConnectTimeout, connectTimeout)
	unlessSet(&o.ServerSelectionTimeout, selectTimeout)
	if opts.monitor != nil {
		o.SetMonitor(opts.monitor)
	}
	return o, nil
}

// unlessSet sets an option that the URI leaves open.
func unlessSet[T any](option **T, to T) {
	if *option == nil {
		*option = &to
	}
}

// checkGuarantees refuses a URI that asks for less than what this package gives,
// rather than do something else than it says.
func checkGuarantees(o *options.ClientOptions) error {
	const always = "take it out: writes always wait for a majority and the journal, and reads are of what a majority has, from the primary"
	if wc := o.WriteConcern; wc != nil {
		if wc.W != nil && wc.W != "majority" {
			return fmt.Errorf("it sets w=%v; %s", wc.W, always)
		}
		if wc.Journal != nil && !*wc.Journal {
			return fmt.Errorf("it sets journal=false; %s", always)
		}
	}
	if rc := o.ReadConcern; rc != nil && rc.Level != "majority" {
		return fmt.Errorf("it sets readConcernLevel=%s; %s", rc.Level, always)
	}
	if rp := o.ReadPreference; rp != nil && rp.Mode() != readpref.PrimaryMode {
		return fmt.Errorf("it sets readPreference=%s; %s", rp.Mode(), always)
	}
	if o.Timeout != nil && *o.Timeout == 0 {
		return errors.New("it sets timeoutMS=0, so that an operation could wait without end: give a time, or take it out")
	}
	return nil
}

// Embedded says that other processes may use the database too.
func (b *backend) Embedded() bool { return false }

// Ping says whether the primary answers within five seconds, or Options.Timeout.
func (b *backend) Ping(ctx context.Context) error {
	bounded, cancel := context.WithTimeout(ctx, b.ping)
	defer cancel()
	err := b.db.RunCommand(bounded, bson.D{{Key: "ping", Value: 1}}).Err()
	return translate(ctx, err)
}

// Close ends the connections, waiting at most five seconds for those in use.
func (b *backend) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
	defer cancel()
	err := b.client.Disconnect(ctx)
	if errors.Is(err, mongo.ErrClientDisconnected) {
		return nil
	}
	return translate(context.Background(), err)
}
