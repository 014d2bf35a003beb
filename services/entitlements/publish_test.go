package entitlements

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

func edition(effective, reason string) Publishing {
	file := fmt.Sprintf(promise, effective, reason)
	if effective == "" {
		file = strings.Replace(file, "effective: , ", "", 1)
	}
	return Publishing{File: []byte(file), Publisher: "principals/ann"}
}

func TestPublishedVersionsTakeEffectWhenTheyMay(t *testing.T) {
	ctx := context.Background()
	newYork := time.FixedZone("EDT", -4*3600)
	tests := []struct {
		name  string
		first string // effective day of the version before; none where it is "-"
		later string
		want  time.Time // zero where it is refused
	}{
		{"a first may be dated back", "-", "1997-01-01", time.Date(1997, 1, 1, 5, 0, 0, 0, time.UTC)},
		{"a first without a day counts from the beginning of today", "-", "", time.Date(1998, 6, 1, 0, 0, 0, 0, newYork)},
		{"a first may be dated ahead", "-", "1998-07-01", time.Date(1998, 7, 1, 0, 0, 0, 0, newYork)},
		{"a first five years ahead", "-", "2003-06-01", time.Date(2003, 6, 1, 0, 0, 0, 0, newYork)},
		{"a first so far ahead that none could follow", "-", "2003-06-02", time.Time{}},
		{"a later one so far ahead", "1997-01-01", "3026-01-31", time.Time{}},
		{"a later one without a day counts from now", "1997-01-01", "", noon},
		{"a later one of today counts from now", "1997-01-01", "1998-06-01", noon},
		{"a later one of tomorrow", "1997-01-01", "1998-06-02", time.Date(1998, 6, 2, 0, 0, 0, 0, newYork)},
		{"a later one of yesterday", "1997-01-01", "1998-05-31", time.Time{}},
		{"before the one published last", "1998-07-02", "1998-07-01", time.Time{}},
		{"now, before the one published last", "1998-07-02", "", time.Time{}},
		{"on the day of the one published last", "1998-07-02", "1998-07-02", time.Date(1998, 7, 2, 0, 0, 0, 0, newYork)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFixture(t, Options{})
			if tt.first != "-" {
				f.publish(t, tt.first, "First edition")
			}
			check := edition(tt.later, "Another")
			check.ValidateOnly = true
			previewed, _, previewErr := f.Publish(ctx, check)
			v, _, err := f.Publish(ctx, edition(tt.later, "Another"))
			if tt.want.IsZero() {
				require.ErrorIs(t, err, ErrEffectiveDate)
				require.ErrorIs(t, previewErr, ErrEffectiveDate)
				if tt.first == "-" {
					require.Empty(t, f.Versions())
				} else {
					require.Len(t, f.Versions(), 1)
				}
				return
			}
			require.NoError(t, err)
			require.NoError(t, previewErr)
			require.Equal(t, tt.want.UTC(), v.InForce)
			require.Equal(t, v.InForce, previewed.InForce)
			require.Equal(t, "principals/ann", v.Publisher)
			require.True(t, v.SingleOperator)
		})
	}
}

func TestPublishingRefusesWithEveryProblemAndItsPlace(t *testing.T) {
	f := newFixture(t, Options{})
	bad := edition("1997-01-01", "Bad")
	bad.File = []byte(strings.NewReplacer("kind: feature", "kind: favour", "at_least: 500.00", "at_least: -1").Replace(string(bad.File)))
	_, _, err := f.Publish(context.Background(), bad)
	var told *fault.Error
	require.True(t, errors.As(err, &told))
	require.ErrorIs(t, err, ErrScheduleInvalid)
	require.Len(t, told.Fields, 2)
	require.Regexp(t, `^8:\d+: benefits\[0\].kind: `, told.Fields[0].Description)
	require.Equal(t, "yaml", told.Fields[0].Path)

	s, err := schedule.Parse([]byte(fmt.Sprintf(promise, "1997-01-01", "Bad")))
	require.NoError(t, err)
	s.Rules[0].Grants = []string{"nothing"}
	s.Rules[1].When = schedule.Condition{Subject: schedule.Board, Measure: schedule.TermsServed, AtLeast: 1}
	_, _, err = f.Publish(context.Background(), Publishing{Schedule: s})
	require.True(t, errors.As(err, &told))
	require.Equal(t, "schedule.rules[0].grants[0]", told.Fields[0].Path)
	s.Rules[0].Grants = []string{"thanks"}
	_, _, err = f.Publish(context.Background(), Publishing{Schedule: s})
	require.True(t, errors.As(err, &told))
	require.Equal(t, "schedule.rules[1].when.board", told.Fields[0].Path)
	require.Empty(t, f.Versions())
	require.Zero(t, f.source.adopted, "the company is left as it was")
}

// What is stored is the canonical file: it must be readable, or no later start would be.
func TestPublishingRefusesWhatCannotBeReadBack(t *testing.T) {
	f := newFixture(t, Options{})
	file := func(benefits int, character string) []byte {
		var more strings.Builder
		for i := range benefits {
			fmt.Fprintf(&more, "  - {id: more-%d, kind: feature, promise: %s}\n", i, strings.Repeat(character, 1000))
		}
		return []byte(strings.Replace(fmt.Sprintf(promise, "1997-01-01", "Long"), "rules:\n", more.String()+"rules:\n", 1))
	}
	message, err := schedule.Parse(file(900, "a"))
	require.NoError(t, err)
	for i := range 200 {
		rule := message.Rules[0]
		rule.ID, rule.Promise = fmt.Sprintf("more-%d", i), strings.Repeat("a", 1000)
		message.Rules = append(message.Rules, rule)
	}
	escaped := file(150, "😀") // which YAML writes as \U0001F600
	require.Less(t, len(escaped), schedule.MaxFileBytes)
	for name, p := range map[string]Publishing{
		"a message": {Schedule: message}, "a file": {File: escaped}, "a preview": {Schedule: message, ValidateOnly: true},
	} {
		_, _, err := f.Publish(context.Background(), p)
		require.ErrorIs(t, err, ErrScheduleInvalid, name)
		require.ErrorContains(t, err, "more than 1 MiB", name)
	}
	_, _, err = f.Publish(context.Background(), Publishing{File: file(100, "😀")})
	require.NoError(t, err)
}

func TestFirstScheduleSetsCurrencyAndZoneAndLaterOnesMustAgree(t *testing.T) {
	f := newFixture(t, Options{})
	preview := edition("1997-01-01", "First edition")
	preview.ValidateOnly = true
	_, _, err := f.Publish(context.Background(), preview)
	require.NoError(t, err)
	require.Zero(t, f.source.adopted)
	require.Empty(t, f.Versions())
	f.publish(t, "1997-01-01", "First edition")
	require.Equal(t, Settings{Currency: "USD", Zone: "America/New_York"}, f.source.settings)
	f.publish(t, "1998-06-01", "Second edition")
	require.Equal(t, 1, f.source.adopted)
	for _, other := range []string{"currency: EUR", "time_zone: Europe/Paris"} {
		p := edition("1998-06-01", "Third")
		key := strings.SplitN(other, ":", 2)[0]
		lines := strings.Split(string(p.File), "\n")
		for i := range lines {
			if strings.HasPrefix(lines[i], key+":") {
				lines[i] = other
			}
		}
		p.File = []byte(strings.Join(lines, "\n"))
		_, _, err := f.Publish(context.Background(), p)
		require.ErrorIs(t, err, ErrCurrency)
	}
	require.Len(t, f.Versions(), 2)
}

func TestFirstScheduleHasTheCurrencyOfTheRevenueThatIsThere(t *testing.T) {
	f := newFixture(t, Options{})
	f.source.settings.LedgerCurrency = "EUR"
	for _, check := range []bool{true, false} {
		p := edition("1997-01-01", "First edition")
		p.ValidateOnly = check
		_, _, err := f.Publish(context.Background(), p)
		require.ErrorIs(t, err, ErrCurrency)
		require.ErrorContains(t, err, "write EUR in the schedule")
	}
	f.source.settings.LedgerCurrency = "USD"
	f.publish(t, "1997-01-01", "First edition")
}

func TestPublishingTheSameAgainChangesNothing(t *testing.T) {
	f := newFixture(t, Options{})
	v := f.publish(t, "1997-01-01", "First edition")
	same := edition("1997-01-01", "First edition")
	same.File = append([]byte("# Another spelling.\n"), same.File...)
	again, unchanged, err := f.Publish(context.Background(), same)
	require.NoError(t, err)
	require.True(t, unchanged)
	require.Equal(t, v, again)
	f.publish(t, "1998-06-01", "Second edition")
	_, unchanged, err = f.Publish(context.Background(), edition("1998-06-01", "First edition"))
	require.NoError(t, err)
	require.False(t, unchanged, "going back is a new version")
	require.Len(t, f.Versions(), 3)
	require.Equal(t, 3, f.Versions()[2].Number)
}

func TestRequestsThatComeAgainPublishOnce(t *testing.T) {
	f := newFixture(t, Options{})
	p := edition("1997-01-01", "First edition")
	p.RequestID = "a"
	first, _, err := f.Publish(context.Background(), p)
	require.NoError(t, err)
	f.publish(t, "1998-06-01", "Second edition")
	f.advance(time.Hour)
	again, unchanged, err := f.Publish(context.Background(), p)
	require.NoError(t, err)
	require.False(t, unchanged, "the first answer")
	require.Equal(t, first, again)
	p.File = append(p.File, "# changed\n"...)
	_, _, err = f.Publish(context.Background(), p)
	require.ErrorIs(t, err, docstore.ErrRequestReused)
	p = edition("1998-06-01", "Third edition")
	p.RequestID, p.Publisher = "a", "principals/bob"
	_, unchanged, err = f.Publish(context.Background(), p)
	require.NoError(t, err, "another's request id")
	require.False(t, unchanged)
	require.Len(t, f.Versions(), 3)
}

func TestEtagRefusesWhoHasNotSeenTheLastVersion(t *testing.T) {
	f := newFixture(t, Options{})
	p := edition("1997-01-01", "First edition")
	p.Etag = "1-none"
	_, _, err := f.Publish(context.Background(), p)
	var told *fault.Error
	require.True(t, errors.As(err, &told))
	require.Equal(t, "STALE_ETAG", told.Reason)
	v := f.publish(t, "1997-01-01", "First edition")
	p = edition("1998-06-01", "Second edition")
	p.Etag = v.Etag()
	_, _, err = f.Publish(context.Background(), p)
	require.NoError(t, err)
	p = edition("1998-06-01", "Third edition")
	p.Etag = v.Etag()
	_, _, err = f.Publish(context.Background(), p)
	require.True(t, errors.As(err, &told))
	require.Equal(t, fault.Aborted, told.Kind)
}

// TestPublishRaces has several processes publish at once: every version is kept, and
// numbers have no gap.
func TestPublishRaces(t *testing.T) { onEachStore(t, testPublishRaces) }

func testPublishRaces(t *testing.T, open func(testing.TB) *docstore.Store) {
	f := newFixtureOn(t, open(t), Options{})
	f.publish(t, "1997-01-01", "First edition")
	var group sync.WaitGroup
	var lock sync.Mutex
	published := map[int]string{}
	for process := range 4 {
		other := &fixture{source: f.source, store: f.store, clock: noon}
		other.open(t, Options{})
		for turn := range 3 {
			group.Go(func() {
				reason := fmt.Sprintf("Edition %d of process %d", turn, process)
				p := edition("1998-06-01", reason)
				p.RequestID = reason
				for range 2 { // and once more, as a client that lost the answer
					v, _, err := other.Publish(context.Background(), p)
					if err != nil {
						t.Error(err)
						return
					}
					lock.Lock()
					if published[v.Number] != "" && published[v.Number] != reason {
						t.Errorf("version %d is of both %q and %q", v.Number, published[v.Number], reason)
					}
					published[v.Number] = reason
					lock.Unlock()
				}
			})
		}
	}
	group.Wait()
	require.NoError(t, f.readVersions(context.Background()))
	require.Len(t, f.Versions(), 13)
	require.Len(t, published, 12)
	for i, v := range f.Versions() {
		require.Equal(t, i+1, v.Number)
		if i > 0 {
			require.Equal(t, published[v.Number], v.Schedule.Notice.Reason)
			require.False(t, v.InForce.Before(f.Versions()[i-1].InForce))
		}
	}
}

func TestNewVersionCountsFromItsInstantOn(t *testing.T) {
	f := newFixture(t, Options{})
	start(t, f.Service)
	f.publish(t, "1997-01-01", "First edition")
	f.source.add(active("acme", ""), paid("acme", may, 50_000))
	f.caughtUp(t)
	second := edition("1998-07-01", "Higher")
	second.File = []byte(strings.Replace(string(second.File), "500.00", "600.00", 1))
	_, _, err := f.Publish(context.Background(), second)
	require.NoError(t, err)
	require.True(t, f.entitled(t, "acme", "thanks"))
	for day, want := range map[civil.Day]bool{civil.Date(1998, time.June, 30): true, civil.Date(1998, time.July, 1): false} {
		d, err := f.AsOfDay(day)
		require.NoError(t, err)
		decided, err := d.Check(context.Background(), "acme", "thanks")
		require.NoError(t, err)
		require.Equal(t, want, decided.Entitled(), day)
		v, err := d.VersionInForce()
		require.NoError(t, err)
		require.Equal(t, slices.Index([]bool{true, false}, want)+1, v.Number)
	}
}

func TestVersionsComeBackFromTheStoreAsTheyWere(t *testing.T) {
	f := newFixture(t, Options{})
	v := f.publish(t, "1997-01-01", "First edition")
	f.source.others = true
	second := edition("1998-06-01", "Second edition")
	second.Draft = &ApprovedDraft{Name: "schedule/drafts/second", Proposer: "principals/bob", Base: 1}
	w, _, err := f.Publish(context.Background(), second)
	require.NoError(t, err)
	require.False(t, w.SingleOperator)
	require.Equal(t, "principals/bob", w.Proposer)
	require.Equal(t, v.Publisher, v.Proposer)
	other := &fixture{source: f.source, store: f.store, clock: noon}
	other.open(t, Options{})
	require.Equal(t, []*Version{v, w}, other.Versions())
	require.Equal(t, v.Schedule.Hash(), other.Versions()[0].Schedule.Hash())
}

func TestR23NobodyPublishesWhatTheyWroteAloneWhereAnotherMayApprove(t *testing.T) {
	ctx := context.Background()
	f := newFixture(t, Options{})
	f.source.others = true
	p := edition("1997-01-01", "First edition")
	p.ValidateOnly = true
	v, _, err := f.Publish(ctx, p)
	require.NoError(t, err, "a check is told what would be")
	require.False(t, v.SingleOperator)
	p.ValidateOnly = false
	_, _, err = f.Publish(ctx, p)
	require.ErrorIs(t, err, ErrSecondPerson)
	require.Empty(t, f.Versions())
}

func TestAnApprovedDraftIsPublishedOnceOnTheVersionItWasWrittenOn(t *testing.T) {
	ctx := context.Background()
	f := newFixture(t, Options{})
	f.publish(t, "1997-01-01", "First edition")
	p := edition("1998-06-02", "Another")
	p.Draft = &ApprovedDraft{Name: "schedule/drafts/another", Proposer: "principals/bob", Base: 0}
	_, _, err := f.Publish(ctx, p)
	require.ErrorIs(t, err, ErrDraftConflict)
	p.Draft.Base = 1
	v, _, err := f.Publish(ctx, p)
	require.NoError(t, err)
	f.advance(48 * time.Hour) // its day is past, and a third version is there
	_, _, err = f.Publish(ctx, edition("", "A third"))
	require.NoError(t, err)
	again, _, err := f.Publish(ctx, p)
	require.NoError(t, err)
	require.Equal(t, v.Number, again.Number)
	require.Len(t, f.Versions(), 3)
}
