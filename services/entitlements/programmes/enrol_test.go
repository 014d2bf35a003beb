package programmes

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/resource"
)

func TestR29PlacesGoInTheOrderOfApplications(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.published(t, beta(2))
		f.applied(t, "ash", "birch", "cedar")
		e, err := f.Apply(ctx, call("r1", "x"), "beta", "dogwood", false)
		require.NoError(t, err)
		require.Equal(t, Waiting, e.Standing)
		require.Equal(t, 2, e.Position)
		again, err := f.Apply(ctx, call("r1", "x"), "beta", "dogwood", false)
		require.NoError(t, err, "a retry applies once")
		require.Equal(t, e, again)
		_, err = f.Apply(ctx, call("r1", "y"), "beta", "elm", false)
		require.ErrorIs(t, err, resource.ErrRequestIDReused)
		require.Equal(t, []string{"ash enrolled", "birch enrolled", "cedar waiting", "dogwood waiting"}, f.standings(t))

		_, err = f.Apply(ctx, someone, "beta", "ash", false)
		wantReason(t, err, "ALREADY_EXISTS", "has a place in programmes/beta")
		_, err = f.Apply(ctx, someone, "beta", "cedar", false)
		wantReason(t, err, "ALREADY_EXISTS", "is on the waiting list")

		// Whoever does not qualify now keeps its turn, and the place goes to the next.
		f.customers.set(func(c *fakeCustomers) { c.poor["cedar"] = true })
		left, err := f.Withdraw(ctx, someone, "beta", "ash")
		require.NoError(t, err)
		require.Equal(t, []Stay{{march, march + 1}}, left.Stays, "the day it is given up counts")
		require.Equal(t, []string{"ash left", "birch enrolled", "cedar waiting", "dogwood enrolled"}, f.standings(t))
		f.customers.set(func(c *fakeCustomers) { c.poor["cedar"] = false })
		_, err = f.Withdraw(ctx, someone, "beta", "birch")
		require.NoError(t, err)
		require.Equal(t, []string{"ash left", "birch left", "cedar enrolled", "dogwood enrolled"}, f.standings(t))
		_, err = f.Withdraw(ctx, someone, "beta", "birch")
		require.ErrorIs(t, err, resource.ErrNotFound)

		// Who comes back stands at the end of the list.
		f.applied(t, "elm", "ash")
		require.Equal(t, []string{"birch left", "cedar enrolled", "dogwood enrolled", "elm waiting", "ash waiting"}, f.standings(t))
	})
}

func TestR29WhoDoesNotMeetTheCriteriaCannotApply(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.published(t, beta(2))
	f.customers.set(func(c *fakeCustomers) { c.joined["new"] = march.AddMonths(-3) })
	_, err := f.Apply(ctx, someone, "beta", "new", false)
	wantReason(t, err, ReasonNotQualified, "accounts/new does not meet the criteria of programmes/beta. It takes more.")
	_, err = f.Apply(ctx, someone, "beta", "nobody", false)
	require.ErrorIs(t, err, resource.ErrNotFound)
	_, err = f.Apply(ctx, someone, "gamma", "ash", false)
	require.ErrorIs(t, err, resource.ErrNotFound)
	e, err := f.Apply(ctx, someone, "beta", "ash", true)
	require.NoError(t, err)
	require.Equal(t, Enrolled, e.Standing)
	require.Empty(t, f.standings(t), "a check writes nothing")
	_, err = f.Enrolment(ctx, "beta", "ash")
	require.ErrorIs(t, err, resource.ErrNotFound)

	// What was given is kept when the criteria are met no more.
	f.applied(t, "ash")
	f.customers.set(func(c *fakeCustomers) { c.poor["ash"] = true })
	require.NoError(t, f.settle(ctx, true))
	require.Equal(t, []string{"ash enrolled"}, f.standings(t))
}

func TestApplicationsAreTakenInTheirTime(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	d := beta(1)
	d.Opens, d.Closes = march+7, march+14
	p, err := f.Create(ctx, someone, "", d, false)
	require.NoError(t, err)
	for _, c := range []struct {
		day    civil.Day
		before func()
		why    string
		state  State
	}{
		{march, func() {}, "is a draft", Draft},
		{march, func() {
			_, err := f.Publish(ctx, someone, p.ID, "", false)
			require.NoError(t, err)
		}, "takes applications from 2026-03-09 on", Open},
		{march + 7, func() {}, "", Open},
		{march + 14, func() {}, "", Open},
		{march + 15, func() {}, "took applications until 2026-03-16", Running},
		{march + 20, func() {
			_, err := f.End(ctx, someone, p.ID, "", march+21, "Released", false)
			require.NoError(t, err)
		}, "took applications until", Running},
		{march + 21, func() {}, "ended on 2026-03-23: Released", Closed},
	} {
		f.customers.set(func(k *fakeCustomers) { k.today = c.day })
		c.before()
		now, err := f.Get(ctx, p.ID)
		require.NoError(t, err)
		require.Equal(t, c.state, now.State.State(c.day))
		_, err = f.Apply(ctx, someone, p.ID, "ash", true)
		if c.why == "" {
			require.NoError(t, err)
			continue
		}
		wantReason(t, err, ReasonState, c.why)
	}
}

// At once for fewer places: all are answered, none is given twice, none is lost.
func TestR29TwoHundredApplicantsForTwentyPlaces(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		const applicants, places = 200, 20
		f.published(t, beta(places))
		for i := range applicants {
			f.customers.joined[fmt.Sprint("a", i)] = march.AddMonths(-24)
		}
		others := f.open(t) // another process
		var wait sync.WaitGroup
		errs := make([]error, applicants)
		for i := range applicants {
			wait.Go(func() {
				s := f.Service
				if i%2 == 1 {
					s = others
				}
				for { // as a client does that is told to try again
					_, errs[i] = s.Apply(context.Background(), call(fmt.Sprint("r", i), "x"), "beta", fmt.Sprint("a", i), false)
					if !errors.Is(errs[i], resource.ErrConflict) {
						return
					}
				}
			})
		}
		wait.Wait()
		require.NoError(t, errors.Join(errs...))
		p, err := f.Get(t.Context(), "beta")
		require.NoError(t, err)
		require.Len(t, p.State.Entries, applicants)
		require.Equal(t, places, p.State.Count(Enrolled))
		for i, e := range p.State.Entries {
			require.Equal(t, i < places, e.Standing == Enrolled, "the first in order have the places")
		}

		// Half of the members leave at once: the first who wait follow.
		for i := range places / 2 {
			wait.Go(func() { _, errs[i] = f.Withdraw(context.Background(), someone, "beta", p.State.Entries[i].Account) })
		}
		wait.Wait()
		require.NoError(t, errors.Join(errs...))
		require.NoError(t, f.settle(t.Context(), false))
		p, err = f.Get(t.Context(), "beta")
		require.NoError(t, err)
		for i, e := range p.State.Entries {
			require.Equal(t, i >= places/2 && i < places+places/2, e.Standing == Enrolled)
		}
	})
}

// What followers learn of an application is who it was, not the whole list.
func TestEventsNameWhoTheyAreAbout(t *testing.T) {
	f := onSQLite(t)
	f.published(t, beta(1))
	f.applied(t, "ash", "birch")
	_, err := f.Withdraw(t.Context(), someone, "beta", "ash")
	require.NoError(t, err)
	require.NoError(t, f.store.Flush(t.Context()))
	var got []string
	events, err := f.store.Feed().Read(t.Context(), 0, 100)
	require.NoError(t, err)
	for _, e := range events {
		told, err := Told(e)
		require.NoError(t, err)
		line := e.Type + " by " + e.Who
		for _, entry := range told.State.Entries {
			line += ": " + entry.Account + " " + string(entry.Standing)
		}
		got = append(got, line)
	}
	require.Equal(t, []string{
		"programme.created by principals/anna", "programme.published by principals/anna",
		"enrolment.applied by principals/anna: ash enrolled", "enrolment.applied by principals/anna: birch waiting",
		"enrolment.withdrawn by principals/anna: ash left", "enrolment.admitted by principals/entitlements-service: birch enrolled",
	}, got)
}

// A full document of the largest programme is what the bounds say.
func TestTheLargestProgrammeIsWithinItsBound(t *testing.T) {
	f := onSQLite(t)
	p := f.published(t, beta(MaxCapacity))
	entries := make([]Entry, MaxApplicants)
	for i := range entries {
		entries[i] = Entry{Account: fmt.Sprintf("customer-%06d", i), Standing: Waiting, Applied: time.Unix(int64(i), 0).UTC()}
		if i < MaxCapacity {
			entries[i].Standing, entries[i].From = Enrolled, march
		}
	}
	full, err := f.table.Update(t.Context(), someone, p.ID, nil, "enrolment.applied", func(p *Programme) error {
		p.Entries = entries
		return nil
	})
	require.NoError(t, err)
	_, err = f.Apply(t.Context(), someone, p.ID, "ash", false)
	wantReason(t, err, ReasonFull, "has had 20000 applicants")
	size := func() int {
		text, err := bson.Marshal(full.State)
		require.NoError(t, err)
		return len(text)
	}
	require.Less(t, size(), 2<<20)
	for i := range full.State.Entries {
		full.State.Entries[i].Stays = slices.Repeat([]Stay{{march, march + 1}}, MaxStays)
	}
	require.Less(t, size(), 13<<20)
}

// A draft that is deleted and written anew under its name is another.
func TestAProgrammeOfTheNameOfOneDeletedIsKnown(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	_, err := f.Create(ctx, someone, "", beta(1), false)
	require.NoError(t, err)
	for range 3 {
		_, err = f.Update(ctx, someone, "beta", "", func(d *Definition) error { d.Capacity++; return nil }, false)
		require.NoError(t, err)
	}
	require.NoError(t, f.Delete(ctx, someone, "beta", ""))
	require.Empty(t, f.known.list())
	f.known.set(resource.Stored[Programme]{ID: "beta", Version: 1})
	require.Len(t, f.known.list(), 1, "its versions begin anew once nothing is left of the first")
}
