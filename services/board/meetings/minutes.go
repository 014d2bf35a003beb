package meetings

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/platform/fault"
	"github.com/evenhand/evenhand/internal/platform/names"
	"github.com/evenhand/evenhand/internal/resource"
)

// Version is a version of the minutes; its text is kept apart.
type Version struct {
	// Digest is the SHA-256 of the text, in hexadecimal.
	Digest  string `bson:"digest"`
	Comment string `bson:"comment,omitempty"`
	// By is the name of the principal who recorded it.
	By string    `bson:"by"`
	At time.Time `bson:"at"`
}

// Approval is how the minutes were approved.
type Approval struct {
	// Version counts from 1.
	Version int `bson:"version"`
	// Meeting is the id, within the board, of the later meeting at which they were.
	Meeting string    `bson:"meeting"`
	At      time.Time `bson:"at"`
}

// Minutes is a version of the minutes of a meeting.
type Minutes struct {
	// Meeting is the id of the meeting, and Number counts its versions from 1.
	Meeting string
	Number  int
	Version
	Approved bool
	// Text is Markdown; empty in lists.
	Text string
}

// text is the text of a version of minutes. It is no part of an event, since the feed is
// kept for good and names people.
type text struct {
	Text string `bson:"text"`
}

// textID is the id of a text of a meeting: the same text is the same document, so that a
// writer that died before the meeting named its version leaves nothing that is in the way.
func textID(meeting, digest string) string { return meeting + "/" + digest }

// RecordMinutes records a version of the minutes: NOT_FOUND; INVALID_ARGUMENT where it
// says the same as the version before; FAILED_PRECONDITION with MEETING_STATE unless the
// meeting is held or minuted, with MINUTES where a version was approved.
func (s *Meetings) RecordMinutes(ctx context.Context, call resource.Call, id, words, comment string) (Minutes, error) {
	sum := sha256.Sum256([]byte(words))
	v := Version{Digest: hex.EncodeToString(sum[:]), Comment: comment, By: call.Principal, At: s.now()}
	stored, known, err := s.table.Replay(ctx, call, id)
	if err != nil {
		return Minutes{}, err
	}
	if !known {
		stored, err = s.addVersion(ctx, call, id, v, words)
	}
	if err != nil {
		return Minutes{}, err
	}
	for at := len(stored.State.Minutes) - 1; at >= 0; at-- { // a retry comes when there may be later ones
		if stored.State.Minutes[at].Digest == v.Digest {
			out := minutesOf(stored, at+1)
			out.Text = words
			return out, nil
		}
	}
	return Minutes{}, fmt.Errorf("%s does not have the version that was recorded", Name(id))
}

// addVersion keeps a text and then has the meeting name it; a text that would be refused
// is not kept.
func (s *Meetings) addVersion(ctx context.Context, call resource.Call, id string, v Version, words string) (resource.Stored[Meeting], error) {
	add := func(m *Meeting) error { return m.addMinutes(Name(id), v) }
	if tried, err := s.try(ctx, id, "", add); err != nil {
		return tried, err
	}
	if _, err := s.texts.Insert(ctx, textID(id, v.Digest), text{words}); err != nil && !errors.Is(err, docstore.ErrExists) {
		return resource.Stored[Meeting]{}, fmt.Errorf("keep the minutes of %s: %w", Name(id), err)
	}
	return s.change(ctx, call, id, "", "meeting.minutes_recorded", add)
}

func (m *Meeting) addMinutes(name string, v Version) error {
	if err := m.wants(name, "minutes are recorded", Held, Minuted); err != nil {
		return err
	}
	if m.Approval != nil {
		return fault.Precondition(ReasonMinutes, name, "The minutes of %s were approved as version %d, and stay as they are.", name, m.Approval.Version)
	}
	if n := len(m.Minutes); n > 0 && m.Minutes[n-1].Digest == v.Digest {
		return fault.Invalid("minutes.text", "is the same as in version %d", n)
	} else if n == maxVersions {
		return fault.Precondition(ReasonMinutes, name, "%s has %d versions of its minutes, which is the most.", name, n)
	}
	m.Minutes = append(m.Minutes[:len(m.Minutes):len(m.Minutes)], v)
	return nil
}

func minutesOf(s resource.Stored[Meeting], number int) Minutes {
	approval := s.State.Approval
	return Minutes{Meeting: s.ID, Number: number, Version: s.State.Minutes[number-1],
		Approved: approval != nil && approval.Version == number}
}

// MinutesName is the resource name of a version of minutes.
func MinutesName(meeting string, number int) string {
	return Name(meeting) + "/minutes/" + strconv.Itoa(number)
}

// GetMinutes returns a version of the minutes with its text, or NOT_FOUND.
func (s *Meetings) GetMinutes(ctx context.Context, id string, number int) (Minutes, error) {
	stored, err := s.Get(ctx, id)
	if err != nil {
		return Minutes{}, err
	}
	if number < 1 || number > len(stored.State.Minutes) {
		return Minutes{}, fault.Missing(minutesType, MinutesName(id, number))
	}
	out := minutesOf(stored, number)
	d, err := s.texts.Get(ctx, textID(id, out.Digest))
	if err != nil {
		return Minutes{}, fmt.Errorf("read %s: %w", MinutesName(id, number), err)
	}
	out.Text = d.Body.Text
	return out, nil
}

// ListMinutes returns the versions of the minutes, the first one first and without their
// texts, or NOT_FOUND.
func (s *Meetings) ListMinutes(ctx context.Context, id string) ([]Minutes, error) {
	stored, err := s.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	list := make([]Minutes, len(stored.State.Minutes))
	for at := range list {
		list[at] = minutesOf(stored, at+1)
	}
	return list, nil
}

// ApproveMinutes records that a later meeting of the board, named by its id, approved a
// version of the minutes: NOT_FOUND; INVALID_ARGUMENT where it is not a later one;
// FAILED_PRECONDITION with MEETING_STATE unless this one is minuted and the other was
// held, with MINUTES where it is not the last version, or one was approved.
func (s *Meetings) ApproveMinutes(ctx context.Context, call resource.Call, id string, number int, etag, at string) (resource.Stored[Meeting], error) {
	if earlier, known, err := s.table.Replay(ctx, call, id); known || err != nil {
		return earlier, err
	}
	other, err := s.Get(ctx, at)
	if err != nil {
		return resource.Stored[Meeting]{}, err
	}
	if err := other.State.wants(Name(at), "it approves minutes", Held, Minuted); err != nil {
		return resource.Stored[Meeting]{}, err
	}
	return s.table.Update(ctx, call, id, resource.IfEtag[Meeting](etag), "meeting.minutes_approved", func(m *Meeting) error {
		if other.State.Board != m.Board || other.ID == id || !other.State.Roll.Opened.After(m.opened()) {
			return fault.Invalid("meeting", "%s is not a later meeting of boards/%s", Name(at), m.Board)
		}
		if err := m.wants(Name(id), "its minutes are approved", Minuted); err != nil {
			return err
		}
		last := len(m.Minutes)
		switch {
		case number < 1 || number > last:
			return fault.Missing(minutesType, MinutesName(id, number))
		case m.Approval != nil:
			return fault.Precondition(ReasonMinutes, Name(id), "The minutes of %s were approved before, as version %d.", Name(id), m.Approval.Version)
		case number < last:
			return fault.Precondition(ReasonMinutes, MinutesName(id, number), "There is a later version: approve %s.", MinutesName(id, last))
		}
		m.Approval = &Approval{Version: number, Meeting: names.Last(at), At: s.now()}
		return nil
	})
}

// opened is when the meeting began; when it is planned to, where it did not.
func (m *Meeting) opened() time.Time {
	if m.Roll == nil {
		return m.Start
	}
	return m.Roll.Opened
}
