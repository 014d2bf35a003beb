package bands

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Ledger is what this package needs of the service's decisions.
type Ledger interface {
	// Standings calls visit with every account, one at a time and in no order: whether it
	// is active on a day, its spend in the trailing 12 months in minor units, and the day
	// it joined, civil.Never where it has not.
	Standings(ctx context.Context, day civil.Day, visit func(account string, active bool, spend int64, joined civil.Day)) error
	// Standing returns the spend of one account in the trailing 12 months of a day, and the
	// day it joined, likewise; known is false where there is no such account.
	Standing(ctx context.Context, account string, day civil.Day) (spend int64, joined civil.Day, known bool, err error)
	// Today is the day it is for the company.
	Today() civil.Day
	// Currency is the ISO 4217 code of what spend is counted in; "" while there is none.
	Currency() string
}

// Accounts is what this package needs of the accounts service.
type Accounts interface {
	// Reaches calls visit with every account for which a reach was recorded, one at a time.
	Reaches(ctx context.Context, visit func(account string, followers int64)) error
}

// Scale is the bands that the company has declared for a subject.
type Scale struct {
	Bands []Band `bson:"bands"`
	// Currency is that of the bounds of spend, ISO 4217; "" for other subjects.
	Currency       string `bson:"currency,omitempty"`
	resource.Times `bson:",inline"`
}

// ScaleKind describes declared scales; their ids are the subjects.
var ScaleKind = resource.Kind[Scale]{
	Type: "evenhand/BandScale", Name: func(id string) string { return "bandScales/" + id },
	Spec: docstore.Spec{Name: "band_scales"}, Tell: func(s Scale) any { return s },
}

// Service keeps the scales, and sorts accounts by them.
type Service struct {
	ledger   Ledger
	accounts Accounts
	scales   *resource.Table[Scale, *Scale]
}

// Open returns the service on the store of the requests.
func Open(ctx context.Context, requests *resource.Requests, ledger Ledger, accounts Accounts) (*Service, error) {
	scales, err := resource.OpenTable[Scale, *Scale](ctx, requests, ScaleKind)
	if err != nil {
		return nil, fmt.Errorf("open bands: %w", err)
	}
	return &Service{ledger, accounts, scales}, nil
}

// View is a scale as it sorts the accounts of a day.
type View struct {
	Subject Subject
	Day     civil.Day
	Bands   []Count
	// Unknown is how many active accounts have no value.
	Unknown int64
	// Declared says that the company declared the bands; else they are quartiles.
	Declared bool
	// Currency is that of the bounds of spend, ISO 4217; "" for other subjects and while
	// there is none.
	Currency string
	Etag     string    // of the scale that the company declared, or of none
	Updated  time.Time // when it was declared; zero where it was not
}

// Count is a band with how many active accounts are in it.
type Count struct {
	Band
	Accounts int64
}

// Get returns the scale of a subject as it sorts the accounts of a day; civil.Never is
// today. ErrNotFound where there is no such subject.
func (s *Service) Get(ctx context.Context, subject Subject, day civil.Day) (View, error) {
	stored, err := s.stored(ctx, subject)
	if err != nil {
		return View{}, err
	}
	return first(s.views(ctx, day, stored))
}

// List returns the scales of all subjects likewise, by id.
func (s *Service) List(ctx context.Context, day civil.Day) ([]View, error) {
	var all []resource.Stored[Scale]
	for _, subject := range Subjects {
		stored, err := s.stored(ctx, subject)
		if err != nil {
			return nil, err
		}
		all = append(all, stored)
	}
	return s.views(ctx, day, all...)
}

// Declaration is what the company declares for a subject.
type Declaration struct {
	Subject Subject
	// Bands ascend; the first has no lower bound.
	Bands []Band
	// Currency is that of the bounds of spend, ISO 4217; "" where there are none.
	Currency string
	// Etag is of the scale that was read; "" changes any.
	Etag string
	// ValidateOnly keeps nothing.
	ValidateOnly bool
}

// Update declares the bands of a subject, and returns how they sort the accounts of
// today. ErrNotFound where there is no such subject; INVALID_ARGUMENT for bands out of
// order or in another currency than the company's; ErrStale.
func (s *Service) Update(ctx context.Context, call resource.Call, d Declaration) (View, error) {
	before, err := s.stored(ctx, d.Subject)
	if err != nil {
		return View{}, err
	}
	if err := errors.Join(validate(d.Bands), s.checkCurrency(d)); err != nil {
		return View{}, err
	}
	only := resource.IfEtag[Scale](d.Etag)
	if d.ValidateOnly {
		if err := s.scales.Check(before, only); err != nil {
			return View{}, err
		}
		before.State.Bands = d.Bands
		return first(s.views(ctx, civil.Never, before))
	}
	stored, err := s.scales.Upsert(ctx, call, string(d.Subject), only, "band_scale.updated", func(scale *Scale) error {
		scale.Bands, scale.Currency = slices.Clone(d.Bands), d.Currency
		return nil
	})
	if err != nil {
		return View{}, err
	}
	return first(s.views(ctx, civil.Never, stored))
}

// Unchanged returns the scale of a subject as it sorts the accounts of today, for an
// update that names nothing to change. ErrNotFound; ErrStale.
func (s *Service) Unchanged(ctx context.Context, subject Subject, etag string) (View, error) {
	stored, err := s.stored(ctx, subject)
	if err != nil {
		return View{}, err
	}
	if err := s.scales.Check(stored, resource.IfEtag[Scale](etag)); err != nil {
		return View{}, err
	}
	return first(s.views(ctx, civil.Never, stored))
}

// checkCurrency says whether the bounds are in the company's currency.
func (s *Service) checkCurrency(d Declaration) error {
	own := s.ledger.Currency()
	switch {
	case d.Subject != Spend || len(d.Bands) < 2 || d.Currency == own && own != "":
		return nil
	case own == "":
		return fault.Invalid("band_scale.bands", "the company has no currency yet, so spend cannot be compared with amounts: publish a schedule, which sets it")
	}
	return fault.Invalid("band_scale.bands", "the bounds are in %s, and the company counts spend in %s", d.Currency, own)
}

// Reset takes back what was declared for a subject, so that its bands are quartiles again;
// where nothing was declared it changes nothing. ErrNotFound where there is no such
// subject; ErrStale.
func (s *Service) Reset(ctx context.Context, call resource.Call, subject Subject, etag string) (View, error) {
	if subject.index() < 0 {
		return View{}, ScaleKind.NotFound(string(subject))
	}
	err := s.scales.Delete(ctx, call, string(subject), resource.IfEtag[Scale](etag), "band_scale.reset")
	if errors.Is(err, resource.ErrNotFound) {
		err = s.scales.Check(resource.Stored[Scale]{ID: string(subject)}, resource.IfEtag[Scale](etag))
	}
	if err != nil {
		return View{}, err
	}
	return s.Get(ctx, subject, civil.Never)
}

// stored returns what was declared for a subject: no bands where nothing was.
func (s *Service) stored(ctx context.Context, subject Subject) (resource.Stored[Scale], error) {
	if subject.index() < 0 {
		return resource.Stored[Scale]{}, ScaleKind.NotFound(string(subject))
	}
	stored, err := s.scales.Get(ctx, string(subject))
	if errors.Is(err, resource.ErrNotFound) {
		return resource.Stored[Scale]{ID: string(subject)}, nil
	}
	return stored, err
}

// views counts the accounts in the bands of some scales.
func (s *Service) views(ctx context.Context, day civil.Day, scales ...resource.Stored[Scale]) ([]View, error) {
	if day == civil.Never {
		day = s.ledger.Today()
	}
	followers, err := s.followers(ctx)
	if err != nil {
		return nil, err
	}
	standings, err := s.standings(ctx, day, followers)
	if err != nil {
		return nil, err
	}
	views := make([]View, len(scales))
	for i, stored := range scales {
		subject := Subject(stored.ID)
		v := View{Subject: subject, Day: day, Declared: len(stored.State.Bands) > 0, Etag: stored.Etag(), Updated: stored.State.Updated}
		if subject == Spend {
			v.Currency = s.ledger.Currency()
		}
		v.count(inForce(stored, standings), standings)
		views[i] = v
	}
	return views, nil
}

func (v *View) count(bands []Band, standings []standing) {
	v.Bands = make([]Count, len(bands))
	for i, b := range bands {
		v.Bands[i].Band = b
	}
	place := v.Subject.index()
	for _, account := range standings {
		switch value := account.values[place]; {
		case !account.active:
		case value == noValue:
			v.Unknown++
		default:
			v.Bands[find(bands, value)].Accounts++
		}
	}
}

func first(views []View, err error) (View, error) {
	if err != nil {
		return View{}, err
	}
	return views[0], nil
}
