package rewards

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/civil"
)

// drawRules draws rules with small caps, so that these bite.
func drawRules(t *rapid.T) Rules {
	limit := rapid.SampledFrom([]int{0, 7, 15, 40})
	r := Rules{Effective: civil.Date(2020, 1, 1), Rules: []Rule{
		{ID: "touch", Work: TouchpointDone, Points: rapid.IntRange(1, 9).Draw(t, "touch"), TeamShare: rapid.SampledFrom([]int{0, 30}).Draw(t, "share")},
		{ID: "liked", Work: TouchpointDone, Points: 3, MinRating: 4},
		{ID: "solve", Work: EngagementCompleted, Points: 13, Confirmed: rapid.Bool().Draw(t, "confirmed")},
	}}
	r.Caps = Caps{PersonMonth: limit.Draw(t, "person"), AccountMonth: limit.Draw(t, "account")}
	if points := limit.Draw(t, "week"); points > 0 {
		r.Caps.KindWeek = []KindCap{{TouchpointDone, points}}
	}
	return r
}

// drawStates draws what becomes of some pieces of work of a year, state after state.
func drawStates(t *rapid.T, year int) []Work {
	var states []Work
	people := rapid.SampledFrom([]string{"carol", "dora", "emil"})
	for i := range rapid.IntRange(1, 12).Draw(t, "works") {
		w := Work{Name: fmt.Sprintf("plans/%d/touchpoints/%d", year, i)}
		for v := range rapid.IntRange(1, 3).Draw(t, "states") {
			w.Version = int64(v + 1)
			w.Kind = rapid.SampledFrom([]Kind{TouchpointDone, TouchpointDone, EngagementCompleted}).Draw(t, "kind")
			w.Persons = []string{people.Draw(t, "person")}
			w.Team = []string{people.Draw(t, "team")}
			w.Confirmed, w.Rating = rapid.Bool().Draw(t, "confirmed"), rapid.IntRange(0, 5).Draw(t, "rating")
			w.Withdrawn = rapid.IntRange(0, 4).Draw(t, "withdrawn") == 0
			w.Account = rapid.SampledFrom([]string{"acme", "brick"}).Draw(t, "account")
			// From two weeks before the end of October, so that weeks and months are crossed.
			day := civil.Date(year, 10, 20) + civil.Day(rapid.IntRange(0, 25).Draw(t, "day"))
			w.Completed = civil.UTC.Start(day).Add(time.Duration(rapid.IntRange(15, 17).Draw(t, "hour")) * time.Hour)
			states = append(states, w)
		}
	}
	return states
}

// oracle is what people have of the last states, by credit, worked out the long way: for
// each cap by looking at all that came before.
func oracle(rules Rules, states []Work) map[string]int {
	latest := map[string]Work{}
	for _, w := range states {
		if w.Version > latest[w.Name].Version {
			latest[w.Name] = w
		}
	}
	type line struct {
		work         Work
		day          civil.Day
		rule, person string
		points       int
	}
	var lines []line
	zone, _ := civil.LoadZone("America/New_York")
	for _, w := range latest {
		w = w.normal()
		for _, r := range rules.Rules {
			if w.Withdrawn || r.Work != w.Kind || r.unmet(&w) != "" {
				continue
			}
			for person, points := range r.shares(&w) {
				lines = append(lines, line{w, zone.DayOf(w.Completed), r.ID, person, points})
			}
		}
	}
	before := func(a, b line) bool {
		if !a.work.Completed.Equal(b.work.Completed) {
			return a.work.Completed.Before(b.work.Completed)
		}
		return strings.Join([]string{a.work.Name, a.rule, a.person}, "\x00") < strings.Join([]string{b.work.Name, b.rule, b.person}, "\x00")
	}
	// cut gives each line what the lines before it have left of the cap, and that depends on
	// what those were given: so the earliest that has not been given anything is next.
	cut := func(together func(a, b line) bool, limit func(line) int) {
		given := make([]bool, len(lines))
		for range lines {
			next := -1
			for i := range lines {
				if !given[i] && (next < 0 || before(lines[i], lines[next])) {
					next = i
				}
			}
			used := 0
			for i := range lines {
				if given[i] && together(lines[i], lines[next]) {
					used += lines[i].points
				}
			}
			if l := limit(lines[next]); l > 0 {
				lines[next].points = min(lines[next].points, max(0, l-used))
			}
			given[next] = true
		}
	}
	month := func(l line) string { return l.day.String()[:7] }
	cut(func(a, b line) bool {
		return a.person == b.person && a.work.Kind == b.work.Kind && (a.day+3)/7 == (b.day+3)/7 // 1970-01-01 was a Thursday
	}, func(l line) int { return rules.Caps.kindWeek(l.work.Kind) })
	cut(func(a, b line) bool { return a.work.Account == b.work.Account && month(a) == month(b) },
		func(line) int { return rules.Caps.AccountMonth })
	cut(func(a, b line) bool { return a.person == b.person && month(a) == month(b) },
		func(line) int { return rules.Caps.PersonMonth })
	want := map[string]int{}
	for _, l := range lines {
		if l.points != 0 {
			want[l.work.Name[strings.LastIndexByte(l.work.Name, '/')+1:]+"/"+l.rule+"/"+l.person] += l.points
		}
	}
	return want
}

// Whatever the order in which work arrives, however often, and however much of it is
// settled at a time: what people have in the end follows from the work alone. So do their
// totals, whenever and however often these are made in between, and whoever is late.
func TestR10TheOrderOfArrivalIsOfNoConsequence(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	year := 2100
	rapid.Check(t, func(rt *rapid.T) {
		year++ // each case has a year of its own
		rules := drawRules(rt)
		rules.Effective = civil.Date(year, 1, 1)
		f.publish(t, rules)
		states := drawStates(rt, year)
		want := oracle(rules, states)

		arrivals := slices.Concat(states, states[:rapid.IntRange(0, len(states)).Draw(rt, "repeated")])
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(rt, "seed"), 0))
		random.Shuffle(len(arrivals), func(i, j int) { arrivals[i], arrivals[j] = arrivals[j], arrivals[i] })
		corrected := false
		for len(arrivals) > 0 {
			n := rapid.IntRange(1, len(arrivals)).Draw(rt, "at a time")
			f.credits(t, arrivals[:n]...)
			arrivals = arrivals[n:]
			if rapid.Bool().Draw(rt, "somebody corrects") {
				corrected = f.correctOne(t, year) || corrected
			}
			if len(arrivals) == 0 || rapid.Bool().Draw(rt, "totals are made") {
				f.totalAll(t, year)
			}
			if rapid.IntRange(0, 4).Draw(rt, "restart") == 0 {
				f.open(t)
			}
		}
		got := map[string]int{}
		var quarter []Entry
		for _, month := range []string{"10", "11"} {
			ledger := f.all(t, fmt.Sprintf("%d-%s", year, month))
			maps.Copy(got, worths(rt, ledger))
			if !corrected {
				requireCapped(rt, rules, ledger)
			}
			f.requireTotals(rt, fmt.Sprintf("%d-%s", year, month), ledger)
			quarter = append(quarter, ledger...)
		}
		f.requireTotals(rt, fmt.Sprintf("%d-q4", year), quarter)
		if !maps.Equal(want, got) {
			rt.Fatalf("want %v, got %v", want, got)
		}
	})
}

// correctOne takes a point of the first credit that has one, and says whether there is any.
func (f *fixture) correctOne(t *testing.T, year int) bool {
	page, err := f.Entries(t.Context(), EntryQuery{Month: fmt.Sprintf("%d-11", year), Size: 100})
	require.NoError(t, err)
	for _, e := range page.Items {
		_, err := f.Correct(t.Context(), anna.call(), anna, Correction{e.ID, 1, "Because."}, false)
		if err == nil {
			return true
		}
		requireReason(t, err, ReasonNothingToCorrect)
	}
	return false
}

// totalAll makes the totals of all people of a year's last quarter.
func (f *fixture) totalAll(t *testing.T, year int) {
	for _, month := range []string{"10", "11"} {
		for _, person := range []string{"carol", "dora", "emil"} {
			require.NoError(t, f.total(t.Context(), totalsOf{person, fmt.Sprintf("%d-%s", year, month)}))
		}
	}
}

// requireTotals wants the totals of a period to be the sums of its entries.
func (f *fixture) requireTotals(t *rapid.T, period string, ledger []Entry) {
	p, err := ParsePeriod("period", period)
	require.NoError(t, err)
	list, _, err := f.ListTotals(context.Background(), p, 10, nil)
	require.NoError(t, err)
	for _, of := range list {
		want := Sums{}
		for _, e := range ledger {
			if e.Person == of.Person {
				want.Entries++
				want.Points += e.Points
			}
		}
		require.Equal(t, []int{want.Entries, want.Points}, []int{of.Entries, of.Points}, "%s of %s", of.Person, period)
	}
}

// worths are what credits are worth by the last entry that was computed of each, and wants
// all of its entries to come to that, less what was corrected.
func worths(t *rapid.T, ledger []Entry) map[string]int {
	all, last := map[string]*account{}, map[string]Entry{}
	for _, e := range ledger {
		if all[e.Credit] == nil {
			all[e.Credit] = &account{}
		}
		all[e.Credit].add(e)
		if e.Number == all[e.Credit].computed {
			last[e.Credit] = e
		}
	}
	worth := map[string]int{}
	for credit, a := range all {
		e, cut := last[credit], 0
		for _, c := range e.Cuts {
			cut += c.Points
		}
		if a.points != a.owed(e.Worth) || e.Unmet == "" && e.Full != e.Worth+cut || e.Unmet != "" && e.Worth != 0 {
			t.Fatalf("the entries come to %d, and the last says %+v", a.points, e)
		}
		if e.Worth != 0 {
			worth[e.of()] += e.Worth
		}
	}
	return worth
}

// requireCapped wants nobody to have more than the caps of a month allow.
func requireCapped(t *rapid.T, rules Rules, ledger []Entry) {
	people, accounts := map[string]int{}, map[string]int{}
	for _, e := range ledger {
		people[e.Person] += e.Points
		accounts[e.Account] += e.Points
	}
	for limit, sums := range map[*int]map[string]int{&rules.Caps.PersonMonth: people, &rules.Caps.AccountMonth: accounts} {
		for who, points := range sums {
			if *limit > 0 && points > *limit {
				t.Fatalf("%s has %d, and the cap is %d", who, points, *limit)
			}
		}
	}
}

func TestR10SharesComeToAllPoints(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ids := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"a", "b", "c", "d", "e", "f", "g"}), 1, 7, rapid.ID)
		all := ids.Draw(t, "people")
		n := rapid.IntRange(0, len(all)).Draw(t, "persons")
		w := Work{Name: rapid.String().Draw(t, "name"), Persons: all[:n], Team: all[n:]}.normal()
		r := Rule{Points: rapid.IntRange(1, 200).Draw(t, "points"), TeamShare: rapid.IntRange(0, 100).Draw(t, "share")}
		shares := r.shares(&w)
		team, sum := 0, 0
		for person, points := range shares {
			if points < 1 {
				t.Fatalf("%s gets %d", person, points)
			}
			sum += points
			if slices.Contains(w.Team, person) {
				team += points
			}
		}
		wantTeam := r.Points * r.TeamShare / 100
		if len(w.Team) == 0 {
			wantTeam = 0
		}
		want := r.Points
		if n == 0 {
			want = wantTeam
		}
		if sum != want || team != wantTeam {
			t.Fatalf("%v comes to %d, of which %d are the team's; it should be %d and %d", shares, sum, team, want, wantTeam)
		}
	})
}
