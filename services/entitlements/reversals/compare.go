package reversals

import (
	"cmp"
	"slices"
	"time"

	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// MostCited is how many entries a stretch cites, at most.
const MostCited = 20

// Stretch is a stretch of time in which an account had a benefit, or more of it than else,
// only because of entries that were taken back.
type Stretch struct {
	Account, Benefit string
	// Rule and Version are the rule that gave it, and the number of the version it stands in.
	Rule    string
	Version int
	// From is the first instant, To the first after it; zero where it does not end by itself.
	From, To time.Time
	// TakenBack are what it was won by, the latest receipts first: MostCited at most, and
	// More of them besides.
	TakenBack []TakenBack
	More      int
	// Used is how many units were used meanwhile, less those given back meanwhile. It is 0
	// until it is looked up.
	Used int64

	// limit is how much of the benefit the rule gives.
	limit int64
}

// never is behind all instants.
var never = time.UnixMilli(1 << 60).UTC()

// family is an account with the books of all whose spend counts together with its own.
type family struct {
	decision.Family
	book  *decision.Book
	books []*books // nil where nothing was refunded
	taken []*TakenBack
}

func newFamily(of decision.Family, book *decision.Book, all []*books) *family {
	f := &family{Family: of, book: book, books: all}
	for _, b := range all {
		if b == nil {
			continue
		}
		for i := range b.taken {
			f.taken = append(f.taken, &b.taken[i])
		}
	}
	slices.SortStableFunc(f.taken, func(a, b *TakenBack) int {
		return cmp.Or(-cmp.Compare(a.Receipt.Day, b.Receipt.Day), -a.Receipt.Recorded.Compare(b.Receipt.Recorded))
	})
	return f
}

// timeline is what the account was entitled to by what counted at an instant, without some
// of what was taken back.
func (f *family) timeline(at time.Time, without map[*TakenBack]bool) (decision.Timeline, error) {
	var own, group decision.Ledger
	for i, l := range f.Ledgers {
		if b := f.books[i]; b != nil {
			var err error
			if l, err = b.ledger(at, without); err != nil {
				return decision.Timeline{}, err
			}
		}
		if i == f.Self {
			own = l
		}
		if f.Grouped {
			var err error
			if group, err = group.Merge(l...); err != nil {
				return decision.Timeline{}, err
			}
		}
	}
	return f.book.Timeline(f.As(own, group)), nil
}

// stretches returns what was won by entries that were taken back.
func (f *family) stretches() ([]Stretch, error) {
	if len(f.taken) == 0 {
		return nil, nil
	}
	remains, err := f.timeline(never, setOf(f.taken))
	if err != nil {
		return nil, err
	}
	given, err := f.given()
	if err != nil {
		return nil, err
	}
	var list []Stretch
	for _, benefit := range f.book.Benefits() {
		due, err := remains.Holdings(benefit)
		if err != nil {
			return nil, err
		}
		had, err := given.holdings(benefit)
		if err != nil {
			return nil, err
		}
		list = append(list, f.undue(benefit, had, due)...)
	}
	for i := range list {
		if err := f.cite(&list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// pieces are timelines, each of which counted until an instant.
type pieces []piece

type piece struct {
	from, to time.Time
	timeline decision.Timeline
}

// given is what the account was entitled to: by what counted then, where mistakes are
// concerned.
func (f *family) given() (pieces, error) {
	turns := []time.Time{{}}
	for _, t := range f.taken {
		if t.Reversed() {
			turns = append(turns, t.Receipt.Recorded, t.Back.Recorded)
		}
	}
	slices.SortFunc(turns, time.Time.Compare)
	turns = slices.CompactFunc(turns, time.Time.Equal)
	var list pieces
	for i, from := range turns {
		timeline, err := f.timeline(from, nil)
		if err != nil {
			return nil, err
		}
		to := never
		if i+1 < len(turns) {
			to = turns[i+1]
		}
		list = append(list, piece{from, to, timeline})
	}
	return list, nil
}

// holdings is when the account had a benefit.
func (p pieces) holdings(benefit string) ([]decision.Holding, error) {
	var list []decision.Holding
	for _, piece := range p {
		held, err := piece.timeline.Holdings(benefit)
		if err != nil {
			return nil, err
		}
		for _, h := range held {
			h.From, h.To = later(h.From, piece.from), earlier(end(h.To), piece.to)
			if h.From.Before(h.To) {
				list = append(list, h)
			}
		}
	}
	return list, nil
}

// undue returns those stretches of what an account had of a benefit in which less was due.
func (f *family) undue(benefit string, had, due []decision.Holding) []Stretch {
	var list []Stretch
	add := func(h *decision.Holding, from, to time.Time) {
		if !from.Before(to) {
			return
		}
		if n := len(list) - 1; n >= 0 && list[n].To.Equal(from) && list[n].Rule == h.Rule.ID && list[n].Version == h.Version {
			list[n].To = to
			return
		}
		list = append(list, Stretch{Account: f.IDs[f.Self], Benefit: benefit, Rule: h.Rule.ID, Version: h.Version, From: from, To: to, limit: h.Benefit.Limit})
	}
	for i := range had {
		h := &had[i]
		from := h.From
		for j := range due {
			d := &due[j]
			if covers(d, h) && d.From.Before(h.To) && from.Before(end(d.To)) {
				add(h, from, d.From)
				from = end(d.To)
			}
		}
		add(h, from, h.To)
	}
	for i := range list {
		if list[i].To.Equal(never) {
			list[i].To = time.Time{}
		}
	}
	return list
}

// covers says that one holding gives as much as the other.
func covers(due, had *decision.Holding) bool { return due.Benefit.Limit >= had.Benefit.Limit }

// cite finds what a stretch was won by: as many of the latest receipts as have to be left
// out for the account not to have it when it begins, less those of them that do not matter.
// More money never takes a benefit, so that halving finds how many.
func (f *family) cite(s *Stretch) error {
	counted := f.counted(s.From)
	low, high := 1, len(counted)
	for low < high {
		middle := (low + high) / 2
		had, err := f.hadWithout(s, setOf(counted[:middle]))
		if err != nil {
			return err
		}
		if had {
			low = middle + 1
		} else {
			high = middle
		}
	}
	counted = counted[:min(low, len(counted))]
	without := setOf(counted)
	for _, t := range counted[:min(len(counted), MostCited)] {
		delete(without, t)
		had, err := f.hadWithout(s, without)
		if err != nil {
			return err
		}
		if had {
			without[t] = true
		}
	}
	for _, t := range counted {
		switch {
		case !without[t]:
		case len(s.TakenBack) < MostCited:
			s.TakenBack = append(s.TakenBack, *t)
		default:
			s.More++
		}
	}
	return nil
}

// counted are those that counted at an instant, before they were taken back or after it.
func (f *family) counted(at time.Time) []*TakenBack {
	today := f.book.Company().Zone.DayOf(at)
	var list []*TakenBack
	for _, t := range f.taken {
		if t.Receipt.Day <= today && (!t.Reversed() || !at.Before(t.Receipt.Recorded)) {
			list = append(list, t)
		}
	}
	return list
}

// setOf is a set of what was taken back.
func setOf(list []*TakenBack) map[*TakenBack]bool {
	set := make(map[*TakenBack]bool, len(list))
	for _, t := range list {
		set[t] = true
	}
	return set
}

// hadWithout says whether the account has what a stretch is about when it begins, without
// some of what was taken back.
func (f *family) hadWithout(s *Stretch, without map[*TakenBack]bool) (bool, error) {
	timeline, err := f.timeline(s.From, without)
	if err != nil {
		return false, err
	}
	d, err := timeline.At(s.From, s.Benefit)
	return err == nil && d.Entitled() && d.Benefit.Limit >= s.limit, err
}

func end(to time.Time) time.Time {
	if to.IsZero() {
		return never
	}
	return to
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}
