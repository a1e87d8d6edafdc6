package child

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

func TestHiddenFromOtherProcesses(t *testing.T) {
	before, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0)
	if err != nil {
		t.Skip("this kernel does not say what it hides: ", err)
	}
	defer unix.Prctl(unix.PR_SET_DUMPABLE, uintptr(before), 0, 0, 0)
	var limit, after unix.Rlimit
	unix.Getrlimit(unix.RLIMIT_CORE, &limit)
	HideSelf()
	if got, err := unix.PrctlRetInt(unix.PR_GET_DUMPABLE, 0, 0, 0, 0); err != nil || got != 0 {
		t.Errorf("dumpable: %d, %v", got, err)
	}
	if unix.Getrlimit(unix.RLIMIT_CORE, &after); after != limit {
		t.Errorf("the core limit, which a child inherits, became %v", after)
	}
	if _, err := os.ReadFile("/proc/self/environ"); err != nil {
		t.Errorf("it cannot see itself any more: %v", err)
	}
}
