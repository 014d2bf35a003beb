package advice

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

func (f *fixture) vote(t testing.TB, id string, accounts ...string) {
	t.Helper()
	for _, account := range accounts {
		_, err := f.Ideas.Vote(t.Context(), someone, id, Giver{Account: account})
		require.NoError(t, err)
	}
}

func (f *fixture) merge(t testing.TB, id, into string) {
	t.Helper()
	_, err := f.Ideas.Merge(t.Context(), someone, id, into, "")
	require.NoError(t, err)
}

func (f *fixture) unmerge(t testing.TB, id string) {
	t.Helper()
	_, err := f.Ideas.Unmerge(t.Context(), someone, id, "")
	require.NoError(t, err)
}

// timeless is an idea without what every write changes.
func timeless(i Idea) Idea {
	i.Updated, i.Last = time.Time{}, ""
	return i
}

func TestMergedIdeasKeepTheirVotes(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		a, b := f.idea(t, "Cheaper freight", "acme", ""), f.idea(t, "Freight is dear", "brook", "")
		f.vote(t, a, "acme", "brook")
		f.vote(t, b, "brook", "cole")
		beforeA, beforeB := f.get(t, a), f.get(t, b)
		f.merge(t, a, b)
		merged := f.get(t, b)
		require.EqualValues(t, 3, merged.Count, "one vote of an account stays one")
		require.Equal(t, []string{"acme", "brook", "cole"}, merged.Voters())
		require.Equal(t, Giver{Account: "acme"}, merged.Merged()[0].Giver, "whoever gave it is there too")
		require.Equal(t, Merged, ptr(f.get(t, a)).State())

		f.vote(t, a, "drew")
		require.EqualValues(t, 4, f.get(t, b).Count, "a vote for a merged idea is one for the idea it was merged into")
		_, err := f.Ideas.TakeBack(t.Context(), someone, b, "acme")
		require.NoError(t, err)
		require.Equal(t, []string{"brook", "cole", "drew"}, ptr(f.get(t, b)).Voters(), "taken back wherever it was cast")
		f.vote(t, b, "acme")

		f.unmerge(t, a)
		require.Equal(t, []string{"brook"}, ptr(f.get(t, a)).Voters(), "less what was taken back")
		require.Equal(t, []string{"acme", "brook", "cole", "drew"}, ptr(f.get(t, b)).Voters(), "and what was cast since stays")

		f.vote(t, a, "acme")
		for _, account := range []string{"acme", "drew"} {
			_, err := f.Ideas.TakeBack(t.Context(), someone, b, account)
			require.NoError(t, err)
		}
		afterA, afterB := timeless(f.get(t, a)), timeless(f.get(t, b))
		require.Equal(t, beforeA.Voters(), afterA.Voters())
		require.Equal(t, timeless(beforeB), afterB)
	})
}

// What came within another idea came when that did, also where it was merged into it before;
// and what was merged into that later came later.
func TestR40WhatCameWithinAnotherIdeaCameWithIt(t *testing.T) {
	f := onSQLite(t)
	a, b, c, late := f.idea(t, "A", "acme", ""), f.idea(t, "B", "brook", ""), f.idea(t, "C", "cole", ""), f.idea(t, "D", "drew", "")
	f.merge(t, a, b)
	early := f.get(t, b).Merged()[0].At
	f.clock.later(5 * 24 * time.Hour)
	f.merge(t, b, c)
	f.clock.later(5 * 24 * time.Hour)
	f.merge(t, late, b) // goes to c, into which b was merged
	came := map[string]time.Time{}
	for _, m := range ptr(f.get(t, c)).Merged() {
		came[m.Idea] = m.At.UTC()
	}
	require.Equal(t, map[string]time.Time{a: early.AddDate(0, 0, 5).UTC(), b: early.AddDate(0, 0, 5).UTC(), late: early.AddDate(0, 0, 10).UTC()}, came)
	f.unmerge(t, b)
	require.Equal(t, early, f.get(t, b).Merged()[0].At, "what is stored is as it was")
}

func TestUndoingAMergeRestoresBothExactly(t *testing.T) {
	f := onSQLite(t)
	a, b, c := f.idea(t, "A", "acme", ""), f.idea(t, "B", "brook", ""), f.idea(t, "C", "cole", "")
	f.vote(t, a, "acme", "drew")
	f.vote(t, b, "brook", "drew")
	f.merge(t, a, b)
	before := map[string]Idea{}
	for _, id := range []string{a, b, c} {
		before[id] = timeless(f.get(t, id))
	}
	f.merge(t, b, c)
	require.Equal(t, []string{"acme", "brook", "drew"}, ptr(f.get(t, c)).Voters(), "through a chain")
	f.unmerge(t, b)
	for _, id := range []string{a, b, c} {
		require.Equal(t, before[id], timeless(f.get(t, id)))
	}

	f.merge(t, b, c)
	f.unmerge(t, a) // out of the middle of the chain
	require.Equal(t, []string{"brook", "drew"}, ptr(f.get(t, c)).Voters())
	require.Equal(t, []string{"acme", "drew"}, ptr(f.get(t, a)).Voters())
	f.unmerge(t, b)
	require.Empty(t, f.get(t, b).Members, "it does not come back with what left it meanwhile")
	require.Zero(t, f.get(t, c).Count)
}

func TestWhatCannotBeMerged(t *testing.T) {
	f := onSQLite(t)
	a, b, c := f.idea(t, "A", "acme", ""), f.idea(t, "B", "brook", ""), f.idea(t, "C", "cole", "")
	merge := func(id, into string) error {
		_, err := f.Ideas.Merge(t.Context(), someone, id, into, "")
		return err
	}
	wantFault(t, merge(a, a), "INVALID_ARGUMENT", "into itself")
	wantFault(t, merge(a, "none"), "INVALID_ARGUMENT", "ideas/none does not exist")
	wantFault(t, merge("none", a), "NOT_FOUND", "ideas/none")
	require.NoError(t, merge(a, b))
	wantFault(t, merge(b, a), "INVALID_ARGUMENT", "was merged into")
	wantFault(t, merge(a, c), "IDEA_STATE", "was merged into ideas/"+b)
	require.NoError(t, merge(b, c))
	wantFault(t, merge(c, a), "INVALID_ARGUMENT", "was merged into")
	f.decline(t, c)
	d := f.idea(t, "D", "drew", "")
	wantFault(t, merge(c, d), "IDEA_STATE", "was decided (decline)")
	_, err := f.Ideas.Unmerge(t.Context(), someone, d, "")
	wantFault(t, err, "IDEA_STATE", "is not merged")
	_, err = f.Ideas.Vote(t.Context(), someone, a, Giver{Account: "acme"})
	wantFault(t, err, "IDEA_STATE", "cannot be voted for any more")
	_, err = f.Ideas.Merge(t.Context(), someone, d, c, "stale")
	require.ErrorIs(t, err, resource.ErrStale)
}

func TestARetriedMergeIsOne(t *testing.T) {
	f := onSQLite(t)
	a, b := f.idea(t, "A", "acme", ""), f.idea(t, "B", "brook", "")
	f.vote(t, a, "acme")
	for range 2 {
		i, err := f.Ideas.Merge(t.Context(), request("merge"), a, b, "")
		require.NoError(t, err)
		require.Equal(t, b, i.State.Into)
	}
	for range 2 {
		i, err := f.Ideas.Unmerge(t.Context(), request("undo"), a, "")
		require.NoError(t, err)
		require.Empty(t, i.State.Into)
	}
	for range 2 {
		_, err := f.Ideas.Vote(t.Context(), request("vote"), b, Giver{Account: "cole"})
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, f.get(t, b).Count)
}

// Two ideas are merged into each other at the same time, and three in a circle: at most
// all but one are, and no vote is lost.
func TestMergesThatWouldCloseACircle(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		for n := 2; n <= 4; n++ {
			for range 2 {
				ids := make([]string, n)
				var accounts []string
				for i := range ids {
					account := fmt.Sprint("account-", i)
					ids[i] = f.idea(t, fmt.Sprint(i), account, "")
					f.vote(t, ids[i], account)
					accounts = append(accounts, account)
				}
				atOnce(n, func(i int) {
					_, err := f.Ideas.Merge(t.Context(), someone, ids[i], ids[(i+1)%n], "")
					var told *fault.Error
					if err != nil && !errors.As(err, &told) {
						t.Error(err)
					}
				})
				voters := map[string]bool{}
				roots := 0
				for _, id := range ids {
					require.NoError(t, f.Ideas.settle(t.Context(), id))
				}
				for _, id := range ids {
					i := f.get(t, id)
					if i.Into == "" {
						roots++
						for _, v := range i.Voters() {
							require.False(t, voters[v], "%s counts twice", v)
							voters[v] = true
						}
					}
				}
				require.Positive(t, roots)
				require.Equal(t, accounts, slices.Sorted(maps.Keys(voters)))
			}
		}
	})
}

// model is what merging and voting mean: each idea has the votes cast for it, and a
// pointer; what counts for an idea is what is below it.
type model struct {
	votes map[int]map[string]bool
	into  map[int]int
}

func (m model) root(i int) int {
	for {
		up, merged := m.into[i]
		if !merged {
			return i
		}
		i = up
	}
}

func (m model) below(i, root int) bool {
	for ; i != root; i = m.into[i] {
		if _, merged := m.into[i]; !merged {
			return false
		}
	}
	return true
}

func (m model) voters(root int) []string {
	all := map[string]bool{}
	for i, votes := range m.votes {
		if m.below(i, root) {
			maps.Copy(all, votes)
		}
	}
	return slices.Sorted(maps.Keys(all))
}

func TestVotesMergesAndTheirUndoingMatchTheModel(t *testing.T) {
	f := onSQLite(t)
	const ideas = 4
	rapid.Check(t, func(r *rapid.T) {
		m := model{votes: map[int]map[string]bool{}, into: map[int]int{}}
		ids := make([]string, ideas)
		for i := range ids {
			ids[i] = f.idea(t, fmt.Sprint("idea ", i), "acme", "")
			m.votes[i] = map[string]bool{}
		}
		draw := rapid.IntRange(0, ideas-1)
		account := rapid.SampledFrom([]string{"acme", "brook", "cole"})
		for range rapid.IntRange(1, 16).Draw(r, "steps") {
			i := draw.Draw(r, "idea")
			switch rapid.IntRange(0, 3).Draw(r, "what") {
			case 0:
				a := account.Draw(r, "account")
				f.vote(t, ids[i], a)
				m.votes[m.root(i)][a] = true
			case 1:
				a := account.Draw(r, "account")
				_, err := f.Ideas.TakeBack(t.Context(), someone, ids[i], a)
				require.NoError(r, err)
				for other := range m.votes {
					if m.root(other) == m.root(i) {
						delete(m.votes[other], a)
					}
				}
			case 2:
				j := draw.Draw(r, "into")
				_, err := f.Ideas.Merge(t.Context(), someone, ids[i], ids[j], "")
				_, merged := m.into[i]
				if refused := merged || m.root(j) == i; refused {
					require.Error(r, err)
				} else {
					require.NoError(r, err)
					m.into[i] = m.root(j)
				}
			case 3:
				_, err := f.Ideas.Unmerge(t.Context(), someone, ids[i], "")
				if _, merged := m.into[i]; merged {
					require.NoError(r, err)
					delete(m.into, i)
				} else {
					require.Error(r, err)
				}
			}
			for k, id := range ids {
				got := f.get(t, id)
				up, merged := m.into[k]
				require.Equal(r, merged, got.Into != "")
				if merged {
					require.Equal(r, ids[up], got.Into)
					continue
				}
				want := m.voters(k)
				require.Equal(r, len(want), int(got.Count))
				require.Equal(r, append([]string{}, want...), append([]string{}, got.Voters()...))
				require.False(r, got.Pending)
			}
		}
	})
}

// A process dies at every write of a merge, and of its undoing. Afterwards it was done
// or not, as a whole, and can be done.
func TestMergesSurviveACrashAtEveryWrite(t *testing.T) {
	for _, after := range []bool{false, true} {
		for at := range 6 {
			t.Run(fmt.Sprint(at, " ", after), func(t *testing.T) {
				f := onSQLite(t)
				a, b := f.idea(t, "A", "acme", ""), f.idea(t, "B", "brook", "")
				f.vote(t, a, "acme")
				f.vote(t, b, "brook")
				die := &dying{Backend: f.backend, at: at, after: after}
				dead := f.open(t, die)
				_, err := dead.Ideas.Merge(t.Context(), request("m"), a, b, "")
				if err == nil {
					_, err = dead.Ideas.Unmerge(t.Context(), request("u"), a, "")
				}
				require.True(t, err != nil || die.dead, "there are not that many writes")
				f.clock.day(t, "2026-03-07")
				require.NoError(t, f.Ideas.settleAll(t.Context(), patience))
				i, j := f.get(t, a), f.get(t, b)
				require.False(t, i.Pending || j.Pending)
				if i.Into == b {
					require.Equal(t, []string{"acme", "brook"}, j.Voters())
					f.unmerge(t, a)
				} else {
					require.Equal(t, []string{"brook"}, j.Voters())
					require.Equal(t, []string{"acme"}, i.Voters())
				}
				f.merge(t, a, b)
				require.Equal(t, []string{"acme", "brook"}, ptr(f.get(t, b)).Voters())
			})
		}
	}
}

// A process died in the midst of a merge or its undoing: who reads the idea, lists ideas,
// makes the report or tries again sees votes that are whole, without waiting for others
// to finish it.
func TestReadersFinishWhatWasLeftOfAMerge(t *testing.T) {
	readers := map[string]func(t *testing.T, f *fixture, a, b string) []string{
		"read": func(t *testing.T, f *fixture, _, b string) []string {
			i, err := f.Ideas.Read(t.Context(), b)
			require.NoError(t, err)
			return i.State.Voters()
		},
		"list": func(t *testing.T, f *fixture, _, b string) []string {
			list, err := f.Ideas.List(t.Context(), IdeaQuery{Size: 10})
			require.NoError(t, err)
			at := slices.IndexFunc(list.Items, func(i resource.Stored[Idea]) bool { return i.ID == b })
			return list.Items[at].State.Voters()
		},
		"report": func(t *testing.T, f *fixture, _, b string) []string {
			_, err := f.Ideas.Report(t.Context(), ReportQuery{})
			require.NoError(t, err)
			return ptr(f.get(t, b)).Voters()
		},
		"retry": func(t *testing.T, f *fixture, a, b string) []string {
			_, err := f.Ideas.Merge(t.Context(), request("another"), a, b, "")
			if err != nil {
				wantFault(t, err, "IDEA_STATE", "was merged into ideas/"+b)
			}
			return ptr(f.get(t, b)).Voters()
		},
	}
	for name, read := range readers {
		for _, undo := range []bool{false, true} {
			for at := range 3 {
				t.Run(fmt.Sprint(name, " undo ", undo, " ", at), func(t *testing.T) {
					f := onSQLite(t)
					a, b := f.idea(t, "A", "acme", ""), f.idea(t, "B", "brook", "")
					f.vote(t, a, "acme")
					f.vote(t, b, "brook")
					die := &dying{Backend: f.backend, at: at}
					if undo {
						f.merge(t, a, b)
						_, _ = f.open(t, die).Ideas.Unmerge(t.Context(), request("u"), a, "")
					} else {
						_, _ = f.open(t, die).Ideas.Merge(t.Context(), request("m"), a, b, "")
					}
					require.True(t, die.dead)
					f.clock.later(3 * time.Second)
					voters := read(t, f, a, b)
					if f.get(t, a).Into == b {
						require.Equal(t, []string{"acme", "brook"}, voters)
					} else {
						require.Equal(t, []string{"brook"}, voters)
						require.Equal(t, []string{"acme"}, ptr(f.get(t, a)).Voters())
					}
				})
			}
		}
	}
}
