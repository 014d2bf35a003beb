package command

import (
	"fmt"
	"regexp"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// AccountArg is the ACCOUNT argument.
type AccountArg struct {
	Account string `arg:"" help:"The account: its id here, as accounts/ID or ID alone, or its id in the system it came from."`
}

var idPattern = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

// forAccount runs f with the resource name of the account a person means. What is an id
// here is taken as one; when there is no such account, or it cannot be one, it is looked
// up as the id in the source system, which costs a further call.
func forAccount(env *Env, s *session, account string, f func(name string) error) error {
	id, isName := strings.CutPrefix(account, "accounts/")
	if isName || idPattern.MatchString(id) {
		err := f("accounts/" + id)
		if isName || !noSuchAccount(err) {
			return err
		}
		name, lookupErr := byExternalID(env, s, account)
		if code := status.Code(lookupErr); code == codes.PermissionDenied || code == codes.Unimplemented {
			return err // the first answer says it best
		}
		if lookupErr != nil {
			return lookupErr
		}
		return f(name)
	}
	name, err := byExternalID(env, s, account)
	if err != nil {
		return err
	}
	return f(name)
}

// noSuchAccount says whether a call failed because the account is not known.
func noSuchAccount(err error) bool {
	s := status.Convert(err)
	if s.Code() != codes.NotFound {
		return false
	}
	for _, detail := range s.Details() {
		if info, ok := detail.(*errdetails.ResourceInfo); ok {
			return info.GetResourceType() == "evenhand/Account"
		}
	}
	return true
}

func byExternalID(env *Env, s *session, externalID string) (string, error) {
	ctx, cancel := s.call(env)
	defer cancel()
	found, err := accountsv1.NewAccountsServiceClient(s).ListAccounts(ctx, &accountsv1.ListAccountsRequest{
		PageSize: 10,
		Filter:   "external_id = " + quoteFilter(externalID),
	})
	if err != nil {
		return "", err
	}
	switch accounts := found.GetAccounts(); len(accounts) {
	case 1:
		return accounts[0].GetName(), nil
	case 0:
		return "", status.Errorf(codes.NotFound, "there is no account %q, neither by its id here nor by that of its source", externalID)
	default:
		f := &failure{
			message: fmt.Sprintf("%q is the id of several accounts, in different sources", externalID),
			fix:     "name the one you mean",
		}
		for _, a := range accounts {
			f.details = append(f.details, fmt.Sprintf("%s from %s", a.GetName(), a.GetSource()))
		}
		return "", f
	}
}

// quoteFilter writes a string literal of an AIP-160 filter.
func quoteFilter(text string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(text) + `"`
}
