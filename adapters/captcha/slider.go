package captcha

import (
	"image"
	"image/color"
	"image/draw"
	"math/rand/v2"
	"strconv"

	"accord/app"
)

// The picture and where the piece may come from, in pixels.
const (
	sliderWidth, sliderHeight = 320, 160
	sliderMargin              = 8
	// The hole begins right of the piece at rest, within a span.
	holeFirst = pieceSize + sliderMargin
	holeSpan  = sliderWidth - pieceSize - sliderMargin - holeFirst
)

// shadow is what a hole looks like.
var shadow = image.NewUniform(color.NRGBA{A: 140})

// slider draws a picture with two holes at one height, and the piece that was
// cut out of one of them and does not fit into the other.
func slider(random *rand.Rand) (app.Puzzle, error) {
	picture := backdrop(random)
	x := random.IntN(holeSpan)
	decoy := (x + pieceSize + random.IntN(holeSpan-2*pieceSize)) % holeSpan // beside the hole, on either side
	y := sliderMargin + random.IntN(sliderHeight-pieceSize-2*sliderMargin)
	knobs := random.IntN(1 << sides)
	other := knobs ^ (1 + random.IntN(1<<sides-1))

	piece := image.NewRGBA(image.Rect(0, 0, pieceSize, pieceSize))
	draw.DrawMask(piece, piece.Bounds(), picture, image.Pt(holeFirst+x, y), outline(knobs), image.Point{}, draw.Over)
	dig(picture, image.Pt(holeFirst+x, y), knobs)
	dig(picture, image.Pt(holeFirst+decoy, y), other)

	whole, err := encode(picture)
	if err != nil {
		return app.Puzzle{}, err
	}
	part, err := encode(piece)
	if err != nil {
		return app.Puzzle{}, err
	}
	return app.Puzzle{
		Image: whole, Width: sliderWidth, Height: sliderHeight,
		Piece: part, PieceSize: pieceSize, PieceTop: y,
		Answer: app.Secret(strconv.Itoa(holeFirst + x)),
	}, nil
}

func dig(picture draw.Image, at image.Point, knobs int) {
	hole := image.Rectangle{Min: at, Max: at.Add(image.Pt(pieceSize, pieceSize))}
	draw.DrawMask(picture, hole, shadow, image.Point{}, outline(knobs), image.Point{}, draw.Over)
}
