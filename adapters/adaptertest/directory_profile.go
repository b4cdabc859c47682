package adaptertest

import (
	"bytes"
	"image"
	"image/color"
	"image/png"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

// ref names the user of the account.
func ref(u app.DirectoryUser) app.DirectoryRef {
	return app.DirectoryRef{AccountID: u.AccountID, Username: u.Username}
}

// profiles are what a directory takes, the longest and the empty one included.
var profiles = []app.DirectoryProfile{
	{FullName: "Änne Ö", Description: "says \"hello\"\n&c.", Website: "https://example.com/a?b=c#d", Location: "北京"},
	{
		FullName: strings.Repeat("名", 100), Description: strings.Repeat("说", 255),
		Website: "http://example.com/" + strings.Repeat("x", 236), Location: strings.Repeat("地", 50),
	},
	{FullName: "👩\u200d🚀 ❤\ufe0f·", Website: "http://例子.cn/路?a=%20#b"},
	{},
}

func directoryProfile(t *testing.T, d directoryTest) {
	u := d.created(t)
	read := func() app.DirectoryProfile {
		p, err := d.Directory.Profile(t.Context(), ref(u))
		require.NoError(t, err)
		return p
	}
	require.Equal(t, app.DirectoryProfile{FullName: u.FullName}, read())
	for _, p := range profiles {
		for range 2 {
			require.NoError(t, d.Directory.SetProfile(t.Context(), ref(u), p))
			require.Equal(t, p, read())
		}
	}
}

func directoryProfileRefused(t *testing.T, d directoryTest) {
	u := d.created(t)
	require.NoError(t, d.Directory.SetProfile(t.Context(), ref(u), profiles[0]))
	before := d.Describe(t, u.Username)
	for field, spoil := range map[string][]func(*app.DirectoryProfile){
		"nickname":    {func(p *app.DirectoryProfile) { p.FullName = strings.Repeat("名", 101) }},
		"description": {func(p *app.DirectoryProfile) { p.Description = strings.Repeat("说", 256) }},
		"location":    {func(p *app.DirectoryProfile) { p.Location = strings.Repeat("地", 51) }},
		"website": {
			func(p *app.DirectoryProfile) { p.Website = "example.com" },
			func(p *app.DirectoryProfile) { p.Website = "ftp://example.com" },
			func(p *app.DirectoryProfile) { p.Website = "javascript:alert(1)" },
			func(p *app.DirectoryProfile) { p.Website = "https://example.com#a" },
			func(p *app.DirectoryProfile) { p.Website = "https://example.com/" + strings.Repeat("x", 236) },
		},
	} {
		for _, spoil := range spoil {
			p := profiles[1]
			spoil(&p)
			requireInvalid(t, d.Directory.SetProfile(t.Context(), ref(u), p), field)
			require.Equal(t, before, d.Describe(t, u.Username))
		}
	}
}

// picture is a PNG whose points all depend on the seed.
func picture(t *testing.T, width, height int, seed byte) []byte {
	t.Helper()
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetNRGBA(x, y, color.NRGBA{R: byte(x) ^ seed, G: byte(y) + seed, B: byte(x*y) ^ seed, A: 255})
		}
	}
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, img))
	return out.Bytes()
}

// requireSamePicture compares point by point.
func requireSamePicture(t *testing.T, want, got []byte) {
	t.Helper()
	wanted, err := png.Decode(bytes.NewReader(want))
	require.NoError(t, err)
	shown, _, err := image.Decode(bytes.NewReader(got))
	require.NoError(t, err)
	require.Equal(t, wanted.Bounds(), shown.Bounds())
	for y := wanted.Bounds().Min.Y; y < wanted.Bounds().Max.Y; y++ {
		for x := wanted.Bounds().Min.X; x < wanted.Bounds().Max.X; x++ {
			require.Equal(t, color.NRGBAModel.Convert(wanted.At(x, y)), color.NRGBAModel.Convert(shown.At(x, y)), "%d %d", x, y)
		}
	}
}

func directoryAvatar(t *testing.T, d directoryTest) {
	u, other := d.created(t), d.created(t)
	beside := d.Describe(t, other.Username)
	for seed, size := range []image.Point{{256, 256}, {1, 1}, {64, 20}} {
		given := picture(t, size.X, size.Y, byte(seed))
		for range 2 {
			require.NoError(t, d.Directory.SetAvatar(t.Context(), ref(u), given))
			requireSamePicture(t, given, d.Avatar(t, u.Username))
		}
	}
	require.Equal(t, beside, d.Describe(t, other.Username))
}

func directoryAvatarRefused(t *testing.T, d directoryTest) {
	u := d.created(t)
	good := picture(t, 8, 8, 1)
	require.NoError(t, d.Directory.SetAvatar(t.Context(), ref(u), good))
	for _, bad := range [][]byte{nil, []byte("<svg/>"), good[:20]} {
		err := d.Directory.SetAvatar(t.Context(), ref(u), bad)
		require.Equal(t, app.DirectoryFailed, app.KindOf(err))
		require.True(t, saga.IsRefused(err), "%v", err)
		requireSamePicture(t, good, d.Avatar(t, u.Username))
	}
}
