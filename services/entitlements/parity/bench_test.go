package parity

import (
	"runtime"
	"testing"
	"time"
)

// BenchmarkAudit audits a million cases by channel in all metrics, and tells how long the
// columns of a case are in memory, and how much more the audit takes at its end.
func BenchmarkAudit(b *testing.B) {
	const million = 1_000_000
	before := heap()
	cases := simulated{cases: million, slow: "phone", slower: 1.1, open: 0.1}.make(b, 1)
	columns := heap() - before
	for b.Loop() {
		began := time.Now()
		r := run(b, cases, byChannel)
		b.ReportMetric(time.Since(began).Seconds(), "s/audit")
		b.ReportMetric(float64(r.Tested), "tested")
	}
	b.ReportMetric(float64(columns)/million, "B/case")
	runtime.KeepAlive(cases)
}

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
