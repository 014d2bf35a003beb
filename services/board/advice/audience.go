package advice

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// maxListed is how many accounts an audience can name one by one.
const maxListed = 200

// Audience is who is asked; exactly one of its fields is set. Ideas are taken from
// anybody all the same.
type Audience struct {
	// Board is the id of the board whose members are asked.
	Board string `bson:"board,omitempty"`
	// Everyone asks all accounts.
	Everyone bool `bson:"everyone,omitempty"`
	// Attributes asks the accounts that have all these values.
	Attributes map[string]string `bson:"attributes,omitempty"`
	// Accounts asks these accounts, by id.
	Accounts []string `bson:"accounts,omitempty"`
}

func (a Audience) check() error {
	kinds := 0
	for _, given := range []bool{a.Board != "", a.Everyone, len(a.Attributes) > 0, len(a.Accounts) > 0} {
		if given {
			kinds++
		}
	}
	if kinds != 1 {
		return fault.Invalid("solicitation.audience", "name one audience: a board, all accounts, accounts by their attributes, or a list of accounts")
	}
	if len(a.Accounts) > maxListed {
		return fault.Invalid("solicitation.audience.accounts", "names %d accounts, and %d is the most: ask by attributes, or all accounts", len(a.Accounts), maxListed)
	}
	for key := range a.Attributes {
		if names.IsHandSetLevel(key) {
			return fault.New(fault.InvalidArgument, fault.ReasonHandSetLevel, "solicitation.audience.attributes.%s: %s", key, names.HandSetLevel).
				WithField("solicitation.audience.attributes."+key, "%s", names.HandSetLevel)
		}
	}
	return nil
}

func (a Audience) equal(b Audience) bool {
	return a.Board == b.Board && a.Everyone == b.Everyone && maps.Equal(a.Attributes, b.Attributes) && slices.Equal(a.Accounts, b.Accounts)
}

// locks returns the keys of the lock that the audience has. Two solicitations are to
// the same audience where they share one: the same board, all accounts both, the same
// attributes with the same values, or lists with an account in common.
func (a Audience) locks() []string {
	switch {
	case a.Board != "":
		return []string{"board/" + a.Board}
	case a.Everyone:
		return []string{"everyone"}
	case len(a.Attributes) > 0:
		parts := make([]string, 0, len(a.Attributes))
		for _, key := range slices.Sorted(maps.Keys(a.Attributes)) {
			parts = append(parts, strconv.Quote(key)+"="+strconv.Quote(a.Attributes[key]))
		}
		return []string{"attributes/" + strings.Join(parts, ",")}
	}
	keys := make([]string, 0, len(a.Accounts))
	for _, account := range slices.Compact(slices.Sorted(slices.Values(a.Accounts))) {
		keys = append(keys, "account/"+account)
	}
	return keys
}

// ownerLock is the key of the lock that a principal has.
func ownerLock(principal string) string { return "owner/" + principal }

// Words says who is asked, in a sentence: "boards/steel", "all accounts".
func (a Audience) Words() string {
	switch {
	case a.Board != "":
		return "boards/" + a.Board
	case a.Everyone:
		return "all accounts"
	case len(a.Attributes) > 0:
		parts := make([]string, 0, len(a.Attributes))
		for _, key := range slices.Sorted(maps.Keys(a.Attributes)) {
			parts = append(parts, key+" "+a.Attributes[key])
		}
		return "accounts with " + strings.Join(parts, " and ")
	}
	return "accounts/" + strings.Join(a.Accounts, ", accounts/")
}
