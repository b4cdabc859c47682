package gitea

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"golang.org/x/sync/errgroup"

	"accord/adapters/exchange"
	"accord/app/reconcile"
)

const (
	// perPage is the page size to ask for, the most that Gitea gives by default. A
	// server whose MAX_RESPONSE_ITEMS is lower gives shorter pages.
	perPage = 50
	// maxPages bounds a listing, against a server that never ends one.
	maxPages = 10_000
	// readings is how often a listing is read that changes meanwhile.
	readings = 3
	// readTogether bounds the requests that read the parts of one thing.
	readTogether = 8
)

var (
	// errShort is the error of a listing that lacks entries.
	errShort   = errors.New("the listing is shorter than the total that Gitea gives")
	errNoTotal = errors.New("the answer does not give the total")
	// errRepeated is the error of a listing that never ends.
	errRepeated = errors.New("the same page came twice")
)

// tally compares the entries of a listing with the total that the server gives.
// A page that is shorter than asked for says nothing: the listing ends where the
// total is reached, and without a total, at an empty page.
type tally struct {
	read, first int
	begun       bool
	// page is the last one of a listing without a total.
	page []byte
}

// add counts a page and reports whether it is the last one. The error is
// errRepeated if a server without a total gives the same page again, errShort
// if the listing ends before its total, or if the total falls while the listing
// is read: an entry that goes away moves another one onto a page that was read. If
// another one is added at the same time the total stays equal, and the entry that
// moved is left out unnoticed.
func (t *tally) add(a answer, n int) (last bool, err error) {
	t.read += n
	total, known := a.total()
	if !known {
		if n > 0 && bytes.Equal(t.page, a.body) {
			return true, errRepeated
		}
		t.page = a.body
		return n == 0, nil
	}
	if !t.begun {
		t.begun, t.first = true, total
	}
	if total < t.first || n == 0 && t.read < total {
		return true, errShort
	}
	return n == 0 || t.read >= total, nil
}

// incomplete is the reconcile.ErrIncomplete of a listing that lacks entries.
func (t *tally) incomplete(a answer) error {
	total, _ := a.total()
	return reconcile.Incomplete("gitea: %s: %d were read, of %d at first and %d at last", a.request.op, t.read, t.first, total)
}

// total is the length of the whole listing that a page belongs to.
func (a answer) total() (int, bool) {
	total, err := strconv.Atoi(a.header.Get("X-Total-Count"))
	return total, err == nil && total >= 0
}

// needTotal refuses a page that does not give it.
func (a answer) needTotal() error {
	if _, known := a.total(); !known {
		return a.request.failed(true, errNoTotal)
	}
	return nil
}

// onPage is the request for one page of a listing.
func (r request) onPage(page int) request {
	query := url.Values{"limit": {strconv.Itoa(perPage)}}
	maps.Copy(query, r.query)
	query.Set("page", strconv.Itoa(page))
	r.query = query
	return r
}

// gather reads a listing to its end, or its first most entries, and reports
// whether that is all of it. decode reads a page; an answer of any other status
// than 200 that it accepts ends the listing. A listing that changes while it is
// read is read again, and refused if it is short every time. One with a page that
// is too long is read entry by entry; decode gets no more than the beginning of an
// entry that is too long.
func gather[T any](
	ctx context.Context, d *Directory, r request, most int, decode func(answer) ([]T, error),
) (all []T, whole bool, err error) {
	for range readings {
		all, whole, err = gatherOnce(ctx, d, r, most, decode)
		if errors.Is(err, exchange.ErrTooLong) {
			all, whole, err = gatherSingly(ctx, d, r, most, decode)
		}
		if !errors.Is(err, errShort) {
			return all, whole, err
		}
	}
	return nil, false, err
}

func gatherOnce[T any](
	ctx context.Context, d *Directory, r request, most int, decode func(answer) ([]T, error),
) (all []T, whole bool, err error) {
	var t tally
	for page := 1; page <= maxPages; page++ {
		if len(all) >= most {
			return all[:most], false, nil
		}
		a, err := d.send(ctx, r.onPage(page))
		if err != nil {
			return nil, false, err
		}
		entries, err := decode(a)
		if err != nil {
			return nil, false, err
		}
		if a.status != http.StatusOK {
			return all, true, nil
		}
		all = append(all, entries...)
		last, err := t.add(a, len(entries))
		if err != nil {
			return nil, false, r.failed(true, err)
		}
		if last {
			return all[:min(len(all), most)], len(all) <= most, nil
		}
	}
	return nil, false, r.failed(true, errUnreadable)
}

// gatherSingly is gatherOnce by pages of one entry, several at a time.
func gatherSingly[T any](
	ctx context.Context, d *Directory, r request, most int, decode func(answer) ([]T, error),
) (all []T, whole bool, err error) {
	r.beginning = true
	r.query = maps.Clone(r.query)
	if r.query == nil {
		r.query = url.Values{}
	}
	r.query.Set("limit", "1")
	first, err := d.send(ctx, r.onPage(1))
	if err != nil {
		return nil, false, err
	}
	begun, err := decode(first)
	if err != nil || first.status != http.StatusOK {
		return nil, err == nil, err
	}
	total, known := first.total()
	if !known {
		return gatherOneByOne(ctx, d, r, most, begun, decode)
	}
	var pages []int
	for page := 2; page <= min(total, most, perPage*maxPages); page++ {
		pages = append(pages, page)
	}
	others, err := together(ctx, pages, func(ctx context.Context, page int) ([]T, error) {
		a, err := d.send(ctx, r.onPage(page))
		if err != nil {
			return nil, err
		}
		entries, err := decode(a)
		if now, _ := a.total(); err == nil && (now < total || len(entries) != 1) {
			err = r.failed(true, errShort)
		}
		return entries, err
	})
	all = append(begun, slices.Concat(others...)...)
	return all, len(all) >= total, err
}

// gatherOneByOne goes on from the first page of a listing without a total, as is
// that of runners, until a page is empty.
func gatherOneByOne[T any](
	ctx context.Context, d *Directory, r request, most int, all []T, decode func(answer) ([]T, error),
) ([]T, bool, error) {
	for page := 2; len(all) >= page-1 && len(all) < min(most, perPage*maxPages); page++ {
		a, err := d.send(ctx, r.onPage(page))
		if err != nil {
			return nil, false, err
		}
		entries, err := decode(a)
		if err != nil {
			return nil, false, err
		}
		if len(entries) == 0 {
			return all, true, nil
		}
		all = append(all, entries...)
	}
	return all, len(all) < most, nil
}

// together does the same to all, several at a time, and returns what came of
// each, in their order.
func together[T, R any](ctx context.Context, all []T, do func(context.Context, T) (R, error)) ([]R, error) {
	results := make([]R, len(all))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(readTogether)
	for i, one := range all {
		group.Go(func() (err error) {
			results[i], err = do(ctx, one)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	return results, nil
}

// isNumber reports whether Gitea takes the text for a number of its own.
func isNumber(s string) bool {
	n, err := strconv.ParseInt(s, 10, 64)
	return err == nil && n > 0
}
