package entitlements

import (
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// The durable form of a page: a version byte, the number of accounts, and for each,
// in order of id,
//
//	uvarint length and bytes of the id
//	byte: state | hasJoined | hasClosed | hasParent
//	varint joined, varint closed, uvarint length and bytes of the parent's id: each
//	only where the byte says so
//	uvarint length and bytes of the ledger
//
// then the CRC-32 (IEEE, big-endian) of all that. Equal accounts are equal bytes.
const (
	pageForm = 1

	stateMask = 3
	hasJoined = 4
	hasClosed = 8
	hasParent = 16
)

var errDamaged = errors.New("stored page is damaged; rebuild the projections")

// encode returns the durable form, nil for a page without accounts. The caller holds
// the lock for writing.
func (p *page) encode() []byte {
	if len(p.accounts) == 0 {
		return nil
	}
	p.sort()
	size := 16
	for _, a := range p.accounts {
		size += len(a.id) + len(a.ledger) + len(a.parent()) + 24
	}
	b := append(make([]byte, 0, size), pageForm)
	b = binary.AppendUvarint(b, uint64(len(p.accounts)))
	for _, a := range p.accounts {
		b = a.append(b)
	}
	return binary.BigEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
}

func (a *account) append(b []byte) []byte {
	b = appendString(b, a.id)
	at := len(b)
	b = append(b, byte(a.state))
	if a.joined != civil.Never {
		b[at] |= hasJoined
		b = binary.AppendVarint(b, int64(a.joined))
	}
	if a.closed != civil.Never {
		b[at] |= hasClosed
		b = binary.AppendVarint(b, int64(a.closed))
	}
	if a.kin != nil {
		b[at] |= hasParent
		b = appendString(b, a.kin.parent)
	}
	return appendString(b, string(a.ledger))
}

func appendString(b []byte, s string) []byte {
	return append(binary.AppendUvarint(b, uint64(len(s))), s...)
}

// decodePage unpacks accounts. They share one string for ids and ledgers and lie in
// one slab, so that a million of them are a few thousand objects to the garbage
// collector.
func decodePage(data []byte) ([]*account, error) {
	if len(data) == 0 {
		return nil, nil
	}
	if len(data) < 6 || data[0] != pageForm {
		return nil, fmt.Errorf("%w: unknown form", errDamaged)
	}
	body := data[:len(data)-4]
	if crc32.ChecksumIEEE(body) != binary.BigEndian.Uint32(data[len(body):]) {
		return nil, fmt.Errorf("%w: checksum", errDamaged)
	}
	r := pageReader{rest: string(body[1:])}
	n := r.uvarint()
	if n > uint64(len(body)) {
		return nil, fmt.Errorf("%w: %d accounts", errDamaged, n)
	}
	slab := make([]account, n)
	accounts := make([]*account, n)
	for i := range slab {
		r.account(&slab[i])
		accounts[i] = &slab[i]
	}
	if r.short || r.rest != "" {
		return nil, fmt.Errorf("%w: length", errDamaged)
	}
	return accounts, nil
}

// repack puts the accounts, each of which may have become a few objects of its own,
// together as those of a page just read. The data is what encode has made of them, and
// the caller still holds the lock.
func (p *page) repack(data []byte) error {
	together, err := decodePage(data)
	if err != nil {
		return err
	}
	for i, a := range p.accounts {
		together[i].rev = a.rev
		together[i].memo.Store(a.memo.Load())
	}
	p.accounts = together
	return nil
}

// pageReader takes a durable form apart.
type pageReader struct {
	rest  string
	short bool
}

func (r *pageReader) account(a *account) {
	a.id = r.string()
	head := r.byte()
	a.state = State(head & stateMask)
	a.joined, a.closed = civil.Never, civil.Never
	if head&hasJoined != 0 {
		a.joined = civil.Day(r.varint())
	}
	if head&hasClosed != 0 {
		a.closed = civil.Day(r.varint())
	}
	if head&hasParent != 0 {
		a.setParent(r.string())
	}
	a.ledger = ledger(r.string())
}

func (r *pageReader) uvarint() uint64 {
	v, n := uvarint(r.rest)
	if n == 0 {
		r.short = true
	}
	r.rest = r.rest[n:]
	return v
}

func (r *pageReader) varint() int64 {
	v := r.uvarint()
	return int64(v>>1) ^ -int64(v&1)
}

func (r *pageReader) byte() byte {
	if r.rest == "" {
		r.short = true
		return 0
	}
	b := r.rest[0]
	r.rest = r.rest[1:]
	return b
}

func (r *pageReader) string() string {
	n := r.uvarint()
	if n > uint64(len(r.rest)) {
		r.short = true
		n = uint64(len(r.rest))
	}
	s := r.rest[:n]
	r.rest = r.rest[n:]
	return s
}
