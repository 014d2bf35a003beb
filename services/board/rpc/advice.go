package rpc

import (
	"context"
	"slices"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"

	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/platform/wire"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/advice"
)

// Permissions that a role may hold for solicitations whose owner the caller is only.
const (
	updateSolicitations = "solicitations.update"
	decideIdeas         = "ideas.decide"
)

// RegisterAdvice registers the services of solicitations and ideas.
func RegisterAdvice(r grpc.ServiceRegistrar, domain *advice.Service) {
	boardv1.RegisterSolicitationsServiceServer(r, &solicitationsServer{domain: domain})
	boardv1.RegisterIdeasServiceServer(r, &ideasServer{domain: domain})
}

// checkOwner returns PERMISSION_DENIED with NOT_ASSIGNED where the caller holds the
// permission for what it owns only, and is none of the owners, given by their ids.
func checkOwner(ctx context.Context, permission, resourceType, name string, owners ...string) error {
	p := auth.FromContext(ctx)
	caller := id(p.Name(), "principals")
	if p.Can(permission) == auth.All || caller != "" && slices.Contains(owners, caller) {
		return nil
	}
	what := name
	if what == "" {
		what = "this"
	}
	told := fault.New(fault.PermissionDenied, "NOT_ASSIGNED",
		"%s may do this with what it owns only (%s), and %s is not.", p.Name(), permission, what).
		With("permission", permission).With("principal", p.Name())
	if name == "" {
		return told
	}
	return told.WithResource(resourceType, name)
}

// dayFrom reads a date of the request; 0 for none.
func dayFrom(field string, d *date.Date) (civil.Day, error) {
	if d == nil {
		return 0, nil
	}
	day, err := wire.Day(field, d)
	if err == nil && day <= 0 {
		return 0, fault.Invalid(field, "is before 1970-01-02, the first day there is here")
	}
	return civil.Day(day), err
}

func dateFrom(d civil.Day) *date.Date {
	if d == 0 {
		return nil
	}
	return wire.Date(int32(d))
}

// nameIn makes a name in a collection of an id, and nothing of none.
func nameIn(collection, id string) string {
	if id == "" {
		return ""
	}
	return names.Join(collection, id)
}

// giverFrom reads an account and its contact, which has to be one of it.
func giverFrom(field, account, contact string) (advice.Giver, error) {
	g := advice.Giver{Account: id(account, "accounts")}
	if contact == "" {
		return g, nil
	}
	found, ok := names.Parse(contact, "accounts", "contacts")
	if !ok || found[0] != g.Account {
		return g, fault.Invalid(field, "%s is no contact of %s", contact, account)
	}
	g.Contact = found[1]
	return g, nil
}

// contactOf is the name of whoever gave something, empty where no contact did.
func contactOf(g advice.Giver) string {
	if g.Contact == "" {
		return ""
	}
	return g.String()
}
