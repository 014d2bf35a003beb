package accounts

import (
	"context"

	"github.com/evenhand/evenhand/internal/resource"
)

// Naming is ids of accounts as a file of another service has them.
type Naming struct {
	// Source is the system the ids are of.
	Source string
	// References are ids in that system, or here.
	References []string
	// Create makes the accounts that are not known, and Check only says what would be done.
	Create, Check bool
}

// Resolved are the accounts of a naming.
type Resolved struct {
	// IDs are the accounts' ids here by reference, and Problems says of each other
	// reference why it names none.
	IDs, Problems map[string]string
	// Created counts the accounts made.
	Created int64
}

// Resolve finds the accounts that a file names as revenue imports do: by the id in the
// source, else in another, else here; and makes those that are missing, where it may.
func (im *Imports) Resolve(ctx context.Context, call resource.Call, n Naming) (Resolved, error) {
	out := Resolved{IDs: map[string]string{}, Problems: map[string]string{}}
	r := resolver{accounts: im.accounts, call: resource.Call{Principal: call.Principal}, source: n.Source, create: n.Create, dryRun: n.Check}
	var refs []string
	seen := make(map[string]bool, len(n.References))
	for _, ref := range n.References {
		if seen[ref] {
			continue
		}
		seen[ref] = true
		if text := checkReference(ref); text != "" {
			out.Problems[ref] = text
			continue
		}
		refs = append(refs, ref)
	}
	if err := r.resolve(ctx, refs, out.IDs, out.Problems); err != nil {
		return Resolved{}, err
	}
	out.Created = r.created
	return out, nil
}
