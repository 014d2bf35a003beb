package auth

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"google.golang.org/grpc/metadata"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"

	"github.com/evenhand/evenhand/internal/platform/fault"
	typev1 "github.com/evenhand/evenhand/proto/gen/evenhand/type/v1"
)

// Access is who may call an RPC.
type Access struct {
	// Anonymous RPCs answer without a token: health, server reflection, and calendars
	// behind a secret address.
	Anonymous bool
	// Permission is the one a caller needs.
	Permission string
	// Assigned allows callers that hold it for assigned accounts only; the handler
	// checks the assignment.
	Assigned bool
}

// anonymous are the services that answer without a token: probes and tools that have
// none, and the reading of calendars, since calendar programs cannot send one. There the
// secret in the address is the right to read; it is as long as a token, and revocable.
var anonymous = []string{
	"grpc.health.v1.Health", "grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection",
	"evenhand.board.v1.CalendarFeedService", "evenhand.plans.v1.PlanCalendarFeedService",
}

// AccessOf returns who may call a method of a service, from the method's access
// option. It fails where there is none, or where it names a permission that no role
// gives.
func AccessOf(service, method string) (Access, error) {
	if slices.Contains(anonymous, service) {
		return Access{Anonymous: true}, nil
	}
	d, err := protoregistry.GlobalFiles.FindDescriptorByName(protoreflect.FullName(service + "." + method))
	if err != nil {
		return Access{}, fmt.Errorf("looking up the access option of %s.%s: %w", service, method, err)
	}
	option, _ := proto.GetExtension(d.Options(), typev1.E_Access).(*typev1.Access)
	permission := option.GetPermission()
	if permission == "" {
		return Access{}, fmt.Errorf("%s has no (evenhand.type.v1.access) option: nobody could be allowed to call it", d.FullName())
	}
	if !slices.Contains(grants[Admin], permission) {
		return Access{}, fmt.Errorf("%s needs the permission %q, which no role gives", d.FullName(), permission)
	}
	return Access{Permission: permission, Assigned: option.GetAssigned()}, nil
}

// Allow returns PERMISSION_DENIED, naming the permission, where p may not call.
func (a Access) Allow(p *Principal) error {
	if a.Anonymous {
		return nil
	}
	scope := p.Can(a.Permission)
	if scope == All || scope == Assigned && a.Assigned {
		return nil
	}
	return fault.New(fault.PermissionDenied, fault.ReasonPermissionDenied,
		"This needs the permission %s, which the roles of %s do not give.", a.Permission, p.Name()).
		With("permission", a.Permission).With("principal", p.Name())
}

var (
	errNoToken = fault.New(fault.Unauthenticated, fault.ReasonUnauthenticated,
		"The call carries no token: send it as `authorization: Bearer <token>`.")
	errBadHeader = fault.New(fault.Unauthenticated, fault.ReasonUnauthenticated,
		"The authorization header is not `Bearer <token>`.")
	errBadToken = fault.New(fault.Unauthenticated, fault.ReasonUnauthenticated,
		"The token is unknown, revoked or expired, or its principal is disabled.")
	errCannotAsk = fault.New(fault.Unavailable, fault.ReasonUnavailable,
		"Whose token this is cannot be found out now; try again.")
)

// Identify returns the principal for the values of an authorization header:
// UNAUTHENTICATED where there is not exactly one, where it is no bearer token (RFC
// 6750), or where a does not know it; UNAVAILABLE where a cannot find out.
func Identify(ctx context.Context, a Authenticator, authorization []string) (*Principal, error) {
	if len(authorization) == 0 {
		return nil, errNoToken
	}
	token, ok := bearer(authorization[0])
	if !ok || len(authorization) > 1 {
		return nil, errBadHeader
	}
	p, err := a.Authenticate(ctx, HashOf(token))
	switch {
	case err == nil:
		return p, nil
	case errors.Is(err, ErrUnknownToken):
		return nil, errBadToken
	case ctx.Err() != nil:
		return nil, ctx.Err()
	default:
		return nil, errCannotAsk.Because(err)
	}
}

// Refused reports whether an error of Identify says that the caller may not call,
// rather than that this could not be found out.
func Refused(err error) bool {
	return errors.Is(err, errBadToken)
}

// IdentifyCaller does that for the metadata of a gRPC call.
func IdentifyCaller(ctx context.Context, a Authenticator) (*Principal, error) {
	return Identify(ctx, a, metadata.ValueFromIncomingContext(ctx, "authorization"))
}

const scheme = "Bearer "

func bearer(header string) (string, bool) {
	if len(header) <= len(scheme) || !strings.EqualFold(header[:len(scheme)], scheme) {
		return "", false
	}
	token := header[len(scheme):]
	return token, len(token) <= 4096 && !strings.ContainsAny(token, " \t,")
}
