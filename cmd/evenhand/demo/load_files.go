package demo

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"google.golang.org/protobuf/proto"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// rowsAtOnce is how many rows a message carries.
const rowsAtOnce = 500

// waitApplied is how long entitlements may take to count the demo.
const waitApplied = time.Minute

// importAccounts sends the customers as rows of an imaginary file.
func (l *loader) importAccounts(ctx context.Context) error {
	rows := make([]*accountsv1.AccountRow, len(l.data.Customers))
	for i, c := range l.data.Customers {
		row := &accountsv1.AccountRow{
			Line: int64(i + 2), ExternalId: c.ID, DisplayName: c.Name, Parent: c.Parent, Owner: c.Owner,
			Attributes: map[string]string{"sector": c.Sector, "region": c.Region},
		}
		if c.Prospect {
			row.State = "prospect"
		} else {
			row.Joined = c.Joined.Format(time.DateOnly)
		}
		rows[i] = row
	}
	first, err := start(accountsBatch, rows)
	if err != nil {
		return err
	}
	call, err := l.accounts.ImportAccounts(ctx)
	if err != nil {
		return err
	}
	// Where Send fails, Recv says why.
	_ = call.Send(&accountsv1.ImportAccountsRequest{Step: &accountsv1.ImportAccountsRequest_Start{Start: first}})
	_ = call.Send(&accountsv1.ImportAccountsRequest{Step: &accountsv1.ImportAccountsRequest_Rows{Rows: &accountsv1.AccountRows{Rows: rows}}})
	_ = call.CloseSend()
	_, err = outcome(func() (event, error) { return call.Recv() })
	return err
}

// importRevenue sends the orders as rows of an imaginary file, and waits until they count.
func (l *loader) importRevenue(ctx context.Context) error {
	rows := make([]*accountsv1.RevenueRow, len(l.data.Orders))
	for i, o := range l.data.Orders {
		rows[i] = &accountsv1.RevenueRow{
			Line: int64(i + 2), Account: o.Customer, Date: o.Day.Format(time.DateOnly), Amount: showCents(o.Cents), ExternalId: o.ID,
		}
	}
	first, err := start(revenueBatch, rows)
	if err != nil {
		return err
	}
	call, err := l.revenue.ImportRevenue(ctx)
	if err != nil {
		return err
	}
	// Where Send fails, Recv says why.
	_ = call.Send(&accountsv1.ImportRevenueRequest{Step: &accountsv1.ImportRevenueRequest_Start{Start: &accountsv1.RevenueImportStart{
		Import: first, CurrencyCode: "USD", HasExternalIds: true,
	}}})
	for batch := range slices.Chunk(rows, rowsAtOnce) {
		_ = call.Send(&accountsv1.ImportRevenueRequest{Step: &accountsv1.ImportRevenueRequest_Rows{Rows: &accountsv1.RevenueRows{Rows: batch}}})
	}
	_ = call.CloseSend()
	result, err := outcome(func() (event, error) { return call.Recv() })
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, waitApplied)
	defer cancel()
	_, err = l.spend.GetSpendSummary(ctx, &entitlementsv1.GetSpendSummaryRequest{ConsistencyToken: result.GetConsistencyToken()})
	return err
}

// start begins an import of rows, which are their own file.
func start[T proto.Message](batch string, rows []T) (*accountsv1.ImportStart, error) {
	sum := sha256.New()
	for _, row := range rows {
		text, err := proto.MarshalOptions{Deterministic: true}.Marshal(row)
		if err != nil {
			return nil, fmt.Errorf("digest of %s: %w", batch, err)
		}
		fmt.Fprintf(sum, "%d:%s", len(text), text)
	}
	return &accountsv1.ImportStart{Source: source, Batch: batch, Digest: hex.EncodeToString(sum.Sum(nil))}, nil
}

// event is what the two imports answer.
type event interface {
	GetRefused() *accountsv1.RefusedRow
	GetResult() *accountsv1.ImportResult
}

// outcome follows an import to its end. Every row of the demo has to be taken.
func outcome(receive func() (event, error)) (*accountsv1.ImportResult, error) {
	var refused []error
	for {
		e, err := receive()
		switch {
		case errors.Is(err, io.EOF):
			return nil, errors.New("the import ended without a result")
		case err != nil:
			return nil, err
		case e.GetRefused() != nil:
			r := e.GetRefused()
			refused = append(refused, fmt.Errorf("line %d: %s: %s", r.GetLine(), r.GetField(), r.GetReason()))
		case e.GetResult() != nil:
			return e.GetResult(), errors.Join(refused...)
		}
	}
}

func showCents(cents int64) string {
	sign := ""
	if cents < 0 {
		sign, cents = "-", -cents
	}
	return fmt.Sprintf("%s%d.%02d", sign, cents/100, cents%100)
}
