// Command openapi makes the one OpenAPI document of the API out of what
// protoc-gen-openapiv3 writes for each .proto file: it merges the parts, names
// path parameters after their resources, and adds what the plugin does not know:
// title, tags, validation rules, examples, conditional requests, errors, and how
// callers authenticate. The same input gives the same bytes.
//
// What is said about the API in words, and the values of which examples are
// made, stand in api.json beside this file.
package main

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func main() {
	parts := flag.String("parts", "", "folder of the plugin's *.openapi.json and of descriptors.json")
	out := flag.String("out", "", "file to write")
	flag.Parse()
	if err := run(*parts, *out); err != nil {
		fmt.Fprintln(os.Stderr, "openapi:", err)
		os.Exit(1)
	}
}

func run(parts, out string) error {
	inputs, err := readParts(parts)
	if err != nil {
		return err
	}
	descriptors, err := os.ReadFile(filepath.Join(parts, "descriptors.json"))
	if err != nil {
		return err
	}
	doc, err := build(inputs, descriptors, apiJSON)
	if err != nil {
		return err
	}
	return os.WriteFile(out, doc, 0o644)
}

// readParts returns the plugin's documents in the order of their paths.
func readParts(folder string) ([][]byte, error) {
	var names []string
	err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, ".openapi.json") {
			names = append(names, path)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if len(names) == 0 {
		return nil, fmt.Errorf("no *.openapi.json below %s: has buf generate run?", folder)
	}
	slices.Sort(names)
	var inputs [][]byte
	for _, name := range names {
		data, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		inputs = append(inputs, data)
	}
	return inputs, nil
}

// build returns the finished document.
func build(parts [][]byte, descriptors, api []byte) ([]byte, error) {
	known, err := readDescriptors(descriptors)
	if err != nil {
		return nil, fmt.Errorf("descriptors: %w", err)
	}
	about, err := readAPI(api)
	if err != nil {
		return nil, fmt.Errorf("api.json: %w", err)
	}
	merged, err := merge(parts)
	if err != nil {
		return nil, err
	}
	d := &document{known: known, about: about, schemas: merged.schemas}
	d.finishSchemas()
	if err := d.addOperations(merged.paths); err != nil {
		return nil, err
	}
	if err := d.finish(); err != nil {
		return nil, err
	}
	return encode(d.root())
}
