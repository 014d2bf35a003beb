package serve

import (
	"testing"

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
		"running alone":             func(c *Command) { c.AccountsAddr = "x:1" },
		"must not be negative":      func(c *Command) { c.DecisionCacheAccounts = -1 },
	} {
		require.ErrorContains(t, good(change), told)
	}
	demo := &Command{Demo: true, Store: "sqlite", Drain: 1}
	require.NoError(t, demo.check())
	require.Equal(t, ".demo", demo.DataDir)
}
