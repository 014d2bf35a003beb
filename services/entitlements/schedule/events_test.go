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
		"from: opened, to: first_replies":  `commitments[0].clock.to: nothing ever happens to a case that is called "first_replies", so this promise could not be measured: known are opened, assigned,`,
		"from: order_paid, to: resolved":   `commitments[0].clock.from: nothing ever happens to a case that is called "order_paid"`,
		"from: escalated, to: call_backed": `commitments[0].clock.to: nothing ever happens`,
	} {
		file, err := ParseFile([]byte(strings.Replace(example, "from: opened, to: first_reply", clock, 1)))
		require.NoError(t, err, "earlier versions may have it")
		problems := file.Places.Locate(Publishable(file.Schedule, Fed{}))
		if want == "" {
			require.Empty(t, problems)
			continue
		}
		require.Len(t, problems, 1)
		require.Equal(t, UnknownRef, problems[0].Reason)
		require.Positive(t, problems[0].Line)
		require.Contains(t, problems[0].Path+": "+problems[0].Message, want)
	}
}
