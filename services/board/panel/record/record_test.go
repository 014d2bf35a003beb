package record

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRecordRoundTrip(t *testing.T) {
	for name, r := range map[string]*Record{
		"committed": fiveCommitted(t, twoPeople()), "drawn": fiveDrawn(t), "public round": fiveCommitted(t, SeedPlan{Round: round}), "large": largeCommitted(t),
	} {
		t.Run(name, func(t *testing.T) {
			text := encoded(t, r)
			again, err := Parse(text)
			require.NoError(t, err)
			require.Equal(t, string(text), string(encoded(t, again)))
			verified, report := Verify(text)
			require.NoError(t, report.Err())
			require.Equal(t, r.Hash, verified.Hash)
			require.GreaterOrEqual(t, len(report.Checks), 8)
		})
	}
}

// The draw adds to what was committed and changes none of it.
func TestDrawnRecordBeginsWithTheCommittedOne(t *testing.T) {
	committed := string(encoded(t, fiveCommitted(t, twoPeople())))
	drawn := string(encoded(t, fiveDrawn(t)))
	require.True(t, strings.HasPrefix(drawn, strings.TrimSuffix(committed, "\n}\n")+",\n\"draw\": "), drawn)
}

// A published record keeps verifying: this one is in testdata, and what the code makes
// of the same draft is the same to the byte.
func TestPublishedRecordKeepsItsForm(t *testing.T) {
	path := filepath.Join("testdata", "five.json")
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(encoded(t, fiveDrawn(t))))
	_, report := Verify(want)
	require.NoError(t, report.Err())
}

// The documentation's shell commands compute the hashes of a record.
func TestHashesWithAShell(t *testing.T) {
	for _, tool := range []string{"sh", "sed", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			t.Skipf("there is no %s on this machine", tool)
		}
	}
	r := fiveDrawn(t)
	shell := func(line string) string {
		out, err := exec.CommandContext(t.Context(), "sh", "-c", line).CombinedOutput()
		require.NoError(t, err, string(out))
		return strings.Fields(string(out))[0]
	}
	for _, s := range r.sections {
		lines := fmt.Sprintf(`sed -n '/^"%s"/,/^\],$/p' testdata/five.json`, s.Section)
		if slices.Contains([]string{"title", "rules", "certificate", "seed"}, s.Section) { // an object is one line
			lines = fmt.Sprintf(`grep '^"%s"' testdata/five.json`, s.Section)
		}
		require.Equal(t, s.SHA256, shell(fmt.Sprintf(`{ echo "evenhand panel record 1, section %s"; %s; } | sha256sum`, s.Section, lines)))
	}
	require.Equal(t, r.Hash, shell(`{ echo "evenhand panel record 1, record"; sed -n '/^"hashes"/,/^\],$/p' testdata/five.json; } | sha256sum`))
	require.Equal(t, r.Outcome.Seed, shell(`printf 'evenhand panel record 1, seed\nsecret %s\nround %s\n' "ana's secret" 8a3f | sha256sum`))
	require.Equal(t, twoPeople().People[0].Commitment, shell(`printf %s "ana's secret" | sha256sum`))
}

// Every byte of a record counts: whatever one is changed to, the record fails, and the
// place is named. The salvage a reader tries first, changing a letter or a digit, is
// among the changes.
func TestEveryChangedByteIsCaughtAndNamed(t *testing.T) {
	for name, r := range map[string]*Record{"committed": fiveCommitted(t, SeedPlan{Round: round}), "drawn": fiveDrawn(t)} {
		t.Run(name, func(t *testing.T) {
			text := encoded(t, r)
			line := 1
			for i, original := range text {
				for _, changed := range []byte{original ^ 1, original ^ 0x20, '\n'} {
					if changed == original {
						continue
					}
					text[i] = changed
					requireCaught(t, text, line, i)
				}
				text[i] = original
				if original == '\n' {
					line++
				}
			}
			for _, other := range [][]byte{text[:len(text)-1], text[1:], append(slices.Clone(text), '\n'), nil} {
				_, report := Verify(other)
				require.Len(t, report.Problems, 1)
				require.NotZero(t, report.Problems[0].Line)
			}
		})
	}
}

// requireCaught fails unless the changed record fails at the place that has the line.
func requireCaught(t *testing.T, text []byte, line, i int) {
	t.Helper()
	r, report := Verify(text)
	if report.OK() {
		t.Fatalf("byte %d, on line %d, was changed, and the record verifies", i, line)
	}
	problem := report.Problems[0]
	if problem.Line == 0 {
		t.Fatalf("byte %d, on line %d, was changed, and no place is named: %v", i, line, problem)
	}
	if r == nil { // the file cannot be read: the line itself, or the next where a newline went
		if problem.Line != line && problem.Line != line+1 {
			t.Fatalf("byte %d, on line %d, was changed, and line %d is named: %v", i, line, problem.Line, problem)
		}
		return
	}
	if section := sectionAt(text, line); problem.Section != section && !blamesHash(text, line, problem) {
		t.Fatalf("byte %d, on line %d in section %s, was changed, and section %s is named: %v", i, line, section, problem.Section, problem)
	}
}

// sectionAt is the section that a line of a record belongs to.
func sectionAt(text []byte, line int) string {
	section := ""
	for _, l := range strings.Split(string(text), "\n")[:line] {
		if name, _, found := strings.Cut(strings.TrimPrefix(l, "\""), "\": "); found && strings.HasPrefix(l, "\"") {
			section = name
		}
	}
	return section
}

// blamesHash reports whether a problem with another section names a line of hashes as what
// may have been changed instead.
func blamesHash(text []byte, line int, problem *Problem) bool {
	return strings.HasSuffix(sectionAt(text, line), "hashes") && strings.Contains(problem.Text, fmt.Sprintf("or their hash on line %d was", line))
}

func TestChangedBytesOfALargeRecord(t *testing.T) {
	r, err := largeCommitted(t).Draw(Values{Time: known, Round: "0123abcd"})
	require.NoError(t, err)
	text := encoded(t, r)
	step := len(text)/150 + 1
	for i := 7; i < len(text); i += step {
		original := text[i]
		text[i] ^= 1
		requireCaught(t, text, 1+strings.Count(string(text[:i]), "\n"), i)
		text[i] = original
	}
}
