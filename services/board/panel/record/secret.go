package record

import "errors"

// errSecretLine says that a secret is not what a line of the seed can be made of.
var errSecretLine = errors.New("it is not one line of text: it is empty, not UTF-8, or has control characters such as tabs or ends of lines")

// CheckSecret returns an error where no seed can be made of a secret, before anybody
// commits it: a secret is one line of UTF-8, not empty and without control characters.
func CheckSecret(secret string) error {
	if !isLine(secret) {
		return errSecretLine
	}
	return nil
}
