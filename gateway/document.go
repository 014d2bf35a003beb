package gateway

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
)

// document is a file that is always the same.
type document struct {
	content []byte
	etag    string
}

func newDocument(content []byte) document {
	sum := sha256.Sum256(content)
	return document{content: content, etag: hex.EncodeToString(sum[:16])}
}

// serve answers with the document, unless the caller has it.
func (d document) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("ETag", `"`+d.etag+`"`)
	h.Set("Cache-Control", "no-cache")
	known, err := parseTags(r.Header, "If-None-Match")
	if err == nil && (known.any || slices.ContainsFunc(known.list, func(t tag) bool { return t.value == d.etag })) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Type", "application/json")
	_, _ = w.Write(d.content)
}
