// Package request reads of a protobuf request what the use cases of stored resources
// take: on whose behalf it is made and what it is recognised by, which page of a list it
// asks for, and which resource it names.
package request

import (
	"context"

	"google.golang.org/protobuf/proto"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/paging"
	"github.com/evenhand/evenhand/internal/resource"
)

// Mutation is a request that changes something.
type Mutation interface {
	proto.Message
	GetRequestId() string
}

// Call says on whose behalf a request is made, and what it is recognised by.
func Call(ctx context.Context, r Mutation) (resource.Call, error) {
	c := Caller(ctx)
	if r.GetRequestId() == "" {
		return c, nil
	}
	payload, err := proto.MarshalOptions{Deterministic: true}.Marshal(r)
	c.Method, c.RequestID, c.Payload = string(r.ProtoReflect().Descriptor().FullName()), r.GetRequestId(), payload
	return c, err
}

// Caller is a call by the caller that is not recognised when it comes again.
func Caller(ctx context.Context) resource.Call {
	return resource.Call{Principal: auth.FromContext(ctx).Name()}
}

// Page is which page of a list a request asks for.
type Page struct {
	// Size is the most items to return, 1 to paging.MaxSize.
	Size int
	// After is where to go on; nil on the first page.
	After resource.Place

	page paging.Page[resource.Place]
}

// ReadPage reads which page of a list is wanted; the errors are those of paging.Read.
func ReadPage(r paging.Request) (Page, error) {
	p, err := paging.Read[resource.Place](r)
	if err != nil || p.After == nil {
		return Page{Size: p.Size, page: p}, err
	}
	return Page{p.Size, *p.After, p}, nil
}

// Next is the token of the page behind a place; empty where there is none.
func (p Page) Next(place resource.Place) (string, error) {
	if place == nil {
		return "", nil
	}
	return p.page.Next(place)
}

// Name returns the ids of the resource that a field names, which is one of these
// collections, each below the one before; INVALID_ARGUMENT where it is no such name. It
// is for updates: requests that only carry a name are checked by their schema.
func Name(field, name string, collections ...string) ([]string, error) {
	found, ok := names.Parse(name, collections...)
	if !ok {
		return nil, fault.Invalid(field, "%q is not the name of a resource of this kind, as %s/…", name, collections[0])
	}
	return found, nil
}
