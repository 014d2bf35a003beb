package rpc

import (
	"context"
	"fmt"
	"strings"

	"google.golang.org/genproto/googleapis/type/date"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/fieldmask"
	"github.com/evenhand/evenhand/internal/platform/paging"
	"github.com/evenhand/evenhand/internal/platform/wire"
	"github.com/evenhand/evenhand/internal/resource"
	"github.com/evenhand/evenhand/internal/resource/request"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/bands"
)

// bandsHandler serves BandsService.
type bandsHandler struct {
	entitlementsv1.UnimplementedBandsServiceServer
	service *bands.Service
}

const bandScales = "bandScales"

func bandSubject(name string) bands.Subject {
	return bands.Subject(strings.TrimPrefix(name, bandScales+"/"))
}

// dayIn reads a day that may be left out, which is civil.Never.
func dayIn(field string, d *date.Date) (civil.Day, error) {
	if d == nil {
		return civil.Never, nil
	}
	day, err := wire.Day(field, d)
	return civil.Day(day), err
}

// GetBandScale implements BandsService.
func (h *bandsHandler) GetBandScale(ctx context.Context, r *entitlementsv1.GetBandScaleRequest) (*entitlementsv1.BandScale, error) {
	day, err := dayIn("as_of_date", r.GetAsOfDate())
	if err != nil {
		return nil, err
	}
	return bandScaleAnswer(h.service.Get(ctx, bandSubject(r.GetName()), day))
}

// scalesCursor is where the next page of scales begins.
type scalesCursor struct {
	After bands.Subject `json:"after"`
}

// ListBandScales implements BandsService.
func (h *bandsHandler) ListBandScales(ctx context.Context, r *entitlementsv1.ListBandScalesRequest) (*entitlementsv1.ListBandScalesResponse, error) {
	page, err := paging.Read[scalesCursor](r)
	if err != nil {
		return nil, err
	}
	day, err := dayIn("as_of_date", r.GetAsOfDate())
	if err != nil {
		return nil, err
	}
	views, err := h.service.List(ctx, day)
	if err != nil {
		return nil, err
	}
	out := &entitlementsv1.ListBandScalesResponse{}
	for _, v := range views {
		if page.After != nil && v.Subject <= page.After.After {
			continue
		}
		if len(out.BandScales) == page.Size {
			last := bandSubject(out.BandScales[page.Size-1].GetName())
			out.NextPageToken, err = page.Next(scalesCursor{last})
			break
		}
		out.BandScales = append(out.BandScales, bandScaleOut(v))
	}
	return out, err
}

// UpdateBandScale implements BandsService.
func (h *bandsHandler) UpdateBandScale(ctx context.Context, r *entitlementsv1.UpdateBandScaleRequest) (*entitlementsv1.BandScale, error) {
	in := r.GetBandScale()
	mask, err := fieldmask.Read("band_scale", r.GetUpdateMask(), in)
	if err != nil {
		return nil, err
	}
	if _, err := request.Name("band_scale.name", in.GetName(), bandScales); err != nil {
		return nil, err
	}
	if !mask.Has("bands") {
		return bandScaleAnswer(h.service.Unchanged(ctx, bandSubject(in.GetName()), in.GetEtag()))
	}
	d := bands.Declaration{Subject: bandSubject(in.GetName()), Etag: in.GetEtag(), ValidateOnly: r.GetValidateOnly()}
	if err := bandsIn(&d, in.GetBands()); err != nil {
		return nil, err
	}
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return bandScaleAnswer(h.service.Update(ctx, c, d))
}

// bandsIn reads the bands of a declaration.
func bandsIn(d *bands.Declaration, in []*entitlementsv1.Band) error {
	for i, b := range in {
		field := fmt.Sprintf("band_scale.bands[%d]", i)
		band := bands.Band{ID: b.GetId(), AtLeast: bands.Lowest}
		switch bound := b.GetLowerBound().(type) {
		case *entitlementsv1.Band_AtLeastAmount:
			if d.Subject != bands.Spend {
				return fault.Invalid(field+".at_least_amount", "is for spend only: give at_least, in %s", unitOf(d.Subject))
			}
			minor, code, err := wire.Minor(field+".at_least_amount", bound.AtLeastAmount)
			if err != nil {
				return err
			}
			if d.Currency != "" && d.Currency != code {
				return fault.Invalid(field+".at_least_amount.currency_code", "is %s, and the bound before it is in %s", code, d.Currency)
			}
			band.AtLeast, d.Currency = minor, code
		case *entitlementsv1.Band_AtLeast:
			if d.Subject == bands.Spend {
				return fault.Invalid(field+".at_least", "is not for spend: give at_least_amount, in the company's currency")
			}
			band.AtLeast = bound.AtLeast
		}
		d.Bands = append(d.Bands, band)
	}
	return nil
}

func unitOf(subject bands.Subject) string {
	if subject == bands.Reach {
		return "followers"
	}
	return "months"
}

// ResetBandScale implements BandsService.
func (h *bandsHandler) ResetBandScale(ctx context.Context, r *entitlementsv1.ResetBandScaleRequest) (*entitlementsv1.BandScale, error) {
	c, err := request.Call(ctx, r)
	if err != nil {
		return nil, err
	}
	return bandScaleAnswer(h.service.Reset(ctx, c, bandSubject(r.GetName()), r.GetEtag()))
}

func bandScaleAnswer(v bands.View, err error) (*entitlementsv1.BandScale, error) {
	if err != nil {
		return nil, err
	}
	return bandScaleOut(v), nil
}

func bandScaleOut(v bands.View) *entitlementsv1.BandScale {
	out := &entitlementsv1.BandScale{
		Name: bands.ScaleKind.Name(string(v.Subject)), Declared: v.Declared, AsOfDate: wire.Date(int32(v.Day)),
		UnknownAccounts: v.Unknown, Etag: v.Etag, UpdateTime: wire.Timestamp(v.Updated),
	}
	for _, b := range v.Bands {
		band := bandOut(v.Subject, b.Band, v.Currency)
		band.Accounts = b.Accounts
		out.Bands = append(out.Bands, band)
	}
	return out
}

func bandOut(subject bands.Subject, b bands.Band, currency string) *entitlementsv1.Band {
	out := &entitlementsv1.Band{Id: b.ID}
	switch {
	case b.AtLeast == bands.Lowest:
	case subject == bands.Spend:
		if amount := wire.Money(b.AtLeast, currency); amount != nil {
			out.LowerBound = &entitlementsv1.Band_AtLeastAmount{AtLeastAmount: amount}
		}
	default:
		out.LowerBound = &entitlementsv1.Band_AtLeast{AtLeast: b.AtLeast}
	}
	return out
}

// bandScaleTold is a declared scale as the feed tells it.
func bandScaleTold(s *resource.Stored[bands.Scale]) *entitlementsv1.BandScale {
	out := &entitlementsv1.BandScale{
		Name: bands.ScaleKind.Name(s.ID), Declared: true, Etag: s.Etag(), UpdateTime: wire.Timestamp(s.State.Updated),
	}
	for _, b := range s.State.Bands {
		out.Bands = append(out.Bands, bandOut(bands.Subject(s.ID), b, s.State.Currency))
	}
	return out
}
