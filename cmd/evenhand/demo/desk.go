package demo

import (
	"context"
	"crypto/sha256"
	"fmt"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
)

// Dial connects to the server with a token.
type Dial func(token string) (*grpc.ClientConn, error)

// The company's people at the service desk and behind the promise.
var (
	agent     = person{"lena-voss", "Lena Voss"}
	newcomer  = person{"jonah-pike", "Jonah Pike"} // has acknowledged nothing yet
	author    = person{"edith-crane", "Edith Crane"}
	approver  = person{"rafael-stone", "Rafael Stone"}
	manager   = managers[0] // whom cases are escalated to
	deskStaff = []struct {
		person
		role accountsv1.Role
	}{
		{agent, accountsv1.Role_ROLE_SERVICE_AGENT}, {newcomer, accountsv1.Role_ROLE_SERVICE_AGENT},
		{author, accountsv1.Role_ROLE_POLICY_AUTHOR}, {approver, accountsv1.Role_ROLE_POLICY_APPROVER},
	}
)

// desk writes what happens at the service desk through the API, each in the name of who
// does it. Every call carries a request id made of what it is about: what was written
// before is not written twice.
type desk struct {
	access accountsv1.AccessServiceClient
	admin  grpc.ClientConnInterface
	dial   Dial
	data   *Data
	cases  []Case
	// of is the connection of a person, by id.
	of map[string]*grpc.ClientConn
}

// finished says whether all of it was written: the audit is the last.
func (d *desk) finished(ctx context.Context) (bool, error) {
	there, err := entitlementsv1.NewParityServiceClient(d.admin).ListParityAudits(ctx, &entitlementsv1.ListParityAuditsRequest{
		Filter: fmt.Sprintf("runner = %q", "principals/"+author.id), PageSize: 1})
	return len(there.GetParityAudits()) > 0, err
}

// write writes what is missing.
func (d *desk) write(ctx context.Context) error {
	var err error
	if d.cases, err = GenerateCases(Seed, d.data); err != nil {
		return err
	}
	defer d.leave(context.WithoutCancel(ctx))
	for _, scene := range []struct {
		what string
		play func(context.Context) error
	}{
		{"staff", d.arrive},
		{"acknowledgements", d.acknowledge},
		{"remedies", d.catalogue},
		{"escalation path", d.nameAccountable},
		{"cases", d.importCases},
		{"surveys", d.survey},
		{"open cases", d.work},
		{"bands", d.declareBands},
		{"uses of benefits", d.use},
		{"house rules", d.keepHouse},
		{"clauses", d.cite},
		{"reviews", d.review},
		{"special requests", d.ask},
		{"programmes", d.offer},
		{"draft", d.draft},
		{"audit", d.audit}, // last, since it says that all is there
	} {
		if err := scene.play(ctx); err != nil {
			return fmt.Errorf("%s: %w", scene.what, err)
		}
	}
	return nil
}

// deskToken is what the tokens are called with which people act in the demo.
const deskToken = "the demo's own"

// arrive employs the staff and lets everybody in who acts.
func (d *desk) arrive(ctx context.Context) error {
	for _, s := range deskStaff {
		_, err := d.access.CreatePrincipal(ctx, &accountsv1.CreatePrincipalRequest{
			PrincipalId: s.id, Principal: &accountsv1.Principal{DisplayName: s.name, Person: true, Roles: []accountsv1.Role{s.role}},
		})
		if err != nil && status.Code(err) != codes.AlreadyExists {
			return fmt.Errorf("%s: %w", s.id, err)
		}
	}
	return d.enter(ctx, agent, manager, author, approver)
}

// enter lets people act in their own names.
func (d *desk) enter(ctx context.Context, people ...person) error {
	d.of = map[string]*grpc.ClientConn{}
	for _, p := range people {
		token, err := d.access.CreateApiToken(ctx, &accountsv1.CreateApiTokenRequest{
			Parent: "principals/" + p.id, ApiToken: &accountsv1.ApiToken{DisplayName: deskToken},
		})
		if err != nil {
			return fmt.Errorf("token of %s: %w", p.id, err)
		}
		if d.of[p.id], err = d.dial(token.GetSecret()); err != nil {
			return err
		}
	}
	return nil
}

// leave takes back the tokens, also those of a start that was cut off. Where that fails
// nobody is the wiser: nobody was told them.
func (d *desk) leave(ctx context.Context) {
	for id, conn := range d.of {
		_ = conn.Close()
		tokens, err := d.access.ListApiTokens(ctx, &accountsv1.ListApiTokensRequest{Parent: "principals/" + id})
		if err != nil {
			continue
		}
		for _, t := range tokens.GetApiTokens() {
			if t.GetDisplayName() == deskToken {
				_, _ = d.access.DeleteApiToken(ctx, &accountsv1.DeleteApiTokenRequest{Name: t.GetName()})
			}
		}
	}
}

// once is the id of a request, the same whenever it is made.
func once(about ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(about, "\x00")))
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80 // a UUID of version 8 (RFC 9562)
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

// day is the day some days before the demo's.
func (d *desk) day(before int) time.Time { return d.data.Today.AddDate(0, 0, -before) }

// acknowledge lets those who work on cases say that they know what everybody is promised;
// the newcomer has not yet.
func (d *desk) acknowledge(ctx context.Context) error {
	for _, p := range []person{agent, manager, author} {
		_, err := entitlementsv1.NewAcknowledgementsServiceClient(d.of[p.id]).AcknowledgeBaseline(ctx, &entitlementsv1.AcknowledgeBaselineRequest{
			Parent: "schedule/versions/1", RequestId: once("acknowledge", p.id)})
		if err != nil {
			return fmt.Errorf("%s: %w", p.id, err)
		}
	}
	return nil
}

// audit asks whether like cases were treated alike, by channel.
func (d *desk) audit(ctx context.Context) error {
	from, to := CasePeriod(d.data.Today)
	_, err := entitlementsv1.NewParityServiceClient(d.of[author.id]).CreateParityAudit(ctx, &entitlementsv1.CreateParityAuditRequest{
		ParityAudit: &entitlementsv1.ParityAudit{Comparing: &entitlementsv1.ParityComparing{
			FromDate: toDate(from), ToDate: toDate(to),
			By: []entitlementsv1.ParityComparing_Column{entitlementsv1.ParityComparing_COLUMN_CHANNEL},
		}},
		RequestId: once("audit"),
	})
	return err
}
