//go:build windows && wine

package main

import _ "unsafe" // for go:linkname

// Wine 8 cannot remove a file by its handle with POSIX semantics and says so with a status
// that Go does not take for that; this has Go use its way for older Windows at once, or no
// test's folder could be removed. Needs -ldflags=-checklinkname=0.
//
//go:linkname deleteatFallback internal/syscall/windows.TestDeleteatFallback
var deleteatFallback bool

func init() { deleteatFallback = true }
