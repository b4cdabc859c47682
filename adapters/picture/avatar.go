package picture

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
)

// Measures of a generated picture, in pixels: its side, the side of a tile and
// the margin around the tiles.
const (
	avatarSide   = 240
	avatarTile   = 40
	avatarMargin = (avatarSide - avatarTiles*avatarTile) / 2
	avatarTiles  = 5
)

// Avatar draws generated picture n, always the same, as a PNG: tiles of one
// colour that are symmetric from left to right.
func Avatar(n int) ([]byte, error) {
	seed := sha256.Sum256(binary.BigEndian.AppendUint64([]byte("avatar"), uint64(n))) //nolint:gosec // any bits will do
	ground := color.RGBA{0xf0, 0xf0, 0xf0, 0xff}
	img := image.NewPaletted(image.Rect(0, 0, avatarSide, avatarSide), color.Palette{ground, ofHue(float64(seed[0]) / 256)})
	bits := binary.BigEndian.Uint16(seed[1:])
	for column := range (avatarTiles + 1) / 2 {
		for row := range avatarTiles {
			if bits>>(column*avatarTiles+row)&1 == 0 {
				continue
			}
			fillTile(img, column, row)
			fillTile(img, avatarTiles-1-column, row)
		}
	}
	var out bytes.Buffer
	err := png.Encode(&out, img)
	return out.Bytes(), err
}

func fillTile(img *image.Paletted, column, row int) {
	corner := image.Pt(avatarMargin+column*avatarTile, avatarMargin+row*avatarTile)
	tile := image.Rectangle{Min: corner, Max: corner.Add(image.Pt(avatarTile, avatarTile))}
	draw.Draw(img, tile, image.NewUniform(img.Palette[1]), image.Point{}, draw.Src)
}

// ofHue returns a colour of medium lightness; hue goes from 0 to 1.
func ofHue(hue float64) color.RGBA {
	channel := func(shift float64) uint8 {
		turn := math.Mod(hue+shift, 1) * 6
		share := max(0, min(1, math.Abs(turn-3)-1))
		return uint8(60 + 140*share)
	}
	return color.RGBA{channel(0), channel(2. / 3), channel(1. / 3), 0xff}
}
