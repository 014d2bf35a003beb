package main

import (
	"fmt"
	"regexp"
	"strings"
)

// parameterSegment is a path segment such as {contact.name_1} or {name}:close.
var parameterSegment = regexp.MustCompile(`^\{([^}]+)\}(:.*)?$`)

// A route is a path whose parameters are named after their resources, so that
// all operations on one resource stand under one path.
type route struct {
	template string
	tag      string
	// parameters holds the collection of each path parameter, by the plugin's name for it.
	parameters map[string]collection
}

// newRoute reads the plugin's path "/v1/accounts/{name}/contacts/{name_1}" and
// makes "/v1/accounts/{account}/contacts/{contact}" of it.
func newRoute(template string, collections map[string]collection) (route, error) {
	r := route{parameters: map[string]collection{}}
	var last string
	segments := strings.Split(template, "/")
	for i, segment := range segments {
		parameter := parameterSegment.FindStringSubmatch(segment)
		if parameter == nil {
			last, _, _ = strings.Cut(segment, ":")
			continue
		}
		c, known := collections[last]
		if !known || c.Parameter == "" {
			return r, fmt.Errorf("path %s: api.json does not say how an element of %q is called: add it to collections", template, last)
		}
		r.parameters[parameter[1]] = c
		segments[i] = "{" + c.Parameter + "}" + parameter[2]
	}
	c, known := collections[last]
	if !known {
		return r, fmt.Errorf("path %s: api.json gives %q no tag: add it to collections", template, last)
	}
	r.tag = c.Tag
	r.template = strings.Join(segments, "/")
	return r, nil
}
