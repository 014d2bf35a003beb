package demo

import (
	"time"

	"google.golang.org/protobuf/types/known/durationpb"

	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
)

// Board is the demo's advisory board.
const Board = "customer-advisory"

const (
	boardName = "boards/" + Board
	boardZone = "America/Chicago"
	// boardYears is for how many years ahead its rotations and meetings are laid out.
	boardYears = 5
)

// boardPlan is when the board rotates: about a year ago, and some weeks ahead.
type boardPlan struct {
	first, second, until time.Time // days, in UTC
}

// planBoard lays the second rotation two to seven weeks ahead of today.
func planBoard(today time.Time) boardPlan {
	near := today.AddDate(0, 0, 35)
	return boardPlan{
		first: secondTuesday(near.Year()-1, near.Month()), second: secondTuesday(near.Year(), near.Month()),
		until: today.AddDate(boardYears, 0, 0),
	}
}

func secondTuesday(year int, month time.Month) time.Time {
	first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
	return first.AddDate(0, 0, 7+(7+int(time.Tuesday)-int(first.Weekday()))%7)
}

// rotationName is the name of the regular rotation planned for a day.
func rotationName(day time.Time) string { return boardName + "/rotations/" + day.Format(time.DateOnly) }

// charter is the rules of the board: nine seats for three years, three of which change
// each year.
func (p boardPlan) charter() *boardv1.Charter {
	regions := &boardv1.Category{Name: "region", Source: boardv1.Category_SOURCE_ATTRIBUTE}
	for _, region := range []string{"North", "East", "South", "West"} {
		regions.Quotas = append(regions.Quotas, &boardv1.Quota{Value: region, Min: 1, Max: 3})
	}
	sectors := &boardv1.Category{Name: "sector", Source: boardv1.Category_SOURCE_ATTRIBUTE}
	known := map[string]bool{}
	for _, c := range customers {
		if !known[c.sector] {
			known[c.sector] = true
			sectors.Quotas = append(sectors.Quotas, &boardv1.Quota{Value: c.sector, Max: 2})
		}
	}
	return &boardv1.Charter{
		EffectiveDate: toDate(p.first.AddDate(0, 0, -90)),
		Reason:        "Customers of every region and line of business advise us, and every willing one gets a turn.",
		Rules: &boardv1.Rules{
			Seats: 9, TermMonths: 36, GraceDays: 7, MaxTerms: 1, CoolingOffMonths: 24, NoticeDays: 30,
			Rotation: &boardv1.Recurrence{Rule: "FREQ=YEARLY;BYMONTH=" + p.first.Format("1") + ";BYDAY=2TU", Start: localTime(p.first, "10:00")},
			Meetings: &boardv1.MeetingRules{PerYear: 3, NoticeDays: 14, Substitutes: true, When: &boardv1.Recurrence{
				// The first Thursday that can be is the third one of the month of the rotation.
				Rule: "FREQ=MONTHLY;INTERVAL=3;BYDAY=3TH", Start: localTime(p.first.AddDate(0, 0, 2), "14:00"),
				Duration: durationpb.New(2 * time.Hour),
			}},
			Categories: []*boardv1.Category{regions, sectors},
			Conflicts:  &boardv1.ConflictRules{SameGroup: true},
			Quorum:     &boardv1.Quorum{Of: &boardv1.Quorum_Percent{Percent: 50}},
			Alternates: &boardv1.AlternateRules{Count: 20, AnswerDays: 14},
		},
	}
}

func localTime(day time.Time, clock string) string { return day.Format(time.DateOnly) + "T" + clock }

// nominations are the candidates of a list, who consented at an instant.
func nominations(list []delegate, given time.Time) []*boardv1.Nomination {
	var made []*boardv1.Nomination
	for _, d := range list {
		account := "accounts/" + Slug(d.customer)
		made = append(made, &boardv1.Nomination{Account: account, Consent: &boardv1.Consent{
			Contact: account + "/contacts/" + Slug(d.name), GiveTime: stamp(given),
		}})
	}
	return made
}
