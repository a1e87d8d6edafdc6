package transport

import "io/fs"

// isOf says whether a file belongs to who owns its folder: here who may write into it is
// for its access list to say.
func isOf(fs.FileInfo, fs.FileInfo) bool { return true }
