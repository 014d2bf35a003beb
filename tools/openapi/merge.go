package main

import (
	"bytes"
	"fmt"
)

// parts is what the plugin's documents hold together.
type parts struct {
	paths   []path
	schemas *object
}

// A path is one path of one document, with its operations by HTTP method.
type path struct {
	template   string
	operations *object
}

// merge puts the plugin's documents together. A schema that several files use
// stands in each of their documents, and must be the same in all.
func merge(documents [][]byte) (*parts, error) {
	merged := &parts{schemas: newObject()}
	for _, data := range documents {
		doc := newObject()
		if err := doc.UnmarshalJSON(data); err != nil {
			return nil, err
		}
		paths := doc.object("paths")
		for _, template := range paths.keys {
			merged.paths = append(merged.paths, path{template, paths.object(template)})
		}
		components := doc.object("components")
		if components == nil {
			continue
		}
		for _, name := range components.object("schemas").keys {
			if err := merged.addSchema(name, components.object("schemas").object(name)); err != nil {
				return nil, err
			}
		}
	}
	return merged, nil
}

func (p *parts) addSchema(name string, schema *object) error {
	if earlier := p.schemas.object(name); earlier != nil {
		a, err := encode(earlier)
		if err != nil {
			return err
		}
		b, err := encode(schema)
		if err != nil {
			return err
		}
		if !bytes.Equal(a, b) {
			return fmt.Errorf("schema %s differs between two documents", name)
		}
	}
	p.schemas.set(name, schema)
	return nil
}
