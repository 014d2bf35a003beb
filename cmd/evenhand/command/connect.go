package command

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

// tokenFileName is the file that `evenhand serve` makes in its data folder.
const tokenFileName = "admin-token"

// maxAnswer is the largest answer accepted, in bytes: a page of 1,000 accounts with all
// their attributes fits.
const maxAnswer = 64 << 20

// Connection says which server a command talks to, and as whom.
type Connection struct {
	Server    string        `default:"127.0.0.1:9090" env:"EVENHAND_SERVER" placeholder:"HOST:PORT" group:"connection" help:"gRPC address of the server (${default})."`
	DataDir   string        `default:"data" env:"EVENHAND_DATA_DIR" placeholder:"DIR" group:"connection" help:"Data folder of a server on this machine; its admin-token is used (${default})."`
	TokenFile string        `env:"EVENHAND_TOKEN_FILE" placeholder:"FILE" group:"connection" help:"File that holds the token, instead of the data folder's admin-token. The variable EVENHAND_TOKEN wins over both."`
	Timeout   time.Duration `default:"30s" placeholder:"DURATION" group:"connection" help:"How long one call may take (${default}); imports and rebuilds are not limited."`
	TLS       bool          `name:"tls" group:"connection" help:"Use TLS with the certificates this machine trusts."`
	TLSCA     string        `name:"tls-ca" placeholder:"FILE" group:"connection" help:"Use TLS with the authority in this PEM file."`
	Insecure  bool          `env:"EVENHAND_INSECURE" group:"connection" help:"Send the token to another machine without TLS."`
}

// session is an open connection that carries the caller's token.
type session struct {
	*grpc.ClientConn
	timeout time.Duration
}

// open prepares the connection; the first call makes it.
func (c *Connection) open(env *Env) (*session, error) {
	token, from, err := c.token(env)
	if err != nil {
		return nil, err
	}
	transport, err := c.transport()
	if err != nil {
		return nil, err
	}
	conn, err := grpc.NewClient(c.Server,
		grpc.WithTransportCredentials(transport),
		grpc.WithPerRPCCredentials(bearer(token)),
		grpc.WithUserAgent("evenhand/"+env.Version),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxAnswer)),
		grpc.WithChainUnaryInterceptor(c.explainUnary(from)),
		grpc.WithChainStreamInterceptor(c.explainStream(from)),
	)
	if err != nil {
		return nil, &usageError{fmt.Sprintf("--server %q: %v", c.Server, err)}
	}
	return &session{conn, c.Timeout}, nil
}

// call gives a context for one call.
func (s *session) call(env *Env) (context.Context, context.CancelFunc) {
	if s.timeout <= 0 {
		return context.WithCancel(env.Context)
	}
	return context.WithTimeout(env.Context, s.timeout)
}

// with opens the connection for the time of f.
func (c *Connection) with(env *Env, f func(*session) error) error {
	s, err := c.open(env)
	if err != nil {
		return err
	}
	defer s.Close()
	return f(s)
}

// token finds the caller's token, and says where.
func (c *Connection) token(env *Env) (token, from string, err error) {
	if token := strings.TrimSpace(env.Getenv("EVENHAND_TOKEN")); token != "" {
		from := "the variable EVENHAND_TOKEN"
		return token, from, mustBeToken(token, from)
	}
	path := c.TokenFile
	if path == "" {
		path = filepath.Join(c.DataDir, tokenFileName)
	}
	text, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "", "", &failure{
			message: fmt.Sprintf("there is no token: %s does not exist", path),
			fix: "start a server here with `evenhand serve`, name its data folder with --data-dir or a token's file with --token-file, " +
				"or set EVENHAND_TOKEN",
		}
	case err != nil:
		return "", "", fmt.Errorf("read the token in %s: %w", path, bare(err))
	}
	token = strings.TrimSpace(string(text))
	if token == "" {
		return "", "", &failure{message: fmt.Sprintf("the token file %s is empty", path)}
	}
	return token, path, mustBeToken(token, path)
}

// mustBeToken refuses what cannot be sent as a token: anything but one ASCII word.
func mustBeToken(token, from string) error {
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return &failure{message: from + " holds no token: a token is one word of letters, digits and punctuation"}
	}
	return nil
}

func (c *Connection) transport() (credentials.TransportCredentials, error) {
	config, err := clientTLS(c.TLS, c.TLSCA)
	if err != nil {
		return nil, err
	}
	return c.over(config)
}

// over returns the transport with these TLS settings, nil for none.
func (c *Connection) over(config *tls.Config) (credentials.TransportCredentials, error) {
	switch {
	case strings.HasPrefix(c.Server, "http://"), strings.HasPrefix(c.Server, "https://"):
		return nil, &usageError{fmt.Sprintf("--server %s is a web address: commands speak gRPC, whose address is HOST:PORT alone", c.Server)}
	case config != nil:
		return credentials.NewTLS(config), nil
	case !c.Insecure && !loopback(c.Server):
		return nil, &usageError{fmt.Sprintf(
			"--server %s is another machine, and the token would travel in the clear: add --tls or --tls-ca, or --insecure if you must", c.Server)}
	default:
		return insecure.NewCredentials(), nil
	}
}

// clientTLS returns the TLS settings of a client; nil for none.
func clientTLS(wanted bool, authority string) (*tls.Config, error) {
	if authority == "" {
		if !wanted {
			return nil, nil
		}
		return &tls.Config{MinVersion: tls.VersionTLS12}, nil
	}
	pem, err := os.ReadFile(authority)
	if err != nil {
		return nil, fmt.Errorf("--tls-ca: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, &usageError{fmt.Sprintf("--tls-ca: %s holds no certificate in PEM form", authority)}
	}
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, nil
}

// loopback says whether an address is this machine's own.
func loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip := net.ParseIP(host)
	return host == "localhost" || strings.HasPrefix(address, "unix:") || ip != nil && ip.IsLoopback()
}

// bearer puts a token on every call.
type bearer string

func (b bearer) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Bearer " + string(b)}, nil
}

// RequireTransportSecurity implements credentials.PerRPCCredentials; transport decides.
func (b bearer) RequireTransportSecurity() bool { return false }
