package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// finish waits until what was written counts, prints the counts, and fails when a row
// was refused. Attempts is how often the file was sent.
func (f *ImportFlags) finish(env *Env, s *session, result *accountsv1.ImportResult, attempts int) error {
	var waited error
	if token := result.GetConsistencyToken(); token != "" && !f.ValidateOnly {
		waited = waitApplied(env, s, token, f.Wait, f.RetryFor)
	}
	ended := outcome(result.GetImport().GetCounts(), f.ValidateOnly, attempts)
	if err := f.printOne(env.Stdout, result, append([]pair{{"Outcome", ended}}, importPairs(result.GetImport())...)); err != nil {
		return err
	}
	if waited != nil {
		return waited
	}
	counts := result.GetImport().GetCounts()
	if counts.GetRefused() == 0 {
		return nil
	}
	rest, fix := "all others are written", "mend these lines and import the file again with --resume: what is written is not written twice"
	if f.ValidateOnly {
		rest, fix = "nothing was to be written", "mend these lines before the file is imported"
	}
	return &failure{
		message: fmt.Sprintf("%d of %d rows were refused, each named above with its line; %s", counts.GetRefused(), counts.GetRead(), rest),
		fix:     fix,
	}
}

// outcome says in a sentence how an import ended. The counts are those of the last
// attempt, for which rows that an earlier one wrote are there already.
func outcome(c *accountsv1.ImportCounts, validateOnly bool, attempts int) string {
	switch {
	case validateOnly:
		return "checked; nothing was written"
	case attempts > 1 && c.GetAlreadyThere() > 0:
		return fmt.Sprintf("imported, in %d attempts: what an earlier one wrote counts as already there", attempts)
	case c.GetWritten() > 0:
		return "imported"
	case c.GetAlreadyThere() > 0:
		return "nothing changed: every row that was not refused is there already"
	}
	return "nothing was written"
}

func importPairs(i *accountsv1.Import) []pair {
	c := i.GetCounts()
	totals := make([]string, len(c.GetTotals()))
	for n, total := range c.GetTotals() {
		totals[n] = showMoney(total)
	}
	return []pair{
		{"Import", i.GetName()},
		{"Read", strconv.FormatInt(c.GetRead(), 10)},
		{"Written", strconv.FormatInt(c.GetWritten(), 10)},
		{"Already there", strconv.FormatInt(c.GetAlreadyThere(), 10)},
		{"Refused", strconv.FormatInt(c.GetRefused(), 10)},
		{"Accounts", strconv.FormatInt(c.GetAccounts(), 10)},
		{"Accounts created", strconv.FormatInt(c.GetAccountsCreated(), 10)},
		{"Total", strings.Join(totals, "\n")},
		{"Attributes declared", strings.Join(c.GetAttributeKeysDeclared(), ", ")},
	}
}

// waitApplied returns when entitlements counts the write that a consistency token names.
func waitApplied(env *Env, s *session, token string, limit, retryFor time.Duration) error {
	end := env.Now().Add(limit)
	lostSince := time.Time{} // when the server could not be reached any more
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := askApplied(env, s, token)
		now := env.Now()
		switch code := status.Code(err); {
		case err == nil:
			return nil
		case code == codes.Unimplemented: // accounts runs alone here
			env.note("everything is written and durable; when entitlements counts it cannot be asked at this address, where accounts runs alone")
			return nil
		case env.Context.Err() != nil:
			return notApplied(errors.New("interrupted"))
		case code != codes.Unavailable && code != codes.DeadlineExceeded, now.After(end):
			return notApplied(err)
		case code == codes.Unavailable && len(status.Convert(err).Details()) == 0:
			if lostSince.IsZero() {
				lostSince = now
			}
			if now.Sub(lostSince) >= retryFor {
				return notApplied(err)
			}
		default: // entitlements answers, and is not there yet
			lostSince = time.Time{}
		}
		if err := env.pause(wait); err != nil {
			return notApplied(err)
		}
	}
}

func notApplied(err error) error {
	f := *explain(err)
	f.cause = err
	f.message = "everything is written and durable, but it is not known whether entitlements counts it yet: " + f.message
	f.fix = "nothing needs to be imported again; entitlements catches up by itself when it runs"
	return &f
}

// askApplied makes a cheap call that waits for a consistency token.
func askApplied(env *Env, s *session, token string) error {
	ctx, cancel := context.WithTimeout(env.Context, 20*time.Second)
	defer cancel()
	_, err := entitlementsv1.NewEntitlementsServiceClient(s).GetSpendSummary(ctx, &entitlementsv1.GetSpendSummaryRequest{ConsistencyToken: token})
	return err
}
