package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/panel"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// RotationsSolve is `evenhand board rotations solve`.
type RotationsSolve struct {
	RotationArg
	TimeLimit time.Duration `placeholder:"DURATION" help:"How long to look; as long as it takes, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RotationsSolve) Help() string {
	return `Finds the fairest lottery over a frozen pool, with a progress bar, and keeps it for commit, which otherwise finds it itself. For large boards.`
}

// Run solves, and prints what was found.
func (c *RotationsSolve) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := context.WithCancel(env.Context) // as long as it takes
		defer cancel()
		stream, err := boardv1.NewRotationsServiceClient(s).SolveRotation(ctx, &boardv1.SolveRotationRequest{
			Name: c.name(), TimeLimit: optionalDuration(c.TimeLimit),
		})
		if err != nil {
			return err
		}
		result, err := followSolve(env, stream)
		if err != nil {
			return err
		}
		return c.printOne(env.Stdout, result, []pair{
			{"Lowest chance", showShare(result.GetLowestProbability())},
			{"Proven", yesNo(result.GetProven())},
			{"Gap", showShare(result.GetGap())},
			{"Unreachable", showCount(int64(result.GetUnreachable()))},
		})
	})
}

func optionalDuration(d time.Duration) *durationpb.Duration {
	if d == 0 {
		return nil
	}
	return durationpb.New(d)
}

// followSolve shows how far a solve is, until its result.
func followSolve(env *Env, stream boardv1.RotationsService_SolveRotationClient) (*boardv1.SolveResult, error) {
	progress := newSolveProgress(env)
	defer progress.end()
	for {
		answer, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the server ended the solve without a result")
		}
		if err != nil {
			return nil, err
		}
		if result := answer.GetResult(); result != nil {
			return result, nil
		}
		now := answer.GetProgress()
		progress.tell(panel.Progress{
			Stage: now.GetStage(), Done: int(now.GetDone()), Of: int(now.GetOf()), Panels: int(now.GetPanels()), Gap: now.GetGap(),
		})
	}
}

// RotationsCommit is `evenhand board rotations commit`.
type RotationsCommit struct {
	RotationStep
	SeedPlan
	Panels    int32         `placeholder:"N" help:"How many panels are drawn from; 1,000 where it is not given."`
	TimeLimit time.Duration `placeholder:"DURATION" help:"How long to look for the fairest lottery, where solve has not found it."`
}

// Help implements kong.HelpProvider.
func (*RotationsCommit) Help() string {
	return `The record with its hash is public from then on, and there is no other. The seed has to be a value that nobody controls: a round of public randomness that is still to come, or the secrets of two people, with such a round in place of what is not revealed in time.

Examples:

  evenhand board rotations commit advisory 2027-03-09 --round-source "drand quicknet" --round-number ROUND --round-time INSTANT
  evenhand board rotations commit advisory 2027-03-09 --holder sam=6b86b2… --holder ines=d4735e… --reveal-by INSTANT --round-source "drand quicknet" --round-number ROUND --round-time INSTANT`
}

// Run commits.
func (c *RotationsCommit) Run(env *Env) error {
	return c.take(env, func(ctx context.Context, to boardv1.RotationsServiceClient) (*boardv1.Rotation, error) {
		return to.CommitRotation(ctx, &boardv1.CommitRotationRequest{
			Name: c.name(), SeedPlan: c.plan(), Panels: c.Panels, TimeLimit: optionalDuration(c.TimeLimit), Etag: c.Etag, RequestId: newRequestID(),
		})
	})
}

// RotationsReveal is `evenhand board rotations reveal`.
type RotationsReveal struct {
	RotationArg
	Secret string `arg:"" help:"Your secret; - reads it from standard input."`
	Hash   bool   `help:"Only print the hash to be named in the commitment; no server is asked."`
	Output
	Connection
}

// Run reveals.
func (c *RotationsReveal) Run(env *Env) error {
	secret, err := readSecret(env, c.Secret)
	if err != nil {
		return err
	}
	if c.Hash {
		_, err := fmt.Fprintln(env.Stdout, record.Commitment(secret))
		return err
	}
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		rotation, err := boardv1.NewRotationsServiceClient(s).RevealSeed(ctx, &boardv1.RevealSeedRequest{
			Name: c.name(), Secret: secret, RequestId: newRequestID(),
		})
		return c.printRotation(env, rotation, err)
	})
}

// RotationsDraw is `evenhand board rotations draw`.
type RotationsDraw struct {
	RotationStep
	RoundValue string `placeholder:"VALUE" help:"The value of the named round, in lower-case hexadecimal or decimal digits; only where the seed needs it."`
}

// Run draws.
func (c *RotationsDraw) Run(env *Env) error {
	return c.take(env, func(ctx context.Context, to boardv1.RotationsServiceClient) (*boardv1.Rotation, error) {
		return to.DrawRotation(ctx, &boardv1.DrawRotationRequest{Name: c.name(), RoundValue: c.RoundValue, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// RotationsRecord is `evenhand board rotations record`.
type RotationsRecord struct {
	RotationArg
	Connection
}

// Help implements kong.HelpProvider.
func (*RotationsRecord) Help() string {
	return `Prints the record byte for byte. Anyone replays it, without a server:

  evenhand board rotations record advisory 2027-03-09 > record.json
  evenhand panel verify record.json`
}

// Run asks and prints.
func (c *RotationsRecord) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		draw, err := boardv1.NewRotationsServiceClient(s).GetDraw(ctx, &boardv1.GetDrawRequest{Name: c.name() + "/draw"})
		if err != nil {
			return err
		}
		_, err = io.WriteString(env.Stdout, draw.GetRecord())
		return err
	})
}

// RotationsPseudonyms is `evenhand board rotations pseudonyms`.
type RotationsPseudonyms struct {
	RotationArg
	Account string `placeholder:"ACCOUNT" help:"Only that of this account, to tell it."`
	Output
	Connection
}

// Run asks and prints.
func (c *RotationsPseudonyms) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		only := ""
		if c.Account != "" {
			account, err := accountName(env, s, c.Account)
			if err != nil {
				return err
			}
			only = "account = " + strconv.Quote(account)
		}
		client := boardv1.NewRotationsServiceClient(s)
		l := c.newList(env.Stdout, "pseudonyms", "Account", "Pseudonym", "Salt")
		return eachPage(l, 0, func(size int32, token string) (page[*boardv1.Pseudonym], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListPseudonyms(ctx, &boardv1.ListPseudonymsRequest{
				Parent: c.name() + "/draw", Filter: only, PageSize: size, PageToken: token,
			})
			return page[*boardv1.Pseudonym]{answer.GetPseudonyms(), answer.GetNextPageToken()}, err
		}, func(p *boardv1.Pseudonym) error { return l.add(p, p.GetAccount(), p.GetPseudonym(), p.GetSalt()) })
	})
}
