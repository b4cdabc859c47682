package minio

import (
	"context"
	"errors"
)

// The server answers "no such user" from its memory. A removal whose client
// has gone away takes the user out of the memory and leaves it on disk, from
// where it comes back: at the next look at it, at the next use of its key, or
// when the server reads everything anew, which is every few minutes. An
// add-user that ends in the middle can leave the same.

// looks bounds how often a user is looked for that such removals keep taking
// out of the server's memory.
const looks = 4

var errComesAndGoes = errors.New("the user is on the server's disk, and the server keeps forgetting it")

// onDisk carries out a change of a user, and carries it out again where the
// server did not know the user until it had read its disk. Its error is
// codeNoUser only where the disk has no such user either.
func (a *admin) onDisk(ctx context.Context, key string, change func() error) error {
	for range looks {
		err := change()
		if codeOf(err) != codeNoUser {
			return err
		}
		if _, err := a.userInfo(ctx, key); err != nil { // reads the disk
			return err
		}
	}
	return &failure{call: "user-info", cause: errComesAndGoes}
}
