package advice

import (
	"maps"
	"slices"
	"time"
)

// Group is what an idea has gathered: the votes cast for it, and the ideas merged into
// it, each with the group it had. While an idea is merged its votes are kept in the
// group of the one it was merged into, and nowhere else do they count, so that one
// write changes them, an account counts once, and taking the idea out again restores
// what it brought: the votes it came with, less those taken back since. What was cast
// since was cast for the whole, and stays.
//
// The functions of a group never change slices in place.
type Group struct {
	// Own are the votes cast for the idea itself, in the order in which they came.
	Own []Vote `bson:"own,omitempty"`
	// Members are the ideas merged into it, in the order in which they came.
	Members []Member `bson:"members,omitempty"`
}

// stage is how far an idea is on its way into a group or out of it.
type stage string

const (
	// within: it is there, and its votes count.
	within stage = ""
	// joining: it is about to be merged, and may not have been written yet.
	joining stage = "joining"
	// leaving: it is about to be taken out.
	leaving stage = "leaving"
)

// Member is an idea that was merged into another, with all it brought.
type Member struct {
	// Idea is its id.
	Idea  string `bson:"idea"`
	Title string `bson:"title"`
	Giver `bson:",inline"`
	// By and At are who merged it and when.
	By    string    `bson:"by"`
	At    time.Time `bson:"at"`
	Group `bson:",inline"`

	Stage stage `bson:"stage,omitempty"`
	// Version is that of the idea over which its joining or leaving is written.
	Version int64 `bson:"version,omitempty"`
	// Told is the revision of the answers that the idea has.
	Told int64 `bson:"told,omitempty"`
}

// Voters returns the accounts that approve of the idea or of one merged into it, each
// once, sorted.
func (g Group) Voters() []string {
	seen := map[string]bool{}
	g.each(func(votes []Vote) {
		for _, v := range votes {
			seen[v.Account] = true
		}
	})
	return slices.Sorted(maps.Keys(seen))
}

// Votes returns the votes that count, one an account: the one cast for the idea itself
// where there is one, in the order of accounts.
func (g Group) Votes() []Vote {
	first := map[string]Vote{}
	g.each(func(votes []Vote) {
		for _, v := range votes {
			if _, counted := first[v.Account]; !counted {
				first[v.Account] = v
			}
		}
	})
	list := make([]Vote, 0, len(first))
	for _, account := range slices.Sorted(maps.Keys(first)) {
		list = append(list, first[account])
	}
	return list
}

// each calls yield with the votes of the idea, then of those merged into it.
func (g Group) each(yield func([]Vote)) {
	yield(g.Own)
	for _, m := range g.Members {
		if m.Stage == within {
			m.each(yield)
		}
	}
}

// Merged returns the ideas within the group, at whatever depth, in the order in which
// they came. At of each is when it came into this group: of one that came within another,
// the later of when it was merged into that, and of when that came.
func (g Group) Merged() []Member {
	var list []Member
	for _, m := range g.Members {
		if m.Stage != within {
			continue
		}
		list = append(list, m)
		for _, inner := range m.Merged() {
			if inner.At.Before(m.At) {
				inner.At = m.At
			}
			list = append(list, inner)
		}
	}
	return list
}

// vote returns the group with an account's vote for the idea itself; the same group
// where there is one.
func (g Group) vote(v Vote) Group {
	if slices.ContainsFunc(g.Own, func(o Vote) bool { return o.Account == v.Account }) {
		return g
	}
	g.Own = append(slices.Clip(g.Own), v)
	return g
}

// takeBack returns the group without the account's votes, wherever they were cast.
func (g Group) takeBack(account string) Group {
	g.Own = slices.DeleteFunc(slices.Clone(g.Own), func(o Vote) bool { return o.Account == account })
	if len(g.Own) == 0 {
		g.Own = nil
	}
	return g.mapped(func(m Member) (Member, bool) {
		m.Group = m.takeBack(account)
		return m, true
	})
}

// mapped returns the group with each of its direct members as change makes it, without
// those that it drops.
func (g Group) mapped(change func(Member) (Member, bool)) Group {
	var members []Member
	for _, m := range g.Members {
		if m, keep := change(m); keep {
			members = append(members, m)
		}
	}
	g.Members = members
	return g
}

// member finds an idea in the group, at whatever depth.
func (g Group) member(idea string) (Member, bool) {
	for _, m := range g.Members {
		if m.Idea == idea {
			return m, true
		}
		if found, ok := m.member(idea); ok {
			return found, true
		}
	}
	return Member{}, false
}

// with returns the group with an idea in it, at whatever depth, as change makes it;
// without it, where change drops it.
func (g Group) with(idea string, change func(Member) (Member, bool)) Group {
	return g.mapped(func(m Member) (Member, bool) {
		if m.Idea == idea {
			return change(m)
		}
		m.Group = m.with(idea, change)
		return m, true
	})
}

// moving says whether an idea is on its way into the group or out of it.
func (g Group) moving() bool {
	return slices.ContainsFunc(g.Members, func(m Member) bool { return m.Stage != within || m.moving() })
}

// mover is an idea on its way into a group or out of it, and the idea into which it is
// or was merged.
type mover struct {
	Member
	parent string
}

// movers returns the ideas on their way, of the group of an idea.
func (g Group) movers(idea string) []mover {
	var list []mover
	for _, m := range g.Members {
		if m.Stage != within {
			list = append(list, mover{m, idea})
			continue
		}
		list = append(list, m.movers(m.Idea)...)
	}
	return list
}

// untold says whether an idea within the group has not got the answers of a revision.
func (g Group) untold(revision int64) bool {
	return slices.ContainsFunc(g.Merged(), func(m Member) bool { return m.Told < revision })
}

// telling returns the group with these ideas having the answers of a revision.
func (g Group) telling(revision int64, ideas map[string]bool) Group {
	return g.mapped(func(m Member) (Member, bool) {
		m.Group = m.telling(revision, ideas)
		if ideas[m.Idea] {
			m.Told = max(m.Told, revision)
		}
		return m, true
	})
}
