package accounts

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/evenhand/evenhand/internal/resource"
)

// The most characters of what a row says.
const (
	maxName      = 200
	maxAttribute = 500
)

// maxAttributes is the most attributes of an account, as in the API.
const maxAttributes = 100

// parse reads a row, or says in which field it is wrong and how.
func (im *accountsImport) parse(row *AccountRow) (r *accountRow, field, problem string) {
	if row.Fault != "" {
		return nil, "", row.Fault
	}
	ref := strings.TrimSpace(row.ExternalID)
	if problem := checkReference(ref); problem != "" {
		return nil, "external_id", problem
	}
	r = &accountRow{line: row.Line, parent: strings.TrimSpace(row.Parent)}
	r.state = Account{ExternalID: ref, Source: im.start.Source, DisplayName: strings.TrimSpace(row.DisplayName)}
	if problem := checkText(r.state.DisplayName, maxName); problem != "" {
		return nil, "display_name", problem
	}
	if joined := strings.TrimSpace(row.Joined); joined != "" {
		day, err := ParseDay(joined)
		if err != nil {
			return nil, "joined", fmt.Sprintf("%q %s", shorten(joined), err)
		}
		r.state.Joined = &day
	}
	switch state := strings.TrimSpace(row.State); state {
	case "":
	case "active":
		r.givenState = true
	case string(Prospect), string(Closed):
		r.state.State, r.givenState = State(state), true
	default:
		return nil, "state", fmt.Sprintf("%q is none of prospect, active and closed", shorten(state))
	}
	if r.state.State == Closed {
		r.state.Closed = &im.today
	}
	if joined := r.state.Joined; joined != nil && r.state.Closed != nil && *joined > im.today {
		return nil, "joined", fmt.Sprintf("%s is after %s, the day the account is closed", *joined, im.today)
	}
	if r.parent == ref {
		return nil, "parent", ownParent
	}
	if r.parent != "" {
		if problem := checkReference(r.parent); problem != "" {
			return nil, "parent", problem
		}
	}
	r.state.Owner = strings.TrimPrefix(strings.TrimSpace(row.Owner), "principals/")
	field, problem = r.setAttributes(row.Attributes)
	return r, field, problem
}

func (r *accountRow) setAttributes(given map[string]string) (field, problem string) {
	for _, key := range slices.Sorted(maps.Keys(given)) {
		value := given[key]
		if value = strings.TrimSpace(value); value == "" {
			continue
		}
		if problem := checkText(value, maxAttribute); problem != "" {
			return "attributes." + key, problem
		}
		if r.state.Attributes == nil {
			r.state.Attributes = make(map[string]string, len(given))
		}
		r.state.Attributes[key] = value
	}
	if n := len(r.state.Attributes); n > maxAttributes {
		return "attributes", fmt.Sprintf("are %d, and an account has at most %d", n, maxAttributes)
	}
	return "", ""
}

func checkText(text string, most int) string {
	switch {
	case !utf8.ValidString(text):
		return "is not UTF-8"
	case utf8.RuneCountInString(text) > most:
		return fmt.Sprintf("is longer than %d characters", most)
	}
	return ""
}

// declare declares the attribute keys that a row brings. A key that cannot be is a
// fault of the whole file.
func (im *accountsImport) declare(ctx context.Context, row *AccountRow) error {
	var fresh []string
	for key := range row.Attributes {
		if !im.declared[key] {
			fresh = append(fresh, key)
		}
	}
	slices.Sort(fresh)
	for _, key := range fresh {
		if err := checkKey("rows.attributes."+key, key); err != nil {
			return err
		}
		im.declared[key] = true
		_, err := im.accounts.keys.Get(ctx, key)
		if errors.Is(err, resource.ErrNotFound) {
			if !im.start.ValidateOnly {
				_, err = im.accounts.DeclareKey(ctx, im.call, key, AttributeKey{})
			} else {
				err = nil
			}
			if err == nil {
				im.counts.KeysDeclared = append(im.counts.KeysDeclared, key)
			}
		}
		if err != nil && !errors.Is(err, resource.ErrExists) {
			return err
		}
	}
	return nil
}

// checkOwners refuses rows whose owner does not exist.
func (im *accountsImport) checkOwners(ctx context.Context, rows *[]*accountRow) error {
	var ids []string
	for _, row := range *rows {
		if owner := row.state.Owner; owner != "" && !im.principals[owner] && !slices.Contains(ids, owner) {
			ids = append(ids, owner)
		}
	}
	found, err := im.accounts.access.principals.Versions(ctx, ids)
	if err != nil {
		return err
	}
	for id := range found {
		im.principals[id] = true
	}
	kept := (*rows)[:0]
	for _, row := range *rows {
		if row.state.Owner == "" || im.principals[row.state.Owner] {
			kept = append(kept, row)
			continue
		}
		im.refuse(row.line, "owner", PrincipalName(shorten(row.state.Owner))+" does not exist: create it first")
	}
	*rows = kept
	return nil
}
