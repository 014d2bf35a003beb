package command

import (
	"context"
	"strings"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// usageResource is the name of a resource of an account: as it is, or made of ACCOUNT/ID.
func usageResource(arg, collection string) (account, name string, err error) {
	arg = strings.TrimPrefix(arg, "accounts/")
	account, id, ok := strings.Cut(strings.Replace(arg, "/"+collection+"/", "/", 1), "/")
	if !ok || strings.Contains(id, "/") {
		return "", "", &usageError{arg + " does not name one: write accounts/ACCOUNT/" + collection + "/ID, or ACCOUNT/ID"}
	}
	return "accounts/" + account, "accounts/" + account + "/" + collection + "/" + id, nil
}

// ReservationArg is the RESERVATION argument.
type ReservationArg struct {
	Reservation string `arg:"" help:"The reservation, as accounts/ACCOUNT/reservations/ID or ACCOUNT/ID."`
}

// UsageCommit is `evenhand usage commit`.
type UsageCommit struct {
	ReservationArg
	Units int64 `arg:"" optional:"" help:"How many of its units are used; all, where it is not given. The others come back."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*UsageCommit) Help() string {
	return `Example:

  evenhand usage commit 00001/2vq8e1k7r0s4t6u9 1`
}

// Run commits and prints.
func (c *UsageCommit) Run(env *Env) error {
	account, name, err := usageResource(c.Reservation, "reservations")
	if err != nil {
		return err
	}
	return usageCall(env, &c.Connection, c.Output, account, func(ctx context.Context, client entitlementsv1.UsageServiceClient, _ string) (usageAnswer, error) {
		return client.CommitReservation(ctx, &entitlementsv1.CommitReservationRequest{Name: name, Units: c.Units, RequestId: newRequestID()})
	})
}

// UsageCancel is `evenhand usage cancel`.
type UsageCancel struct {
	ReservationArg
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*UsageCancel) Help() string {
	return `Example:

  evenhand usage cancel 00001/2vq8e1k7r0s4t6u9`
}

// Run cancels and prints.
func (c *UsageCancel) Run(env *Env) error {
	account, name, err := usageResource(c.Reservation, "reservations")
	if err != nil {
		return err
	}
	return usageCall(env, &c.Connection, c.Output, account, func(ctx context.Context, client entitlementsv1.UsageServiceClient, _ string) (usageAnswer, error) {
		return client.CancelReservation(ctx, &entitlementsv1.CancelReservationRequest{Name: name, RequestId: newRequestID()})
	})
}

// UsageRelease is `evenhand usage release`.
type UsageRelease struct {
	Entry  string `arg:"" help:"The entry of the use, as accounts/ACCOUNT/usageEntries/ID or ACCOUNT/ID."`
	Units  int64  `arg:"" optional:"" help:"How many units come back; all that did not yet, where it is not given."`
	Reason string `required:"" help:"Why."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*UsageRelease) Help() string {
	return `Gives back units of a use by an entry against it. They come back in the period in which they were used.

Example:

  evenhand usage release 00001/7n3c5a9d1f2h4j6k 1 --reason "The workshop ended early."`
}

// Run releases and prints.
func (c *UsageRelease) Run(env *Env) error {
	account, name, err := usageResource(c.Entry, "usageEntries")
	if err != nil {
		return err
	}
	return usageCall(env, &c.Connection, c.Output, account, func(ctx context.Context, client entitlementsv1.UsageServiceClient, _ string) (usageAnswer, error) {
		return client.ReleaseUsage(ctx, &entitlementsv1.ReleaseUsageRequest{Name: name, Units: c.Units, Reason: c.Reason, RequestId: newRequestID()})
	})
}
