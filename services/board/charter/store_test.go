package charter

import (
	"testing"

	"github.com/stretchr/testify/require"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/platform/civil"
)

func TestACharterIsStoredAsItIs(t *testing.T) {
	bound := 24.0
	c := twelve()
	c.Nominated, c.WaitMonths, c.NoticeDays = 2, 36, 30
	c.Rotation.OnHoliday = calendar.NextWorkday
	c.Workdays = calendar.Workdays{Holidays: []civil.Day{day("2027-03-01")}, Weekend: "FR,SA"}
	c.Meetings = Meetings{When: &c.Rotation, PerYear: 4, NoticeDays: 14}
	c.Conflicts = Conflicts{SameAttributes: []string{"sub-industry"}, SameGroup: true}
	c.Categories = []Category{
		{Name: "sector", Source: Attribute, Key: "gics", NotGiven: "none", Other: "rest", Quotas: []Quota{{"none", 0, 6}, {"rest", 1, 6}}},
		{Name: "tenure", Source: Tenure, Bands: []Band{{Value: "young", Below: &bound}, {Value: "long", From: &bound}}, Quotas: []Quota{{"young", 0, 12}, {"long", 0, 12}}},
	}
	require.NoError(t, c.Check(""))
	raw, err := bson.Marshal(c)
	require.NoError(t, err)
	var stored Charter
	require.NoError(t, bson.Unmarshal(raw, &stored))
	require.Equal(t, c, stored)
}
