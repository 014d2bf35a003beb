package parity

import (
	"cmp"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// add adds n cases like row, of the issue billing and in the spend band q1 where it does
// not say others.
func add(t testing.TB, b *Builder, n int, row Row) {
	row.Issue, row.SpendBand = cmp.Or(row.Issue, "billing"), cmp.Or(row.SpendBand, "q1")
	for range n {
		row.Account, row.ID = "acme", fmt.Sprintf("c%d", b.cases.Len())
		if row.Opened.IsZero() {
			row.Opened = noon
		}
		require.NoError(t, b.Add(&row))
	}
}

func remedied(channel string) Row { return Row{Channel: channel, Issue: "billing", Remedy: "credit"} }

func not(channel string) Row { return Row{Channel: channel, Issue: "billing"} }

// only returns the comparison of a metric, of which there has to be one.
func only(t testing.TB, r *Result, m Metric) Comparison {
	var found []Comparison
	for _, c := range r.Comparisons {
		if c.Metric == m.String() {
			found = append(found, c)
		}
	}
	require.Len(t, found, 1)
	return found[0]
}

func TestR24RemedyRates(t *testing.T) {
	for _, test := range []struct {
		name         string
		a, b         [2]int // remedied, of how many
		outcome      Outcome
		value        float64
		worse, about string
	}{
		{"3/3 against 2/3", [2]int{3, 3}, [2]int{2, 3}, InsufficientData, 0, "", "email has 3 cases to compare, fewer than 10"},
		{"5000/5000 against 4000/5000", [2]int{5000, 5000}, [2]int{4000, 5000}, Finding, 0.8, "phone", ""},
		{"4000/5000 against 5000/5000", [2]int{4000, 5000}, [2]int{5000, 5000}, Finding, 0.8, "email", ""},
		{"5000/5000 against 4001/5000", [2]int{5000, 5000}, [2]int{4001, 5000}, NoFinding, 0.8002, "phone", ""},
		{"10/10 against 8/10", [2]int{10, 10}, [2]int{8, 10}, NoFinding, 0.8, "phone", ""},
		{"10/10 against 0/10", [2]int{10, 10}, [2]int{0, 10}, Finding, 0, "phone", ""},
		{"10/10 against 1/9", [2]int{10, 10}, [2]int{1, 9}, InsufficientData, 0, "", "phone has 9 cases to compare, fewer than 10"},
		{"all", [2]int{20, 20}, [2]int{20, 20}, NoFinding, 1, "", ""},
		{"none", [2]int{0, 20}, [2]int{0, 20}, InsufficientData, 0, "", "no case of email or phone has a remedy"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var b Builder
			for channel, n := range map[string][2]int{"email": test.a, "phone": test.b} {
				add(t, &b, n[0], remedied(channel))
				add(t, &b, n[1]-n[0], not(channel))
			}
			o := byChannel
			o.Metrics = []Metric{RemedyRate}
			c := only(t, run(t, b.Cases(), o), RemedyRate)
			require.Equal(t, test.outcome, c.Outcome, "%+v", c)
			require.Equal(t, test.about, c.Reason)
			require.Equal(t, test.worse, c.Worse)
			require.Equal(t, [2]int{test.a[1], test.b[1]}, c.Counts)
			if test.outcome == InsufficientData {
				require.Nil(t, c.Effect)
				require.Nil(t, c.PValue)
				return
			}
			require.Equal(t, RateRatio, c.Effect.Kind)
			require.InDelta(t, test.value, c.Effect.Value, 1e-12)
			require.NotNil(t, c.PAdjusted)
			if test.outcome == Finding {
				require.Len(t, c.Pairs, min(MaxPairs, test.a[1]))
			}
		})
	}
}

// A difference that comes only of a different mix of issues is none: phone has the harder
// cases, and treats each kind alike.
func TestR24SimpsonsParadoxIsNoFinding(t *testing.T) {
	var b Builder
	for _, cell := range []struct {
		channel, issue string
		cases, good    int
		hours          float64
	}{
		{"email", "password", 900, 810, 1}, {"email", "fraud", 100, 30, 10},
		{"phone", "password", 100, 90, 1}, {"phone", "fraud", 900, 270, 10},
	} {
		for i := range cell.cases {
			row := Row{
				Account: "acme", ID: fmt.Sprintf("c%d", b.cases.Len()), Channel: cell.channel, Issue: cell.issue, Opened: noon,
				Resolution: Lapse{Known: true, Time: time.Duration(cell.hours * float64(1+i%10) * float64(time.Hour))},
			}
			if i < cell.good {
				row.Remedy = "credit"
			}
			require.NoError(t, b.Add(&row))
		}
	}
	cases := b.Cases()
	metrics := []Metric{RemedyRate, ResolutionTime}
	mixed := run(t, cases, Options{By: []Dimension{Channel}, Metrics: metrics})
	require.Equal(t, 2, mixed.Count(Finding), "the mix alone makes a difference")
	like := run(t, cases, Options{By: []Dimension{Channel}, Within: []Dimension{Issue}, Metrics: metrics})
	require.Equal(t, 2, like.Count(NoFinding))
	rate := only(t, like, RemedyRate)
	require.InDelta(t, 1, rate.Effect.Value, 1e-9)
	require.InDelta(t, *rate.Figures[0], *rate.Figures[1], 1e-9)
	took := only(t, like, ResolutionTime)
	require.InDelta(t, 1, took.Effect.Value, 1e-6)
	require.Equal(t, *took.Figures[0], *took.Figures[1])
}

func TestR36WithinOneBandOnlyLikeCasesAreCompared(t *testing.T) {
	var b Builder
	add(t, &b, 30, Row{Channel: "email", Issue: "billing", SpendBand: "q1", Remedy: "credit"})
	add(t, &b, 30, Row{Channel: "phone", Issue: "billing", SpendBand: "q4"})
	add(t, &b, 12, Row{Channel: "email", Issue: "billing", SpendBand: "q2", Remedy: "credit"})
	add(t, &b, 11, Row{Channel: "phone", Issue: "billing", SpendBand: "q2", Remedy: "credit"})
	c := only(t, run(t, b.Cases(), byChannel), RemedyRate)
	require.Equal(t, NoFinding, c.Outcome)
	require.Equal(t, [2]int{12, 11}, c.Counts)
	require.Equal(t, [2]int{30, 30}, c.WithoutCounterpart)
	require.Equal(t, 1, c.Strata)
	bands := run(t, b.Cases(), Options{By: []Dimension{SpendBand}, Within: DefaultWithin([]Dimension{SpendBand}), Metrics: []Metric{RemedyRate}})
	require.Equal(t, 3, bands.Count(NoFinding)+bands.Count(Finding), "bands are compared with each other")
}

// There is one comparison a metric and pair, and those left out are counted.
func TestR24WhatIsLeftOutIsCounted(t *testing.T) {
	var b Builder
	for i := range MaxGroups + 3 {
		add(t, &b, 40-i, remedied(fmt.Sprintf("channel-%02d", i)))
	}
	add(t, &b, 7, remedied(""))
	r := run(t, b.Cases(), byChannel)
	require.Len(t, r.Comparisons, int(metrics)*MaxGroups*(MaxGroups-1)/2)
	column := r.Columns[0]
	require.Equal(t, 7, column.Unknown)
	require.Equal(t, 3, column.SmallGroups)
	require.Equal(t, 20+19+18, column.SmallGroupCases)
	require.Len(t, column.Groups, MaxGroups)
	sum := column.Unknown + column.SmallGroupCases
	for _, n := range column.Cases {
		sum += n
	}
	require.Equal(t, r.Cases, sum)
	require.Equal(t, len(r.Comparisons), r.Count(Finding)+r.Count(NoFinding)+r.Count(InsufficientData))
}

// Breaches are unknown where no promise applied, and only what was resolved can be
// reopened.
func TestR24OnlyKnownOutcomesCount(t *testing.T) {
	var b Builder
	for _, channel := range []string{"email", "phone"} {
		add(t, &b, 10, Row{Channel: channel, Breached: No, Resolved: true, Escalated: No, Reopened: No})
		add(t, &b, 5, Row{Channel: channel, Breached: Yes, Escalated: No, Reopened: Yes})
		add(t, &b, 3, Row{Channel: channel, RemedyUnknown: true})
	}
	r := run(t, b.Cases(), byChannel)
	for m, share := range map[Metric]float64{BreachRate: 10.0 / 15, ReopenRate: 10.0 / 15, EscalationRate: 1} {
		c := only(t, r, m)
		require.Equal(t, [2]int{15, 15}, c.Counts)
		require.Equal(t, [2]int{3, 3}, c.Unknown)
		require.InDelta(t, share, *c.Figures[0], 1e-12)
	}
	require.Equal(t, [2]int{3, 3}, only(t, r, RemedyRate).Unknown)
	times := only(t, r, ResolutionTime)
	require.Equal(t, InsufficientData, times.Outcome)
	require.Equal(t, "of no case of email is the resolution-time known", times.Reason)
}

func took(hours float64, open bool) Lapse {
	return Lapse{Known: true, Open: open, Time: time.Duration(hours * float64(time.Hour))}
}

// A channel that resolves nothing has no ratio, and is a finding all the same.
func TestR24AChannelThatResolvesNothingIsFound(t *testing.T) {
	var b Builder
	for i := range 40 {
		add(t, &b, 1, Row{Channel: "email", Resolution: took(float64(1+i%8), false)})
		add(t, &b, 1, Row{Channel: "phone", Resolution: took(30, true)})
	}
	c := only(t, run(t, b.Cases(), byChannel), ResolutionTime)
	require.Equal(t, Finding, c.Outcome)
	require.Equal(t, "phone", c.Worse)
	require.Equal(t, [2]int{0, 40}, c.Open)
	require.True(t, c.Effect.AtLeast)
	require.InDelta(t, 30.0/4, c.Effect.Value, 1e-9)
	require.Nil(t, c.Effect.High)
	require.Nil(t, c.Figures[1], "the median was not reached")
	require.True(t, c.Pairs[0].Cases[0].Open)
	require.False(t, c.Pairs[0].Cases[1].Open)
}

func TestR24NothingResolvedAtAllSaysNothing(t *testing.T) {
	var b Builder
	add(t, &b, 20, Row{Channel: "email", Resolution: took(30, true)})
	add(t, &b, 20, Row{Channel: "phone", Resolution: took(3, true)})
	c := only(t, run(t, b.Cases(), byChannel), ResolutionTime)
	require.Equal(t, InsufficientData, c.Outcome)
	require.Equal(t, "all cases of email and phone are still open", c.Reason)
}

// Where there is no ratio, or many times are 0, it is said why.
func TestR24WhyThereIsNoRatio(t *testing.T) {
	outside := "as of cases outside of the hours in which time is counted"
	for note, of := range map[string][2]func(i int) float64{
		"no ratio: all times are 0, " + outside: {
			func(int) float64 { return 0 }, func(int) float64 { return 0 }},
		"no ratio: like cases of both all took the same time": {
			func(int) float64 { return 2 }, func(int) float64 { return 2 }},
		"no ratio: 19 of the times of email and 20 of phone are 0, " + outside: {
			func(i int) float64 { return float64(i / 19) }, func(int) float64 { return 0 }},
		"2 of the times of email and 0 of phone are 0, " + outside: {
			func(i int) float64 { return float64(max(0, i-1)) }, func(i int) float64 { return float64(i) + 0.5 }},
		"": {
			func(i int) float64 { return float64(i) }, func(i int) float64 { return float64(i + 1) }},
	} {
		var b Builder
		for i := range 20 {
			add(t, &b, 1, Row{Channel: "email", Resolution: took(of[0](i), false)})
			add(t, &b, 1, Row{Channel: "phone", Resolution: took(of[1](i), false)})
		}
		c := only(t, run(t, b.Cases(), byChannel), ResolutionTime)
		require.Equal(t, NoFinding, c.Outcome)
		require.Equal(t, note, c.Note)
		require.Equal(t, strings.HasPrefix(note, "no ratio"), c.Effect == nil)
	}
	var b Builder
	for _, channel := range []string{"email", "phone"} {
		add(t, &b, 20, Row{Channel: channel, Breached: Yes, Remedy: "words", RemedyValue: Value{Known: true}})
	}
	r := run(t, b.Cases(), byChannel)
	require.Equal(t, "no ratio: every case of both was breached", only(t, r, BreachRate).Note)
	require.Equal(t, "no ratio: all values are 0", only(t, r, RemedyValue).Note)
}

// Beside the ratio stands by how many hours times are longer: of the cases that are closed, and
// nothing where most of a group's are open.
func TestR24TimesDifferByHours(t *testing.T) {
	for _, test := range []struct {
		name         string
		open         int // of the 40 cases of each channel
		shift, ratio bool
	}{{"all closed", 0, true, true}, {"a fifth open", 8, true, true}, {"most open", 24, false, true}} {
		t.Run(test.name, func(t *testing.T) {
			var b Builder
			for i := range 40 {
				open := i%40 >= 40-test.open
				add(t, &b, 1, Row{Channel: "email", Resolution: took(float64(10+i%10), open), Issue: "i"})
				add(t, &b, 1, Row{Channel: "phone", Resolution: took(float64(13+i%10), open), Issue: "i"})
			}
			c := only(t, run(t, b.Cases(), byChannel), ResolutionTime)
			require.Equal(t, test.ratio, c.Effect != nil)
			require.Equal(t, "phone", c.Worse)
			require.Equal(t, test.shift, c.Shift != nil)
			if !test.shift {
				return
			}
			hour := float64(time.Hour / time.Millisecond)
			require.InDelta(t, 3*hour, c.Shift.Value, 1)
			require.Positive(t, *c.Shift.Low)
			require.Less(t, *c.Shift.High, 6*hour)
			require.Equal(t, test.open > 0, c.Shift.ClosedOnly)
		})
	}
}

// Pairs are of one stratum, one case of each group, none twice, the furthest apart first.
func TestR24FindingsListLikeCasesThatDifferMost(t *testing.T) {
	cases := simulated{cases: 3000, slow: "web", slower: 2}.make(t, 1)
	r := run(t, cases, byChannel)
	listed := 0
	for _, c := range r.Comparisons {
		if c.Outcome != Finding {
			require.Empty(t, c.Pairs)
			continue
		}
		require.Equal(t, "web", c.Worse)
		require.Len(t, c.Pairs, MaxPairs)
		seen := map[string]bool{}
		apart := int64(1 << 62)
		for _, p := range c.Pairs {
			listed++
			require.Equal(t, "web", p.Cases[0].Group)
			require.NotEqual(t, "web", p.Cases[1].Group)
			require.Len(t, p.Alike, 2)
			for _, one := range p.Cases {
				require.False(t, seen[one.Name], one.Name)
				seen[one.Name] = true
			}
			require.LessOrEqual(t, p.Cases[0].Figure-p.Cases[1].Figure, apart)
			apart = p.Cases[0].Figure - p.Cases[1].Figure
			require.Positive(t, apart)
		}
	}
	require.Equal(t, 2*MaxPairs, listed)
}

func TestAuditRefusesWhatCannotBe(t *testing.T) {
	for about, o := range map[string]Options{
		"by: name at least one column": {},
		"both name channel":            {By: []Dimension{Channel}, Within: []Dimension{Channel}},
		"one is named twice":           {By: []Dimension{Channel, Channel}},
		"alpha":                        {By: []Dimension{Channel}, Alpha: 1},
		"time ratio":                   {By: []Dimension{Channel}, TimeRatio: 1},
		"rate ratio":                   {By: []Dimension{Channel}, RateRatio: 1.2},
	} {
		_, err := Audit(t.Context(), &Cases{}, o, nil)
		require.ErrorContains(t, err, about)
	}
	empty := run(t, &Cases{}, byChannel)
	require.Empty(t, empty.Comparisons)
	require.Equal(t, []Dimension{Issue}, DefaultWithin([]Dimension{SpendBand}))
}

// What goes into the columns comes out.
func TestCasesKeepWhatTheyWereGiven(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SampledFrom([]string{"", "a", "b", "c-d"})
		lapse := rapid.Custom(func(t *rapid.T) Lapse {
			if !rapid.Bool().Draw(t, "known") {
				return Lapse{}
			}
			return Lapse{Known: true, Open: rapid.Bool().Draw(t, "open"), Time: time.Duration(rapid.Int64Range(0, 1e12).Draw(t, "ms")) * time.Millisecond}
		})
		rows := rapid.SliceOf(rapid.Custom(func(t *rapid.T) Row {
			return Row{
				Account: "a" + text.Draw(t, "account"), ID: "x" + text.Draw(t, "id"), Issue: text.Draw(t, "issue"), ReachBand: text.Draw(t, "reach"),
				Opened: noon.Add(time.Duration(rapid.IntRange(0, 1e6).Draw(t, "opened")) * time.Second), Remedy: text.Draw(t, "remedy"),
				FirstReply: lapse.Draw(t, "reply"), Resolution: lapse.Draw(t, "resolution"), Breached: Answer(rapid.IntRange(0, 2).Draw(t, "breached")),
			}
		})).Draw(t, "rows")
		var b Builder
		for i := range rows {
			if err := b.Add(&rows[i]); err != nil {
				t.Fatal(err)
			}
		}
		c := b.Cases()
		for i, r := range rows {
			favourable := map[Answer]Answer{Unknown: Unknown, No: Yes, Yes: No}[r.Breached]
			if c.Name(i) != "accounts/"+r.Account+"/cases/"+r.ID || c.Value(i, Issue) != r.Issue || c.Value(i, ReachBand) != r.ReachBand ||
				c.Remedy(i) != r.Remedy || !c.Opened(i).Equal(r.Opened) || c.lapse(i, FirstReplyTime) != r.FirstReply ||
				c.lapse(i, ResolutionTime) != r.Resolution || c.outcome(i, BreachRate) != favourable {
				t.Fatalf("case %d of %+v", i, rows)
			}
		}
	})
}

// The groups' names and the order of the cases make no difference.
func TestR24TheAuditIsSymmetric(t *testing.T) {
	cases := simulated{cases: 2000, slow: "phone", slower: 1.5, open: 0.2}.make(t, 3)
	renamed := simulated{cases: 2000, slow: "phone", slower: 1.5, open: 0.2}.make(t, 3)
	for i, name := range renamed.columns[Channel].names {
		renamed.columns[Channel].names[i] = map[string]string{"email": "z", "phone": "y", "web": "x"}[name]
	}
	one, other := run(t, cases, byChannel), run(t, renamed, byChannel)
	find := func(m, a, b string) Comparison {
		for _, c := range other.Comparisons {
			if c.Metric == m && c.Groups == [2]string{a, b} {
				return c
			}
		}
		t.Fatal("not there")
		return Comparison{}
	}
	names := map[string]string{"email": "z", "phone": "y", "web": "x", "": ""}
	for _, c := range one.Comparisons {
		d := find(c.Metric, names[c.Groups[1]], names[c.Groups[0]])
		require.Equal(t, names[c.Worse], d.Worse)
		require.Equal(t, c.Outcome, d.Outcome)
		require.InDelta(t, c.Effect.Value, d.Effect.Value, 1e-6)
		require.InDelta(t, *c.PAdjusted, *d.PAdjusted, 1e-6)
		require.Equal(t, [2]int{c.Counts[1], c.Counts[0]}, d.Counts)
	}
}
