package rpc

import (
	"cmp"
	"context"
	"regexp"
	"slices"

	"google.golang.org/genproto/googleapis/type/date"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
)

// nameIn makes a name in a collection of an id, and nothing of none.
func nameIn(collection, id string) string {
	if id == "" {
		return ""
	}
	return names.Join(collection, id)
}

// dayGiven reads a date of the request; 0 for none.
func dayGiven(field string, d *date.Date) (civil.Day, error) {
	if d == nil {
		return 0, nil
	}
	day, err := wire.Day(field, d)
	if err == nil && day <= 0 {
		return 0, fault.Invalid(field, "is before 1970-01-02, the first day there is here")
	}
	return civil.Day(day), err
}

// dayOut writes a day, and nothing for 0.
func dayOut(d civil.Day) *date.Date {
	if d == 0 {
		return nil
	}
	return wire.Date(int32(d))
}

// longNames finds values of enums written as JSON has them, STATE_ACTIVE.
var longNames = regexp.MustCompile(`(\b(?:state|response|outcome)\s*(?:!=|=)\s*"?)(?:STATE|RESPONSE|OUTCOME)_`)

// filterIn reads the filter of a list request.
func filterIn(text string, fields []filter.Field) (filter.Filter, error) {
	return filter.Parse(longNames.ReplaceAllString(text, "$1"), fields...)
}

// wanted is the text that a field has to have; nil where the filter does not say.
func wanted(f filter.Filter, field string) *string {
	value, _ := f.Equal(field)
	text, ok := value.(string)
	if !ok {
		return nil
	}
	return &text
}

// wantedIn is the id that a field, a name in a collection, has to have; nil where the
// filter does not say.
func wantedIn(f filter.Filter, field, collection string) *string {
	name := wanted(f, field)
	if name == nil {
		return nil
	}
	id := names.First(*name, collection)
	return &id
}

// mustOwn returns PERMISSION_DENIED with NOT_ASSIGNED where the caller holds the
// permission for what it owns only, and is not the owner, given by its id. The name is
// empty for what is only about to be created.
func mustOwn(ctx context.Context, permission, resourceType, name, owner string) error {
	p := auth.FromContext(ctx)
	owner = nameIn("principals", owner)
	if p.Can(permission) == auth.All || p.Name() == owner {
		return nil
	}
	told := fault.New(fault.PermissionDenied, "NOT_ASSIGNED", "%s may do this with what it owns only (%s), and %s is owned by %s.",
		p.Name(), permission, cmp.Or(name, "this"), owner).With("permission", permission).With("principal", p.Name())
	if name == "" {
		return told
	}
	return told.WithResource(resourceType, name)
}

// callerID is the id of the caller.
func callerID(ctx context.Context) string {
	return names.First(auth.FromContext(ctx).Name(), "principals")
}

// callerRoles are the roles of the caller, sorted.
func callerRoles(ctx context.Context) []string {
	var list []string
	for _, role := range auth.FromContext(ctx).Roles() {
		list = append(list, string(role))
	}
	slices.Sort(list)
	return list
}
