package rpc_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/type/money"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/testing/protocmp"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
)

func TestScheduleComesBackAsTheMessageItWentInAs(t *testing.T) {
	s, _ := world(t)
	v, err := s.schedules.GetSchedule(t.Context(), &entitlementsv1.GetScheduleRequest{})
	require.NoError(t, err)
	require.Equal(t, promise, v.GetSourceYaml())
	require.Equal(t, "principals/some-admin", v.GetPublisher())
	require.True(t, v.GetSingleOperator())

	message := proto.Clone(v.GetSchedule()).(*entitlementsv1.Schedule)
	same, err := s.schedules.PublishSchedule(t.Context(), &entitlementsv1.PublishScheduleRequest{
		Content: &entitlementsv1.PublishScheduleRequest_Schedule{Schedule: message},
	})
	require.NoError(t, err)
	require.True(t, same.GetUnchanged(), "the same content in another form")

	message.Notice = &entitlementsv1.Notice{Reason: "Second edition"}
	message.Rules[0].Promise = "Who spends $500 a year is a partner of ours."
	s.accounts.mu.Lock()
	s.accounts.principals = []*accountsv1.Principal{
		{Name: "principals/robot", Roles: []accountsv1.Role{accountsv1.Role_ROLE_ADMIN}},
		{Name: "principals/bob", Person: true, Roles: []accountsv1.Role{accountsv1.Role_ROLE_POLICY_APPROVER}},
	}
	s.accounts.mu.Unlock()
	_, err = s.schedules.PublishSchedule(t.Context(), &entitlementsv1.PublishScheduleRequest{
		Content: &entitlementsv1.PublishScheduleRequest_Schedule{Schedule: message}, Etag: v.GetEtag(),
	})
	wantStatus(t, err, codes.FailedPrecondition, "SECOND_PERSON")
	s.accounts.mu.Lock()
	s.accounts.principals = s.accounts.principals[:1]
	s.accounts.mu.Unlock()
	second, err := s.schedules.PublishSchedule(t.Context(), &entitlementsv1.PublishScheduleRequest{
		Content: &entitlementsv1.PublishScheduleRequest_Schedule{Schedule: message}, Etag: v.GetEtag(),
	})
	require.NoError(t, err)
	require.True(t, second.GetVersion().GetSingleOperator(), "the robot is no person")
	require.Empty(t, cmp.Diff(message, second.GetVersion().GetSchedule(), protocmp.Transform()))

	list, err := s.schedules.ListScheduleVersions(t.Context(), &entitlementsv1.ListScheduleVersionsRequest{PageSize: 1})
	require.NoError(t, err)
	require.EqualValues(t, 2, list.GetTotalSize())
	require.Equal(t, "schedule/versions/2", list.GetScheduleVersions()[0].GetName())
	list, err = s.schedules.ListScheduleVersions(t.Context(), &entitlementsv1.ListScheduleVersionsRequest{PageSize: 1, PageToken: list.GetNextPageToken()})
	require.NoError(t, err)
	require.Empty(t, list.GetNextPageToken())
	require.Empty(t, cmp.Diff(v, list.GetScheduleVersions()[0], protocmp.Transform()))
	_, err = s.schedules.GetScheduleVersion(t.Context(), &entitlementsv1.GetScheduleVersionRequest{Name: "schedule/versions/3"})
	wantStatus(t, err, codes.NotFound, "NOT_FOUND")
}

func TestMessagesThatAreNoSchedule(t *testing.T) {
	s, _ := world(t)
	v, err := s.schedules.GetSchedule(t.Context(), &entitlementsv1.GetScheduleRequest{})
	require.NoError(t, err)
	eur := &money.Money{CurrencyCode: "EUR", Units: 1}
	for field, change := range map[string]func(*entitlementsv1.Schedule){
		"schedule.calendars.office.hours":            func(m *entitlementsv1.Schedule) { m.Calendars["office"].Hours = "always" },
		"schedule.calendars.office.holidays[0]":      func(m *entitlementsv1.Schedule) { m.Calendars["office"].Holidays[0].Month = 13 },
		"schedule.commitments[0].clock.within":       func(m *entitlementsv1.Schedule) { m.Commitments[0].Clock.Within = "soon" },
		"schedule.benefits[0].kind":                  func(m *entitlementsv1.Schedule) { m.Benefits[0].Kind = 99 },
		"schedule.benefits[0].unit_cost":             func(m *entitlementsv1.Schedule) { m.Benefits[0].UnitCost = eur },
		"schedule.benefits[0].expected_use_per_year": func(m *entitlementsv1.Schedule) { m.Benefits[0].ExpectedUsePerYear.Value = "often" },
		"schedule.benefits[1].period":                func(m *entitlementsv1.Schedule) { m.Benefits[1].Period = "PT1H" },
		"schedule.rules[0].when.at_least.nanos":      func(m *entitlementsv1.Schedule) { m.Rules[0].GetWhen().GetSpend().AtLeast.Nanos = 1 },
		"schedule.rules[0].when.spend":               func(m *entitlementsv1.Schedule) { m.Rules[0].GetWhen().GetSpend().Window = 99 },
		"schedule.rules[1].when.any[1].at_least": func(m *entitlementsv1.Schedule) {
			m.Rules[1].GetWhen().GetAny().GetConditions()[1].GetTenure().AtLeastMonths = -1
		},
		"schedule.rules[1].when":      func(m *entitlementsv1.Schedule) { m.Rules[1].GetWhen().GetAny().Conditions = nil },
		"schedule.rules[1].on_refund": func(m *entitlementsv1.Schedule) { m.Rules[1].OnRefund = 99 },
		"schedule.rules[1].lasts":     func(m *entitlementsv1.Schedule) { m.Rules[1].Lasts = "a year" },
		"schedule.notice.minimum":     func(m *entitlementsv1.Schedule) { m.Notice.Minimum = "90" },
		"schedule.currency":           func(m *entitlementsv1.Schedule) { m.CurrencyCode = "XXX" },
	} {
		message := proto.Clone(v.GetSchedule()).(*entitlementsv1.Schedule)
		change(message)
		_, err := s.schedules.PublishSchedule(t.Context(), &entitlementsv1.PublishScheduleRequest{
			Content: &entitlementsv1.PublishScheduleRequest_Schedule{Schedule: message},
		})
		require.Equal(t, []string{field}, fieldsOf(wantStatus(t, err, codes.InvalidArgument, "SCHEDULE_INVALID")))
	}
	_, err = s.schedules.PublishSchedule(t.Context(), &entitlementsv1.PublishScheduleRequest{
		Content: &entitlementsv1.PublishScheduleRequest_Yaml{Yaml: strings.Replace(promise, "kind: feature", "kind: tier", 1)},
	})
	told := wantStatus(t, err, codes.InvalidArgument, "SCHEDULE_INVALID")
	require.Equal(t, []string{"yaml"}, fieldsOf(told))
	require.Contains(t, told.Message(), "13:52: benefits[0].kind")
}

func TestR1NoScheduleFieldSetsALevel(t *testing.T) {
	s, _ := world(t)
	_, err := s.schedules.PublishSchedule(t.Context(), &entitlementsv1.PublishScheduleRequest{
		Content: &entitlementsv1.PublishScheduleRequest_Yaml{Yaml: strings.Replace(promise, "{tenure: months, at_least: 120}", "{tier: gold}", 1)},
	})
	wantStatus(t, err, codes.InvalidArgument, "SCHEDULE_INVALID")
}

// Versions may be large: a page of many must not be too large to send.
func TestPagesOfLargeVersions(t *testing.T) {
	s := serve(t, entitlements.Options{})
	const versions = 7
	for number := range versions {
		text := strings.Replace(promise, "First edition", fmt.Sprint("Edition ", number), 1)
		if number > 0 {
			text = strings.Replace(text, "effective: 1997-01-01, ", "", 1)
		}
		text += "# " + strings.Repeat("x", 1<<20-len(text)-4)
		_, err := s.schedules.PublishSchedule(t.Context(), &entitlementsv1.PublishScheduleRequest{
			Content: &entitlementsv1.PublishScheduleRequest_Yaml{Yaml: text},
		})
		require.NoError(t, err)
	}
	var names []string
	r := &entitlementsv1.ListScheduleVersionsRequest{PageSize: 1000}
	for pages := 0; pages == 0 || r.PageToken != ""; pages++ {
		page, err := s.schedules.ListScheduleVersions(t.Context(), r)
		require.NoError(t, err)
		require.Less(t, proto.Size(page), 6<<20)
		require.EqualValues(t, versions, page.GetTotalSize())
		for _, v := range page.GetScheduleVersions() {
			names = append(names, v.GetName())
		}
		r.PageToken = page.GetNextPageToken()
	}
	var want []string
	for number := versions; number > 0; number-- {
		want = append(want, fmt.Sprint("schedule/versions/", number))
	}
	require.Equal(t, want, names)
}
