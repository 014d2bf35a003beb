package accounts

import (
	"context"
	"slices"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// AttributeKey is a key under which accounts carry attributes.
type AttributeKey struct {
	DisplayName    string `bson:"display_name,omitempty"`
	Description    string `bson:"description,omitempty"`
	resource.Times `bson:",inline"`
}

func attributeKeyName(id string) string { return "attributeKeys/" + id }

func openAttributeKeys(ctx context.Context, w wiring) (*resource.Table[AttributeKey, *AttributeKey], error) {
	return resource.OpenTable(ctx, w.requests, resource.Kind[AttributeKey]{
		Type: "evenhand/AttributeKey", Name: attributeKeyName, Spec: docstore.Spec{Name: "attribute_keys"},
		Tell: func(k AttributeKey) any { return k }})
}

// checkKey refuses a key that would hold a level, alone or as a part of its name.
func checkKey(field, key string) error {
	if names.IsHandSetLevel(key) {
		return failFields(ErrHandSetLevel, attributeKeyName(key),
			fault.Field{Path: field, Description: `"` + key + `" would hold a level. ` + names.HandSetLevel})
	}
	if !names.IsID(key) {
		return invalid(field, "%q is not an attribute key: use up to 63 lower-case letters, digits and hyphens", key)
	}
	return nil
}

// DeclareKey declares an attribute key. ErrHandSetLevel for one that would hold a level;
// ErrExists.
func (a *Accounts) DeclareKey(ctx context.Context, call resource.Call, id string, k AttributeKey) (resource.Stored[AttributeKey], error) {
	if err := checkKey("attribute_key_id", id); err != nil {
		return resource.Stored[AttributeKey]{}, err
	}
	return a.keys.Create(ctx, call, id, k, "attribute_key.created")
}

// ListKeys lists the declared attribute keys by id.
func (a *Accounts) ListKeys(ctx context.Context, size int, after resource.Place) (resource.Page[AttributeKey], error) {
	return a.keys.List(ctx, docstore.Query{After: after, Limit: size}, nil, nil)
}

// checkAttributes wants every key to be declared, and none to be a level.
func (a *Accounts) checkAttributes(ctx context.Context, attributes map[string]string) error {
	keys := make([]string, 0, len(attributes))
	for key := range attributes {
		if err := checkKey("account.attributes."+key, key); err != nil {
			return err
		}
		keys = append(keys, key)
	}
	declared, err := a.keys.GetMany(ctx, keys)
	if err != nil {
		return err
	}
	var missing []fault.Field
	slices.Sort(keys)
	for _, key := range keys {
		if _, ok := declared[key]; !ok {
			missing = append(missing, fault.Field{Path: "account.attributes." + key, Description: "the key is not declared: declare it as " + attributeKeyName(key) + " first"})
		}
	}
	if missing != nil {
		return failFields(ErrInvalid, "", missing...)
	}
	return nil
}
