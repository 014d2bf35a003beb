package touchpoints

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/services/plans"
)

func zoneOf(t require.TestingT, name string) civil.Zone {
	zone, err := civil.LoadZone(name)
	require.NoError(t, err)
	return zone
}

func working(t require.TestingT, days calendar.Workdays) calendar.Working {
	w, err := days.Working()
	require.NoError(t, err)
	return w
}

func TestEveryAdjustmentSaysWhy(t *testing.T) {
	evening := plans.QuietHours{From: 18 * 60, To: 8*60 + 30}
	away := func(list ...Away) map[string][]Away {
		by := map[string][]Away{}
		for _, a := range list {
			by[a.Principal] = append(by[a.Principal], a)
		}
		return by
	}
	friday := wish{day: day("2027-03-05"), since: 10 * time.Hour, owner: "anna", people: []Contact{{ID: "ines"}}}
	at := func(w wish, change func(*wish)) wish {
		change(&w)
		return w
	}
	tokyo, berlin := Contact{ID: "ken", Zone: "Asia/Tokyo"}, Contact{ID: "uwe", Zone: "Europe/Berlin"}
	for name, c := range map[string]struct {
		scene scene
		wish  wish
		due   string
		owner string
		why   []string
	}{
		"none":                          {scene{}, friday, "2027-03-05T10:00:00-05:00", "anna", nil},
		"on a weekend, as it was meant": {scene{}, at(friday, func(w *wish) { w.day++ }), "2027-03-06T10:00:00-05:00", "anna", nil},
		"quiet hours, to Monday since no weekend is worked": {scene{quiet: evening}, at(friday, func(w *wish) { w.since = 18 * time.Hour }), "2027-03-08T08:30:00-05:00", "anna",
			[]string{"Saturday 6 March 2027 is a weekend", "Sunday 7 March 2027 is a weekend", "18:00 is within the quiet hours, 18:00 to 08:30 in America/New_York"}},
		"before quiet hours": {scene{quiet: evening}, at(friday, func(w *wish) { w.since = 17*time.Hour + 59*time.Minute }), "2027-03-05T17:59:00-05:00", "anna", nil},
		"the morning's quiet hours": {scene{quiet: evening}, at(friday, func(w *wish) { w.since = 6 * time.Hour }), "2027-03-05T08:30:00-05:00", "anna",
			[]string{"06:00 is within the quiet hours, 18:00 to 08:30 in America/New_York"}},
		"quiet hours where the contact is": {scene{quiet: evening}, at(friday, func(w *wish) { w.day, w.people = day("2027-03-03"), []Contact{tokyo} }), "2027-03-03T18:30:00-05:00", "anna",
			[]string{"00:00 is within the quiet hours, 18:00 to 08:30 in Asia/Tokyo"}},
		"quiet hours of two, who have a time in common": {scene{quiet: evening}, at(friday, func(w *wish) {
			w.day, w.since, w.people = day("2027-03-03"), 7*time.Hour, []Contact{berlin, {ID: "ann"}}
		}),
			"2027-03-03T08:30:00-05:00", "anna", []string{"07:00 is within the quiet hours, 18:00 to 08:30 in America/New_York"}},
		"quiet hours of two, who have none: the first decides": {scene{quiet: evening}, at(friday, func(w *wish) { w.day, w.people = day("2027-03-03"), []Contact{tokyo, {ID: "ann"}} }),
			"2027-03-03T18:30:00-05:00", "anna", []string{"00:00 is within the quiet hours, 18:00 to 08:30 in Asia/Tokyo"}},
		"an absence": {scene{away: away(Away{Principal: "anna", First: day("2027-03-04"), Last: day("2027-03-05")})}, friday, "2027-03-08T10:00:00-05:00", "anna",
			[]string{"principals/anna is away from 4 March 2027 to 5 March 2027", "Saturday 6 March 2027 is a weekend", "Sunday 7 March 2027 is a weekend"}},
		"an absence with a stand-in": {scene{away: away(Away{Principal: "anna", StandIn: "bob", First: day("2027-03-05"), Last: day("2027-03-05")})}, friday, "2027-03-05T10:00:00-05:00", "bob",
			[]string{"principals/anna is away from 5 March 2027 to 5 March 2027, and principals/bob stands in"}},
		"two absences, one with a stand-in": {scene{away: away(Away{Principal: "anna", First: day("2027-03-05"), Last: day("2027-03-05")}, Away{Principal: "anna", StandIn: "bob", First: day("2027-03-05"), Last: day("2027-03-05")})},
			friday, "2027-03-05T10:00:00-05:00", "bob", []string{"principals/anna is away from 5 March 2027 to 5 March 2027, and principals/bob stands in"}},
		"a contact that day": {scene{gap: 1, touches: []touch{{"plans/acme/touchpoints/x", day("2027-03-05"), []string{"ines"}}}}, friday, "2027-03-08T10:00:00-05:00", "anna",
			[]string{"plans/acme/touchpoints/x is on 5 March 2027 with the same person, nearer than the gap of 1 day", "Saturday 6 March 2027 is a weekend", "Sunday 7 March 2027 is a weekend"}},
		"a contact with somebody else": {scene{gap: 9, touches: []touch{{"x", day("2027-03-05"), []string{"otto"}}}}, friday, "2027-03-05T10:00:00-05:00", "anna", nil},
		"a contact as many days off":   {scene{gap: 9, touches: []touch{{"x", day("2027-02-23"), []string{"ines"}}}}, friday, "2027-03-05T10:00:00-05:00", "anna", nil},
	} {
		t.Run(name, func(t *testing.T) {
			c.wish.zone, c.scene.working = zoneOf(t, "America/New_York"), working(t, calendar.Workdays{})
			got := c.scene.place(c.wish)
			var why []string
			for _, a := range got.why {
				why = append(why, a.Words)
			}
			require.Equal(t, c.due, got.due.Format(time.RFC3339), why)
			require.Equal(t, c.owner, got.owner)
			require.ElementsMatch(t, c.why, why)
			require.Equal(t, civil.Date(got.due.Date()), got.day)
		})
	}
}

// Wherever a contact is placed, everything holds that a strategy asks for, and nothing that
// was free before it was passed over.
func TestWhereverAContactIsPlacedTheStrategyHolds(t *testing.T) {
	zones := []string{"America/New_York", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "Pacific/Apia"}
	first := day("2027-10-20")
	rapid.Check(t, func(t *rapid.T) {
		someDay := rapid.Custom(func(t *rapid.T) civil.Day { return first + civil.Day(rapid.IntRange(0, 40).Draw(t, "days")) })
		people := rapid.SliceOfDistinct(rapid.SampledFrom([]string{"ines", "otto", "uwe"}), rapid.ID)
		s := scene{gap: rapid.IntRange(0, 6).Draw(t, "gap"), away: map[string][]Away{},
			working: working(t, calendar.Workdays{Holidays: rapid.SliceOfN(someDay, 0, 4).Draw(t, "holidays")})}
		if rapid.Bool().Draw(t, "is quiet") { // no more than half of the day
			s.quiet.From = rapid.IntRange(0, 1439).Draw(t, "from")
			s.quiet.To = (s.quiet.From + rapid.IntRange(1, 720).Draw(t, "minutes")) % 1440
		}
		for _, who := range []string{"anna", "bob"} {
			for range rapid.IntRange(0, 2).Draw(t, "absences") {
				from := someDay.Draw(t, "first")
				s.away[who] = append(s.away[who], Away{Principal: who, First: from, Last: from + civil.Day(rapid.IntRange(0, 9).Draw(t, "length")),
					StandIn: rapid.SampledFrom([]string{"", "bob", "cleo"}).Filter(func(id string) bool { return id != who }).Draw(t, "stand-in")})
			}
		}
		for range rapid.IntRange(0, 5).Draw(t, "touches") {
			s.touches = append(s.touches, touch{"x", someDay.Draw(t, "day"), people.Draw(t, "reached")})
		}
		w := wish{day: someDay.Draw(t, "wished"), since: time.Duration(rapid.IntRange(0, 1439).Draw(t, "since")) * time.Minute,
			zone: zoneOf(t, rapid.SampledFrom(zones).Draw(t, "zone")), owner: "anna"}
		for _, id := range people.Draw(t, "people") {
			w.people = append(w.people, Contact{ID: id, Zone: rapid.SampledFrom(append(zones, "")).Draw(t, "of")})
		}
		got := s.place(w)

		free := func(due time.Time) (owner string, ok bool) {
			on := civil.Date(due.In(w.zone.Location()).Date())
			if works, _ := s.working.On(on); on != w.day && !works {
				return "", false
			}
			for _, x := range s.touches {
				apart := max(on-x.day, x.day-on)
				if s.gap > 0 && apart <= civil.Day(s.gap) && slices.ContainsFunc(w.people, func(c Contact) bool { return slices.Contains(x.people, c.ID) }) {
					return "", false
				}
			}
			absent := func(who string) bool {
				return slices.ContainsFunc(s.away[who], func(a Away) bool { return a.First <= on && on <= a.Last })
			}
			if !absent("anna") {
				return "anna", true
			}
			for _, a := range s.away["anna"] {
				if a.First <= on && on <= a.Last && a.StandIn != "" && !absent(a.StandIn) {
					return a.StandIn, true
				}
			}
			return "", false
		}
		owner, ok := free(got.due)
		require.True(t, ok, "%+v", got)
		require.Equal(t, owner, got.owner)
		require.False(t, got.due.Before(calendar.Place(w.day, w.since, w.zone)), "never earlier than it was meant")
		moved := !got.due.Equal(calendar.Place(w.day, w.since, w.zone))
		require.Equal(t, moved || got.owner != "anna", len(got.why) > 0, "it says why, and only if there is something to say")
		for d := w.day; d < got.day; d++ {
			at, _ := s.loud(calendar.Place(d, w.since, w.zone), w.zone, w.people)
			if at.Before(got.due) {
				_, ok := free(at)
				require.False(t, ok, "%s was free", at)
			}
		}
		if common(&s, &w) {
			for _, z := range zonesOf(w.people, w.zone) {
				hour, minute, _ := got.due.In(z.Location()).Clock()
				require.False(t, !s.quiet.None() && s.quiet.Contains(60*hour+minute), "%s is quiet in %s", got.due, z)
			}
		}
	})
}

// common reports whether the people of a wish all have one zone, so that there is a time that
// is quiet for none of them.
func common(s *scene, w *wish) bool { return s.quiet.None() || len(zonesOf(w.people, w.zone)) == 1 }
