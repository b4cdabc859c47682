package reconcile

import (
	"cmp"
	"errors"
	"iter"
)

// errOrder says that a sequence is not in the order of its keys.
var errOrder = errors.New("the listing is not in order")

// merge walks two sequences, both in the order of their keys, side by side, and
// gives meet each that stands alone, or a pair of one key. Keys of the right are
// distinct; of several of one key on the left the first one is paired.
func merge[L, R any, K cmp.Ordered](
	left iter.Seq2[L, error], leftKey func(L) K, right iter.Seq2[R, error], rightKey func(R) K, meet func(*L, *R) error,
) error {
	l, r := follow(left, leftKey, true), follow(right, rightKey, false)
	defer l.stop()
	defer r.stop()
	err := errors.Join(l.advance(), r.advance())
	for err == nil && (l.there || r.there) {
		var order int
		switch {
		case !r.there:
			order = -1
		case !l.there:
			order = 1
		default:
			order = cmp.Compare(l.key, r.key)
		}
		switch {
		case order < 0:
			err = errors.Join(meet(&l.value, nil), l.advance())
		case order > 0:
			err = errors.Join(meet(nil, &r.value), r.advance())
		default:
			err = errors.Join(meet(&l.value, &r.value), l.advance(), r.advance())
		}
	}
	return err
}

// follower stands at one value of a sequence.
type follower[T any, K cmp.Ordered] struct {
	next   func() (T, error, bool)
	stop   func()
	keyOf  func(T) K
	repeat bool

	value T
	key   K
	there bool
}

func follow[T any, K cmp.Ordered](s iter.Seq2[T, error], key func(T) K, repeat bool) *follower[T, K] {
	next, stop := iter.Pull2(s)
	return &follower[T, K]{next: next, stop: stop, keyOf: key, repeat: repeat}
}

func (f *follower[T, K]) advance() error {
	value, err, ok := f.next()
	if err != nil || !ok {
		f.there = false
		return err
	}
	key := f.keyOf(value)
	if f.there && (key < f.key || (key == f.key && !f.repeat)) {
		return errOrder
	}
	f.value, f.key, f.there = value, key, true
	return nil
}
