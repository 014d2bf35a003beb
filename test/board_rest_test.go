package test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// object is JSON.
type object = map[string]any

// rest calls the gateway as the administrator.
func (s *server) rest(method, path string, body object) (status int, answer object) {
	s.t.Helper()
	sent, err := json.Marshal(body)
	require.NoError(s.t, err)
	request, err := http.NewRequestWithContext(s.t.Context(), method, "http://"+s.http+"/v1/"+path, bytes.NewReader(sent))
	require.NoError(s.t, err)
	request.Header.Set("Authorization", "Bearer "+s.token())
	request.Header.Set("Content-Type", "application/json")
	got, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer got.Body.Close()
	text, err := io.ReadAll(got.Body)
	require.NoError(s.t, err)
	require.NoError(s.t, json.Unmarshal(text, &answer), "%s", text)
	return got.StatusCode, answer
}

// post calls a method that has to succeed.
func (s *server) post(path string, body object) object {
	s.t.Helper()
	status, answer := s.rest(http.MethodPost, path, body)
	require.Equal(s.t, http.StatusOK, status, "%s: %v", path, answer)
	return answer
}

// read gets a resource.
func (s *server) read(path string) object {
	s.t.Helper()
	var answer object
	require.NoError(s.t, json.Unmarshal(s.get("/v1/"+path, http.StatusOK), &answer))
	return answer
}

// refused calls a method that has to be refused for a reason, and returns the problem.
func (s *server) refused(reason, path string, body object) object {
	s.t.Helper()
	status, problem := s.rest(http.MethodPost, path, body)
	require.Equal(s.t, http.StatusBadRequest, status, "%s: %v", path, problem)
	require.Equal(s.t, reason, problem["reason"], "%v", problem)
	return problem
}

// inDays is the day so many days from now, in UTC.
func inDays(days int) object {
	at := time.Now().UTC().AddDate(0, 0, days)
	return object{"year": at.Year(), "month": int(at.Month()), "day": at.Day()}
}

// each returns the values of a field in a list.
func each(list any, field string) (values []any) {
	items, _ := list.([]any)
	for _, item := range items {
		values = append(values, item.(object)[field])
	}
	return values
}

// R37: a meeting over REST, from its call at short notice to its minutes and what was
// done about its decision.
func TestR37AMeetingOverREST(t *testing.T) {
	t.Parallel()
	s := launch(t, t.TempDir(), "--demo")
	s.awaitReady()
	s.demoCommands()
	const board = "boards/" + demoBoard
	const meeting = board + "/meetings/recall"
	called := object{"title": "Recall", "startTime": time.Now().UTC().Add(2 * time.Hour).Format(time.RFC3339), "duration": "3600s"}

	problem := s.refused("SHORT_NOTICE", board+"/meetings?meetingId=recall", called)
	earliest, err := time.Parse(time.DateOnly, problem["metadata"].(object)["earliest_date"].(string))
	require.NoError(t, err)
	require.True(t, earliest.After(time.Now().AddDate(0, 0, 10)), earliest)
	called["shortNoticeReason"] = "The recall is announced tomorrow."
	require.Equal(t, meeting, s.post(board+"/meetings?meetingId=recall", called)["name"])

	status, changed := s.rest(http.MethodPatch, meeting, object{"agenda": []object{
		{"id": "recall", "title": "What of the recall?", "kind": "KIND_DECISION"}, {"id": "news", "title": "News", "kind": "KIND_INFORMATION"}}})
	require.Equal(t, http.StatusOK, status, "%v", changed)
	require.Equal(t, []any{"recall", "news"}, each(changed["agenda"], "id"))
	members := each(s.post(meeting+":invite", object{})["invitations"], "account")
	require.GreaterOrEqual(t, len(members), 7)
	s.post(meeting+":answer", object{"account": members[0], "answer": "ANSWER_ACCEPTED"})
	answered := s.post(meeting+":answer", object{"account": members[1], "answer": "ANSWER_DECLINED", "comment": "At a fair."})
	require.Equal(t, []any{"ANSWER_ACCEPTED", "ANSWER_DECLINED", "ANSWER_UNSPECIFIED"}, each(answered["invitations"], "answer")[:3])

	decision := object{"agendaItem": "recall", "text": "We refund it.", "outcome": "OUTCOME_ADOPTED", "owner": "principals/local-admin", "dueDate": inDays(30)}
	s.refused("MEETING_STATE", meeting+"/decisions", decision)
	began := time.Now().UTC().Add(-time.Minute).Format(time.RFC3339)
	held := s.post(meeting+":hold", object{"openTime": began, "attendance": []object{{"account": members[0], "stays": []object{{}}}}})
	require.Equal(t, false, held["quorum"].(object)["met"])
	s.refused("NO_QUORUM", meeting+"/decisions", decision)
	var there []object
	for i, member := range members {
		if i == 1 {
			there = append(there, object{"account": member, "excused": true})
		} else {
			there = append(there, object{"account": member, "stays": []object{{"remote": i%2 == 0}}})
		}
	}
	held = s.post(meeting+":recordAttendance", object{"attendance": there})
	require.Equal(t, true, held["quorum"].(object)["met"])
	s.post(meeting+":recuse", object{"agendaItem": "recall", "account": members[2], "reason": "It made the part."})
	decision["votes"] = []object{{"account": members[0], "choice": "CHOICE_FOR"}, {"account": members[2], "choice": "CHOICE_AGAINST"}}
	s.refused("INVALID_ARGUMENT", meeting+"/decisions", decision) // who stands aside does not vote
	decision["votes"] = []object{{"account": members[0], "choice": "CHOICE_FOR"}, {"account": members[3], "choice": "CHOICE_AGAINST"}, {"account": members[4], "choice": "CHOICE_FOR"}}
	made := s.post(meeting+"/decisions", decision)
	require.Equal(t, object{"votesFor": 2.0, "votesAgainst": 1.0, "abstained": 0.0}, made["tally"])

	s.refused("MINUTES", meeting+":close", object{})
	s.post(meeting+"/minutes", object{"text": "# Minutes\n\nWe refund it.\n"})
	require.Equal(t, "STATE_MINUTED", s.post(meeting+":close", object{})["state"])
	s.refused("MEETING_STATE", meeting+":recuse", object{"agendaItem": "recall", "account": members[4], "reason": "Too late."})
	require.Contains(t, s.read(meeting + "/minutes/1")["text"], "We refund it.")
	done := s.post(made["name"].(string)+":complete", object{"evidence": "refund 12"})
	require.Equal(t, "STATUS_DONE", done["status"])
	require.Equal(t, "The recall is announced tomorrow.", s.read(meeting)["shortNoticeReason"])
}

// R11, R40: a question over REST to a board, with ideas of who is not on it: merged, taken
// apart, voted on, overdue, decided and done; and what those who gave them are told.
func TestR11R40AQuestionOverREST(t *testing.T) {
	t.Parallel()
	s := serve(t)
	for _, name := range []string{"Harbour", "Brook", "Mill"} {
		s.cli("accounts", "create", "--display-name", name)
	}
	s.cli("board", "create", "--id", "advisory", "--display-name", "Advisory", "--time-zone", "UTC")
	ask := func(id string, closes, decision int) {
		s.post("solicitations?solicitationId="+id, object{"question": "What of " + id + "?", "audience": object{"board": "boards/advisory"},
			"closeDate": inDays(closes), "decisionDate": inDays(decision)})
	}
	submit := func(title, account string) string {
		idea := s.post("ideas:submit", object{"idea": object{"title": title, "account": "accounts/" + account,
			"solicitation": "solicitations/packing", "submitDate": inDays(-10)}})["idea"].(object)
		require.Equal(t, "boards/advisory", idea["board"])
		return idea["name"].(string)
	}
	vote := func(idea, account string) { s.post(idea+":vote", object{"account": "accounts/" + account}) }
	votes := func(ideas ...string) (counts []any) {
		for _, idea := range ideas {
			counts = append(counts, s.read(idea)["votes"])
		}
		return counts
	}
	report := func(format string) object {
		return s.read("ideas:report?solicitation=solicitations/packing&format=FORMAT_" + format)
	}

	s.await("the accounts", func() bool { // until the board service has heard of them
		status, _ := s.rest(http.MethodPost, "ideas:submit", object{"idea": object{"title": "Try", "account": "accounts/mill"}, "validateOnly": true})
		return status == http.StatusOK
	})
	ask("packing", -5, -1)
	s.post("solicitations/packing:open", object{"openDate": inDays(-30)})
	require.NotContains(t, each(s.read("boards/advisory/seats")["seats"], "account"), "accounts/harbour", "whoever gives an idea need not be on the board")
	one, two := submit("Less plastic in parcels", "harbour"), submit("Less plastic in the parcels", "brook")
	other := submit("Parcels on Saturdays", "mill")

	vote(one, "harbour")
	vote(two, "mill")
	vote(two, "mill") // once
	require.Equal(t, []any{1.0, 1.0}, votes(one, two))
	vote(two, "harbour") // who is for the other too
	merged := s.post(two+":merge", object{"into": one})
	require.Equal(t, "STATE_MERGED", merged["state"])
	require.Equal(t, []any{2.0}, votes(one), "of three votes two are of one account")
	s.post(two+":unmerge", object{})
	require.Equal(t, []any{1.0, 2.0}, votes(one, two))
	s.post(two+":merge", object{"into": one})
	vote(one, "brook")
	require.Equal(t, []any{3.0}, votes(one))

	// The question is past its date, and locks the next one to the board.
	ask("prices", 10, 20)
	problem := s.refused("UNANSWERED_SOLICITATION", "solicitations/prices:open", object{})
	require.Equal(t, []any{"solicitations/packing"}, each(problem["preconditions"], "subject"))
	require.Contains(t, problem["detail"], "has 3 ideas undecided")
	s.refused("IDEA_STATE", two+":decide", object{"disposition": object{"outcome": "OUTCOME_DECLINE", "reason": "No."}})
	s.post(one+":decide", object{"disposition": object{"outcome": "OUTCOME_ADOPT", "reason": "It pays.", "owner": "principals/local-admin", "dueDate": inDays(30)}})
	s.refused("UNANSWERED_SOLICITATION", "solicitations/prices:open", object{})
	s.post(other+":decide", object{"disposition": object{"outcome": "OUTCOME_DECLINE", "reason": "Nobody drives then."}})
	require.Equal(t, "STATE_OPEN", s.post("solicitations/prices:open", object{})["state"])

	s.refused("INVALID_ARGUMENT", one+":followUp", object{"note": "Ordered.", "done": true}) // without evidence
	s.post(one+":followUp", object{"note": "Ordered.", "evidence": "order 7", "done": true})

	var told struct {
		Counts    map[string]int
		Questions []struct {
			Solicitation string
			Ideas        []struct{ Title, By, Status, MergedInto string }
		}
	}
	whole := report("JSON")
	require.Equal(t, "application/json", whole["contentType"])
	require.NoError(t, json.Unmarshal([]byte(whole["content"].(string)), &told))
	require.Equal(t, []int{3, 2, 1, 0}, []int{told.Counts["ideas"], told.Counts["done"], told.Counts["declined"], told.Counts["undecided"]}, told.Counts)
	require.Len(t, told.Questions, 1)
	require.Equal(t, "solicitations/packing", told.Questions[0].Solicitation)
	for format, kind := range map[string]string{"MARKDOWN": "text/markdown; charset=utf-8", "HTML": "text/html; charset=utf-8"} {
		written := report(format)
		require.Equal(t, kind, written["contentType"])
		for _, text := range []string{"Less plastic in parcels", "It pays.", "order 7", "Nobody drives then.", "Brook"} {
			require.Contains(t, written["content"], text, format)
		}
	}
}
