package charter

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestR37ConflictsOfSomeWithOthers(t *testing.T) {
	c := Charter{Conflicts: Conflicts{SameAttributes: []string{"sub-industry"}, SameGroup: true}}
	all := []Account{
		{ID: "ash", Attributes: map[string]string{"sub-industry": "Steel"}}, {ID: "birch", Competitors: []string{"fir"}},
		{ID: "cedar", Parent: "top"}, {ID: "fir", Parent: "top"}, {ID: "top"}, {ID: "gum", Attributes: map[string]string{"sub-industry": "Steel"}},
	}
	require.Equal(t, []Conflict{{"birch", "fir", "they are declared competitors"}, {"cedar", "fir", "both are in the group of top"}},
		c.Between(all, []string{"ash", "birch", "cedar"}, []string{"fir"}))
	require.Equal(t, []Conflict{{"ash", "gum", `both have sub-industry "Steel"`}}, c.Between(all, []string{"ash", "birch"}, []string{"gum", "ash"}))
	require.Equal(t, []Conflict{{"fir", "birch", "they are declared competitors"}}, c.Between(all, []string{"fir"}, []string{"birch", "nowhere"}), "whoever declared it")
	require.Empty(t, c.Between(all, []string{"ash"}, []string{"ash"}), "with itself there is none")
	require.Equal(t, []Conflict{{"birch", "fir", "they are declared competitors"}, {"fir", "birch", "they are declared competitors"}},
		c.Between(all, []string{"birch", "fir"}, []string{"birch", "fir"}))
}
