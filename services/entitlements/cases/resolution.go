package cases

import (
	"fmt"
	"slices"
	"strings"

	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/services/entitlements/schedule"
)

// Resolution is what ends a case.
type Resolution struct {
	// Remedy is what was done; its Pointed and Basis are found by the service.
	Remedy Remedy
	// Attestations answer what the commitments want attested, each once.
	Attestations []Attestation
}

func (r *Resolution) check() error {
	p := problems{}
	if r.Remedy.ID != "" {
		p.id("remedy", r.Remedy.ID)
	}
	p.text("note", r.Remedy.Note, maxNote)
	p.text("departure_reason", r.Remedy.DepartureReason, maxNote)
	if v := r.Remedy.Value; v != nil && *v < 0 {
		p.add("remedy_value", "is less than nothing")
	}
	if r.Remedy.Value != nil && r.Remedy.ID == "" {
		p.add("remedy_value", "is the value of a remedy, and there is none: name it")
	}
	for i, a := range r.Attestations {
		at := fmt.Sprintf("attestations[%d].", i)
		p.text(at+"note", a.Note, maxNote)
		if !a.Kept && a.Note == "" {
			p.add(at+"note", "is needed where %s was not kept: say why", a.What)
		}
		if slices.ContainsFunc(r.Attestations[:i], func(b Attestation) bool { return b.What == a.What }) {
			p.add(at+"what", "%s is attested before", a.What)
		}
	}
	return p.err()
}

// demanded are the words that the commitments want attested when a case ends, each once.
func demanded(commitments []schedule.Commitment) []string {
	var list []string
	for _, c := range commitments {
		for _, what := range c.Attest {
			if !slices.Contains(list, what) {
				list = append(list, what)
			}
		}
	}
	return list
}

// WantedAttestations are the words that the commitments of a version, by its number, want
// attested when a case ends; none for version 0.
func (s *Cases) WantedAttestations(version int) ([]string, error) {
	commitments, err := s.book.commitments(version)
	return demanded(commitments), err
}

// attest returns the attestations in the order of the commitments: FAILED_PRECONDITION
// where one is missing, INVALID_ARGUMENT for one that nobody asks for.
func attest(name string, commitments []schedule.Commitment, given []Attestation) ([]Attestation, error) {
	wanted := demanded(commitments)
	for i, a := range given {
		if !slices.Contains(wanted, a.What) {
			p := problems{}
			p.add(fmt.Sprintf("attestations[%d].what", i), "%q is asked for by no commitment that the case is measured by; these are: %s", a.What, listed(wanted))
			return nil, p.err()
		}
	}
	var list []Attestation
	var missing []string
	for _, what := range wanted {
		i := slices.IndexFunc(given, func(a Attestation) bool { return a.What == what })
		if i < 0 {
			missing = append(missing, what)
			continue
		}
		list = append(list, given[i])
	}
	if len(missing) > 0 {
		return nil, refuse(ReasonAttestation, name, "The commitments want %s attested when %s ends: say of each whether it was kept.",
			strings.Join(missing, ", "), name).WithResource(caseType, name)
	}
	return list, nil
}

func listed(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

// remedyName is what people call a remedy, or that there is none.
func remedyName(id string) string {
	if id == "" {
		return "no remedy"
	}
	return names.Join("remedies", id)
}
