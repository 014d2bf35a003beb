package sessions

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/services/plans"
)

// Definition is what people write of a session.
type Definition struct {
	Title string `bson:"title"`
	// Question is what is to be decided, in a sentence that asks; Leaning what the company
	// leans to, Why its reasons, and Facts what it knows.
	Question string `bson:"question,omitempty"`
	Leaning  string `bson:"leaning,omitempty"`
	Why      string `bson:"why,omitempty"`
	Facts    string `bson:"facts,omitempty"`
	// Owner is the id of the principal who answers.
	Owner   string    `bson:"owner"`
	Invited []Invited `bson:"invited,omitempty"`
	// Starts is when it takes place, and Minutes how long, 0 where that is not said.
	Starts  time.Time     `bson:"starts,omitempty"`
	Minutes int           `bson:"minutes,omitempty"`
	Channel plans.Channel `bson:"channel,omitempty"`
	// Place is an address of a house, or of a call.
	Place  string `bson:"place,omitempty"`
	Agenda []Item `bson:"agenda,omitempty"`
	// InviteBy is how customers are invited.
	InviteBy plans.Channel `bson:"invite_by,omitempty"`
	// Closes is the last day on which ideas are taken, the day of the session where it is 0;
	// Decides the day by the end of which it is decided.
	Closes  civil.Day `bson:"closes,omitempty"`
	Decides civil.Day `bson:"decides,omitempty"`
	// Notes are what was said; they stay out of events.
	Notes string `bson:"notes,omitempty"`
}

// Invited is an account that is invited.
type Invited struct {
	Account string `bson:"account"`
	// Contacts are the ids of those who are to come; the plan's owner chooses where there are
	// none.
	Contacts []string `bson:"contacts,omitempty"`
}

// Item is a part of the agenda.
type Item struct {
	Topic string `bson:"topic"`
	// Minutes is how long it takes; 0 where that is not said.
	Minutes int `bson:"minutes,omitempty"`
}

// check wants what people wrote to be right by itself.
func (d *Definition) check() error {
	switch {
	case d.Title == "":
		return fault.Invalid("strategy_session.title", "is empty: say what the session is called")
	case d.Owner == "":
		return fault.Invalid("strategy_session.owner", "is empty: say who will answer, as principals/anna")
	case len(d.Invited) > MaxInvited:
		return fault.Invalid("strategy_session.invited", "are %d accounts: at most %d are invited", len(d.Invited), MaxInvited)
	case len(d.Agenda) > MaxAgenda:
		return fault.Invalid("strategy_session.agenda", "has %d items: at most %d", len(d.Agenda), MaxAgenda)
	case d.Minutes < 0 || d.Minutes > MaxMinutes:
		return fault.Invalid("strategy_session.duration_minutes", "%d is not between 0 and %d", d.Minutes, MaxMinutes)
	case d.Closes != 0 && d.Decides != 0 && d.Decides < d.Closes:
		return fault.Invalid("strategy_session.decision_date", "%s is before %s, the last day for ideas", d.Decides, d.Closes)
	}
	for path, channel := range map[string]plans.Channel{"channel": d.Channel, "invitation_channel": d.InviteBy} {
		if channel != "" && !slices.Contains(plans.Channels, channel) {
			return fault.Invalid("strategy_session."+path, "%q is none of %s", channel, channelWords())
		}
	}
	for i, item := range d.Agenda {
		if item.Topic == "" || item.Minutes < 0 || item.Minutes > MaxMinutes {
			return fault.Invalid(fmt.Sprintf("strategy_session.agenda[%d]", i), "needs a topic, and minutes from 0 to %d", MaxMinutes)
		}
	}
	return d.checkInvited()
}

func channelWords() string {
	words := make([]string, len(plans.Channels))
	for i, c := range plans.Channels {
		words[i] = string(c)
	}
	return strings.Join(words, ", ")
}

func (d *Definition) checkInvited() error {
	seen := map[string]bool{}
	for i, invited := range d.Invited {
		at := fmt.Sprintf("strategy_session.invited[%d]", i)
		switch {
		case !names.IsID(invited.Account):
			return fault.Invalid(at+".account", "is missing: say who is invited, as accounts/acme")
		case seen[invited.Account]:
			return fault.Invalid(at+".account", "%s is invited already: name all its contacts in one place", plans.AccountName(invited.Account))
		case len(invited.Contacts) > MaxContacts:
			return fault.Invalid(at+".contacts", "are %d: at most %d of an account", len(invited.Contacts), MaxContacts)
		}
		seen[invited.Account] = true
	}
	return nil
}

// complete returns STRATEGY_SESSION_INCOMPLETE with everything that the session lacks to be
// opened on a day.
func (d *Definition) complete(id string, zone civil.Zone, today civil.Day) error {
	var missing *fault.Error
	lacks := func(field, format string, args ...any) {
		if missing == nil {
			missing = ErrIncomplete.Saying("%s cannot be opened yet: %s.", Name(id), fmt.Sprintf(format, args...)).WithResource(sessionType, Name(id))
		}
		missing = missing.WithCondition(reasonIncomplete, Name(id)+"/"+field, format, args...)
	}
	for _, f := range []struct{ value, field, text string }{
		{d.Question, "question", "say what is to be decided"},
		{d.Leaning, "leaning", "say what the company leans to, so that customers can speak to it"},
		{d.Why, "leaning_reason", "say why it leans to that"},
		{d.Facts, "facts", "say what is known"},
		{string(d.Channel), "channel", "say how people meet"},
	} {
		if f.value == "" {
			lacks(f.field, "%s", f.text)
		}
	}
	if len(d.Invited) == 0 {
		lacks("invited", "invite at least one account")
	}
	day := zone.DayOf(d.Starts)
	switch {
	case d.Starts.IsZero():
		lacks("start_time", "say when it takes place")
	case day < today:
		lacks("start_time", "it was to take place on %s, which has passed: say when it does", day)
	case d.closes(zone) < day:
		lacks("close_date", "ideas are taken until %s, before the session on %s", d.Closes, day)
	case d.Decides != 0 && d.Decides < d.closes(zone):
		lacks("decision_date", "%s is before %s, the last day for ideas", d.Decides, d.closes(zone))
	}
	if d.Decides == 0 {
		lacks("decision_date", "promise a day by which it is decided and every idea has its answer")
	}
	if missing == nil {
		return nil
	}
	return missing
}

// closes is the last day for ideas.
func (d *Definition) closes(zone civil.Zone) civil.Day {
	if d.Closes != 0 {
		return d.Closes
	}
	return zone.DayOf(d.Starts)
}

// background is what those who are asked should know.
func (d *Definition) background() string {
	return "What we lean to:\n" + d.Leaning + "\n\nWhy:\n" + d.Why + "\n\nWhat we know:\n" + d.Facts
}

// asks says whether both ask the same of the same customers.
func (d *Definition) asks(other *Definition) bool {
	return d.Question == other.Question && d.Leaning == other.Leaning && d.Why == other.Why && d.Facts == other.Facts &&
		d.InviteBy == other.InviteBy && slices.EqualFunc(d.Invited, other.Invited, func(a, b Invited) bool { return a.Account == b.Account })
}

// promises says whether both have the same owner answer, by the same days: what the board
// service has to know.
func (d *Definition) promises(other *Definition) bool {
	return d.Owner == other.Owner && d.Closes == other.Closes && d.Decides == other.Decides
}

// keep wants what is promised anew to those who were asked to be possible, on a day, and to
// have a reason; d is the definition of an opened session as it is to be.
func (d *Definition) keep(was *Session, zone civil.Zone, today civil.Day, reason string) error {
	if was.State == Open {
		switch {
		case d.Starts.IsZero():
			return fault.Invalid("strategy_session.start_time", "is empty: customers are invited, and only another time can take its place")
		case d.Channel == "":
			return fault.Invalid("strategy_session.channel", "is empty: customers are invited, and have to know how people meet")
		case !d.Starts.Equal(was.Starts) && zone.DayOf(d.Starts) < today:
			return fault.Invalid("strategy_session.start_time", "%s has passed: give a time from %s on", zone.DayOf(d.Starts), today)
		}
	}
	d.Closes = d.closes(zone)
	day, moved := zone.DayOf(d.Starts), d.Closes != was.Closes || !d.Starts.Equal(was.Starts)
	switch {
	case was.State == Open && moved && d.Closes < day:
		return fault.Invalid("strategy_session.close_date", "%s, the last day for ideas, is before the session on %s: move it too", d.Closes, day)
	case d.Decides == 0:
		return fault.Invalid("strategy_session.decision_date", "is empty: a day was promised, and only another can take its place")
	case d.Decides < d.Closes:
		return fault.Invalid("strategy_session.decision_date", "%s is before %s, the last day for ideas", d.Decides, d.Closes)
	case d.Closes != was.Closes && d.Closes < today:
		return fault.Invalid("strategy_session.close_date", "%s has passed: give a day from %s on", d.Closes, today)
	case d.Decides != was.Decides && d.Decides < today:
		return fault.Invalid("strategy_session.decision_date", "%s has passed: give a day from %s on", d.Decides, today)
	case reason == "" && !d.promises(&was.Definition):
		return fault.Invalid("reason", "is empty: say why the owner or the days are changed, for those who were asked")
	}
	return nil
}

// meets says whether both take place alike.
func (d *Definition) meets(other *Definition) bool {
	return d.Starts.Equal(other.Starts) && d.Minutes == other.Minutes && d.Channel == other.Channel && d.Place == other.Place &&
		slices.Equal(d.Agenda, other.Agenda) &&
		slices.EqualFunc(d.Invited, other.Invited, func(a, b Invited) bool { return slices.Equal(a.Contacts, b.Contacts) })
}

// invitesAlike says whether both invite the same people of an account, to the same time.
func (d *Definition) invitesAlike(other *Definition, account string) bool {
	return d.Starts.Equal(other.Starts) && slices.Equal(d.contacts(account), other.contacts(account))
}

// contacts are the ids of those of an account who are to come.
func (d *Definition) contacts(account string) []string {
	for _, i := range d.Invited {
		if i.Account == account {
			return i.Contacts
		}
	}
	return nil
}
