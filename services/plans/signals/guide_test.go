package signals

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// The guide names the fields of each kind of facts, in their order, and no others; and its
// example is right.
func TestTheGuideNamesWhatRulesRead(t *testing.T) {
	text, err := os.ReadFile("../../../docs/signals.md")
	require.NoError(t, err)
	example := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindSubmatch(text)
	require.NotNil(t, example)
	var c Content
	require.NoError(t, yaml.Unmarshal(example[1], &c))
	require.NoError(t, right(&c), "the example of a rule is right")
	sections := strings.Split(string(text), "\n### ")[1:]
	require.Len(t, sections, len(Kinds))
	for i, section := range sections {
		require.True(t, strings.HasPrefix(section, "`"+string(Kinds[i])+"`\n"), "%d is about %s", i, Kinds[i])
		var told []string
		for _, row := range regexp.MustCompile("(?m)^\\| `([a-z_]+)` \\|").FindAllStringSubmatch(section, -1) {
			told = append(told, row[1])
		}
		require.Equal(t, fields(shapes[Kinds[i]]), told, Kinds[i])
	}
}
