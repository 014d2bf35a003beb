// Package serve composes the server: it opens the stores, wires the services to each
// other and to the gateway, and runs them, all in one process or each in its own, with
// the same wiring.
package serve

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"time"

	"github.com/evenhand/evenhand/internal/platform/listen"
)

// The parts of the system that a process can run.
const (
	partAccounts     = "accounts"
	partEntitlements = "entitlements"
	partBoard        = "board"
	partPlans        = "plans"
	partGateway      = "gateway"
)

// DemoDir is the data folder of the demo where none is given.
const DemoDir = ".demo"

// Command is `evenhand serve`.
type Command struct {
	Part string `arg:"" optional:"" default:"" enum:",accounts,entitlements,plans,board,gateway" help:"Run one part alone: accounts, entitlements, plans, board or gateway. Without it: everything in one process."`

	DataDir  string `env:"EVENHAND_DATA_DIR" placeholder:"DIR" help:"Folder of the databases and of the administrator's token (data; .demo with --demo)."`
	GRPCAddr string `name:"grpc-addr" default:"127.0.0.1:9090" env:"EVENHAND_GRPC_ADDR" placeholder:"HOST:PORT" help:"Where to serve gRPC (${default}); port 0 takes a free one."`
	HTTPAddr string `name:"http-addr" default:"127.0.0.1:8080" env:"EVENHAND_HTTP_ADDR" placeholder:"HOST:PORT" help:"Where to serve REST (${default}); port 0 takes a free one."`

	Store         string `default:"sqlite" enum:"sqlite,mongodb" env:"EVENHAND_STORE" group:"store" help:"sqlite (a file for each service in the data folder) or mongodb (${default})."`
	MongoDBURI    string `name:"mongodb-uri" env:"EVENHAND_MONGODB_URI" placeholder:"URI" group:"store" help:"Connection string of the MongoDB server."`
	MongoDBPrefix string `name:"mongodb-prefix" default:"evenhand" env:"EVENHAND_MONGODB_PREFIX" placeholder:"NAME" group:"store" help:"Databases are called NAME_accounts, NAME_entitlements, NAME_plans, NAME_board (${default})."`

	DatabaseWait time.Duration `default:"30s" env:"EVENHAND_DATABASE_WAIT" placeholder:"DURATION" group:"store" help:"How long a start waits for a database that does not answer yet (${default})."`

	TLSCert  string `name:"tls-cert" env:"EVENHAND_TLS_CERT" placeholder:"FILE" group:"access" help:"Certificate chain of this server, PEM; needed beyond loopback."`
	TLSKey   string `name:"tls-key" env:"EVENHAND_TLS_KEY" placeholder:"FILE" group:"access" help:"Its private key, PEM."`
	Insecure bool   `env:"EVENHAND_INSECURE" group:"access" help:"Allow tokens to travel in clear text beyond this machine."`

	Reflection *bool `negatable:"" env:"EVENHAND_REFLECTION" group:"access" help:"Tell callers without a token what gRPC services there are, by server reflection; on where --grpc-addr is loopback, off elsewhere, unless said."`

	AccountsAddr     string `env:"EVENHAND_ACCOUNTS_ADDR" placeholder:"HOST:PORT" group:"peers" help:"Where accounts is, for a part that runs alone."`
	EntitlementsAddr string `env:"EVENHAND_ENTITLEMENTS_ADDR" placeholder:"HOST:PORT" group:"peers" help:"Where entitlements is, for plans or a gateway that runs alone."`
	PlansAddr        string `env:"EVENHAND_PLANS_ADDR" placeholder:"HOST:PORT" group:"peers" help:"Where plans is, for a gateway that runs alone; and for entitlements that does, so that rules may read innovation projects."`
	BoardAddr        string `env:"EVENHAND_BOARD_ADDR" placeholder:"HOST:PORT" group:"peers" help:"Where board is, for plans or a gateway that runs alone; and for entitlements that does, so that rules may read terms served on boards."`
	TokenFile        string `env:"EVENHAND_TOKEN_FILE" placeholder:"FILE" group:"peers" help:"Token with which a part that runs alone calls the others; the variable EVENHAND_SERVICE_TOKEN wins over it."`
	PeerCA           string `name:"peer-ca" env:"EVENHAND_PEER_CA" placeholder:"FILE" group:"peers" help:"Call the others by TLS, trusting the authority in this PEM file."`

	Demo                  bool          `env:"EVENHAND_DEMO" help:"Load an invented company once, and show commands to try."`
	DecisionCacheAccounts int           `env:"EVENHAND_DECISION_CACHE_ACCOUNTS" placeholder:"N" help:"How many accounts may be in memory; others are read when asked for (2000000)."`
	CORSOrigin            []string      `name:"cors-origin" env:"EVENHAND_CORS_ORIGINS" placeholder:"URL,..." help:"Origins whose pages may call the REST API."`
	Drain                 time.Duration `default:"10s" env:"EVENHAND_DRAIN" placeholder:"DURATION" help:"How long a shutdown waits for calls to finish (${default})."`
	LogFormat             string        `default:"text" enum:"text,json" env:"EVENHAND_LOG_FORMAT" help:"Logs, on stderr: text or json (${default})."`
	LogLevel              string        `default:"info" enum:"debug,info,warn,error" env:"EVENHAND_LOG_LEVEL" help:"Least level to log: debug, info, warn or error (${default})."`
}

// Help implements kong.HelpProvider.
func (*Command) Help() string {
	return `Serves gRPC and REST on this machine alone unless told otherwise, and makes the file admin-token in the data folder at first start; the other commands find it there.

Telemetry follows the standard OTEL_* variables. SIGINT or SIGTERM ends it gracefully, a second one at once.

Examples:

  evenhand serve
  evenhand serve --demo
  evenhand serve --store mongodb --mongodb-uri mongodb://db1,db2,db3/?replicaSet=rs0
  evenhand serve accounts --grpc-addr 127.0.0.1:9091
  evenhand serve entitlements --accounts-addr 127.0.0.1:9091 --board-addr 127.0.0.1:9093 --grpc-addr 127.0.0.1:9092 --data-dir entitlements --token-file data/admin-token
  evenhand serve board --accounts-addr 127.0.0.1:9091 --grpc-addr 127.0.0.1:9093 --data-dir board --token-file data/admin-token
  evenhand serve plans --accounts-addr 127.0.0.1:9091 --entitlements-addr 127.0.0.1:9092 --board-addr 127.0.0.1:9093 --grpc-addr 127.0.0.1:9094 --data-dir plans --token-file data/admin-token
  evenhand serve gateway --accounts-addr 127.0.0.1:9091 --entitlements-addr 127.0.0.1:9092 --board-addr 127.0.0.1:9093 --plans-addr 127.0.0.1:9094 --token-file data/admin-token`
}

// runs says whether this process runs a part.
func (c *Command) runs(part string) bool { return c.Part == "" || c.Part == part }

// needsAccounts says whether this process needs accounts in another one.
func (c *Command) needsAccounts() bool { return c.Part != "" && c.Part != partAccounts }

// peer is a part of the system in another process, and the flag that says where.
type peer struct{ flag, address string }

// peers are the parts that a gateway running alone calls.
func (c *Command) peers() map[string]peer {
	return map[string]peer{
		partAccounts:     {"--accounts-addr", c.AccountsAddr},
		partEntitlements: {"--entitlements-addr", c.EntitlementsAddr},
		partBoard:        {"--board-addr", c.BoardAddr},
		partPlans:        {"--plans-addr", c.PlansAddr},
	}
}

// wants are the parts, other than accounts, that the one running alone cannot do without.
func (c *Command) wants() []string {
	switch c.Part {
	case partGateway:
		return []string{partEntitlements, partBoard, partPlans}
	case partPlans:
		return []string{partEntitlements, partBoard}
	}
	return nil
}

// reflects says whether gRPC server reflection answers: what was said, else only where
// nobody but this machine can ask.
func (c *Command) reflects() bool {
	if c.Reflection != nil {
		return *c.Reflection
	}
	host, _, err := net.SplitHostPort(c.GRPCAddr)
	return err == nil && listen.Loopback(host)
}

// check completes the options and refuses what cannot be meant together.
func (c *Command) check() error {
	if c.DataDir == "" {
		c.DataDir = "data"
		if c.Demo {
			c.DataDir = DemoDir
		}
	}
	var wrong []error
	refuse := func(format string, args ...any) { wrong = append(wrong, fmt.Errorf(format, args...)) }
	if c.Store == "mongodb" && c.MongoDBURI == "" && c.Part != partGateway {
		refuse("--store mongodb needs --mongodb-uri, as mongodb://127.0.0.1:27017")
	}
	if c.Store == "sqlite" && c.MongoDBURI != "" {
		refuse("--mongodb-uri needs --store mongodb")
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		refuse("--tls-cert and --tls-key come together")
	}
	if c.Demo && c.Part != "" {
		refuse("--demo needs everything in one process: leave %q out", c.Part)
	}
	if c.needsAccounts() && c.AccountsAddr == "" {
		refuse("%s alone needs --accounts-addr, the gRPC address of accounts", c.Part)
	}
	if !c.needsAccounts() && c.AccountsAddr != "" {
		refuse("--accounts-addr is for a part other than accounts running alone")
	}
	for _, part := range c.wants() {
		if peer := c.peers()[part]; peer.address == "" {
			refuse("%s alone needs %s, the gRPC address of %s", c.Part, peer.flag, part)
		}
	}
	if c.DecisionCacheAccounts < 0 {
		refuse("--decision-cache-accounts must not be negative")
	}
	if c.Drain <= 0 {
		refuse("--drain must be positive")
	}
	return errors.Join(wrong...)
}

// serverTLS returns the TLS settings of this process's listeners; nil for none.
func (c *Command) serverTLS() (*tls.Config, error) {
	if c.TLSCert == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert %s, --tls-key %s: %w", c.TLSCert, c.TLSKey, err)
	}
	return &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12, NextProtos: []string{"h2", "http/1.1"}}, nil
}

func (c *Command) logLevel() slog.Level {
	var level slog.Level
	_ = level.UnmarshalText([]byte(c.LogLevel)) // kong has checked it
	return level
}
