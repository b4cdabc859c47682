//go:build !unix

package secretfile

import "io/fs"

// groupOf reports that files have no group here.
func groupOf(fs.FileInfo) (group int, known bool) { return 0, false }
