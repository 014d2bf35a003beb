package record

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// SeedPlan says, before the seed exists, how it will be made.
type SeedPlan struct {
	// People commit and reveal secrets; none means that the round alone is the seed.
	People []Person `json:"people"`
	// Deadline is until when they may reveal, in UTC to the second; zero without people.
	Deadline time.Time `json:"deadline,omitzero"`
	// Round is the public randomness, or what takes the place of a secret that is not
	// revealed.
	Round Round `json:"round"`
}

// Round names a value of public randomness that will be known to everybody later.
type Round struct {
	// Source is who publishes it, Number which of its values is meant.
	Source string `json:"source"`
	Number string `json:"number"`
	// Known is the instant from which anybody can know the value, in UTC to the second:
	// after the commitment and after the deadline, so that nobody who commits or reveals
	// knows what comes of it.
	Known time.Time `json:"known,omitzero"`
}

// String names the round.
func (r Round) String() string { return "round " + r.Number + " of " + r.Source }

// Person has committed a secret.
type Person struct {
	Name string `json:"name"`
	// Commitment is the SHA-256 of the secret, in hexadecimal.
	Commitment string `json:"commitment"`
}

// Commitment is what a person publishes before a draw: the SHA-256 of a secret, in
// hexadecimal.
func Commitment(secret string) string {
	sum := sha256.Sum256([]byte(secret))
	return hex.EncodeToString(sum[:])
}

// Check returns an error that names everything wrong with the plan.
func (s *SeedPlan) Check() error {
	var problems []error
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	if !isLine(s.Round.Source) || !isLine(s.Round.Number) {
		wrong("name a round of public randomness by its source and number, as drand 12345")
	}
	if s.Round.Known.IsZero() {
		wrong("say from when the value of the round is known, as 2026-12-01T12:00:00Z")
	}
	if !s.Round.Known.IsZero() && !s.Round.Known.After(s.Deadline) {
		wrong("the value of %s is known from %s on, and has to come after the deadline %s: whoever reveals last could choose between two seeds", s.Round, instant(s.Round.Known), instant(s.Deadline))
	}
	if len(s.People) == 1 {
		wrong("one person alone would control the seed: name two, or none")
	}
	if (len(s.People) == 0) != s.Deadline.IsZero() {
		wrong("a deadline is for the people who reveal secrets: give both or none")
	}
	names, hashes := map[string]bool{}, map[string]bool{}
	for _, person := range s.People {
		if !isLine(person.Name) {
			wrong("the name %q of a person is not one line of text", person.Name)
		}
		if names[person.Name] {
			wrong("%s is named twice", person.Name)
		}
		if raw, err := hex.DecodeString(person.Commitment); err != nil || len(raw) != sha256.Size || person.Commitment != strings.ToLower(person.Commitment) {
			wrong("%s has committed %q, which is not a SHA-256 of 64 hexadecimal digits in lower case", person.Name, person.Commitment)
		}
		if hashes[person.Commitment] {
			wrong("%s has committed the same as another: each needs a secret of their own", person.Name)
		}
		names[person.Name], hashes[person.Commitment] = true, true
	}
	return errors.Join(problems...)
}

// CheckAt is Check of a plan that is committed at a time: the deadline and the round have
// to be in its future.
func (s *SeedPlan) CheckAt(committed time.Time) error {
	problems := []error{s.Check()}
	if len(s.People) > 0 && !s.Deadline.After(committed) {
		problems = append(problems, fmt.Errorf("the deadline %s has to be after the commitment at %s", instant(s.Deadline), instant(committed)))
	}
	if known := s.Round.Known; !known.IsZero() && !known.After(committed) {
		problems = append(problems, fmt.Errorf("the value of %s is known from %s on, and the commitment is at %s: name a round that is still to come", s.Round, instant(known), instant(committed)))
	}
	return errors.Join(problems...)
}

// instant writes an instant as a record has it.
func instant(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// inSeconds is the plan with its instants as a record has them.
func (s SeedPlan) inSeconds() SeedPlan {
	s.People = append([]Person{}, s.People...)
	s.Deadline, s.Round.Known = seconds(s.Deadline), seconds(s.Round.Known)
	return s
}

// isLine reports whether a text can be a line of what is hashed: not empty, without
// control characters.
func isLine(text string) bool {
	return text != "" && utf8.ValidString(text) && !strings.ContainsFunc(text, unicode.IsControl)
}

// Values are what a seed is made of, once it is known.
type Values struct {
	// Time is when the values were put together.
	Time time.Time
	// Round is the value of the named round, written as IsRoundValue says; empty where
	// all secrets were revealed.
	Round string
	// Secrets are what people revealed, by name.
	Secrets map[string]string
}

// maxRoundValue is the length of the longest value of a round.
const maxRoundValue = 1000

// IsRoundValue reports whether a text is the value of a round in the one spelling that
// makes a seed: lower-case hexadecimal digits, or decimal ones, with their leading zeros
// and nothing else, so no prefix as 0x, no sign and no space; 1 to 1,000 of them.
func IsRoundValue(text string) bool {
	return text != "" && len(text) <= maxRoundValue && strings.Trim(text, "0123456789abcdef") == ""
}

// combine makes the seed by the plan. It fails for a secret that is not the one
// committed, for a person the plan does not have, and where the round's value is
// missing, comes too early, is spelled otherwise or is not needed.
func (s *SeedPlan) combine(v Values) (seed string, reveals []string, err error) {
	text := ""
	reveals = []string{}
	var missing []string
	known := 0
	for _, person := range s.People {
		secret := v.Secrets[person.Name]
		reveals = append(reveals, secret)
		switch {
		case secret == "":
			missing = append(missing, person.Name)
			text += "round " + v.Round + "\n"
			continue
		case Commitment(secret) != person.Commitment:
			return "", nil, fmt.Errorf("the secret of %s is not the one committed: its SHA-256 is %s, the record has %s", person.Name, Commitment(secret), person.Commitment)
		case !isLine(secret):
			return "", nil, fmt.Errorf("the secret of %s is not one line of text", person.Name)
		}
		known++
		text += "secret " + secret + "\n"
	}
	if len(s.People) == 0 {
		text = "round " + v.Round + "\n"
	}
	for name, secret := range v.Secrets {
		if secret != "" && !s.has(name) {
			return "", nil, fmt.Errorf("the record has no commitment of %q", name)
		}
	}
	needed := known < len(s.People) || len(s.People) == 0
	switch {
	case needed && len(missing) > 0 && v.Time.Before(s.Deadline):
		return "", nil, fmt.Errorf("%s can still reveal until %s; the round takes their place only then", strings.Join(missing, " and "), instant(s.Deadline))
	case needed && v.Time.Before(s.Round.Known):
		return "", nil, fmt.Errorf("the value of %s is known from %s on: draw then", s.Round, instant(s.Round.Known))
	case needed && v.Round == "":
		return "", nil, fmt.Errorf("the value of %s is needed", s.Round)
	case needed && !IsRoundValue(v.Round):
		return "", nil, fmt.Errorf("the value of %s is given as %q: write it as at most %d lower-case hexadecimal digits, or as decimal digits, without prefix or space", s.Round, v.Round, maxRoundValue)
	case !needed && v.Round != "":
		return "", nil, fmt.Errorf("all secrets are revealed: the value of %s must not be given", s.Round)
	}
	return hashLines("seed", []byte(text)), reveals, nil
}

func (s *SeedPlan) has(name string) bool {
	for _, person := range s.People {
		if person.Name == name {
			return true
		}
	}
	return false
}
