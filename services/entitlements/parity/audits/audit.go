// Package audits makes audits of parity over the company's cases and keeps them: who ran
// which, with what outcome, and the report.
package audits

import (
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/resource"
)

// Audit is an audit that was made. It never changes.
type Audit struct {
	// From and To are the first and the last day of the period in which the cases were
	// opened, in the company's zone.
	From civil.Day `bson:"from"`
	To   civil.Day `bson:"to"`
	// Until is the instant as of which the cases were looked at: the end of the period, or
	// when the audit was made where that is earlier.
	Until time.Time `bson:"until"`
	// By, Within and Metrics are the names of columns and metrics, Alpha and the ratios
	// what it took for a finding.
	By         []string `bson:"by"`
	Within     []string `bson:"within"`
	Metrics    []string `bson:"metrics"`
	Alpha      float64  `bson:"alpha"`
	RateRatio  float64  `bson:"rate_ratio"`
	ValueRatio float64  `bson:"value_ratio"`
	TimeRatio  float64  `bson:"time_ratio"`
	// Runner is the name of the principal that ran it.
	Runner string `bson:"runner"`
	// Cases is how many cases there were; the others count comparisons by outcome.
	Cases            int `bson:"cases"`
	Findings         int `bson:"findings"`
	NoFindings       int `bson:"no_findings"`
	InsufficientData int `bson:"insufficient_data"`
	// Report is the id of the report, which is kept apart.
	Report string `bson:"report"`

	resource.Times `bson:",inline"`
}

// auditType is the resource type of the API.
const auditType = "evenhand/ParityAudit"

// Name is the resource name of an audit.
func Name(id string) string { return "parityAudits/" + id }

// ReasonTooLarge is the reason of evenhand.type.v1.ErrorReason that this package gives
// itself.
const ReasonTooLarge = "AUDIT_TOO_LARGE"

// ErrTooLarge says that there are more cases, or comparisons, than one audit takes.
var ErrTooLarge = fault.New(fault.FailedPrecondition, ReasonTooLarge, "The audit is too large.")

func tooLarge(text string) error {
	return ErrTooLarge.Saying("%s", text).WithCondition(ReasonTooLarge, "parityAudits", "%s", text)
}

// Kind is what the table of audits is opened with, and followers of the feed read by.
func Kind() resource.Kind[Audit] {
	return resource.Kind[Audit]{
		Type: auditType, Name: Name, Spec: spec,
		Tell: func(a Audit) any { return a },
	}
}
