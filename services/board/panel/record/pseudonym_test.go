package record

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/services/board/panel"
)

// RFC 4231, test case 2, cut to 16 bytes: the key is "Jefe".
func TestPseudonymIsAnHMAC(t *testing.T) {
	got, err := Pseudonym("4a656665", "what do ya want for nothing?")
	require.NoError(t, err)
	require.Equal(t, "5bdcc146bf60754e6a042426089575c7", got)
	for _, salt := range []string{"", "salt", "0"} {
		_, err := Pseudonym(salt, "acme")
		require.ErrorContains(t, err, "not hexadecimal", salt)
	}
}

func TestPseudonymsFile(t *testing.T) {
	p := salted(t, "beta", "acme, inc.", "gamma")
	var out bytes.Buffer
	require.NoError(t, p.WriteCSV(&out))
	again, err := ReadPseudonyms(strings.NewReader(out.String()))
	require.NoError(t, err)
	require.Equal(t, p, again)
	require.Equal(t, "acme, inc.", p.Accounts()[p.Of("acme, inc.")])
	require.Empty(t, p.Of("delta"))
	require.Equal(t, []string{"acme, inc.", "beta", "gamma"}, []string{p.Entries()[0].Account, p.Entries()[1].Account, p.Entries()[2].Account})

	_, err = ReadPseudonyms(strings.NewReader(strings.Replace(out.String(), p.Of("beta"), p.Of("gamma"), 1)))
	require.ErrorContains(t, err, `account "beta": its salt makes the pseudonym `+p.Of("beta"))
	_, err = ReadPseudonyms(strings.NewReader("id,salt\n"))
	require.ErrorContains(t, err, "has the columns id or account, salt and pseudonym")
	_, err = ReadPseudonyms(strings.NewReader(""))
	require.ErrorContains(t, err, "has the columns id or account, salt and pseudonym")
	_, err = NewPseudonyms(bytes.NewReader(make([]byte, 64)), []string{"a", "a"})
	require.ErrorContains(t, err, `account "a" is there twice`)
	_, err = NewPseudonyms(bytes.NewReader(make([]byte, 17)), []string{"a", "b"})
	require.ErrorContains(t, err, "make a salt")
}

// Whatever the order of the pool, its categories and conflicts, and whatever the
// accounts are called: with the same salts, the concealed problem is the same.
func TestConcealForgetsOrder(t *testing.T) {
	d, _ := fiveDraft(t, SeedPlan{Round: round})
	accounts := strings.Fields("A B C D E")
	p := &panel.Problem{Seats: 2, Categories: []panel.Category{
		{Name: "sector", Values: []panel.Quota{{Value: "x", Max: 1}, {Value: "y", Max: 2}}},
		{Name: "region", Values: []panel.Quota{{Value: "s", Max: 2}, {Value: "n", Min: 1, Max: 2}}},
	}}
	for i, id := range accounts {
		p.Pool = append(p.Pool, panel.Member{ID: id, Values: []string{string("xy"[i%2]), string("sn"[i/3])}})
	}
	p.Conflicts = [][2]int{{4, 0}, {1, 2}}
	names := salted(t, accounts...)
	want, err := names.Conceal(p)
	require.NoError(t, err)
	require.NoError(t, want.Check())
	rapid.Check(t, func(t *rapid.T) {
		other := &panel.Problem{Seats: 2, Categories: []panel.Category{p.Categories[1], p.Categories[0]}}
		order := rapid.Permutation([]int{0, 1, 2, 3, 4}).Draw(t, "order")
		place := make([]int, 5)
		for to, from := range order {
			m := p.Pool[from]
			other.Pool = append(other.Pool, panel.Member{ID: m.ID, Values: []string{m.Values[1], m.Values[0]}})
			place[from] = to
		}
		other.Conflicts = [][2]int{{place[2], place[1]}, {place[0], place[4]}, {place[1], place[2]}}
		got, err := names.Conceal(other)
		require.NoError(t, err)
		require.Equal(t, want, got)
	})
	_, err = names.Conceal(d.Problem)
	require.ErrorContains(t, err, "has no pseudonym")
}
