package record

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/services/board/panel"
)

// A record that was changed and sealed again, draw and all, has another hash than the
// published one, and what does not agree in it is named all the same.
func TestForgedRecords(t *testing.T) {
	published := fiveDrawn(t).Hash
	tests := map[string]struct {
		forge func(*Record)
		told  string // with the place
	}{
		"panel against a quota":  {func(r *Record) { r.Quotas[1].Max, r.Quotas[1].BoardMax = 2, 3 }, "line 38 (panels): panel 0 breaks the rules: region \"south\" has 3 seats, its quota is 2 to 2"},
		"panel with a conflict":  {func(r *Record) { r.Panels[10] = []int{0, 3, 4} }, "line 48 (panels): panel 10 breaks the rules: "},
		"panel too small":        {func(r *Record) { r.Panels[3] = []int{0, 1} }, "line 41 (panels): panel 3 breaks the rules: the panel has 2 members"},
		"panel beyond the pool":  {func(r *Record) { r.Panels[3] = []int{0, 1, 5} }, "line 41 (panels)"},
		"panel left out":         {func(r *Record) { r.Panels = r.Panels[:19] }, "line 37 (panels): there are 19 panels, and the certificate has 20"},
		"panels out of order":    {func(r *Record) { r.Panels[0], r.Panels[5] = r.Panels[5], r.Panels[0] }, "line 39 (panels): the panels are not in ascending order"},
		"panel exchanged":        {func(r *Record) { r.Panels[4] = []int{0, 1, 4} }, "(marginals): 4a039f12194ff1024f65e951501260de is on 14 panels, not 15"},
		"count":                  {func(r *Record) { r.Marginals[0].Count = 11 }, "line 31 (marginals): 0822ace12058b9bdc41754b8cc60013d is on 10 panels, not 11"},
		"probability":            {func(r *Record) { r.Marginals[0].Probability = 0.6 }, "line 30 (marginals): the probabilities sum to"},
		"probabilities of alike": {func(r *Record) { r.Marginals[0].Probability, r.Marginals[1].Probability = 0.6, 0.4 }, "(certificate): the largest loss by rounding is 0.1"},
		"alike and their loss": {func(r *Record) {
			r.Marginals[0].Probability, r.Marginals[1].Probability, r.Certificate.LargestLoss = 0.6, 0.4, 0.1
		}, "line 32 (marginals): 1024ce9d0e6202a9329b33063f5c42f6 is treated otherwise than 0822ace12058b9bdc41754b8cc60013d"},
		"no chance unnamed": {func(r *Record) {
			for i := range r.Panels {
				r.Panels[i] = []int{2, 3, 4}
			}
			for i := range r.Marginals {
				on := min(i/2, 1) // the last three
				r.Marginals[i].Probability, r.Marginals[i].Count = Probability(on), on*len(r.Panels)
			}
		}, "(marginals): 0822ace12058b9bdc41754b8cc60013d has no chance, and is not among those who are on no possible panel"},
		"unreachable with a chance": {func(r *Record) { r.Unreachable = []Unreachable{{r.Pool[0].ID, "because", []Pair{}}} }, "(unreachable): 0822ace12058b9bdc41754b8cc60013d is on 10 panels"},
		"unreachable of elsewhere":  {func(r *Record) { r.Unreachable = []Unreachable{{"ff", "because", []Pair{}}} }, "(unreachable): ff is not in the pool"},
		"mode":                      {func(r *Record) { r.Certificate.Mode = "uniform" }, `(certificate): the mode "uniform" is not known`},
		"level":                     {func(r *Record) { r.Levels[0].Probability, r.Levels[0].Bound = 0.6, 0.6 }, "(levels): 0822ace12058b9bdc41754b8cc60013d has less than the 0.600000000 of the level"},
		"gap":                       {func(r *Record) { r.Levels[0].Bound = 0.6 }, "(levels): the gap"},
		"level left out":            {func(r *Record) { r.Levels = r.Levels[:1] }, "(marginals): 4a039f12194ff1024f65e951501260de is on no level"},
		"quota not the residual":    {func(r *Record) { r.Quotas[1].BoardMin = 4 }, "line 7 (quotas): 1 already seated leave 3 to 3 of 4 to 4 seats, not 2 to 3"},
		"seated left out":           {func(r *Record) { r.Seated = nil }, "(quotas): 0 already seated leave 3 to 4"},
		"seated in the pool":        {func(r *Record) { r.Seated[0].ID = r.Pool[0].ID }, "line 10 (seated)"},
		"more seats than there are": {func(r *Record) { r.Rules.BoardSeats = 3 }, "line 4 (rules): 3 seats are drawn where 1 of 3 are taken"},
		"pool out of order":         {func(r *Record) { r.Pool[0], r.Pool[1] = r.Pool[1], r.Pool[0] }, "(pool): the pool is not in the order"},
		"name in the pool":          {func(r *Record) { r.Pool[0].ID = "0-acme" }, `line 13 (pool): "0-acme" is no pseudonym`},
		"unknown value":             {func(r *Record) { r.Pool[0].Values[0] = "east" }, `(rules): member "0822ace12058b9bdc41754b8cc60013d" has the value "east"`},
		"conflict of elsewhere":     {func(r *Record) { r.Conflicts[0][0] = "00" }, "(conflicts): the pool does not have both of 00"},
		"unknown category":          {func(r *Record) { r.Quotas[0].Category = "size" }, `(quotas): the rules have no category "size"`},
		"plan":                      {func(r *Record) { r.Seed.People = r.Seed.People[:1] }, "(seed): one person alone"},
		"secret":                    {func(r *Record) { r.Outcome.Reveals[0] = "another" }, "(draw): the secret of Ana Ruiz is not the one committed"},
		"secrets left out":          {func(r *Record) { r.Outcome.Reveals = nil }, "(draw): there are 0 secrets of 2 people"},
		"round's value":             {func(r *Record) { r.Outcome.Round = "8a40" }, "(draw): the seed that follows is"},
		"seed":                      {func(r *Record) { r.Outcome.Seed = strings.Repeat("0", 64) }, "(draw): the seed that follows is"},
		"before the deadline":       {func(r *Record) { r.Outcome.Time = deadline.Add(-time.Minute) }, "(draw): Bo Li can still reveal"},
		"panel of the draw":         {func(r *Record) { r.Outcome.Panel = 1 }, "(draw): the panel that follows is number 16, not 1"},
		"member of the draw":        {func(r *Record) { r.Outcome.Members[1] = r.Pool[0].ID }, "(drawn): these are not the members of panel 16"},
		"alternates": {func(r *Record) {
			r.Outcome.Alternates[0], r.Outcome.Alternates[1] = r.Outcome.Alternates[1], r.Outcome.Alternates[0]
		}, "(alternates): from here on"},
		"alternate left out": {func(r *Record) { r.Outcome.Alternates = r.Outcome.Alternates[:1] }, "(alternates): from here on"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r, err := Parse(encoded(t, fiveDrawn(t)))
			require.NoError(t, err)
			tt.forge(r)
			require.NoError(t, r.seal())
			if r.Hash != published && !strings.Contains(tt.told, "(draw)") { // draw again, as a forger would
				o := r.Outcome
				if seed, _, err := r.Seed.combine(Values{Time: o.Time, Round: o.Round, Secrets: map[string]string{"Ana Ruiz": o.Reveals[0]}}); err == nil && r.Hash != published {
					again := r.drawn(seed)
					o.Panel, o.Members, o.Alternates = again.Panel, again.Members, again.Alternates
				}
			}
			require.NoError(t, r.Outcome.seal(r.Hash))
			_, report := Verify(encoded(t, r))
			require.NotEmpty(t, report.Problems)
			require.Contains(t, report.Problems[0].Error(), tt.told)
		})
	}
}

func TestWhatIsNoRecord(t *testing.T) {
	good := string(encoded(t, fiveDrawn(t)))
	change := func(old, with string) string {
		require.Contains(t, good, old)
		return strings.Replace(good, old, with, 1)
	}
	for name, tt := range map[string]struct{ text, told string }{
		"nothing":             {"", "line 1: the file ends"},
		"something else":      {"PNG\n", "line 1: the line has to be {"},
		"another format":      {change("record 1", "record 2"), "line 2: the line has to be"},
		"Windows line ends":   {strings.ReplaceAll(good, "\n", "\r\n"), "line 1: the line has to be {"},
		"indented":            {change("\"rules\"", "  \"rules\""), `line 4 (rules): here has to stand "rules"`},
		"a space":             {change("\"seats\":3", "\"seats\": 3"), "line 4 (rules): from byte 26 on, the line is not written as a record has it"},
		"an unknown field":    {change("\"seats\":3", "\"seat\":3"), `line 4 (rules): the line cannot be read: unknown field "seat"`},
		"a field twice":       {change("\"seats\":3", "\"seats\":3,\"seats\":3"), "line 4 (rules): from byte"},
		"a field in capitals": {change("\"seats\":3", "\"Seats\":3"), "line 4 (rules): from byte"},
		"an escaped letter":   {change(`"south"`, `"s\u006futh"`), "line 7 (quotas): from byte"},
		"more decimals":       {change(`"gap":0.000000000`, `"gap":0.0000000000`), "(certificate): from byte"},
		"a section left out":  {change("\"conflicts\": [\n", ""), `line 19 (conflicts): here has to stand "conflicts"`},
		"no comma":            {change("[0,1,2],\n[0,1,4]", "[0,1,2]\n[0,1,4]"), "(panels): the list has to end with ], or the line above with a comma"},
		"a comma too many":    {change("[2,3,4]\n]", "[2,3,4],\n]"), "(panels): no comma may stand behind the last element"},
		"an end too early":    {good[:len(good)/2], "the file ends in the middle"},
		"more behind the end": {good + " ", "nothing may follow the record"},
		"a newline missing":   {strings.TrimSuffix(good, "\n"), "the file ends in the middle"},
		"invalid UTF-8":       {change("boards/customers", "boards/customer\xff"), "line 3 (title): from byte"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse([]byte(tt.text))
			require.ErrorContains(t, err, tt.told)
			r, report := Verify([]byte(tt.text))
			require.Nil(t, r)
			require.Len(t, report.Problems, 1)
		})
	}
}

func TestCommitRefuses(t *testing.T) {
	for told, change := range map[string]func(*Draft){
		"would have no chance although they should": func(d *Draft) { d.Panels = 1 },
		"give 1 to 1000000":                         func(d *Draft) { d.Panels = -1 },
		"time of the commitment is missing":         func(d *Draft) { d.Title.Committed = time.Time{} },
		"conceal it first":                          func(d *Draft) { slices.Reverse(d.Problem.Pool) },
		"is no pseudonym": func(d *Draft) {
			d.Problem.Pool[4].ID = "zebra"
		},
		"breaks the rules": func(d *Draft) { d.Problem.Categories[0].Values[1].Max, d.BoardQuotas = 2, nil; d.Seated = nil },
		"already seated leave": func(d *Draft) {
			d.BoardQuotas = nil
		},
		"names everything": func(d *Draft) { d.Problem.Seats = -1 },
	} {
		d, _ := fiveDraft(t, twoPeople())
		change(&d)
		_, err := Commit(d)
		if told == "names everything" {
			told = "the number of seats is -1"
		}
		require.ErrorContains(t, err, told)
	}
	d, names := fiveDraft(t, twoPeople())
	for i, m := range d.Problem.Pool {
		if m.ID == names.Of("A") { // for whom no panel was found in time
			d.Solution.Marginals[i] = 0
			_, err := Commit(d)
			require.ErrorContains(t, err, "1 of the pool would have no chance, and nobody knows whether they could have one")
			require.ErrorContains(t, err, m.ID)
		}
	}
	d, _ = fiveDraft(t, twoPeople())
	d.Solution = &panel.Solution{}
	_, err := Commit(d)
	require.ErrorContains(t, err, "no panels")
}

// The record of an empty draw, without categories, seats or pool, is one too.
func TestRecordOfNothing(t *testing.T) {
	r, err := Commit(Draft{
		Title: Title{Committed: committed}, Problem: &panel.Problem{}, Seed: SeedPlan{Round: round}, Panels: 2,
		Solution: &panel.Solution{Compositions: []panel.Composition{{Probability: 1}}},
	})
	require.NoError(t, err)
	drawn, err := r.Draw(Values{Time: known, Round: "1"})
	require.NoError(t, err)
	text := encoded(t, drawn)
	_, report := Verify(text)
	require.NoError(t, report.Err())
	require.False(t, bytes.Contains(text, []byte("null")))
}

// A board that has more members than seats, since its charter has fewer, is one where
// nobody is drawn.
func TestRecordOfAnOverfullBoard(t *testing.T) {
	d, names := fiveDraft(t, SeedPlan{Round: round})
	d.BoardSeats, d.Problem = 1, &panel.Problem{Categories: []panel.Category{{Name: "region", Values: []panel.Quota{{Value: "south", Max: 0}}}}}
	d.BoardQuotas = []panel.Category{{Name: "region", Values: []panel.Quota{{Value: "south", Max: 1}}}}
	d.Seated = append(d.Seated, Seated{Member{names.Of("A"), []string{"south"}}, AsContinuing})
	d.Solution = &panel.Solution{Compositions: []panel.Composition{{Probability: 1}}, Proven: true}
	r, err := Commit(d)
	require.NoError(t, err)
	drawn, err := r.Draw(Values{Time: known, Round: "1"})
	require.NoError(t, err)
	require.Empty(t, drawn.Outcome.Members)
}

// Whatever a file holds, verifying ends in an answer, and what verifies is written again
// as it was.
func FuzzVerify(f *testing.F) {
	f.Add(encoded(f, fiveDrawn(f)))
	f.Add(encoded(f, fiveCommitted(f, SeedPlan{Round: round})))
	f.Fuzz(func(t *testing.T, text []byte) {
		r, report := Verify(text)
		if r == nil {
			require.Len(t, report.Problems, 1)
			return
		}
		if !bytes.Equal(text, encoded(t, r)) {
			t.Fatal("what was read is written otherwise")
		}
		if r.seal() == nil && r.Outcome != nil { // as a forger would
			require.NoError(t, r.Outcome.seal(r.Hash))
		}
		Verify(encoded(t, r))
	})
}
