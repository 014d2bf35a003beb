package accounts

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
)

// chunkSize is the most entries in a chunk.
const chunkSize = 500

// Key is the identity of an entry: the first half of a SHA-256, see entryKeys.
type Key [16]byte

// chunk is a document of the ledger: entries that were recorded together, column by
// column. It is never changed.
//
// Numbers are variable-length integers behind one another in a binary value, so that
// 500 entries with dates and amounts of everyday size are about 3 kB beside their
// keys; an array of BSON would spend more on the names of its elements. The keys are
// such an array, because an index has to see each.
type chunk struct {
	Batch    string    `bson:"batch,omitempty"`
	Recorded time.Time `bson:"recorded"`
	By       string    `bson:"by,omitempty"`
	// Accounts are ids of the accounts concerned, each once, in order of appearance.
	Accounts []string `bson:"accounts"`
	// Keys are those of the entries, in order, and behind them, where a request id came
	// with a single request, the key of that request.
	Keys [][]byte `bson:"keys"`
	// Index is the place in Accounts of each entry; unsigned.
	Index []byte `bson:"index"`
	// Days are each entry's day less the day before it in the column.
	Days []byte `bson:"days"`
	// Minor is each entry's amount in its own currency.
	Minor []byte `bson:"minor"`
	// Reporting is each amount in the reporting currency; absent where that is Minor.
	Reporting []byte `bson:"reporting,omitempty"`
	Currency  texts  `bson:"currency"`
	Source    texts  `bson:"source"`
	External  texts  `bson:"external,omitempty"`
	Note      texts  `bson:"note,omitempty"`
	// Corrects is the key of the entry that the only one here takes back.
	Corrects []byte `bson:"corrects,omitempty"`
	// Request is the single request that recorded the chunk.
	Request *docstore.Request `bson:"request,omitempty"`
}

var chunkSpec = docstore.Spec{Name: "revenue", Indexes: []docstore.Index{
	{Name: "keys", Fields: []string{"keys"}, Unique: true, Multikey: true},
	{Name: "accounts", Fields: []string{"accounts"}, Multikey: true},
}}

// texts is a column of texts: empty where all are empty, one where all are the same,
// else one for each entry.
type texts []string

func (t texts) at(i int) string {
	switch len(t) {
	case 0:
		return ""
	case 1:
		return t[0]
	}
	return t[i]
}

func textsOf(entries []entry, of func(*entry) string) texts {
	first := of(&entries[0])
	for i := range entries {
		if of(&entries[i]) != first {
			all := make(texts, len(entries))
			for j := range entries {
				all[j] = of(&entries[j])
			}
			return all
		}
	}
	if first == "" {
		return nil
	}
	return texts{first}
}

// entry is a row of a chunk.
type entry struct {
	account   string
	day       Day
	minor     int64
	currency  string
	reporting int64
	key       Key
	source    string
	external  string
	note      string
	// line is where an import read it.
	line int64
	// chunk is the id of the chunk it was found in.
	chunk string
}

// sameAs says whether two entries with one key record the same.
func (e *entry) sameAs(o *entry) bool {
	return e.account == o.account && e.day == o.day && e.minor == o.minor && e.currency == o.currency
}

// newChunk makes the columns of entries, of which there is at least one.
func newChunk(entries []entry) chunk {
	c := chunk{
		Keys:     make([][]byte, len(entries)),
		Index:    make([]byte, 0, 2*len(entries)),
		Days:     make([]byte, 0, 2*len(entries)),
		Minor:    make([]byte, 0, 3*len(entries)),
		Currency: textsOf(entries, func(e *entry) string { return e.currency }),
		Source:   textsOf(entries, func(e *entry) string { return e.source }),
		External: textsOf(entries, func(e *entry) string { return e.external }),
		Note:     textsOf(entries, func(e *entry) string { return e.note }),
	}
	places := make(map[string]int, len(entries))
	before, converted := Day(0), false
	for i := range entries {
		e := &entries[i]
		place, known := places[e.account]
		if !known {
			place = len(c.Accounts)
			places[e.account] = place
			c.Accounts = append(c.Accounts, e.account)
		}
		c.Keys[i] = e.key[:]
		c.Index = binary.AppendUvarint(c.Index, uint64(place))
		c.Days = binary.AppendVarint(c.Days, int64(e.day-before))
		c.Minor = binary.AppendVarint(c.Minor, e.minor)
		before = e.day
		converted = converted || e.reporting != e.minor
	}
	if converted {
		for i := range entries {
			c.Reporting = binary.AppendVarint(c.Reporting, entries[i].reporting)
		}
	}
	return c
}

var errChunk = errors.New("a chunk of the ledger is damaged")

// entries is the inverse of newChunk.
func (c *chunk) entries() ([]entry, error) {
	columns := columns{Accounts: c.Accounts, Index: c.Index, Days: c.Days, Minor: c.Minor}
	original, err := columns.revenue()
	if err != nil {
		return nil, err
	}
	columns.Reporting = c.Reporting
	reporting, err := columns.revenue()
	if err != nil || len(c.Keys) < len(original.Days) {
		return nil, errors.Join(errChunk, err)
	}
	all := make([]entry, len(original.Days))
	for i := range all {
		all[i] = entry{
			account: c.Accounts[original.Index[i]], day: Day(original.Days[i]),
			minor: original.Minor[i], reporting: reporting.Minor[i],
			currency: c.Currency.at(i), source: c.Source.at(i), external: c.External.at(i), note: c.Note.at(i),
		}
		copy(all[i].key[:], c.Keys[i])
	}
	return all, nil
}

// columns is the part of a chunk that followers are told.
type columns struct {
	Accounts  []string `bson:"accounts"`
	Index     []byte   `bson:"index"`
	Days      []byte   `bson:"days"`
	Minor     []byte   `bson:"minor"`
	Reporting []byte   `bson:"reporting"`
}

// Revenue is entries that were recorded together, column by column: entry i concerns
// Accounts[Index[i]], counts on Days[i] and is Minor[i] in the reporting currency.
type Revenue struct {
	Accounts []string
	Index    []uint32
	Days     []int32
	Minor    []int64
}

func (c *columns) revenue() (Revenue, error) {
	amounts := c.Minor
	if len(c.Reporting) > 0 {
		amounts = c.Reporting
	}
	// A varint ends with its only byte below 0x80.
	n := 0
	for _, b := range c.Index {
		if b < 0x80 {
			n++
		}
	}
	r := Revenue{Accounts: c.Accounts, Index: make([]uint32, n), Days: make([]int32, n), Minor: make([]int64, n)}
	index, days, day := c.Index, c.Days, int64(0)
	for i := range n {
		place, k := binary.Uvarint(index)
		step, l := binary.Varint(days)
		minor, m := binary.Varint(amounts)
		if k <= 0 || l <= 0 || m <= 0 || place >= uint64(len(c.Accounts)) {
			return Revenue{}, fmt.Errorf("%w: entry %d of %d", errChunk, i, n)
		}
		index, days, amounts = index[k:], days[l:], amounts[m:]
		day += step
		r.Index[i], r.Days[i], r.Minor[i] = uint32(place), int32(day), minor
	}
	return r, nil
}
