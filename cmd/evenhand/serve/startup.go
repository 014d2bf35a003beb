package serve

import (
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/evenhand/evenhand/cmd/evenhand/demo"
)

// announcement is what a start tells on stdout, for people.
type announcement struct {
	out        io.Writer
	grpc, rest net.Addr // nil for none
	tls        bool
	token      string // path of the token's file; empty for none
	dataDir    string // as it was given
}

// listening tells where the server is.
func (a announcement) listening(version string) {
	fmt.Fprintf(a.out, "evenhand %s\n", version)
	if a.rest != nil {
		scheme := "http"
		if a.tls {
			scheme = "https"
		}
		fmt.Fprintf(a.out, "  REST   %s://%s\n", scheme, a.rest)
	}
	if a.grpc != nil {
		fmt.Fprintf(a.out, "  gRPC   %s\n", a.grpc)
	}
	if a.token != "" {
		fmt.Fprintf(a.out, "  token  %s\n", a.token)
	}
}

// ready tells that questions are answered.
func (a announcement) ready() { fmt.Fprintln(a.out, "ready") }

// demo tells what the demo company is, and what to try.
func (a announcement) demo(today time.Time) {
	flags := a.clientFlags()
	near := demo.NearlyPartner
	lastYear := today.AddDate(-1, 0, 0).Format(time.DateOnly)
	from, to := demo.CasePeriod(today)
	fmt.Fprintf(a.out, "\n%s, an invented company, is loaded. Try, in another terminal:\n\n", demo.Company)
	for _, command := range []string{
		"check " + near + " expert-hours",
		"entitlements windrow-storage --held",
		"holders free-shipping --as-of " + lastYear,
		"board seats " + demo.Board,
		"board said-and-did --board " + demo.Board,
		"case get " + near + "/" + demo.OpenCase,
		"audit parity --by channel --from " + from.Format(time.DateOnly) + " --to " + to.Format(time.DateOnly),
		"plan get " + demo.Planned,
		"plan due --owner " + demo.Manager,
		"plan suggestions list --limit 10",
		"plan statements get " + demo.Planned + " " + demo.LastQuarter(today),
	} {
		fmt.Fprintf(a.out, "  %s %s%s\n", shellWord(os.Args[0]), command, flags)
	}
	fmt.Fprintln(a.out)
}

// clientFlags are the flags with which a client command finds this server.
func (a announcement) clientFlags() string {
	flags := ""
	if a.dataDir != "data" {
		flags += " --data-dir " + shellWord(a.dataDir)
	}
	if address := reachable(a.grpc); address != "127.0.0.1:9090" {
		flags += " --server " + address
	}
	if a.tls {
		flags += " --tls"
	}
	return flags
}

// reachable is an address by which this machine reaches a listener.
func reachable(listener net.Addr) string {
	tcp, ok := listener.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return listener.String()
	}
	return net.JoinHostPort("127.0.0.1", strconv.Itoa(tcp.Port))
}

// shellWord quotes a word for a shell, where it has to be.
func shellWord(word string) string {
	if word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:,+=@") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func tokenPath(dataDir string) string { return filepath.Join(dataDir, "admin-token") }
