package accounts

import (
	"context"
	"slices"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/names"
)

// AttributeKey is a key under which accounts carry attributes.
type AttributeKey struct {
	DisplayName string `bson:"display_name,omitempty"`
	Description string `bson:"description,omitempty"`
	Times       `bson:",inline"`
}

func attributeKeyName(id string) string { return "attributeKeys/" + id }

func openAttributeKeys(ctx context.Context, w wiring) (*table[AttributeKey, *AttributeKey], error) {
	return openTable[AttributeKey](ctx, w, docstore.Spec{Name: "attribute_keys"},
		attributeKeyName, func(k AttributeKey) any { return k })
}

// checkKey refuses a key that would hold a level, alone or as a part of its name.
func checkKey(field, key string) error {
	if names.IsHandSetLevel(key) {
		return &Error{Reason: HandSetLevel, Resource: attributeKeyName(key),
			Fields: []FieldError{{field, `"` + key + `" would hold a level. ` + names.HandSetLevel}}}
	}
	if !names.IsID(key) {
		return invalid(field, "%q is not an attribute key: use up to 63 lower-case letters, digits and hyphens", key)
	}
	return nil
}

// DeclareKey declares an attribute key. HandSetLevel for one that would hold a level;
// Exists.
func (a *Accounts) DeclareKey(ctx context.Context, call Call, id string, k AttributeKey) (Stored[AttributeKey], error) {
	if err := checkKey("attribute_key_id", id); err != nil {
		return Stored[AttributeKey]{}, err
	}
	return a.keys.create(ctx, call, id, k, "attribute_key.created")
}

// ListKeys lists the declared attribute keys by id.
func (a *Accounts) ListKeys(ctx context.Context, size int, after Place) (Page[AttributeKey], error) {
	return a.keys.list(ctx, docstore.Query{After: after.after()}, size, byID[AttributeKey], nil)
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
	declared, err := a.keys.getMany(ctx, keys)
	if err != nil {
		return err
	}
	var missing []FieldError
	slices.Sort(keys)
	for _, key := range keys {
		if _, ok := declared[key]; !ok {
			missing = append(missing, FieldError{"account.attributes." + key, "the key is not declared: declare it as " + attributeKeyName(key) + " first"})
		}
	}
	if missing != nil {
		return &Error{Reason: Invalid, Fields: missing}
	}
	return nil
}
