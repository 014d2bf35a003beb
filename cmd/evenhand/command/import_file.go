package command

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
)

// importFile is a file that is read more than once: for its digest, and for every
// attempt to send it.
type importFile struct {
	*os.File
	name   string // its base name; empty for standard input
	size   int64
	digest string // SHA-256 in hexadecimal
	spool  string // the copy of standard input, to be removed
}

// openImport opens a file and computes its digest; - is standard input, which is
// copied to a temporary file first.
func openImport(env *Env, path string) (*importFile, error) {
	f := &importFile{name: filepath.Base(path)}
	var err error
	if path == "-" {
		f.name = ""
		err = f.spoolFrom(env)
	} else {
		f.File, err = os.Open(path)
	}
	if err != nil {
		return nil, err
	}
	if err := f.digestAll(env); err != nil {
		return nil, errors.Join(fmt.Errorf("read %s: %w", path, bare(err)), f.Close())
	}
	return f, nil
}

func (f *importFile) spoolFrom(env *Env) error {
	spool, err := os.CreateTemp("", "evenhand-import-*.csv")
	if err != nil {
		return fmt.Errorf("copy standard input: %w", err)
	}
	f.File, f.spool = spool, spool.Name()
	if _, err := io.Copy(spool, untilStopped{env, env.Stdin}); err != nil {
		return errors.Join(fmt.Errorf("copy standard input: %w", err), f.Close())
	}
	return nil
}

func (f *importFile) digestAll(env *Env) error {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return err
	}
	sum := sha256.New()
	size, err := io.Copy(sum, untilStopped{env, f.File})
	f.size, f.digest = size, hex.EncodeToString(sum.Sum(nil))
	return err
}

// Close closes the file, and removes it where it is a copy of standard input.
func (f *importFile) Close() error {
	err := f.File.Close()
	if f.spool != "" {
		err = errors.Join(err, os.Remove(f.spool))
	}
	return err
}

// untilStopped ends reading when the process is told to stop.
type untilStopped struct {
	env *Env
	io.Reader
}

func (r untilStopped) Read(p []byte) (int, error) {
	if err := r.env.Context.Err(); err != nil {
		return 0, err
	}
	return r.Reader.Read(p)
}

// pass reads a file from its beginning once more, and knows at its end whether it is
// still the file of the digest.
type pass struct {
	file *importFile
	sum  hash.Hash
	read int64
}

func (f *importFile) newPass() (*pass, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("read %s again: %w", f.Name(), err)
	}
	return &pass{file: f, sum: sha256.New()}, nil
}

func (p *pass) Read(b []byte) (int, error) {
	n, err := p.file.Read(b)
	p.sum.Write(b[:n])
	p.read += int64(n)
	return n, err
}

// check fails when the file was changed since its digest was computed.
func (p *pass) check() error {
	if hex.EncodeToString(p.sum.Sum(nil)) != p.file.digest {
		return &failure{
			message: fmt.Sprintf("%s was changed while it was being imported", p.file.Name()),
			fix:     "import it again with --resume when nothing writes to it any more",
		}
	}
	return nil
}
