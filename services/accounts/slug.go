package accounts

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/evenhand/evenhand/internal/platform/names"
)

// slug makes a resource id of a name given elsewhere: BRK.B becomes brk-b, 00001
// stays. It is empty where nothing of the name can be kept.
func slug(name string) string {
	if names.IsID(name) {
		return name
	}
	return names.Slug(name)
}

// shortHash is 8 hexadecimal digits that tell names with the same slug apart.
func shortHash(name string) string {
	sum := sha256.Sum256([]byte(name))
	return hex.EncodeToString(sum[:4])
}
