package usage

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"iter"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/docstore"
)

// run is entries of a balance that follow one another: the latest ones, or a page of the
// ledger.
type run struct {
	account, benefit string
	// before is the number of the entry before the first one.
	before  int64
	encoded lines
}

// lines are entries, encoded one after the other, since a change looks at little of them:
// without account, benefit and number, and where a request made them without the id.
type lines []byte

// add puts an entry behind the others.
func (l *lines) add(e Entry) error {
	e.Account, e.Benefit, e.Seq = "", "", 0
	if e.ID == e.Request.DocumentID() {
		e.ID = ""
	}
	raw, err := bson.Marshal(e)
	*l = append(*l, raw...)
	return err
}

// all yields the entries, with their places from 0.
func (l lines) all() iter.Seq2[int, bson.Raw] {
	return func(yield func(int, bson.Raw) bool) {
		for i := 0; len(l) > 0; i++ {
			size := l.first()
			if !yield(i, bson.Raw(l[:size])) {
				return
			}
			l = l[size:]
		}
	}
}

// first is how many bytes the first entry takes: BSON begins with its length.
func (l lines) first() int { return int(binary.LittleEndian.Uint32(l)) }

// idOf is the id of an encoded entry.
func idOf(raw bson.Raw) string {
	if text, ok := raw.Lookup("id").StringValueOK(); ok {
		return text
	}
	return docstore.Request{Key: keyOf(raw)}.DocumentID()
}

// keyOf is the key of the request that made an encoded entry; nil where it had no id.
func keyOf(raw bson.Raw) []byte {
	_, key, _ := raw.Lookup("q", "key").BinaryOK()
	return key
}

// aboutOf is the id of the entry that an encoded entry is about, or empty.
func aboutOf(raw bson.Raw) string {
	text, _ := raw.Lookup("of").StringValueOK()
	return text
}

// above are the entries with numbers above one.
func (r run) above(number int64) run {
	for ; r.before < number && len(r.encoded) > 0; r.before++ {
		r.encoded = r.encoded[r.encoded.first():]
	}
	return r
}

// read decodes the entry at a place.
func (r run) read(place int, raw bson.Raw) (Entry, error) {
	e, err := readEntry(raw)
	e.Account, e.Benefit, e.Seq = r.account, r.benefit, r.before+int64(place)+1
	if e.ID == "" {
		e.ID = e.Request.DocumentID()
	}
	return e, err
}

func readEntry(raw []byte) (Entry, error) {
	var e Entry
	if err := bson.Unmarshal(raw, &e); err != nil {
		return Entry{}, fmt.Errorf("read an entry of usage: %w", err)
	}
	e.At, e.Expires = e.At.UTC(), e.Expires.UTC()
	return e, nil
}

// entries returns those that are wanted; nil wants all.
func (r run) entries(wanted func(bson.Raw) bool) ([]Entry, error) {
	var list []Entry
	for i, raw := range r.encoded.all() {
		if wanted != nil && !wanted(raw) {
			continue
		}
		e, err := r.read(i, raw)
		if err != nil {
			return nil, err
		}
		list = append(list, e)
	}
	return list, nil
}

// about returns those that are about an entry.
func (r run) about(of string) ([]Entry, error) {
	if of == "" {
		return nil, nil
	}
	return r.entries(func(raw bson.Raw) bool { return aboutOf(raw) == of })
}

// by returns the one that a request made.
func (r run) by(key []byte) (Entry, bool, error) {
	if !bytes.Contains(r.encoded, key) { // as nearly always
		return Entry{}, false, nil
	}
	return first(r.entries(func(raw bson.Raw) bool { return bytes.Equal(keyOf(raw), key) }))
}

// find returns an entry by its id.
func (r run) find(id string) (Entry, bool, error) {
	return first(r.entries(func(raw bson.Raw) bool { return idOf(raw) == id }))
}

func first(list []Entry, err error) (Entry, bool, error) {
	if len(list) == 0 {
		return Entry{}, false, err
	}
	return list[0], true, err
}
