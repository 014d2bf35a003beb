//go:build unix

package rpc_test

import (
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	accountsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/accounts/v1"
	entitlementsv1 "github.com/evenhand/evenhand/proto/gen/evenhand/entitlements/v1"
	"github.com/evenhand/evenhand/services/entitlements"
)

// cpuTime is what this process has used of the processors, client and server together.
func cpuTime(b *testing.B) time.Duration {
	var used syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

// BenchmarkBatchCheck checks 1,000 pairs a call through a real server in this process.
func BenchmarkBatchCheck(b *testing.B) {
	s := serve(b, entitlements.Options{})
	_, err := s.schedules.PublishSchedule(b.Context(), &entitlementsv1.PublishScheduleRequest{
		Content: &entitlementsv1.PublishScheduleRequest_Yaml{Yaml: promise},
	})
	require.NoError(b, err)
	const accounts = 20_000
	var changes []*accountsv1.Change
	for i := range accounts {
		id := fmt.Sprintf("account-%05d", i)
		changes = append(changes, account(id, ""), revenue(id, paidOn, int64(i)*10, 1000))
	}
	token := s.accounts.add(changes...)
	var requests []*entitlementsv1.BatchCheckEntitlementsRequest
	for start := 0; start < accounts; start += 1000 {
		r := &entitlementsv1.BatchCheckEntitlementsRequest{AsOfDate: paidDate}
		for i := range 1000 {
			r.Queries = append(r.Queries, &entitlementsv1.EntitlementQuery{Account: fmt.Sprintf("accounts/account-%05d", start+i), Benefit: "thanks"})
		}
		requests = append(requests, r)
	}
	requests[0].ConsistencyToken = token
	for _, r := range requests { // once, so that timelines are there
		_, err := s.BatchCheckEntitlements(b.Context(), r)
		require.NoError(b, err)
	}
	requests[0].ConsistencyToken = ""
	b.ReportAllocs()
	b.ResetTimer()
	began := cpuTime(b)
	b.RunParallel(func(pb *testing.PB) {
		for i := 0; pb.Next(); i++ {
			if _, err := s.BatchCheckEntitlements(b.Context(), requests[i%len(requests)]); err != nil {
				b.Error(err)
			}
		}
	})
	decisions := float64(b.N * 1000)
	b.ReportMetric(float64(cpuTime(b)-began)/decisions, "cpu-ns/decision")
	b.ReportMetric(decisions/b.Elapsed().Seconds(), "decisions/s")
}
