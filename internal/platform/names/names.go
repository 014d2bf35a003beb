// Package names knows the ids and resource names of the API (AIP-122), and the names
// under which a hand-set level would come.
package names

import (
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// MaxID is the most characters an id has.
const MaxID = 63

// IsID reports whether s is an id: [a-z0-9][a-z0-9-]{0,62}.
func IsID(s string) bool {
	if s == "" || len(s) > MaxID || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}

// Slug returns the id that a foreign id or a title becomes: lower case, without
// accents, each run of other characters a dash, at most 63 characters ("BRK.B" is
// "brk-b", "Crème & Co." is "creme-co"). It is "" where nothing is left. Different
// texts may have one slug: whoever makes ids of them has to refuse the second.
func Slug(s string) string {
	var b strings.Builder
	dash := false
	for _, r := range norm.NFKD.String(s) {
		r = unicode.ToLower(r)
		switch {
		case 'a' <= r && r <= 'z' || '0' <= r && r <= '9':
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
		case unicode.Is(unicode.Mn, r): // the accent of the letter before
		default:
			dash = true
		}
		if b.Len() >= MaxID {
			break
		}
	}
	slug := b.String()
	return strings.TrimRight(slug[:min(len(slug), MaxID)], "-")
}

// Join returns the name made of collections and ids in turn:
// Join("accounts", "acme", "contacts", "jane").
func Join(segments ...string) string { return strings.Join(segments, "/") }

// Parse takes a name of these collections apart, as
// Parse("accounts/acme/contacts/jane", "accounts", "contacts"), and returns its ids;
// false where it is not such a name.
func Parse(name string, collections ...string) ([]string, bool) {
	segments := strings.Split(name, "/")
	if len(segments) != 2*len(collections) {
		return nil, false
	}
	ids := make([]string, 0, len(collections))
	for i, collection := range collections {
		if segments[2*i] != collection || !IsID(segments[2*i+1]) {
			return nil, false
		}
		ids = append(ids, segments[2*i+1])
	}
	return ids, true
}

// ID returns the one id of a name of a collection, as ID("accounts/acme", "accounts").
func ID(name, collection string) (string, bool) {
	ids, ok := Parse(name, collection)
	if !ok {
		return "", false
	}
	return ids[0], true
}

// First returns the first id of a name that begins with a collection, as
// First("accounts/acme/contacts/jane", "accounts"), and "" for another name, and for
// none. It checks nothing else: that is for names whose form is known.
func First(name, collection string) string {
	rest, ok := strings.CutPrefix(name, collection+"/")
	if !ok {
		return ""
	}
	id, _, _ := strings.Cut(rest, "/")
	return id
}

// Last returns the last id of a name, as Last("accounts/acme/contacts/jane"). It checks
// nothing: that is for names whose form is known.
func Last(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// levels are words that name a hand-set level.
var levels = []string{"tier", "tiers", "level", "levels", "grade", "grades", "rank", "ranking", "vip",
	"platinum", "gold", "silver", "bronze", "diamond"}

// IsHandSetLevel reports whether a field or key of this name would hold a level set by
// hand: one of its words, in snake_case, kebab-case or camelCase, names one.
func IsHandSetLevel(name string) bool {
	return slices.ContainsFunc(words(name), func(w string) bool { return slices.Contains(levels, w) })
}

// personal are words of facts that tell who a customer is, what they spend, how far their
// word reaches, or how they complain, and not what happened.
var personal = []string{"account", "band", "bundle", "channel", "complaint", "complaints", "customer", "follower", "followers", "owner",
	"reach", "region", "revenue", "role", "spend", "spending", "tenure"}

// IsPersonal reports whether a fact of this name would make what is done about a problem
// depend on who has it: one of its words, as IsHandSetLevel takes them, says so.
func IsPersonal(name string) bool {
	return IsHandSetLevel(name) || slices.ContainsFunc(words(name), func(w string) bool { return slices.Contains(personal, w) })
}

// HandSetLevel says why there is no such field.
const HandSetLevel = "Levels are not set by hand: what an account is entitled to follows from the published rules alone, " +
	"the same for all. To give a benefit, publish a rule that grants it to everyone who meets its condition."

func words(name string) []string {
	var list []string
	var word strings.Builder
	lower := false
	flush := func() {
		if word.Len() > 0 {
			list = append(list, strings.ToLower(word.String()))
			word.Reset()
		}
	}
	for _, r := range name {
		switch {
		case !unicode.IsLetter(r):
			flush()
			lower = false
			continue
		case unicode.IsUpper(r) && lower:
			flush()
		}
		lower = unicode.IsLower(r)
		word.WriteRune(r)
	}
	flush()
	return list
}
