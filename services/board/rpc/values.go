package rpc

import (
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
)

// id returns the id of a name of a collection, as id("boards/advisory", "boards"), and ""
// for another name, and for none.
func id(name, collection string) string { return names.First(name, collection) }

// ids returns the ids of names of a collection.
func ids(names []string, collection string) []string {
	if len(names) == 0 {
		return nil
	}
	list := make([]string, len(names))
	for i, name := range names {
		list[i] = id(name, collection)
	}
	return list
}

// named makes names in a collection of ids.
func named(ids []string, collection string) []string {
	if len(ids) == 0 {
		return nil
	}
	list := make([]string, len(ids))
	for i, id := range ids {
		list[i] = names.Join(collection, id)
	}
	return list
}

// masked returns a pointer to a value where the mask has its path.
func masked[T any](mask fieldmask.Mask, path string, value T) *T {
	return fieldmask.Given(mask, path, value)
}

// last returns the last id of a name, as that of boards/{board}/candidates/{candidate}.
func last(name string) string { return names.Last(name) }

// slice takes the page that is asked for out of a whole list, in the order of a key that
// ascends, and returns the place of the next one.
func slice[T any](p request.Page, list []T, key func(T) int64) ([]T, resource.Place) {
	if len(p.After) == 1 {
		after, _ := p.After[0].(int64)
		for len(list) > 0 && key(list[0]) <= after {
			list = list[1:]
		}
	}
	if len(list) <= p.Size {
		return list, nil
	}
	return list[:p.Size], resource.Place{key(list[p.Size-1])}
}
