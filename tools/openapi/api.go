package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
)

//go:embed api.json
var apiJSON []byte

// api is what people wrote about the API, beside the comments in the .proto files.
type api struct {
	Info *object `json:"info"`
	// Tags group the operations, in this order.
	Tags []struct {
		Name        string `json:"name"`
		Description string `json:"description"`
	} `json:"tags"`
	// Collections says, for the last word of a path, which tag its operations have,
	// and how the path parameter after it is called.
	Collections map[string]collection `json:"collections"`
	// Examples gives values by "Message.field", else by field; null leaves the field out.
	Examples map[string]json.RawMessage `json:"examples"`
	// Requests gives whole request bodies by operation id, where one made of the
	// fields' examples would mislead.
	Requests map[string]json.RawMessage `json:"requests"`
}

type collection struct {
	Tag         string `json:"tag"`
	Parameter   string `json:"parameter"`
	Description string `json:"description"`
	Example     string `json:"example"`
}

func readAPI(data []byte) (*api, error) {
	var about api
	if err := json.Unmarshal(data, &about); err != nil {
		return nil, err
	}
	for name, c := range about.Collections {
		if about.tagIndex(c.Tag) < 0 {
			return nil, fmt.Errorf("collection %q has the tag %q, which is not in tags", name, c.Tag)
		}
	}
	return &about, nil
}

// tagIndex returns the place of a tag among all, -1 if there is none of that name.
func (a *api) tagIndex(name string) int {
	for i, tag := range a.Tags {
		if tag.Name == name {
			return i
		}
	}
	return -1
}
