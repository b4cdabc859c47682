package saga

import (
	"context"
	"time"
)

// Filter says which sagas are wanted; the zero Filter wants all. Fields that
// are set have to hold together.
type Filter struct {
	// Stuck wants only sagas that wait for an operator.
	Stuck bool
	// Phase, Flow and Subject want only sagas of that phase, flow or subject.
	Phase         Phase
	Flow, Subject string
	// Before wants only sagas that began before that time.
	Before time.Time
}

// Page is a part of a list.
type Page struct {
	// After is the id of the last saga of the page before; empty for the first.
	After string
	// Limit is how many sagas the page has at most; 1 to MaxPage.
	Limit int
}

// MaxPage is the longest page.
const MaxPage = 1000

// Archive is a journal as operators see it: past and present sagas, without
// their states, which may hold secrets. All methods are safe for concurrent use
// beside the journal's.
type Archive interface {
	// List returns a page of sagas, those that began last first, among equals in
	// falling order of their ids. ErrNotFound where Page.After is gone.
	List(ctx context.Context, f Filter, p Page) ([]Record, error)
	// Find returns a record without its state, or ErrNotFound.
	Find(ctx context.Context, id string) (Record, error)
	// Entries returns a saga's history in order, or ErrNotFound.
	Entries(ctx context.Context, id string) ([]Entry, error)
	// Revise gives fn the record, without its state, and writes what it returns,
	// with what fn wrote, in one transaction. The record is locked all the while,
	// and it gets the next epoch, so that a runner which still holds it is fenced.
	// What else is fixed, and what the end of a saga takes away, is as in
	// Journal.Append; the state that is stored stays otherwise, and is not opened.
	// ErrNotFound, or fn's error unchanged in the chain. fn may be called again.
	Revise(ctx context.Context, id string, fn func(ctx context.Context, r Record) (Write, error)) error
	// Prune removes sagas that ended before that time with their histories,
	// at most limit of them, and returns how many. Their ids are free again.
	// Repeatable; safe to run on several replicas.
	Prune(ctx context.Context, before time.Time, limit int) (int, error)
}
