package rpc_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/internal/calendar"
	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/docstore/teststore"
	"github.com/evenhand/evenhand/internal/platform/auth"
	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/server"
	"github.com/evenhand/evenhand/internal/resource"
	plansv1 "github.com/evenhand/evenhand/proto/gen/evenhand/plans/v1"
	"github.com/evenhand/evenhand/services/plans"
	"github.com/evenhand/evenhand/services/plans/feeds"
	"github.com/evenhand/evenhand/services/plans/rpc"
	"github.com/evenhand/evenhand/services/plans/statements"
	"github.com/evenhand/evenhand/services/plans/touchpoints"
)

// touched is TouchpointsService behind a real server, at noon UTC of Wednesday 10 March 2027.
// Its callers are principals/<role>, one for each role. The account acme is account-manager's
// and has an active plan since the 8th with a call each Tuesday until 6 April; brook is
// somebody else's.
type touched struct {
	domain *touchpoints.Service
	server *server.Server
}

// customers are the accounts and contacts of these tests, and a calendar for all of them.
type customers struct{}

func (customers) Account(_ context.Context, id string) (feeds.Account, error) {
	switch id {
	case "acme":
		return feeds.Account{ID: id, Owner: "account-manager"}, nil
	case "brook":
		return feeds.Account{ID: id, Owner: "admin"}, nil
	}
	return feeds.Account{}, resource.ErrNotFound
}

func (customers) Principal(_ context.Context, id string) error {
	switch id {
	case "nobody":
		return resource.ErrNotFound
	case "auditor": // whom nobody but themselves asks about
		return fault.New(fault.Unavailable, fault.ReasonUnavailable, "Try again.")
	}
	return nil
}

func (customers) Contacts(context.Context, string) ([]touchpoints.Contact, error) {
	return []touchpoints.Contact{{ID: "ines", Roles: []string{"finance"}}}, nil
}

func (customers) Workdays(context.Context, string) (calendar.Workdays, error) {
	return calendar.Workdays{}, nil
}

func serveTouchpoints(t *testing.T) *touched {
	t.Helper()
	store, err := docstore.OpenStore(t.Context(), teststore.SQLite(t), docstore.Options{})
	require.NoError(t, err)
	var day atomic.Int64
	day.Store(8)
	requests, err := resource.OpenRequests(t.Context(), store, func() time.Time { return time.Date(2027, 3, int(day.Load()), 12, 0, 0, 0, time.UTC) })
	require.NoError(t, err)
	table, err := resource.OpenTable[plans.Plan](t.Context(), requests, plans.Kind)
	require.NoError(t, err)
	domain, err := touchpoints.Open(t.Context(), store, requests, touchpoints.Options{Plans: table, People: customers{}, Calendars: customers{}})
	require.NoError(t, err)
	keys := &auth.Keyring{}
	for _, role := range auth.Roles() {
		keys.Add(touchpointsToken(role), auth.NewPrincipal("principals/"+string(role), "", true, role))
	}
	s, err := server.New(t.Context(), server.Options{Authenticator: keys, Faults: rpc.Faults}, server.Service{
		Name: "plans", Register: func(r grpc.ServiceRegistrar) { rpc.RegisterTouchpoints(r, domain, customers{}) }})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 3)
	for _, run := range []func(context.Context) error{s.Run, store.RunRelay, domain.Run} {
		go func() { ended <- errors.Join(run(ctx), ctx.Err()) }()
	}
	t.Cleanup(func() {
		cancel()
		for range 3 {
			if err := <-ended; !errors.Is(err, context.Canceled) {
				t.Errorf("it ended with %v", err)
			}
		}
		require.NoError(t, store.Close())
	})
	for account, owner := range map[string]string{"acme": "account-manager", "brook": "admin"} {
		_, err = table.Create(t.Context(), resource.Call{Principal: "principals/admin"}, account, plans.Plan{Owner: owner, State: plans.Active,
			Strategy: plans.Strategy{Cadences: []plans.Cadence{{ID: "weekly", Purpose: "Say hello", Channel: plans.Call,
				When: calendar.Recurrence{Rule: "FREQ=WEEKLY;BYDAY=TU;COUNT=6", Start: "2027-03-02T09:00"}}}}}, "plan.created")
		require.NoError(t, err)
	}
	admin := (&touched{domain, s}).as(t, auth.Admin)
	require.Eventually(t, func() bool {
		page, err := admin.ListTouchpoints(t.Context(), &plansv1.ListTouchpointsRequest{Parent: "plans/-"})
		return err == nil && len(page.GetTouchpoints()) == 10
	}, time.Minute, 10*time.Millisecond)
	day.Store(10)
	return &touched{domain, s}
}

func touchpointsToken(role auth.Role) string { return "the-token-of-" + string(role) + "-in-this-test" }

// as returns a client that calls as the person with a role.
func (s *touched) as(t *testing.T, role auth.Role) plansv1.TouchpointsServiceClient {
	t.Helper()
	conn, err := s.server.Dial(auth.Bearer(touchpointsToken(role)))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	return plansv1.NewTouchpointsServiceClient(conn)
}

// touchpointRefused wants an error with a code and a reason.
func touchpointRefused(t *testing.T, err error, code codes.Code, reason string) {
	t.Helper()
	s := status.Convert(err)
	require.Equal(t, code, s.Code(), "%v", err)
	for _, d := range s.Details() {
		if info, ok := d.(*errdetails.ErrorInfo); ok {
			require.Equal(t, reason, info.GetReason(), "%v", err)
			return
		}
	}
	t.Fatalf("no ErrorInfo in %v", err)
}

func on(year, month, day int32) *date.Date { return &date.Date{Year: year, Month: month, Day: day} }

const (
	ofAcme  = "plans/acme/touchpoints/weekly-2027-03-16"
	ofBrook = "plans/brook/touchpoints/weekly-2027-03-16"
)

func TestR9TouchpointsAreListedAndFiltered(t *testing.T) {
	s := serveTouchpoints(t)
	manager := s.as(t, auth.AccountManager)
	names := func(parent, filter string) (list []string) {
		r := &plansv1.ListTouchpointsRequest{Parent: parent, Filter: filter, PageSize: 1}
		for {
			page, err := manager.ListTouchpoints(t.Context(), r)
			require.NoError(t, err)
			for _, one := range page.GetTouchpoints() {
				list = append(list, one.GetName())
			}
			if r.PageToken = page.GetNextPageToken(); r.PageToken == "" {
				return list
			}
		}
	}
	require.Len(t, names("plans/acme", ""), 5)
	require.Empty(t, names("plans/acme", "state = DONE"))
	late := "plans/acme/touchpoints/weekly-2027-03-09"
	require.Equal(t, []string{late}, names("plans/-", `overdue = true AND owner = "principals/account-manager"`))
	require.Equal(t, []string{late}, names("plans/acme", `state = STATE_PLANNED AND due_date < "2027-03-10"`))
	require.Equal(t, []string{late, "plans/brook/touchpoints/weekly-2027-03-09"}, names("plans/-", `overdue = true`))
	require.Equal(t, []string{late, ofAcme}, names("plans/acme", `state = PLANNED AND due_date <= "2027-03-16"`))
	require.Len(t, names("plans/acme", `cadence = "weekly" AND channel = CALL AND origin = CADENCE`), 5)
	for _, wrong := range []string{"spend > 3", `due_date < "2027-13-01"`} {
		_, err := manager.ListTouchpoints(t.Context(), &plansv1.ListTouchpointsRequest{Parent: "plans/-", Filter: wrong})
		touchpointRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
	}

	due, err := manager.ListDueTouchpoints(t.Context(), &plansv1.ListDueTouchpointsRequest{})
	require.NoError(t, err)
	require.Equal(t, on(2027, 3, 14).String(), due.GetThroughDate().String())
	require.Len(t, due.GetTouchpoints(), 1)
	require.Equal(t, late, due.GetTouchpoints()[0].GetName())
	require.True(t, due.GetTouchpoints()[0].GetOverdue())
	require.Equal(t, []string{"accounts/acme/contacts/ines"}, due.GetTouchpoints()[0].GetContacts())
	due, err = manager.ListDueTouchpoints(t.Context(), &plansv1.ListDueTouchpointsRequest{Owner: "principals/admin", Date: on(2027, 3, 21)})
	require.NoError(t, err)
	require.Len(t, due.GetTouchpoints(), 2)
	none, err := manager.ListDueTouchpoints(t.Context(), &plansv1.ListDueTouchpointsRequest{Owner: "principals/viewer"})
	require.NoError(t, err)
	require.Empty(t, none.GetTouchpoints())
	_, err = manager.ListDueTouchpoints(t.Context(), &plansv1.ListDueTouchpointsRequest{Owner: "principals/nobody"})
	touchpointRefused(t, err, codes.NotFound, "NOT_FOUND")
	for _, owner := range []string{"", "principals/auditor"} {
		none, err = s.as(t, auth.Auditor).ListDueTouchpoints(t.Context(), &plansv1.ListDueTouchpointsRequest{Owner: owner})
		require.NoError(t, err, "who calls is known already")
		require.Empty(t, none.GetTouchpoints())
	}
	_, err = manager.ListDueTouchpoints(t.Context(), &plansv1.ListDueTouchpointsRequest{Owner: "principals/auditor"})
	require.Equal(t, codes.Unavailable, status.Code(err))
}

func TestAManagerActsOnTheirOwnTouchpoints(t *testing.T) {
	s := serveTouchpoints(t)
	manager, admin := s.as(t, auth.AccountManager), s.as(t, auth.Admin)
	outcome := &plansv1.ContactOutcome{Text: "All is well.", Evidence: "ticket 7", Minutes: 15, Contacts: []string{"accounts/acme/contacts/ines"}}
	done, err := manager.CompleteTouchpoint(t.Context(), &plansv1.CompleteTouchpointRequest{Name: ofAcme, Outcome: outcome})
	require.NoError(t, err)
	require.Equal(t, plansv1.Touchpoint_STATE_DONE, done.GetState())
	require.Equal(t, "principals/account-manager", done.GetOutcome().GetRecorder())
	require.Equal(t, on(2027, 3, 10).String(), done.GetOutcome().GetContactDate().String())
	require.Equal(t, plansv1.ContactOutcome_INITIATOR_COMPANY, done.GetOutcome().GetInitiator())
	require.Equal(t, "principals/account-manager", done.GetOutcome().GetHolder(), "who records it held it")
	_, err = manager.CompleteTouchpoint(t.Context(), &plansv1.CompleteTouchpointRequest{Name: ofAcme, Outcome: outcome})
	touchpointRefused(t, err, codes.FailedPrecondition, "TOUCHPOINT_STATE")
	_, err = manager.CompleteTouchpoint(t.Context(), &plansv1.CompleteTouchpointRequest{Name: "plans/acme/touchpoints/weekly-2027-03-23", Outcome: &plansv1.ContactOutcome{Text: "Early."}})
	touchpointRefused(t, err, codes.FailedPrecondition, "TOUCHPOINT_EARLY")

	reasons := map[string]error{}
	_, reasons["complete"] = manager.CompleteTouchpoint(t.Context(), &plansv1.CompleteTouchpointRequest{Name: ofBrook, Outcome: outcome})
	_, reasons["skip"] = manager.SkipTouchpoint(t.Context(), &plansv1.SkipTouchpointRequest{Name: ofBrook, Reason: "why"})
	_, reasons["reschedule"] = manager.RescheduleTouchpoint(t.Context(), &plansv1.RescheduleTouchpointRequest{Name: ofBrook, DueDate: on(2027, 3, 17), Reason: "why"})
	_, reasons["reassign"] = manager.ReassignTouchpoint(t.Context(), &plansv1.ReassignTouchpointRequest{Name: ofBrook, Owner: "principals/account-manager"})
	_, reasons["create"] = manager.CreateTouchpoint(t.Context(), &plansv1.CreateTouchpointRequest{Parent: "plans/brook",
		Touchpoint: &plansv1.Touchpoint{Purpose: "Hello", Channel: plansv1.Channel_CHANNEL_CALL, DueDate: on(2027, 3, 17)}})
	_, reasons["record"] = manager.RecordContact(t.Context(), &plansv1.RecordContactRequest{Parent: "plans/brook", Purpose: "Hello", Channel: plansv1.Channel_CHANNEL_CALL, Outcome: outcome})
	_, reasons["none"] = manager.SkipTouchpoint(t.Context(), &plansv1.SkipTouchpointRequest{Name: "plans/brook/touchpoints/none", Reason: "why"})
	for _, err := range reasons {
		touchpointRefused(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	}

	given, err := admin.ReassignTouchpoint(t.Context(), &plansv1.ReassignTouchpointRequest{Name: ofBrook, Owner: "principals/account-manager", Reason: "on leave"})
	require.NoError(t, err)
	require.Equal(t, "principals/account-manager", given.GetOwner())
	moved, err := manager.RescheduleTouchpoint(t.Context(), &plansv1.RescheduleTouchpointRequest{Name: ofBrook, DueDate: on(2027, 3, 17), Reason: "they asked", Etag: given.GetEtag()})
	require.NoError(t, err, "what is one's own to do may be of anybody's account")
	require.Equal(t, on(2027, 3, 17).String(), moved.GetDueDate().String())
	require.Len(t, moved.GetAdjustments(), 2)
	require.Equal(t, plansv1.Touchpoint_Adjustment_REASON_PERSON, moved.GetAdjustments()[1].GetReason())
	_, err = manager.SkipTouchpoint(t.Context(), &plansv1.SkipTouchpointRequest{Name: ofBrook, Reason: "why", Etag: given.GetEtag()})
	touchpointRefused(t, err, codes.Aborted, "STALE_ETAG")
	pass := &plansv1.ReassignTouchpointRequest{Name: ofBrook, Owner: "principals/admin", RequestId: "b1b9f6d0-6f43-4c1c-9d6c-0d6c1f6a0a01"}
	for range 2 {
		passed, err := manager.ReassignTouchpoint(t.Context(), pass)
		require.NoError(t, err, "a retry is answered, although it is another's by then")
		require.Equal(t, "principals/admin", passed.GetOwner())
	}
	_, err = manager.SkipTouchpoint(t.Context(), &plansv1.SkipTouchpointRequest{Name: ofBrook, Reason: "why"})
	touchpointRefused(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	_, err = admin.ReassignTouchpoint(t.Context(), &plansv1.ReassignTouchpointRequest{Name: ofBrook, Owner: "principals/account-manager"})
	require.NoError(t, err)
	skipped, err := manager.SkipTouchpoint(t.Context(), &plansv1.SkipTouchpointRequest{Name: ofBrook, Reason: "why"})
	require.NoError(t, err)
	require.Equal(t, "principals/account-manager", skipped.GetEnder())

	for _, role := range []auth.Role{auth.ServiceAgent} {
		_, err = s.as(t, role).GetTouchpoint(t.Context(), &plansv1.GetTouchpointRequest{Name: ofAcme})
		touchpointRefused(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
	}
	_, err = s.as(t, auth.Viewer).SkipTouchpoint(t.Context(), &plansv1.SkipTouchpointRequest{Name: ofAcme, Reason: "why"})
	touchpointRefused(t, err, codes.PermissionDenied, "PERMISSION_DENIED")
}

func TestR7ContactsOfCustomersAreRecordedAndSatisfyNothing(t *testing.T) {
	s := serveTouchpoints(t)
	manager := s.as(t, auth.AccountManager)
	rang := &plansv1.ContactOutcome{Text: "A question.", Initiator: plansv1.ContactOutcome_INITIATOR_CUSTOMER}
	_, err := manager.CompleteTouchpoint(t.Context(), &plansv1.CompleteTouchpointRequest{Name: ofAcme, Outcome: rang})
	touchpointRefused(t, err, codes.FailedPrecondition, "CONTACT_BY_CUSTOMER")
	r := &plansv1.RecordContactRequest{Parent: "plans/acme", Purpose: "A question", Channel: plansv1.Channel_CHANNEL_CALL, Outcome: rang,
		RequestId: "7d9b41f6-1a55-4a8c-9f9e-0d3f6a1d2c11"}
	first, err := manager.RecordContact(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, plansv1.Touchpoint_ORIGIN_UNPLANNED, first.GetOrigin())
	require.Equal(t, plansv1.ContactOutcome_INITIATOR_CUSTOMER, first.GetOutcome().GetInitiator())
	require.Equal(t, "principals/account-manager", first.GetOwner())
	again, err := manager.RecordContact(t.Context(), r)
	require.NoError(t, err)
	require.Equal(t, first.GetName(), again.GetName())
	got, err := manager.GetTouchpoint(t.Context(), &plansv1.GetTouchpointRequest{Name: first.GetName()})
	require.NoError(t, err)
	require.Equal(t, first.String(), got.String())
	r.Outcome, r.RequestId = &plansv1.ContactOutcome{Text: "x", Initiator: plansv1.ContactOutcome_INITIATOR_COMPANY, Contacts: []string{"accounts/brook/contacts/ines"}}, ""
	_, err = manager.RecordContact(t.Context(), r)
	touchpointRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")

	made, err := manager.CreateTouchpoint(t.Context(), &plansv1.CreateTouchpointRequest{Parent: "plans/acme",
		Touchpoint: &plansv1.Touchpoint{Purpose: "Send the figures", Channel: plansv1.Channel_CHANNEL_EMAIL, DueDate: on(2027, 3, 12), Audience: []string{"finance"}}})
	require.NoError(t, err)
	require.Equal(t, plansv1.Touchpoint_ORIGIN_PERSON, made.GetOrigin())
	require.Equal(t, []string{"accounts/acme/contacts/ines"}, made.GetContacts())
	made, err = manager.CompleteTouchpoint(t.Context(), &plansv1.CompleteTouchpointRequest{Name: made.GetName(),
		Outcome: &plansv1.ContactOutcome{Text: "Sent.", Holder: "principals/viewer"}})
	require.NoError(t, err)
	require.Equal(t, []string{"principals/viewer", "principals/account-manager", "principals/account-manager"},
		[]string{made.GetOutcome().GetHolder(), made.GetOutcome().GetRecorder(), made.GetOwner()})
	_, err = manager.CompleteTouchpoint(t.Context(), &plansv1.CompleteTouchpointRequest{Name: ofAcme,
		Outcome: &plansv1.ContactOutcome{Text: "Well.", Holder: "principals/nobody"}})
	touchpointRefused(t, err, codes.InvalidArgument, "INVALID_ARGUMENT")
}

func TestPeopleSayWhenTheyAreAway(t *testing.T) {
	s := serveTouchpoints(t)
	manager, admin := s.as(t, auth.AccountManager), s.as(t, auth.Admin)
	mine := &plansv1.Absence{FirstDate: on(2027, 3, 16), LastDate: on(2027, 3, 16), StandIn: "principals/admin", Reason: "leave"}
	seen, err := manager.CreateAbsence(t.Context(), &plansv1.CreateAbsenceRequest{Absence: mine, ValidateOnly: true})
	require.NoError(t, err)
	require.Equal(t, "principals/account-manager", seen.GetPrincipal())
	made, err := manager.CreateAbsence(t.Context(), &plansv1.CreateAbsenceRequest{Absence: mine})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		one, err := admin.GetTouchpoint(t.Context(), &plansv1.GetTouchpointRequest{Name: ofAcme})
		return err == nil && one.GetOwner() == "principals/admin"
	}, time.Minute, 10*time.Millisecond, "the stand-in gets it")
	other := &plansv1.Absence{Principal: "principals/admin", FirstDate: on(2027, 4, 1), LastDate: on(2027, 4, 2)}
	_, err = manager.CreateAbsence(t.Context(), &plansv1.CreateAbsenceRequest{Absence: other})
	touchpointRefused(t, err, codes.PermissionDenied, "NOT_ASSIGNED")
	theirs, err := admin.CreateAbsence(t.Context(), &plansv1.CreateAbsenceRequest{Absence: other})
	require.NoError(t, err)
	_, err = manager.DeleteAbsence(t.Context(), &plansv1.DeleteAbsenceRequest{Name: theirs.GetName()})
	touchpointRefused(t, err, codes.PermissionDenied, "NOT_ASSIGNED")

	page, err := manager.ListAbsences(t.Context(), &plansv1.ListAbsencesRequest{Filter: `last_date >= "2027-03-17"`})
	require.NoError(t, err)
	require.Len(t, page.GetAbsences(), 1)
	require.Equal(t, theirs.String(), page.GetAbsences()[0].String())
	page, err = manager.ListAbsences(t.Context(), &plansv1.ListAbsencesRequest{Filter: `principal = "principals/account-manager"`})
	require.NoError(t, err)
	require.Len(t, page.GetAbsences(), 1)
	got, err := manager.GetAbsence(t.Context(), &plansv1.GetAbsenceRequest{Name: made.GetName()})
	require.NoError(t, err)
	require.Equal(t, made.String(), got.String())
	_, err = manager.DeleteAbsence(t.Context(), &plansv1.DeleteAbsenceRequest{Name: made.GetName(), Etag: made.GetEtag()})
	require.NoError(t, err)
	_, err = manager.GetAbsence(t.Context(), &plansv1.GetAbsenceRequest{Name: made.GetName()})
	touchpointRefused(t, err, codes.NotFound, "NOT_FOUND")
}

func TestAHandoverSaysWhatIsPlanned(t *testing.T) {
	s := serveTouchpoints(t)
	due, err := rpc.TouchpointDuties(s.domain).Due(t.Context(), "acme")
	require.NoError(t, err)
	require.Len(t, due, 5)
	require.Equal(t, rpc.Due{Resource: "plans/acme/touchpoints/weekly-2027-03-09", Description: "Say hello",
		At: time.Date(2027, 3, 9, 9, 0, 0, 0, time.UTC), Overdue: true}, due[0])
}

// R31: a value statement says what comes next, and nothing of what the company has noticed.
func TestR31PlannedContactsComeNext(t *testing.T) {
	s := serveTouchpoints(t)
	call := resource.Call{Principal: "principals/admin", Method: "test"}
	for origin, purpose := range map[touchpoints.Origin]string{touchpoints.OfSuggestion: "Ask why they buy less", touchpoints.OfSession: "Invite them"} {
		_, err := s.domain.Plan(t.Context(), call, touchpoints.New{ID: string(origin), Plan: "acme", Origin: origin, Purpose: purpose, Channel: plans.Call, Due: civil.Date(2027, 3, 12)}, false)
		require.NoError(t, err)
	}
	next, err := rpc.PlannedContacts{Touchpoints: s.domain}.Next(t.Context(), "acme")
	require.NoError(t, err)
	require.Equal(t, []statements.Prospect{
		{Name: "plans/acme/touchpoints/weekly-2027-03-09", Text: "Say hello", Day: civil.Date(2027, 3, 9)},
		{Name: "plans/acme/touchpoints/session", Text: "Invite them", Day: civil.Date(2027, 3, 12)},
		{Name: ofAcme, Text: "Say hello", Day: civil.Date(2027, 3, 16)},
	}, next[:3])
	require.Len(t, next, 6)
	next, err = rpc.PlannedContacts{Touchpoints: s.domain}.Next(t.Context(), "nobody")
	require.NoError(t, err)
	require.Empty(t, next)
}

// R10: what was missed was never work, and the ledger of points hears nothing of it.
func TestR10MissedContactsAreNoWork(t *testing.T) {
	taker := rpc.RewardedWork(nil) // which would fail
	require.NoError(t, taker.Take(t.Context(), []feeds.Change{{Position: 7, Work: &feeds.Work{Name: ofAcme, Kind: "touchpoint", Withdrawn: true, Missed: true}}}))
}
