package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/evenhand/evenhand/cmd/evenhand/csvfile"
	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
)

// ImportFlags are what every import takes.
type ImportFlags struct {
	File         string            `arg:"" help:"The CSV file, its first line naming the columns; - for standard input."`
	Column       map[string]string `mapsep:"none" placeholder:"FIELD=COLUMN" help:"Take a field from a column; may be repeated."`
	Source       string            `help:"The system the rows come from; otherwise the file's name."`
	Batch        string            `help:"What the import is known by; otherwise the file's name."`
	Resume       bool              `help:"The batch is known with another file, and this is the same one grown."`
	ValidateOnly bool              `help:"Check every row, and write nothing."`
	Delimiter    string            `default:"," placeholder:"CHARACTER" help:"What stands between fields (${default})."`
	RetryFor     time.Duration     `default:"30s" placeholder:"DURATION" help:"How long to try again when the server cannot be reached (${default})."`
	Wait         time.Duration     `default:"10m" placeholder:"DURATION" help:"How long to wait until entitlements has applied what was written (${default})."`
	Output
	Connection
}

// Rows are sent in batches of at most this many, and of about this many bytes.
const (
	batchRows  = 500
	batchBytes = 512 << 10
)

// stream is one attempt to send a file: the part of the two import calls that differs.
type stream interface {
	// add puts a row on the batch to be sent, or why it cannot be read: then the server
	// refuses and counts it.
	add(columns *columns, row csvfile.Row)
	// sendBatch sends the batch and empties it.
	sendBatch() error
	CloseSend() error
	Recv() (importEvent, error)
}

// importEvent is what the server answers; one of them is set.
type importEvent interface {
	GetProgress() *accountsv1.ImportProgress
	GetRefused() *accountsv1.RefusedRow
	GetResult() *accountsv1.ImportResult
}

// importJob sends a file until the server has taken all of it.
type importJob struct {
	env      *Env
	flags    *ImportFlags
	file     *importFile
	chosen   map[string]string
	progress *progress
	// open begins an attempt.
	open func(ctx context.Context, start *accountsv1.ImportStart) (stream, error)
}

// runImport imports a file and prints the counts. It fails when a row was refused, after
// all others are written.
func (f *ImportFlags) runImport(env *Env, fields []field, prefix string,
	open func(ctx context.Context, s *session, start *accountsv1.ImportStart) (stream, error),
) error {
	chosen, err := chooseColumns(f.Column, fields, prefix)
	if err != nil {
		return err
	}
	if len(f.Delimiter) != 1 || strings.ContainsAny(f.Delimiter, "\"\r\n") {
		return &usageError{fmt.Sprintf("--delimiter %q is not one ASCII character", f.Delimiter)}
	}
	if f.File == "-" && f.Batch == "" {
		return &usageError{"standard input has no name: give the import one with --batch"}
	}
	file, err := openImport(env, f.File)
	if err != nil {
		return err
	}
	defer file.Close()
	return f.with(env, func(s *session) error {
		job := &importJob{
			env: env, flags: f, file: file, chosen: chosen, progress: newProgress(env, file.size),
			open: func(ctx context.Context, start *accountsv1.ImportStart) (stream, error) { return open(ctx, s, start) },
		}
		result, attempts, err := job.run()
		if err != nil {
			return err
		}
		return f.finish(env, s, result, attempts)
	})
}

// run sends the file until it is taken or there is no hope, and says how often it was
// sent.
func (j *importJob) run() (result *accountsv1.ImportResult, attempts int, err error) {
	defer j.progress.end()
	lostSince := time.Time{} // when the server could not be reached any more
	for wait := 250 * time.Millisecond; ; wait = min(2*wait, 4*time.Second) {
		before := j.progress.state()
		attempts++
		if result, err = j.attempt(); err == nil {
			return result, attempts, nil
		}
		now := j.env.Now()
		answered := j.progress.state() != before
		if answered {
			wait = 250 * time.Millisecond
		}
		if answered || lostSince.IsZero() {
			lostSince = now
		}
		if status.Code(err) != codes.Unavailable || now.Sub(lostSince) >= j.flags.RetryFor {
			return nil, attempts, j.broken(err)
		}
		j.progress.say("%s; sending the file again", explain(err).message)
		if err := j.env.pause(wait); err != nil {
			return nil, attempts, j.broken(err)
		}
	}
}

// broken says what an import that did not end leaves behind.
func (j *importJob) broken(err error) error {
	durable := j.progress.state()
	f := *explain(err)
	f.cause = err
	if j.env.Context.Err() != nil {
		f.message = "interrupted"
		f.details, f.fix = nil, ""
	}
	written := durable.GetWritten() + durable.GetAlreadyThere()
	if written > 0 && !j.flags.ValidateOnly {
		f.details = append(f.details, fmt.Sprintf("at least %d rows are durable", written))
	}
	if (written > 0 || j.env.Context.Err() != nil) && !j.flags.ValidateOnly {
		f.fix = strings.TrimPrefix(f.fix+"; importing the same file again finishes it", "; ")
	}
	return &f
}

func (j *importJob) start() *accountsv1.ImportStart {
	batch := j.flags.Batch
	if batch == "" {
		batch = j.file.name
	}
	source := j.flags.Source
	if source == "" {
		source = j.file.name
	}
	if source == "" {
		source = batch
	}
	return &accountsv1.ImportStart{
		Source: source, Batch: batch, Digest: j.file.digest,
		Resume: j.flags.Resume, ValidateOnly: j.flags.ValidateOnly,
	}
}

// attempt sends the whole file once.
func (j *importJob) attempt() (*accountsv1.ImportResult, error) {
	ctx, cancel := context.WithCancel(j.env.Context)
	defer cancel()
	stream, err := j.open(ctx, j.start())
	if err != nil {
		return nil, err
	}
	sent := make(chan error, 1)
	go func() {
		err := j.send(stream)
		if err != nil {
			cancel() // nothing more will come: end the call
		}
		sent <- err
	}()
	result, err := j.receive(stream)
	cancel()
	if sendErr := <-sent; sendErr != nil {
		return nil, sendErr
	}
	return result, err
}

// receive follows the server's answers to the end.
func (j *importJob) receive(stream stream) (*accountsv1.ImportResult, error) {
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("the server ended the import without saying how")
		}
		if err != nil {
			return nil, err
		}
		switch {
		case event.GetProgress() != nil:
			j.progress.counted(event.GetProgress().GetCounts())
		case event.GetRefused() != nil:
			j.progress.refused(event.GetRefused())
		case event.GetResult() != nil:
			return event.GetResult(), nil
		}
	}
}

// send reads the file and sends its rows. It returns nil when the server does not want
// more: the answer says why.
func (j *importJob) send(stream stream) error {
	pass, err := j.file.newPass()
	if err != nil {
		return err
	}
	table, err := csvfile.Open(pass, j.flags.Delimiter[0])
	if err != nil {
		return &failure{message: fmt.Sprintf("%s: %v", j.flags.File, err)}
	}
	var columns columns
	if err := columns.find(table, j.chosen, j.flags.Column); err != nil {
		return err
	}
	more, err := j.sendRows(stream, table, &columns, pass)
	if err != nil || !more {
		return err
	}
	if err := pass.check(); err != nil {
		return err
	}
	_ = stream.CloseSend() // it always returns nil
	return nil
}

// sendRows sends all rows; more is false when the server does not want them.
func (j *importJob) sendRows(stream stream, table *csvfile.Table, columns *columns, pass *pass) (more bool, err error) {
	rows, bytes := 0, 0
	flush := func() (bool, error) {
		if rows == 0 {
			return true, nil
		}
		err := stream.sendBatch()
		rows, bytes = 0, 0
		j.progress.sent(pass.read)
		if errors.Is(err, io.EOF) {
			return false, nil
		}
		return err == nil, err
	}
	for {
		row, err := table.Next()
		if errors.Is(err, io.EOF) {
			return flush()
		}
		if err != nil {
			return false, fmt.Errorf("read %s: %w", j.flags.File, err)
		}
		stream.add(columns, row)
		rows++
		for _, value := range row.Fields {
			bytes += len(value)
		}
		if rows == batchRows || bytes >= batchBytes {
			if more, err := flush(); err != nil || !more {
				return false, err
			}
		}
	}
}
