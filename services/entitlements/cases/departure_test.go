package cases

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/evenhand/evenhand/internal/docstore/teststore"
)

// No account gets another sum than others for the same problem without a reason that is
// kept.
func TestR25AnotherValueNeedsAReason(t *testing.T) {
	onEveryStore(t, func(t *testing.T, f *fixture) {
		ctx := t.Context()
		number := 0
		resolve := func(o Opening, remedy string, dollars int64, reason string) (*Remedy, error) {
			number++
			f.clock.set(f.Now().Add(time.Minute))
			c, err := f.Open(ctx, as("anna"), "acme", "", o, false)
			require.NoError(t, err)
			r := Remedy{ID: remedy, DepartureReason: reason}
			if dollars >= 0 {
				cents := dollars * 100
				r.Value, r.Currency = &cents, "USD"
			}
			c, err = f.Resolve(ctx, as("anna"), c.ID, "", Resolution{Remedy: r, Attestations: kept}, false)
			return c.State.Remedy, err
		}
		const unsaid = -1
		other := Opening{Issue: "lost-parcel", Channel: "email"}

		f.catalogue.set("voucher")
		_, err := resolve(late, "voucher", 500_000, "")
		wantReason(t, err, ReasonDeparture, "remedies/voucher worth USD 500000.00, and by the catalogue that is worth USD 25.00")
		_, err = resolve(late, "voucher", 0, "")
		wantReason(t, err, ReasonDeparture, "worth USD 0.00")
		r, err := resolve(late, "voucher", unsaid, "not needed")
		require.NoError(t, err)
		require.Equal(t, &Worth{2500, "USD"}, r.worth(), "what the catalogue says")
		require.Empty(t, r.DepartureReason)
		r, err = resolve(late, "voucher", 40, "The parcel held a present for today.")
		require.NoError(t, err)
		require.Equal(t, FromCatalogue, r.Basis)
		require.Equal(t, &Worth{2500, "USD"}, r.PointedWorth)
		require.Equal(t, "The parcel held a present for today.", r.DepartureReason)
		f.catalogue.set("refund")
		_, err = resolve(late, "refund", 10, "")
		wantReason(t, err, ReasonDeparture, "by the catalogue that is worth no stated amount")

		// Where nothing points anywhere, the catalogue has to have it.
		f.catalogue.set("")
		_, err = resolve(other, "yacht", unsaid, "")
		wantReason(t, err, ReasonDeparture, "which the catalogue does not have in use")
		_, err = resolve(other, "voucher", 30, "")
		wantReason(t, err, ReasonDeparture, "that is worth USD 25.00")
		_, err = resolve(other, "refund", 30, "")
		wantReason(t, err, ReasonDeparture, "no stated amount")
		_, err = resolve(other, "refund", unsaid, "")
		require.NoError(t, err)

		// What precedents were worth is the measure: what most of those that say it say, of
		// equally many the latest.
		_, err = resolve(other, "refund", 30, "")
		wantReason(t, err, ReasonDeparture, "by the precedent that is worth no stated amount")
		for _, dollars := range []int64{30, 50} {
			_, err = resolve(other, "refund", dollars, "The freight cost that.")
			require.NoError(t, err)
		}
		_, err = resolve(other, "refund", 30, "")
		wantReason(t, err, ReasonDeparture, "by the precedent that is worth USD 50.00")
		r, err = resolve(other, "refund", 50, "")
		require.NoError(t, err)
		require.Equal(t, FromPrecedent, r.Basis)
		r, err = resolve(other, "refund", unsaid, "")
		require.NoError(t, err)
		require.Nil(t, r.Value, "precedents do not say what this one was worth")
		r, err = resolve(Opening{Issue: "noise", Channel: "email"}, "", unsaid, "")
		require.NoError(t, err)
		require.Equal(t, &Remedy{}, r)
	})
}

// Values are in the company's currency, also before any version is in force.
func TestValuesAreInTheCompanysCurrency(t *testing.T) {
	f := start(t, teststore.SQLite(t))
	f.clock.set(local("2025-12-31 12:00"))
	id := f.opened(t, "c1")
	cents := int64(2500)
	_, err := f.Resolve(t.Context(), as("anna"), id, "", Resolution{Remedy: Remedy{ID: "voucher", Value: &cents, Currency: "EUR"}}, false)
	wantReason(t, err, "INVALID_ARGUMENT", "values of remedies are in USD")
}
