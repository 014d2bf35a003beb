package board

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/evenhand/evenhand/internal/docstore"
	"github.com/evenhand/evenhand/internal/resource"
)

// A layout is written rotation by rotation. So that a retry of a request is answered as its
// first call, what it changes is noted in the archive: before anything is written as
// layoutMeant, and as layoutDone once all is.
const (
	layoutMeant = "meant"
	layoutDone  = "done"
)

// layoutNote is what one request changes: the ids of rotations.
type layoutNote struct {
	Request        docstore.Request
	New, Cancelled []string
}

func layoutID(call resource.Call, board, stage string) string {
	return board + "/layouts/" + call.Request().DocumentID() + "/" + stage
}

// layoutBefore returns the layout of a request that was carried out, as its rotations are
// now, and whether there is one. resource.ErrRequestIDReused.
func (r *Rotations) layoutBefore(ctx context.Context, call resource.Call, board string) (*Layout, bool, error) {
	if call.RequestID == "" {
		return nil, false, nil
	}
	note := &layoutNote{}
	err := r.archive.read(ctx, layoutID(call, board, layoutDone), note)
	if errors.Is(err, docstore.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if _, err := call.Repeats(note.Request); err != nil {
		return nil, false, err
	}
	l, err := r.noted(ctx, note)
	return l, true, err
}

// once carries a layout out for a request that may have been interrupted before, and
// returns all that it changed, then and now.
func (r *Rotations) once(ctx context.Context, call resource.Call, board string, meant *Layout, write func() (*Layout, error)) (*Layout, error) {
	if call.RequestID == "" {
		return write()
	}
	note, err := r.noteLayout(ctx, call, board, layoutMeant, &layoutNote{New: rotationIDs(meant.New), Cancelled: rotationIDs(meant.Cancelled)})
	if err != nil {
		return nil, err
	}
	written, err := write()
	if err != nil {
		return nil, err
	}
	note.New, note.Cancelled = union(note.New, rotationIDs(written.New)), union(note.Cancelled, rotationIDs(written.Cancelled))
	if note, err = r.noteLayout(ctx, call, board, layoutDone, note); err != nil {
		return nil, err
	}
	return r.noted(ctx, note)
}

// noteLayout notes what a request changes at a stage, and returns what is noted there: an
// earlier note stays.
func (r *Rotations) noteLayout(ctx context.Context, call resource.Call, board, stage string, note *layoutNote) (*layoutNote, error) {
	note.Request = call.Request()
	text, err := json.Marshal(note)
	if err != nil {
		return nil, fmt.Errorf("note the layout of %s: %w", Name(board), err)
	}
	if text, err = r.archive.put(ctx, layoutID(call, board, stage), text); err != nil {
		return nil, err
	}
	there := &layoutNote{}
	if err := json.Unmarshal(text, there); err != nil {
		return nil, fmt.Errorf("read the layout of %s: %w", Name(board), err)
	}
	_, err = call.Repeats(there.Request)
	return there, err
}

// noted returns the layout of a note, as its rotations are now.
func (r *Rotations) noted(ctx context.Context, note *layoutNote) (*Layout, error) {
	l := &Layout{}
	for _, part := range []struct {
		ids  []string
		into *[]resource.Stored[Rotation]
	}{{note.New, &l.New}, {note.Cancelled, &l.Cancelled}} {
		found, err := r.table.GetMany(ctx, part.ids)
		if err != nil {
			return nil, fmt.Errorf("read what was laid out: %w", err)
		}
		for _, s := range found {
			*part.into = append(*part.into, s)
		}
		byDay(*part.into)
	}
	return l, nil
}

func rotationIDs(list []resource.Stored[Rotation]) []string {
	ids := make([]string, len(list))
	for i, s := range list {
		ids[i] = s.ID
	}
	return ids
}

// union returns the ids of both lists, each once.
func union(a, b []string) []string {
	all := slices.Concat(a, b)
	slices.Sort(all)
	return slices.Compact(all)
}
