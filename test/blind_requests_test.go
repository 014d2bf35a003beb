package test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"buf.build/gen/go/bufbuild/protovalidate/protocolbuffers/go/buf/validate"
	"github.com/google/uuid"
	"google.golang.org/genproto/googleapis/api/annotations"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/types/dynamicpb"
)

// names are the resource names that a walk over RPCs has seen, in the order in which it
// saw them.
type names struct {
	list []string
	seen map[string]bool
	// given are texts for fields, by the field's name, or by that of its message and its own.
	given map[string][]string
}

var resourceName = regexp.MustCompile(`^[a-z][a-zA-Z]+(/[a-zA-Z0-9._-]+)+$`)

// add keeps what looks like a resource's name.
func (n *names) add(text string) {
	if resourceName.MatchString(text) && !n.seen[text] {
		n.seen[text] = true
		n.list = append(n.list, text)
		if strings.Count(text, "/") == 3 && strings.Contains(text, "/rotations/") {
			n.add(text + "/draw") // there is one of each, in no list
		}
	}
}

// learn adds the names in a message.
func (n *names) learn(m protoreflect.Message) {
	eachField(m, func(_ protoreflect.FieldDescriptor, value protoreflect.Value) {
		if text, ok := value.Interface().(string); ok {
			n.add(text)
		}
	})
}

// matching returns those that a pattern allows, the ones about an account first.
func (n *names) matching(pattern *regexp.Regexp, about string) []string {
	var first, others []string
	for _, name := range n.list {
		switch {
		case !pattern.MatchString(name):
		case strings.Contains(name, about):
			first = append(first, name)
		default:
			others = append(others, name)
		}
	}
	return append(first, others...)
}

// eachField calls visit with every value that is set in a message, those of lists one by
// one, and with what is in messages within.
func eachField(m protoreflect.Message, visit func(protoreflect.FieldDescriptor, protoreflect.Value)) {
	m.Range(func(field protoreflect.FieldDescriptor, value protoreflect.Value) bool {
		one := func(value protoreflect.Value) {
			visit(field, value)
			if inner, ok := value.Interface().(protoreflect.Message); ok {
				eachField(inner, visit)
			}
		}
		switch {
		case field.IsList():
			for i := range value.List().Len() {
				one(value.List().Get(i))
			}
		case field.IsMap():
			value.Map().Range(func(_ protoreflect.MapKey, value protoreflect.Value) bool {
				one(value)
				return true
			})
		default:
			one(value)
		}
		return true
	})
}

// maker makes requests that are as good as their schema lets one guess.
type maker struct {
	known *names
	// about is the account that requests should be about.
	about string
	// variant chooses among names, and among what a oneof may be.
	variant int
	// required leaves out all that a request need not have.
	required bool
	// update leaves out what cannot be changed.
	update bool
}

// request makes a request of a kind.
func (g maker) request(of protoreflect.MessageDescriptor) *dynamicpb.Message {
	m := dynamicpb.NewMessage(of)
	g.update = strings.HasPrefix(string(of.Name()), "Update")
	g.fill(m, 0)
	return m
}

// left out are fields whose absence is the usual case.
var leftOut = []protoreflect.Name{
	"page_token", "filter", "order_by", "etag", "consistency_token", "as_of", "as_of_date", "update_mask", "known_at", "skip", "held_only",
	"from_time", "to_time", "contact",
}

// excluded are fields that may not be given together with others of their message.
var excluded = []string{"Programme.criteria", "Review.subject", "Remedy.benefit", "SeedPlan.holders", "SeedPlan.reveal_deadline",
	"RevenueEntry.external_id", "Programme.lottery_round", "Decision.agenda_item"}

func (g maker) fill(m protoreflect.Message, depth int) {
	fields := m.Descriptor().Fields()
	for i := range fields.Len() {
		field := fields.Get(i)
		if field.IsMap() || slices.Contains(leftOut, field.Name()) && !isRequired(field) || g.required && !isRequired(field) && field.Name() != "years" {
			continue
		}
		if g.update && depth > 0 && behaves(field, annotations.FieldBehavior_IMMUTABLE) || slices.Contains(excluded, within(field)) {
			continue
		}
		if of := field.ContainingOneof(); of != nil && of.Fields().Get(g.variant%of.Fields().Len()) != field {
			continue
		}
		value, ok := g.value(m, field, depth)
		if !ok {
			continue
		}
		if field.IsList() {
			list := m.NewField(field)
			list.List().Append(value)
			if field.Name() == "entrants" { // a draw among one is none
				other := g
				other.variant++
				value, _ = other.value(m, field, depth)
				list.List().Append(value)
			}
			value = list
		}
		m.Set(field, value)
	}
}

func isRequired(field protoreflect.FieldDescriptor) bool {
	return behaves(field, annotations.FieldBehavior_REQUIRED) || behaves(field, annotations.FieldBehavior_IDENTIFIER)
}

func behaves(field protoreflect.FieldDescriptor, how annotations.FieldBehavior) bool {
	behavior, _ := proto.GetExtension(field.Options(), annotations.E_FieldBehavior).([]annotations.FieldBehavior)
	return slices.Contains(behavior, how)
}

// within names a field with its message, such as Account.parent.
func within(field protoreflect.FieldDescriptor) string {
	return string(field.ContainingMessage().Name()) + "." + string(field.Name())
}

// value makes a value of a field; false where it had better be left out.
func (g maker) value(m protoreflect.Message, field protoreflect.FieldDescriptor, depth int) (protoreflect.Value, bool) {
	switch field.Kind() {
	case protoreflect.StringKind:
		return protoreflect.ValueOfString(g.text(m, field)), true
	case protoreflect.BoolKind:
		return protoreflect.ValueOfBool(field.Name() == "validate_only" && g.variant%2 == 1), true
	case protoreflect.EnumKind:
		values := field.Enum().Values()
		return protoreflect.ValueOfEnum(values.Get(min(1+g.variant%max(values.Len()-1, 1), values.Len()-1)).Number()), true
	case protoreflect.Int32Kind:
		return protoreflect.ValueOfInt32(max(1, counts[within(field)])), field.Name() != "page_size"
	case protoreflect.Int64Kind:
		return protoreflect.ValueOfInt64(1), true
	case protoreflect.BytesKind:
		text := pick(g.known.given[string(field.Name())], g.variant, "")
		return protoreflect.ValueOfBytes([]byte(text)), text != ""
	case protoreflect.MessageKind:
		return g.message(m, field, depth)
	}
	return protoreflect.Value{}, false
}

func (g maker) message(m protoreflect.Message, field protoreflect.FieldDescriptor, depth int) (protoreflect.Value, bool) {
	var inner protoreflect.Message
	if field.IsList() {
		inner = m.NewField(field).List().NewElement().Message()
	} else {
		inner = m.NewField(field).Message()
	}
	set := func(name protoreflect.Name, value protoreflect.Value) {
		inner.Set(inner.Descriptor().Fields().ByName(name), value)
	}
	switch now := time.Now().In(demoZone).Add(later[within(field)]); field.Message().FullName() {
	case "google.protobuf.Timestamp":
		set("seconds", protoreflect.ValueOfInt64(now.Unix()))
	case "google.protobuf.Duration":
		set("seconds", protoreflect.ValueOfInt64(3600))
	case "google.type.Date":
		set("year", protoreflect.ValueOfInt32(int32(now.Year())))
		set("month", protoreflect.ValueOfInt32(int32(now.Month())))
		set("day", protoreflect.ValueOfInt32(int32(now.Day())))
	case "google.type.Money":
		set("currency_code", protoreflect.ValueOfString("USD"))
		set("units", protoreflect.ValueOfInt64(1))
	default:
		if depth > 4 {
			return protoreflect.Value{}, false
		}
		g.fill(inner, depth+1)
	}
	return protoreflect.ValueOfMessage(inner), true
}

// later is by how much what may not be today is put off.
var later = map[string]time.Duration{
	"MoveMeetingRequest.start_time": time.Hour,
	"MoveRotationRequest.date":      40 * 24 * time.Hour,
	"PublicRound.known_time":        roundKnown,
	"EndProgrammeRequest.end_date":  150 * 24 * time.Hour,
}

// roundKnown is how long it takes until the round of a draw is known.
const roundKnown = 3 * time.Second

// counts are numbers of which one is too few.
var counts = map[string]int32{"Rules.seats": 3}

// demoZone is that of the demo's company: in the evening it is tomorrow already by UTC, and
// much is refused that is still to come.
var demoZone = func() *time.Location {
	zone, err := time.LoadLocation("America/Chicago")
	if err != nil {
		panic(err)
	}
	return zone
}()

// usual are the values of fields that are neither a name nor any text.
var usual = map[protoreflect.Name][]string{
	"benefit":       {"guided-visit", "expert-hours"},
	"time_zone":     {"America/Chicago"},
	"currency_code": {"EUR", "USD"},
	"quarter":       {"2026-q1"},
	"criteria_text": {"{tenure: months, at_least: 1}"},
	"round_value":   {"0f3a9c"},
	"digest":        {strings.Repeat("0", 64)},
	"fragment": {"benefits:\n  - {id: probe-visit, promise: A visit to the probes., kind: feature, unit_cost: 3.00, expected_use_per_year: 1}\n" +
		"rules:\n  - {id: probe-rule, promise: Who has been here for long is visited., when: {tenure: months, at_least: 240}, grants: [probe-visit]}\n"},
}

// text makes a text that the rules of a field allow: a name where they want one.
func (g maker) text(m protoreflect.Message, field protoreflect.FieldDescriptor) string {
	rules, _ := proto.GetExtension(field.Options(), validate.E_Field).(*validate.FieldRules)
	if items := rules.GetRepeated().GetItems(); items != nil {
		rules = items
	}
	if field.Name() == "request_id" || rules.GetString().GetUuid() {
		return uuid.NewString()
	}
	if rules.GetString().GetEmail() {
		return "agent@example.com"
	}
	text := fmt.Sprintf("probe-%s", field.Name())
	for _, at := range []string{within(field), string(field.Name())} {
		if choices := g.known.given[at]; len(choices) > 0 {
			number := g.variant
			if field.Name() == "second_term" {
				number++
			}
			return pick(choices, number, text)
		}
	}
	if choices := usual[field.Name()]; choices != nil {
		return pick(choices, g.variant, text)
	}
	pattern := patternOf(field, rules.GetString().GetPattern())
	if pattern == nil {
		return text
	}
	ids := g.known.matching(pattern, g.about)
	for _, id := range []string{g.about, "USD", "UTC", "2026-01-31", "12", "boards/-", "accounts/-", "schedule"} {
		if pattern.MatchString(id) {
			ids = append(ids, id)
		}
	}
	if parent := m.Descriptor().Fields().ByName("parent"); parent != nil && parent != field {
		if under := below(m.Get(parent).String(), ids); len(under) > 0 {
			ids = under
		}
	}
	number := g.variant
	if field.Name() == "into" || field.Name() == "second_term" { // another one than is named beside it
		number++
	}
	return pick(ids, number, text)
}

// below are those of some names that are of a parent.
func below(parent string, list []string) []string {
	var under []string
	for _, name := range list {
		if strings.HasPrefix(name, parent+"/") {
			under = append(under, name)
		}
	}
	return under
}

var variable = regexp.MustCompile(`\{[^}]+\}`)

// patternOf is what a text has to match: what its rule says, or for the name of a resource,
// how such names are made. It is nil where any text will do.
func patternOf(field protoreflect.FieldDescriptor, rule string) *regexp.Regexp {
	of, _ := proto.GetExtension(field.ContainingMessage().Options(), annotations.E_Resource).(*annotations.ResourceDescriptor)
	if rule == "" && field.Name() == "name" && len(of.GetPattern()) > 0 {
		rule = "^" + variable.ReplaceAllString(of.GetPattern()[0], "[^/]+") + "$"
	}
	if rule == "" && field.Name() == "account" {
		rule = "^accounts/[^/]+$"
	}
	if rule == "" {
		return nil
	}
	return regexp.MustCompile(rule)
}

// pick returns a choice by number, or what there is otherwise.
func pick(choices []string, number int, otherwise string) string {
	if len(choices) == 0 {
		return otherwise
	}
	return choices[number%len(choices)]
}
