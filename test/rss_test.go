//go:build linux

package test

import (
	"os/exec"
	"syscall"
)

// maxRSS is the most memory a process that has ended had resident, in KiB.
func maxRSS(cmd *exec.Cmd) int {
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0
	}
	return int(usage.Maxrss)
}
