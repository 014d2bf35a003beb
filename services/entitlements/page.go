package entitlements

import (
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// pageCount is how many pages there are. It is part of the durable form.
const (
	pageBits  = 12
	pageCount = 1 << pageBits
)

// account is what is known of one account. All but the memo is guarded by the lock
// of its page.
type account struct {
	id     string
	ledger ledger
	// kin is nil for an account without a parent.
	kin *kin
	// memo is the timeline computed last; nil when there is none or it is outdated.
	memo   atomic.Pointer[memo]
	joined civil.Day // civil.Never where none is given
	closed civil.Day // civil.Never while open
	// rev counts the changes, so that what was computed from an older state is not
	// kept for the newer.
	rev   uint32
	state State
}

type kin struct{ parent string }

func (a *account) parent() string {
	if a.kin == nil {
		return ""
	}
	return a.kin.parent
}

func (a *account) setParent(id string) {
	a.kin = nil
	if id != "" {
		a.kin = &kin{parent: id}
	}
}

// page holds the accounts whose ids hash to it.
type page struct {
	// used is set by readers and cleared by the sweep that evicts.
	used atomic.Bool

	mu       sync.RWMutex
	resident bool
	// sorted says that accounts are in order of id.
	sorted   bool
	accounts []*account
	// index finds accounts: open addressing, a power of two of slots, each 0 or the
	// account's place plus one, below a tag of its hash.
	index []uint32
	// applied is the feed position of the last change that the page has.
	applied int64
	// epoch is the projection's, or that of the stored page where a rebuild was broken
	// off and left a newer one.
	epoch int64
	// stored is the position that the stored page has, -1 where it has to be written
	// in any case.
	stored int64
	// evictions counts them, so that what was read from the store before one is not
	// taken for current after it.
	evictions uint32
	// loading is closed when the load under way has ended; nil while there is none.
	loading chan struct{}
	// seen says that the parents of the page's accounts are in the group index.
	seen bool
}

const (
	placeBits = 20
	placeMask = 1<<placeBits - 1
)

// hashID is 64-bit FNV-1a, mixed. It decides in which page an account is stored, and
// so never changes.
func hashID(id string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(id) {
		h = (h ^ uint64(id[i])) * 1099511628211
	}
	h ^= h >> 32
	h *= 0xd6e8feb86659fd93
	return h ^ h>>32
}

func pageOf(hash uint64) int { return int(hash >> (64 - pageBits)) }

func tagOf(hash uint64) uint32 { return uint32(hash>>32) << placeBits }

// find returns an account, or nil. The caller holds the lock.
func (p *page) find(id string, hash uint64) *account {
	if len(p.index) == 0 {
		return nil
	}
	mask := uint64(len(p.index) - 1)
	for at := hash & mask; ; at = (at + 1) & mask {
		slot := p.index[at]
		if slot == 0 {
			return nil
		}
		if slot&^placeMask == tagOf(hash) {
			if a := p.accounts[slot&placeMask-1]; a.id == id {
				return a
			}
		}
	}
}

// findOrAdd returns an account, which is new, unannounced and open where there was
// none. The caller holds the lock for writing.
func (p *page) findOrAdd(id string, hash uint64) *account {
	if a := p.find(id, hash); a != nil {
		return a
	}
	// The id may be part of a larger string, as a decoded batch is.
	a := &account{id: strings.Clone(id), joined: civil.Never, closed: civil.Never}
	if n := len(p.accounts); p.sorted && n > 0 && p.accounts[n-1].id > id {
		p.sorted = false
	}
	p.accounts = append(p.accounts, a)
	if 2*len(p.accounts) > len(p.index) {
		p.reindex()
	} else {
		p.put(hash, len(p.accounts)-1)
	}
	return a
}

func (p *page) put(hash uint64, place int) {
	mask := uint64(len(p.index) - 1)
	at := hash & mask
	for p.index[at] != 0 {
		at = (at + 1) & mask
	}
	p.index[at] = tagOf(hash) | uint32(place+1)
}

// reindex builds the index anew, at most two fifths full so that it can grow.
func (p *page) reindex() {
	size := 4
	for size < 2*len(p.accounts)+len(p.accounts)/2 {
		size *= 2
	}
	p.index = make([]uint32, size)
	for place, a := range p.accounts {
		p.put(hashID(a.id), place)
	}
}

// sort puts the accounts in order of id. The caller holds the lock for writing.
func (p *page) sort() {
	if p.sorted {
		return
	}
	slices.SortFunc(p.accounts, func(a, b *account) int { return strings.Compare(a.id, b.id) })
	p.accounts = slices.Clip(p.accounts)
	p.sorted = true
	p.reindex()
}

// from returns the place of the first account with an id behind after. The page is
// sorted.
func (p *page) from(after string) int {
	at, found := slices.BinarySearchFunc(p.accounts, after, func(a *account, id string) int { return strings.Compare(a.id, id) })
	if found {
		at++
	}
	return at
}
