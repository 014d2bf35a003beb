package command

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// Accounts is `evenhand accounts`.
type Accounts struct {
	Import   AccountsImport   `cmd:"" help:"Import accounts from a CSV file."`
	List     AccountsList     `cmd:"" help:"List accounts."`
	Get      AccountsGet      `cmd:"" help:"Show an account."`
	Create   AccountsCreate   `cmd:"" help:"Create an account."`
	Update   AccountsUpdate   `cmd:"" help:"Change an account."`
	Activate AccountsActivate `cmd:"" help:"Make a prospect or a closed account a customer."`
	Close    AccountsClose    `cmd:"" help:"End being a customer."`
	Goal     AccountsGoal     `cmd:"" help:"Write down what the customer itself wants to reach."`
	Reach    AccountsReach    `cmd:"" help:"Show or record how loud an account is in public, for audits only."`
	Contacts Contacts         `cmd:"" help:"The people at an account."`
}

// AccountsList is `evenhand accounts list`.
type AccountsList struct {
	Filter  string `placeholder:"FILTER" help:"AIP-160 filter over external_id, source, state, owner, parent, display_name."`
	OrderBy string `placeholder:"FIELD" help:"name or display_name, with \" desc\" behind it for the other way round."`
	Limit   uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*AccountsList) Help() string {
	return `Examples:

  evenhand accounts list --limit 20
  evenhand accounts list --filter 'state = "PROSPECT"' --output csv
  evenhand accounts list --filter 'external_id = "BRK.B"'`
}

// Run asks and prints.
func (c *AccountsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := accountsv1.NewAccountsServiceClient(s)
		l := c.newList(env.Stdout, "accounts", "Account", "Name", "State", "Joined", "External id", "Source", "Parent", "Owner", "Attributes")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*accountsv1.Account], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListAccounts(ctx, &accountsv1.ListAccountsRequest{
				PageSize: size, PageToken: token, Filter: c.Filter, OrderBy: c.OrderBy,
			})
			return page[*accountsv1.Account]{answer.GetAccounts(), answer.GetNextPageToken()}, err
		}, func(a *accountsv1.Account) error {
			return l.add(a, a.GetName(), a.GetDisplayName(), showState(a), showDay(a.GetJoinedDate()), a.GetExternalId(), a.GetSource(),
				a.GetParent(), a.GetOwner(), showMap(a.GetAttributes()))
		})
	})
}

func showState(a *accountsv1.Account) string { return showEnum(a.GetState(), "STATE_") }

// showMap writes `region=EMEA, sector=Energy`.
func showMap(m map[string]string) string {
	var parts []string
	for _, key := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, key+"="+m[key])
	}
	return strings.Join(parts, ", ")
}

// AccountsGet is `evenhand accounts get`.
type AccountsGet struct {
	AccountArg
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*AccountsGet) Help() string {
	return `Example:

  evenhand accounts get BRK.B`
}

// Run asks and prints.
func (c *AccountsGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := getAccount(env, s, c.Account)
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, account, accountPairs(account))
	})
}

// getAccount finds an account by what a person calls it.
func getAccount(env *Env, s *session, arg string) (account *accountsv1.Account, err error) {
	err = forAccount(env, s, arg, func(name string) error {
		ctx, cancel := s.call(env)
		defer cancel()
		account, err = accountsv1.NewAccountsServiceClient(s).GetAccount(ctx, &accountsv1.GetAccountRequest{Name: name})
		return err
	})
	return account, err
}

// accountName finds the resource name of an account that has to be there.
func accountName(env *Env, s *session, arg string) (string, error) {
	account, err := getAccount(env, s, arg)
	if status.Code(err) == codes.PermissionDenied {
		return "accounts/" + strings.TrimPrefix(arg, "accounts/"), nil // the call itself will tell
	}
	return account.GetName(), err
}

func accountPairs(a *accountsv1.Account) []pair {
	goals := make([]string, len(a.GetGoals()))
	for i, g := range a.GetGoals() {
		goals[i] = showGoal(g)
	}
	return []pair{
		{"Account", a.GetName()},
		{"Name", a.GetDisplayName()},
		{"State", showState(a)},
		{"Joined", showDay(a.GetJoinedDate())},
		{"Closed", showDay(a.GetClosedDate())},
		{"External id", a.GetExternalId()},
		{"Source", a.GetSource()},
		{"Parent", a.GetParent()},
		{"Owner", a.GetOwner()},
		{"Service team", strings.Join(a.GetServiceTeam(), ", ")},
		{"Goals", strings.Join(goals, "\n")},
		{"Competitors", strings.Join(a.GetCompetitors(), ", ")},
		{"Attributes", showMap(a.GetAttributes())},
		{"Etag", a.GetEtag()},
		{"Created", showTime(a.GetCreateTime())},
		{"Updated", showTime(a.GetUpdateTime())},
		{"Consistency token", a.GetConsistencyToken()},
	}
}

func showGoal(g *accountsv1.Goal) string {
	text := g.GetStatement()
	if g.GetMeasure() != "" {
		text += fmt.Sprintf(" (measured by: %s)", g.GetMeasure())
	}
	if g.GetTargetDate() != nil {
		text += " by " + showDay(g.GetTargetDate())
	}
	return text
}
