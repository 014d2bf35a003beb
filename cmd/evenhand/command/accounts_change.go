package command

import (
	"strings"

	"github.com/google/uuid"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// newRequestID names a change, so that the connection may repeat it.
func newRequestID() string { return uuid.NewString() }

// AccountsCreate is `evenhand accounts create`.
type AccountsCreate struct {
	DisplayName string            `required:"" placeholder:"NAME" help:"What people call it."`
	ID          string            `placeholder:"ID" help:"Its id here; otherwise the slug of its external id, else of its name."`
	ExternalID  string            `placeholder:"ID" help:"Its id in the system it comes from."`
	Source      string            `help:"The system it comes from."`
	Joined      Day               `placeholder:"DATE" help:"The day it became a customer; otherwise the day of its first revenue."`
	Parent      string            `placeholder:"ACCOUNT" help:"The account above it in its group."`
	Owner       string            `placeholder:"PRINCIPAL" help:"Its account manager."`
	Attribute   map[string]string `mapsep:"none" placeholder:"KEY=VALUE" help:"An attribute, under a declared key; may be repeated."`
	Prospect    bool              `help:"It is no customer yet."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*AccountsCreate) Help() string {
	return `Example:

  evenhand accounts create --display-name "Harbour & Sons" --joined 2026-01-31 --attribute sector=Shipping`
}

// Run creates and prints it.
func (c *AccountsCreate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		parent, err := optionalAccount(env, s, c.Parent)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		account, err := accountsv1.NewAccountsServiceClient(s).CreateAccount(ctx, &accountsv1.CreateAccountRequest{
			AccountId: c.ID,
			Prospect:  c.Prospect,
			RequestId: newRequestID(),
			Account: &accountsv1.Account{
				DisplayName: c.DisplayName, ExternalId: c.ExternalID, Source: c.Source, JoinedDate: c.Joined.Date,
				Parent: parent, Owner: principalName(c.Owner), Attributes: c.Attribute,
			},
		})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, account, accountPairs(account))
	})
}

// optionalAccount finds the resource name of an account, where one is given.
func optionalAccount(env *Env, s *session, arg string) (string, error) {
	if arg == "" {
		return "", nil
	}
	return accountName(env, s, arg)
}

func principalName(arg string) string {
	if arg == "" || strings.HasPrefix(arg, "principals/") {
		return arg
	}
	return "principals/" + arg
}

// AccountsUpdate is `evenhand accounts update`.
type AccountsUpdate struct {
	AccountArg
	DisplayName *string           `placeholder:"NAME" help:"What people call it."`
	Joined      *Day              `placeholder:"DATE" help:"The day it became a customer."`
	Parent      *string           `placeholder:"ACCOUNT" help:"The account above it in its group; empty for none."`
	Owner       *string           `placeholder:"PRINCIPAL" help:"Its account manager; empty for none."`
	ServiceTeam []string          `placeholder:"PRINCIPAL,..." help:"All others who serve it; a single empty one for nobody."`
	Competitor  []string          `placeholder:"ACCOUNT,..." help:"All accounts it has declared its competitors; a single empty one for none."`
	Attribute   map[string]string `mapsep:"none" placeholder:"KEY=VALUE" help:"An attribute; an empty value takes it away. May be repeated."`
	Etag        string            `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*AccountsUpdate) Help() string {
	return `Changes what is given, and nothing else.

Examples:

  evenhand accounts update harbour-sons --owner mara --attribute region=North
  evenhand accounts update harbour-sons --parent ""`
}

// Run changes and prints it.
func (c *AccountsUpdate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		name, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		change, err := c.change(env, s, name)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		account, err := accountsv1.NewAccountsServiceClient(s).UpdateAccount(ctx, change)
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, account, accountPairs(account))
	})
}

func (c *AccountsUpdate) change(env *Env, s *session, name string) (*accountsv1.UpdateAccountRequest, error) {
	account := &accountsv1.Account{Name: name, Etag: c.Etag, Attributes: map[string]string{}}
	mask := &fieldmaskpb.FieldMask{}
	set := func(path string) { mask.Paths = append(mask.Paths, path) }
	if c.DisplayName != nil {
		account.DisplayName = *c.DisplayName
		set("display_name")
	}
	if c.Joined != nil {
		account.JoinedDate = c.Joined.Date
		set("joined_date")
	}
	if c.Owner != nil {
		account.Owner = principalName(*c.Owner)
		set("owner")
	}
	if c.Parent != nil {
		parent, err := optionalAccount(env, s, *c.Parent)
		if err != nil {
			return nil, err
		}
		account.Parent = parent
		set("parent")
	}
	if c.ServiceTeam != nil {
		for _, member := range notEmpty(c.ServiceTeam) {
			account.ServiceTeam = append(account.ServiceTeam, principalName(member))
		}
		set("service_team")
	}
	if c.Competitor != nil {
		for _, competitor := range notEmpty(c.Competitor) {
			name, err := accountName(env, s, competitor)
			if err != nil {
				return nil, err
			}
			account.Competitors = append(account.Competitors, name)
		}
		set("competitors")
	}
	for key, value := range c.Attribute {
		if value != "" {
			account.Attributes[key] = value
		}
		set("attributes." + key)
	}
	if len(mask.GetPaths()) == 0 {
		return nil, &usageError{"nothing to change: name at least one field, as --display-name NAME"}
	}
	return &accountsv1.UpdateAccountRequest{Account: account, UpdateMask: mask, RequestId: newRequestID()}, nil
}

func notEmpty(values []string) []string {
	var kept []string
	for _, value := range values {
		if value != "" {
			kept = append(kept, value)
		}
	}
	return kept
}

// AccountsActivate is `evenhand accounts activate`.
type AccountsActivate struct {
	AccountArg
	Date Day    `placeholder:"DATE" help:"From which day a prospect is a customer; today, where it is not given. A closed account keeps the day it joined."`
	Etag string `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// Run changes and prints it.
func (c *AccountsActivate) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		name, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		account, err := accountsv1.NewAccountsServiceClient(s).ActivateAccount(ctx, &accountsv1.ActivateAccountRequest{
			Name: name, Date: c.Date.Date, Etag: c.Etag, RequestId: newRequestID(),
		})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, account, accountPairs(account))
	})
}

// AccountsClose is `evenhand accounts close`.
type AccountsClose struct {
	AccountArg
	Date Day    `placeholder:"DATE" help:"From which day; today, where it is not given."`
	Etag string `help:"Change it only if it is still at this etag."`
	Output
	Connection
}

// Run changes and prints it.
func (c *AccountsClose) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		name, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		account, err := accountsv1.NewAccountsServiceClient(s).CloseAccount(ctx, &accountsv1.CloseAccountRequest{
			Name: name, Date: c.Date.Date, Etag: c.Etag, RequestId: newRequestID(),
		})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, account, accountPairs(account))
	})
}
