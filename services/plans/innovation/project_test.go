package innovation

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/resource"
)

func TestR8AProjectStatesTheGainOfBothSidesBeforeItStarts(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		whole := recycling()
		d := whole
		d.Agreement, d.Stages = Agreement{}, nil
		p, err := f.Propose(ctx, request("a"), "", d, false)
		require.NoError(t, err)
		require.Equal(t, "recycled-caps", p.ID)
		again, err := f.Propose(ctx, request("a"), "", d, false)
		require.NoError(t, err)
		require.Equal(t, p.Version, again.Version)

		_, err = f.Start(ctx, someone, p.ID, "")
		told := requireReason(t, err, reasonIncomplete)
		var conditions []string
		for _, c := range told.Conditions {
			conditions = append(conditions, c.Description)
		}
		require.Equal(t, []string{
			"State what the company is to gain: a measure, a target and by when.", "State what the company puts in.",
			"State what accounts/acme is to gain: a measure, a target and by when.", "State what accounts/acme puts in.",
			"State who owns what comes of it.", "State how either side can leave.",
			"Record that the company agrees.", "Record that accounts/acme agrees.",
			"State at least one stage, with the criteria of its gate.",
		}, conditions)
		_, err = f.Sign(ctx, someone, p.ID, "", Signature{By: "principals/zoe"})
		requireReason(t, err, reasonIncomplete)

		for side, text := range []string{"State what accounts/acme is to gain", "State what the company is to gain"} {
			half := whole.Agreement
			half.Gains = half.Gains[side : side+1]
			_, err = f.Update(ctx, someone, p.ID, "", func(d *Definition) error { d.Agreement = half; return nil })
			require.NoError(t, err)
			_, err = f.Start(ctx, someone, p.ID, "")
			require.ErrorContains(t, err, text)
		}
		_, err = f.Update(ctx, someone, p.ID, "", func(d *Definition) error {
			d.Agreement, d.Stages = whole.Agreement, whole.Stages
			return nil
		})
		require.NoError(t, err)
		_, err = f.Sign(ctx, request("s"), p.ID, "", Signature{By: "principals/zoe", Day: day(t, "2026-11-20")})
		require.NoError(t, err)
		_, err = f.Sign(ctx, request("s"), p.ID, "", Signature{By: "principals/zoe", Day: day(t, "2026-11-20")})
		require.NoError(t, err)
		_, err = f.Sign(ctx, someone, p.ID, "", Signature{By: "principals/zoe"})
		requireReason(t, err, reasonState)
		_, err = f.Start(ctx, someone, p.ID, "")
		require.ErrorContains(t, err, "Record that accounts/acme agrees.")
		agreed, err := f.Sign(ctx, someone, p.ID, "", Signature{Account: "acme", By: "accounts/acme/contacts/jane"})
		require.NoError(t, err)
		require.Equal(t, Agreed, agreed.State.State)

		same, err := f.Update(ctx, someone, p.ID, "", func(d *Definition) error { d.Agreement = recycling().Agreement; return nil })
		require.NoError(t, err)
		require.Equal(t, Agreed, same.State.State, "nothing has changed")
		more := recycling().Agreement
		more.Gains[0].Target = "13"
		anew, err := f.Update(ctx, someone, p.ID, "", func(d *Definition) error { d.Agreement = more; return nil })
		require.NoError(t, err)
		require.Equal(t, Proposed, anew.State.State, "what was agreed is not what it says now")
		require.Empty(t, anew.State.Signatures)
	})
}

func TestR8AProjectRecordsWhatEachSideReallyGained(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.agreed(t, "caps", recycling())
		_, err := f.Gained(ctx, someone, "caps", "", Result{Gain: 1, Actual: "3", Evidence: "Sheet 1"})
		requireReason(t, err, reasonState)
		p, err := f.Start(ctx, someone, "caps", "")
		require.NoError(t, err)
		require.Equal(t, UnderWay, p.State.State)
		decide := func(v Verdict) *Project {
			t.Helper()
			p, err := f.Decide(ctx, someone, "caps", "", Decision{Verdict: v, Reason: "The test.", Evidence: "Report 7"}, "")
			require.NoError(t, err)
			return &p.State
		}
		require.Zero(t, decide(Rework).Passed)
		_, err = f.Decide(ctx, someone, "caps", "", Decision{Stage: 2, Verdict: Go, Reason: "Too early.", Evidence: "Report 7"}, "")
		requireReason(t, err, reasonState)
		require.True(t, decide(Hold).Held)
		after := decide(Go)
		require.Equal(t, 1, after.Passed)
		require.False(t, after.Held)
		_, err = f.Launch(ctx, someone, "caps", "", 0)
		require.ErrorContains(t, err, "Pass the gate of stage 2, Trial, first.")
		_, err = f.Decide(ctx, someone, "caps", "", Decision{Verdict: Go, Reason: "No evidence."}, "")
		require.ErrorContains(t, err, "decision.evidence")

		_, err = f.Try(ctx, someone, "caps", "", 0, Pilot{Where: "Line 2", From: day(t, "2026-11-01")})
		require.NoError(t, err)
		tried, err := f.Try(ctx, someone, "caps", "", 1, Pilot{Where: "Line 2", From: day(t, "2026-11-01"), To: day(t, "2026-11-20"), Result: "0.8% scrap"})
		require.NoError(t, err)
		require.Len(t, tried.State.Pilots, 1)
		require.Equal(t, "0.8% scrap", tried.State.Pilots[0].Result)
		_, err = f.Try(ctx, someone, "caps", "", 2, Pilot{Where: "Line 3", From: day(t, "2026-11-01")})
		require.ErrorContains(t, err, "pilot.number")

		require.Equal(t, 2, decide(Go).Passed)
		_, err = f.Decide(ctx, someone, "caps", "", Decision{Verdict: Go, Reason: "Once more.", Evidence: "x"}, "")
		requireReason(t, err, reasonState)
		_, err = f.Launch(ctx, someone, "caps", "", day(t, "2026-11-21"))
		require.NoError(t, err)
		_, err = f.Gained(ctx, someone, "caps", "", Result{Gain: 1, Actual: "11", Evidence: "Sheet 1"})
		require.NoError(t, err)
		_, err = f.Complete(ctx, someone, "caps", "")
		require.ErrorContains(t, err, "Record what accounts/acme gained: complaints, of which 5 a month were agreed (gain 2).")
		_, err = f.Gained(ctx, someone, "caps", "", Result{Gain: 3, Actual: "11", Evidence: "Sheet 1"})
		require.ErrorContains(t, err, "there is no gain 3")
		_, err = f.Gained(ctx, someone, "caps", "", Result{Gain: 2, Actual: "about 7", Evidence: "Sheet 1"})
		require.ErrorContains(t, err, "result.actual")
		for _, actual := range []string{"9", "7"} {
			_, err = f.Gained(ctx, someone, "caps", "", Result{Gain: 2, Actual: actual, Evidence: "Sheet 2"})
			require.NoError(t, err)
		}
		done, err := f.Complete(ctx, someone, "caps", "")
		require.NoError(t, err)
		require.Equal(t, Completed, done.State.State)
		require.Len(t, done.State.Results, 3, "what was recorded before stays")
		last, known := done.State.Result(2)
		require.True(t, known)
		require.Equal(t, "7", last.Actual)
	})
}

func TestAProjectCanBeStoppedAtAnyTimeWithItsLessons(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		f.agreed(t, "caps", recycling())
		_, err := f.Stop(ctx, someone, "caps", "", "Too dear.", "")
		require.ErrorContains(t, err, "lessons")
		stopped, err := f.Stop(ctx, someone, "caps", "", "Too dear.", "Ask for the price of resin first.")
		require.NoError(t, err)
		require.Equal(t, Stopped, stopped.State.State)
		_, err = f.Start(ctx, someone, "caps", "")
		requireReason(t, err, reasonState)

		f.agreed(t, "gate", recycling())
		_, err = f.Start(ctx, someone, "gate", "")
		require.NoError(t, err)
		_, err = f.Decide(ctx, someone, "gate", "", Decision{Verdict: Stop, Reason: "Scrap of 9%."}, "")
		require.ErrorContains(t, err, "lessons")
		stopped, err = f.Decide(ctx, someone, "gate", "", Decision{Verdict: Stop, Reason: "Scrap of 9%."}, "Dry the resin.")
		require.NoError(t, err)
		require.Equal(t, Stopped, stopped.State.State)
		require.Equal(t, "Scrap of 9%.", stopped.State.StopReason)
		_, err = f.Stop(ctx, someone, "gate", "", "Twice.", "None.")
		requireReason(t, err, reasonState)
		f.completed(t, "done", recycling())
		_, err = f.Stop(ctx, someone, "done", "", "Late.", "None.")
		requireReason(t, err, reasonState)
	})
}

// Two people who pass the same gate, or one who does it twice, pass one gate.
func TestR8AGateIsPassedOnce(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	f.agreed(t, "caps", recycling())
	_, err := f.Start(ctx, someone, "caps", "")
	require.NoError(t, err)
	first := Decision{Stage: 1, Verdict: Go, Reason: "It holds.", Evidence: "Report 7"}
	_, err = f.Decide(ctx, someone, "caps", "", first, "")
	require.NoError(t, err)
	_, err = f.Decide(ctx, someone, "caps", "", first, "")
	requireReason(t, err, reasonState)
	require.ErrorContains(t, err, "is in stage 2, and this is decided at the gate of stage 1")
	got, err := f.Get(ctx, "caps")
	require.NoError(t, err)
	require.Equal(t, 1, got.State.Passed)
	require.Len(t, got.State.Decisions, 1)
	second := first
	second.Stage = 2
	passed, err := f.Decide(ctx, someone, "caps", "", second, "")
	require.NoError(t, err)
	require.Equal(t, []int{1, 2}, []int{passed.State.Decisions[0].Stage, passed.State.Decisions[1].Stage})
}

func TestWhatIsNoProjectIsRefused(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	ctx := t.Context()
	for text, change := range map[string]func(*Definition){
		"innovation_project.title":                        func(d *Definition) { d.Title = "" },
		"innovation_project.accounts":                     func(d *Definition) { d.Accounts = nil },
		"accounts/nobody does not exist":                  func(d *Definition) { d.Accounts = []string{"acme", "nobody"} },
		"innovation_project.lead":                         func(d *Definition) { d.Lead = "" },
		"principals/nobody does not exist":                func(d *Definition) { d.Lead = "nobody" },
		"innovation_project.proposal.what":                func(d *Definition) { d.Proposal.What = "" },
		"innovation_project.proposal.why":                 func(d *Definition) { d.Proposal.Why = "" },
		"innovation_project.proposal.downstream":          func(d *Definition) { d.Proposal.Downstream = "" },
		"innovation_project.agreement.gains.target":       func(d *Definition) { d.Agreement.Gains[0].Target = "more" },
		"innovation_project.agreement.gains.baseline":     func(d *Definition) { d.Agreement.Gains[1].Baseline = "much" },
		"innovation_project.agreement.gains.measure":      func(d *Definition) { d.Agreement.Gains[0].Measure = "" },
		"innovation_project.agreement.gains.unit":         func(d *Definition) { d.Agreement.Gains[0].Unit = "" },
		"innovation_project.agreement.gains.by_date":      func(d *Definition) { d.Agreement.Gains[0].By = 0 },
		"innovation_project.agreement.gains.account":      func(d *Definition) { d.Agreement.Gains[0].Account = "other" },
		"innovation_project.agreement.contributions.acco": func(d *Definition) { d.Agreement.Contributions[0].Account = "other" },
		"innovation_project.agreement.contributions.text": func(d *Definition) { d.Agreement.Contributions[0].Text = "" },
		"innovation_project.stages":                       func(d *Definition) { d.Stages[0].Criteria = nil },
	} {
		d := recycling()
		change(&d)
		_, err := f.Propose(ctx, someone, "p", d, false)
		require.ErrorContains(t, err, text)
	}
	_, err := f.Propose(ctx, someone, "p", recycling(), true)
	require.NoError(t, err)
	_, err = f.Get(ctx, "p")
	require.ErrorIs(t, err, resource.ErrNotFound)

	f.agreed(t, "p", recycling())
	for text, x := range map[string]Signature{
		"is no account of the project":   {Account: "other", By: "accounts/other/contacts/jane"},
		"is no contact of accounts/acme": {Account: "acme", By: "accounts/other/contacts/jane"},
		"is no principal":                {By: "accounts/acme/contacts/jane"},
		"signature.sign_date":            {By: "principals/zoe", Day: day(t, "2026-11-23")},
	} {
		_, err := f.Sign(ctx, someone, "p", "", x)
		require.ErrorContains(t, err, text)
	}
	_, err = f.Start(ctx, someone, "p", "")
	require.NoError(t, err)
	stages := recycling().Stages[:1]
	_, err = f.Update(ctx, someone, "p", "", func(d *Definition) error { d.Stages = stages; return nil })
	requireReason(t, err, reasonState)
	changed, err := f.Update(ctx, someone, "p", "", func(d *Definition) error { d.Title = "Caps"; return nil })
	require.NoError(t, err)
	require.Equal(t, "Caps", changed.State.Title)
	for text, pilot := range map[string]Pilot{
		"pilot.location":   {From: 1},
		"pilot.start_date": {Where: "Line 2"},
		"pilot.end_date":   {Where: "Line 2", From: 2, To: 1},
	} {
		_, err := f.Try(ctx, someone, "p", "", 0, pilot)
		require.ErrorContains(t, err, text)
	}
}

func TestEventsDoNotTellTheCustomersBusiness(t *testing.T) {
	p := Project{Definition: recycling(), Pilots: []Pilot{{Where: "Line 2", Result: "secret"}}}
	p.Proposal.What, p.Agreement.Ownership, p.Agreement.End = "secret", "secret", "secret"
	p.Agreement.Contributions[0].Text = "secret"
	told, err := json.Marshal(Kind.Tell(p))
	require.NoError(t, err)
	require.NotContains(t, string(told), "secret")
	require.Contains(t, string(told), "caps sold")
	require.Equal(t, "secret", p.Pilots[0].Result, "it is kept where it can be erased")
}

func TestProjectsAreListedByEachOfTheirAccounts(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		both := recycling()
		both.Accounts = []string{"zinc", "acme"}
		for _, id := range []string{"b", "a"} {
			_, err := f.Propose(ctx, someone, id, recycling(), false)
			require.NoError(t, err)
		}
		_, err := f.Propose(ctx, someone, "both", both, false)
		require.NoError(t, err)
		ids := func(q Query) (list []string) {
			for {
				page, err := f.List(ctx, q)
				require.NoError(t, err)
				for _, p := range page.Items {
					list = append(list, p.ID)
				}
				if page.Next == nil {
					return list
				}
				q.After = page.Next
			}
		}
		require.Equal(t, []string{"both", "a", "b"}, ids(Query{Size: 2}))
		require.Equal(t, []string{"both", "a", "b"}, ids(Query{Size: 1, Account: "acme"}))
		require.Equal(t, []string{"both"}, ids(Query{Size: 1, Account: "zinc"}))
	})
}

// Whatever is done to a project, in whatever order: it is past its start only with the gain
// of each side stated and agreed, and completed only with a result for each gain.
func TestR8NoOrderOfCallsLeavesAGainOut(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	rapid.Check(t, func(rt *rapid.T) {
		ctx := t.Context()
		d := recycling()
		d.Stages = d.Stages[:1]
		id, err := someone.NewID(nil)
		require.NoError(rt, err)
		_, err = f.Propose(ctx, someone, id, d, false)
		require.NoError(rt, err)
		half, whole := d.Agreement, d.Agreement
		half.Gains = half.Gains[:1]
		steps := map[string]func() (resource.Stored[Project], error){
			"half": func() (resource.Stored[Project], error) {
				return f.Update(ctx, someone, id, "", func(d *Definition) error { d.Agreement = half; return nil })
			},
			"whole": func() (resource.Stored[Project], error) {
				return f.Update(ctx, someone, id, "", func(d *Definition) error { d.Agreement = whole; return nil })
			},
			"we sign": func() (resource.Stored[Project], error) {
				return f.Sign(ctx, someone, id, "", Signature{By: "principals/zoe"})
			},
			"they sign": func() (resource.Stored[Project], error) {
				return f.Sign(ctx, someone, id, "", Signature{Account: "acme", By: "accounts/acme/contacts/jane"})
			},
			"start": func() (resource.Stored[Project], error) { return f.Start(ctx, someone, id, "") },
			"go": func() (resource.Stored[Project], error) {
				return f.Decide(ctx, someone, id, "", Decision{Verdict: Go, Reason: "r", Evidence: "e"}, "")
			},
			"launch": func() (resource.Stored[Project], error) { return f.Launch(ctx, someone, id, "", 0) },
			"ours": func() (resource.Stored[Project], error) {
				return f.Gained(ctx, someone, id, "", Result{Gain: 1, Actual: "1", Evidence: "e"})
			},
			"theirs": func() (resource.Stored[Project], error) {
				return f.Gained(ctx, someone, id, "", Result{Gain: 2, Actual: "1", Evidence: "e"})
			},
			"complete": func() (resource.Stored[Project], error) { return f.Complete(ctx, someone, id, "") },
		}
		names := []string{"we sign", "they sign", "start", "go", "launch", "ours", "theirs", "complete", "half", "whole"}
		if rapid.Bool().Draw(rt, "in order") { // most other orders end early
			for _, name := range names[:rapid.IntRange(0, 8).Draw(rt, "until")] {
				_, err := steps[name]()
				require.NoError(rt, err, name)
			}
		}
		for range rapid.IntRange(0, 10).Draw(rt, "steps") {
			_, _ = steps[rapid.SampledFrom(names).Draw(rt, "step")]()
		}
		p, err := f.Get(ctx, id)
		require.NoError(rt, err)
		switch p.State.State {
		case Completed:
			for i := range p.State.Agreement.Gains {
				_, known := p.State.Result(i + 1)
				require.True(rt, known)
			}
			fallthrough
		case UnderWay, Launched:
			require.Empty(rt, p.State.lacks())
			require.Empty(rt, p.State.unsigned())
		}
	})
}
