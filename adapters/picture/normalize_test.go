package picture

import (
	"bytes"
	"encoding/binary"
	"errors"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"accord/app"
	"accord/saga"
)

func newTest(t testing.TB, o Options) *Pictures {
	t.Helper()
	p, err := New(o)
	require.NoError(t, err)
	return p
}

// normalized demands that data becomes a square PNG of that side.
func normalized(t testing.TB, data []byte, side int) image.Image {
	t.Helper()
	out, err := newTest(t, Options{}).Normalize(data)
	require.NoError(t, err)
	img, err := png.Decode(bytes.NewReader(out))
	require.NoError(t, err)
	require.Equal(t, image.Rect(0, 0, side, side), img.Bounds())
	return img
}

// A small file can claim much memory: such are refused by their dimensions, before
// anything is decoded.
func TestNormalizeWithinTheMemoryBudget(t *testing.T) {
	deep := image.NewNRGBA64(image.Rect(0, 0, MaxSide, MaxSide))
	var content bytes.Buffer
	require.NoError(t, (&png.Encoder{CompressionLevel: png.BestSpeed}).Encode(&content, deep))
	p := newTest(t, Options{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := p.Normalize(content.Bytes())
	runtime.ReadMemStats(&after)
	requireUnfit(t, err, "file", app.Length)
	require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(1<<20))
}

func TestDecodedSize(t *testing.T) {
	frame := func(factors ...byte) []byte {
		body := []byte{8, 0, 16, 0, 16, byte(len(factors))}
		for i, f := range factors {
			body = append(body, byte(i+1), f, 0)
		}
		return segment(startOfProgressive, body)
	}
	for name, try := range map[string]struct {
		kind  string
		model color.Model
		data  []byte
		want  int64 // of 16 by 16 pixels
	}{
		"PNG":                    {"image/png", color.NRGBAModel, nil, 256 * 6},
		"deep PNG":               {"image/png", color.NRGBA64Model, nil, 256 * 12},
		"GIF":                    {"image/gif", color.Palette{}, nil, 256},
		"WebP":                   {"image/webp", color.NRGBAModel, nil, 256 * 8},
		"JPEG":                   {"image/jpeg", color.YCbCrModel, nil, 256 * 3},
		"progressive":            {"image/jpeg", color.YCbCrModel, frame(0x11, 0x11, 0x11), 256 * 15},
		"progressive, 4:2:0":     {"image/jpeg", color.YCbCrModel, frame(0x22, 0x11, 0x11), 256 * 3 / 2 * 5},
		"progressive, cut short": {"image/jpeg", color.YCbCrModel, frame(0x22, 0x11, 0x11)[:9], 256 * 15},
		"progressive, nonsense":  {"image/jpeg", color.CMYKModel, frame(0, 0, 0), 256 * 20},
	} {
		require.Equal(t, try.want, decodedSize(try.kind, image.Config{Width: 16, Height: 16, ColorModel: try.model}, try.data), name)
	}
}

// requireUnfit demands an Invalid error of one field that broke one rule.
func requireUnfit(t testing.TB, err error, field string, rule app.Rule) {
	t.Helper()
	require.Error(t, err)
	require.Equal(t, app.Invalid, app.KindOf(err), err)
	require.True(t, saga.IsRefused(err))
	var e *app.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, []app.Violation{{Field: field, Rule: rule}}, e.Violations, err)
}

// requireSame compares pixels, each channel to within the tolerance.
func requireSame(t testing.TB, want, got image.Image, tolerance float64) {
	t.Helper()
	require.Equal(t, want.Bounds().Size(), got.Bounds().Size())
	for y := range want.Bounds().Dy() {
		for x := range want.Bounds().Dx() {
			at := image.Pt(x, y)
			from, to := want.Bounds().Min.Add(at), got.Bounds().Min.Add(at)
			requireNear(t, want.At(from.X, from.Y), got.At(to.X, to.Y), tolerance)
		}
	}
}

func requireNear(t testing.TB, want, got color.Color, tolerance float64) {
	t.Helper()
	w, g := channels(want), channels(got)
	for i := range w {
		if math.Abs(w[i]-g[i]) > tolerance {
			t.Fatalf("want %v, got %v", w, g)
		}
	}
}

// channels are premultiplied, of 0 to 255.
func channels(c color.Color) [4]float64 {
	r, g, b, a := c.RGBA()
	return [4]float64{float64(r) / 257, float64(g) / 257, float64(b) / 257, float64(a) / 257}
}

func TestNormalizeKeepsThePixels(t *testing.T) {
	exact := gradient(256, 256)
	gray := image.NewGray(image.Rect(0, 0, 64, 64))
	deep := image.NewNRGBA64(image.Rect(0, 0, 64, 64))
	palette := image.NewPaletted(image.Rect(0, 0, 64, 64), color.Palette{red, green, color.Transparent})
	for i := range 64 * 64 {
		x, y := i%64, i/64
		gray.SetGray(x, y, color.Gray{uint8(4 * x)})
		deep.SetNRGBA64(x, y, color.NRGBA64{uint16(x << 10), uint16(y << 10), 0x1234, 0xffff})
		palette.SetColorIndex(x, y, uint8((x+y)%3))
	}
	fromJPEG, err := jpeg.Decode(bytes.NewReader(asJPEG(t, exact)))
	require.NoError(t, err)
	bright := func(x, y int) bool { return (x/3+y/5)%2 == 0 }
	checker := image.NewNRGBA(image.Rect(0, 0, 50, 50))
	for i := range 50 * 50 {
		c := color.NRGBA{30, 40, 30, 255}
		if bright(i%50, i/50) {
			c.G = 200
		}
		checker.SetNRGBA(i%50, i/50, c)
	}
	seeThrough := quarters(32, 32, red, green, blue, color.Transparent)
	for name, c := range map[string]struct {
		data      []byte
		want      image.Image
		tolerance float64
	}{
		"PNG":                   {asPNG(t, exact), exact, 0},
		"gray PNG":              {asPNG(t, gray), gray, 0},
		"PNG of 16 bits":        {asPNG(t, deep), deep, 1},
		"PNG with a palette":    {asPNG(t, palette), palette, 0},
		"transparent PNG":       {asPNG(t, seeThrough), seeThrough, 0},
		"JPEG":                  {asJPEG(t, exact), fromJPEG, 1},
		"gray JPEG":             {asJPEG(t, gray), gray, 4},
		"GIF":                   {asGIF(t, quarters(40, 40)), quarters(40, 40), 0},
		"transparent GIF":       {asGIF(t, seeThrough), seeThrough, 0},
		"GIF, the first frame":  {asGIF(t, quarters(40, 40), quarters(40, 40, white, white, white, white)), quarters(40, 40), 0},
		"lossless WebP":         {losslessWebP(50, 50, bright), checker, 0},
		"lossless WebP, larger": {riff("VP8L", losslessWebP(50, 50, bright)[20:], vp8x(50, 50)...), checker, 0},
		"lossy WebP":            {fromBase64(t, lossyWebP), quarters(32, 32), 30},
		"transparent WebP":      {fromBase64(t, transparentWebP), seeThrough, 30},
		"one pixel":             {asPNG(t, gradient(1, 1)), gradient(1, 1), 0},
		"just not scaled":       {asPNG(t, quarters(512, 512)), quarters(512, 512), 0},
	} {
		t.Run(name, func(t *testing.T) {
			requireSame(t, c.want, normalized(t, c.data, c.want.Bounds().Dx()), c.tolerance)
		})
	}
}

func TestNormalizeCutsTheMiddleOut(t *testing.T) {
	for name, c := range map[string]struct{ w, h, x, y int }{
		"wide": {200, 100, 50, 0}, "tall": {100, 201, 0, 50}, "a line": {3000, 1, 1499, 0},
	} {
		t.Run(name, func(t *testing.T) {
			src := gradient(c.w, c.h)
			side := min(c.w, c.h)
			want := src.SubImage(image.Rect(c.x, c.y, c.x+side, c.y+side))
			requireSame(t, want, normalized(t, asPNG(t, src), side), 0)
		})
	}
	// The frame of a GIF need not begin at 0, 0.
	frame := image.NewNRGBA(image.Rect(7, 9, 27, 19))
	draw.Draw(frame, frame.Bounds(), quarters(20, 10), image.Point{}, draw.Src)
	requireSame(t, quarters(20, 10).SubImage(image.Rect(5, 0, 15, 10)), normalized(t, asGIF(t, frame), 10), 0)
}

func TestNormalizeMakesSmaller(t *testing.T) {
	for _, size := range []image.Point{{513, 513}, {640, 640}, {900, 700}} {
		side := min(size.X, size.Y)
		src := quarters(side, side)
		wide := image.NewNRGBA(image.Rectangle{Max: size})
		draw.Draw(wide, wide.Bounds(), image.NewUniform(color.Black), image.Point{}, draw.Src)
		draw.Draw(wide, image.Rect(0, 0, side, side).Add(image.Pt((size.X-side)/2, (size.Y-side)/2)), src, image.Point{}, draw.Src)
		got := normalized(t, asPNG(t, wide), MaxOutput)
		for i, want := range []color.Color{red, green, blue, white} {
			for _, d := range []int{0, 100, 240} { // up to the outer corner, and near the middle
				x, y := i%2*511+(1-i%2*2)*d, i/2*511+(1-i/2*2)*d
				require.Equal(t, channels(want), channels(got.At(x, y)), "at %d, %d of %v", x, y, size)
			}
		}
	}
}

func TestNormalizeSetsUpright(t *testing.T) {
	colours := map[rune]color.Color{'A': red, 'B': green, 'C': blue, 'D': white}
	sizes := [10][]int{6: {640}} // one of them is scaled too
	// What is seen, in reading order, of a picture stored as ABCD.
	for o, seen := range map[uint16]string{
		0: "ABCD", 1: "ABCD", 2: "BADC", 3: "DCBA", 4: "CDAB", 5: "ACBD", 6: "CADB", 7: "DBCA", 8: "BDAC", 9: "ABCD",
	} {
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			for _, size := range append(sizes[o], 64) {
				file := withSegment(asJPEG(t, quarters(size, size)), exif(order, o))
				want := make([]color.Color, 0, 4)
				for _, letter := range seen {
					want = append(want, colours[letter])
				}
				side := min(size, MaxOutput)
				got := normalized(t, file, side)
				for i := range want {
					x, y := side/4+i%2*side/2, side/4+i/2*side/2
					requireNear(t, want[i], got.At(x, y), 4)
				}
			}
		}
	}
}

func TestBrokenExifIsUpright(t *testing.T) {
	whole := exif(binary.BigEndian, 6)
	for cut := 4; cut < len(whole); cut++ {
		data := append([]byte{0xff, 0xd8}, segment(application1, whole[4:cut])...)
		require.Contains(t, []orientation{upright, 6}, orientationOf(data), cut)
	}
	for name, data := range map[string][]byte{
		"nothing":                 {},
		"a start":                 {0xff, 0xd8},
		"a segment beyond":        {0xff, 0xd8, 0xff, 0xe1, 0xff, 0xff, 'E'},
		"a segment of no size":    {0xff, 0xd8, 0xff, 0xe1, 0, 0, 0, 0},
		"a directory beyond":      append([]byte{0xff, 0xd8}, segment(application1, []byte("Exif\x00\x00MM\x00\x2a\xff\xff\xff\xff"))...),
		"another segment":         append([]byte{0xff, 0xd8}, segment(0xe2, whole[4:])...),
		"after the scan's start":  append([]byte{0xff, 0xd8, 0xff, startOfScan, 0, 2}, whole...),
		"no segment where due":    append([]byte{0xff, 0xd8, 0}, whole...),
		"a directory of nothing":  append([]byte{0xff, 0xd8}, segment(application1, []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\x00\x00"))...),
		"entries that are absent": append([]byte{0xff, 0xd8}, segment(application1, []byte("Exif\x00\x00MM\x00\x2a\x00\x00\x00\x08\xff\xff"))...),
	} {
		require.Equal(t, upright, orientationOf(data), name)
	}
	require.EqualValues(t, 6, orientationOf(append([]byte{0xff, 0xd8}, append(segment(0xe0, []byte("JFIF")), whole...)...)))
}

func TestNormalizeLeavesNothingElse(t *testing.T) {
	const hidden = "<script>alert(1)</script> GPS 31.2304 N"
	file := asPNG(t, quarters(32, 32))
	afterHeader := len(pngSignature) + 25
	tagged := bytes.Join([][]byte{
		file[:afterHeader], chunk("tEXt", []byte("Comment\x00"+hidden)), chunk("eXIf", []byte(hidden)), file[afterHeader:], []byte(hidden),
	}, nil)
	for name, data := range map[string][]byte{
		"PNG":  tagged,
		"JPEG": append(withSegment(withSegment(asJPEG(t, quarters(32, 32)), segment(0xfe, []byte(hidden))), exif(binary.BigEndian, 1)), hidden...),
		"GIF":  append(asGIF(t, quarters(32, 32)), hidden...),
		"WebP": append(fromBase64(t, lossyWebP), hidden...),
	} {
		t.Run(name, func(t *testing.T) {
			out, err := newTest(t, Options{}).Normalize(data)
			require.NoError(t, err)
			require.NotContains(t, string(out), "GPS")
			require.NotContains(t, string(out), "script")
			require.Equal(t, "image/png", contentType(t, out))
			var names []string
			for rest := out[len(pngSignature):]; len(rest) > 0; {
				size := binary.BigEndian.Uint32(rest)
				names = append(names, string(rest[4:8]))
				rest = rest[12+size:]
			}
			require.Empty(t, cmp.Diff([]string{"IHDR", "IDAT", "IEND"}, names))
		})
	}
}

func contentType(t *testing.T, data []byte) string {
	t.Helper()
	_, kind, err := image.DecodeConfig(bytes.NewReader(data))
	require.NoError(t, err)
	return "image/" + kind
}

func TestNormalizeRefuses(t *testing.T) {
	file := asPNG(t, quarters(32, 32))
	badSum := bytes.Clone(file)
	badSum[len(pngSignature)+22]++
	largeFrame := asGIF(t, quarters(40, 40))
	binary.LittleEndian.PutUint16(largeFrame[6:], 8)
	whole := asJPEG(t, quarters(32, 32))
	scan := segment(startOfScan, []byte{1, 1, 0, 0, 63, 0})
	manyScans := append(whole[:len(whole)-2:len(whole)-2], bytes.Repeat(scan, maxScans)...)
	for name, c := range map[string]struct {
		data []byte
		rule app.Rule
	}{
		"nothing":                {nil, app.Pattern},
		"a byte":                 {[]byte{0x89}, app.Pattern},
		"text":                   {[]byte("hello"), app.Pattern},
		"a page":                 {[]byte("<!DOCTYPE html><script>alert(1)</script>"), app.Pattern},
		"SVG":                    {[]byte(`<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>`), app.Pattern},
		"BMP":                    {append([]byte("BM"), make([]byte, 100)...), app.Pattern},
		"TIFF":                   {append([]byte("II*\x00"), make([]byte, 100)...), app.Pattern},
		"icon":                   {append([]byte("\x00\x00\x01\x00"), make([]byte, 100)...), app.Pattern},
		"PDF":                    {[]byte("%PDF-1.7"), app.Pattern},
		"a picture after a page": {append([]byte("<html>"), file...), app.Pattern},
		"signatures alone":       {[]byte(pngSignature), app.Pattern},
		"PNG, wrong sum":         {badSum, app.Pattern},
		"PNG, cut":               {file[:len(file)-30], app.Pattern},
		"PNG, no pixels":         {claimingPNG(32, 32), app.Pattern},
		"PNG of no width":        {claimingPNG(0, 32), app.Pattern},
		"JPEG, no pixels":        {claimingJPEG(32, 32), app.Pattern},
		"JPEG, cut":              {asJPEG(t, quarters(64, 64))[:400], app.Pattern},
		"GIF, no pixels":         {claimingGIF(32, 32), app.Pattern},
		"GIF, frame beyond":      {largeFrame, app.Pattern},
		"WebP, no pixels":        {riff("VP8 ", nil), app.Pattern},
		"WebP, animation":        {riff("ANIM", make([]byte, 6), vp8x(32, 32)...), app.Pattern},
		"WebP, another inside":   {riff("VP8L", losslessWebP(16384, 16384, nil)[20:], vp8x(32, 32)...), app.Pattern},
		"too many bytes":         {append(bytes.Clone(file), make([]byte, MaxBytes)...), app.Length},
		"PNG too wide":           {claimingPNG(MaxSide+1, 1), app.Length},
		"PNG too high":           {claimingPNG(1, MaxSide+1), app.Length},
		"PNG far too large":      {claimingPNG(60000, 60000), app.Length},
		"JPEG far too large":     {claimingJPEG(65535, 65535), app.Length},
		"GIF far too large":      {claimingGIF(65535, 65535), app.Length},
		"WebP far too large":     {losslessWebP(16384, 16384, nil), app.Length},
		"WebP header far too large": {
			riff("VP8L", losslessWebP(32, 32, nil)[20:], vp8x(30000, 30000)...), app.Length,
		},
		"JPEG of too many scans": {manyScans, app.Length},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			p := newTest(t, Options{})
			runtime.ReadMemStats(&before)
			_, err := p.Normalize(c.data)
			runtime.ReadMemStats(&after)
			requireUnfit(t, err, "file", c.rule)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(4<<20), "memory was taken for pixels that were not let in")
		})
	}
}

func TestNormalizeTakesTheLargest(t *testing.T) {
	normalized(t, losslessWebP(MaxSide, 64, nil), 64)
	normalized(t, losslessWebP(64, MaxSide, nil), 64)
	data := asPNG(t, quarters(8, 8))
	normalized(t, append(data, make([]byte, MaxBytes-len(data))...), 8)
}

func TestNormalizeWaitsItsTurn(t *testing.T) {
	p := newTest(t, Options{Decoders: 1, Timeout: 50 * time.Millisecond})
	file := asPNG(t, quarters(8, 8))
	require.NoError(t, p.decoders.take(t.Context()))
	_, err := p.Normalize(file)
	require.Equal(t, app.Busy, app.KindOf(err))
	require.True(t, saga.IsRefused(err))
	p.decoders.give()
	for range 3 { // a turn is given back, whatever came of it
		_, err = p.Normalize([]byte("garbage"))
		requireUnfit(t, err, "file", app.Pattern)
		_, err = p.Normalize(file)
		require.NoError(t, err)
	}
}

func TestNormalizeManyAtOnce(t *testing.T) {
	p := newTest(t, Options{Timeout: time.Minute})
	file := asJPEG(t, quarters(300, 200))
	want, err := p.Normalize(file)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			if got, err := p.Normalize(file); err != nil || !bytes.Equal(want, got) {
				t.Error(errors.Join(errors.New("not the same"), err))
			}
		})
	}
	wg.Wait()
}

func TestOptionsFaultsAreReportedTogether(t *testing.T) {
	_, err := New(Options{
		Stores: []string{"ftp://store.example.com", "http://user:pa55word@store", "http://store/bucket", "store:9000"},
		Hosts:  []string{"10.0.0.1", "*", "*.com", "localhost", "a..b", "img.example.com:80", "[::1]"},
		Ports:  []uint16{0}, Timeout: -1, Fetchers: -1,
	})
	for _, fault := range []string{
		`store "store.example.com"`, "nothing else", `"10.0.0.1"`, `"*"`, `"*.com"`, `"localhost"`, `"a..b"`, `"img.example.com:80"`,
		`"[::1]"`, "port 0", "time-out", "fetchers",
	} {
		require.ErrorContains(t, err, fault)
	}
	require.NotContains(t, err.Error(), "pa55word")
	require.Equal(t, 3, strings.Count(err.Error(), "nothing else"))
	_, err = New(Options{Stores: []string{"http://[::1]:9000/", "https://store"}, Hosts: []string{"img.example.com", "*.Example.com"}})
	require.NoError(t, err)
}
