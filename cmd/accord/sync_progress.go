package main

import (
	"io"
	"os"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"github.com/mattn/go-isatty"

	"accord/app/reconcile"
)

// progressBar shows on a terminal how far a reading has come; elsewhere it shows
// nothing.
type progressBar struct {
	writer   progress.Writer
	accounts int
	trackers map[reconcile.System]*progress.Tracker
	rendered chan struct{}
}

func newProgress(w io.Writer, accounts int) *progressBar {
	b := &progressBar{accounts: accounts, trackers: map[reconcile.System]*progress.Tracker{}}
	file, ok := w.(*os.File)
	if !ok || !isatty.IsTerminal(file.Fd()) {
		return b
	}
	b.writer = progress.NewWriter()
	b.writer.SetOutputWriter(w)
	b.writer.SetAutoStop(false)
	b.writer.SetUpdateFrequency(100 * time.Millisecond)
	b.writer.SetTrackerPosition(progress.PositionRight)
	b.rendered = make(chan struct{})
	go func() {
		defer close(b.rendered)
		b.writer.Render()
	}()
	return b
}

// read tells how many users of the system were read; there are about as many as
// accounts.
func (b *progressBar) read(system reconcile.System, n int) {
	if b.writer == nil {
		return
	}
	tracker := b.trackers[system]
	if tracker == nil {
		tracker = &progress.Tracker{Message: "reading " + string(system), Total: int64(b.accounts)}
		b.trackers[system] = tracker
		b.writer.AppendTracker(tracker)
	}
	if int64(n) > tracker.Total {
		tracker.UpdateTotal(int64(n))
	}
	tracker.SetValue(int64(n))
}

func (b *progressBar) done() {
	if b.writer == nil {
		return
	}
	for _, tracker := range b.trackers {
		tracker.MarkAsDone()
	}
	b.writer.Stop()
	<-b.rendered
}
