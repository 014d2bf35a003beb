package filter_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/platform/filter"
)

var fields = []filter.Field{
	{Name: "external_id"}, {Name: "display_name"}, {Name: "owner"}, {Name: "disabled", Kind: filter.Bool},
	{Name: "followers", Kind: filter.Int}, {Name: "create_time", Kind: filter.Time},
	{Name: "state", Kind: filter.Enum, Values: []string{"PROSPECT", "ACTIVE", "CLOSED"}}, {Name: "attributes", Kind: filter.Map},
	{Name: "joined_date", Kind: filter.Day},
}

func acme(field string) any {
	return map[string]any{
		"external_id": "00017", "display_name": "Acme Steel", "owner": "principals/jane", "disabled": false, "followers": int64(12),
		"create_time": time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC), "state": "ACTIVE", "attributes.sector": "steel",
		"joined_date": "2026-01-31",
	}[field]
}

func TestMatch(t *testing.T) {
	for text, want := range map[string]bool{
		"": true, "  ": true,
		`state = ACTIVE`: true, `state = "ACTIVE"`: true, `state != ACTIVE`: false, `state=CLOSED`: false,
		`owner = "principals/jane"`: true, `external_id = "00017"`: true, `external_id = "17"`: false,
		`disabled = false`: true, `NOT disabled = true`: true, `-disabled = true`: true,
		`followers > 11`: true, `followers >= 12`: true, `followers < 12`: false, `followers <= 12`: true, `followers > -5`: true,
		`create_time >= "2026-01-31T12:00:00Z"`: true, `create_time < "2026-01-31T13:00:00+01:00"`: false,
		`create_time > timestamp("2026-01-01T00:00:00Z")`: true,
		`display_name = "Acme*"`:                          true, `display_name = "*Steel"`: true, `display_name = "*me S*"`: true, `display_name != "Acme*"`: false,
		`display_name:"STEEL"`: true, `display_name:steel`: true, `display_name:glass`: false, `display_name:*`: true, `display_name > "A"`: true,
		`attributes.sector = steel`: true, `attributes.sector != glass`: true, `attributes.region = east`: false, `attributes.region != east`: true,
		`attributes:sector`: true, `attributes:region`: false, `attributes.region < "z"`: false,
		`joined_date >= "2026-01-31"`: true, `joined_date > "2026-01-31"`: false, `joined_date = "2026-01-31"`: true, `joined_date != "2026-01-30"`: true,
		`joined_date < "2026-02-01" AND joined_date:*`: true,
		`state = ACTIVE AND owner = "principals/joe"`:  false, `state = CLOSED OR owner = "principals/jane"`: true,
		`state = ACTIVE owner = "principals/jane"`: true, `NOT (state = ACTIVE)`: false,
		`state = CLOSED AND owner = "principals/joe" OR owner = "principals/jane"`: false,
	} {
		f, err := filter.Parse(text, fields...)
		require.NoError(t, err, text)
		require.Equal(t, want, f.Match(acme), text)
	}
}

// A field with several values is equal to each of them, and unequal to what is none of them.
func TestMatchOfSeveralValues(t *testing.T) {
	for text, want := range map[string]bool{
		`owner = "jane"`: true, `owner = "joe"`: true, `owner = "jane joe"`: false, `owner = "jim"`: false,
		`owner != "jane"`: false, `owner != "jim"`: true, `NOT owner = "joe"`: false, `NOT owner = "jim"`: true,
		`owner = "jim" OR owner = "joe"`: true, `owner = "jane" AND owner = "joe"`: true, `owner = "jane" AND NOT owner = "joe"`: false,
		`owner = "jo*"`: true, `owner = "*ane"`: true, `owner = "*e j*"`: false, `owner != "j*"`: false, `owner != "k*"`: true,
		`owner:JO`: true, `owner:"e j"`: false, `owner:*`: true, `owner > "joc"`: true, `owner > "jof"`: false,
		`external_id:*`: false, `external_id = ""`: false, `external_id != "a"`: true, `external_id != "a*"`: true,
	} {
		f, err := filter.Parse(text, fields...)
		require.NoError(t, err, text)
		got := f.Match(func(field string) any { return map[string][]string{"owner": {"jane", "joe"}}[field] })
		require.Equal(t, want, got, text)
	}
}

func TestWhatAnIndexCanUse(t *testing.T) {
	f, err := filter.Parse(`external_id = "00017" AND state = ACTIVE AND (owner = a OR owner = b) AND NOT display_name = x AND followers > 1`, fields...)
	require.NoError(t, err)
	id, ok := f.Equal("external_id")
	require.True(t, ok)
	require.Equal(t, "00017", id)
	for _, other := range []string{"owner", "display_name", "followers"} {
		_, ok = f.Equal(other)
		require.False(t, ok, other)
	}
	f, err = filter.Parse(`external_id = "a*"`, fields...)
	require.NoError(t, err)
	_, ok = f.Equal("external_id")
	require.False(t, ok)
}

func TestWhatBoundsAnIndex(t *testing.T) {
	f, err := filter.Parse(`followers <= 7 AND create_time < "2026-03-09T17:00:00Z" AND state = ACTIVE`, fields...)
	require.NoError(t, err)
	n, inclusive, ok := f.Below("followers")
	require.True(t, ok && inclusive)
	require.Equal(t, int64(7), n)
	at, inclusive, ok := f.Below("create_time")
	require.True(t, ok && !inclusive)
	require.True(t, time.Date(2026, 3, 9, 17, 0, 0, 0, time.UTC).Equal(at.(time.Time)))
	for _, text := range []string{`followers > 7`, `NOT followers < 7`, `followers < 7 OR state = ACTIVE`, `followers = 7`, ``} {
		f, err = filter.Parse(text, fields...)
		require.NoError(t, err)
		_, _, ok = f.Below("followers")
		require.False(t, ok, text)
	}
	f, err = filter.Parse(`followers >= 7 AND create_time > "2026-03-09T17:00:00Z"`, fields...)
	require.NoError(t, err)
	n, inclusive, ok = f.Above("followers")
	require.True(t, ok && inclusive)
	require.Equal(t, int64(7), n)
	_, inclusive, ok = f.Above("create_time")
	require.True(t, ok && !inclusive)
	for _, text := range []string{`followers < 7`, `NOT followers > 7`, `followers > 7 OR state = ACTIVE`, `followers = 7`, ``} {
		f, err = filter.Parse(text, fields...)
		require.NoError(t, err)
		_, _, ok = f.Above("followers")
		require.False(t, ok, text)
	}
}

func TestRefused(t *testing.T) {
	for text, why := range map[string]string{
		`colour = red`: "there are external_id, display_name", `state = OPEN`: "one of PROSPECT, ACTIVE, CLOSED", `state > ACTIVE`: "no order",
		`disabled = 1`: "true or false", `followers = many`: "whole number", `create_time > yesterday`: "an instant",
		`external_id = 00017`: "in quotes", `acme`: "alone is no condition", `state =`: "cannot be read at character", `= ACTIVE`: "cannot be read", `(state = ACTIVE`: "cannot be read",
		`owner.name = x`: "there is no field owner.name", `display_name = "a*b"`: "beginning or end", `attributes = x`: "has keys",
		`size(owner) = 3`: "stands where a field belongs", `regex(owner, "x")`: "no function", `"a" = "a"`: "where a field belongs",
		`joined_date > "2026-1-31"`: "a day", `joined_date = "2026-*"`: "a day", `joined_date = "2026-02-30"`: "a day", `joined_date:2026`: "cannot be searched",
		`disabled:x`: "cannot be searched", `owner = (a b)`: "compared with a value",
	} {
		_, err := filter.Parse(text, fields...)
		require.ErrorContains(t, err, why, text)
		require.ErrorContains(t, err, "INVALID_ARGUMENT", text)
	}
	_, err := filter.Parse(`tier = gold`, fields...)
	require.ErrorContains(t, err, "HAND_SET_LEVEL")
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`state = ACTIVE AND (owner = a OR NOT followers > 1)`, `-a:b.c."d"`, strings.Repeat("(", 500), strings.Repeat("f(", 500), "a.b=-1.5"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if len(text) > 2000 {
			return
		}
		if parsed, err := filter.Parse(text, fields...); err == nil {
			parsed.Match(acme)
		}
	})
}

func TestOrder(t *testing.T) {
	got, err := filter.ParseOrder("display_name desc, name", "name", "display_name")
	require.NoError(t, err)
	require.Equal(t, []filter.Order{{"display_name", true}, {"name", false}}, got)
	got, err = filter.ParseOrder("", "name")
	require.NoError(t, err)
	require.Empty(t, got)
	for _, bad := range []string{"spend", "name down", "name,name", "name;", ",", "name asc desc"} {
		_, err := filter.ParseOrder(bad, "name")
		require.ErrorContains(t, err, "order_by", bad)
	}
}
