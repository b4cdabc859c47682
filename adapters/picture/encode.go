package picture

import (
	"bytes"
	"errors"
	"image"
	"image/png"

	"golang.org/x/image/draw"
)

// MaxOutput bounds the side of a normalized picture, in pixels.
const MaxOutput = 512

// reencode makes a picture of any known format a square PNG.
func reencode(data []byte) ([]byte, error) {
	img, turned, err := decode(data)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := png.Encode(&out, turned.apply(square(img))); err != nil {
		return nil, errors.New("it cannot be encoded")
	}
	return out.Bytes(), nil
}

// square cuts the middle out and makes it smaller, never larger.
func square(src image.Image) *image.RGBA {
	b := src.Bounds()
	side := min(b.Dx(), b.Dy())
	corner := b.Min.Add(image.Pt((b.Dx()-side)/2, (b.Dy()-side)/2))
	size := min(side, MaxOutput)
	dst := image.NewRGBA(image.Rect(0, 0, size, size))
	if size == side {
		draw.Draw(dst, dst.Bounds(), src, corner, draw.Src)
		return dst
	}
	middle := image.Rectangle{Min: corner, Max: corner.Add(image.Pt(side, side))}
	draw.CatmullRom.Scale(dst, dst.Bounds(), src, middle, draw.Src, nil)
	return dst
}
