package imports

import (
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/currency"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/services/entitlements/cases"
)

// Row is a row of a file of cases, its fields as the file has them. All but ID, Issue,
// Channel and Opened may be empty.
type Row struct {
	Line                                              int64
	ID, Account, Issue, Channel, Subject, Description string
	StaffRole, Opened, FirstReply, Resolved           string
	Remedy, RemedyValue, Escalated, Reopened          string
	Facts                                             map[string]string
	// Fault says why the row could not be read from the file, and then refuses it.
	Fault string
}

// reader reads rows of one import.
type reader struct {
	start Start
	zone  civil.Zone
	// currency is the company's, empty where there is none: then values are kept in
	// hundredths.
	currency string
	decimals int
}

func newReader(start Start, company Company) *reader {
	r := &reader{start: start, zone: company.Zone(), currency: company.Currency(), decimals: 2}
	if n, known := currency.Digits(r.currency); known {
		r.decimals = n
	}
	return r
}

// problem is what is wrong with a field of a row.
type problem struct{ field, text string }

func (p *problem) Error() string { return p.field + ": " + p.text }

func wrong(field, format string, args ...any) error {
	return &problem{field, fmt.Sprintf(format, args...)}
}

// maxReference is the longest id of a case in another system, in bytes.
const maxReference = 200

// read makes a case of the past of a row, its account aside, which reference names.
func (r *reader) read(row *Row) (past cases.Past, reference string, err error) {
	if row.Fault != "" {
		return past, "", wrong("", "%s", row.Fault)
	}
	if reference = row.Account; reference == "" {
		reference = r.start.Account
	}
	past = cases.Past{Source: r.start.Source, External: row.ID, Subject: row.Subject, Description: row.Description,
		Currency: r.currency, Unrecorded: r.start.Unrecorded}
	if past.ID, err = externalID(row.ID); err != nil {
		return past, "", err
	}
	if reference == "" {
		return past, "", wrong("account", "is empty: name the account, or one for all rows that name none")
	}
	words := []struct {
		field, value string
		needed       bool
		to           *string
	}{
		{"issue", row.Issue, true, &past.Issue}, {"channel", row.Channel, true, &past.Channel},
		{"staff-role", row.StaffRole, false, &past.Role}, {"remedy", remedyOf(row.Remedy), false, &past.Remedy},
	}
	for _, w := range words {
		if *w.to, err = word(w.field, w.value, w.needed); err != nil {
			return past, "", err
		}
	}
	if past.Subject == "" && past.Issue != row.Issue {
		past.Subject = shorten(row.Issue) // the words that the id was made of
	}
	if err := r.readTimes(row, &past); err != nil {
		return past, "", err
	}
	if err := r.readValue(row, &past); err != nil {
		return past, "", err
	}
	if past.Escalated, err = yes("escalated", row.Escalated); err != nil {
		return past, "", err
	}
	if past.Reopened, err = yes("reopened", row.Reopened); err != nil {
		return past, "", err
	}
	past.Facts = maps.Clone(row.Facts)
	maps.DeleteFunc(past.Facts, func(_, value string) bool { return value == "" })
	return past, reference, nil
}

// externalID makes the id of a case of what it is called in the source.
func externalID(external string) (string, error) {
	switch {
	case external == "":
		return "", wrong("id", "is empty: what a case is called in its source is what it is known by")
	case len(external) > maxReference:
		return "", wrong("id", "is longer than %d bytes", maxReference)
	case !utf8.ValidString(external) || strings.ContainsFunc(external, unicode.IsControl):
		return "", wrong("id", "is not plain text in UTF-8")
	case names.IsID(external):
		return external, nil
	}
	id := names.Slug(external)
	if id == "" {
		return hashed("", external), nil
	}
	return id, nil
}

// remedyOf is a remedy as files name it: none is the word for nothing.
func remedyOf(text string) string {
	if strings.EqualFold(strings.TrimSpace(text), "none") {
		return ""
	}
	return text
}

// word makes an id of a word of an open set, as derelict-vehicles of Derelict Vehicles.
func word(field, text string, needed bool) (string, error) {
	text = strings.TrimSpace(text)
	switch {
	case text == "" && needed:
		return "", wrong(field, "is empty")
	case text == "" || names.IsID(text):
		return text, nil
	}
	id := names.Slug(text)
	if id == "" {
		return "", wrong(field, "%q has no letter or digit of which an id could be made", text)
	}
	return id, nil
}

const maxSubject = 200

func shorten(text string) string {
	if runes := []rune(text); len(runes) > maxSubject {
		return string(runes[:maxSubject])
	}
	return text
}

func (r *reader) readTimes(row *Row, past *cases.Past) error {
	for _, t := range []struct {
		field, value string
		to           *time.Time
	}{{"opened", row.Opened, &past.Opened}, {"first-reply", row.FirstReply, &past.FirstReply}, {"resolved", row.Resolved, &past.Resolved}} {
		text := strings.TrimSpace(t.value)
		if text == "" {
			if t.to == &past.Opened {
				return wrong(t.field, "is empty")
			}
			continue
		}
		// RFC 3339 allows a space, and so do most exports.
		at, err := r.zone.ParseInstant(strings.Replace(text, " ", "T", 1))
		if err != nil {
			return wrong(t.field, "%v", err)
		}
		*t.to = at
	}
	return nil
}

// readValue reads what a remedy was worth. Nothing is worth nothing: that is no value.
func (r *reader) readValue(row *Row, past *cases.Past) error {
	text := strings.TrimSpace(row.RemedyValue)
	if text == "" {
		return nil
	}
	minor, err := currency.Parse(text, r.decimals)
	if err != nil {
		return wrong("remedy-value", "%v", err)
	}
	if minor != 0 || past.Remedy != "" {
		past.Value = &minor
	}
	return nil
}

func yes(field, text string) (bool, error) {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "", "0", "no", "false", "n", "f":
		return false, nil
	case "1", "yes", "true", "y", "t":
		return true, nil
	}
	return false, wrong(field, "%q is neither yes nor no", text)
}
