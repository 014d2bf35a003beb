package markdown

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestPlain(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "",
		"Cheaper freight, please.": "Cheaper freight, please.",
		"  two\n\nlines \r\n":      "two lines",
		"# not *a* [title](x)":     `\# not \*a\* \[title\](x)`,
		"1. not a list":            `1\. not a list`,
		"- nor this":               `\- nor this`,
		"<script>":                 `\<script\>`,
		"a *b* _c_":                `a \*b\* \_c\_`,
		"- item\n- more":           `\- item - more`,
		"3) item":                  `3\) item`,
		"2026-03-06":               "2026-03-06",
		"<b>&amp;":                 `\<b\>\&amp;`,
		"===":                      `\===`,
		"&amp; stays":              `\&amp; stays`,
		"a_b `c` ~d~ |e| !f":       "a\\_b \\`c\\` \\~d\\~ \\|e\\| \\!f",
	} {
		require.Equal(t, want, Plain(text), "%q", text)
	}
}

func TestPlainIsOneLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := Plain(rapid.StringOf(rapid.SampledFrom([]rune("a1 \n\r*#-.)_"))).Draw(t, "text"))
		require.False(t, strings.ContainsAny(text, "\r\n"), "%q", text)
	})
}
