// Package markdown writes what people wrote into Markdown, so that it is shown as they
// wrote it.
package markdown

import (
	"regexp"
	"strings"
)

var (
	marks    = regexp.MustCompile("[\\\\`*_{}\\[\\]<>#|~!]|&#?\\w+;")
	numbered = regexp.MustCompile(`^(\s*)([-+=]|\d+[.)])`)
	breaks   = regexp.MustCompile(`\s*[\r\n]+\s*`)
)

// Plain escapes text so that Markdown shows it as it was written, in one line.
func Plain(text string) string {
	text = marks.ReplaceAllString(breaks.ReplaceAllString(strings.TrimSpace(text), " "), `\$0`)
	return numbered.ReplaceAllStringFunc(text, func(start string) string {
		return start[:len(start)-1] + `\` + start[len(start)-1:]
	})
}
