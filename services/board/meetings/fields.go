package meetings

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/evenhand/evenhand/internal/platform/civil"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
)

const (
	// maxDuration is the longest that a meeting is planned to last.
	maxDuration = 7 * 24 * time.Hour
	// firstYear and lastYear are those between which meetings begin.
	firstYear, lastYear = 1970, 2399
)

// problems collects what is wrong with the fields of a request, below a prefix.
type problems struct {
	prefix string
	fields []fault.Field
}

func (p *problems) add(path, format string, args ...any) {
	p.fields = append(p.fields, fault.Field{Path: p.prefix + path, Description: fmt.Sprintf(format, args...)})
}

// err is INVALID_ARGUMENT that names every wrong field; nil where there is none.
func (p *problems) err() error {
	if len(p.fields) == 0 {
		return nil
	}
	first := p.fields[0]
	return fault.New(fault.InvalidArgument, fault.ReasonInvalidArgument, "%s: %s", first.Path, first.Description).WithFields(p.fields...)
}

// checkFields says what is wrong with what callers may set of a meeting, below a path of
// the request.
func (m *Meeting) checkFields(prefix string) error {
	p := problems{prefix: prefix}
	if m.Start.IsZero() {
		p.add("start_time", "is needed")
	} else if m.Start.Year() < firstYear || m.Start.Year() > lastYear {
		p.add("start_time", "is not in the years %d to %d", firstYear, lastYear)
	}
	p.duration("duration", m.Duration, time.Minute)
	if _, err := civil.LoadZone(m.Zone); err != nil {
		p.add("time_zone", "%s", err)
	}
	p.link("link", m.Link)
	if len(m.Agenda) > maxItems {
		p.add("agenda", "has %d items: at most %d", len(m.Agenda), maxItems)
	}
	for i, item := range m.Agenda {
		at := fmt.Sprintf("agenda[%d].", i)
		if slices.ContainsFunc(m.Agenda[:i], func(other Item) bool { return other.ID == item.ID }) {
			p.add(at+"id", "%q is the id of an item before it", item.ID)
		}
		if !names.IsID(item.ID) {
			p.add(at+"id", "%q is no id: lower-case letters, digits and hyphens", item.ID)
		}
		p.duration(at+"duration", item.Duration, 0)
		for j, a := range item.Attachments {
			if p.link(fmt.Sprintf("%sattachments[%d].uri", at, j), a.URI); a.URI == "" {
				p.add(fmt.Sprintf("%sattachments[%d].uri", at, j), "is needed")
			}
		}
	}
	return p.err()
}

// instant is a time as it is stored: UTC, in whole milliseconds.
func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Millisecond) }

// duration wants whole minutes, at least some and at most maxDuration.
func (p *problems) duration(path string, d, least time.Duration) {
	if d < least || d > maxDuration || d%time.Minute != 0 {
		p.add(path, "is %s: it must be whole minutes, at least %d and at most %d", d, least/time.Minute, maxDuration/time.Minute)
	}
}

// link wants nothing, or an address that a browser opens as a page.
func (p *problems) link(path, text string) {
	if text == "" {
		return
	}
	if u, err := url.Parse(text); err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		p.add(path, "%q is no http or https address, as https://meet.example/advisory", text)
	}
}

// setAgenda puts a new agenda in place of the old one. What was recorded of items stays
// with them by their ids, so an item of which something was cannot be left out. Items
// without an id get the next number.
func (m *Meeting) setAgenda(items []Item) error {
	p := problems{prefix: "meeting."}
	agenda := make([]Item, len(items))
	for i, item := range items {
		item.TakenUp, item.Recusals = time.Time{}, nil
		if old := m.item(item.ID); old != nil {
			item.TakenUp, item.Recusals = old.TakenUp, old.Recusals
		}
		agenda[i] = item
	}
	taken := func(id string) bool {
		is := func(item Item) bool { return item.ID == id }
		return slices.ContainsFunc(agenda, is) || slices.ContainsFunc(m.Agenda, is)
	}
	for i := range agenda {
		for agenda[i].ID == "" {
			if m.LastItem++; !taken(strconv.Itoa(m.LastItem)) {
				agenda[i].ID = strconv.Itoa(m.LastItem)
			}
		}
	}
	for _, old := range m.Agenda {
		if m.recorded(old) && !slices.ContainsFunc(agenda, func(item Item) bool { return item.ID == old.ID }) {
			p.add("agenda", "item %s (%s) has recusals or decisions, or was taken up: it has to stay", old.ID, old.Title)
		}
	}
	m.Agenda = agenda
	return p.err()
}

// recorded says whether anything was recorded of an item.
func (m *Meeting) recorded(item Item) bool {
	return !item.TakenUp.IsZero() || len(item.Recusals) > 0 ||
		slices.ContainsFunc(m.Decisions, func(d Decision) bool { return d.Item == item.ID })
}

// setItem changes one item of the agenda; the agenda that was is left as it is.
func (m *Meeting) setItem(id string, change func(*Item)) {
	m.Agenda = slices.Clone(m.Agenda)
	change(m.item(id))
}

// noItem is INVALID_ARGUMENT about an item that there is not.
func (m *Meeting) noItem(field, id string) error {
	list := make([]string, len(m.Agenda))
	for i, item := range m.Agenda {
		list[i] = item.ID
	}
	if len(list) == 0 {
		return fault.Invalid(field, "there is no item %q: the agenda is empty", id)
	}
	return fault.Invalid(field, "there is no item %q on the agenda; there are %v", id, list)
}
