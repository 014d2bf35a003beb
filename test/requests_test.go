package test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// person is a principal of a role, and how it calls.
type person struct {
	s     *server
	token string // the file's name
}

// employ makes a person with a role and a token.
func employ(s *server, id, role string) person {
	s.cli("principals", "create", id, "--role", role)
	file := id + "-token"
	write(s.t, s.dir, file, value(s.t, s.cli("tokens", "create", id), "Secret"))
	return person{s, file}
}

func (p person) try(args ...string) result {
	return p.s.run("", append(args, "--server", p.s.grpc, "--token-file", p.token)...)
}

func (p person) cli(args ...string) string {
	p.s.t.Helper()
	got := p.try(args...)
	require.Zero(p.s.t, got.code, "evenhand %s\n%s%s", strings.Join(args, " "), got.stdout, got.stderr)
	return got.stdout
}

// refused wants a command to fail, and its error to say something.
func (p person) refused(says string, args ...string) {
	p.s.t.Helper()
	got := p.try(args...)
	require.Equal(p.s.t, 1, got.code, "evenhand %s\n%s", strings.Join(args, " "), got.stdout)
	require.Contains(p.s.t, got.stderr, says)
}

const tenYears = `
rules:
  - id: ten-years
    promise: Who stays ten years is thanked.
    when: {tenure: months, at_least: 120}
    grants: [thanks]
`

// A special situation is a rule for everybody, or it is nothing: asked by who serves the
// customer, decided by another, approved by a third.
func TestR22R23ASpecialRequestIsMadeARuleForEverybody(t *testing.T) {
	t.Parallel()
	stores(t, func(t *testing.T, storeArgs []string) {
		s := serve(t, storeArgs...)
		s.cli("schedule", "publish", write(t, s.dir, "promise.yaml", promise), "--effective", "2020-01-01")
		s.cli("accounts", "create", "--display-name", "Acme", "--joined", "2010-01-01")
		s.cli("accounts", "create", "--display-name", "Brook", "--joined", "2011-01-01")
		s.cli("accounts", "create", "--display-name", "New", "--joined", "2026-01-01")
		asks, author, approver := employ(s, "sam", "service-agent"), employ(s, "ines", "policy-author"), employ(s, "mara", "policy-approver")
		other := employ(s, "jo", "service-agent")
		rule := write(t, s.dir, "ten-years.yaml", tenYears)

		s.cli("entitlements", "acme") // it has come along
		asked := asks.cli("requests", "create", "acme", "A note of thanks", "--reason", "They are about to leave", "--fact", "customer since=2010", "--id", "thanks")
		require.Equal(t, "service-agent", value(t, asked, "Roles"))
		asks.cli("requests", "create", "acme", "A cake", "--reason", "Birthday", "--id", "cake")
		other.refused("own requests only", "requests", "show", "thanks")
		require.NotContains(t, other.cli("requests", "list", "-o", "csv"), "thanks")
		asks.refused("requests.decide", "requests", "decline", "thanks", "--reason", "No")
		author.cli("requests", "decline", "cake", "--reason", "Nobody gets a cake")
		require.Equal(t, "Nobody gets a cake", value(t, asks.cli("requests", "show", "cake"), "Declined because"))

		seen := author.cli("requests", "rule", "thanks", rule, "--reason", "Ten years are worth a note", "--validate-only")
		require.Equal(t, "1", value(t, seen, "Others who would gain"))
		require.Equal(t, "brook", value(t, seen, "Such as"))
		require.Equal(t, "yes", value(t, seen, "Account qualifies"))
		made := author.cli("requests", "rule", "thanks", rule, "--reason", "Ten years are worth a note", "--draft", "ten-years")
		require.Equal(t, "in-draft", value(t, made, "State"))
		require.NotContains(t, asks.cli("requests", "show", "thanks", "-o", "json"), "ten-years", "rules tell spend")
		asks.refused("drafts.read", "schedule", "drafts", "show", "ten-years")

		proposed := author.cli("schedule", "drafts", "propose", "ten-years")
		etag := value(t, proposed, "Etag")
		author.refused("drafts.approve", "schedule", "drafts", "approve", "ten-years", "--etag", etag)
		require.Contains(t, approver.cli("schedule", "drafts", "simulate", "ten-years"), "ten-years")
		approver.refused("propose it as a draft", "schedule", "publish", write(t, s.dir, "alone.yaml", strings.Replace(promise, "at_least: 500.00", "at_least: 1.00", 1)))
		approved := approver.cli("schedule", "drafts", "approve", "ten-years", "--etag", etag)
		require.Equal(t, "schedule/versions/2", value(t, approved, "Version"))
		version := s.cli("schedule", "show", "--number", "2")
		require.Equal(t, "principals/mara", value(t, version, "Publisher"))
		require.Equal(t, "principals/ines", value(t, version, "Proposer"))
		require.Equal(t, "no", value(t, version, "Single operator"))
		require.Equal(t, "made-rule", value(t, author.cli("requests", "show", "thanks"), "State"))
		for account, want := range map[string]string{"acme": "yes", "brook": "yes", "new": "no"} {
			require.Equal(t, want, value(t, s.cli("check", account, "thanks"), "Entitled"), account)
		}
		counted := author.cli("requests", "count", "-o", "csv")
		require.Contains(t, counted, "role,service-agent,2,0,0,1,1,0\nrequester,principals/sam,2,0,0,1,1,0\naccount,accounts/acme,2,0,0,1,1,0\n")
	})
}

// R23: a company of one person publishes drafts too, and every version says so.
func TestR23ASingleOperatorApprovesTheirOwnDraftAndItIsStamped(t *testing.T) {
	t.Parallel()
	s := serve(t)
	path := write(t, s.dir, "promise.yaml", promise)
	s.cli("schedule", "drafts", "create", path, "--id", "first", "--reason", "First edition")
	etag := value(t, s.cli("schedule", "drafts", "propose", "first"), "Etag")
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.http+"/v1/schedule/drafts/first:approve", strings.NewReader(`{"etag": "`+etag+`"}`))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+s.token())
	answer, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	var draft struct {
		State           string
		SingleOperator  bool
		ScheduleVersion string
		Yaml            string
	}
	require.NoError(t, json.Unmarshal(text, &draft), string(text))
	require.Equal(t, "STATE_PUBLISHED", draft.State, string(text))
	require.True(t, draft.SingleOperator)
	require.Equal(t, promise, draft.Yaml, "letter for letter")
	version := s.cli("schedule", "show")
	require.Equal(t, "yes", value(t, version, "Single operator"))
	require.Equal(t, "schedule/drafts/first", value(t, version, "Draft"))
	shown := s.cli("schedule", "drafts", "list", "--filter", "state = PUBLISHED", "-o", "csv")
	require.Contains(t, shown, "schedule/drafts/first,published,0,principals/local-admin,principals/local-admin,schedule/versions/1")
	require.Equal(t, 1, s.try("schedule", "drafts", "withdraw", "first", "--reason", "Too late").code)
}
