package picture

import (
	"bytes"
	"encoding/binary"
	"image"
)

// orientation is how a camera was held, by Exif's numbers: 1 is upright, 2 to 4
// are mirrored or turned round, 5 to 8 lie on their side.
type orientation uint16

const upright orientation = 1

// Marks of a JPEG, and of the Exif data in it (Exif 2.32, 4.5 and 4.6).
const (
	startOfScan    = 0xda
	application1   = 0xe1
	orientationTag = 0x0112
	entrySize      = 12
)

// orientationOf looks for it in a JPEG's first Exif segment; upright where there
// is none, or none that can be read.
func orientationOf(data []byte) orientation {
	if len(data) < 2 {
		return upright
	}
	rest := data[2:]
	for len(rest) >= 4 && rest[0] == 0xff && rest[1] != startOfScan {
		size := 2 + int(binary.BigEndian.Uint16(rest[2:]))
		if size < 4 || size > len(rest) {
			break
		}
		if exif, found := bytes.CutPrefix(rest[4:size], []byte("Exif\x00\x00")); found && rest[1] == application1 {
			return orientationIn(exif)
		}
		rest = rest[size:]
	}
	return upright
}

// orientationIn reads the first directory of a TIFF structure.
func orientationIn(tiff []byte) orientation {
	if len(tiff) < 8 {
		return upright
	}
	var order binary.ByteOrder = binary.LittleEndian
	if string(tiff[:2]) == "MM" {
		order = binary.BigEndian
	}
	at := uint64(order.Uint32(tiff[4:]))
	if at+2 > uint64(len(tiff)) {
		return upright
	}
	count, entries := order.Uint16(tiff[at:]), tiff[at+2:]
	for range count {
		if len(entries) < entrySize {
			break
		}
		if order.Uint16(entries) == orientationTag {
			if o := orientation(order.Uint16(entries[8:])); o > upright && o <= 8 {
				return o
			}
			break
		}
		entries = entries[entrySize:]
	}
	return upright
}

// apply sets a square picture upright.
func (o orientation) apply(src *image.RGBA) *image.RGBA {
	if o == upright {
		return src
	}
	last := src.Bounds().Dx() - 1
	dst := image.NewRGBA(src.Bounds())
	for y := range last + 1 {
		for x := range last + 1 {
			dst.SetRGBA(x, y, src.RGBAAt(o.source(x, y, last)))
		}
	}
	return dst
}

// source is the pixel that belongs to x, y; last is the largest coordinate.
func (o orientation) source(x, y, last int) (int, int) {
	switch o {
	case 2:
		return last - x, y
	case 3:
		return last - x, last - y
	case 4:
		return x, last - y
	case 5:
		return y, x
	case 6:
		return y, last - x
	case 7:
		return last - y, last - x
	case 8:
		return last - y, x
	default:
		return x, y
	}
}
