package picture

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/draw"
	"image/gif"
	"image/jpeg"
	"image/png"
	"testing"

	"github.com/stretchr/testify/require"
)

// The colours of quarters, in reading order.
var (
	red   = color.NRGBA{220, 30, 30, 255}
	green = color.NRGBA{30, 180, 30, 255}
	blue  = color.NRGBA{30, 30, 220, 255}
	white = color.NRGBA{240, 240, 240, 255}
)

// quarters is a picture of four colours.
func quarters(w, h int, colours ...color.Color) *image.NRGBA {
	if len(colours) == 0 {
		colours = []color.Color{red, green, blue, white}
	}
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for i, c := range colours {
		at := image.Pt(i%2*(w/2), i/2*(h/2))
		draw.Draw(img, image.Rect(0, 0, w-w/2, h-h/2).Add(at), image.NewUniform(c), image.Point{}, draw.Src)
	}
	return img
}

// gradient has a different colour at every pixel of at most 256x256.
func gradient(w, h int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			img.SetNRGBA(x, y, color.NRGBA{uint8(x), uint8(y), uint8(x ^ y), 255})
		}
	}
	return img
}

func asPNG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, png.Encode(&out, img))
	return out.Bytes()
}

func asJPEG(t testing.TB, img image.Image) []byte {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, jpeg.Encode(&out, img, &jpeg.Options{Quality: 95}))
	return out.Bytes()
}

// asGIF makes an animation of the pictures, whose colours are few.
func asGIF(t testing.TB, frames ...image.Image) []byte {
	t.Helper()
	all := &gif.GIF{}
	for _, frame := range frames {
		p := image.NewPaletted(frame.Bounds(), color.Palette{red, green, blue, white, color.Black, color.Transparent})
		draw.Draw(p, p.Bounds(), frame, frame.Bounds().Min, draw.Src)
		all.Image, all.Delay = append(all.Image, p), append(all.Delay, 10)
	}
	var out bytes.Buffer
	require.NoError(t, gif.EncodeAll(&out, all))
	return out.Bytes()
}

// Quarters of 32 pixels by the WebP of lossy pictures; of the second the last
// quarter is transparent.
const (
	lossyWebP       = "UklGRmwAAABXRUJQVlA4IGAAAADQBACdASogACAAPp08l0mloyIhN+gAsBOJaACdMoRwN5X+M34q84ZsGd+g4kthAAD+694vnU0Pf+lE8TBycFpRSkW4nrie+4nvuJ77spI1VA09IJzvv+w8mwdY/jIAAAA="
	transparentWebP = "UklGRpwAAABXRUJQVlA4WAoAAAAQAAAAHwAAHwAAQUxQSBUAAAABDzD/ERFCIED4nxZAQET/J8BBaAEAVlA4IGAAAADQBACdASogACAAPp08l0mloyIhN+gAsBOJaACdMoRwN5X+M34q84ZsGd+g4kthAAD+694vnU0Pf+lE8TBycFpRSkW4nrie+4nvuJ77spI1VA09IJzvv+w8mwdY/jIAAAA="
)

func fromBase64(t testing.TB, text string) []byte {
	t.Helper()
	data, err := base64.StdEncoding.DecodeString(text)
	require.NoError(t, err)
	return data
}

// bits is a writer of the bit streams of lossless WebP, least bit first.
type bits struct {
	data []byte
	used int
}

func (b *bits) write(value, count int) {
	for i := range count {
		if b.used%8 == 0 {
			b.data = append(b.data, 0)
		}
		b.data[len(b.data)-1] |= byte(value>>i&1) << (b.used % 8)
		b.used++
	}
}

// losslessWebP is a picture of two shades of green; bright says which is where.
// Without bright it is of one shade, and takes no more bytes however large.
func losslessWebP(w, h int, bright func(x, y int) bool) []byte {
	b := &bits{}
	b.write(0x2f, 8)
	b.write(w-1, 14)
	b.write(h-1, 14)
	b.write(0, 1+3)    // no transparency, version 0
	b.write(0, 1+1+1)  // no transform, no colour cache, one group of codes
	if bright != nil { // the code of green: one bit for two values
		b.write(1|1<<1|1<<2, 3)
		b.write(40, 8)
		b.write(200, 8)
	} else {
		b.write(1|1<<2, 3)
		b.write(40, 8)
	}
	for _, value := range []int{30, 30, 255, 0} { // red, blue, alpha, distance: no bits for one value
		b.write(1|1<<2, 3)
		b.write(value, 8)
	}
	for y := range h {
		for x := range w {
			if bright == nil {
				return riff("VP8L", b.data)
			}
			b.write(map[bool]int{true: 1}[bright(x, y)], 1)
		}
	}
	return riff("VP8L", b.data)
}

// riff makes a WebP of one chunk, or with a larger header of two.
func riff(name string, data []byte, before ...byte) []byte {
	chunk := append([]byte(name), binary.LittleEndian.AppendUint32(nil, uint32(len(data)))...)
	chunk = append(chunk, data...)
	if len(data)%2 == 1 {
		chunk = append(chunk, 0)
	}
	body := append(append([]byte("WEBP"), before...), chunk...)
	return append(binary.LittleEndian.AppendUint32([]byte("RIFF"), uint32(len(body))), body...)
}

// vp8x is the header that says how large a WebP is, truly or not.
func vp8x(w, h int) []byte {
	head := []byte{'V', 'P', '8', 'X', 10, 0, 0, 0, 0, 0, 0, 0}
	return append(head, byte(w-1), byte((w-1)>>8), byte((w-1)>>16), byte(h-1), byte((h-1)>>8), byte((h-1)>>16))
}

// chunk is one of a PNG.
func chunk(name string, data []byte) []byte {
	out := binary.BigEndian.AppendUint32(nil, uint32(len(data)))
	body := append([]byte(name), data...)
	return binary.BigEndian.AppendUint32(append(out, body...), crc32.ChecksumIEEE(body))
}

const pngSignature = "\x89PNG\r\n\x1a\n"

// claimingPNG has a header alone, of so many pixels at eight bits of three colours.
func claimingPNG(w, h uint32) []byte {
	header := binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(nil, w), h)
	return append([]byte(pngSignature), chunk("IHDR", append(header, 8, 2, 0, 0, 0))...)
}

// claimingJPEG has the start of a frame alone.
func claimingJPEG(w, h uint16) []byte {
	out := append([]byte{0xff, 0xd8}, segment(0xe0, []byte("JFIF\x00\x01\x02\x00\x00\x01\x00\x01\x00\x00"))...)
	out = append(out, 0xff, 0xc0, 0, 11, 8)
	out = binary.BigEndian.AppendUint16(binary.BigEndian.AppendUint16(out, h), w)
	return append(out, 1, 1, 0x11, 0)
}

// claimingGIF has a header alone.
func claimingGIF(w, h uint16) []byte {
	out := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16([]byte("GIF89a"), w), h)
	return append(out, 0, 0, 0)
}

// segment is one of a JPEG.
func segment(mark byte, data []byte) []byte {
	return append(binary.BigEndian.AppendUint16([]byte{0xff, mark}, uint16(len(data)+2)), data...)
}

// withSegment puts a segment where a JPEG begins.
func withSegment(file, segment []byte) []byte {
	return append(append([]byte{0xff, 0xd8}, segment...), file[2:]...)
}

// exif is a segment that says which way up the picture is, in either byte order.
func exif(order binary.AppendByteOrder, o uint16) []byte {
	data := []byte("Exif\x00\x00MM\x00\x2a")
	if order == binary.AppendByteOrder(binary.LittleEndian) {
		data = []byte("Exif\x00\x00II\x2a\x00")
	}
	data = order.AppendUint32(data, 8)
	data = order.AppendUint16(data, 2)
	for _, entry := range [][3]uint16{{0x0100, 3, 99}, {orientationTag, 3, o}} {
		data = order.AppendUint16(order.AppendUint16(data, entry[0]), entry[1])
		data = order.AppendUint16(order.AppendUint16(order.AppendUint32(data, 1), entry[2]), 0)
	}
	return segment(application1, append(order.AppendUint32(data, 0), "GPS 31.2304 N"...))
}
