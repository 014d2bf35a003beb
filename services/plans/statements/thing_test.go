package statements

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// retold draws an idea as changes tell it, again and again: with others merged into it and
// taken out, its answer given and revised, now and then in another quarter.
func retold(t *rapid.T, prefix string, q Quarter) []feeds.Change {
	at := func(label string) time.Time {
		return civil.UTC.Start(q.First()).AddDate(0, 0, rapid.SampledFrom([]int{-30, 0, 1, 40, 95}).Draw(t, label)).Add(12 * time.Hour)
	}
	merged := map[string]feeds.MergedIdea{}
	idea := feeds.Idea{Name: "ideas/" + prefix, Account: prefix + "a", Title: "One", Given: q.First()}
	var changes []feeds.Change
	for n := range rapid.IntRange(1, 12).Draw(t, "changes") {
		switch rapid.IntRange(0, 4).Draw(t, "what") {
		case 0:
			idea.Outcome, idea.Decided = rapid.SampledFrom([]feeds.Outcome{"", feeds.Adopted, feeds.Declined}).Draw(t, "outcome"), at("decided")
		case 1:
			idea.Account = prefix + rapid.SampledFrom([]string{"a", "b"}).Draw(t, "account")
		default:
			other := rapid.SampledFrom([]string{"b", "c", "d"}).Draw(t, "other")
			if _, there := merged[other]; there {
				delete(merged, other)
			} else {
				merged[other] = feeds.MergedIdea{Name: "ideas/" + prefix + other, Account: prefix + other, Title: other, At: at("merged")}
			}
		}
		told := idea
		for _, other := range slices.Sorted(maps.Keys(merged)) {
			told.Merged = append(told.Merged, merged[other])
		}
		changes = append(changes, feeds.Change{Service: feeds.Board, Position: int64(n + 1), Recorded: recorded(int64(n + 1)), Idea: &told})
	}
	return changes
}

// wholly is what all that is said each time makes of dossiers: of every key that was ever in
// one, what each change says of it.
func wholly(changes []feeds.Change) batch {
	all, seen := batch{}, map[place]map[string]bool{}
	for i := range changes {
		t := read(&changes[i])
		now := map[place]map[string]*facts{}
		for key, f := range t.lines {
			for _, at := range f.places() {
				if now[at] == nil {
					now[at] = map[string]*facts{}
				}
				if seen[at] == nil {
					seen[at] = map[string]bool{}
				}
				now[at][key], seen[at][key] = &f, true
			}
		}
		for at, keys := range seen {
			for key := range keys {
				all.add(at, key, t.state(now[at][key]))
			}
		}
	}
	return all
}

// stored is how an earlier release stored what changes say of a thing.
func stored(changes []feeds.Change) (h thing) {
	before := saying(nil)
	for i := range changes {
		t := read(&changes[i])
		c := thingChange{Position: t.change.Position, Recorded: t.change.Recorded.UnixMilli()}
		if before != nil && maps.EqualFunc(before, t.lines, func(a, b facts) bool { return a.equal(&b) }) {
			c.Same = true
		} else {
			for _, key := range slices.Sorted(maps.Keys(t.lines)) {
				c.Lines = append(c.Lines, keyed{key, t.lines[key]})
			}
		}
		before = t.lines
		h.Changes = append(h.Changes, c)
	}
	return h
}

// Of a thing is kept what changes; statements are those that all that is said each time
// would make, at every position, in whatever order it comes and however often, also where an
// earlier release had stored some of it.
func TestR35WhatChangesMakesTheStatementsThatAllOfItMakes(t *testing.T) {
	f := onSQLite(t)
	year := 0
	rapid.Check(t, func(rt *rapid.T) {
		year++
		q, prefix := Quarter((1000+year)*4+1), fmt.Sprintf("t%d", year)
		changes := retold(rt, prefix, q)
		told := slices.Clone(changes)
		random := rand.New(rand.NewPCG(1, rapid.Uint64().Draw(rt, "seed")))
		random.Shuffle(len(told), func(i, j int) { told[i], told[j] = told[j], told[i] })
		if early := rapid.IntRange(0, len(told)).Draw(rt, "stored before"); early > 0 {
			old := slices.Clone(told[:early])
			slices.SortFunc(old, func(a, b feeds.Change) int { return int(a.Position - b.Position) })
			_, err := f.Dossiers.things.Upsert(t.Context(), "board/ideas/"+prefix, func(d *docstore.Doc[thing]) error {
				d.Body = stored(old)
				return nil
			})
			require.NoError(rt, err)
			for to, lines := range wholly(old) {
				require.NoError(rt, f.Dossiers.write(t.Context(), to, lines))
			}
		}
		for range rapid.IntRange(0, 5).Draw(rt, "repeats") {
			told = append(told, changes[random.IntN(len(changes))])
		}
		for some := range slices.Chunk(told, rapid.IntRange(1, 4).Draw(rt, "batch")) {
			require.NoError(rt, f.Dossiers.Take(t.Context(), some))
		}
		want := wholly(changes)
		for _, account := range []string{"a", "b", "c", "d"} {
			for _, quarter := range []Quarter{q - 1, q, q + 1} {
				at := place{prefix + account, quarter}
				opened, err := f.Dossiers.open(t.Context(), []place{at})
				require.NoError(rt, err)
				for position := range int64(len(changes)) + 1 {
					made := func(lines []line) string {
						s, err := f.fold(t.Context(), Header{Account: at.account, Quarter: quarter}, civil.UTC, lines, Horizon{Positions: map[feeds.Service]int64{feeds.Board: position}})
						require.NoError(rt, err)
						digest, err := s.Digest(digestVersion)
						require.NoError(rt, err)
						return digest
					}
					var lines []line
					for _, l := range want[at].sorted() {
						lines = append(lines, *l)
					}
					require.Equal(rt, made(lines), made(opened[at]), "%s at %d", at.page(0), position)
				}
			}
		}
	})
}

// An idea into which hundreds are merged one by one, after its answer, stays small: what is
// kept of it, and each dossier.
func TestR40AnIdeaOfHundredsStaysSmall(t *testing.T) {
	const merges = 400
	f := onSQLite(t)
	decided := time.Date(2026, time.August, 1, 12, 0, 0, 0, time.UTC)
	idea := feeds.Idea{Name: "ideas/i1", Account: "acme", Title: "Ship at night", Given: july, Outcome: feeds.Adopted, Decided: decided}
	for n := range int64(merges) {
		told := idea
		told.Merged = slices.Clone(idea.Merged)
		require.NoError(t, f.Dossiers.Take(t.Context(), []feeds.Change{{Service: feeds.Board, Position: n + 1, Recorded: recorded(n + 1), Idea: &told}}))
		idea.Merged = append(idea.Merged, feeds.MergedIdea{Name: fmt.Sprint("ideas/m", n), Account: fmt.Sprint("account", n), Title: "The same idea", At: decided})
	}
	size := func(body any) int {
		text, err := bson.Marshal(body)
		require.NoError(t, err)
		return len(text)
	}
	kept, err := f.Dossiers.things.Get(t.Context(), "board/ideas/i1")
	require.NoError(t, err)
	require.Len(t, kept.Body.Changes, merges)
	require.Less(t, size(kept.Body), merges*1000)
	first, err := f.Dossiers.pages.Get(t.Context(), place{"acme", q3}.page(0))
	require.NoError(t, err)
	require.Less(t, size(first.Body), 10_000)
	_, err = f.Dossiers.pages.Get(t.Context(), place{"account398", q3}.page(0))
	require.NoError(t, err)

	whole := stored([]feeds.Change{{Service: feeds.Board, Position: merges + 1, Idea: &idea}, {Service: feeds.Board, Position: merges + 2, Idea: &idea}})
	whole.Changes[1].Same, whole.Changes[1].Lines = false, whole.Changes[0].Lines
	before := size(whole)
	whole.slim()
	require.Less(t, size(whole), before*2/3, "what was stored whole gets smaller")
}
