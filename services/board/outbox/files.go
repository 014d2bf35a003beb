package outbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// Files delivers messages as files of a folder, one each, in the form of e-mails
// (RFC 5322): <id>.eml, with ~ for each / of the id; an id that is no file name everywhere
// even so stands as the SHA-256 of it. Whoever sends the company's e-mail reads them there, and moves
// those that are on their way to the folder "sent" within; a message that is in neither
// place was not handed over.
type Files struct {
	// Folder is made where it is not there.
	Folder string
	// From is the address that messages come from.
	From string
	// Now is the clock.
	Now func() time.Time
}

var _ Delivery = (*Files)(nil)

func (f *Files) path(id string) string { return filepath.Join(f.Folder, fileName(id)) }

// plainID matches ids that are, but for slashes, file names on every system and local
// parts of Message-IDs.
var plainID = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]*([./][a-z0-9_-]+)*$`)

// maxPlain is the length in bytes from which on an id is not taken as a file name.
const maxPlain = 200

// plain writes an id as it can stand in file names and headers, no two ids alike.
func plain(id string) string {
	if len(id) <= maxPlain && plainID.MatchString(id) {
		return strings.ReplaceAll(id, "/", "~")
	}
	sum := sha256.Sum256([]byte(id))
	return hex.EncodeToString(sum[:])
}

func fileName(id string) string { return plain(id) + ".eml" }

// Send implements Delivery. The file appears whole or not at all.
func (f *Files) Send(_ context.Context, to Address, m Message) error {
	text, err := f.write(to, m)
	if err == nil {
		err = os.MkdirAll(f.Folder, 0o700)
	}
	if err == nil {
		err = writeWhole(f.path(m.ID), text)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	return nil
}

// writeWhole writes a file of which readers see nothing until it is on the disk.
func writeWhole(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// Sent implements Delivery.
func (f *Files) Sent(_ context.Context, id string) (bool, error) {
	for _, path := range []string{f.path(id), filepath.Join(f.Folder, "sent", fileName(id))} {
		_, err := os.Stat(path)
		if !errors.Is(err, fs.ErrNotExist) {
			return err == nil, err
		}
	}
	return false, nil
}

// write makes the e-mail.
func (f *Files) write(to Address, m Message) ([]byte, error) {
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"Date", f.Now().Format(time.RFC1123Z)},
		{"Message-ID", "<" + plain(m.ID) + "@evenhand>"},
		{"From", (&mail.Address{Name: "Advisory board", Address: f.From}).String()},
		{"To", (&mail.Address{Name: to.Name, Address: to.Email}).String()},
		{"Subject", mime.QEncoding.Encode("utf-8", m.Subject)},
		{"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"},
		{"Content-Transfer-Encoding", "quoted-printable"},
	} {
		if strings.ContainsAny(h[1], "\r\n") {
			return nil, fmt.Errorf("the %s of %s has more than one line", h[0], m.ID)
		}
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	b.WriteString("\r\n")
	body := quotedprintable.NewWriter(&b)
	_, err := body.Write([]byte(strings.ReplaceAll(m.Body, "\n", "\r\n")))
	err = errors.Join(err, body.Close()) // before which the last line is not there
	return b.Bytes(), err
}
