//go:build unix || js

package transport

import (
	"io/fs"
	"syscall"
)

// isOf says whether a file belongs to who owns its folder, or to root.
func isOf(file, folder fs.FileInfo) bool {
	owner := file.Sys().(*syscall.Stat_t).Uid
	return owner == 0 || owner == folder.Sys().(*syscall.Stat_t).Uid
}
