package plans

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/evenhand/evenhand/internal/docstore"
)

// salt is what the digests of texts are made with.
type salt struct {
	Bytes []byte `bson:"bytes"`
}

// theSalt is the id of the one salt.
const theSalt = "texts"

// OpenDigest returns a function that makes digests of texts, by which those are found that
// are repeated word for word, without keeping the words: the case and the spaces between
// words do not matter. Its salt is kept in the store, so that all processes make the same
// ones, and is made of random where there is none; nil random is crypto/rand. The empty
// text has the empty digest.
func OpenDigest(ctx context.Context, store *docstore.Store, random io.Reader) (func(text string) string, error) {
	if random == nil {
		random = rand.Reader
	}
	salts, err := docstore.OpenCollection[salt](ctx, store, docstore.Spec{Name: "salts", Silent: true})
	if err != nil {
		return nil, fmt.Errorf("open the salt of digests: %w", err)
	}
	fresh := salt{Bytes: make([]byte, 32)}
	if _, err := io.ReadFull(random, fresh.Bytes); err != nil {
		return nil, fmt.Errorf("make the salt of digests: %w", err)
	}
	if _, err := salts.Insert(ctx, theSalt, fresh); err != nil && !errors.Is(err, docstore.ErrExists) {
		return nil, fmt.Errorf("keep the salt of digests: %w", err)
	}
	kept, err := salts.Get(ctx, theSalt)
	if err != nil {
		return nil, fmt.Errorf("read the salt of digests: %w", err)
	}
	return func(text string) string {
		words := strings.Join(strings.Fields(strings.ToLower(text)), " ")
		if words == "" {
			return ""
		}
		sum := hmac.New(sha256.New, kept.Body.Bytes)
		sum.Write([]byte(words)) // it never fails
		return hex.EncodeToString(sum.Sum(nil)[:16])
	}, nil
}
