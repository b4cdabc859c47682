package memory_test

import (
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/adapters/adaptertest"
	"accord/adapters/memory"
	"accord/saga"
)

func TestFilesConformance(t *testing.T) {
	var accounts atomic.Int64
	adaptertest.Files(t, func(*testing.T) adaptertest.FilesFixture {
		f := memory.NewFiles()
		return adaptertest.FilesFixture{
			Files:      f,
			Stored:     f,
			NewAccount: func() string { return fmt.Sprintf("%014d", accounts.Add(1)) },
			Fetch:      func(_ *testing.T, url string) ([]byte, bool) { return f.Picture(url) },
		}
	})
}

func TestFilesFaults(t *testing.T) {
	f := memory.NewFiles()
	f.Inject("PutPicture", memory.LoseReply)
	url, err := f.PutPicture(t.Context(), "1", []byte("picture"))
	require.Error(t, err)
	require.Empty(t, url, "it got lost with the reply")
	url, err = f.PutPicture(t.Context(), "1", []byte("picture"))
	require.NoError(t, err)

	f.Inject("RemovePictures", memory.Refuse)
	require.True(t, saga.IsRefused(f.RemovePictures(t.Context(), "1")))
	_, found := f.Picture(url)
	require.True(t, found)
}
