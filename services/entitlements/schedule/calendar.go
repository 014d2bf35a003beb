package schedule

import (
	"fmt"
	"strings"
	"time"
)

// MaxWithin bounds the time of a clock to a year of working time.
const MaxWithin = 366 * 24 * time.Hour

// ParseWithin reads a working time of hours and minutes: 4h, 90m, 1h30m, 80h.
func ParseWithin(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || strings.Trim(text, "0123456789hm") != "" || strings.Contains(text, "ms") {
		return 0, fmt.Errorf("%q is not a working time: write hours and minutes such as 4h, 90m or 1h30m", text)
	}
	return d, nil
}

// FormatWithin is the inverse of ParseWithin, for whole minutes.
func FormatWithin(d time.Duration) string {
	hours, minutes := int(d/time.Hour), int(d%time.Hour/time.Minute)
	switch {
	case minutes == 0:
		return fmt.Sprintf("%dh", hours)
	case hours == 0:
		return fmt.Sprintf("%dm", minutes)
	default:
		return fmt.Sprintf("%dh%dm", hours, minutes)
	}
}
