package advice

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

const (
	// alike is from which likeness on an idea is suggested, and mostAlike how many are.
	alike     = 0.5
	mostAlike = 5
	// compared is with how many ideas, those entered last, one is compared, and
	// comparedText how many bytes of their texts are looked at.
	compared, comparedText = 2000, 1000
)

// Similar is an idea that may say the same as another. It is a suggestion, from the
// letters alone; whether it is the same is for people to say.
type Similar struct {
	resource.Stored[Idea]
	// Likeness is from 0 to 1.
	Likeness float64
}

// Similar returns ideas that may say the same as one that is about to be submitted, or
// was: of its solicitation, and of those that nobody asked for; the most alike first.
func (s *Ideas) Similar(ctx context.Context, id string, n Idea) ([]Similar, error) {
	solicitations := []string{n.Solicitation}
	if n.Solicitation != "" {
		solicitations = append(solicitations, "")
	}
	var list []Similar
	own := shapeOf(n)
	for _, solicitation := range solicitations {
		looked := 0
		for i, err := range s.table.All(ctx, docstore.Query{Index: "newest", Equal: []any{solicitation}, Descending: true}) {
			if err != nil {
				return nil, err
			}
			if looked++; looked > compared {
				break
			}
			if i.ID == id || i.State.Into != "" {
				continue
			}
			if l := own.likeness(shapeOf(i.State)); l >= alike {
				list = append(list, Similar{i, l})
			}
		}
	}
	slices.SortFunc(list, func(a, b Similar) int { return cmp.Or(cmp.Compare(b.Likeness, a.Likeness), cmp.Compare(a.ID, b.ID)) })
	return list[:min(len(list), mostAlike)], nil
}

// shape is what is compared of an idea: the trigrams of its title, and those of its
// title and the beginning of its text together.
type shape struct{ title, whole map[string]bool }

func shapeOf(i Idea) shape {
	text := i.Text[:min(len(i.Text), comparedText)]
	return shape{trigrams(i.Title), trigrams(i.Title + " " + text)}
}

// likeness is that of the titles, or of all: the greater of both counts.
func (a shape) likeness(b shape) float64 {
	return max(overlap(a.title, b.title), overlap(a.whole, b.whole))
}

// overlap is the Dice coefficient of two sets: twice what they share, by what they hold.
func overlap(a, b map[string]bool) float64 {
	if len(a)+len(b) == 0 {
		return 0
	}
	shared := 0
	for t := range a {
		if b[t] {
			shared++
		}
	}
	return 2 * float64(shared) / float64(len(a)+len(b))
}

// trigrams returns the runs of three letters of each word, its edges among them, in
// lower case and without accents.
func trigrams(text string) map[string]bool {
	set := map[string]bool{}
	plain := strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			return unicode.ToLower(r)
		}
		return ' '
	}, norm.NFKD.String(text))
	for _, word := range strings.Fields(plain) {
		letters := []rune(" " + word + " ")
		for i := 0; i+3 <= len(letters); i++ {
			set[string(letters[i:i+3])] = true
		}
	}
	return set
}
