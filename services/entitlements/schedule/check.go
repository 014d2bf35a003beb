package schedule

import (
	"strconv"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// The checks of single values that the validator is made of.

func (v *validator) add(path string, reason Reason, format string, args ...any) {
	v.problems.add(path, reason, format, args...)
}

// full reports whether no more problems are taken.
func (v *validator) full() bool { return len(v.problems) >= MaxProblems }

// bad reports a text that is not what it should be, or is missing.
func (v *validator) bad(path, text, what, fix string) {
	if text == "" {
		v.add(path, Missing, "nothing is written here, it must be %s: write %s", what, fix)
	} else {
		v.add(path, BadValue, "%q is not %s: write %s", text, what, fix)
	}
}

func (v *validator) id(path, id string) {
	if !idPattern.MatchString(id) {
		v.bad(path, id, "an id", exampleID)
	}
}

// ids are the ids of one kind seen so far, with their paths.
type ids struct {
	kind string
	at   map[string]string
}

func newIDs(kind string) ids { return ids{kind, map[string]string{}} }

func (v *validator) unique(path, id string, seen ids) {
	v.id(path+".id", id)
	if first, ok := seen.at[id]; ok && id != "" {
		v.add(path+".id", Repeated, "the %s %q is already at %s: choose another id", seen.kind, id, first)
		return
	}
	seen.at[id] = path
}

// list checks each of a list of distinct words.
func (v *validator) list(path string, words []string, check func(path, word string)) {
	v.size(path, len(words))
	seen := map[string]bool{}
	for i, word := range words {
		at := path + index(i)
		if seen[word] {
			v.add(at, Repeated, "%q is listed twice: remove one", word)
			continue
		}
		seen[word] = true
		check(at, word)
	}
}

func (v *validator) size(path string, n int) {
	if n > maxItems {
		v.add(path, TooLarge, "a list of %d: at most %d are allowed", n, maxItems)
	}
}

func (v *validator) oneOf(path, word string, known []string) {
	for _, k := range known {
		if word == k {
			return
		}
	}
	v.bad(path, word, "one of the words known here"+suggest(word, known), strings.Join(known, " or "))
}

func (v *validator) within(path string, n, least, most int64) {
	switch {
	case n == 0 && least > 0: // what is left out is 0
		v.add(path, OutOfRange, "it is missing or 0: write a whole number from %d to %d", least, most)
	case n < least || n > most:
		v.add(path, OutOfRange, "%d is out of range: write a whole number from %d to %d", n, least, most)
	}
}

// amount checks minor units from least to MaxAmount. Without a known currency
// there is nothing to say about it.
func (v *validator) amount(path string, minor, least int64) {
	switch {
	case v.currency.Code == "":
	case minor == 0 && least > 0: // what is left out is 0
		v.add(path, OutOfRange, "it is missing or 0: write an amount from %s to %s", v.currency.Decimal(least), v.currency.Decimal(MaxAmount))
	case minor < least || minor > MaxAmount:
		v.add(path, OutOfRange, "%s is out of range: write an amount from %s to %s",
			v.currency.Decimal(minor), v.currency.Decimal(least), v.currency.Decimal(MaxAmount))
	}
}

func (v *validator) period(path string, p civil.Period) {
	if !p.Valid() {
		v.add(path, OutOfRange, "a period has at most %d months and %d days, none negative", civil.MaxPeriodMonths, civil.MaxPeriodDays)
	}
}

func (v *validator) day(path string, d civil.Day) {
	if d < civil.FirstDay || d > civil.LastDay {
		v.add(path, OutOfRange, "the day is not between %s and %s", civil.FirstDay, civil.LastDay)
	}
}

func index(i int) string { return "[" + strconv.Itoa(i) + "]" }
