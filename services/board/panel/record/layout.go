package record

import (
	"bytes"
	"fmt"
)

// committed are the sections of a record before the draw, in the order of the file.
func (r *Record) committed() []part {
	return []part{
		{"title", object[Title]{&r.Title}},
		{"rules", object[Rules]{&r.Rules}},
		{"quotas", list[Quota]{&r.Quotas}},
		{"seated", list[Seated]{&r.Seated}},
		{"pool", list[Member]{&r.Pool}},
		{"conflicts", list[Pair]{&r.Conflicts}},
		{"unreachable", list[Unreachable]{&r.Unreachable}},
		{"certificate", object[Certificate]{&r.Certificate}},
		{"levels", list[Level]{&r.Levels}},
		{"marginals", list[Marginal]{&r.Marginals}},
		{"panels", list[[]int]{&r.Panels}},
		{"seed", object[SeedPlan]{&r.Seed}},
	}
}

// parts are the sections of a draw, in the order of the file.
func (d *Outcome) parts(line *drawLine) []part {
	return []part{
		{"draw", object[drawLine]{line}},
		{"drawn", list[string]{&d.Members}},
		{"alternates", list[string]{&d.Alternates}},
	}
}

func (d *Outcome) line() *drawLine { return &drawLine{d.Time, d.Round, d.Reveals, d.Seed, d.Panel} }

func (d *Outcome) setLine(l *drawLine) {
	d.Time, d.Round, d.Reveals, d.Seed, d.Panel = l.Time, l.Round, l.Reveals, l.Seed, l.Panel
}

// Names of the parts that hold hashes.
const (
	recordHashes, recordHash = "hashes", "record"
	drawHashes, drawHash     = "draw_hashes", "sealed"
)

// Encode returns the bytes of the file.
func (r *Record) Encode() ([]byte, error) {
	var out bytes.Buffer
	out.WriteString("{\n\"format\": \"" + domain + "\",\n")
	for _, p := range r.committed() {
		if err := p.writeTo(&out); err != nil {
			return nil, err
		}
	}
	hashes := part{recordHashes, list[sectionHash]{&r.sections}}
	if err := hashes.writeTo(&out); err != nil {
		return nil, err
	}
	fmt.Fprintf(&out, "%q: %q", recordHash, r.Hash)
	if r.Outcome != nil {
		out.WriteString(",\n")
		for _, p := range append(r.Outcome.parts(r.Outcome.line()), part{drawHashes, list[sectionHash]{&r.Outcome.sections}}) {
			if err := p.writeTo(&out); err != nil {
				return nil, err
			}
		}
		fmt.Fprintf(&out, "%q: %q", drawHash, r.Outcome.Hash)
	}
	out.WriteString("\n}\n")
	return out.Bytes(), nil
}

// writeTo writes the lines of a part, each with its comma and newline.
func (p part) writeTo(out *bytes.Buffer) error {
	lines, list, err := p.body.write()
	if err != nil {
		return fmt.Errorf("write %s: %w", p.name, err)
	}
	if !list {
		fmt.Fprintf(out, "%q: %s,\n", p.name, lines[0])
		return nil
	}
	fmt.Fprintf(out, "%q: [\n", p.name)
	for i, line := range lines {
		out.Write(line)
		if i+1 < len(lines) {
			out.WriteByte(',')
		}
		out.WriteByte('\n')
	}
	out.WriteString("],\n")
	return nil
}

// seal computes the hash of each part, and the hash over these.
func seal(parts []part, overall string, before ...[]byte) ([]sectionHash, string, error) {
	var hashes []sectionHash
	var text bytes.Buffer
	for _, p := range parts {
		text.Reset()
		if err := p.writeTo(&text); err != nil {
			return nil, "", err
		}
		hashes = append(hashes, sectionHash{p.name, hashLines("section "+p.name, text.Bytes())})
	}
	text.Reset()
	name := recordHashes
	if overall == drawHash {
		name = drawHashes
	}
	if err := (part{name, list[sectionHash]{&hashes}}).writeTo(&text); err != nil {
		return nil, "", err
	}
	return hashes, hashLines(overall, append(before, text.Bytes())...), nil
}

// seal computes the hashes of the record.
func (r *Record) seal() (err error) {
	r.sections, r.Hash, err = seal(r.committed(), recordHash)
	return err
}

// seal computes the hashes of the draw of the record with a hash.
func (d *Outcome) seal(record string) (err error) {
	d.sections, d.Hash, err = seal(d.parts(d.line()), drawHash, []byte(record+"\n"))
	return err
}
