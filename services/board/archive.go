package board

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/evenhand/evenhand/internal/docstore"
)

// archive keeps what is written once and can be large: pools, solutions, records. Each
// has an id that says what it is of, so that it is not made twice.
type archive struct {
	docs *docstore.Collection[archived]
}

// archived is a text, compressed.
type archived struct {
	Text []byte `bson:"text"`
}

func openArchive(ctx context.Context, store *docstore.Store) (*archive, error) {
	docs, err := docstore.OpenCollection[archived](ctx, store, docstore.Spec{Name: "archive", Silent: true})
	return &archive{docs}, err
}

// put keeps a text under an id, and returns what is kept there: an earlier text stays.
func (a *archive) put(ctx context.Context, id string, text []byte) ([]byte, error) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := w.Write(text)
	if err = errors.Join(err, w.Close()); err != nil {
		return nil, fmt.Errorf("compress %s: %w", id, err)
	}
	_, err = a.docs.Insert(ctx, id, archived{packed.Bytes()})
	if errors.Is(err, docstore.ErrExists) {
		return a.get(ctx, id)
	}
	if err != nil {
		return nil, fmt.Errorf("archive %s: %w", id, err)
	}
	return text, nil
}

// get returns the text of an id, or docstore.ErrNotFound.
func (a *archive) get(ctx context.Context, id string) ([]byte, error) {
	d, err := a.docs.Get(ctx, id)
	if err != nil {
		return nil, fmt.Errorf("read %s of the archive: %w", id, err)
	}
	r, err := gzip.NewReader(bytes.NewReader(d.Body.Text))
	if err != nil {
		return nil, fmt.Errorf("read %s of the archive: %w", id, err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, fmt.Errorf("read %s of the archive: %w", id, err)
	}
	return text, nil
}

// read returns what was archived under an id as JSON.
func (a *archive) read(ctx context.Context, id string, into any) error {
	text, err := a.get(ctx, id)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, into); err != nil {
		return fmt.Errorf("read %s of the archive: %w", id, err)
	}
	return nil
}

// digest is the beginning of the SHA-256 of texts, for ids.
func digest(texts ...[]byte) string {
	h := sha256.New()
	for _, text := range texts {
		sum := sha256.Sum256(text)
		h.Write(sum[:])
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
