package accounts

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

func TestR1NoAttributeHoldsALevel(t *testing.T) {
	f := onSQLite(t)
	for _, key := range []string{"tier", "level", "grade", "rank", "vip", "platinum", "gold", "silver", "bronze", "customer-tier", "tier-1", "levels"} {
		_, err := f.Accounts.DeclareKey(t.Context(), someone, key, AttributeKey{})
		wantReason(t, err, ErrHandSetLevel, "published rules")
		_, err = f.Accounts.Create(t.Context(), someone, "acme", Account{Attributes: map[string]string{key: "x"}}, false)
		wantReason(t, err, ErrHandSetLevel, "published rules")
	}
	for _, key := range []string{"golden-gate", "sector", "frontier"} {
		_, err := f.Accounts.DeclareKey(t.Context(), someone, key, AttributeKey{})
		require.NoError(t, err, key)
	}
	_, err := f.Accounts.DeclareKey(t.Context(), someone, "Sector", AttributeKey{})
	wantReason(t, err, ErrInvalid, "lower-case")
}

func TestAccountsAreUniqueBySourceAndSlug(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		create := func(id, external, source string) (resource.Stored[Account], error) {
			return f.Accounts.Create(ctx, someone, id, Account{ExternalID: external, Source: source}, false)
		}
		a, err := create("", "BRK.B", "crm")
		require.NoError(t, err)
		require.Equal(t, "brk-b", a.ID)
		zero, err := create("", "00001", "crm")
		require.NoError(t, err)
		require.Equal(t, "00001", zero.ID)
		_, err = create("", "BRK-B", "crm")
		wantReason(t, err, ErrSlugCollision, `"BRK-B" of source "crm" would be accounts/brk-b, which stands for "BRK.B" of source "crm"`)
		_, err = create("other", "BRK.B", "crm")
		wantReason(t, err, resource.ErrExists, "is accounts/brk-b already")
		_, err = create("", "BRK.B", "shop")
		wantReason(t, err, ErrSlugCollision, `of source "shop"`)
		_, err = create("shop-brk", "BRK.B", "shop")
		require.NoError(t, err, "external ids are unique within their source")
		_, err = create("", "***", "crm")
		wantReason(t, err, ErrInvalid, "no id can be made")

		for _, check := range []bool{true, false} {
			_, err = f.Accounts.Create(ctx, someone, "", Account{ExternalID: "BRK-B", Source: "crm"}, check)
			wantReason(t, err, ErrSlugCollision, "")
			_, err = f.Accounts.Create(ctx, someone, "new", Account{ExternalID: "BRK.B", Source: "crm"}, check)
			wantReason(t, err, resource.ErrExists, "")
		}
		_, err = f.Accounts.Create(ctx, someone, "new", Account{}, true)
		require.NoError(t, err)
		_, err = f.Accounts.Get(ctx, "new")
		wantReason(t, err, resource.ErrNotFound, "accounts/new does not exist")
	})
}

func TestReferencesExist(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	_, err := f.Accounts.Create(ctx, someone, "acme", Account{
		Parent: "p", Owner: "o", Team: []string{"t"}, Competitors: []string{"c", "acme"}}, false)
	var e *fault.Error
	require.ErrorAs(t, err, &e)
	var fields []string
	for _, field := range e.Fields {
		fields = append(fields, field.Path)
	}
	require.Equal(t, []string{"account.competitors", "account.parent", "account.competitors[0]", "account.competitors[1]",
		"account.owner", "account.service_team[0]"}, fields)
}

func TestAccountStates(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		_, err := f.Company.Adopt(ctx, someone, "USD", "Pacific/Auckland")
		require.NoError(t, err)
		_, err = f.Accounts.Create(ctx, someone, "acme", Account{State: Prospect}, false)
		require.NoError(t, err)
		a, err := f.Accounts.Activate(ctx, someone, "acme", "", nil)
		require.NoError(t, err)
		require.Equal(t, "2026-03-07", a.State.Joined.String(), "today is the company's")
		_, err = f.Accounts.Activate(ctx, someone, "acme", "", nil)
		wantReason(t, err, ErrWrongState, "active already")
		_, err = f.Accounts.Close(ctx, someone, "acme", "", day(t, "2026-03-06"))
		wantReason(t, err, ErrInvalid, "before 2026-03-07")
		a, err = f.Accounts.Close(ctx, someone, "acme", a.Etag(), day(t, "2026-04-01"))
		require.NoError(t, err)
		require.Equal(t, Closed, a.State.State)
		_, err = f.Accounts.Update(ctx, someone, "acme", "", AccountPatch{Joined: ptr(day(t, "2026-04-02"))}, false)
		wantReason(t, err, ErrInvalid, "after 2026-04-01")
		a, err = f.Accounts.Activate(ctx, someone, "acme", "", day(t, "2026-05-01"))
		require.NoError(t, err)
		require.Nil(t, a.State.Closed)
		require.Equal(t, "2026-03-07", a.State.Joined.String(), "what it was before it closed is not taken back")
		_, err = f.Accounts.Create(ctx, someone, "undated", Account{}, false)
		require.NoError(t, err)
		_, err = f.Accounts.Close(ctx, someone, "undated", "", day(t, "2026-04-01"))
		require.NoError(t, err)
		undated, err := f.Accounts.Activate(ctx, someone, "undated", "", day(t, "2026-05-01"))
		require.NoError(t, err)
		require.Nil(t, undated.State.Joined, "its first entry's day goes on to count")
		_, err = f.Accounts.Close(ctx, someone, "acme", "stale", nil)
		wantReason(t, err, resource.ErrStale, "")
	})
}

func TestNoAccountIsAboveItself(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		for _, id := range []string{"a", "b", "c"} {
			_, err := f.Accounts.Create(ctx, someone, id, Account{}, false)
			require.NoError(t, err)
		}
		move := func(id, parent string, check bool) error {
			_, err := f.Accounts.Update(ctx, someone, id, "", AccountPatch{Parent: &parent}, check)
			return err
		}
		wantReason(t, move("a", "a", false), ErrInvalid, "its own parent")
		require.NoError(t, move("b", "a", false))
		require.NoError(t, move("c", "b", false))
		for _, check := range []bool{true, false} {
			wantReason(t, move("a", "c", check), ErrInvalid, "accounts/a below accounts/c below accounts/b below accounts/a")
		}
		require.NoError(t, move("c", "", false))
		require.NoError(t, move("a", "c", false))
	})
}

func TestConcurrentMovesNeverCloseACircle(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		const n = 6
		for i := range n {
			_, err := f.Accounts.Create(ctx, someone, fmt.Sprint("a", i), Account{}, false)
			require.NoError(t, err)
		}
		for round := range 4 {
			var group sync.WaitGroup
			for i := range n { // each below the next: all of them together are a circle
				group.Go(func() {
					parent := fmt.Sprint("a", (i+1+round)%n)
					_, err := f.Accounts.Update(ctx, someone, fmt.Sprint("a", i), "", AccountPatch{Parent: &parent}, false)
					if !errors.Is(err, ErrInvalid) && !errors.Is(err, resource.ErrConflict) {
						assert.NoError(t, err)
					}
				})
			}
			group.Wait()
			for i := range n {
				at, steps := fmt.Sprint("a", i), 0
				for at != "" {
					a, err := f.Accounts.Get(ctx, at)
					require.NoError(t, err)
					at = a.State.Parent
					steps++
					require.LessOrEqual(t, steps, n, "a circle above a%d", i)
				}
			}
		}
	})
}

// A process that dies between entering its move and making it must neither let a
// circle happen nor stand in the way for ever.
func TestAMoveThatWasEnteredAndNeverMade(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	versions := map[string]int64{}
	for _, id := range []string{"a", "b"} {
		s, err := f.Accounts.Create(ctx, someone, id, Account{}, false)
		require.NoError(t, err)
		versions[id] = s.Version
	}
	died := errors.New("the process died")
	require.ErrorIs(t, f.Accounts.parents.Apply(ctx, "a", "b", func(int64, []resource.Intent) error { return nil },
		func(int64) error { return died }), died)
	require.ErrorIs(t, f.Accounts.checkAbove(ctx, "b", "a", []resource.Intent{{ID: "a", Version: versions["a"], Value: "b"}}), resource.ErrBlocked)
	_, err := f.Accounts.Update(ctx, someone, "b", "", AccountPatch{Parent: ptr("a")}, false)
	require.NoError(t, err, "what was never made is settled")
	// The dead process wakes up and writes.
	_, err = f.Accounts.accounts.Update(ctx, someone, "a", resource.IfVersion[Account](versions["a"]), "account.updated", AccountPatch{Parent: ptr("b")}.apply)
	wantReason(t, err, resource.ErrStale, "")
}

func TestSomebodyAlwaysAdministers(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		require.NoError(t, f.Access.SetLocalToken(ctx, make([]byte, 32)))
		_, err := f.Access.UpdatePrincipal(ctx, someone, localAdmin, "", PrincipalPatch{Disabled: ptr(true)})
		wantReason(t, err, ErrLastAdministrator, "the last one who can administer")
		const n = 5
		for i := range n {
			_, err := f.Access.CreatePrincipal(ctx, someone, fmt.Sprint("p", i), Principal{Roles: []string{Admin}})
			require.NoError(t, err)
		}
		var group sync.WaitGroup
		ids := []string{localAdmin}
		for i := range n {
			ids = append(ids, fmt.Sprint("p", i))
		}
		for i, id := range ids {
			group.Go(func() {
				patch := PrincipalPatch{Roles: ptr([]string{"viewer"})}
				if i%2 == 0 {
					patch = PrincipalPatch{Disabled: ptr(true)}
				}
				_, err := f.Access.UpdatePrincipal(ctx, someone, id, "", patch)
				if !errors.Is(err, ErrLastAdministrator) && !errors.Is(err, resource.ErrConflict) {
					assert.NoError(t, err)
				}
			})
		}
		group.Wait()
		left := 0
		for _, id := range ids {
			p, err := f.Access.GetPrincipal(ctx, id)
			require.NoError(t, err)
			if p.State.Administers {
				left++
			}
		}
		require.Positive(t, left)
	})
}

func TestWritersOfOneAccountLoseNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		const writers, rounds = 64, 4
		created, err := f.Accounts.Create(ctx, someone, "acme", Account{}, false)
		require.NoError(t, err)
		for i := range writers {
			_, err := f.Accounts.DeclareKey(ctx, someone, fmt.Sprint("k", i), AttributeKey{})
			require.NoError(t, err)
		}
		var group sync.WaitGroup
		for i := range writers {
			group.Go(func() {
				for round := range rounds {
					call := request(fmt.Sprint(i, "-", round), "x")
					patch := AccountPatch{SetAttributes: map[string]string{fmt.Sprint("k", i): fmt.Sprint(round)}}
					for range 2 { // every request comes twice
						_, err := f.Accounts.Update(ctx, call, "acme", "", patch, false)
						assert.NoError(t, err)
					}
				}
			})
		}
		group.Wait()
		a, err := f.Accounts.Get(ctx, "acme")
		require.NoError(t, err)
		require.Equal(t, created.Version+writers*rounds, a.Version, "each request counts once")
		require.Len(t, a.State.Attributes, writers)
		for i := range writers {
			require.Equal(t, fmt.Sprint(rounds-1), a.State.Attributes[fmt.Sprint("k", i)])
		}
		for i := range writers { // and still when they have left the document
			_, err := f.Accounts.Update(ctx, request(fmt.Sprint(i, "-0"), "x"), "acme", "", AccountPatch{DisplayName: ptr("again")}, false)
			require.NoError(t, err)
			_, err = f.Accounts.Update(ctx, request(fmt.Sprint(i, "-0"), "y"), "acme", "", AccountPatch{DisplayName: ptr("again")}, false)
			wantReason(t, err, resource.ErrRequestIDReused, "")
		}
		b, err := f.Accounts.Get(ctx, "acme")
		require.NoError(t, err)
		require.Equal(t, a, b)
	})
}
