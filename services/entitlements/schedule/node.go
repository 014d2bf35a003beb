package schedule

import (
	"strconv"

	"go.yaml.in/yaml/v3"

	"github.com/evenhand/evenhand/internal/platform/civil"
)

// mapping collects the keys and values of a YAML mapping; what is empty is left
// out.
type mapping struct{ content []*yaml.Node }

func (m *mapping) build() *yaml.Node { return &yaml.Node{Kind: yaml.MappingNode, Content: m.content} }

func (m *mapping) node(key string, value *yaml.Node) {
	m.content = append(m.content, quoted(key), value)
}

func (m *mapping) mapping(key string, value mapping) {
	if len(value.content) > 0 {
		m.node(key, value.build())
	}
}

func (m *mapping) text(key, text string) {
	if text != "" {
		m.node(key, quoted(text))
	}
}

func (m *mapping) words(key string, words []string) {
	m.list(key, each(words, quoted), yaml.FlowStyle)
}

func (m *mapping) list(key string, items []*yaml.Node, style yaml.Style) {
	if len(items) > 0 {
		m.node(key, &yaml.Node{Kind: yaml.SequenceNode, Content: items, Style: style})
	}
}

func (m *mapping) count(key string, n int64) {
	if n != 0 {
		m.node(key, plain(strconv.FormatInt(n, 10)))
	}
}

func (m *mapping) period(key string, p civil.Period) {
	if !p.IsZero() {
		m.node(key, plain(p.String()))
	}
}

// quoted is a text, put in quotes where it would read as something else.
func quoted(text string) *yaml.Node {
	return &yaml.Node{Kind: yaml.ScalarNode, Tag: "!!str", Value: text}
}

// plain is a number or date, never in quotes.
func plain(text string) *yaml.Node { return &yaml.Node{Kind: yaml.ScalarNode, Value: text} }

func each[T any](items []T, node func(T) *yaml.Node) []*yaml.Node {
	nodes := make([]*yaml.Node, len(items))
	for i, item := range items {
		nodes[i] = node(item)
	}
	return nodes
}
