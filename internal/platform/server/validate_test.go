package server

import (
	"testing"

	"buf.build/go/protovalidate"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// An update need not send what it does not change; what it changes keeps the rules.
func TestUpdatesAreValidatedByTheirMask(t *testing.T) {
	validator, err := protovalidate.New()
	require.NoError(t, err)
	s := &Server{validator: validator}
	update := func(c *accountsv1.Contact, paths ...string) proto.Message {
		c.Name = "accounts/acme/contacts/jo"
		return &accountsv1.UpdateContactRequest{Contact: c, UpdateMask: &fieldmaskpb.FieldMask{Paths: paths}}
	}
	for name, request := range map[string]proto.Message{
		"one field, by mask":         update(&accountsv1.Contact{Phone: "1"}, "phone"),
		"one field, without a mask":  update(&accountsv1.Contact{Phone: "1"}),
		"a required field, as given": update(&accountsv1.Contact{DisplayName: "Jo"}, "display_name"),
	} {
		require.NoError(t, s.validate(request), name)
	}
	for name, request := range map[string]proto.Message{
		"a required field, cleared by mask":     update(&accountsv1.Contact{Phone: "1"}, "phone", "display_name"),
		"everything, without a required field":  update(&accountsv1.Contact{Phone: "1"}, "*"),
		"a field that breaks its rule":          update(&accountsv1.Contact{Email: "no address"}, "email"),
		"one that does, without a mask":         update(&accountsv1.Contact{Email: "no address"}),
		"a new resource without required field": &accountsv1.CreateContactRequest{Parent: "accounts/acme", Contact: &accountsv1.Contact{Phone: "1"}},
		"an update of nothing":                  &accountsv1.UpdateContactRequest{UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"phone"}}},
	} {
		require.ErrorContains(t, s.validate(request), "contact", name)
	}
}
