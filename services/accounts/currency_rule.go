package accounts

import "context"

// currencyRule says what entries count for in reports: they are converted into the
// reporting currency; while there is none, all have to be in one currency, that of the
// ledger.
type currencyRule struct {
	company   *Company
	converter *converter
	// ledger is the ledger's currency while there is no reporting currency; empty while
	// there is neither.
	ledger string
	// claimed says that the company knows it.
	claimed bool
}

func (l *Ledger) currencyRule(ctx context.Context) (*currencyRule, error) {
	company, err := l.company.Get(ctx)
	if err != nil {
		return nil, err
	}
	rule := &currencyRule{company: l.company, ledger: company.State.LedgerCurrency}
	rule.claimed = rule.ledger != ""
	if company.State.Currency == "" {
		return rule, nil
	}
	to, err := LookupCurrency(company.State.Currency)
	if err != nil {
		return nil, err
	}
	rule.converter, rule.claimed = l.company.converter(to), true
	return rule, nil
}

// decided says whether it is known what all entries have to be in, or be converted into.
func (r *currencyRule) decided() bool { return r.converter != nil || r.ledger != "" }

// apply returns what an amount of a day counts for. ErrWrongCurrency where there is no
// rate, or, while there is no reporting currency, it is not the ledger's. Where nothing
// is decided, the amount's currency becomes the ledger's.
func (r *currencyRule) apply(ctx context.Context, m Money, day Day) (int64, error) {
	if r.converter != nil {
		return r.converter.convert(ctx, m, day)
	}
	if r.ledger == "" {
		r.ledger = m.Currency.Code
	}
	if r.ledger != m.Currency.Code {
		return 0, secondCurrency(r.ledger, m.Currency.Code)
	}
	return m.Minor, nil
}

// claim makes sure, before the first entry is written, that the company's reporting
// currency can only become the one the rule went by.
func (r *currencyRule) claim(ctx context.Context) error {
	if r.claimed || r.ledger == "" {
		return nil
	}
	company, err := r.company.claimLedger(ctx, r.ledger)
	if err != nil {
		return err
	}
	if company.Currency != "" && company.Currency != r.ledger {
		return secondCurrency(company.Currency, r.ledger)
	}
	r.claimed = true
	return nil
}
