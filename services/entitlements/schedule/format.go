package schedule

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"maps"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// Format writes a valid schedule as its canonical file, which Parse reads back
// as the same schedule. What equals its default is left out.
func Format(s *Schedule) []byte {
	var out bytes.Buffer
	encoder := yaml.NewEncoder(&out)
	encoder.SetIndent(2)
	// Encoding a tree of plain nodes into memory has no way to fail.
	if err := encoder.Encode(tree(s)); err != nil {
		panic("schedule: cannot encode a tree of plain nodes: " + err.Error())
	}
	return out.Bytes()
}

// Hash returns the SHA-256 of the schedule's content in hexadecimal digits. The
// spelling of a file (order of keys, comments, 500 or "500.00", P1Y or P12M)
// does not change it; the order of lists does. It must never change for a
// schedule once published, so what is added to the format must be left out of
// the tree while it equals its default.
func (s *Schedule) Hash() string {
	digest := sha256.New()
	digest.Write([]byte("evenhand schedule 1\n"))
	hashNode(digest, tree(s))
	return hex.EncodeToString(digest.Sum(nil))
}

// hashNode writes a node so that different trees give different bytes: its kind,
// its length, then its content, mappings in the order of their keys.
func hashNode(digest hash.Hash, n *yaml.Node) {
	write := func(kind byte, length int) {
		digest.Write(binary.BigEndian.AppendUint32([]byte{kind}, uint32(length)))
	}
	switch n.Kind {
	case yaml.MappingNode:
		write('m', len(n.Content)/2)
		order := make([]int, 0, len(n.Content)/2)
		for i := 0; i < len(n.Content); i += 2 {
			order = append(order, i)
		}
		slices.SortFunc(order, func(a, b int) int { return bytes.Compare([]byte(n.Content[a].Value), []byte(n.Content[b].Value)) })
		for _, i := range order {
			hashNode(digest, n.Content[i])
			hashNode(digest, n.Content[i+1])
		}
	case yaml.SequenceNode:
		write('l', len(n.Content))
		for _, child := range n.Content {
			hashNode(digest, child)
		}
	default:
		write('s', len(n.Value))
		digest.Write([]byte(n.Value))
	}
}

// tree is the canonical form of a schedule that both Format and Hash use.
func tree(s *Schedule) *yaml.Node {
	currency, _ := LookupCurrency(s.Currency)
	w := writer{currency}
	var calendars mapping
	for _, id := range slices.Sorted(maps.Keys(s.Calendars)) {
		c := s.Calendars[id]
		var m mapping
		m.text("hours", c.Hours.String())
		m.list("holidays", each(c.Holidays, func(d civil.Day) *yaml.Node { return plain(d.String()) }), yaml.FlowStyle)
		calendars.node(id, m.build())
	}
	var notice mapping
	if s.Notice.Effective != civil.Never {
		notice.node("effective", plain(s.Notice.Effective.String()))
	}
	notice.text("reason", s.Notice.Reason)
	notice.period("minimum", s.Notice.Minimum)

	var m mapping
	m.text("schedule", s.ID)
	m.text("currency", s.Currency)
	m.text("time_zone", s.TimeZone)
	m.mapping("calendars", calendars)
	m.list("commitments", each(s.Commitments, w.commitment), 0)
	m.list("benefits", each(s.Benefits, w.benefit), 0)
	m.list("bundles", each(s.Bundles, w.bundle), 0)
	m.list("rules", each(s.Rules, w.rule), 0)
	m.mapping("notice", notice)
	return m.build()
}

// writer builds nodes of the parts of a schedule in its currency.
type writer struct{ currency Currency }

func (w writer) commitment(c Commitment) *yaml.Node {
	var m mapping
	m.text("id", c.ID)
	m.text("promise", c.Promise)
	if c.Clock != nil {
		var clock mapping
		clock.text("from", c.Clock.From)
		clock.text("to", c.Clock.To)
		clock.text("within", FormatWithin(c.Clock.Within))
		clock.text("calendar", c.Clock.Calendar)
		m.mapping("clock", clock)
	}
	m.words("attest", c.Attest)
	return m.build()
}

func (w writer) benefit(b Benefit) *yaml.Node {
	var m mapping
	m.text("id", b.ID)
	m.text("promise", b.Promise)
	m.text("kind", string(b.Kind))
	m.text("unit", b.Unit)
	m.count("limit", b.Limit)
	m.period("period", b.Period)
	m.count("rollover", b.Rollover)
	if b.Resets != Anniversary {
		m.text("resets", string(b.Resets))
	}
	if !slices.Equal(b.Notices, DefaultNotices()) {
		m.list("notices", each(b.Notices, func(percent int) *yaml.Node { return plain(strconv.Itoa(percent)) }), yaml.FlowStyle)
	}
	if b.UnitCost != nil {
		m.node("unit_cost", plain(w.currency.Decimal(*b.UnitCost)))
	}
	if b.ExpectedUsePerYear != nil {
		m.node("expected_use_per_year", plain(strconv.FormatInt(*b.ExpectedUsePerYear, 10)))
	}
	m.count("capacity_per_year", b.CapacityPerYear)
	m.text("house_rule", b.HouseRule)
	return m.build()
}

func (w writer) bundle(b Bundle) *yaml.Node {
	var m mapping
	m.text("id", b.ID)
	m.text("display_name", b.DisplayName)
	m.words("benefits", b.Benefits)
	return m.build()
}

func (w writer) rule(r Rule) *yaml.Node {
	var m mapping
	m.text("id", r.ID)
	m.text("promise", r.Promise)
	m.node("when", w.condition(r.When))
	m.words("grants", r.Grants)
	m.period("lasts", r.Lasts)
	if r.OnRefund != Recheck {
		m.text("on_refund", string(r.OnRefund))
	}
	return m.build()
}

func (w writer) condition(c Condition) *yaml.Node {
	var m mapping
	m.list("all", each(c.All, w.condition), 0)
	m.list("any", each(c.Any, w.condition), 0)
	if c.IsLeaf() {
		m.text(string(c.Subject), c.Measure)
		if c.Scope != AccountScope {
			m.text("scope", string(c.Scope))
		}
		if c.Subject == Spend {
			m.node("at_least", plain(w.currency.Decimal(c.AtLeast)))
		} else {
			m.count("at_least", c.AtLeast)
		}
	}
	node := m.build()
	if c.IsLeaf() {
		node.Style = yaml.FlowStyle
	}
	return node
}
