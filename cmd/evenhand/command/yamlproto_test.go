package command

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

func TestYAMLHasTimesAsPeopleWriteThem(t *testing.T) {
	rules := &boardv1.Rules{}
	require.NoError(t, readYAML([]byte(`
meetings: {when: {rule: FREQ=WEEKLY, start: 2027-03-01T10:00, duration: 1h30m}}
workdays: {holidays: [2027-12-25, {year: 2027, month: 12, day: 26}]}
`), rules))
	require.Equal(t, 90*time.Minute, rules.GetMeetings().GetWhen().GetDuration().AsDuration())
	require.Equal(t, int32(25), rules.GetWorkdays().GetHolidays()[0].GetDay())
	require.Equal(t, int32(26), rules.GetWorkdays().GetHolidays()[1].GetDay())

	for text, wrong := range map[string]string{
		"meetings: {when: {duration: long}}": `line 1:29: duration has to be how long it takes, as 2h or 90m, not "long"`,
		"workdays: {holidays: [25.12.]}":     `line 1:23: holidays has to be a day, as 2027-12-25, not "25.12."`,
		"quorum: {percent: 50, members: 3}":  "line 1:23: members cannot be given besides percent: give one of them",
		"quorum: 3":                          "line 1:9: this has to be fields with their values, of members, percent",
	} {
		require.EqualError(t, readYAML([]byte(text), rules), wrong)
	}
}
