package files

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/services/board/panel"
)

const (
	someCategories = "category,name,min,max\nsector,Energy,1,2\nregion,north,0,3\nsector,\"Food, drink\",0,2\nregion,south,1,1\n"
	somePeople     = "region,id,note,sector\nnorth,a,x,Energy\nsouth,b,,\"Food, drink\"\nnorth,c,z,Energy\n"
)

func read(categories, respondents, conflicts string, seats int) (*panel.Problem, error) {
	return ReadProblem(
		File{"categories.csv", strings.NewReader(categories)},
		File{"respondents.csv", strings.NewReader(respondents)},
		File{"conflicts.csv", strings.NewReader(conflicts)},
		seats,
	)
}

func TestReadProblem(t *testing.T) {
	want := &panel.Problem{
		Seats: 2,
		Categories: []panel.Category{
			{Name: "sector", Values: []panel.Quota{{Value: "Energy", Min: 1, Max: 2}, {Value: "Food, drink", Min: 0, Max: 2}}},
			{Name: "region", Values: []panel.Quota{{Value: "north", Min: 0, Max: 3}, {Value: "south", Min: 1, Max: 1}}},
		},
		Pool: []panel.Member{
			{ID: "a", Values: []string{"Energy", "north"}},
			{ID: "b", Values: []string{"Food, drink", "south"}},
			{ID: "c", Values: []string{"Energy", "north"}},
		},
		Conflicts: [][2]int{{0, 1}, {0, 2}},
	}
	conflicts := "b,why,a\na,,c\nb,,a\na,again,b\n"
	got, err := read(someCategories, somePeople, conflicts, 2)
	require.NoError(t, err)
	require.Equal(t, want, got, "further columns and the order of columns mean nothing; a pair counts once")

	windows := func(text string) string { return "\ufeff" + strings.ReplaceAll(text, "\n", "\r\n") }
	got, err = read(windows(someCategories), windows(somePeople), windows(conflicts), 2)
	require.NoError(t, err)
	require.Equal(t, want, got, "a byte order mark and Windows line ends")

	got, err = ReadProblem(File{"c", strings.NewReader("category,name,min,max\n")}, File{"r", strings.NewReader("id\nA\nB\n")}, File{}, 1)
	require.NoError(t, err)
	require.Equal(t, &panel.Problem{Seats: 1, Pool: []panel.Member{{ID: "A", Values: []string{}}, {ID: "B", Values: []string{}}}}, got)
}

func TestMistakesAreNamedByFileAndLine(t *testing.T) {
	for name, tt := range map[string]struct {
		categories, respondents, conflicts string
		told                               []string
	}{
		"no header":         {categories: "", told: []string{"categories.csv is empty"}},
		"no column":         {categories: "category,value,min,max\n", told: []string{`categories.csv:1: there is no column "name"`}},
		"UTF-16":            {categories: "\xff\xfec\x00a\x00\n", told: []string{"categories.csv:1: the line is not valid UTF-8"}},
		"column twice":      {respondents: "id,sector,region,id\n", told: []string{`respondents.csv:1: there is more than one column "id"`}},
		"missing category":  {respondents: "id,sector\n", told: []string{`respondents.csv:1: there is no column "region"`}},
		"category named id": {categories: "category,name,min,max\nid,a,0,1\n", told: []string{`categories.csv:2: a category cannot be called "id"`}},
		"bad quotas": {
			categories: "category,name,min,max\nsector,a,one,2\nsector,b,3,2\nsector,c,0,-1\n,d,0,1\nsector,e,0,1\nsector,e,0,1\n",
			told: []string{
				`categories.csv:2: min is "one", not a number of seats`, "categories.csv:3: min is 3 and max is 2",
				`categories.csv:4: max is "-1"`, "categories.csv:5: the category has no name", "categories.csv:7: category \"sector\" has the value \"e\" already on line 6",
			},
		},
		"bad people": {
			respondents: "id,sector,region\na,Energy,north\n\na,Energy,south\n,Energy,north\nd,energy ,north\ne,Energy\nf,\xff,north\n",
			told: []string{
				`respondents.csv:4: the id "a" stands already on line 2`, "respondents.csv:5: the id is empty",
				`respondents.csv:6: sector is "energy ", which the categories do not have; they have ["Energy" "Food, drink"]`,
				"respondents.csv:7: the row has 2 fields where the header has 3", "respondents.csv:8: the row is not valid UTF-8",
			},
		},
		"bad quote":     {respondents: "id,sector,region\na,Energy,\"north\n", told: []string{"respondents.csv:2:"}},
		"bad conflicts": {conflicts: "a,b\na,b\na,z\nc,c\n", told: []string{`conflicts.csv:3: no respondent has the id "z"`, `conflicts.csv:4: "c" cannot be in conflict with itself`}},
	} {
		t.Run(name, func(t *testing.T) {
			or := func(text, otherwise string) string {
				if text == "" && name != "no header" {
					return otherwise
				}
				return text
			}
			p, err := read(or(tt.categories, someCategories), or(tt.respondents, somePeople), or(tt.conflicts, "a,b\n"), 2)
			require.Nil(t, p)
			lines := strings.Split(err.Error(), "\n")
			require.Len(t, lines, len(tt.told), err)
			for i, told := range tt.told {
				require.True(t, strings.HasPrefix(lines[i], told), "%s\nis not\n%s", lines[i], told)
			}
		})
	}
	_, err := read(someCategories, "id,sector,region\n"+strings.Repeat("a,b,c\n", 100), "", 1)
	require.Len(t, strings.Split(err.Error(), "\n"), maxMistakes+1)
	require.Contains(t, err.Error(), "respondents.csv: 279 more mistakes", "every row has two unknown values, and all but one an id twice")
}

func TestResults(t *testing.T) {
	p, err := read(someCategories, strings.Replace(somePeople, "north,a,", "north,\"a,\"\"1\"\"\",", 1), "a,b\n", 2)
	require.NoError(t, err)
	var out strings.Builder
	require.NoError(t, WriteMarginals(&out, p, []float64{1. / 3, 0, 1}))
	require.Equal(t, "id,probability\n\"a,\"\"1\"\"\",0.333333333333\nb,0.000000000000\nc,1.000000000000\n", out.String())
	out.Reset()
	lottery := &panel.Lottery{Panels: []panel.Panel{{1, 2}, {0, 1}}, Probabilities: []float64{0.25, 0.75}}
	require.NoError(t, WritePanels(&out, p, lottery))
	require.Equal(t, "probability,members\n0.250000000000,b c\n0.750000000000,\"a,\"\"1\"\" b\"\n", out.String())

	p.Pool[1].ID = "b 2"
	require.ErrorContains(t, WritePanels(&out, p, lottery), `the id "b 2" has a space in it`)
}

func TestNoFileMakesReadingPanic(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`(category|name|min|max|id|a|b|[0-9]|,|"|\n|\r\n| ){0,60}`)
		p, err := read(text.Draw(t, "categories"), text.Draw(t, "respondents"), text.Draw(t, "conflicts"), 1)
		if err == nil {
			require.NoError(t, p.Check())
		}
	})
}

func TestPanelFilesOfTheData(t *testing.T) {
	data := os.Getenv("EVENHAND_TEST_DATA")
	if data == "" {
		t.Skip("EVENHAND_TEST_DATA is not set: the real panels are not read")
	}
	folders, err := filepath.Glob(filepath.Join(data, "panels", "*"))
	require.NoError(t, err)
	require.NotEmpty(t, folders)
	for _, folder := range folders {
		open := func(name string) File {
			f, err := os.Open(filepath.Join(folder, name))
			require.NoError(t, err)
			t.Cleanup(func() { f.Close() })
			return File{name, f}
		}
		p, err := ReadProblem(open("categories.csv"), open("respondents.csv"), open("conflicts.csv"), 3)
		require.NoError(t, err, folder)
		require.NotEmpty(t, p.Pool, folder)
	}
}
