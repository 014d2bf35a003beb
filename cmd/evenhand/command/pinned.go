package command

import (
	"bytes"
	"crypto/tls"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
)

// pinned is a server's certificate that is known beforehand. A server is trusted that
// proves to have it, and no other; no authority and no name is asked for then.
type pinned struct {
	file string
	der  []byte
	// other says that a server had another one.
	other atomic.Bool
}

// pin reads the certificate in a PEM file, the first where there is a chain: the
// server's own.
func pin(file string) (*pinned, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("--tls-cert: %w", err)
	}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return nil, &usageError{fmt.Sprintf("--tls-cert: %s holds no certificate in PEM form", file)}
		}
		if block.Type == "CERTIFICATE" {
			return &pinned{file: file, der: block.Bytes}, nil
		}
	}
}

var errOtherCertificate = errors.New("the server has another certificate")

// config returns TLS settings that trust this certificate alone. The handshake proves
// that the server has its key.
func (p *pinned) config() *tls.Config {
	return &tls.Config{
		MinVersion:         tls.VersionTLS12,
		InsecureSkipVerify: true, // VerifyConnection asks for more than an authority would
		VerifyConnection: func(state tls.ConnectionState) error {
			if len(state.PeerCertificates) == 0 || !bytes.Equal(state.PeerCertificates[0].Raw, p.der) {
				p.other.Store(true)
				return errOtherCertificate
			}
			return nil
		},
	}
}

// explain returns why a server could not be asked: that it had another certificate,
// where it had, else err.
func (p *pinned) explain(address string, err error) error {
	if p == nil || !p.other.Load() {
		return err
	}
	return &failure{
		message: fmt.Sprintf("the server at %s has another certificate than the one in %s", address, p.file),
		fix:     "where the file was renewed restart the server, which reads it at its start; name another server's certificate with --tls-cert, or its authority with --tls-ca",
	}
}
