package rpc

import (
	"context"
	"fmt"
	"regexp"

	"google.golang.org/genproto/googleapis/type/date"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/filter"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
)

// accountPrefix and principalPrefix begin the names of accounts and principals.
const (
	accountPrefix   = "accounts/"
	principalPrefix = "principals/"
)

// nameIn makes the resource name of an id; empty where there is none.
func nameIn(collection, id string) string {
	if id == "" {
		return ""
	}
	return names.Join(collection, id)
}

// namesIn makes the resource names of ids.
func namesIn(collection string, ids []string) []string {
	var list []string
	for _, id := range ids {
		list = append(list, names.Join(collection, id))
	}
	return list
}

// idsIn returns the ids of names in a collection, whose form is known.
func idsIn(collection string, list []string) []string {
	var ids []string
	for _, name := range list {
		ids = append(ids, names.First(name, collection))
	}
	return ids
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

// dayOut writes a day, and nothing for 0 and for never.
func dayOut(d civil.Day) *date.Date {
	if d == 0 || d == civil.Never {
		return nil
	}
	return wire.Date(int32(d))
}

// longNames finds values of enums written as JSON has them, STATE_ACTIVE.
var longNames = regexp.MustCompile(`(\b(?:state|outcome|channel|origin|kind)\s*(?:!=|=)\s*"?)(?:STATE|OUTCOME|CHANNEL|ORIGIN|KIND)_`)

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

// callerID is the id of the principal who calls; empty for a part of this system.
func callerID(ctx context.Context) string {
	return names.First(auth.FromContext(ctx).Name(), "principals")
}

// Assignments says whose accounts are whose, at this moment.
type Assignments interface {
	// Account returns an account as it is now; resource.ErrNotFound.
	Account(ctx context.Context, id string) (feeds.Account, error)
}

// checkAssigned returns PERMISSION_DENIED with NOT_ASSIGNED where the caller holds the
// permission for assigned accounts only, and the account with this id is not one.
func checkAssigned(ctx context.Context, assignments Assignments, permission, account string) error {
	p := auth.FromContext(ctx)
	if p.Can(permission) == auth.All {
		return nil
	}
	of, err := assignments.Account(ctx, account)
	if err != nil || of.Assigned(callerID(ctx)) {
		return err
	}
	return notAssigned(p, permission, account)
}

func notAssigned(p *auth.Principal, permission, account string) error {
	name := plans.AccountName(account)
	return fault.New(fault.PermissionDenied, "NOT_ASSIGNED",
		"%s holds %s for accounts assigned to it only, and neither owns nor serves %s.", p.Name(), permission, name).
		With("permission", permission).With("principal", p.Name()).WithResource("evenhand/Account", name)
}

// clock writes minutes after midnight as 09:30.
func clock(minutes int) string { return fmt.Sprintf("%02d:%02d", minutes/60, minutes%60) }
