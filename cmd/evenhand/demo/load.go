package demo

import (
	"context"
	"fmt"
	"time"

	"google.golang.org/genproto/googleapis/type/date"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/fieldmaskpb"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	boardv1 "github.com/evenhand/evenhand/proto/gen/evenhand/board/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Company is what the invented company is called.
const Company = "Larkspur Instruments"

// The batches by which the demo's imports are known.
const (
	accountsBatch = "demo-customers"
	revenueBatch  = "demo-orders"
	source        = "demo"
)

// loader writes the company through the API.
type loader struct {
	accounts accountsv1.AccountsServiceClient
	revenue  accountsv1.RevenueServiceClient
	access   accountsv1.AccessServiceClient
	schedule entitlementsv1.ScheduleServiceClient
	spend    entitlementsv1.EntitlementsServiceClient
	board    *clerk
	desk     *desk
	planner  *planner
	data     *Data
}

// Load writes the invented company of the day now through a connection of an
// administrator, and returns when all of it counts. What is there already is left alone:
// a company that was loaded before stays as it is, and one whose loading was cut off is
// completed as it was begun. The board and plans services go by the clock, which is
// turned back for what happened on the board and in the last weeks, and staff act through
// connections of their own. It returns the day the company was made for.
func Load(ctx context.Context, conn grpc.ClientConnInterface, dial Dial, now time.Time, clock *Clock) (time.Time, error) {
	l := &loader{
		accounts: accountsv1.NewAccountsServiceClient(conn),
		revenue:  accountsv1.NewRevenueServiceClient(conn),
		access:   accountsv1.NewAccessServiceClient(conn),
		schedule: entitlementsv1.NewScheduleServiceClient(conn),
		spend:    entitlementsv1.NewEntitlementsServiceClient(conn),
		board: &clerk{
			boards: boardv1.NewBoardsServiceClient(conn), rotations: boardv1.NewRotationsServiceClient(conn),
			meetings: boardv1.NewMeetingsServiceClient(conn), questions: boardv1.NewSolicitationsServiceClient(conn),
			ideas: boardv1.NewIdeasServiceClient(conn), calendar: boardv1.NewCalendarServiceClient(conn), clock: clock,
		},
		desk:    &desk{access: accountsv1.NewAccessServiceClient(conn), admin: conn, dial: dial},
		planner: &planner{office: &desk{access: accountsv1.NewAccessServiceClient(conn), admin: conn, dial: dial}, clock: clock},
	}
	done, err := l.imports(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("load the demo: %w", err)
	}
	begun := now.UTC() // as the time of an import is, or a start that completes it may be on another day
	if first, ok := done[accountsBatch]; ok {
		begun = first.GetCreateTime().AsTime()
	}
	l.data = Generate(Seed, begun)
	l.board.today, l.board.plan = l.data.Today, planBoard(l.data.Today)
	l.desk.data, l.planner.data = l.data, l.data
	if done[revenueBatch].GetState() != accountsv1.Import_STATE_FINISHED {
		err = l.load(ctx, done[accountsBatch].GetState() == accountsv1.Import_STATE_FINISHED)
	}
	if err == nil {
		err = l.serve(ctx)
	}
	if err == nil {
		err = l.planner.plan(ctx)
	}
	if err != nil {
		return time.Time{}, fmt.Errorf("load the demo: %w", err)
	}
	return l.data.Today, nil
}

// serve writes what happens at the service desk, which needs what customers are entitled
// to, and so all of what comes before it.
func (l *loader) serve(ctx context.Context) error {
	finished, err := l.desk.finished(ctx)
	if err != nil || finished {
		return err
	}
	if err := l.desk.write(ctx); err != nil {
		return fmt.Errorf("service desk: %w", err)
	}
	return nil
}

func (l *loader) load(ctx context.Context, haveAccounts bool) error {
	if err := l.people(ctx); err != nil {
		return err
	}
	if !haveAccounts {
		if err := l.importAccounts(ctx); err != nil {
			return fmt.Errorf("customers: %w", err)
		}
	}
	for _, c := range l.data.Customers {
		if err := l.complete(ctx, c); err != nil {
			return fmt.Errorf("customer %s: %w", c.ID, err)
		}
	}
	if err := l.publish(ctx); err != nil {
		return fmt.Errorf("schedule: %w", err)
	}
	if err := l.board.write(ctx); err != nil {
		return fmt.Errorf("advisory board: %w", err)
	}
	// Last, since it says that all of this is there.
	if err := l.importRevenue(ctx); err != nil {
		return fmt.Errorf("orders: %w", err)
	}
	return nil
}

// imports returns the imports there are, by batch.
func (l *loader) imports(ctx context.Context) (map[string]*accountsv1.Import, error) {
	found := map[string]*accountsv1.Import{}
	for token := ""; ; {
		page, err := l.accounts.ListImports(ctx, &accountsv1.ListImportsRequest{PageSize: 1000, PageToken: token})
		if err != nil {
			return nil, err
		}
		for _, i := range page.GetImports() {
			if i.GetSource() == source {
				found[i.GetBatch()] = i
			}
		}
		if token = page.GetNextPageToken(); token == "" {
			return found, nil
		}
	}
}

// people writes the company's name, its account managers, and the board's secretary.
func (l *loader) people(ctx context.Context) error {
	_, err := l.accounts.UpdateCompany(ctx, &accountsv1.UpdateCompanyRequest{
		Company:    &accountsv1.Company{Name: "company", DisplayName: Company},
		UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"display_name"}},
	})
	if err != nil {
		return fmt.Errorf("company: %w", err)
	}
	for _, m := range managers {
		if err := l.employ(ctx, m, accountsv1.Role_ROLE_ACCOUNT_MANAGER); err != nil {
			return fmt.Errorf("account manager %s: %w", m.id, err)
		}
	}
	if err := l.employ(ctx, secretary, accountsv1.Role_ROLE_BOARD_SECRETARY); err != nil {
		return fmt.Errorf("secretary %s: %w", secretary.id, err)
	}
	return nil
}

func (l *loader) employ(ctx context.Context, p person, role accountsv1.Role) error {
	_, err := l.access.CreatePrincipal(ctx, &accountsv1.CreatePrincipalRequest{
		PrincipalId: p.id, Principal: &accountsv1.Principal{DisplayName: p.name, Person: true, Roles: []accountsv1.Role{role}},
	})
	if status.Code(err) == codes.AlreadyExists {
		return nil
	}
	return err
}

// complete writes what an import of accounts does not bring.
func (l *loader) complete(ctx context.Context, c Customer) error {
	for _, p := range c.Contacts {
		_, err := l.accounts.CreateContact(ctx, &accountsv1.CreateContactRequest{
			Parent: "accounts/" + c.ID, ContactId: p.ID,
			Contact: &accountsv1.Contact{DisplayName: p.Name, Email: p.Email, Roles: []string{p.Role}},
		})
		if err != nil && status.Code(err) != codes.AlreadyExists {
			return fmt.Errorf("contact %s: %w", p.ID, err)
		}
	}
	if g := c.Goal; g != nil {
		_, err := l.accounts.UpdateAccount(ctx, &accountsv1.UpdateAccountRequest{
			Account: &accountsv1.Account{Name: "accounts/" + c.ID, Goals: []*accountsv1.Goal{
				{Statement: g.Statement, Measure: g.Measure, TargetDate: toDate(g.Target)},
			}},
			UpdateMask: &fieldmaskpb.FieldMask{Paths: []string{"goals"}},
		})
		if err != nil {
			return fmt.Errorf("goal: %w", err)
		}
	}
	if c.Closed.IsZero() {
		return nil
	}
	_, err := l.accounts.CloseAccount(ctx, &accountsv1.CloseAccountRequest{Name: "accounts/" + c.ID, Date: toDate(c.Closed)})
	if status.Code(err) == codes.FailedPrecondition { // an earlier attempt did
		return nil
	}
	return err
}

// publish writes the two versions of the schedule, or what is missing of them.
func (l *loader) publish(ctx context.Context) error {
	there, err := l.schedule.ListScheduleVersions(ctx, &entitlementsv1.ListScheduleVersionsRequest{})
	if err != nil {
		return err
	}
	texts := []string{l.data.First, l.data.Second}
	for _, text := range texts[min(len(there.GetScheduleVersions()), len(texts)):] {
		_, err := l.schedule.PublishSchedule(ctx, &entitlementsv1.PublishScheduleRequest{
			Content: &entitlementsv1.PublishScheduleRequest_Yaml{Yaml: text},
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func toDate(t time.Time) *date.Date {
	return &date.Date{Year: int32(t.Year()), Month: int32(t.Month()), Day: int32(t.Day())}
}
