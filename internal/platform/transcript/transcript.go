// Package transcript keeps what tests let a server or a process write.
package transcript

import (
	"bytes"
	"sync"
)

// Transcript is an io.Writer that keeps everything, to be read while others still write.
// The zero value is empty. It is safe for use by several goroutines.
type Transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write implements io.Writer; it never fails.
func (t *Transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

// String returns what was written so far.
func (t *Transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}
