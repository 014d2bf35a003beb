package csvfile

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func rows(t require.TestingT, text string, comma byte) (header []string, out []Row) {
	table, err := Open(strings.NewReader(text), comma)
	require.NoError(t, err)
	for {
		row, err := table.Next()
		if errors.Is(err, io.EOF) {
			return table.Header, out
		}
		require.NoError(t, err)
		row.Fields = slices.Clone(row.Fields)
		out = append(out, row)
	}
}

func TestRows(t *testing.T) {
	long := strings.Repeat("x", maxRecord)
	tests := []struct {
		name  string
		text  string
		comma byte
		want  []string // "line field|field" or "line! part of the fault"
	}{
		{"plain", "a,b\n1,2\n3,4\n", ',', []string{"2 1|2", "3 3|4"}},
		{"no last line end", "a,b\n1,2", ',', []string{"2 1|2"}},
		{"byte order mark and CRLF", "\xef\xbb\xbfa,b\r\n1,2\r\n\"3\",4\r\n", ',', []string{"2 1|2", "3 3|4"}},
		{"semicolons", "a;b\n1,5;2\n", ';', []string{"2 1,5|2"}},
		{"quoted line ends and quotes", "a,b\n\"x\ny\",\"say \"\"hi\"\"\"\n3,4\n", ',', []string{"2 x\ny|say \"hi\"", "4 3|4"}},
		{"blank lines count as lines", "a,b\n\n1,2\n\r\n3,4\n", ',', []string{"3 1|2", "5 3|4"}},
		{"ragged", "a,b\n1\n1,2,3\n4,5\n", ',', []string{"2! 1 fields where the header has 2", "3! 3 fields", "4 4|5"}},
		{"bare quote", "a,b\n1\"x,2\n3,4\n", ',', []string{"2! inside an unquoted field", "3 3|4"}},
		{"text behind a closing quote", "a,b\n\"1\"x,2\n3,4\n", ',', []string{"2! follows the closing quote", "3 3|4"}},
		{"malformed on the second line of a row", "a,b\n\"1\n2\"x,5\n3,4\n", ',', []string{"2! follows the closing quote", "3! inside an unquoted", "4 3|4"}},
		{"quote never closed takes nothing with it", "a,b\n1,\"2\n3,4\n5,6\n", ',', []string{"2! never closed", "3 3|4", "4 5|6"}},
		{"never closed, twice", "a,b\n1,\"2\n3,4\n5,\"6\"\"\n7,8\n", ',', []string{"2! follows", "3 3|4", "4! never closed", "5 7|8"}},
		{"not UTF-8", "a,b\n1,\xff\n3,4\n", ',', []string{"2! UTF-8", "3 3|4"}},
		{"a line that is too long", "a,b\n1," + long + "\n3,4\n", ',', []string{"2! longer than", "3 3|4"}},
		{"no rows", "a,b\n", ',', nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, got := rows(t, tt.text, tt.comma)
			require.Len(t, got, len(tt.want), "%+v", got)
			for i, want := range tt.want {
				head, part, fault := strings.Cut(want, "! ")
				if !fault {
					require.Equal(t, want, fmt.Sprintf("%d %s", got[i].Line, strings.Join(got[i].Fields, "|")))
					continue
				}
				require.Equal(t, head, fmt.Sprint(got[i].Line))
				require.Contains(t, got[i].Fault, part)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	for text, part := range map[string]string{
		"":                   "empty",
		"\n\n":               "empty",
		"a,\"b\n1,2\n":       "line 1",
		"\xff\xfea\x00,\x00": "UTF-16",
	} {
		_, err := Open(strings.NewReader(text), ',')
		require.ErrorContains(t, err, part, "%q", text)
	}
}

func TestColumn(t *testing.T) {
	table, err := Open(strings.NewReader("a,b,b\n"), ',')
	require.NoError(t, err)
	place, err := table.Column("a")
	require.NoError(t, err)
	require.Zero(t, place)
	_, err = table.Column("b")
	require.ErrorContains(t, err, "more than one")
	_, err = table.Column("c")
	require.ErrorContains(t, err, `the file has "a", "b", "b"`)
}

// What encoding/csv writes is read back, whatever the fields hold.
func TestReadsWhatIsWritten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		field := rapid.StringMatching(`[a-c",; \n]{0,5}`)
		want := rapid.SliceOf(rapid.SliceOfN(field, 2, 2)).Draw(t, "rows")
		var text bytes.Buffer
		w := csv.NewWriter(&text)
		w.UseCRLF = rapid.Bool().Draw(t, "crlf")
		require.NoError(t, w.Write([]string{"one", "two"}))
		require.NoError(t, w.WriteAll(want))

		header, got := rows(t, text.String(), ',')
		require.Equal(t, []string{"one", "two"}, header)
		require.Len(t, got, len(want))
		for i := range want {
			require.Empty(t, got[i].Fault)
			require.Equal(t, want[i], got[i].Fields)
		}
	})
}

// Every line of any text is part of a row, blank, or named by a fault: nothing is
// dropped silently, and lines are named in order.
func TestNothingIsDropped(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.SliceOf(rapid.StringMatching(`[ab",]{1,6}`)).Draw(t, "lines")
		text := "h\n" + strings.Join(lines, "\n")
		_, got := rows(t, text, ',')
		next := int64(2)
		for _, row := range got {
			require.Equal(t, next, row.Line, "%q", text)
			next++
			if row.Fault == "" || strings.Contains(row.Fault, "fields where") {
				next += int64(strings.Count(strings.Join(row.Fields, ","), "\n"))
			}
		}
		require.Equal(t, int64(len(lines))+2, next, "%q", text)
	})
}

func FuzzTable(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2\n", "a\n\"\n", "\"a\"b\n", "a,b\r\n\"x\ny\",z\r\n", "a\n\xff\n"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		table, err := Open(bytes.NewReader(text), ',')
		if err != nil {
			return
		}
		last := int64(0)
		for {
			row, err := table.Next()
			if err != nil {
				require.ErrorIs(t, err, io.EOF)
				return
			}
			require.Greater(t, row.Line, last)
			last = row.Line
			if row.Fault == "" {
				require.Len(t, row.Fields, len(table.Header))
			}
		}
	})
}
