package command

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// AccountsGoal is `evenhand accounts goal`.
type AccountsGoal struct {
	AccountArg
	Statement string `arg:"" help:"What the customer wants to reach, in its own words."`
	Measure   string `placeholder:"TEXT" help:"How it will know."`
	By        Day    `placeholder:"DATE" help:"By when."`
	Remove    bool   `help:"Take the goal with this statement away."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*AccountsGoal) Help() string {
	return `Adds a goal; one with the same statement is replaced.

Example:

  evenhand accounts goal harbour-sons "Halve the time a container waits" --measure "hours at the quay" --by 2027-06-30`
}

// Run changes and prints the account.
func (c *AccountsGoal) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := getAccount(env, s, c.Account)
		if err != nil {
			return err
		}
		goals := slices.DeleteFunc(account.GetGoals(), func(g *accountsv1.Goal) bool { return g.GetStatement() == c.Statement })
		if c.Remove && len(goals) == len(account.GetGoals()) {
			return &failure{message: fmt.Sprintf("%s has no goal %q", account.GetName(), c.Statement)}
		}
		if !c.Remove {
			goals = append(goals, &accountsv1.Goal{Statement: c.Statement, Measure: c.Measure, TargetDate: c.By.Date})
		}
		ctx, cancel := s.call(env)
		defer cancel()
		account, err = accountsv1.NewAccountsServiceClient(s).UpdateAccount(ctx, &accountsv1.UpdateAccountRequest{
			Account:    &accountsv1.Account{Name: account.GetName(), Goals: goals, Etag: account.GetEtag()},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"goals"}},
			RequestId:  newRequestID(),
		})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, account, accountPairs(account))
	})
}

// AccountsReach is `evenhand accounts reach`.
type AccountsReach struct {
	AccountArg
	Followers *int64 `placeholder:"N" help:"Record how many people follow it, over all channels."`
	Source    string `help:"Where the figure comes from."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*AccountsReach) Help() string {
	return `Reach is kept apart from the account: audits of treatment read it, and nothing decides by it.

Examples:

  evenhand accounts reach harbour-sons
  evenhand accounts reach harbour-sons --followers 1200 --source "count of June"`
}

// Run reads or records it, and prints it.
func (c *AccountsReach) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		reach, err := c.reach(env, s, account+"/reach")
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, reach, []pair{
			{"Account", strings.TrimSuffix(reach.GetName(), "/reach")},
			{"Followers", strconv.FormatInt(reach.GetFollowers(), 10)},
			{"Source", reach.GetSource()},
			{"Updated", showTime(reach.GetUpdateTime())},
		})
	})
}

func (c *AccountsReach) reach(env *Env, s *session, name string) (*accountsv1.Reach, error) {
	client := accountsv1.NewAccountsServiceClient(s)
	ctx, cancel := s.call(env)
	defer cancel()
	if c.Followers == nil {
		return client.GetReach(ctx, &accountsv1.GetReachRequest{Name: name})
	}
	return client.UpdateReach(ctx, &accountsv1.UpdateReachRequest{
		Reach:      &accountsv1.Reach{Name: name, Followers: *c.Followers, Source: c.Source},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"followers", "source"}},
		RequestId:  newRequestID(),
	})
}

// Contacts is `evenhand accounts contacts`.
type Contacts struct {
	List   ContactsList   `cmd:"" help:"List the people at an account."`
	Add    ContactsAdd    `cmd:"" help:"Add a person."`
	Remove ContactsRemove `cmd:"" help:"Remove a person."`
}

// ContactsList is `evenhand accounts contacts list`.
type ContactsList struct {
	AccountArg
	Output
	Connection
}

// Run asks and prints.
func (c *ContactsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		client := accountsv1.NewAccountsServiceClient(s)
		l := c.newList(env.Stdout, "contacts", "Contact", "Name", "Email", "Phone", "Roles", "Time zone")
		return eachPage(l, 0, func(size int32, token string) (page[*accountsv1.Contact], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListContacts(ctx, &accountsv1.ListContactsRequest{Parent: account, PageSize: size, PageToken: token})
			return page[*accountsv1.Contact]{answer.GetContacts(), answer.GetNextPageToken()}, err
		}, func(p *accountsv1.Contact) error {
			return l.add(p, p.GetName(), p.GetDisplayName(), p.GetEmail(), p.GetPhone(), strings.Join(p.GetRoles(), ", "), p.GetTimeZone())
		})
	})
}

// ContactsAdd is `evenhand accounts contacts add`.
type ContactsAdd struct {
	AccountArg
	Name     string   `arg:"" help:"The person's name."`
	ID       string   `placeholder:"ID" help:"The contact's id; otherwise the slug of the name."`
	Email    string   `help:"Where to write."`
	Phone    string   `help:"Where to call."`
	Role     []string `placeholder:"ROLE,..." help:"What the person does there, as finance."`
	TimeZone string   `placeholder:"ZONE" help:"The person's IANA time zone."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*ContactsAdd) Help() string {
	return `Example:

  evenhand accounts contacts add harbour-sons "Ines Roth" --email ines@harbour.example --role operations`
}

// Run adds and prints.
func (c *ContactsAdd) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		contact, err := accountsv1.NewAccountsServiceClient(s).CreateContact(ctx, &accountsv1.CreateContactRequest{
			Parent: account, ContactId: c.ID, RequestId: newRequestID(),
			Contact: &accountsv1.Contact{DisplayName: c.Name, Email: c.Email, Phone: c.Phone, Roles: c.Role, TimeZone: c.TimeZone},
		})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, contact, []pair{
			{"Contact", contact.GetName()}, {"Name", contact.GetDisplayName()}, {"Email", contact.GetEmail()}, {"Phone", contact.GetPhone()},
			{"Roles", strings.Join(contact.GetRoles(), ", ")}, {"Time zone", contact.GetTimeZone()},
		})
	})
}

// ContactsRemove is `evenhand accounts contacts remove`.
type ContactsRemove struct {
	Contact string `arg:"" help:"The contact, as accounts/ID/contacts/ID."`
	Connection
}

// Run removes.
func (c *ContactsRemove) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		_, err := accountsv1.NewAccountsServiceClient(s).DeleteContact(ctx, &accountsv1.DeleteContactRequest{
			Name: c.Contact, RequestId: newRequestID(),
		})
		return err
	})
}
