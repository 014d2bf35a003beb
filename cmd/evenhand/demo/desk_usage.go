package demo

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// declareBands declares what the company calls a small, a middling and a large customer;
// the bands of tenure are left as quartiles.
func (d *desk) declareBands(ctx context.Context) error {
	_, err := entitlementsv1.NewBandsServiceClient(d.of[author.id]).UpdateBandScale(ctx, &entitlementsv1.UpdateBandScaleRequest{
		BandScale: &entitlementsv1.BandScale{Name: "bandScales/spend", Bands: []*entitlementsv1.Band{
			{Id: "small"},
			{Id: "middling", LowerBound: &entitlementsv1.Band_AtLeastAmount{AtLeastAmount: dollars(6_000_00)}},
			{Id: "large", LowerBound: &entitlementsv1.Band_AtLeastAmount{AtLeastAmount: dollars(25_000_00)}},
		}},
		RequestId: once("bands"),
	})
	return err
}

// uses are what partners use of their hours and shipments; the second reaches what it may
// use, so that there are notices.
var uses = []struct {
	customer, benefit string
	units             int64
	origin            entitlementsv1.UsageOrigin
	note              string
}{
	{"Windrow Power", "expert-hours", 3, entitlementsv1.UsageOrigin_USAGE_ORIGIN_ASKED_FOR, "Uncertainty budget of the torque bench"},
	{"St. Brannock Hospital", "expert-hours", 6, entitlementsv1.UsageOrigin_USAGE_ORIGIN_OFFERED, "Training of two engineers"},
	{"St. Brannock Hospital", "expert-hours", 3, entitlementsv1.UsageOrigin_USAGE_ORIGIN_ASKED_FOR, "Audit of the infusion pumps"},
	{"Bannerman Bridges", "expert-hours", 10, entitlementsv1.UsageOrigin_USAGE_ORIGIN_ASKED_FOR, "Strain gauges on the new span"},
	{"Harbour & Sons", "free-shipping", 1, entitlementsv1.UsageOrigin_USAGE_ORIGIN_AUTOMATIC, ""},
	{"Windrow Power", "free-shipping", 1, entitlementsv1.UsageOrigin_USAGE_ORIGIN_AUTOMATIC, ""},
	{"Copperfield Hydro", "anniversary-calibration", 1, entitlementsv1.UsageOrigin_USAGE_ORIGIN_OFFERED, "Offered on the anniversary"},
}

// reserved is for how long a reservation of the demo lasts.
const reserved = 5 * 24 * time.Hour

// use uses benefits, gives an hour back, and sets some aside.
func (d *desk) use(ctx context.Context) error {
	client := entitlementsv1.NewUsageServiceClient(d.of[agent.id])
	var entries []string
	for i, u := range uses {
		name := "accounts/" + Slug(u.customer) + "/balances/" + u.benefit
		used, err := client.ConsumeBenefit(ctx, &entitlementsv1.ConsumeBenefitRequest{
			Name: name, Units: u.units, Origin: u.origin, Note: u.note, RequestId: once("use", strconv.Itoa(i))})
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		entries = append(entries, used.GetEntry().GetName())
	}
	_, err := client.ReleaseUsage(ctx, &entitlementsv1.ReleaseUsageRequest{
		Name: entries[0], Units: 1, Reason: "Two hours were enough.", RequestId: once("release")})
	if err != nil {
		return fmt.Errorf("release %s: %w", entries[0], err)
	}
	_, err = client.ReserveBenefit(ctx, &entitlementsv1.ReserveBenefitRequest{
		Name: "accounts/windrow-power/balances/expert-hours", Units: 4, Origin: entitlementsv1.UsageOrigin_USAGE_ORIGIN_ASKED_FOR,
		Note: "Workshop next week, to be confirmed", Duration: durationpb.New(reserved), RequestId: once("reserve")})
	if err != nil {
		return fmt.Errorf("reserve: %w", err)
	}
	return nil
}
