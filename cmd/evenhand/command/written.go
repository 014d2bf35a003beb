package command

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// written are files that a command writes: all of them or, where something fails, none,
// and never half of one.
type written struct{ files []writtenFile }

type writtenFile struct {
	name string
	mode os.FileMode
	text []byte
}

// differentFiles fails where two outputs have one name: the second would replace the first.
func differentFiles(one, other string) error {
	a, err := filepath.Abs(one)
	if err != nil {
		return err
	}
	b, err := filepath.Abs(other)
	if err == nil && a == b {
		return &usageError{fmt.Sprintf("%s is named for two files: give each its own name", other)}
	}
	return err
}

// refuseInput fails where what is to be written is one of the files that are read, under
// whatever name. What is no regular file, as /dev/stdout, loses nothing.
func refuseInput(output string, inputs ...string) error {
	out, unwritten := os.Stat(output)
	for _, input := range inputs {
		in, unread := os.Stat(input)
		if unwritten == nil && unread == nil && out.Mode().IsRegular() && os.SameFile(in, out) {
			return &usageError{fmt.Sprintf("%s is read, and would be written over: give what is written a name of its own", output)}
		}
	}
	return nil
}

// add puts a file on the list; write fills it.
func (w *written) add(name string, mode os.FileMode, write func(io.Writer) error) error {
	for _, f := range w.files {
		if err := differentFiles(f.name, name); err != nil {
			return err
		}
	}
	var text bytes.Buffer
	if err := write(&text); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	w.files = append(w.files, writtenFile{name, mode, text.Bytes()})
	return nil
}

// commit writes each file beside its place, and then moves all of them there.
func (w *written) commit() (err error) {
	var moves [][2]string
	defer func() {
		for _, move := range moves {
			if removed := os.Remove(move[0]); err == nil && !errors.Is(removed, os.ErrNotExist) {
				err = removed
			}
		}
	}()
	for _, f := range w.files {
		if info, err := os.Stat(f.name); err == nil && !info.Mode().IsRegular() { // as /dev/stdout
			if err := os.WriteFile(f.name, f.text, f.mode); err != nil {
				return err
			}
			continue
		}
		beside, err := f.beside()
		if beside != "" {
			moves = append(moves, [2]string{beside, f.name})
		}
		if err != nil {
			return fmt.Errorf("write %s: %w", f.name, bare(err))
		}
	}
	for _, move := range moves {
		if err := os.Rename(move[0], move[1]); err != nil {
			return err
		}
	}
	return nil
}

// beside writes the file under a name of its own in the same folder, and returns that.
func (f *writtenFile) beside() (string, error) {
	file, err := os.CreateTemp(filepath.Dir(f.name), "."+filepath.Base(f.name)+".*")
	if err != nil {
		return "", err
	}
	_, err = file.Write(f.text)
	return file.Name(), errors.Join(err, file.Chmod(f.mode), file.Sync(), file.Close())
}

// refuseExisting fails where a file is there already that must not be replaced.
func refuseExisting(name, what string) error {
	if _, err := os.Lstat(name); err == nil {
		return &failure{message: fmt.Sprintf("%s is there already", name), fix: what}
	}
	return nil
}
