package record

import (
	"errors"
	"fmt"
	"slices"
)

// Report says what Verify checked and what is wrong.
type Report struct {
	// Checks are what was checked and found in order, one sentence each.
	Checks []string
	// Problems are what is wrong, the first of each kind; empty for a record in order.
	Problems []*Problem
}

// OK reports whether nothing is wrong.
func (r *Report) OK() bool { return len(r.Problems) == 0 }

// Err returns everything that is wrong as one error; nil where nothing is.
func (r *Report) Err() error {
	problems := make([]error, len(r.Problems))
	for i, p := range r.Problems {
		problems[i] = p
	}
	return errors.Join(problems...)
}

// Verify replays a record from the bytes of its file: that each byte is where the format
// has it, every hash, that each panel is within seats, quotas and conflicts, that counts
// and probabilities agree with the panels and with the certificate, that what was
// revealed is what was committed, and that seed, panel and alternates follow.
//
// What needs a solver it takes from the record: that no lottery is fairer than the levels
// say, and that the unreachable are so.
//
// The record is nil where the file cannot be read. Whether it is the record that was
// published before the seed existed is for the caller to compare, by Record.Hash.
func Verify(text []byte) (*Record, *Report) {
	v := &verifier{report: &Report{}}
	v.record, v.parser, v.failed = parse(text)
	if v.failed != nil {
		var problem *Problem
		errors.As(v.failed, &problem) // parse returns no other
		v.report.Problems = append(v.report.Problems, problem)
		return nil, v.report
	}
	v.passed("The file is a record, and every byte of it where the format has it.")
	v.check(v.hashes)
	if v.check(v.rules) {
		v.check(v.residual)
		if v.check(v.panels) {
			v.check(v.marginals)
			v.check(v.alike)
			v.check(v.levels)
			v.check(v.outcome)
		}
	}
	return v.record, v.report
}

// verifier checks one record.
type verifier struct {
	record *Record
	parser *parser
	report *Report
	failed error
}

func (v *verifier) passed(format string, args ...any) {
	v.report.Checks = append(v.report.Checks, fmt.Sprintf(format, args...))
}

// check reports whether a check passes; one that fails returns the first problem that it
// finds.
func (v *verifier) check(check func() *Problem) bool {
	problem := check()
	if problem != nil {
		v.report.Problems = append(v.report.Problems, problem)
	}
	return problem == nil
}

// at is a problem with an object, or with a list as a whole.
func (v *verifier) at(section, format string, args ...any) *Problem {
	return &Problem{v.parser.spans[section].first, section, fmt.Sprintf(format, args...)}
}

// element is a problem with an element of a list.
func (v *verifier) element(section string, i int, format string, args ...any) *Problem {
	return &Problem{v.parser.spans[section].first + 1 + i, section, fmt.Sprintf(format, args...)}
}

// hashes checks the hashes of all sections, and those over them.
func (v *verifier) hashes() *Problem {
	r := v.record
	if p := v.sectionHashes(r.committed(), recordHashes, r.sections); p != nil {
		return p
	}
	if want := hashLines(recordHash, v.parser.texts[recordHashes]); r.Hash != want {
		return v.at(recordHash, "the hash over the sections is %s, not %s", want, r.Hash)
	}
	v.passed("The hash of each section, and over all, is %s.", r.Hash)
	if r.Outcome == nil {
		return nil
	}
	if p := v.sectionHashes(r.Outcome.parts(r.Outcome.line()), drawHashes, r.Outcome.sections); p != nil {
		return p
	}
	if want := hashLines(drawHash, []byte(r.Hash+"\n"), v.parser.texts[drawHashes]); r.Outcome.Hash != want {
		return v.at(drawHash, "the hash over record and draw is %s, not %s", want, r.Outcome.Hash)
	}
	v.passed("The hash over record and draw is %s.", r.Outcome.Hash)
	return nil
}

func (v *verifier) sectionHashes(parts []part, section string, told []sectionHash) *Problem {
	if len(told) != len(parts) {
		return v.at(section, "there are %d hashes for %d sections", len(told), len(parts))
	}
	for i, p := range parts {
		if told[i].Section != p.name {
			return v.element(section, i, "here has to stand the hash of %q, not of %q", p.name, told[i].Section)
		}
		want := hashLines("section "+p.name, v.parser.texts[p.name])
		if told[i].SHA256 == want {
			continue
		}
		where := v.parser.spans[p.name]
		return &Problem{where.first, p.name, fmt.Sprintf(
			"lines %d to %d were changed, or their hash on line %d was: theirs is %s, and there stands %s",
			where.first, where.last, v.parser.spans[section].first+1+i, want, told[i].SHA256)}
	}
	return nil
}

// outcome checks how the seed is made and, where there is a draw, that it follows from
// record and seed.
func (v *verifier) outcome() *Problem {
	r := v.record
	if err := r.Seed.CheckAt(r.Title.Committed); err != nil {
		return v.at("seed", "%v", err)
	}
	if r.Outcome == nil {
		v.passed("The record is committed and not drawn yet: %s.", r.Seed.Describe())
		return nil
	}
	o := r.Outcome
	if len(o.Reveals) != len(r.Seed.People) {
		return v.at("draw", "there are %d secrets of %d people", len(o.Reveals), len(r.Seed.People))
	}
	values := Values{Time: o.Time, Round: o.Round, Secrets: map[string]string{}}
	for i, person := range r.Seed.People {
		values.Secrets[person.Name] = o.Reveals[i]
	}
	seed, _, err := r.Seed.combine(values)
	switch {
	case err != nil:
		return v.at("draw", "%v", err)
	case o.Time.Before(r.Title.Committed):
		return v.at("draw", "the draw was made before the record was committed")
	case seed != o.Seed:
		return v.at("draw", "the seed that follows is %s, not %s", seed, o.Seed)
	}
	v.passed("The seed follows from %s.", r.Seed.Describe())
	want := r.drawn(seed)
	if want.Panel != o.Panel {
		return v.at("draw", "the panel that follows is number %d, not %d", want.Panel, o.Panel)
	}
	if i := differ(want.Members, o.Members); i >= 0 {
		return v.element("drawn", i, "these are not the members of panel %d", o.Panel)
	}
	if i := differ(want.Alternates, o.Alternates); i >= 0 {
		return v.element("alternates", i, "from here on, the alternates do not follow from record and seed")
	}
	v.passed("The draw was replayed: panel %d of %d, its %d members, and %d alternates in order.", o.Panel, len(r.Panels), len(o.Members), len(o.Alternates))
	return nil
}

// differ returns the first place in which two lists differ; -1 where they do not.
func differ(want, got []string) int {
	if slices.Equal(want, got) {
		return -1
	}
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			return i
		}
	}
	return min(len(want), len(got))
}

// describe names the round and when its value is known.
func (r Round) describe() string { return r.String() + " (known from " + instant(r.Known) + " on)" }

// Describe says what the seed is made of, as a clause that can follow "from".
func (s *SeedPlan) Describe() string {
	if len(s.People) == 0 {
		return s.Round.describe()
	}
	text := "the secrets of "
	for i, person := range s.People {
		if i > 0 {
			text += " and "
		}
		text += person.Name
	}
	return fmt.Sprintf("%s, with %s for what is not revealed by %s", text, s.Round.describe(), instant(s.Deadline))
}
