package architecture

// Groups of packages that the rules speak of.
var (
	databaseDrivers = []string{
		"database/sql/...",
		"go.mongodb.org/mongo-driver/...",
		"modernc.org/sqlite/...",
	}
	// Documents are encoded by the driver's own codec, which talks to no database.
	documentCodec = []string{
		"go.mongodb.org/mongo-driver/v2/bson/...",
	}
	protobuf = []string{
		"proto/gen/...",
		"buf.build/gen/...",
		"buf.build/go/protovalidate/...",
		"google.golang.org/genproto/...",
		"google.golang.org/grpc/...",
		"google.golang.org/protobuf/...",
	}
)

// rules are the import rules of the project; docs/adr says why. They hold for
// the program, not for tests: a test may bring a real store, for example.
var rules = []rule{
	{
		name:   "generated code imports nothing of this project",
		covers: []string{"proto/gen/..."},
		only:   []string{"proto/gen/..."},
	},
	{
		name:   "internal/platform imports at most generated code",
		covers: []string{"internal/platform/..."},
		only:   []string{"internal/platform/...", "proto/gen/..."},
	},
	{
		name:   "internal/docstore imports at most generated code",
		covers: []string{"internal/docstore/..."},
		only:   []string{"internal/docstore/...", "proto/gen/..."},
	},
	{
		name:   "internal/resource imports the store and the platform",
		covers: []string{"internal/resource/..."},
		only:   []string{"internal/resource/...", "internal/docstore/...", "internal/platform/..."},
	},
	{
		name:   "calendars, working time and Markdown come from the platform alone",
		covers: []string{"internal/calendar/...", "internal/worktime/...", "internal/markdown/..."},
		only:   []string{"internal/platform/..."},
	},
	{
		name:   "calendar feeds import calendars, stored resources, the store and the platform",
		covers: []string{"internal/calendarfeed/..."},
		only:   []string{"internal/calendar/...", "internal/resource/...", "internal/docstore/...", "internal/platform/..."},
	},
	{
		name:   "only a backend of internal/docstore imports a database driver",
		covers: []string{"..."},
		except: []string{"internal/docstore/sqlite/...", "internal/docstore/mongodb/...", "internal/docstore/teststore"},
		never:  databaseDrivers,
		unless: documentCodec,
		direct: true,
	},
	{
		name:   "only cmd/evenhand chooses a backend of internal/docstore",
		covers: []string{"..."},
		except: []string{"cmd/evenhand/...", "internal/docstore/sqlite/...", "internal/docstore/mongodb/...", "internal/docstore/teststore"},
		never:  []string{"internal/docstore/sqlite/...", "internal/docstore/mongodb/..."},
		direct: true,
	},
	{
		name:   "what opens stores for tests is for tests",
		covers: []string{"..."},
		except: []string{"internal/docstore/teststore"},
		never:  []string{"internal/docstore/storetest", "internal/docstore/teststore"},
		direct: true,
	},
	{
		name:   "a service's domain imports no protobuf and no database driver",
		covers: []string{"services/..."},
		except: []string{"services/*/rpc/..."},
		never:  append(append([]string{}, protobuf...), databaseDrivers...),
		unless: documentCodec,
	},
	{
		name:   "a service's domain imports its own packages and what all services share",
		covers: []string{"services/{service}/..."},
		except: []string{"services/*/rpc/..."},
		only: []string{"services/{service}/...", "internal/docstore/...", "internal/resource/...", "internal/calendar/...", "internal/calendarfeed/...", "internal/worktime/...",
			"internal/markdown/...", "internal/platform/..."},
	},
	{
		name:   "a service's rpc sees generated code, its own domain, stored resources, calendars and the platform",
		covers: []string{"services/{service}/rpc/..."},
		only: []string{"services/{service}/...", "proto/gen/...", "internal/resource/...", "internal/calendar/...", "internal/calendarfeed/...", "internal/worktime/...",
			"internal/markdown/...", "internal/platform/..."},
	},
	{
		name:   "a service's domain does not import its rpc",
		covers: []string{"services/{service}/..."},
		except: []string{"services/*/rpc/..."},
		never:  []string{"services/{service}/rpc/..."},
		direct: true,
	},
	{
		name:   "the gateway imports generated code and the platform, never a service",
		covers: []string{"gateway/..."},
		only:   []string{"gateway/...", "proto/gen/...", "internal/platform/..."},
	},
	{
		name:   "the client imports generated code only",
		covers: []string{"client/..."},
		only:   []string{"client/...", "proto/gen/..."},
	},
	{
		name:   "only cmd/evenhand composes",
		covers: []string{"..."},
		except: []string{"cmd/evenhand/...", "services/..."},
		never:  []string{"services/...", "cmd/..."},
		direct: true,
	},
}
