package schedule

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// R13: a promise whose clock nothing would ever start or stop is no promise.
func TestR13ClocksRunBetweenEventsOfCasesOnly(t *testing.T) {
	for clock, want := range map[string]string{
		"from: opened, to: first_reply":    "",
		"from: reopened, to: resolved":     "",
		"from: reopened, to: first_reply":  "",
		"from: opened, to: first_replies":  `commitments[0].clock.to: nothing ever happens to a case that is called "first_replies", so this promise could not be measured: known are opened, assigned,`,
		"from: order_paid, to: resolved":   `commitments[0].clock.from: nothing ever happens to a case that is called "order_paid"`,
		"from: escalated, to: call_backed": `commitments[0].clock.to: nothing ever happens`,
		"from: assigned, to: opened":       "commitments[0].clock.to: this promise could not be measured: no clock of a case runs before it is opened",
		"from: opened, to: reopened":       "commitments[0].clock.to: this promise could not be measured: all clocks of a case end with its resolution",
		"from: resolved, to: first_reply":  "commitments[0].clock.from: this promise could not be measured: all clocks of a case end with its resolution",
	} {
		file, err := ParseFile([]byte(strings.Replace(example, "from: opened, to: first_reply", clock, 1)))
		require.NoError(t, err, "earlier versions may have it")
		problems := file.Places.Locate(Publishable(file.Schedule, Fed{}))
		if want == "" {
			require.Empty(t, problems)
			continue
		}
		require.Len(t, problems, 1)
		require.Equal(t, strings.Contains(want, "nothing ever happens"), problems[0].Reason == UnknownRef)
		require.Positive(t, problems[0].Line)
		require.Contains(t, problems[0].Path+": "+problems[0].Message, want)
	}
}
