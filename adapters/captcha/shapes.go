package captcha

import (
	"image"
	"image/color"
	"image/draw"
	"math"
	"math/rand/v2"

	"golang.org/x/image/vector"
)

// A piece is a square with a knob or a notch in the middle of each side.
const (
	sides     = 4
	pieceSize = 56 // with its knobs, in pixels
	pieceRim  = 9  // around its body; a knob sticks out so far
	knobSteps = 16
)

// outline is the shape of a piece as an alpha mask; bit i of knobs says that side
// i has a knob and no notch.
func outline(knobs int) *image.Alpha {
	r := vector.NewRasterizer(pieceSize, pieceSize)
	const body = pieceSize - 2*pieceRim
	x, y := float64(pieceRim), float64(pieceRim)
	r.MoveTo(float32(x), float32(y))
	dx, dy := 1.0, 0.0 // along the side; outwards is to its left
	for side := range sides {
		out := -1.0
		if knobs&(1<<side) != 0 {
			out = 1
		}
		for step := range knobSteps + 1 {
			angle := math.Pi * float64(step) / knobSteps
			along, away := body/2-pieceRim*math.Cos(angle), out*pieceRim*math.Sin(angle)
			r.LineTo(float32(x+dx*along+dy*away), float32(y+dy*along-dx*away))
		}
		x, y = x+dx*body, y+dy*body
		r.LineTo(float32(x), float32(y))
		dx, dy = -dy, dx
	}
	r.ClosePath()
	return filled(r)
}

// Shapes on the ground of a picture: how many, and how far their corners are from
// the middle, in pixels.
const (
	backdropShapes          = 60
	leastCorner, mostCorner = 8, 40
)

// backdrop paints a picture that is nowhere plain, so that a piece can be told
// from every other place.
func backdrop(random *rand.Rand) *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, sliderWidth, sliderHeight))
	draw.Draw(m, m.Bounds(), image.NewUniform(tint(random, 0xff)), image.Point{}, draw.Src)
	for range backdropShapes {
		shape, half := polygon(random), image.Pt(mostCorner, mostCorner)
		middle := image.Pt(random.IntN(sliderWidth), random.IntN(sliderHeight))
		place := image.Rectangle{Min: middle.Sub(half), Max: middle.Add(half)}
		draw.DrawMask(m, place, image.NewUniform(tint(random, 0x90)), image.Point{}, shape, image.Point{}, draw.Over)
	}
	return m
}

func tint(random *rand.Rand, alpha uint8) color.NRGBA {
	part := func() uint8 { return uint8(60 + random.IntN(196)) } //nolint:gosec // within a byte
	return color.NRGBA{R: part(), G: part(), B: part(), A: alpha}
}

// polygon is a shape of 3 to 8 corners around the middle of its mask.
func polygon(random *rand.Rand) *image.Alpha {
	r := vector.NewRasterizer(2*mostCorner, 2*mostCorner)
	corners := 3 + random.IntN(6)
	for i := range corners {
		angle := 2 * math.Pi * (float64(i) + random.Float64()/2) / float64(corners)
		far := leastCorner + random.Float64()*(mostCorner-leastCorner)
		x, y := float32(mostCorner+far*math.Cos(angle)), float32(mostCorner+far*math.Sin(angle))
		if i == 0 {
			r.MoveTo(x, y)
		} else {
			r.LineTo(x, y)
		}
	}
	r.ClosePath()
	return filled(r)
}

// filled is what the path of r surrounds.
func filled(r *vector.Rasterizer) *image.Alpha {
	mask := image.NewAlpha(r.Bounds())
	r.Draw(mask, mask.Bounds(), image.Opaque, image.Point{})
	return mask
}
