package main

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// httpMethods is the order in which a path's operations are listed.
var httpMethods = []string{"get", "post", "put", "patch", "delete"}

// bindingSuffix is what the plugin adds to the operation id of an RPC's further paths.
var bindingSuffix = regexp.MustCompile(`_\d+$`)

// A document is the OpenAPI document in the making.
type document struct {
	known   *descriptors
	about   *api
	schemas *object

	paths *object
	tags  map[string]string // of each path
	// missing lists the fields that api.json gives no example.
	missing []string
}

// addOperations takes over the plugin's operations under paths of our own naming.
func (d *document) addOperations(paths []path) error {
	d.paths, d.tags = newObject(), map[string]string{}
	for _, p := range paths {
		r, err := newRoute(p.template, d.about.Collections)
		if err != nil {
			return err
		}
		d.tags[r.template] = r.tag
		item := d.paths.object(r.template)
		if item == nil {
			item = newObject()
			d.paths.set(r.template, item)
		}
		for _, verb := range p.operations.keys {
			if item.has(verb) {
				return fmt.Errorf("two operations at %s %s", strings.ToUpper(verb), r.template)
			}
			op := p.operations.object(verb)
			if err := d.finishOperation(op, verb, r); err != nil {
				return fmt.Errorf("%s %s: %w", strings.ToUpper(verb), r.template, err)
			}
			item.set(verb, op)
		}
	}
	return nil
}

func (d *document) finishOperation(op *object, verb string, r route) error {
	id := op.text("operationId")
	m, known := d.known.methods[bindingSuffix.ReplaceAllString(id, "")]
	if !known {
		return fmt.Errorf("no RPC for the operation id %s", id)
	}
	if m.Options.Access.Permission == "" {
		return fmt.Errorf("%s names no permission: give it the option evenhand.type.v1.access", id)
	}
	op.set("tags", []any{r.tag})
	d.describe(op, m)
	d.joinDays(op, m)
	for _, p := range op.array("parameters") {
		d.finishParameter(p.(*object), m, r)
	}
	if err := d.finishBody(op, verb, id, m); err != nil {
		return err
	}
	d.finishResponses(op, m)
	d.addHeaders(op, verb, m)
	addErrors(op)
	inOrder(op, "tags", "summary", "description", "operationId", "deprecated", "parameters", "requestBody", "responses")
	op.object("responses").sorted(strings.Compare)
	return nil
}

// inOrder puts the members named first, in the order given.
func inOrder(o *object, keys ...string) {
	o.sorted(func(a, b string) int {
		return cmp.Compare(place(keys, a), place(keys, b))
	})
}

// place returns the index of a key, or one past the last.
func place(keys []string, key string) int {
	if i := slices.Index(keys, key); i >= 0 {
		return i
	}
	return len(keys)
}

// describe splits the RPC's comment into a summary and a description, and adds
// the permission that the caller needs.
func (d *document) describe(op *object, m method) {
	text := unwrap(strings.TrimSpace(op.text("summary") + "\n" + op.text("description")))
	summary, _, _ := strings.Cut(text, ". ")
	summary = regexp.MustCompile(` \(AIP-\d+\)`).ReplaceAllString(strings.TrimSuffix(summary, "."), "")
	access := m.Options.Access
	needs := fmt.Sprintf("Needs the permission `%s`", access.Permission)
	if access.Assigned {
		needs += "; a role may have it for the accounts assigned to the caller only"
	}
	op.set("summary", summary)
	op.set("description", text+"\n\n"+needs+".")
}

// joinDays makes one query parameter, as `asOfDate=2026-03-06`, of the three that the
// plugin makes of a google.type.Date. The gateway takes both.
func (d *document) joinDays(op *object, m method) {
	var joined []any
	for _, p := range op.array("parameters") {
		name, part, _ := strings.Cut(p.(*object).text("name"), ".")
		_, f, _ := d.known.field(m.InputType, name)
		switch {
		case f.TypeName != ".google.type.Date" || part == "":
			joined = append(joined, p)
		case part == "year":
			joined = append(joined, newObject("name", name, "in", "query", "description", f.comment, "schema", textSchema("format", "date")))
		}
	}
	if len(joined) > 0 {
		op.set("parameters", joined)
	}
}

func (d *document) finishParameter(p *object, m method, r route) {
	schema := p.object("schema")
	name := p.text("name")
	if c, ok := r.parameters[name]; ok && p.text("in") == "path" {
		p.set("name", c.Parameter)
		p.set("description", c.Description)
		p.set("example", c.Example)
		return
	}
	owner, f, ok := d.known.field(m.InputType, name)
	if !ok {
		return
	}
	f.Options.Rules.apply(schema)
	if required, _ := p.values["required"].(bool); required {
		if value, ok := d.fieldExample(owner, f.JSONName, schema, maker{request: true}); ok {
			p.set("example", value)
		}
	}
}

func (d *document) finishBody(op *object, verb, id string, m method) error {
	body := op.object("requestBody")
	if body == nil {
		return nil
	}
	content := body.object("content").object("application/json")
	schema := content.object("schema")
	if !schema.has("$ref") { // body: "*" makes a schema of the request's fields
		d.finishSchema(m.InputType, schema)
	}
	example, err := d.requestExample(id, m.InputType, schema)
	if err != nil {
		return err
	}
	if component := d.schemas.object(reference(schema)); verb == "patch" && component != nil && component.has("required") {
		content.set("schema", component.without("required")) // a patch sends what it changes
	}
	if example != nil {
		content.set("example", example)
	}
	if verb == "patch" {
		body.set("description", "What is there is changed, where `updateMask` is not given; null clears. "+
			"May be sent as `application/merge-patch+json` too.")
	}
	return nil
}

// requestExample takes the request body that api.json gives, or makes one; nil
// where there is nothing to make it of.
func (d *document) requestExample(id, message string, schema *object) (any, error) {
	if raw, ok := d.about.Requests[id]; ok {
		return decode(raw)
	}
	if example, ok := d.bodyExample(message, schema, maker{request: true}); ok {
		return example, nil
	}
	return nil, nil
}

func (d *document) finishResponses(op *object, m method) {
	responses := op.object("responses")
	content := responses.object("200").object("content").object("application/json")
	if value, ok := d.bodyExample(m.OutputType, content.object("schema"), maker{}); ok {
		content.set("example", value)
	}
}

// finishSchemas completes all component schemas.
func (d *document) finishSchemas() {
	for _, name := range d.schemas.keys {
		d.finishSchema(name, d.schemas.object(name))
	}
}

// finishSchema adds the rules of a message's fields to its schema, and lists the
// fields as the .proto file does.
func (d *document) finishSchema(message string, schema *object) {
	properties := schema.object("properties")
	if properties == nil {
		return
	}
	order := map[string]int{}
	for i, f := range d.known.messages[message].Field {
		order[f.JSONName] = i
		if property := properties.object(f.JSONName); property != nil {
			f.Options.Rules.apply(property)
		}
	}
	properties.sorted(func(a, b string) int { return cmp.Compare(order[a], order[b]) })
}

// finish sorts paths, methods and schemas.
func (d *document) finish() error {
	if len(d.missing) > 0 {
		slices.Sort(d.missing)
		return errors.New("api.json has no example for: " + strings.Join(slices.Compact(d.missing), ", ") +
			" (add it to examples, as \"Message.field\" or \"field\"; null leaves the field out)")
	}
	d.paths.sorted(func(a, b string) int {
		return cmp.Or(cmp.Compare(d.about.tagIndex(d.tags[a]), d.about.tagIndex(d.tags[b])), cmp.Compare(a, b))
	})
	for _, template := range d.paths.keys {
		inOrder(d.paths.object(template), httpMethods...)
	}
	d.schemas.set("Problem", d.problemSchema())
	d.schemas.sorted(strings.Compare)
	return nil
}

// root returns the whole document.
func (d *document) root() *object {
	tags := []any{}
	for _, tag := range d.about.Tags {
		tags = append(tags, newObject("name", tag.Name, "description", tag.Description))
	}
	root := newObject(
		"openapi", "3.1.0",
		"info", d.about.Info,
		"servers", []any{newObject("url", "/", "description", "The server that this document came from")},
		"security", []any{newObject("bearer", []any{})},
		"tags", tags,
		"paths", d.paths,
		"components", newObject(
			"schemas", d.schemas,
			"responses", responses(),
			"headers", headers(),
			"parameters", parameters(),
			"securitySchemes", newObject("bearer", newObject(
				"type", "http",
				"scheme", "bearer",
				"description", "An API token, sent as `Authorization: Bearer TOKEN`.",
			)),
		),
	)
	unwrapDescriptions(root)
	return root
}

// unwrapDescriptions joins the lines of every description that came from a comment.
func unwrapDescriptions(value any) {
	switch value := value.(type) {
	case *object:
		for key, member := range value.values {
			if text, ok := member.(string); ok && key == "description" {
				value.values[key] = unwrap(text)
			}
			unwrapDescriptions(member)
		}
	case []any:
		for _, element := range value {
			unwrapDescriptions(element)
		}
	}
}

// unwrap joins the lines of each paragraph, but not those of a list.
func unwrap(text string) string {
	var joined strings.Builder
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		line = strings.TrimSpace(line)
		switch {
		case i == 0:
		case strings.HasSuffix(joined.String(), "\n"): // one empty line is enough
		case line == "":
			joined.WriteString("\n\n")
		case strings.HasPrefix(line, "- "):
			joined.WriteString("\n")
		default:
			joined.WriteString(" ")
		}
		joined.WriteString(line)
	}
	return joined.String()
}
