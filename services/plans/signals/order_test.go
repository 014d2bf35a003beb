package signals

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// plain are rules of all kinds of facts that follow from feeds, whose conditions come and go
// with a few changes.
var plain = map[string]Content{
	"spend": {Fact: Spend, Condition: "fact.recent < 200 || fact.year_before > 0",
		Reason: "'Spent ' + money(fact.recent, fact.currency) + ', ' + money(fact.year_before, fact.currency) + ' a year before.'"},
	"usage":       {Fact: Usage, Condition: "fact.last_used + 12 < fact.day", Reason: "'Used last on ' + string(fact.last_used) + '.'"},
	"breach":      {Fact: Breach, Condition: "fact.days_since <= 9", Reason: "'We broke ' + fact.commitment + ' on ' + day(fact.on) + '.'"},
	"clause":      {Fact: Clause, Condition: "fact.citations > 0", Reason: "string(fact.citations) + ' of ' + fact.clause"},
	"term":        {Fact: Term, Condition: "fact.days_left < 60", Reason: "fact.event + ' on ' + day(fact.on)"},
	"anniversary": {Fact: Anniversary, Condition: "account.name != 'CLOSED'", Reason: "string(fact.years) + ' years'"},
}

// history is what the services tell, each in the order of its feed.
type history map[feeds.Service][]feeds.Change

// drawHistory draws what is told of some accounts around mid-June 2026.
func drawHistory(r *rapid.T, first civil.Day, ids []string) history {
	all := history{}
	add := func(of feeds.Service, c feeds.Change) {
		c.Service, c.Position = of, int64(len(all[of])+1)
		c.At = civil.UTC.Start(first + civil.Day(rapid.IntRange(0, 5).Draw(r, "at")))
		all[of] = append(all[of], c)
	}
	one := func() string { return rapid.SampledFrom(ids).Draw(r, "account") }
	paid := func() civil.Day { // also long ago, and dated ahead by mistake
		return first + civil.Day(rapid.SampledFrom([]int{-1500, -460, -3, 0, 3, 400, 30_000}).Draw(r, "from")+rapid.IntRange(-6, 0).Draw(r, "paid"))
	}
	on := func() civil.Day { return first - 6 + civil.Day(rapid.IntRange(-20, 6).Draw(r, "day")) }
	for _, id := range ids {
		add(feeds.Accounts, feeds.Change{Account: &feeds.Account{ID: id, DisplayName: id, State: feeds.Active,
			Joined: first.AddMonths(-24) + 10, Closed: civil.Never}})
	}
	for range rapid.IntRange(5, 25).Draw(r, "changes") {
		switch rapid.IntRange(0, 7).Draw(r, "what") {
		case 0, 1:
			chunk := feeds.Revenue{Accounts: ids}
			for range rapid.IntRange(1, 3).Draw(r, "entries") {
				chunk.Index = append(chunk.Index, uint32(rapid.IntRange(0, len(ids)-1).Draw(r, "of")))
				chunk.Days = append(chunk.Days, int32(paid()))
				chunk.Minor = append(chunk.Minor, rapid.SampledFrom([]int64{-300, 300, 10}).Draw(r, "minor"))
			}
			add(feeds.Accounts, feeds.Change{Revenue: &chunk})
		case 2:
			add(feeds.Entitlements, feeds.Change{Usage: &feeds.Usage{Account: one(), Benefit: "hours", Type: feeds.Used, Day: on()}})
		case 3:
			id := one()
			add(feeds.Entitlements, feeds.Change{Case: &feeds.Case{Account: id, Name: fmt.Sprintf("accounts/%s/cases/%d", id, rapid.IntRange(1, 3).Draw(r, "case")),
				Clocks: []feeds.Clock{{Commitment: rapid.SampledFrom([]string{"first-reply", "fixed"}).Draw(r, "commitment"), Breached: true, Due: civil.UTC.Start(on())}}}})
		case 4:
			add(feeds.Entitlements, feeds.Change{Citation: &feeds.Citation{Clause: "liability", Account: one(), Day: on()}})
		case 5, 7:
			add(feeds.Entitlements, feeds.Change{Review: &feeds.Review{Name: "reviews/1", Subject: "clauses/liability", Open: rapid.Bool().Draw(r, "open")}})
		case 6:
			add(feeds.Board, feeds.Change{Terms: []feeds.Term{{Name: fmt.Sprint("boards/b/terms/", rapid.IntRange(1, 2).Draw(r, "term")), Board: "b", Account: ids[0],
				Start: on() - 300, PlannedEnd: on() + 50, End: rapid.SampledFrom([]civil.Day{civil.Never, first}).Draw(r, "end")}}})
		}
	}
	return all
}

// follow hands the account over to the copy of accounts, and all changes to the signals, as
// a follower does.
func (f *fixture) follow(t *testing.T, changes []feeds.Change) {
	t.Helper()
	f.world.mu.Lock()
	for _, c := range changes {
		if c.Account != nil {
			f.accounts[c.Account.ID] = *c.Account
		}
	}
	f.world.mu.Unlock()
	require.NoError(t, f.Take(t.Context(), changes))
}

// holding are the words of all that holds of an account on a day, by the ids of the
// suggestions: by what all feeds have told, taken in at once.
func (f *fixture) holding(t *rapid.T, all history, id string, day civil.Day) map[string]string {
	k := known{memory: &memory{}, currency: "USD", reviews: map[string][]review{}, standing: standing{balances: f.balances[id]}}
	var about reviews
	for _, of := range []feeds.Service{feeds.Accounts, feeds.Entitlements, feeds.Board} {
		for _, c := range all[of] {
			if c.Account != nil && c.Account.ID == id {
				k.account = *c.Account
			}
			for _, o := range observed(&c, civil.UTC) {
				if r, ok := o.What.(ClauseReview); ok {
					about.hear(o, r)
				} else if o.Account == id {
					o.What.note(k.memory)
				}
			}
		}
	}
	k.reviews["liability"] = about.All
	words := map[string]string{}
	for _, fact := range k.facts(day, Kinds) {
		for rule, c := range plain {
			if c.Fact != fact.Kind() {
				continue
			}
			p, err := f.programOf(rule, &Edition{Number: 1})
			require.NoError(t, err)
			v, err := p.ask(fact, &k.account)
			require.NoError(t, err)
			if v.holds {
				words[suggestionID(rule, id, fact.Cause())] = v.reason
			}
		}
	}
	return words
}

// However late the feeds come, each behind the others, in whatever parts, twice or from a
// process that lost its lease, and whenever is looked in between: who is to be spoken to in
// the end, and why, is what follows from all that was told. On the day on which all came
// the words are those of that, too.
func TestR7TheOrderOfFeedsIsOfNoConsequence(t *testing.T) {
	roundsOnEveryStore(t, 20, func(t *testing.T, open func(testing.TB) docstore.Backend) {
		rapid.Check(t, func(r *rapid.T) {
			f := start(t, open(t))
			for id, c := range plain {
				c.DisplayName, c.Weight, c.Channel, c.Purpose = id, "50", "call", "Ask"
				f.published(t, id, c)
			}
			last := day(t, "2026-06-15")
			days := rapid.IntRange(0, 5).Draw(r, "days that it takes")
			first := last - civil.Day(days)
			ids := []string{"acme", "brook", "zenith"}
			for _, id := range ids {
				f.balances[id] = []Balance{{Benefit: "hours", Begins: first - 100, Ends: first + 200, Limit: 10, Left: 5}}
			}
			all := drawHistory(r, first, ids)
			services := []feeds.Service{feeds.Accounts, feeds.Entitlements, feeds.Board}
			left := func() []feeds.Service {
				return slices.DeleteFunc(slices.Clone(services), func(s feeds.Service) bool { return len(all[s]) == 0 })
			}()
			next := map[feeds.Service]int{}
			today := first
			for len(left) > 0 {
				of := rapid.SampledFrom(left).Draw(r, "feed")
				to := min(len(all[of]), next[of]+rapid.IntRange(-2, 3).Draw(r, "more"))
				to = max(0, to)
				from := rapid.IntRange(max(0, to-4), min(to, next[of])).Draw(r, "from") // none is left out, and some come again
				f.follow(t, all[of][from:to])
				if next[of] = max(next[of], to); next[of] == len(all[of]) {
					left = slices.DeleteFunc(left, func(s feeds.Service) bool { return s == of })
				}
				if rapid.IntRange(0, 2).Draw(r, "look") > 0 {
					today += civil.Day(rapid.IntRange(0, int(last-today)).Draw(r, "later"))
					ctx, stop := context.WithCancel(t.Context())
					if rapid.IntRange(0, 3).Draw(r, "stop") == 0 {
						stop() // the process dies before it has looked
					}
					_ = f.Tick(ctx, today)
					stop()
				}
				if rapid.IntRange(0, 3).Draw(r, "restart") == 0 {
					f.open(t, f.store)
				}
			}
			require.NoError(t, f.Tick(t.Context(), last))
			for _, id := range ids {
				want, got := f.holding(r, all, id, last), map[string]string{}
				for _, x := range f.all(t, id) {
					if x.State.waits() {
						got[x.ID] = x.State.Reason
					}
					if x.State.waits() && x.State.Day != last { // it was made before all was told, and keeps its words
						require.Contains(r, want, x.ID)
						want[x.ID] = x.State.Reason
					}
				}
				require.Equal(r, want, got)
			}
		})
	})
}
