package accounts

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// maxID is the most characters a resource id has.
const maxID = 63

// Slug makes a resource id of a name given elsewhere: BRK.B becomes brk-b, 00001
// stays. Accents are dropped, and what is neither a letter nor a digit of ASCII
// becomes a hyphen. A name too long for an id ends in a piece of its hash. The slug
// is empty where nothing of the name can be kept.
func Slug(name string) string {
	if isID(name) {
		return name
	}
	var b strings.Builder
	pending := false // a hyphen is due before the next letter
	for _, r := range norm.NFKD.String(name) {
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		if r >= 'A' && r <= 'Z' {
			r += 'a' - 'A'
		}
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			if pending && b.Len() > 0 {
				b.WriteByte('-')
			}
			pending = false
			b.WriteRune(r)
			continue
		}
		pending = true
	}
	slug := b.String()
	if len(slug) > maxID {
		slug = strings.TrimRight(slug[:maxID-9], "-") + "-" + shortHash(name)
	}
	return slug
}

// shortHash is 8 hexadecimal digits that tell names with the same slug apart.
func shortHash(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:4])
}

// isID says whether a text is a resource id already.
func isID(text string) bool {
	if text == "" || len(text) > maxID || text[0] == '-' {
		return false
	}
	for i := range len(text) {
		c := text[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
