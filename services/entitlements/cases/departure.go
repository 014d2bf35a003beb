package cases

import (
	"context"
	"fmt"

	"github.com/evenhand/evenhand/internal/platform/currency"
)

// Worth is an amount of money in minor units of a currency.
type Worth struct {
	Minor    int64  `bson:"minor"`
	Currency string `bson:"currency"`
}

func (w Worth) String() string {
	decimals, ok := currency.Digits(w.Currency)
	if !ok {
		decimals = 2
	}
	return w.Currency + " " + currency.Format(w.Minor, decimals)
}

// Listed is a remedy as the catalogue has it.
type Listed struct {
	ID string
	// Worth is what the customer gets by it; nil where that is no money.
	Worth *Worth
}

// worth is what a remedy is said to be worth; nil where nothing is said.
func (r *Remedy) worth() *Worth {
	if r.Value == nil {
		return nil
	}
	return &Worth{*r.Value, r.Currency}
}

// settle says in words in what a remedy departs from what is pointed to; empty where it
// does not. A remedy of which no value is said is worth what the catalogue says. Where
// nothing is pointed to, the catalogue has to have the remedy.
func (s *Cases) settle(ctx context.Context, name string, r *Remedy, found *Precedents) (string, error) {
	if found.Basis != "" && r.ID != found.Pointed {
		return fmt.Sprintf("%s points to %s, by the %s, and is to get %s", name, remedyName(found.Pointed), found.Basis, remedyName(r.ID)), nil
	}
	if r.ID == "" {
		return "", nil
	}
	wanted, source := found.Worth, found.Basis
	if source == "" {
		listed, ok, err := s.listed(ctx, r.ID)
		if err != nil {
			return "", err
		}
		if !ok {
			return fmt.Sprintf("%s is the first of its kind and is to get %s, which the catalogue does not have in use", name, remedyName(r.ID)), nil
		}
		wanted, source = listed.Worth, FromCatalogue
	}
	if r.Value == nil {
		if ours := s.currency(); source == FromCatalogue && wanted != nil && (ours == "" || ours == wanted.Currency) {
			r.Value, r.Currency = &wanted.Minor, wanted.Currency
		}
		return "", nil
	}
	given := r.worth()
	switch {
	case wanted == nil:
		return fmt.Sprintf("%s is to get %s worth %s, and by the %s that is worth no stated amount", name, remedyName(r.ID), given, source), nil
	case *wanted != *given:
		return fmt.Sprintf("%s is to get %s worth %s, and by the %s that is worth %s", name, remedyName(r.ID), given, source, wanted), nil
	}
	return "", nil
}

func (s *Cases) listed(ctx context.Context, id string) (Listed, bool, error) {
	if s.catalogue == nil {
		return Listed{}, false, nil
	}
	listed, ok, err := s.catalogue.Listed(ctx, id)
	if err != nil {
		return listed, false, fmt.Errorf("ask the catalogue of remedies: %w", err)
	}
	return listed, ok, nil
}

// checkCurrency wants values to be in the company's currency, once there is one.
func (s *Cases) checkCurrency(r *Remedy) error {
	ours := s.currency()
	if r.Value == nil || ours == "" || r.Currency == ours {
		return nil
	}
	p := problems{}
	p.add("remedy_value.currency_code", "is %s: values of remedies are in %s, the company's currency", r.Currency, ours)
	return p.err()
}

// worths counts what a remedy was worth, where that was said.
type worths []struct {
	Worth
	count int
}

func (w *worths) add(r *Remedy) {
	if r.Value == nil {
		return
	}
	given := *r.worth()
	for i := range *w {
		if (*w)[i].Worth == given {
			(*w)[i].count++
			return
		}
	}
	*w = append(*w, struct {
		Worth
		count int
	}{given, 1})
}

// commonest is what it was worth most often, of equally many what came first; nil where it
// was never said.
func (w worths) commonest() *Worth {
	best := -1
	for i := range w {
		if best < 0 || w[i].count > w[best].count {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	return &w[best].Worth
}
