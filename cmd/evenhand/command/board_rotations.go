package command

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// BoardRotations is `evenhand board rotations`.
type BoardRotations struct {
	List       RotationsList       `cmd:"" help:"List a board's rotations."`
	Get        RotationsGet        `cmd:"" help:"Show a rotation, with everybody who was invited."`
	LayOut     RotationsLayOut     `cmd:"" help:"Plan the rotations years ahead, as the charter has them."`
	Vacancy    RotationsVacancy    `cmd:"" help:"Plan a rotation that fills vacant seats, for what is left of their terms."`
	Move       RotationsMove       `cmd:"" help:"Move a rotation to another day, or see what that would break."`
	Skip       RotationsSkip       `cmd:"" help:"Leave a rotation out, or see what that would break."`
	Open       RotationsOpen       `cmd:"" help:"Begin to prepare a rotation, or take back the pool of a frozen one."`
	Preview    RotationsPreview    `cmd:"" help:"What a rotation would come to now, by its charter or by other rules; nothing is written."`
	Freeze     RotationsFreeze     `cmd:"" help:"Take the pool."`
	Pool       RotationsPool       `cmd:"" help:"List who is in the pool, and who is not for which reasons."`
	Solve      RotationsSolve      `cmd:"" help:"Find the fairest lottery, with progress; commit does the same without."`
	Commit     RotationsCommit     `cmd:"" help:"Publish the record of the draw, before the seed exists."`
	Reveal     RotationsReveal     `cmd:"" help:"Reveal your part of the seed."`
	Draw       RotationsDraw       `cmd:"" help:"Draw the panel and the order of the alternates."`
	Record     RotationsRecord     `cmd:"" help:"Print the public record of the draw, which panel verify replays."`
	Pseudonyms RotationsPseudonyms `cmd:"" help:"List which account is which pseudonym of the record."`
	Invite     RotationsInvite     `cmd:"" help:"Invite those who were drawn."`
	Answer     RotationsAnswer     `cmd:"" help:"Record that an invited account accepts its seat, or declines."`
	Deliveries RotationsDeliveries `cmd:"" help:"List what was written to those who were invited, and whether it was sent."`
	Close      RotationsClose      `cmd:"" help:"Close a rotation whose invitations are all answered or lapsed."`
	Cancel     RotationsCancel     `cmd:"" help:"Call a rotation off before its draw is committed."`
}

// RotationArg are the arguments that name a rotation.
type RotationArg struct {
	BoardArg
	Rotation string `arg:"" placeholder:"ROTATION" help:"The rotation's id, as 2027-03-09."`
}

// name is the rotation's resource name.
func (r RotationArg) name() string {
	return r.BoardArg.name() + "/rotations/" + r.Rotation[strings.LastIndexByte(r.Rotation, '/')+1:]
}

// RotationStep is what the commands have that take a rotation one step on.
type RotationStep struct {
	RotationArg
	Etag string `help:"Do it only if the rotation is still at this etag."`
	Output
	Connection
}

// take takes the step, and prints the rotation.
func (c *RotationStep) take(env *Env, step func(context.Context, boardv1.RotationsServiceClient) (*boardv1.Rotation, error)) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		rotation, err := step(ctx, boardv1.NewRotationsServiceClient(s))
		return c.printRotation(env, rotation, err)
	})
}

func (o Output) printRotation(env *Env, r *boardv1.Rotation, err error) error {
	if err != nil {
		return err
	}
	draw := r.GetDraw()
	pairs := []pair{
		{"Rotation", r.GetName()},
		{"State", showEnum(r.GetState(), "STATE_")},
		{"Kind", showEnum(r.GetKind(), "KIND_")},
		{"Date", showDay(r.GetDate())},
		{"Planned for", showDay(r.GetPlannedDate())},
		{"Reason", r.GetReason()},
		{"Charter", r.GetCharter()},
	}
	if r.GetPool() != nil {
		pairs = append(pairs, pair{"Seats", strconv.Itoa(int(r.GetSeats()))},
			pair{"Nominated seats", strconv.Itoa(int(r.GetNominatedSeats()))},
			pair{"Pool", fmt.Sprintf("%d candidates, %d left out", r.GetPool().GetEligible(), r.GetPool().GetIneligible())})
	}
	if draw != nil {
		pairs = append(pairs, pair{"Record", draw.GetRecordHash()}, pair{"Committed", showTime(draw.GetCommitTime())},
			pair{"Seed from", showSeedPlan(draw.GetSeedPlan())}, pair{"Lowest chance", showShare(draw.GetLowestProbability())},
			pair{"On no panel", showUnreachable(int(draw.GetUnreachable()))},
			pair{"Drawn", showTime(draw.GetDrawTime())}, pair{"Seed", draw.GetSeed()})
	}
	if draw.GetDrawTime() != nil {
		round := draw.GetSeedPlan().GetRound()
		pairs = append(pairs, roundPairs(round.GetSource(), round.GetNumber(), draw.GetRoundValue())...)
		pairs = append(pairs, pair{"Panel", strconv.Itoa(int(draw.GetPanel()))})
	}
	for _, i := range r.GetInvitations() {
		pairs = append(pairs, pair{"Invited", showInvitation(i)})
	}
	if r.GetState() == boardv1.Rotation_STATE_CLOSED {
		pairs = append(pairs, pair{"Vacant seats", strconv.Itoa(int(r.GetShortfall()))})
	}
	return o.printOne(env.Stdout, r, append(pairs, pair{"Etag", r.GetEtag()}))
}

func showInvitation(i *boardv1.Invitation) string {
	text := fmt.Sprintf("%s (%s), %s: %s", i.GetAccountDisplayName(), i.GetAccount(), showEnum(i.GetOrigin(), "ORIGIN_"), showEnum(i.GetState(), "STATE_"))
	if i.GetSeat() != "" {
		text += ", seat " + i.GetSeat()[strings.LastIndexByte(i.GetSeat(), '/')+1:]
	}
	return text
}

func showSeedPlan(p *boardv1.SeedPlan) string {
	var from []string
	for _, h := range p.GetHolders() {
		state := "not revealed"
		if h.GetRevealed() {
			state = "revealed"
		}
		from = append(from, h.GetPrincipal()+" ("+state+")")
	}
	if round := p.GetRound(); round != nil {
		from = append(from, fmt.Sprintf("round %s of %s (known from %s on)", round.GetNumber(), round.GetSource(), showTime(round.GetKnownTime())))
	}
	return strings.Join(from, ", ")
}

// roundPairs say with which value of public randomness was drawn. Whoever draws types it in,
// and no replay can tell whether it is what the source published: people have to look.
func roundPairs(source, number, value string) []pair {
	round := fmt.Sprintf("%s of %s", number, source)
	if value == "" {
		return []pair{{"Round", round + ", not needed: all secrets were revealed"}}
	}
	return []pair{{"Round", round}, {"Round value", value}, {"To check", fmt.Sprintf("compare this value with what %s published for that round", source)}}
}

// showShare writes a probability with as many digits as people read: 2.11 %.
func showShare(p float64) string { return strconv.FormatFloat(100*p, 'f', 2, 64) + " %" }

// RotationsList is `evenhand board rotations list`.
type RotationsList struct {
	BoardArg
	Filter string `placeholder:"FILTER" help:"AIP-160 filter over state, kind."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Run asks and prints.
func (c *RotationsList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewRotationsServiceClient(s)
		l := c.newRotations(env)
		return eachPage(l, c.Limit, func(size int32, token string) (page[*boardv1.Rotation], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListRotations(ctx, &boardv1.ListRotationsRequest{
				Parent: c.name(), PageSize: size, PageToken: token, Filter: c.Filter,
			})
			return page[*boardv1.Rotation]{answer.GetRotations(), answer.GetNextPageToken()}, err
		}, func(r *boardv1.Rotation) error { return addRotation(l, r) })
	})
}

func (o Output) newRotations(env *Env) *list {
	return o.newList(env.Stdout, "rotations", "Rotation", "Date", "State", "Kind", "Seats", "Charter", "Reason")
}

func addRotation(l *list, r *boardv1.Rotation) error {
	seats := ""
	if r.GetPool() != nil {
		seats = strconv.Itoa(int(r.GetSeats()))
	}
	return l.add(r, r.GetName(), showDay(r.GetDate()), showEnum(r.GetState(), "STATE_"), showEnum(r.GetKind(), "KIND_"),
		seats, r.GetCharter(), r.GetReason())
}

// RotationsGet is `evenhand board rotations get`.
type RotationsGet struct {
	RotationArg
	Output
	Connection
}

// Run asks and prints.
func (c *RotationsGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		ctx, cancel := s.call(env)
		defer cancel()
		rotation, err := boardv1.NewRotationsServiceClient(s).GetRotation(ctx, &boardv1.GetRotationRequest{Name: c.name()})
		return c.printRotation(env, rotation, err)
	})
}

// RotationsOpen is `evenhand board rotations open`.
type RotationsOpen struct{ RotationStep }

// Run opens it.
func (c *RotationsOpen) Run(env *Env) error {
	return c.take(env, func(ctx context.Context, to boardv1.RotationsServiceClient) (*boardv1.Rotation, error) {
		return to.OpenRotation(ctx, &boardv1.OpenRotationRequest{Name: c.name(), Etag: c.Etag, RequestId: newRequestID()})
	})
}

// RotationsFreeze is `evenhand board rotations freeze`.
type RotationsFreeze struct {
	RotationStep
	Nominee []string `placeholder:"ACCOUNT,..." help:"Accounts named for the seats that the charter reserves for nomination."`
}

// Run freezes it.
func (c *RotationsFreeze) Run(env *Env) error {
	return c.take(env, func(ctx context.Context, to boardv1.RotationsServiceClient) (*boardv1.Rotation, error) {
		return to.FreezeRotation(ctx, &boardv1.FreezeRotationRequest{
			Name: c.name(), Nominees: accountNames(c.Nominee), Etag: c.Etag, RequestId: newRequestID(),
		})
	})
}

// accountNames makes resource names of accounts' ids.
func accountNames(args []string) []string {
	names := notEmpty(args)
	for i, arg := range names {
		names[i] = "accounts/" + strings.TrimPrefix(arg, "accounts/")
	}
	return names
}

// RotationsInvite is `evenhand board rotations invite`.
type RotationsInvite struct{ RotationStep }

// Run invites.
func (c *RotationsInvite) Run(env *Env) error {
	return c.take(env, func(ctx context.Context, to boardv1.RotationsServiceClient) (*boardv1.Rotation, error) {
		return to.InviteRotation(ctx, &boardv1.InviteRotationRequest{Name: c.name(), Etag: c.Etag, RequestId: newRequestID()})
	})
}

// RotationsClose is `evenhand board rotations close`.
type RotationsClose struct{ RotationStep }

// Run closes it.
func (c *RotationsClose) Run(env *Env) error {
	return c.take(env, func(ctx context.Context, to boardv1.RotationsServiceClient) (*boardv1.Rotation, error) {
		return to.CloseRotation(ctx, &boardv1.CloseRotationRequest{Name: c.name(), Etag: c.Etag, RequestId: newRequestID()})
	})
}

// RotationsCancel is `evenhand board rotations cancel`.
type RotationsCancel struct {
	RotationStep
	Reason string `required:"" placeholder:"TEXT" help:"Why, for the record."`
}

// Run cancels it.
func (c *RotationsCancel) Run(env *Env) error {
	return c.take(env, func(ctx context.Context, to boardv1.RotationsServiceClient) (*boardv1.Rotation, error) {
		return to.CancelRotation(ctx, &boardv1.CancelRotationRequest{Name: c.name(), Reason: c.Reason, Etag: c.Etag, RequestId: newRequestID()})
	})
}

// RotationsAnswer is `evenhand board rotations answer`.
type RotationsAnswer struct {
	RotationArg
	Account string `arg:"" help:"The account that answers."`
	Answer  string `arg:"" enum:"accept,decline" help:"accept or decline."`
	Contact string `placeholder:"CONTACT" help:"Who will come: the contact's id, or its name; the person invited, where it is not given."`
	Note    string `placeholder:"TEXT" help:"What was said."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*RotationsAnswer) Help() string {
	return `Where an account declines, the next alternate is invited.

Example:

  evenhand board rotations answer advisory 2027-03-09 harbour-sons accept`
}

// Run records the answer.
func (c *RotationsAnswer) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		account, err := accountName(env, s, c.Account)
		if err != nil {
			return err
		}
		ctx, cancel := s.call(env)
		defer cancel()
		rotation, err := boardv1.NewRotationsServiceClient(s).AnswerSeatInvitation(ctx, &boardv1.AnswerSeatInvitationRequest{
			Name: c.name(), Account: account, Accept: c.Answer == "accept", Contact: Consenting{Contact: c.Contact}.consent(account).GetContact(),
			Note: c.Note, RequestId: newRequestID(),
		})
		return c.printRotation(env, rotation, err)
	})
}

// RotationsDeliveries is `evenhand board rotations deliveries`.
type RotationsDeliveries struct {
	RotationArg
	Output
	Connection
}

// Run asks and prints.
func (c *RotationsDeliveries) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := boardv1.NewRotationsServiceClient(s)
		l := c.newList(env.Stdout, "deliveries", "Contact", "Kind", "State", "Subject", "Made", "Trouble")
		return eachPage(l, 0, func(size int32, token string) (page[*boardv1.Delivery], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListDeliveries(ctx, &boardv1.ListDeliveriesRequest{Parent: c.name(), PageSize: size, PageToken: token})
			return page[*boardv1.Delivery]{answer.GetDeliveries(), answer.GetNextPageToken()}, err
		}, func(d *boardv1.Delivery) error {
			return l.add(d, d.GetContact(), d.GetKind(), showEnum(d.GetState(), "STATE_"), d.GetSubject(), showTime(d.GetCreateTime()), d.GetTrouble())
		})
	})
}
