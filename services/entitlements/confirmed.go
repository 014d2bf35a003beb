package entitlements

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/entitlements/decision"
)

// confirmed is the innovation projects that customers confirmed, which are few.
type confirmed struct {
	// Projects ascend by id, by account and by day.
	Projects []confirmedProject `bson:"projects"`
}

// confirmedProject is a time for which a project counts for an account.
type confirmedProject struct {
	ID      string    `bson:"i"`
	Account string    `bson:"a"`
	From    civil.Day `bson:"f"`
	To      civil.Day `bson:"t"`
}

func (c ProjectChange) at() (int64, time.Time) { return c.Position, c.Told }

// set takes in what was confirmed of a project, in place of what was known of it. A project
// that was confirmed anew before the day on which the first confirmation was withdrawn
// counts once.
func (k *confirmed) set(c ProjectChange, _ civil.Day) {
	projects := slices.DeleteFunc(slices.Clone(k.Projects), func(p confirmedProject) bool { return p.ID == c.ID })
	for _, x := range c.Confirmations {
		if x.From < x.To {
			projects = append(projects, confirmedProject{ID: c.ID, Account: x.Account, From: x.From, To: x.To})
		}
	}
	slices.SortFunc(projects, func(a, b confirmedProject) int {
		return cmp.Or(strings.Compare(a.ID, b.ID), strings.Compare(a.Account, b.Account), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	k.Projects = nil
	for _, p := range projects {
		if last := len(k.Projects) - 1; last >= 0 && k.Projects[last].ID == p.ID && k.Projects[last].Account == p.Account && p.From <= k.Projects[last].To {
			k.Projects[last].To = max(k.Projects[last].To, p.To)
			continue
		}
		k.Projects = append(k.Projects, p)
	}
}

// completions returns the completions of each account, as decisions are made from them.
func (k *confirmed) completions() map[string][]decision.Completion {
	all := map[string][]decision.Completion{}
	for _, p := range k.Projects {
		all[p.Account] = append(all[p.Account], decision.Completion{From: p.From, To: p.To})
	}
	return all
}

// of returns the completions of one account.
func (k *confirmed) of(account string) []decision.Completion {
	var list []decision.Completion
	for _, p := range k.Projects {
		if p.Account == account {
			list = append(list, decision.Completion{From: p.From, To: p.To})
		}
	}
	return list
}
