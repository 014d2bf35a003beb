package auth_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The table of docs/access.md says what the matrix says.
func TestTheDocumentedPermissionsAreTheGrantedOnes(t *testing.T) {
	text, err := os.ReadFile("../../../docs/access.md")
	require.NoError(t, err)
	told := map[string]string{}
	for _, row := range regexp.MustCompile("(?m)^\\| `([a-z.]+)` \\| [^|]+ \\| ([^|]+) \\|$").FindAllStringSubmatch(string(text), -1) {
		require.NotContains(t, told, row[1])
		told[row[1]] = row[2]
	}
	want := map[string]string{}
	for permission, row := range matrix {
		want[permission] = held(strings.Fields(row.roles))
	}
	require.Equal(t, want, told)
}

// held says in words which roles hold a permission, by the cells of its row.
func held(cells []string) string {
	var those, others []string
	assigned := false
	for i, role := range strings.Fields(columns) {
		switch cells[i] {
		case "x":
			those = append(those, role)
		case "a":
			assigned = true
			those = append(those, role+" (assigned)")
		default:
			others = append(others, role)
		}
	}
	switch {
	case len(others) == 0 && !assigned:
		return "all"
	case len(others) <= 2 && !assigned:
		return "all but " + strings.Join(others, ", ")
	}
	return strings.Join(those, ", ")
}
