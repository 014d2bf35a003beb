package command

import (
	"fmt"
	"strings"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// IdeasMerge is `evenhand board ideas merge`.
type IdeasMerge struct {
	IdeaArg
	Into string `arg:"" placeholder:"INTO" help:"The idea to merge it into."`
	Etag string `help:"Merge it only if it is still at this etag."`
	Output
	Connection
}

// Run merges and prints it.
func (c *IdeasMerge) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		i, err := boardv1.NewIdeasServiceClient(s).MergeIdea(ctx, &boardv1.MergeIdeaRequest{
			Name: c.name(), Into: ideaName(c.Into), Etag: c.Etag, RequestId: newRequestID()})
		return c.printIdea(env, i, err)
	})
}

// IdeasUnmerge is `evenhand board ideas unmerge`.
type IdeasUnmerge struct {
	IdeaArg
	Etag string `help:"Take it out only if it is still at this etag."`
	Output
	Connection
}

// Run takes it out and prints it.
func (c *IdeasUnmerge) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		i, err := boardv1.NewIdeasServiceClient(s).UnmergeIdea(ctx, &boardv1.UnmergeIdeaRequest{
			Name: c.name(), Etag: c.Etag, RequestId: newRequestID()})
		return c.printIdea(env, i, err)
	})
}

// Outcome is what was decided, on the command line, as already-there.
type Outcome boardv1.Disposition_Outcome

// UnmarshalText implements encoding.TextUnmarshaler.
func (o *Outcome) UnmarshalText(text []byte) error {
	value := boardv1.Disposition_Outcome_value["OUTCOME_"+strings.ToUpper(strings.ReplaceAll(string(text), "-", "_"))]
	if value == 0 {
		return fmt.Errorf("%q is no outcome: it is adopt, trial, decline or already-there", text)
	}
	*o = Outcome(value)
	return nil
}

// DispositionFlags are an answer to an idea.
type DispositionFlags struct {
	Outcome Outcome `arg:"" placeholder:"OUTCOME" help:"adopt, trial, decline or already-there."`
	Reason  string  `required:"" placeholder:"TEXT" help:"Why, for those who gave the idea."`
	Owner   string  `placeholder:"PRINCIPAL" help:"Who sees to it; needed for adopt and trial."`
	Due     Day     `placeholder:"DATE" help:"By when; needed for adopt and trial."`
}

func (f *DispositionFlags) disposition() *boardv1.Disposition {
	return &boardv1.Disposition{Outcome: boardv1.Disposition_Outcome(f.Outcome), Reason: f.Reason, Owner: principalName(f.Owner), DueDate: f.Due.Date}
}

// IdeasDecide is `evenhand board ideas decide`.
type IdeasDecide struct {
	IdeaArg
	DispositionFlags
	Etag string `help:"Decide it only if it is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*IdeasDecide) Help() string {
	return `Whoever gave the idea is told, and whoever gave what was merged into it.

Examples:

  evenhand board ideas decide 06ec616m000019f2kv66777lg4 decline --reason "It would cost more than it saves."
  evenhand board ideas decide 06ec616m000019f2kv66777lg4 adopt --reason "It pays." --owner sam --due 2026-06-30`
}

// Run decides and prints it.
func (c *IdeasDecide) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		i, err := boardv1.NewIdeasServiceClient(s).DecideIdea(ctx, &boardv1.DecideIdeaRequest{
			Name: c.name(), Disposition: c.disposition(), Etag: c.Etag, RequestId: newRequestID()})
		return c.printIdea(env, i, err)
	})
}

// IdeasRevise is `evenhand board ideas revise`.
type IdeasRevise struct {
	IdeaArg
	DispositionFlags
	Because string `required:"" placeholder:"TEXT" help:"Why the answer is another now."`
	Etag    string `help:"Revise it only if it is still at this etag."`
	Output
	Connection
}

// Run revises and prints it.
func (c *IdeasRevise) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		i, err := boardv1.NewIdeasServiceClient(s).ReviseDisposition(ctx, &boardv1.ReviseDispositionRequest{
			Name: c.name(), Disposition: c.disposition(), RevisionReason: c.Because, Etag: c.Etag, RequestId: newRequestID()})
		return c.printIdea(env, i, err)
	})
}

// IdeasFollowUp is `evenhand board ideas follow-up`.
type IdeasFollowUp struct {
	IdeaArg
	Note     string `arg:"" help:"What was done."`
	Evidence string `placeholder:"TEXT" help:"What shows it: a link, a release, a document."`
	Done     bool   `help:"With this it is done; evidence is then needed."`
	Etag     string `help:"Record it only if the idea is still at this etag."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*IdeasFollowUp) Help() string {
	return `Example:

  evenhand board ideas follow-up 06ec616m000019f2kv66777lg4 "Contract signed." --evidence https://example.com/contract --done`
}

// Run records and prints it.
func (c *IdeasFollowUp) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		i, err := boardv1.NewIdeasServiceClient(s).RecordFollowUp(ctx, &boardv1.RecordFollowUpRequest{
			Name: c.name(), Note: c.Note, Evidence: c.Evidence, Done: c.Done, Etag: c.Etag, RequestId: newRequestID()})
		return c.printIdea(env, i, err)
	})
}
