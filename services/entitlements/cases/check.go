package cases

import (
	"maps"
	"slices"
	"unicode/utf8"

	"github.com/evenhand/evenhand/internal/platform/names"
)

// How long texts may be, in characters.
const (
	maxSubject     = 200
	maxDescription = 10_000
	maxFact        = 100
	maxNote        = 2000
)

// checkFields says what is wrong with what callers may set of a case, below a path of the
// request.
func (c *Case) checkFields(prefix string) error {
	p := problems{prefix: prefix}
	p.id("issue", c.Issue)
	p.id("channel", c.Channel)
	p.text("subject", c.Subject, maxSubject)
	p.text("description", c.Description, maxDescription)
	p.facts("facts", c.Facts)
	return p.err()
}

func (p *problems) facts(path string, facts map[string]string) {
	if len(facts) > maxFacts {
		p.add(path, "has %d facts: at most %d", len(facts), maxFacts)
	}
	for _, key := range slices.Sorted(maps.Keys(facts)) {
		at := path + "." + key
		switch {
		case !names.IsID(key):
			p.add(at, "%q is no id: lower-case letters, digits and hyphens", key)
		case names.IsHandSetLevel(key):
			p.add(at, "no account carries a level: extras come by rule only")
		case names.IsPersonal(key):
			p.add(at, "is about who the customer is or how they ask, and no remedy may depend on it: leave it out")
		}
		if facts[key] == "" {
			p.add(at, "has no value: leave the fact out")
		}
		p.text(at, facts[key], maxFact)
	}
}

func (p *problems) id(path, id string) {
	if !names.IsID(id) {
		p.add(path, "%q is no id: lower-case letters, digits and hyphens, at most 63, as late-delivery", id)
	}
}

func (p *problems) text(path, text string, most int) {
	if n := utf8.RuneCountInString(text); n > most {
		p.add(path, "has %d characters: at most %d", n, most)
	}
}

// needed wants a text that is there.
func (p *problems) needed(path, text string, most int) {
	if text == "" {
		p.add(path, "is needed")
	}
	p.text(path, text, most)
}
