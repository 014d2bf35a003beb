package command

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/fieldmaskpb"
	"google.golang.org/protobuf/types/known/timestamppb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// Caller is `evenhand caller`.
type Caller struct {
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*Caller) Help() string { return `Says whose token you use, and what it may do.` }

// Run asks and prints.
func (c *Caller) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		answer, err := accountsv1.NewAccessServiceClient(s).GetCaller(ctx, &accountsv1.GetCallerRequest{})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, answer, append(principalPairs(answer.GetPrincipal()),
			pair{"Permissions", strings.Join(answer.GetPermissions(), "\n")}))
	})
}

func principalPairs(p *accountsv1.Principal) []pair {
	return []pair{
		{"Principal", p.GetName()},
		{"Name", p.GetDisplayName()},
		{"Kind", principalKind(p)},
		{"Roles", showRoles(p)},
		{"Disabled", yesNo(p.GetDisabled())},
		{"Etag", p.GetEtag()},
	}
}

func principalKind(p *accountsv1.Principal) string {
	if p.GetPerson() {
		return "person"
	}
	return "machine"
}

func showRoles(p *accountsv1.Principal) string {
	names := make([]string, len(p.GetRoles()))
	for i, role := range p.GetRoles() {
		names[i] = showEnum(role, "ROLE_")
	}
	return strings.Join(names, ", ")
}

// Role is a role on the command line, as account-manager.
type Role accountsv1.Role

// UnmarshalText implements encoding.TextUnmarshaler.
func (r *Role) UnmarshalText(text []byte) error {
	name := "ROLE_" + strings.ToUpper(strings.ReplaceAll(string(text), "-", "_"))
	value, ok := accountsv1.Role_value[name]
	if !ok || value == 0 {
		return fmt.Errorf("%q is no role; there are %s", text, strings.Join(roleNames(), ", "))
	}
	*r = Role(value)
	return nil
}

func roleNames() []string {
	var names []string
	for value := range accountsv1.Role_name {
		if value != 0 {
			names = append(names, showEnum(accountsv1.Role(value), "ROLE_"))
		}
	}
	slices.Sort(names)
	return names
}

func toRoles(roles []Role) []accountsv1.Role {
	out := make([]accountsv1.Role, len(roles))
	for i, role := range roles {
		out[i] = accountsv1.Role(role)
	}
	return out
}

// Principals is `evenhand principals`.
type Principals struct {
	List   PrincipalsList   `cmd:"" help:"List who may call."`
	Get    PrincipalsGet    `cmd:"" help:"Show a principal."`
	Create PrincipalsCreate `cmd:"" help:"Create a principal."`
	Update PrincipalsUpdate `cmd:"" help:"Change a principal: its roles count everywhere within 5 seconds."`
}

// PrincipalsList is `evenhand principals list`.
type PrincipalsList struct {
	Output
	Connection
}

// Run asks and prints.
func (c *PrincipalsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := accountsv1.NewAccessServiceClient(s)
		l := c.newList(env.Stdout, "principals", "Principal", "Name", "Kind", "Roles", "Disabled")
		return eachPage(l, 0, func(size int32, token string) (page[*accountsv1.Principal], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListPrincipals(ctx, &accountsv1.ListPrincipalsRequest{PageSize: size, PageToken: token})
			return page[*accountsv1.Principal]{answer.GetPrincipals(), answer.GetNextPageToken()}, err
		}, func(p *accountsv1.Principal) error {
			return l.add(p, p.GetName(), p.GetDisplayName(), principalKind(p), showRoles(p), yesNo(p.GetDisabled()))
		})
	})
}

// PrincipalsGet is `evenhand principals get`.
type PrincipalsGet struct {
	Principal string `arg:"" help:"The principal's id."`
	Output
	Connection
}

// Run asks and prints.
func (c *PrincipalsGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		p, err := accountsv1.NewAccessServiceClient(s).GetPrincipal(ctx, &accountsv1.GetPrincipalRequest{Name: principalName(c.Principal)})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, p, principalPairs(p))
	})
}

// PrincipalsCreate is `evenhand principals create`.
type PrincipalsCreate struct {
	Principal   string `arg:"" help:"The principal's id, as mara."`
	DisplayName string `placeholder:"NAME" help:"What people call it."`
	Machine     bool   `help:"It is a machine, not a person."`
	Role        []Role `placeholder:"ROLE,..." help:"What it may do."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*PrincipalsCreate) Help() string {
	return `Examples:

  evenhand principals create mara --display-name "Mara Lind" --role account-manager
  evenhand principals create shop --machine --role service
  evenhand tokens create shop`
}

// Run creates and prints it.
func (c *PrincipalsCreate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		p, err := accountsv1.NewAccessServiceClient(s).CreatePrincipal(ctx, &accountsv1.CreatePrincipalRequest{
			PrincipalId: c.Principal,
			Principal:   &accountsv1.Principal{DisplayName: c.DisplayName, Person: !c.Machine, Roles: toRoles(c.Role)},
			RequestId:   newRequestID(),
		})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, p, principalPairs(p))
	})
}

// PrincipalsUpdate is `evenhand principals update`.
type PrincipalsUpdate struct {
	Principal   string  `arg:"" help:"The principal's id."`
	DisplayName *string `placeholder:"NAME" help:"What people call it."`
	Role        []Role  `placeholder:"ROLE,..." help:"All that it may do."`
	Disable     bool    `xor:"disabled" help:"Refuse its tokens."`
	Enable      bool    `xor:"disabled" help:"Take its tokens again."`
	Etag        string  `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// Run changes and prints it.
func (c *PrincipalsUpdate) Run(env *Env) error {
	p := &accountsv1.Principal{Name: principalName(c.Principal), Roles: toRoles(c.Role), Disabled: c.Disable, Etag: c.Etag}
	mask := &fieldmaskpb.FieldMask{}
	if c.DisplayName != nil {
		p.DisplayName = *c.DisplayName
		mask.Paths = append(mask.Paths, "display_name")
	}
	if c.Role != nil {
		mask.Paths = append(mask.Paths, "roles")
	}
	if c.Disable || c.Enable {
		mask.Paths = append(mask.Paths, "disabled")
	}
	if len(mask.GetPaths()) == 0 {
		return &usageError{"nothing to change: name at least one field, as --role viewer"}
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		p, err := accountsv1.NewAccessServiceClient(s).UpdatePrincipal(ctx, &accountsv1.UpdatePrincipalRequest{
			Principal: p, UpdateMask: mask, RequestId: newRequestID(),
		})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, p, principalPairs(p))
	})
}

// Tokens is `evenhand tokens`.
type Tokens struct {
	List   TokensList   `cmd:"" help:"List the tokens of a principal, without their secrets."`
	Create TokensCreate `cmd:"" help:"Create a token: its secret is shown this once."`
	Revoke TokensRevoke `cmd:"" help:"Revoke a token: it is refused everywhere within 5 seconds."`
}

// TokensList is `evenhand tokens list`.
type TokensList struct {
	Principal string `arg:"" help:"The principal's id."`
	Output
	Connection
}

// Run asks and prints.
func (c *TokensList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := accountsv1.NewAccessServiceClient(s)
		l := c.newList(env.Stdout, "apiTokens", "Token", "For", "Created", "Expires")
		return eachPage(l, 0, func(size int32, token string) (page[*accountsv1.ApiToken], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListApiTokens(ctx, &accountsv1.ListApiTokensRequest{
				Parent: principalName(c.Principal), PageSize: size, PageToken: token,
			})
			return page[*accountsv1.ApiToken]{answer.GetApiTokens(), answer.GetNextPageToken()}, err
		}, func(t *accountsv1.ApiToken) error {
			return l.add(t, t.GetName(), t.GetDisplayName(), showTime(t.GetCreateTime()), showTime(t.GetExpireTime()))
		})
	})
}

// TokensCreate is `evenhand tokens create`.
type TokensCreate struct {
	Principal   string         `arg:"" help:"The principal's id."`
	DisplayName string         `placeholder:"TEXT" help:"What it is for."`
	Expires     *time.Duration `placeholder:"DURATION" help:"How long it works, as 720h; for ever, where it is not given."`
	File        string         `placeholder:"FILE" help:"Write the secret to a new file that only you can read, instead of showing it."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*TokensCreate) Help() string {
	return `Only a hash of the token is stored: this is the one time its secret can be seen.

Example:

  evenhand tokens create shop --display-name "checkout" --file shop-token`
}

// Run creates and shows it.
func (c *TokensCreate) Run(env *Env) error {
	token := &accountsv1.ApiToken{DisplayName: c.DisplayName}
	if c.Expires != nil {
		if *c.Expires <= 0 {
			return &usageError{fmt.Sprintf("--expires %s: a token cannot have expired already; leave the flag out for one that works for ever", *c.Expires)}
		}
		token.ExpireTime = timestamppb.New(env.Now().Add(*c.Expires))
	}
	return c.with(env, func(s *session) error {
		file, err := c.secretFile()
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		created, err := accountsv1.NewAccessServiceClient(s).CreateApiToken(ctx, &accountsv1.CreateApiTokenRequest{
			Parent: principalName(c.Principal), ApiToken: token, RequestId: newRequestID(),
		})
		if err != nil {
			c.discard(file)
			return err
		}
		if file != nil {
			if _, err := fmt.Fprintln(file, created.GetSecret()); err != nil {
				return c.lost(file, created, err)
			}
			if err := file.Close(); err != nil {
				return c.lost(file, created, err)
			}
			created.Secret = ""
		}
		return c.printOne(env.Stdout, created, []pair{
			{"Token", created.GetName()}, {"For", created.GetDisplayName()}, {"Expires", showTime(created.GetExpireTime())},
			{"Secret", created.GetSecret()}, {"Secret in", c.File},
		})
	})
}

// secretFile makes the file before the token, so that no secret is lost for want of one.
func (c *TokensCreate) secretFile() (*os.File, error) {
	if c.File == "" {
		return nil, nil
	}
	file, err := os.OpenFile(c.File, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case errors.Is(err, fs.ErrExist):
		return nil, &failure{
			message: fmt.Sprintf("--file: %s exists already", c.File),
			fix:     "name a new file, or remove this one if no other token is in it",
		}
	case err != nil:
		return nil, fmt.Errorf("--file: %w", err)
	}
	return file, nil
}

// discard removes the file again where no secret got into it, so that the command can be
// repeated.
func (c *TokensCreate) discard(file *os.File) {
	if file != nil {
		_ = file.Close()      // nothing is lost with it
		_ = os.Remove(c.File) // what matters is why there is no token
	}
}

// lost says what to do about a token whose secret could not be written down.
func (c *TokensCreate) lost(file *os.File, created *accountsv1.ApiToken, err error) error {
	c.discard(file)
	return &failure{
		message: fmt.Sprintf("--file: the secret of %s could not be written: %v", created.GetName(), err),
		fix:     fmt.Sprintf("revoke it with `evenhand tokens revoke %s`, and create another", created.GetName()),
	}
}

// TokensRevoke is `evenhand tokens revoke`.
type TokensRevoke struct {
	Token string `arg:"" help:"The token, as principals/ID/apiTokens/ID."`
	Connection
}

// Help implements kong.HelpProvider.
func (*TokensRevoke) Help() string {
	return `A revoked token never works again. Where it is the one in the data folder, the next start of evenhand serve puts a new one into that file.

Example:

  evenhand tokens revoke principals/local-admin/apiTokens/admin-token`
}

// Run revokes.
func (c *TokensRevoke) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		_, err := accountsv1.NewAccessServiceClient(s).DeleteApiToken(ctx, &accountsv1.DeleteApiTokenRequest{Name: c.Token, RequestId: newRequestID()})
		if err != nil {
			return err
		}
		_, err = fmt.Fprintf(env.Stdout, "%s is revoked\n", c.Token)
		return err
	})
}
