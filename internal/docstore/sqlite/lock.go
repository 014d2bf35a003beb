package sqlite

import (
	"os"
	"strconv"
)

// writePID replaces what a lock file says by the id of this process.
func writePID(f *os.File) error {
	if err := f.Truncate(0); err != nil {
		return err
	}
	_, err := f.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
	return err
}
