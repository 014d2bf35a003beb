package test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Problems are printed so that an editor can jump to them.
func TestPublishProblems(t *testing.T) {
	t.Parallel()
	s := serve(t)
	broken := strings.Replace(promise, "currency: USD", "currency: DOLLARS", 1)
	broken = strings.Replace(broken, "at_least: 100.00", "at_most: 100.00", 1)
	path := write(t, s.dir, "promise.yaml", broken)
	got := s.try("schedule", "publish", path, "--effective", "1997-01-01")
	require.Equal(t, 1, got.code)
	require.Regexp(t, `(?m)^\s+`+path+`:2:\d+: .*DOLLARS`, got.stderr)
	require.Regexp(t, `(?m)^\s+`+path+`:21:\d+: .*at_most`, got.stderr)
	require.Empty(t, got.stdout)
	require.Contains(t, s.try("schedule", "show").stderr, "schedule publish")

	path = write(t, s.dir, "promise.yaml", promise)
	checked := s.cli("schedule", "publish", path, "--effective", "1997-01-01", "--validate-only")
	require.Contains(t, checked, "nothing was published")
	require.Equal(t, "schedule/versions/1", value(t, s.cli("schedule", "publish", path, "--effective", "1997-01-01"), "Version"))
	require.Contains(t, value(t, s.cli("schedule", "publish", path, "--effective", "1997-01-01"), "Outcome"), "unchanged")
	require.Contains(t, s.cli("schedule", "show", "--output", "yaml"), "effective: 1997-01-01")
	require.Contains(t, s.cli("schedule", "show"), "thanks-500")

	second := write(t, s.dir, "second.yaml", strings.Replace(promise, "at_least: 100.00", "at_least: 90.00", 1))
	got = s.try("schedule", "publish", second, "--effective", "1998-01-01")
	require.Equal(t, 1, got.code, "only a first version may be dated back")
	s.cli("schedule", "publish", second)
	require.Equal(t, 2, strings.Count(s.cli("schedule", "versions", "--output", "csv"), "\n")-1)
}

// R27, R34: what is missing is told to the cent, and is enough.
func TestR34DistanceIsEnough(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.cli("schedule", "publish", write(t, s.dir, "promise.yaml", promise), "--effective", "2020-01-01")
	s.cli("accounts", "create", "--display-name", "Acme", "--joined", "2020-01-01")
	add := func(amount string) string {
		return value(t, s.cli("revenue", "add", "acme", amount, "--currency", "USD", "--date", "2026-06-01", "--source", "test"), "Consistency token")
	}
	token := add("287.60")
	got := s.cli("check", "acme", "thanks", "--as-of", "2026-06-30", "--consistency-token", token)
	require.Equal(t, "no", value(t, got, "Entitled"))
	require.Contains(t, value(t, got, "Missing"), "USD 212.40 more")
	token = add("212.39")
	require.Contains(t, s.cli("check", "acme", "thanks", "--as-of", "2026-06-30", "--consistency-token", token), "USD 0.01 more")
	token = add("0.01")
	got = s.cli("check", "acme", "thanks", "--as-of", "2026-06-30", "--consistency-token", token)
	require.Equal(t, "yes", value(t, got, "Entitled"))
	require.Equal(t, "thanks-500", value(t, got, "Rule"))
	require.Contains(t, value(t, got, "Reason"), "spends $500 within a year")
	require.Equal(t, 0, s.try("check", "acme", "thanks", "--as-of", "2026-06-30", "--exit-code", "--quiet").code)
	require.Equal(t, 3, s.try("check", "acme", "thanks", "--as-of", "2020-06-30", "--exit-code", "--quiet").code)
}

// R4, R21: the baseline is the same for everybody.
func TestR4BaselineIsTheSame(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.cli("schedule", "publish", write(t, s.dir, "promise.yaml", promise), "--effective", "2020-01-01")
	for name, amount := range map[string]string{"small": "0.01", "large": "1000000.00"} {
		s.cli("accounts", "create", "--display-name", name, "--joined", "2020-01-01")
		s.cli("revenue", "add", name, amount, "--currency", "USD", "--date", "2026-06-01", "--source", "test")
	}
	small := s.cli("baseline", "small", "--as-of", "2026-06-30", "--output", "csv")
	require.Contains(t, small, "first-reply")
	require.Equal(t, small, s.cli("baseline", "large", "--as-of", "2026-06-30", "--output", "csv"))
}

// R16: what a schedule would bring is shown before it counts.
func TestR16SimulateBeforePublishing(t *testing.T) {
	t.Parallel()
	s := serve(t)
	path := write(t, s.dir, "promise.yaml", promise)
	s.cli("schedule", "publish", path, "--effective", "2020-01-01")
	s.cli("accounts", "create", "--display-name", "Acme", "--joined", "2020-01-01")
	token := value(t, s.cli("revenue", "add", "acme", "300.00", "--currency", "USD", "--date", "2026-06-01", "--source", "test"), "Consistency token")
	s.cli("check", "acme", "thanks", "--as-of", "2026-06-30", "--consistency-token", token)

	easier := write(t, s.dir, "easier.yaml", strings.Replace(promise, "at_least: 500.00", "at_least: 300.00", 1))
	got := s.cli("schedule", "simulate", easier, "--as-of", "2026-06-30", "--output", "csv")
	require.Regexp(t, `(?m)^thanks,0,1,1,0,0,.*,acme,$`, got)
	require.Contains(t, s.cli("schedule", "simulate", easier, "--as-of", "2026-06-30"), "changed")
	require.Equal(t, 1, strings.Count(s.cli("schedule", "versions", "--output", "csv"), "schedule/versions/"))

	require.Contains(t, s.run("", "schedule", "lint", easier).stdout, "no problems")
	broken := write(t, s.dir, "broken.yaml", strings.Replace(promise, "currency: USD", "currency: DOLLARS", 1))
	for _, failed := range []result{s.run("", "schedule", "lint", broken), s.try("schedule", "simulate", broken)} {
		require.Equal(t, 1, failed.code)
		require.Regexp(t, `(?m)^\s+`+broken+`:2:\d+: .*DOLLARS`, failed.stderr)
	}
}
