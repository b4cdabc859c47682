package picture

import (
	"bytes"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"net/http"

	"golang.org/x/image/webp"

	"accord/app"
)

// MaxSide bounds the width and the height of a picture as it comes, in pixels;
// both at once make 16 Mi pixels.
const MaxSide = 4096

// maxScans bounds the scans of a JPEG; an ordinary progressive one has ten. Each
// scan costs time for the whole picture, however few bytes it has.
const maxScans = 32

// format is a decoder: of the dimensions alone, and of the picture.
type format struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// formats by content type. The image package's own table is not used: any
// package of the program may put more decoders into it.
var formats = map[string]format{
	"image/gif":  {gif.DecodeConfig, gif.Decode},
	"image/jpeg": {jpeg.DecodeConfig, jpeg.Decode},
	"image/png":  {png.DecodeConfig, png.Decode},
	"image/webp": {webp.DecodeConfig, webp.Decode},
}

// decode reads a picture of a known format, after a look at its dimensions, and
// which way up it is. Every error is unfit.
func decode(data []byte) (image.Image, orientation, error) {
	kind := http.DetectContentType(data)
	f, known := formats[kind]
	if !known {
		return nil, upright, unfit{app.Pattern, "it is none of PNG, JPEG, GIF and WebP"}
	}
	config, err := f.config(bytes.NewReader(data))
	if err != nil {
		return nil, upright, unfit{app.Pattern, "its dimensions cannot be read"}
	}
	if config.Width > MaxSide || config.Height > MaxSide {
		return nil, upright, unfit{app.Length, "it has too many pixels"}
	}
	if decodedSize(kind, config, data) > MaxDecoded {
		return nil, upright, unfit{app.Length, "it takes too much memory"}
	}
	turned := upright
	if kind == "image/jpeg" {
		if bytes.Count(data, []byte{0xff, startOfScan}) > maxScans {
			return nil, upright, unfit{app.Length, "it has too many scans"}
		}
		turned = orientationOf(data)
	}
	img, err := f.decode(bytes.NewReader(data))
	if err != nil || img.Bounds().Empty() {
		return nil, upright, unfit{app.Pattern, "it cannot be decoded"}
	}
	return img, turned, nil
}
