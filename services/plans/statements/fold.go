package statements

import (
	"cmp"
	"context"
	"fmt"
	"math/bits"
	"slices"
	"strconv"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// MaxMinor is the most that an amount is told up to, with either sign: as the ledger of
// costs has it.
const MaxMinor int64 = 1 << 60

// plus adds two amounts, up to MaxMinor.
func plus(a, b int64) int64 { return max(-MaxMinor, min(MaxMinor, a+b)) }

// times is what units cost, up to MaxMinor; minor is not below 0.
func times(units, minor int64) int64 {
	sign, count := int64(1), uint64(max(units, -units))
	if units < 0 {
		sign = -1
	}
	high, low := bits.Mul64(count, uint64(minor))
	if high > 0 || low > uint64(MaxMinor) {
		return sign * MaxMinor
	}
	return sign * int64(low)
}

// fold makes a statement of the lines of a dossier, as they are known at a horizon.
func (s *Service) fold(ctx context.Context, header Header, zone civil.Zone, lines []line, h Horizon) (Statement, error) {
	out := Statement{Header: header, Figures: make([]Figure, len(definitions))}
	sources := make([][]Source, len(definitions))
	called := labels{}
	for i := range lines {
		state := lines[i].counts(header.Quarter, zone, h)
		if state == nil {
			continue
		}
		of := slices.IndexFunc(definitions, func(d definition) bool {
			return d.kind == state.Facts.Kind && (d.subject == "" || d.subject == state.Facts.Subject)
		})
		if of < 0 {
			continue // of a later release
		}
		source, err := s.source(ctx, state, zone, called)
		if err != nil {
			return Statement{}, err
		}
		sources[of] = append(sources[of], source)
	}
	for i, d := range definitions {
		out.Figures[i] = total(d.id, d.label, sources[i], d.kind == kindUsed)
		if d.parted {
			out.Figures[i].Parts = parts(sources[i], called, d.kind == kindUsed)
		}
	}
	out.Notes = notes(&out)
	return out, nil
}

// source makes an entry of a figure of what a line says, and notes what its subject is
// called.
func (s *Service) source(ctx context.Context, state *state, zone civil.Zone, called labels) (Source, error) {
	f := state.Facts
	out := Source{Name: f.Name, Service: state.Service, Position: state.Position, Recorded: state.Recorded, Day: f.day(zone),
		Subject: f.Subject, Text: f.Text, Count: 1, Origin: f.Origin, Version: f.Version, Rule: f.Rule}
	switch f.Kind {
	case kindPaid:
		out.Count, out.Minor = f.Count, f.Minor
		if f.Last != f.Day {
			out.Last = f.Last
		}
	case kindUsed:
		benefit, err := s.editions.benefit(ctx, f.Version, f.Subject)
		if err != nil {
			return Source{}, err
		}
		out.Count, out.Stated, out.Minor = f.Units, benefit.Stated, times(f.Units, benefit.Minor)
		called.note(f.Subject, f.Version, benefit.Promise)
	case kindHours:
		out.Count, out.Minutes = f.Count, f.Units
	case kindEngagement, kindSession, kindTouched:
		out.Minutes = f.Units
	default:
	}
	return out, nil
}

// labels are what subjects are called, by the latest version of the schedule that was read.
type labels map[string]struct {
	version int
	text    string
}

func (l labels) note(subject, version, text string) {
	number, _ := strconv.Atoi(version) // 0 for what is none
	if text != "" && number >= l[subject].version {
		l[subject] = struct {
			version int
			text    string
		}{number, text}
	}
}

// total adds entries up; used says that they are of benefits.
func total(id, label string, list []Source, used bool) Figure {
	slices.SortFunc(list, func(a, b Source) int { return a.place().compare(b.place()) })
	f := Figure{ID: id, Label: label, Entries: int64(len(list)), Sources: list}
	for i := range list {
		e := &list[i]
		f.Count, f.Minor, f.Minutes = f.Count+e.Count, plus(f.Minor, e.Minor), f.Minutes+e.Minutes
		if !used {
			continue
		}
		if !e.Stated {
			f.Unknown += e.Count
		}
		if e.Count < 0 {
			f.Returned -= e.Count
			continue
		}
		if f.Origins == nil {
			f.Origins = map[string]int64{}
		}
		f.Origins[e.Origin] += e.Count
	}
	return f
}

// parts adds entries up by subject.
func parts(list []Source, called labels, used bool) []Figure {
	bySubject := map[string][]Source{}
	var subjects []string
	for _, e := range list {
		if bySubject[e.Subject] == nil {
			subjects = append(subjects, e.Subject)
		}
		bySubject[e.Subject] = append(bySubject[e.Subject], e)
	}
	slices.Sort(subjects)
	var out []Figure
	for _, subject := range subjects {
		part := total(subject, cmp.Or(called[subject].text, subject), bySubject[subject], used)
		part.Sources = nil // they are those of the figure
		out = append(out, part)
	}
	return out
}

// notes say what has to be known to read the figures.
func notes(s *Statement) []string {
	var list []string
	if s.Currency == "" {
		list = append(list, "The company has not settled its currency yet: amounts cannot be shown.")
	}
	if used := s.Figure("benefits"); used.Unknown != 0 {
		list = append(list, fmt.Sprintf("Of %s that were used the schedule states no cost: they are counted, and worth nothing in the amount.", many(used.Unknown, "unit", "units")))
	}
	return list
}

// many writes a number with what it counts.
func many(n int64, one, more string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, more)
}
