package command

import (
	"strings"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	"github.com/evenhand/evenhand/services/board/panel/record"
)

// SeedPlan is the flags that say where the seed of a draw will come from.
type SeedPlan struct {
	RoundSource string            `placeholder:"SOURCE" help:"A public source of randomness, as \"drand quicknet\"."`
	RoundNumber string            `placeholder:"ROUND" help:"Which of its values, one that does not exist yet."`
	RoundTime   *time.Time        `format:"2006-01-02T15:04:05Z07:00" placeholder:"INSTANT" help:"From when its value is known, as the source says: after the commitment, and after --reveal-by."`
	Holder      map[string]string `mapsep:"none" placeholder:"PRINCIPAL=HASH" help:"Somebody who holds a part of the seed, and the SHA-256 of their secret (see panel draw --help); at least two. May be repeated."`
	RevealBy    *time.Time        `format:"2006-01-02T15:04:05Z07:00" placeholder:"INSTANT" help:"Until when they reveal; what is not revealed is replaced by the value of the round."`
}

func (c *SeedPlan) plan() *boardv1.SeedPlan {
	plan := &boardv1.SeedPlan{}
	if c.RoundSource != "" || c.RoundNumber != "" || c.RoundTime != nil {
		plan.Round = &boardv1.PublicRound{Source: c.RoundSource, Number: c.RoundNumber}
	}
	if c.RoundTime != nil {
		plan.Round.KnownTime = timestamppb.New(*c.RoundTime)
	}
	for _, holder := range sortedKeys(c.Holder) {
		plan.Holders = append(plan.Holders, &boardv1.SeedHolder{Principal: principalName(holder), Commitment: strings.ToLower(c.Holder[holder])})
	}
	if c.RevealBy != nil {
		plan.RevealDeadline = timestamppb.New(*c.RevealBy)
	}
	return plan
}

// readSecret returns a secret that a seed can be made of; - reads it from standard input.
func readSecret(env *Env, secret string) (string, error) {
	if secret == "-" {
		text, err := readAll(env, "-")
		if err != nil {
			return "", err
		}
		secret = strings.TrimRight(string(text), "\r\n")
	}
	if err := record.CheckSecret(secret); err != nil {
		return "", &usageError{"no seed can be made of this secret: " + err.Error()}
	}
	return secret, nil
}
