package outbox

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"slices"
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

// Send implements Delivery. The file appears whole or not at all; a message that was
// handed over before, under the same id, is left as it is.
func (f *Files) Send(ctx context.Context, to Address, m Message) error {
	if err := ctx.Err(); err != nil {
		return fmt.Errorf("%w: %w", ErrNotSent, context.Cause(ctx))
	}
	sent, err := f.Sent(ctx, m.ID)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	if sent {
		return nil
	}
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
	return syncFolder(f.Folder)
}

// writeWhole writes a file of which readers see nothing until it is on the disk. One that
// is there stays.
func writeWhole(path string, content []byte) error {
	file, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return err
	}
	_, err = file.Write(content)
	err = errors.Join(err, file.Sync(), file.Close())
	if err == nil {
		// Unlike a renaming, a link takes no other file's place.
		if err = os.Link(file.Name(), path); errors.Is(err, fs.ErrExist) {
			err = nil
		}
	}
	removed := os.Remove(file.Name())
	if err != nil {
		return errors.Join(err, removed)
	}
	return nil // what could not be removed is in nobody's way
}

// syncFolder makes sure that what a folder lists is on the disk.
func syncFolder(path string) error {
	folder, err := os.Open(path)
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
	} {
		if strings.ContainsAny(h[1], "\r\n") {
			return nil, fmt.Errorf("the %s of %s has more than one line", h[0], m.ID)
		}
		fmt.Fprintf(&b, "%s: %s\r\n", h[0], h[1])
	}
	if m.Attachment == nil {
		b.WriteString("Content-Type: " + plainText + "\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
		err := writeText(&b, m.Body)
		return b.Bytes(), err
	}
	err := writeBoth(&b, m)
	return b.Bytes(), err
}

const plainText = "text/plain; charset=utf-8"

func writeText(w io.Writer, text string) error {
	body := quotedprintable.NewWriter(w)
	_, err := body.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n")))
	return errors.Join(err, body.Close()) // before which the last line is not there
}

// writeBoth writes a message and its attachment as alternatives, the plain text first
// (RFC 2046, section 5.1.4): mail programs act on a calendar entry there, and show it.
func writeBoth(b *bytes.Buffer, m Message) error {
	if _, _, err := mime.ParseMediaType(m.Attachment.Type); err != nil || strings.ContainsAny(m.Attachment.Type, "\r\n") {
		return fmt.Errorf("the attachment of %s has no media type: %q", m.ID, m.Attachment.Type)
	}
	parts := multipart.NewWriter(b)
	sum := sha256.Sum256([]byte(m.ID))
	if err := parts.SetBoundary("=_" + hex.EncodeToString(sum[:16])); err != nil { // neither encoding ever has =_
		return err
	}
	fmt.Fprintf(b, "Content-Type: %s\r\n\r\n", mime.FormatMediaType("multipart/alternative", map[string]string{"boundary": parts.Boundary()}))
	text, err := parts.CreatePart(textproto.MIMEHeader{"Content-Type": {plainText}, "Content-Transfer-Encoding": {"quoted-printable"}})
	if err != nil {
		return err
	}
	if err := writeText(text, m.Body); err != nil {
		return err
	}
	file, err := parts.CreatePart(textproto.MIMEHeader{"Content-Type": {m.Attachment.Type}, "Content-Transfer-Encoding": {"base64"},
		"Content-Disposition": {mime.FormatMediaType("inline", map[string]string{"filename": m.Attachment.Name})}})
	if err != nil {
		return err
	}
	for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(m.Attachment.Content)), 76) { // RFC 2045, section 6.8
		if _, err := fmt.Fprintf(file, "%s\r\n", line); err != nil {
			return err
		}
	}
	return parts.Close()
}
