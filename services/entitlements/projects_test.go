package entitlements

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// fakePlans is a plans service in memory.
type fakePlans struct {
	mu      sync.Mutex
	changes []ProjectChange
	grown   chan struct{}
	refused error // of WatchProjects, where it is not nil
}

func newFakePlans() *fakePlans { return &fakePlans{grown: make(chan struct{})} }

func (f *fakePlans) add(changes ...ProjectChange) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range changes {
		c.Position = int64(len(f.changes)) + 1
		f.changes = append(f.changes, c)
	}
	close(f.grown)
	f.grown = make(chan struct{})
}

// refuse makes WatchProjects fail from now on, or succeed again with nil.
func (f *fakePlans) refuse(err error) {
	f.mu.Lock()
	f.refused = err
	f.mu.Unlock()
	f.add() // who waits looks again
}

func (f *fakePlans) WatchProjects(ctx context.Context, resume string, apply func(ProjectBatch) error) error {
	at, _ := strconv.Atoi(resume)
	for {
		f.mu.Lock()
		some, grown, refused := f.changes[at:min(at+3, len(f.changes))], f.grown, f.refused
		at += len(some)
		b := ProjectBatch{Changes: some, Position: int64(at), Resume: strconv.Itoa(at), CaughtUp: at == len(f.changes)}
		f.mu.Unlock()
		if refused != nil {
			return refused
		}
		if err := apply(b); err != nil {
			return err
		}
		if !b.CaughtUp {
			continue
		}
		select {
		case <-grown:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// project is one as it is once these have confirmed it.
func project(id string, confirmations ...Confirmation) ProjectChange {
	return ProjectChange{ID: id, Confirmations: confirmations, Told: noon}
}

func confirmedBy(account string, from civil.Day) Confirmation {
	return Confirmation{Account: account, From: from, To: civil.Never}
}

// partner is the promise with a rule about innovation.
var partner = strings.NewReplacer("board: terms-served", "innovation: projects-completed").Replace(adviser)

func (f *fixture) publishPartner(t testing.TB) {
	t.Helper()
	_, _, err := f.Publish(context.Background(), Publishing{File: fmt.Appendf(nil, partner, "1997-01-01", "Innovation"), Publisher: "principals/ann"})
	require.NoError(t, err)
}

func TestR8AConfirmedProjectCountsUntilItsConfirmationIsWithdrawn(t *testing.T) {
	onEachStore(t, func(t *testing.T, open func(testing.TB) *docstore.Store) {
		plans := newFakePlans()
		f := newFixtureOn(t, open(t), Options{Plans: plans, FlushInterval: time.Millisecond})
		stop := start(t, f.Service)
		f.publishPartner(t)
		f.source.add(active("acme", ""), paid("acme", may-999, 100), active("beta", ""), paid("beta", may-999, 100))
		f.caughtUp(t)
		eventually(t, "ready", func() bool { return f.Ready() == nil && f.KnowsProjects() == nil })
		require.False(t, f.entitled(t, "acme", "dinner"))
		require.Contains(t, f.reason(t, "acme", time.Time{}), "1 more completed innovation project (0 of 1 confirmed)")

		plans.add(project("caps"), project("caps", confirmedBy("acme", may-5)), project("till", confirmedBy("beta", may-30)))
		eventually(t, "it counts", func() bool { return f.entitled(t, "acme", "dinner") && f.entitled(t, "beta", "dinner") })
		dayBefore, err := f.AsOfDay(may - 6)
		require.NoError(t, err)
		decided, err := dayBefore.Check(context.Background(), "acme", "dinner")
		require.NoError(t, err)
		require.False(t, decided.Entitled(), "it was not confirmed yet")

		plans.add(project("till", Confirmation{Account: "beta", From: may - 30, To: may - 10}))
		eventually(t, "it was withdrawn", func() bool { return !f.entitled(t, "beta", "dinner") })
		while, err := f.AsOfDay(may - 11)
		require.NoError(t, err)
		decided, err = while.Check(context.Background(), "beta", "dinner")
		require.NoError(t, err)
		require.True(t, decided.Entitled(), "nothing is withdrawn backwards")

		j, err := f.Judge(context.Background(), "acme", &schedule.Condition{Subject: schedule.Innovation, Measure: schedule.ProjectsCompleted, AtLeast: 2})
		require.NoError(t, err)
		require.Contains(t, j.Reason, "1 more completed innovation project (1 of 2 confirmed)")
		reading, err := f.Reading()
		require.NoError(t, err)
		require.True(t, reading.Innovation)

		stop()
		for _, without := range []PlansSource{plans, nil} {
			f.open(t, Options{Plans: without})
			require.NoError(t, f.KnowsProjects())
			stop = start(t, f.Service)
			require.True(t, f.entitled(t, "acme", "dinner"), "after a restart, also where plans are not followed any more")
			stop()
		}
	})
}

func TestWithoutAPlansServiceRulesOnInnovationAreNotPublished(t *testing.T) {
	f := newFixture(t, Options{})
	_, _, err := f.Publish(context.Background(), Publishing{File: fmt.Appendf(nil, partner, "1997-01-01", "Innovation")})
	var told *fault.Error
	require.ErrorAs(t, err, &told)
	require.ErrorIs(t, err, ErrScheduleInvalid)
	require.Regexp(t, `^\d+:\d+: rules\[2\]\.when\.innovation: a rule on innovation needs the plans service.*--plans-addr`, told.Fields[0].Description)
}

func TestReadinessWaitsForProjectsAndARebuildReadsThemAgain(t *testing.T) {
	plans := newFakePlans()
	away := errors.New("no route to the plans service")
	plans.refuse(away)
	f := newFixture(t, Options{Plans: plans})
	start(t, f.Service)
	f.source.add(active("acme", ""), paid("acme", may-999, 100))
	require.NoError(t, f.KnowsProjects(), "no rule reads them")
	f.publishPartner(t)
	eventually(t, "it says why", func() bool { return errors.Is(f.KnowsProjects(), away) })
	require.ErrorContains(t, f.KnowsProjects(), "still being read")
	plans.add(project("caps", confirmedBy("acme", may-5)))
	plans.refuse(nil)
	eventually(t, "ready", func() bool { return f.KnowsProjects() == nil })
	f.caughtUp(t)
	require.True(t, f.entitled(t, "acme", "dinner"))

	damaged := *f.projects.copy.Load()
	damaged.Known.Projects = nil
	_, err := f.projects.replace(context.Background(), &damaged)
	require.NoError(t, err)
	require.NoError(t, f.projects.reload(context.Background()))
	require.False(t, f.entitled(t, "acme", "dinner"))
	require.NoError(t, f.Rebuild(context.Background(), func(int64, int64) error { return nil }))
	require.True(t, f.entitled(t, "acme", "dinner"))

	plans.refuse(fmt.Errorf("plans: %w", ErrFeedTrimmed))
	eventually(t, "only a rebuild helps", func() bool { return errors.Is(f.NeedsRebuild(), ErrFeedTrimmed) })
}

// However often a project is told: on each day it counts once for an account, where one of
// its confirmations stands then.
func TestAProjectCountsOnceForAnAccount(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		k := &confirmed{}
		last := map[string][]Confirmation{}
		for range rapid.IntRange(0, 8).Draw(t, "changes") {
			c := project(rapid.SampledFrom([]string{"caps", "till"}).Draw(t, "project"))
			for range rapid.IntRange(0, 4).Draw(t, "confirmations") {
				x := confirmedBy(rapid.SampledFrom([]string{"acme", "beta"}).Draw(t, "account"), civil.Day(rapid.Int32Range(0, 20).Draw(t, "from")))
				if rapid.Bool().Draw(t, "withdrawn") {
					x.To = civil.Day(rapid.Int32Range(0, 25).Draw(t, "to"))
				}
				c.Confirmations = append(c.Confirmations, x)
			}
			k.set(c, 0)
			last[c.ID] = c.Confirmations
		}
		for _, account := range []string{"acme", "beta"} {
			require.Equal(t, k.of(account), k.completions()[account])
			for on := range civil.Day(30) {
				want, got := 0, 0
				for _, confirmations := range last {
					for _, x := range confirmations {
						if x.Account == account && x.From <= on && on < x.To {
							want++
							break
						}
					}
				}
				for _, c := range k.of(account) {
					if c.From <= on && on < c.To {
						got++
					}
				}
				require.Equal(t, want, got)
			}
		}
	})
}
