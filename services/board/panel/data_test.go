package panel

import (
	"encoding/csv"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
)

// dataFolder returns the folder of the sortition instances; the test is skipped without.
func dataFolder(t testing.TB, instance string) string {
	t.Helper()
	folder := os.Getenv("EVENHAND_TEST_DATA")
	if folder == "" {
		t.Skip("no data: set EVENHAND_TEST_DATA to a folder that holds panels/" + instance)
	}
	folder = filepath.Join(folder, "panels", instance)
	if _, err := os.Stat(folder); err != nil {
		t.Skip("panels/" + instance + " is not in the folder EVENHAND_TEST_DATA")
	}
	return folder
}

func records(t testing.TB, path string) (header []string, rows [][]string) {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	all, err := csv.NewReader(file).ReadAll()
	require.NoError(t, err)
	return all[0], all[1:]
}

// instance reads the files of the sortition tools.
func instance(t testing.TB, folder string) *Problem {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(folder, "instance.json"))
	require.NoError(t, err)
	p := &Problem{}
	require.NoError(t, json.Unmarshal(content, p)) // "seats"
	category := map[string]int{}
	_, rows := records(t, filepath.Join(folder, "categories.csv"))
	for _, row := range rows {
		if _, known := category[row[0]]; !known {
			category[row[0]] = len(p.Categories)
			p.Categories = append(p.Categories, Category{Name: row[0]})
		}
		quotas := &p.Categories[category[row[0]]].Values
		*quotas = append(*quotas, Quota{row[1], number(t, row[2]), number(t, row[3])})
	}
	header, rows := records(t, filepath.Join(folder, "respondents.csv"))
	member := map[string]int{}
	for i, row := range rows {
		values := make([]string, len(p.Categories))
		for j, name := range header[1:] {
			values[category[name]] = row[j+1]
		}
		member[row[0]] = i
		p.Pool = append(p.Pool, Member{row[0], values})
	}
	_, rows = records(t, filepath.Join(folder, "conflicts.csv"))
	for _, row := range rows {
		p.Conflicts = append(p.Conflicts, [2]int{member[row[0]], member[row[1]]})
	}
	return p
}

func number(t testing.TB, text string) int {
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// requireSound checks what every proven solution promises.
func requireSound(t require.TestingT, p *Problem, s *Solution) {
	var sum float64
	seen := map[string]bool{}
	for i, panel := range s.Panels {
		require.NoError(t, p.Violation(panel))
		require.Positive(t, s.Probabilities[i])
		sum += s.Probabilities[i]
		key, err := json.Marshal(panel)
		require.NoError(t, err)
		require.False(t, seen[string(key)], "panel %v is there twice", panel)
		seen[string(key)] = true
	}
	require.InDelta(t, 1, sum, 1e-9)
	require.InDeltaSlice(t, s.Lottery.Marginals(len(p.Pool)), s.Marginals, 1e-9)
	var seats float64
	for _, marginal := range s.Marginals {
		seats += marginal
	}
	require.InDelta(t, p.Seats, seats, 1e-6)
	for _, u := range s.Unreachable {
		require.Zero(t, s.Marginals[u.Member])
		require.NotEmpty(t, u.Reason)
	}
	for _, kind := range s.Types {
		for _, member := range kind.Members {
			require.Equal(t, s.Marginals[kind.Members[0]], s.Marginals[member], "members of a type differ")
		}
	}
	require.True(t, s.Proven)
	require.Less(t, s.Gap, proven)
}

func TestInstancesWithKnownMarginals(t *testing.T) {
	for _, name := range []string{"conflict-fixture", "example-small", "sp500-12", "synth-040-unreachable", "synth-120", "synth-300-staggered", "synth-600"} {
		t.Run(name, func(t *testing.T) {
			folder := dataFolder(t, name)
			p := instance(t, folder)
			s, err := Leximin(t.Context(), p, Options{})
			require.NoError(t, err)
			requireSound(t, p, s)
			_, rows := records(t, filepath.Join(folder, "marginals.csv"))
			require.Len(t, rows, len(p.Pool))
			for i, row := range rows {
				want, err := strconv.ParseFloat(row[1], 64)
				require.NoError(t, err)
				require.Equal(t, p.Pool[i].ID, row[0])
				require.InDelta(t, want, s.Marginals[i], 1e-6, row[0])
			}
			t.Logf("%d types, %d compositions, %d panels, %d levels, gap %g", len(s.Types), len(s.Compositions), len(s.Panels), len(s.Levels), s.Gap)
			for _, u := range s.Unreachable {
				t.Logf("%s: %s", p.Pool[u.Member].ID, u.Reason)
			}
		})
	}
}

func TestInstanceWithoutPanel(t *testing.T) {
	p := instance(t, dataFolder(t, "infeasible-1"))
	_, err := Leximin(t.Context(), p, Options{})
	var infeasible *InfeasibleError
	require.ErrorAs(t, err, &infeasible)
	t.Log(err)
	require.Contains(t, infeasible.Reason, `age "16-29" needs at least 4`)
	require.Contains(t, infeasible.Reason, `district "north" may have at most 3`)
	require.NotContains(t, infeasible.Reason, "gender")
	require.Empty(t, infeasible.Conflicts)
	require.Len(t, infeasible.Relaxation, 1)
}
