package command

import (
	"strings"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// Attributes is `evenhand attributes`.
type Attributes struct {
	List    AttributesList    `cmd:"" help:"List the declared attribute keys."`
	Declare AttributesDeclare `cmd:"" help:"Declare an attribute key."`
}

// AttributesList is `evenhand attributes list`.
type AttributesList struct {
	Output
	Connection
}

// Run asks and prints.
func (c *AttributesList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := accountsv1.NewAccountsServiceClient(s)
		l := c.newList(env.Stdout, "attributeKeys", "Key", "Name", "Description")
		return eachPage(l, 0, func(size int32, token string) (page[*accountsv1.AttributeKey], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListAttributeKeys(ctx, &accountsv1.ListAttributeKeysRequest{PageSize: size, PageToken: token})
			return page[*accountsv1.AttributeKey]{answer.GetAttributeKeys(), answer.GetNextPageToken()}, err
		}, func(k *accountsv1.AttributeKey) error {
			return l.add(k, strings.TrimPrefix(k.GetName(), "attributeKeys/"), k.GetDisplayName(), k.GetDescription())
		})
	})
}

// AttributesDeclare is `evenhand attributes declare`.
type AttributesDeclare struct {
	Key         string `arg:"" help:"The key's id, as sector."`
	DisplayName string `placeholder:"NAME" help:"What people call it."`
	Description string `placeholder:"TEXT" help:"What it is for."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*AttributesDeclare) Help() string {
	return `Quotas and reports read attributes; no rule can. A key that would hold a level under any name is refused: levels are earned by rule.

Example:

  evenhand attributes declare sector --description "Line of business"`
}

// Run declares and prints it.
func (c *AttributesDeclare) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		key, err := accountsv1.NewAccountsServiceClient(s).CreateAttributeKey(ctx, &accountsv1.CreateAttributeKeyRequest{
			AttributeKeyId: c.Key,
			AttributeKey:   &accountsv1.AttributeKey{DisplayName: c.DisplayName, Description: c.Description},
			RequestId:      newRequestID(),
		})
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, key, []pair{
			{"Key", strings.TrimPrefix(key.GetName(), "attributeKeys/")}, {"Name", key.GetDisplayName()}, {"Description", key.GetDescription()},
		})
	})
}
