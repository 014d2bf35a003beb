package serve

import (
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"
)

func TestCheck(t *testing.T) {
	good := func(change func(*Command)) error {
		c := &Command{Store: "sqlite", Drain: 1}
		change(c)
		return c.check()
	}
	require.NoError(t, good(func(*Command) {}))
	for told, change := range map[string]func(*Command){
		"--mongodb-uri":             func(c *Command) { c.Store = "mongodb" },
		"needs --store mongodb":     func(c *Command) { c.MongoDBURI = "mongodb://x" },
		"come together":             func(c *Command) { c.TLSCert = "x" },
		"--demo needs everything":   func(c *Command) { c.Demo, c.Part = true, "accounts" },
		"needs --accounts-addr":     func(c *Command) { c.Part = "entitlements" },
		"needs --entitlements-addr": func(c *Command) { c.Part, c.AccountsAddr = "gateway", "x:1" },
		"needs --board-addr":        func(c *Command) { c.Part, c.AccountsAddr, c.EntitlementsAddr = "gateway", "x:1", "x:2" },
		"needs --plans-addr": func(c *Command) {
			c.Part, c.AccountsAddr, c.EntitlementsAddr, c.BoardAddr = "gateway", "x:1", "x:2", "x:3"
		},
		"plans alone needs --board-addr": func(c *Command) { c.Part, c.AccountsAddr, c.EntitlementsAddr = "plans", "x:1", "x:2" },
		"board alone needs":              func(c *Command) { c.Part = "board" },
		"running alone":                  func(c *Command) { c.AccountsAddr = "x:1" },
		"must not be negative":           func(c *Command) { c.DecisionCacheAccounts = -1 },
	} {
		require.ErrorContains(t, good(change), told)
	}
	require.NoError(t, good(func(c *Command) { c.Part, c.AccountsAddr = "entitlements", "x:1" }), "board may be away, or not there at all")
	demo := &Command{Demo: true, Store: "sqlite", Drain: 1}
	require.NoError(t, demo.check())
	require.Equal(t, ".demo", demo.DataDir)
}

// Reflection answers without a token, so by itself only where nobody else can ask.
func TestReflectionIsOnByDefaultOnLoopback(t *testing.T) {
	for _, test := range []struct {
		args []string
		env  string
		on   bool
	}{
		{on: true},
		{args: []string{"--grpc-addr", "127.0.0.9:9090"}, on: true},
		{args: []string{"--grpc-addr", "[::1]:0"}, on: true},
		{args: []string{"--grpc-addr", "localhost:9090"}, on: true},
		{args: []string{"--grpc-addr", "0.0.0.0:9090"}},
		{args: []string{"--grpc-addr", ":9090"}},
		{args: []string{"--grpc-addr", "[::]:9090"}},
		{args: []string{"--grpc-addr", "10.0.0.7:9090"}},
		{args: []string{"--grpc-addr", "evenhand.example:9090"}},
		{args: []string{"--grpc-addr", "0.0.0.0:9090", "--reflection"}, on: true},
		{args: []string{"--no-reflection"}},
		{env: "false"},
		{args: []string{"--grpc-addr", "0.0.0.0:9090"}, env: "true", on: true},
		{args: []string{"--no-reflection"}, env: "true"},
	} {
		t.Run(strings.Join(append(test.args, test.env), " "), func(t *testing.T) {
			if test.env != "" {
				t.Setenv("EVENHAND_REFLECTION", test.env)
			}
			var c Command
			parser, err := kong.New(&c, kong.ExplicitGroups([]kong.Group{{Key: "store"}, {Key: "access"}, {Key: "peers"}}))
			require.NoError(t, err)
			_, err = parser.Parse(test.args)
			require.NoError(t, err)
			require.Equal(t, test.on, c.reflects())
		})
	}
}
