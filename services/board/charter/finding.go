package charter

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Finding is something about the members of today that is not as the charter has it.
// It is for people to act on, by recusal for example; nobody loses a seat by it.
type Finding struct {
	// ID is an id that is the same as long as the finding is about the same: it does
	// not change with the day or the wording.
	ID   string
	Kind FindingKind
	// Accounts are the members it is about, ascending; none where it is about a quota.
	Accounts []string
	// Subject is the rule of a conflict ("competitors", "group", "same sub-industry"),
	// the category and value of a quota, or empty.
	Subject string
	// Text says it in a sentence.
	Text string
}

// FindingKind says what a finding is about.
type FindingKind string

// The kinds of findings.
const (
	FoundConflict   FindingKind = "conflict"    // two members are in conflict
	FoundQuota      FindingKind = "quota"       // a quota is not met
	FoundNoQuota    FindingKind = "no-quota"    // a member is something the charter has no seats for
	FoundNoCustomer FindingKind = "no-customer" // a member is not a customer any more
	FoundNoConsent  FindingKind = "no-consent"  // a member's contact does not agree any more
	FoundTermLimit  FindingKind = "term-limit"  // a member has stayed longer than allowed
)

func finding(kind FindingKind, subject, text string, accounts ...string) Finding {
	digest := sha256.Sum256([]byte(strings.Join(append([]string{string(kind), subject}, accounts...), "\x00")))
	return Finding{ID: string(kind) + "-" + hex.EncodeToString(digest[:10]), Kind: kind, Accounts: accounts, Subject: subject, Text: text}
}

// Findings returns everything about the members of a day that is not as the charter
// has it, conflicts first. Accounts are those of the members, and those above them in
// their groups.
func (c *Charter) Findings(day civil.Day, all []Account, terms []Term) []Finding {
	x, own := index(all), byAccount(terms)
	members := Running(terms, day)
	ids := make([]string, len(members))
	for i := range members {
		ids[i] = members[i].Account
	}
	var found []Finding
	for _, k := range c.clashes(x, ids, ids) {
		found = append(found, finding(FoundConflict, k.rule, fmt.Sprintf("%s and %s are in conflict: %s", k.a, k.b, k.text), k.a, k.b))
	}
	for _, s := range c.composition(day, x, ids) {
		found = append(found, finding(FoundQuota, s.Category+" "+s.Value, s.Text))
	}
	for _, id := range ids {
		if a := x.byID[id]; a != nil {
			found = append(found, c.memberFindings(day, a, c.runUpTo(own[id]))...)
		}
	}
	return found
}

func (c *Charter) memberFindings(day civil.Day, a *Account, r run) []Finding {
	var found []Finding
	add := func(kind FindingKind, subject, text string, args ...any) {
		found = append(found, finding(kind, subject, a.ID+" "+fmt.Sprintf(text, args...), a.ID))
	}
	if !a.Active {
		add(FoundNoCustomer, "", "is a member and not a customer any more")
	}
	if !a.Consent.covers(day, day+1) {
		add(FoundNoConsent, "", "is a member, and no contact of it agrees any more")
	}
	for i := range c.Categories {
		if _, known, why := c.Categories[i].value(a, day); !known {
			add(FoundNoQuota, c.Categories[i].Name, "is a member, and the charter has no seats for what it is: %s", why)
		}
	}
	if limit := c.runLimit(r.start, c.MaxTerms); day > limit {
		add(FoundTermLimit, "", "has been a member since %s and should have left by %s", r.start, limit)
	}
	return found
}

// composition says which quotas the given members do not meet.
func (c *Charter) composition(day civil.Day, x accounts, members []string) []Shortfall {
	var found []Shortfall
	for i := range c.Categories {
		category := &c.Categories[i]
		counts := map[string]int{}
		for _, id := range members {
			if a := x.byID[id]; a != nil {
				if value, known, _ := category.value(a, day); known {
					counts[value]++
				}
			}
		}
		for _, q := range category.Quotas {
			n := counts[q.Value]
			if n > q.Max {
				found = append(found, Shortfall{category.Name, q.Value, n - q.Max, 0,
					fmt.Sprintf("%s %q has %s, and the charter at most %d", category.Name, q.Value, count(n, "member"), q.Max)})
			}
			if n < q.Min {
				found = append(found, Shortfall{category.Name, q.Value, 0, q.Min - n,
					fmt.Sprintf("%s %q has %s, and the charter at least %d", category.Name, q.Value, count(n, "member"), q.Min)})
			}
		}
	}
	return found
}
