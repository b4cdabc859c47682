package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image/png"
	"testing"

	"github.com/stretchr/testify/require"

	"accord/app"
)

// Whatever comes in, a square PNG within the bounds goes out, or an error that
// says what is wrong with the file.
func FuzzNormalize(f *testing.F) {
	small := quarters(16, 12)
	for _, seed := range [][]byte{
		nil, []byte(pngSignature), asPNG(f, small), asJPEG(f, small), asGIF(f, small, small), fromBase64(f, lossyWebP), fromBase64(f, transparentWebP),
		losslessWebP(16, 12, func(x, y int) bool { return x > y }), losslessWebP(16384, 16384, nil),
		riff("VP8L", losslessWebP(16, 12, nil)[20:], vp8x(16, 12)...), withSegment(asJPEG(f, small), exif(binary.LittleEndian, 6)),
		claimingPNG(60000, 60000), claimingJPEG(65535, 65535), claimingGIF(65535, 65535),
	} {
		f.Add(seed)
	}
	p := newTest(f, Options{})
	f.Fuzz(func(t *testing.T, data []byte) {
		out, err := p.Normalize(data)
		if err != nil {
			var e *app.Error
			require.True(t, errors.As(err, &e) && e.Kind == app.Invalid && len(e.Violations) == 1, err)
			return
		}
		config, err := png.DecodeConfig(bytes.NewReader(out))
		require.NoError(t, err)
		require.Equal(t, config.Width, config.Height)
		require.True(t, config.Width > 0 && config.Width <= MaxOutput)
	})
}

func FuzzOrientation(f *testing.F) {
	f.Add([]byte{0xff, 0xd8})
	f.Add(append([]byte{0xff, 0xd8}, exif(binary.BigEndian, 6)...))
	f.Fuzz(func(t *testing.T, data []byte) {
		o := orientationOf(data)
		require.True(t, o >= upright && o <= 8)
	})
}

func BenchmarkNormalize(b *testing.B) {
	photo := gradient(1600, 1200)
	for name, data := range map[string][]byte{
		"PNG":     asPNG(b, photo),
		"JPEG":    asJPEG(b, photo),
		"WebP":    losslessWebP(1600, 1200, func(x, y int) bool { return x > y }),
		"largest": losslessWebP(MaxSide, MaxSide, nil),
		"small":   asPNG(b, gradient(128, 128)),
	} {
		b.Run(name, func(b *testing.B) {
			p := newTest(b, Options{})
			b.SetBytes(int64(len(data)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Normalize(data); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
