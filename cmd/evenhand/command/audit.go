package command

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"

	"google.golang.org/grpc"

	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements/parity"
	"github.com/evenhand/evenhand/services/entitlements/parity/report"
)

// Audit is `evenhand audit`.
type Audit struct {
	Parity AuditParity `cmd:"" help:"Were like cases treated alike? Compares groups of cases, and keeps the audit."`
	List   AuditList   `cmd:"" help:"List the audits of parity that were made, the newest first."`
	Get    AuditGet    `cmd:"" aliases:"show" help:"Print the report of an audit of parity."`

	Reversals AuditReversals `cmd:"" help:"Which benefits were won by revenue that was later reversed or refunded?"`
	Loyalty   AuditLoyalty   `cmd:"" help:"Is there anything that only new customers can have?"`
}

// AuditFormat is the --output flag of commands that print a report of parity.
type AuditFormat struct {
	Output string `short:"o" default:"table" enum:"table,json,csv,markdown,html" help:"How to print: table, json, csv, markdown, or html, a page with charts (${default})."`
}

// AuditParity is `evenhand audit parity`.
type AuditParity struct {
	From       Day      `required:"" placeholder:"DATE" help:"The first day on which cases were opened."`
	To         Day      `required:"" placeholder:"DATE" help:"The last day."`
	By         []string `required:"" placeholder:"COLUMN" enum:"issue,channel,staff-role,region,spend-band,tenure-band,reach-band" help:"The columns whose groups are compared: issue, channel, staff-role, region, spend-band, tenure-band, reach-band."`
	Within     []string `placeholder:"COLUMN" enum:"issue,channel,staff-role,region,spend-band,tenure-band,reach-band" xor:"within" help:"What like cases have in common; issue and spend-band, where it is not given."`
	AllAlike   bool     `xor:"within" help:"Compare all cases with one another, whatever they have in common."`
	Metric     []string `placeholder:"METRIC" enum:"first-reply-time,resolution-time,breach-rate,remedy-rate,remedy-value,escalation-rate,reopen-rate" help:"What is compared: first-reply-time, resolution-time, breach-rate, remedy-rate, remedy-value, escalation-rate, reopen-rate; all, where it is not given."`
	Alpha      float64  `placeholder:"SHARE" help:"The chance of any finding, over all comparisons together, where everybody is treated alike; 0.05."`
	RateRatio  float64  `placeholder:"RATIO" help:"The highest ratio of rates, lower over higher, that matters; 0.80."`
	ValueRatio float64  `placeholder:"RATIO" help:"The highest ratio of values of remedies that matters; 0.80."`
	TimeRatio  float64  `placeholder:"RATIO" help:"The lowest ratio of times, longer over shorter, that matters; 1.05."`
	AuditFormat
	Connection
}

// Help implements kong.HelpProvider.
func (*AuditParity) Help() string {
	return `Compares every pair of groups, within strata of like cases. A difference is a finding where it matters, is beyond chance over all comparisons together, and rests on at least 10 cases of each group; where there are too few, that is said. A case without a value in a column of --within is compared with none. Rates are of the good outcome: breach-rate compares cases in which every promise was kept. Cases still open at the end of the last day count as such.

Examples:

  evenhand audit parity --from 2026-01-01 --to 2026-03-31 --by channel
  evenhand audit parity --from 2026-01-01 --to 2026-03-31 --by channel,region --within issue --metric resolution-time,remedy-rate --output json
  evenhand audit parity --from 2026-01-01 --to 2026-03-31 --by staff-role --output html > audit.html`
}

// Run makes the audit and prints its report.
func (c *AuditParity) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewParityServiceClient(s)
		stream, err := client.RunParityAudit(env.Context, &entitlementsv1.RunParityAuditRequest{ // as long as it takes
			RequestId: newRequestID(),
			Comparing: &entitlementsv1.ParityComparing{
				FromDate: c.From.Date, ToDate: c.To.Date, By: auditColumns(c.By), Within: auditColumns(c.Within), AllAlike: c.AllAlike, Metrics: auditMetrics(c.Metric),
				Alpha: c.Alpha, RateRatio: c.RateRatio, ValueRatio: c.ValueRatio, TimeRatio: c.TimeRatio,
			},
		})
		if err != nil {
			return err
		}
		made, err := awaitAudit(env, stream)
		if err != nil {
			return err
		}
		return c.print(env, s, made.GetName())
	})
}

func auditColumns(names []string) []entitlementsv1.ParityComparing_Column {
	var out []entitlementsv1.ParityComparing_Column
	for _, name := range names {
		out = append(out, entitlementsv1.ParityComparing_Column(entitlementsv1.ParityComparing_Column_value["COLUMN_"+enumName(name)]))
	}
	return out
}

func auditMetrics(names []string) []entitlementsv1.ParityComparing_Metric {
	var out []entitlementsv1.ParityComparing_Metric
	for _, name := range names {
		out = append(out, entitlementsv1.ParityComparing_Metric(entitlementsv1.ParityComparing_Metric_value["METRIC_"+enumName(name)]))
	}
	return out
}

// enumName is a name of a column as the API writes it: SPEND_BAND for spend-band.
func enumName(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

// awaitAudit tells how far an audit is until it is done.
func awaitAudit(env *Env, stream grpc.ServerStreamingClient[entitlementsv1.RunParityAuditResponse]) (*entitlementsv1.ParityAudit, error) {
	last := env.Now()
	for {
		step, err := stream.Recv()
		switch {
		case errors.Is(err, io.EOF):
			return nil, errors.New("the server ended the audit without saying how")
		case err != nil:
			return nil, err
		case step.GetParityAudit() != nil:
			if env.Terminal {
				fmt.Fprint(env.Stderr, "\r\x1b[K")
			}
			return step.GetParityAudit(), nil
		case env.Terminal:
			fmt.Fprintf(env.Stderr, "\r\x1b[K%s", auditProgress(step.GetProgress()))
		case env.Now().Sub(last) >= plainEvery:
			last = env.Now()
			env.note("%s", auditProgress(step.GetProgress()))
		}
	}
}

func auditProgress(p *entitlementsv1.ParityProgress) string {
	if p.GetOf() == 0 {
		return fmt.Sprintf("%s: %s", p.GetStage(), showCount(p.GetDone()))
	}
	return fmt.Sprintf("%s: %d %%", p.GetStage(), 100*p.GetDone()/p.GetOf())
}

// AuditGet is `evenhand audit get`.
type AuditGet struct {
	Audit string `arg:"" help:"The audit: its id, or parityAudits/ID."`
	AuditFormat
	Connection
}

// Help implements kong.HelpProvider.
func (*AuditGet) Help() string {
	return `Examples:

  evenhand audit get 06ec616m000019f2kv66777lg4
  evenhand audit get 06ec616m000019f2kv66777lg4 --output html > audit.html`
}

// Run asks and prints.
func (c *AuditGet) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		return c.print(env, s, "parityAudits/"+strings.TrimPrefix(c.Audit, "parityAudits/"))
	})
}

// print prints the report of an audit.
func (f AuditFormat) print(env *Env, s *session, name string) error {
	format := strings.ToUpper(f.Output)
	if f.Output == string(formatTable) {
		format = "JSON"
	}
	ctx, cancel := s.call(env)
	defer cancel()
	answer, err := entitlementsv1.NewParityServiceClient(s).ExportParityAudit(ctx, &entitlementsv1.ExportParityAuditRequest{
		Name: name, Format: entitlementsv1.ExportParityAuditRequest_Format(entitlementsv1.ExportParityAuditRequest_Format_value["FORMAT_"+format])})
	if err != nil {
		return err
	}
	if f.Output != string(formatTable) {
		_, err = fmt.Fprint(env.Stdout, answer.GetContent())
		return err
	}
	r, err := report.Read([]byte(answer.GetContent()))
	if err != nil {
		return err
	}
	return printAudit(env, name, r)
}

// printAudit prints a report as a table, the findings in words below it.
func printAudit(env *Env, name string, r *report.Report) error {
	l := Output{formatTable}.newList(env.Stdout, "", "Metric", "By", "Group", "Other", "Cases", "Ratio", "95 % interval", "Difference", "Adjusted p", "Outcome")
	for i := range r.Comparisons {
		c := &r.Comparisons[i]
		ratio, interval, p := "", "", ""
		if e := c.Effect; e != nil {
			ratio = strconv.FormatFloat(e.Value, 'f', 3, 64)
			if e.Low != nil && e.High != nil {
				interval = fmt.Sprintf("%.3f to %.3f", *e.Low, *e.High)
			}
		}
		if c.PAdjusted != nil {
			p = strconv.FormatFloat(*c.PAdjusted, 'g', 3, 64)
		}
		_ = l.add(nil, c.Metric, c.By, c.Groups[0], c.Groups[1], fmt.Sprintf("%d, %d", c.Counts[0], c.Counts[1]), ratio, interval, report.Shift(c), p, outcomeWords(c)) // end tells
	}
	if err := l.end(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(env.Stdout, "\n%s\n%s\n", strings.Join(slices.Concat([]string{r.Summary()}, r.LeftOut(), r.Sentences()), "\n"),
		"Kept as "+name+": `evenhand audit get` has the pairs of like cases to judge by.")
	return err
}

func outcomeWords(c *parity.Comparison) string {
	switch c.Outcome {
	case parity.Finding:
		return "finding: worse for " + c.Worse
	case parity.InsufficientData:
		return "insufficient data: " + c.Reason
	}
	if c.Note != "" {
		return "no finding; " + c.Note
	}
	return "no finding"
}

// AuditList is `evenhand audit list`.
type AuditList struct {
	Filter string `placeholder:"FILTER" help:"AIP-160, as \"findings > 0\". Fields: findings, cases, runner, create_time."`
	Limit  uint   `placeholder:"N" help:"At most this many; all, where it is not given."`
	Output
	Connection
}

// Help implements kong.HelpProvider.
func (*AuditList) Help() string {
	return `Examples:

  evenhand audit list
  evenhand audit list --filter "findings > 0" --output json`
}

// Run asks and prints.
func (c *AuditList) Run(env *Env) error {
	return c.with(env, func(s *session) error {
		client := entitlementsv1.NewParityServiceClient(s)
		l := c.newList(env.Stdout, "parityAudits", "Audit", "Made", "By whom", "From", "To", "Compared by", "Cases", "Findings", "No finding", "Too little data")
		return eachPage(l, c.Limit, func(size int32, token string) (page[*entitlementsv1.ParityAudit], error) {
			ctx, cancel := s.call(env)
			defer cancel()
			answer, err := client.ListParityAudits(ctx, &entitlementsv1.ListParityAuditsRequest{PageSize: size, PageToken: token, Filter: c.Filter})
			return page[*entitlementsv1.ParityAudit]{answer.GetParityAudits(), answer.GetNextPageToken()}, err
		}, func(a *entitlementsv1.ParityAudit) error {
			var by []string
			for _, column := range a.GetComparing().GetBy() {
				by = append(by, showEnum(column, "COLUMN_"))
			}
			return l.add(a, a.GetName(), showTime(a.GetCreateTime()), a.GetRunner(), showDay(a.GetComparing().GetFromDate()), showDay(a.GetComparing().GetToDate()),
				strings.Join(by, ", "), showCount(int64(a.GetCases())), showCount(int64(a.GetFindings())), showCount(int64(a.GetNoFindings())), showCount(int64(a.GetInsufficientData())))
		})
	})
}
