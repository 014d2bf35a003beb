package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// patience bounds what hangs; nothing is measured by it.
const patience = 10 * time.Minute

// process is a server running beside the benchmark.
type process struct {
	cmd        *exec.Cmd
	grpc, http string
	health     string // the floor's bare gRPC server
	token      string
	data       string
	stderr     bytes.Buffer
}

var addressLine = regexp.MustCompile(`^\s*(gRPC|REST|health)\s+(?:https?://)?(\S+:\d+)\s*$`)

// observed makes both servers measure every call and trace one of a thousand, as a
// company would have them do; what comes of it goes to their output.
var observed = []string{
	"OTEL_TRACES_EXPORTER=console", "OTEL_TRACES_SAMPLER=parentbased_traceidratio", "OTEL_TRACES_SAMPLER_ARG=0.001",
	"OTEL_METRICS_EXPORTER=console", "OTEL_METRIC_EXPORT_INTERVAL=60000",
}

// begin starts a server that prints its addresses, and reads those wanted.
func (p *process) begin(b *testing.B, wanted ...string) {
	b.Helper()
	p.cmd.Env = append(p.cmd.Environ(), observed...)
	out, err := p.cmd.StdoutPipe()
	require.NoError(b, err)
	p.cmd.Stderr = &p.stderr
	require.NoError(b, p.cmd.Start())
	lines := bufio.NewScanner(out)
	found := map[string]string{}
	for len(found) < len(wanted) {
		if !lines.Scan() {
			_ = p.cmd.Wait()
			b.Fatalf("%s ended before it said where it listens\n%s", p.cmd.Path, p.stderr.String())
		}
		if m := addressLine.FindStringSubmatch(lines.Text()); m != nil {
			found[m[1]] = m[2]
		}
	}
	p.grpc, p.http, p.health = found["gRPC"], found["REST"], found["health"]
	go func() { _, _ = io.Copy(io.Discard, out) }() // ends with the process
}

// end stops the server gracefully; it may have been stopped before.
func (p *process) end() {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	_ = p.cmd.Wait()
}

// system starts the whole system on a data folder, and waits until it is ready.
func system(b *testing.B, data string, args ...string) *process {
	b.Helper()
	args = append([]string{"serve", "--data-dir", data, "--grpc-addr", "127.0.0.1:0", "--http-addr", "127.0.0.1:0", "--log-level", "warn"}, args...)
	p := &process{cmd: exec.Command(program(b), args...), data: data}
	p.begin(b, "gRPC", "REST")
	b.Cleanup(p.end)
	token, err := os.ReadFile(filepath.Join(data, "admin-token"))
	require.NoError(b, err)
	p.token = strings.TrimSpace(string(token))
	for end := time.Now().Add(patience); ; time.Sleep(20 * time.Millisecond) {
		require.True(b, time.Now().Before(end), "the system is not ready\n%s", p.stderr.String())
		answer, err := http.Get("http://" + p.http + "/readyz")
		if err != nil {
			continue
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return p
		}
	}
}

// run runs a client command against the system.
func (p *process) run(b *testing.B, args ...string) string {
	b.Helper()
	args = append(args, "--server", p.grpc, "--token-file", filepath.Join(p.data, "admin-token"))
	c := exec.Command(program(b), args...)
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	require.NoError(b, err, "%s\n%s", strings.Join(args, " "), stderr.String())
	return string(out)
}

// resident returns the resident memory of the process in MiB, now and at its peak.
func (p *process) resident(b *testing.B) (now, peak float64) {
	b.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		b.Logf("resident memory is not known here: %v", err)
		return 0, 0
	}
	kib := func(field string) float64 {
		m := regexp.MustCompile(field + `:\s+(\d+) kB`).FindSubmatch(status)
		require.NotNil(b, m, field)
		n, err := strconv.ParseFloat(string(m[1]), 64)
		require.NoError(b, err)
		return n / 1024
	}
	return kib("VmRSS"), kib("VmHWM")
}
