package programmes

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// Admission says in which order the places of a programme are given.
type Admission string

// The ways of admission. Programmes from before there were two have none: FirstCome.
const (
	// FirstCome: in the order of applications.
	FirstCome Admission = "first-come"
	// ByLottery: applications are collected until the last day for them, and then drawn.
	ByLottery Admission = "lottery"
)

// Round names the public value that a lottery will be drawn with.
type Round struct {
	// Source is who publishes it, Number which of its values is meant.
	Source string `bson:"source"`
	Number string `bson:"number"`
	// Known is from when its value is known.
	Known time.Time `bson:"known"`
}

// is says whether both are the same round.
func (r Round) is(other Round) bool {
	return r.Source == other.Source && r.Number == other.Number && r.Known.Equal(other.Known)
}

// Drawing is how far the lottery of a programme is.
type Drawing struct {
	// Unneeded says that everybody who had applied could have a place, so that nothing
	// was drawn: the rest is zero then.
	Unneeded bool `bson:"unneeded,omitempty"`
	// Name is the lottery's, Hash that of its public record.
	Name string `bson:"name,omitempty"`
	Hash string `bson:"hash,omitempty"`
	// Turn is the last application that takes part.
	Turn int64 `bson:"turn,omitempty"`
	// Drawn says that the waiting list is in the order that was drawn.
	Drawn bool `bson:"drawn,omitempty"`
}

// DrawState says how far a lottery is at the service that draws it.
type DrawState string

// The states of lotteries.
const (
	DrawCommitted DrawState = "committed"
	DrawDone      DrawState = "drawn"
	DrawCancelled DrawState = "cancelled"
)

// Lottery is a lottery as the service that draws it has it.
type Lottery struct {
	// Name is its resource name, Owner what it was committed for.
	Name, Owner string
	// Hash is that of its public record.
	Hash   string
	State  DrawState
	Places int
	// Round is the public value that it is drawn with, Secrets the number of people who
	// have a part of its seed besides.
	Round   Round
	Secrets int
}

// LotteryDraft is what a lottery is committed to.
type LotteryDraft struct {
	ID, RequestID  string
	Owner, Purpose string
	Places         int
	Entrants       []string
	Round          Round
}

// Lotteries draws: the lotteries of the board service.
type Lotteries interface {
	// Find returns a lottery by its id; known is false where there is none.
	Find(ctx context.Context, id string) (l Lottery, known bool, err error)
	// Commit commits a lottery; a retry with the same request id returns it.
	Commit(ctx context.Context, d LotteryDraft) (Lottery, error)
	// Draw draws a committed lottery with the value of its round.
	Draw(ctx context.Context, id, value string) (Lottery, error)
	// Entrants returns who takes part in a lottery, in any order.
	Entrants(ctx context.Context, id string) ([]string, error)
	// Order returns the entrants of a drawn lottery in the order drawn.
	Order(ctx context.Context, id string) ([]string, error)
}

// DrawBy says what draws the lotteries; to be called before the service is used.
func (s *Service) DrawBy(l Lotteries) { s.lotteries = l }

// pending says that places are not given yet, because the lottery is still to come.
func (p *Programme) pending() bool {
	return p.Admission == ByLottery && (p.Drawing == nil || !p.Drawing.Unneeded && !p.Drawing.Drawn)
}

// due says that the lottery is to be committed: applications were taken, and are no more.
func (p *Programme) due(today civil.Day) bool {
	return p.pending() && p.Drawing == nil && p.State(today) == Running
}

// lotteryID is the id of the lottery of a programme: the second where the first was
// called off, or is another than would be committed, and so on.
func lotteryID(programme string, attempt int) string {
	id := "programme-" + programme
	if attempt > 0 {
		id = fmt.Sprintf("%s-again-%d", id, attempt)
	}
	if names.IsID(id) {
		return id
	}
	sum := sha256.Sum256([]byte(id))
	return "programme-" + hex.EncodeToString(sum[:16])
}

// requestID is a UUID (RFC 9562, version 8) that follows from texts.
func requestID(texts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(texts, "\n")))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	h := hex.EncodeToString(sum[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

// RunLottery takes the lottery of a programme as far as it can be now, which Run does by
// itself, and draws it where the value of its round is given. PROGRAMME_STATE where there
// is no lottery, applications are still taken, or the lottery was called off; what the
// board service says of a value that is not right, or of a round that has passed.
func (s *Service) RunLottery(ctx context.Context, id, value string) (resource.Stored[Programme], error) {
	p, err := s.table.Get(ctx, id)
	if err != nil {
		return p, err
	}
	today, err := s.Today()
	if err != nil {
		return p, err
	}
	switch state := p.State.State(today); {
	case p.State.Admission != ByLottery:
		return p, refuse(ReasonState, Name(id), "gives its places in the order of applications, and has no lottery")
	case p.State.Drawing == nil && state != Running:
		return p, refuse(ReasonState, Name(id), "is not to be drawn yet: it has to be published, and its days for applications over")
	}
	if p, err = s.lot(ctx, p, today); err != nil {
		return p, err
	}
	if value == "" || !p.State.pending() {
		return s.filled(ctx, p), nil
	}
	if p.State.Drawing == nil {
		return p, refuse(ReasonState, Name(id),
			"cannot be drawn with this: its lottery was called off, or it was changed just now, so that none is committed; look at it again")
	}
	if _, err := s.lotteries.Draw(ctx, names.Last(p.State.Drawing.Name), value); err != nil {
		return p, fmt.Errorf("draw %s: %w", p.State.Drawing.Name, err)
	}
	if p, err = s.lot(ctx, p, today); err != nil {
		return p, err
	}
	return s.filled(ctx, p), nil
}

// lot takes the lottery of a programme a step further: commits it once applications are
// over, and takes over what was drawn. Each step can be repeated after a crash.
func (s *Service) lot(ctx context.Context, p resource.Stored[Programme], today civil.Day) (resource.Stored[Programme], error) {
	state := p.State.State(today)
	switch {
	case !p.State.pending() || state == Draft || state == Closed:
		return p, nil
	case p.State.Drawing != nil:
		return s.takeOver(ctx, p, today)
	case state != Running:
		return p, nil
	}
	// What this process knows may lack the last to apply, or that their days are more now.
	p, err := s.table.Get(ctx, p.ID)
	switch {
	case err != nil || !p.State.due(today):
		return p, err
	case s.lotteries == nil && p.State.placesForAll():
		return s.unneeded(ctx, p, today)
	case s.lotteries == nil:
		return p, noLotteries()
	}
	return s.commit(ctx, p, today)
}

// placesForAll says that nothing has to be drawn.
func (p *Programme) placesForAll() bool { return p.Count(Waiting) <= p.Free() }

func (s *Service) unneeded(ctx context.Context, p resource.Stored[Programme], today civil.Day) (resource.Stored[Programme], error) {
	return s.mark(ctx, p, today, "programme.lottery_unneeded", func(p *Programme) { p.Drawing = &Drawing{Unneeded: true} })
}

// takeOver puts the waiting list into the order that was drawn, once it is; a lottery that
// was called off is to be committed anew.
func (s *Service) takeOver(ctx context.Context, p resource.Stored[Programme], today civil.Day) (resource.Stored[Programme], error) {
	if s.lotteries == nil {
		return p, noLotteries()
	}
	id := names.Last(p.State.Drawing.Name)
	l, known, err := s.lotteries.Find(ctx, id)
	if err == nil && !known {
		err = fmt.Errorf("%s is not there any more", p.State.Drawing.Name)
	}
	if err != nil {
		return p, fmt.Errorf("look at the lottery of %s: %w", Name(p.ID), err)
	}
	switch l.State {
	case DrawCancelled:
		return s.mark(ctx, p, today, "programme.lottery_cancelled", func(p *Programme) {
			p.Drawing, p.Attempts = nil, p.Attempts+1
		})
	case DrawDone:
		order, err := s.lotteries.Order(ctx, id)
		if err != nil {
			return p, fmt.Errorf("read the order of %s: %w", p.State.Drawing.Name, err)
		}
		return s.mark(ctx, p, today, "programme.lottery_drawn", func(p *Programme) { p.take(order) })
	}
	return p, nil
}

// take puts those who took part and still wait into an order: they have the turns of one
// another. Who applied later stays behind them.
func (p *Programme) take(order []string) {
	place := make(map[string]int, len(order))
	for i, account := range order {
		place[account] = i + 1
	}
	p.Entries = slices.Clone(p.Entries)
	var turns []int64
	var drawn []*Entry
	for i := range p.Entries {
		if e := &p.Entries[i]; e.Standing == Waiting && e.Turn <= p.Drawing.Turn && place[e.Account] > 0 {
			turns, drawn = append(turns, e.Turn), append(drawn, e)
		}
	}
	slices.SortFunc(drawn, func(a, b *Entry) int { return place[a.Account] - place[b.Account] })
	for i, e := range drawn {
		e.Turn = turns[i]
	}
	slices.SortFunc(p.Entries, func(a, b Entry) int { return int(a.Turn - b.Turn) })
	after := *p.Drawing
	after.Drawn = true
	p.Drawing = &after
}

// drawnAs says whether the lottery of a programme is as far as it was, and one that is not
// committed yet would still be, to the same.
func (p *Programme) drawnAs(was *Programme, today civil.Day) bool {
	if p.Attempts != was.Attempts || !p.Round.is(was.Round) || (p.Drawing == nil) != (was.Drawing == nil) {
		return false
	}
	if p.Drawing == nil {
		return p.due(today) && p.Capacity == was.Capacity && p.Turns == was.Turns
	}
	return p.pending() && *p.Drawing == *was.Drawing
}

// mark writes how far the lottery is, unless somebody else has meanwhile, or it is not to
// be drawn like that any more: then it returns the programme as it is.
func (s *Service) mark(
	ctx context.Context, p resource.Stored[Programme], today civil.Day, event string, change func(*Programme),
) (resource.Stored[Programme], error) {
	marked, err := s.table.Update(ctx, own, p.ID, func(now resource.Stored[Programme]) bool {
		return now.State.drawnAs(&p.State, today)
	}, event, func(p *Programme) error {
		change(p)
		p.Revision, p.Changed = p.Revision+1, nil
		return nil
	})
	if errors.Is(err, resource.ErrStale) {
		return s.table.Get(ctx, p.ID)
	}
	if err == nil {
		s.known.set(marked)
	}
	return marked, err
}

// drawable says why no lottery can be drawn here where one would have to be.
func (s *Service) drawable(d *Definition) error {
	if d.Admission == ByLottery && s.lotteries == nil {
		return noLotteries()
	}
	return nil
}

func noLotteries() error {
	return fault.New(fault.FailedPrecondition, ReasonNoLotteries,
		"No board service draws lotteries here: start the server with one, or give its address with --board-addr.")
}

// checkAdmission says what is wrong with how places are given.
func (d *Definition) checkAdmission(refuse func(path, text string)) {
	switch d.Admission {
	case "", FirstCome:
		if !d.Round.is(Round{}) {
			refuse("lottery_round", "is for programmes whose admission is by lottery")
		}
	case ByLottery:
	default:
		refuse("admission", "is neither first-come nor lottery")
	}
}

// checkRound says why a lottery that is still to come could not be drawn with its round.
func (d *Definition) checkRound() error {
	refuse := func(path, text string) error { return fault.Invalid("programme."+path, "%s", text) }
	switch {
	case d.Admission != ByLottery:
	case d.Closes == 0:
		return refuse("close_date", "is missing: a lottery needs a last day for applications")
	case d.Round.Source == "" || d.Round.Number == "" || d.Round.Known.IsZero():
		return refuse("lottery_round", "is missing: name the round of public randomness that will decide, by its source, its number and from when its value is known")
	case strings.ContainsAny(d.Round.Source+d.Round.Number, "\r\n") || len(d.Round.Source) > maxTitle || len(d.Round.Number) > maxTitle:
		return refuse("lottery_round", "has a source or number that is too long, or more than one line")
	case civil.Date(d.Round.Known.UTC().Date()) < d.Closes+2:
		return refuse("lottery_round.known_time", "has to be on the second day after close_date, or later: who takes part is published before anybody can know the value")
	}
	return nil
}
