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
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/services/entitlements/decision"
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

// Whatever applies, leaves, is closed or stops to qualify: no day has more places than
// there are, nobody is passed over who qualifies, and days with a place stay.
func TestPlacesAreNeverGivenTwice(t *testing.T) {
	accounts := []string{"ash", "birch", "cedar", "dogwood", "elm"}
	f := onSQLite(t)
	programme := 0
	rapid.Check(t, func(t *rapid.T) {
		ctx := context.Background()
		programme++
		id := fmt.Sprint("p", programme)
		capacity := rapid.IntRange(1, 3).Draw(t, "capacity")
		f.customers.set(func(c *fakeCustomers) { c.today, c.poor, c.closed = march, map[string]bool{}, map[string]civil.Day{} })
		_, err := f.Create(ctx, someone, id, beta(capacity), false)
		require.NoError(t, err)
		_, err = f.Publish(ctx, someone, id, "", false)
		require.NoError(t, err)
		had := map[string]map[civil.Day]bool{}
		for range rapid.IntRange(0, 25).Draw(t, "steps") {
			who := rapid.SampledFrom(accounts).Draw(t, "who")
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1:
				_, _ = f.Apply(ctx, someone, id, who, false)
			case 2:
				_, _ = f.Withdraw(ctx, someone, id, who)
			case 3:
				f.customers.set(func(c *fakeCustomers) { c.poor[who] = !c.poor[who] })
			case 4:
				f.customers.set(func(c *fakeCustomers) { c.today++ })
			case 5:
				f.customers.set(func(c *fakeCustomers) { c.closed[who] = c.today })
			}
			require.NoError(t, f.settle(ctx, true))
			p, err := f.Get(ctx, id)
			require.NoError(t, err)
			require.LessOrEqual(t, p.State.Count(Enrolled), capacity)
			if p.State.Free() > 0 {
				for _, e := range p.State.Entries {
					j, err := f.customers.Judge(ctx, e.Account, &p.State.Criteria)
					require.NoError(t, err)
					require.False(t, e.Standing == Waiting && j.Met, "%s is passed over", e.Account)
				}
			}
			now := *f.Enrolments()
			for day := march; day <= f.customers.today+2; day++ {
				held := 0
				for _, a := range accounts {
					if holds(now[a], id, day) {
						held++
					}
				}
				require.LessOrEqual(t, held, capacity, "on %s", day)
			}
			for _, a := range accounts {
				if had[a] == nil {
					had[a] = map[civil.Day]bool{}
				}
				if holds(now[a], id, f.customers.today) {
					had[a][f.customers.today] = true
				}
				for day := range had[a] {
					_, is := f.customers.closed[a]
					require.True(t, is || holds(now[a], id, day), "%s had a place on %s", a, day)
				}
			}
		}
		_, err = f.End(ctx, someone, id, "", march+9999, "Over", false)
		require.NoError(t, err)
	})
}

func holds(places []decision.Enrolment, programme string, day civil.Day) bool {
	return slices.ContainsFunc(places, func(e decision.Enrolment) bool { return e.Programme == programme && e.From <= day && day < e.To })
}

func TestPlacesOfClosedAccountsGoToTheNext(t *testing.T) {
	f := onSQLite(t)
	f.published(t, beta(1))
	f.applied(t, "ash", "birch", "cedar")
	f.customers.set(func(c *fakeCustomers) {
		c.today += 10
		c.closed["ash"], c.closed["birch"] = march+8, march+9
	})
	require.NoError(t, f.settle(t.Context(), true))
	require.Equal(t, []string{"ash left", "birch left", "cedar enrolled"}, f.standings(t))
	e, err := f.Enrolment(t.Context(), "beta", "ash")
	require.NoError(t, err)
	require.Equal(t, AccountClosed, e.Why)
	require.Equal(t, []Stay{{march, march + 8}}, e.Stays)
}

// An application from after an account was judged is not taken away by that judgement.
func TestR29WhatWasNotJudgedIsNotTakenAway(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.published(t, beta(1))
		f.applied(t, "ash", "birch")
		f.customers.set(func(c *fakeCustomers) {
			c.closed["ash"] = march
			c.meanwhile = func() {
				c.set(func(c *fakeCustomers) { delete(c.closed, "ash") })
				_, err := f.Withdraw(ctx, someone, "beta", "ash")
				require.NoError(t, err)
				f.applied(t, "ash")
			}
		})
		require.NoError(t, f.settle(ctx, true))
		require.Equal(t, []string{"birch enrolled", "ash waiting"}, f.standings(t))
	})
}

func TestNobodyIsJudgedForAProgrammeThatHasEnded(t *testing.T) {
	f := onSQLite(t)
	f.published(t, beta(1))
	f.applied(t, "ash", "birch")
	_, err := f.End(t.Context(), someone, "beta", "", march+30, "Over", false)
	require.NoError(t, err)
	f.customers.set(func(c *fakeCustomers) { c.today, c.closed["ash"], c.behind = march+30, march+30, errDied })
	require.NoError(t, f.settle(t.Context(), true))
	require.Equal(t, []string{"ash enrolled", "birch waiting"}, f.standings(t))
}

// A process that died after it took an application, or a place back, left the rest to Run.
func TestWhatADeadProcessLeftIsFinished(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		f.published(t, beta(1))
		f.applied(t, "ash", "birch")
		_, err := f.table.Update(t.Context(), someone, "beta", nil, "enrolment.withdrawn", func(p *Programme) error {
			p.change([]string{"ash"}, func(e *Entry) { e.leave(march, march+1, Withdrawn) })
			return nil
		})
		require.NoError(t, err)
		other := f.open(t)
		run(t, other)
		eventually(t, "the next has the place", func() bool {
			e, err := f.Enrolment(t.Context(), "beta", "birch")
			return err == nil && e.Standing == Enrolled
		})
		eventually(t, "decisions know", func() bool { return holds((*other.Enrolments())["birch"], "beta", march+1) })
	})
}

func TestOtherProcessesLearnOfPlaces(t *testing.T) {
	f := onSQLite(t)
	other := f.open(t)
	run(t, other)
	f.published(t, beta(1))
	before := f.Enrolments()
	require.Same(t, before, f.Enrolments(), "the same while nothing has changed")
	f.applied(t, "ash")
	require.Equal(t, []decision.Enrolment{{Programme: "beta", From: march, To: civil.Never}}, (*f.Enrolments())["ash"], "at once")
	require.Empty(t, *before, "what was read stays as it was")
	eventually(t, "the other process knows", func() bool { return holds((*other.Enrolments())["ash"], "beta", march) })
	_, err := f.End(t.Context(), someone, "beta", "", march+31, "Released", false)
	require.NoError(t, err)
	require.Equal(t, []decision.Enrolment{{Programme: "beta", From: march, To: march + 31}}, (*f.Enrolments())["ash"])
	require.Equal(t, *f.Enrolments(), *f.open(t).Enrolments(), "after a restart")
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

// Who leaves has its place until the end of the day, and the next has it from then on.
func TestAPlaceBeginsWhenTheLastStayHasEnded(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.published(t, beta(1))
	f.applied(t, "ash", "birch", "cedar")
	for _, who := range []string{"ash", "birch"} {
		_, err := f.Withdraw(ctx, someone, "beta", who)
		require.NoError(t, err)
	}
	require.Equal(t, []string{"ash left", "birch left", "cedar enrolled"}, f.standings(t))
	now := *f.Enrolments()
	require.True(t, holds(now["ash"], "beta", march))
	require.Empty(t, now["birch"], "it had given back what had not begun")
	require.False(t, holds(now["cedar"], "beta", march))
	require.True(t, holds(now["cedar"], "beta", march+1))

	// Of two places one is free today.
	p, err := f.Update(ctx, someone, "beta", "", func(d *Definition) error { d.Capacity = 2; return nil }, false)
	require.NoError(t, err)
	require.Zero(t, p.State.freeToday(march)-1)
	f.applied(t, "dogwood")
	require.True(t, holds((*f.Enrolments())["dogwood"], "beta", march), "ash's is one, and this is the other")
}

// Nobody gets a place, or is refused one, while what is known of customers is behind.
func TestNothingIsGivenByWhatIsBehind(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.published(t, beta(1))
	f.applied(t, "ash", "birch", "cedar")
	_, err := f.table.Update(ctx, someone, "beta", nil, "enrolment.withdrawn", func(p *Programme) error {
		p.change([]string{"ash"}, func(e *Entry) { e.leave(march, march+1, Withdrawn) })
		return nil
	})
	require.NoError(t, err)
	f.Service = f.open(t)
	behind := fault.New(fault.Unavailable, fault.ReasonUnavailable, "What is known of customers is not up to date.")
	f.customers.set(func(c *fakeCustomers) { c.behind = behind; c.poor["birch"] = true })
	require.ErrorIs(t, f.settle(ctx, true), behind)
	_, err = f.Apply(ctx, someone, "beta", "dogwood", false)
	require.ErrorIs(t, err, behind)
	require.Equal(t, []string{"ash left", "birch waiting", "cedar waiting"}, f.standings(t))
	f.customers.set(func(c *fakeCustomers) { c.behind = nil; c.poor["birch"] = false })
	require.NoError(t, f.settle(ctx, true))
	require.Equal(t, []string{"ash left", "birch enrolled", "cedar waiting"}, f.standings(t))
}

// Whom this process has not heard of yet, another took the application of: it keeps its
// turn.
func TestR29NobodyLosesATurnByBeingTooNewToBeKnown(t *testing.T) {
	f := onSQLite(t)
	ctx := t.Context()
	f.published(t, beta(1))
	f.applied(t, "ash", "birch", "cedar")
	joined := f.customers.joined["birch"]
	f.customers.set(func(c *fakeCustomers) { delete(c.joined, "birch") })
	_, err := f.Withdraw(ctx, someone, "beta", "ash")
	require.NoError(t, err)
	wantReason(t, f.settle(ctx, true), fault.ReasonUnavailable, "accounts/birch waits for a place in programmes/beta and is so new")
	require.Equal(t, []string{"ash left", "birch waiting", "cedar waiting"}, f.standings(t))
	f.customers.set(func(c *fakeCustomers) { c.joined["birch"] = joined })
	require.NoError(t, f.settle(ctx, true))
	require.Equal(t, []string{"ash left", "birch enrolled", "cedar waiting"}, f.standings(t))
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
